"""The stand-in for eNTERFACE'05: what is written is what the plan says."""

import csv
import hashlib

import numpy as np
import pytest

from emolib.datasets.enterface05 import standin
from emolib.synthesis import Scene, random_identity, render
from emolib.synthesis.scene import PANEL, background_field

av = pytest.importorskip("av", reason="videos need the extra 'video'")


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stand in")
    return standin.write_standin(folder, [16], sentences=1, seconds=0.6)


def rows(folder):
    with open(folder / "truth.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_plan_counts_as_the_corpus_does():
    takes = [t for n in standin.SUBJECTS for t in standin._plan(n, 5, 1.4)]
    assert len(takes) == len({t.path for t in takes}) == 1293
    assert sum(t.usable for t in takes) == 1260
    assert sum(t.subject == 6 for t in takes) == 6
    of_23 = [t.emotion for t in takes if t.subject == 23]
    assert (len(of_23), of_23.count("happiness")) == (27, 2)
    assert sum("/s_3_" in t.path for t in takes) == 22
    assert sum("/s12_" in t.path for t in takes) == 60
    assert sum(t.path.endswith("s16_su_3avi.avi") for t in takes) == 1
    assert sum("avi.avi" in t.path for t in takes) == 1


def test_eight_subjects_have_all_the_irregularities():
    regular = set(standin.SUBJECTS) - set(standin.IRREGULAR)
    assert standin._bystanders(sorted(regular)) == []
    for number in regular:
        for take in standin._plan(number, 5, 1.4):
            code = take.emotion[:2]
            assert take.path == (
                f"enterface database/subject {number}/{take.emotion}/sentence "
                f"{take.sentence}/s{number}_{code}_{take.sentence}.avi"
            )


def test_the_truth_names_every_video_and_its_length(one):
    truth = rows(one)
    videos = {p.relative_to(one).as_posix() for p in one.rglob("*.avi")}
    assert {row["path"] for row in truth} == videos
    assert len(videos) == 6
    for row in truth:
        with av.open(str(one / row["path"])) as file:
            assert file.streams.video[0].codec_context.name == "mpeg4"
            assert len(file.streams.audio) == 1
            frames = [f.to_ndarray(format="gray8") for f in file.decode(video=0)]
        assert len(frames) == int(row["frames"])
        assert frames[0].shape == (576, 720)


def test_pupils_of_the_truth_are_darker_than_what_surrounds_them(one):
    for row in rows(one):
        with av.open(str(one / row["path"])) as file:
            frames = [f.to_ndarray(format="gray8") for f in file.decode(video=0)]
        middle = frames[len(frames) // 2].astype(float)
        for eye in ("left_eye", "right_eye"):
            x, y = (round(float(row[f"{eye}_{axis}"])) for axis in "xy")
            assert middle[y - 4 : y + 5, x - 4 : x + 5].min() < 0.8 * np.mean(
                middle[y - 30 : y + 30, x - 30 : x + 30]
            )


def test_the_face_moves_and_sits_off_the_middle(one):
    eyes = np.array([float(row["left_eye_x"]) for row in rows(one)])
    assert np.ptp(eyes) > 3
    assert (np.abs(eyes - 360) > 20).any()


def test_a_finished_one_is_left_alone_and_an_unfinished_one_completed(tmp_path):
    folder = tmp_path / "x"
    standin.write_standin(folder, [6], seconds=0.5)
    before = digests(folder)
    first = folder / rows(folder)[0]["path"]
    stamp = first.stat().st_mtime_ns
    standin.write_standin(folder, [6], seconds=0.5)
    assert first.stat().st_mtime_ns == stamp
    (folder / "truth.csv").unlink()
    first.write_bytes(b"half a vid")
    standin.write_standin(folder, [6], seconds=0.5)
    assert digests(folder) == before
    with pytest.raises(ValueError, match="of other settings"):
        standin.write_standin(folder, [6], seconds=0.7)


def test_a_folder_with_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match=r"thesis\.txt.*new folder"):
        standin.write_standin(tmp_path, [6])


@pytest.mark.parametrize(
    "wrong",
    [{"subjects": []}, {"subjects": [45]}, {"sentences": 6}, {"seconds": 0.1}],
)
def test_numbers_out_of_range_are_refused(tmp_path, wrong):
    with pytest.raises(ValueError, match="must lie in"):
        standin.write_standin(tmp_path / "x", **{"subjects": [1]} | wrong)


def test_the_panel_is_plain_and_the_other_backgrounds_are_not():
    assert np.array_equal(
        background_field(None, 32), np.full((32, 32, 3), PANEL, np.float32)
    )
    assert background_field(0, 32).std() > 0
    image = render(random_identity(4), scene=Scene(background=None, scale=0.5), size=96)
    assert image[:5].std() == 0
