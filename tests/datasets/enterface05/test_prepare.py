"""From videos to a data set: no wrong label, no lost clip, for any interruption.

Eight subjects of the stand-in hold all the irregularities of eNTERFACE'05. The truth
about them was written with them, by code that shares nothing with what is tested.
"""

import csv
import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from emolib import cli
from emolib.datasets import DatasetError, load
from emolib.datasets.enterface05 import prepare as prepare_module
from emolib.datasets.enterface05 import standin
from emolib.datasets.enterface05.clips import ArchiveClip
from emolib.datasets.enterface05.prepare import (
    Failure,
    FrameFace,
    NoFaceError,
    Settings,
    Task,
    _ClipMaker,
    _make_clips,
    clip_faces,
    find_face,
    prepare,
)
from emolib.datasets.enterface05.report import report_text
from emolib.datasets.splits import subject_folds
from emolib.faces import Face, FaceDetector, align

av = pytest.importorskip("av", reason="videos need the extra 'video'")

ROOT = Path(__file__).resolve().parents[3]
#: An odd number: the middle one is the frame whose pupils the truth knows.
SETTINGS = Settings(frames=3, smallest=120)


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("the corpus")
    return standin.write_standin(
        folder, standin.IRREGULAR, sentences=2, seconds=0.7, workers=2
    )


@pytest.fixture(scope="module")
def packed(videos, zip_standin, tmp_path_factory):
    path = tmp_path_factory.mktemp("downloads") / "project2_database.zip"
    return zip_standin(videos, path)


@pytest.fixture(scope="module")
def prepared(packed, tmp_path_factory):
    dest = tmp_path_factory.mktemp("prepared") / "enterface 05"
    report = prepare(packed, dest, SETTINGS, progress=False, workers=2)
    return dest, report


@pytest.fixture(scope="module")
def few(videos, tmp_path_factory):
    """Twelve clips, two of each emotion."""
    folder = tmp_path_factory.mktemp("few")
    shutil.copytree(videos / standin.DATABASE / "subject 12", folder / "subject 12")
    return folder


def rows(folder):
    with open(folder / "truth.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def truth(folder):
    usable = [row for row in rows(folder) if row["usable"] == "True"]
    assert len(usable) == 72
    return usable


def digests(dest):
    """Of everything a reader gets; the files of `work` are not among it."""
    found = [*sorted((dest / "corpus").rglob("*")), dest / "report.json"]
    return {
        path.relative_to(dest).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found
        if path.is_file()
    }


def test_not_one_wrong_label_subject_or_lost_clip(videos, prepared):
    dest, report = prepared
    expected = {
        row["path"]: (f"s{int(row['subject']):02d}", row["emotion"], row["sentence"])
        for row in truth(videos)
    }
    meta = load("enterface05", dest).meta
    labels = meta.drop_duplicates("clip").set_index("clip")
    found = {
        one["file"]: (
            labels.subject[name], labels.emotion[name], str(labels.sentence[name])
        )
        for name, one in report["clips"].items()
    }  # fmt: skip
    assert found == expected
    assert set(labels.index) == set(report["clips"])
    assert (meta.groupby("clip").size() == 3).all()


def test_the_faces_are_those_of_their_own_videos(videos, prepared):
    """Cut out again at the true pupils, a face is most like the one stored for it."""
    dest, report = prepared
    dataset = load("enterface05", dest)
    middle = dataset.subset((dataset.meta.frame == 1).to_numpy())
    clips = list(middle.meta["clip"])
    stored = normalised(middle.images)
    name_of = {one["file"]: name for name, one in report["clips"].items()}
    taken, who = truth(videos)[::2], list(middle.meta.subject)
    errors, person, same = [], [], []
    for row in taken:
        with av.open(str(videos / row["path"])) as file:
            frames = [f.to_ndarray(format="rgb24") for f in file.decode(video=0)]
        left, right = (
            tuple(float(row[f"{eye}_eye_{axis}"]) for axis in "xy")
            for eye in ("left", "right")
        )
        face = normalised(align(frames[len(frames) // 2], left, right)[None])[0]
        own = clips.index(name_of[row["path"]])
        most = (stored @ face).argmax()
        person.append(who[most] == who[own])
        same.append(most == own)
        distance = np.hypot(right[0] - left[0], right[1] - left[1])
        errors.append(abs(middle.meta.interocular[own] / distance - 1))
    assert np.mean(person) > 0.95
    assert np.mean(same) > 0.7
    assert np.median(errors) < 0.1


def normalised(images):
    """Keep what is neither fine nor flat: the detector's pupils are a little off."""
    images = images.astype(float)
    images = gaussian_filter(images, (0, 3, 3)) - gaussian_filter(images, (0, 18, 18))
    flat = images[:, 8:-4, 8:-8].reshape(len(images), -1)
    flat -= flat.mean(axis=1, keepdims=True)
    return flat / np.linalg.norm(flat, axis=1, keepdims=True)


def test_the_report_says_what_there_is(prepared):
    dest, report = prepared
    assert json.loads((dest / "report.json").read_text()) == report
    assert report["clips_prepared"] == report["clips_found"] == 72
    assert report["clips_expected"] == 1260
    assert report["complete"] is False
    assert report["failures"] == {}
    assert set(report["counts"]) == {"s03", "s05", "s11", "s12", "s16", "s20"}
    assert all(set(n.values()) == {2} for n in report["counts"].values())
    assert len(report["missing"]) == 1260 - 72
    assert report["differences"][0].startswith("36 subjects are not there: s01, s02")
    assert "s03: not there: s03_an_3, s03_an_4" in report["differences"][1]
    assert list(report["misnamed"].values()).count("the name says subject 12") == 12
    assert report["frames"] == {"total": 216, "without_face": 0}
    text = report_text(report)
    assert "72 of 1,260 clips of 6 subjects, 216 frames, 216 of them with a" in text
    assert str(dest) not in json.dumps(report)


def test_the_data_set_is_like_any_other(prepared):
    dataset = load("enterface05", prepared[0])
    assert dataset.name == "enterface05"
    assert len(dataset) == 216
    assert len(load("enterface05", prepared[0] / "corpus")) == 216
    meta = dataset.meta
    assert meta.intensity.isna().all()
    assert len(dataset.apex()) == 216  # what is not annotated is not dropped
    assert meta.detected.all()
    assert (meta.score > 0.8).all()
    assert "usable" not in meta
    parts = meta.groupby("split").subject.unique()
    assert sorted(len(p) for p in parts) == [1, 1, 4]
    assert dataset.clips().images.shape == (72, 3, 64, 64)
    folds = list(subject_folds(dataset, 3))
    assert sorted(k for fold in folds for k in fold.test) == list(range(216))


def test_zip_folder_and_renamed_copies_give_the_same_data_set(
    videos, zip_standin, tmp_path
):
    copy, renamed, found = tmp_path / "copy", tmp_path / "renamed", []
    for path in videos.rglob("*.avi"):
        name = path.relative_to(videos).as_posix()
        if "subject 5/" in name or "subject 11/" in name:
            for folder, place in ((copy, name), (renamed, name.replace(" ", "-"))):
                (folder / place).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, folder / place)
    sources = (
        zip_standin(copy, tmp_path / "copy.zip"),
        copy,
        copy / standin.DATABASE,
        renamed,
    )
    for k, source in enumerate(sources):
        dest, workers = tmp_path / f"out {k}", 2 if k == 0 else 1
        prepare(
            source, dest, Settings(1, smallest=120), progress=False, workers=workers
        )
        everything = digests(dest)
        del everything["report.json"]  # names the files as they are there
        found.append(everything)
        assert len(load("enterface05", dest)) == 24
    assert all(one == found[0] for one in found)


def test_damaged_clips_end_in_the_report_and_stop_nothing(videos, few, tmp_path):
    source = tmp_path / "videos"
    shutil.copytree(few, source / standin.DATABASE)
    shutil.copy(videos / "truth.csv", source)
    spoilt = standin.damage_standin(source, 12)
    assert len(spoilt) == 4
    report = prepare(source, tmp_path / "out", SETTINGS, progress=False, workers=1)
    kinds = {one["file"]: one["kind"] for one in report["failures"].values()}
    assert kinds == {
        name: "face" if what == "faceless" else "video" for name, what in spoilt.items()
    }
    reasons = {spoilt[o["file"]]: o["reason"] for o in report["failures"].values()}
    assert "0 bytes" in reasons["empty"]
    assert "does not decode" in reasons["text"]
    assert "No face was found in any of 3 frames" in reasons["faceless"]
    assert "cut short" in reasons["truncated"] or "decode" in reasons["truncated"]
    assert report["clips_prepared"] == 8
    dataset = load("enterface05", tmp_path / "out")
    assert len(dataset) == 24
    assert set(dataset.meta["clip"]) == set(report["clips"])
    assert (dataset.images.reshape(24, -1).std(axis=1) > 5).all()  # no black tile
    assert report["counts"]["s12"]["anger"] == 1
    # what is wrong with a clip is remembered, too
    before = digests(tmp_path / "out")
    assert (
        prepare(source, tmp_path / "out", SETTINGS, progress=False, workers=1) == report
    )
    assert digests(tmp_path / "out") == before


def test_a_damaged_member_of_a_zip_ends_in_the_report(few, tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as file:
        for video in sorted(few.rglob("*.avi")):
            file.write(video, video.relative_to(few).as_posix())
        victim = file.infolist()[3]
    data = bytearray(path.read_bytes())
    data[victim.header_offset + 5000] ^= 255
    path.write_bytes(data)
    report = prepare(path, tmp_path / "out", SETTINGS, progress=False, workers=1)
    (failure,) = report["failures"].values()
    assert failure["kind"] == "source"
    assert victim.filename in failure["reason"]
    assert report["clips_prepared"] == 11


def test_without_one_usable_clip_the_report_still_says_why(tmp_path):
    clip = tmp_path / "in" / "subject 1" / "anger" / "sentence 1" / "a.avi"
    clip.parent.mkdir(parents=True)
    clip.write_bytes(b"text")
    with pytest.raises(DatasetError, match=r"Not one clip.*report\.json says why"):
        prepare(tmp_path / "in", tmp_path / "out", progress=False, workers=1)
    with pytest.raises(DatasetError, match="does not look like"):
        prepare(clip.parent, tmp_path / "out", progress=False)


def test_an_interrupted_run_goes_on_where_it_stopped(few, tmp_path):
    dest = tmp_path / "out"
    prepare(few, dest, SETTINGS, progress=False, workers=1)
    before = digests(dest)
    work = sorted((dest / "work").glob("*.npz"))
    stamps = {path: path.stat().st_mtime_ns for path in work}
    shutil.rmtree(dest / "corpus")
    (dest / "report.json").unlink()
    work[0].unlink()
    work[1].write_bytes(work[1].read_bytes()[:100])  # after a power cut
    (dest / "work" / ".s12_an_1.77.partial.npz").write_bytes(b"half")
    (dest / "work" / ".s12_an_1.77.part").write_bytes(b"half")  # of an older version
    (dest / ".report.77.partial.json").write_bytes(b"half")
    prepare(few, dest, SETTINGS, progress=False, workers=1)
    assert digests(dest) == before
    assert sorted((dest / "work").glob("*.npz")) == work
    again = [p for p in work if p.stat().st_mtime_ns != stamps[p]]
    assert again == work[:2]
    assert not list((dest / "work").glob("*.part*"))
    assert {p.name for p in dest.iterdir()} == {"work", "corpus", "report.json"}


def test_other_settings_start_afresh_in_the_same_place(few, tmp_path):
    dest = tmp_path / "out"
    prepare(few, dest, SETTINGS, progress=False, workers=1)
    prepare(few, dest, Settings(frames=1, smallest=120), progress=False, workers=1)
    assert len(load("enterface05", dest)) == 12
    assert len(list((dest / "work").glob("*.npz"))) == 12


def run_command(source, dest):
    command = [sys.executable, "-m", "emolib.cli", "datasets", "prepare", "enterface05"]
    options = ["--frames", "3", "--smallest", "120", "--quiet"]
    return subprocess.Popen(
        [*command, source, dest, *options],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        start_new_session=True,
        # a job in the background of a script ignores Ctrl-C, and so do its children
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_files(process, work, count):
    """Wait until `count` clips in the folder `work` are finished, or the run ends."""
    deadline = time.monotonic() + 60
    while not work.exists() or len(list(work.glob("[!.]*.npz"))) < count:
        if process.poll() is not None:
            return
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_killed_at_any_moment_it_ends_in_the_same_bytes(few, tmp_path):
    prepare(few, tmp_path / "whole", SETTINGS, progress=False, workers=1)
    expected = digests(tmp_path / "whole")
    rng = np.random.default_rng(6)
    hit = set()
    for done in (0, 1, 7, 12):  # after 12, while the data set is written
        dest = tmp_path / f"killed after {done}"
        process = run_command(few, dest)
        wait_for_files(process, dest / "work", done)
        time.sleep(rng.uniform(0, 0.03))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            hit.add(done)
        process.communicate()
        prepare(few, dest, SETTINGS, progress=False, workers=1)
        assert digests(dest) == expected
        assert {p.name for p in dest.iterdir()} == {"work", "corpus", "report.json"}
    assert hit >= {0, 1, 7}


def test_the_command_prints_the_report(few, tmp_path, capsys):
    words = ["datasets", "prepare", "enterface05", str(few), str(tmp_path / "out")]
    options = ["--frames", "3", "--smallest", "120", "--workers", "1"]
    assert cli.main([*words, *options, "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert "12 of 1,260 clips" in out
    assert err == ""
    assert cli.main([*words, *options]) == 0
    assert "12/12" in capsys.readouterr().err
    before = digests(tmp_path / "out")
    other = shutil.copytree(few, tmp_path / "other")
    clip = next(other.rglob("*.avi"))
    clip.write_bytes(clip.read_bytes() + b" ")
    changed = [*words, *options, "--frames", "2"]  # the last one given counts
    for call in (changed, [*words[:3], str(other), words[4], *options]):
        assert cli.main(call) == 2
        assert "other settings or videos" in capsys.readouterr().err
    assert digests(tmp_path / "out") == before
    assert cli.main([*changed, "--force"]) == 0


def test_ctrl_c_ends_at_once_with_130(packed, tmp_path):
    process = run_command(packed, tmp_path / "out")
    wait_for_files(process, tmp_path / "out" / "work", 1)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "emolib: interrupted\n")
    with pytest.raises(DatasetError, match="goes on where it stopped"):
        load("enterface05", tmp_path / "out")


def test_workers_end_with_the_run_that_started_them(packed, tmp_path):
    process = run_command(packed, tmp_path / "out")
    deadline = time.monotonic() + 60
    while not list((tmp_path / "out").glob("work/*.npz")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    process.communicate(timeout=30)  # the pipes close when the last worker has gone


CRASH = Failure("crash", "makes the decoder crash or never end")


class Deadly(str):
    """A file whose name ends the process that looks at it."""

    __slots__ = ()

    def __str__(self):
        os._exit(11)

    __hash__ = split = __fspath__ = __str__


def test_a_video_that_crashes_the_decoder_ends_in_the_report(few, tmp_path):
    """What becomes of the other clips is tested with `emolib.parallel`."""
    clip = ArchiveClip(12, "anger", 1, Deadly("x.avi"), "0")
    task = Task(clip, tmp_path / "x.npz")
    failures = _make_clips([task], few, SETTINGS, 2, False)
    assert failures == {"s12_an_1": CRASH}


class Hanging(str):
    """A file whose name keeps the process that prints it, with shortened patience."""

    __slots__ = ()

    def __format__(self, _):
        prepare_module.PATIENCE = 0.2
        prepare_module._show_life()
        time.sleep(1000)


def test_a_video_that_makes_the_decoder_hang_ends_in_the_report(few, tmp_path):
    (tmp_path / "x.avi").touch()
    clip = ArchiveClip(12, "anger", 1, Hanging("x.avi"), "00000000")
    task = Task(clip, tmp_path / "x.npz")
    begin = time.monotonic()
    failures = _make_clips([task], tmp_path, SETTINGS, 2, False)
    assert failures == {"s12_an_1": CRASH}
    assert time.monotonic() - begin < 30


def one_clip(few, tmp_path):
    """A corpus of one clip, its path, and a call that prepares it in this process."""
    place = Path("subject 12") / "anger" / "sentence 1"
    shutil.copytree(few / place, tmp_path / "in" / place)
    (path,) = (tmp_path / "in" / place).iterdir()

    def run(settings=SETTINGS):
        return prepare(
            tmp_path / "in", tmp_path / "out", settings, progress=False, workers=1
        )

    return path, run


def test_a_slow_video_is_tried_again(few, tmp_path, monkeypatch):
    _, run = one_clip(few, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("emolib.faces.video.SECONDS", -1)
        with pytest.raises(DatasetError, match="Not one clip"):
            run()
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["failures"]["s12_an_1"]["kind"] == "slow"
    assert run()["clips_prepared"] == 1


def test_a_video_that_changes_after_the_survey_is_not_believed(few, tmp_path):
    path, _ = one_clip(few, tmp_path)
    maker = _ClipMaker(tmp_path / "in", SETTINGS)
    name = path.relative_to(tmp_path / "in").as_posix()
    task = Task(ArchiveClip(12, "anger", 1, name, "01234567"), tmp_path / "x.npz")
    failure = maker(task)
    assert failure.kind == "source"
    assert "has changed since the run began" in failure.reason
    assert not task.path.exists()


@pytest.mark.parametrize("half", ["emolib.files.os.fsync", "numpy.savez_compressed"])
def test_a_full_disk_leaves_what_was_finished(few, tmp_path, monkeypatch, half):
    """Of a clip's file nothing stays; the same call goes on when there is room."""
    _, run = one_clip(few, tmp_path)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(half, full)
        with pytest.raises(
            DatasetError, match=r"out cannot be written \(No space left"
        ):
            run()
    assert [p.name for p in (tmp_path / "out" / "work").iterdir()] == [".lock"]
    assert run()["clips_prepared"] == 1


def test_a_place_that_cannot_be_written_is_named(few, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match="file/out cannot be written"):
        prepare(few, tmp_path / "file" / "out", progress=False)


def test_finished_clips_outlive_other_words_in_the_detector(few, tmp_path, monkeypatch):
    """Their names hold what decides the faces, not how that is written."""
    _, run = one_clip(few, tmp_path)
    run()
    (work,) = (tmp_path / "out" / "work").glob("*.npz")

    class Renamed(FaceDetector):
        def __init__(self, smallest: "int" = 41, *, more: object = None, **others):
            super().__init__(smallest, **others)

    monkeypatch.setattr(prepare_module, "FaceDetector", Renamed)
    run()
    assert list((tmp_path / "out" / "work").glob("*.npz")) == [work]
    run(Settings(frames=3, smallest=121))
    assert list((tmp_path / "out" / "work").glob("*.npz")) != [work]


def test_the_detector_looks_for_faces_as_the_names_of_finished_clips_say():
    """If this fails, faces differ: change ``DETECTOR`` with it."""
    detector = FaceDetector()
    found = {"thresholds": detector.thresholds, "mirror": detector.mirror}
    assert found == prepare_module.DETECTOR


def test_the_report_counts_what_was_passed_over_and_why(few, tmp_path):
    path, run = one_clip(few, tmp_path)
    for name in (".DS_Store", "._a.avi", "Thumbs.db", "a.txt", "b.txt", "a.mp4"):
        (path.parent / name).write_bytes(b"x")
    report = run()
    counts = report["skipped_by_reason"]
    assert counts["was left there by an operating system"] == 3
    assert counts["is no .avi file"] == 2
    assert sum(counts.values()) == len(report["skipped"]) == 6
    text = report_text(report)
    assert "3 files and folders passed over, and 3 that an operating system" in text
    assert "\n  2 x is no .avi file\n" in text
    assert "1 x is no .avi file; convert it with `ffmpeg -i" in text


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_not_utf_8_are_reported_on_any_terminal(few, tmp_path):
    path, run = one_clip(few, tmp_path)
    broken = path.parent.parent / "sentence 2" / os.fsdecode(b"\xff.avi")
    broken.parent.mkdir()
    broken.write_bytes(b"text")
    report = run()
    assert report["failures"]["s12_an_2"]["kind"] == "video"
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == report
    report_text(report).encode()


# Where it may write, and what it says.


def test_places_that_hold_something_else_are_refused(few, tmp_path):
    dest = tmp_path / "out"
    dest.mkdir()
    (dest / "thesis.txt").write_text("years of work")
    with pytest.raises(DatasetError, match=r"thesis\.txt.*new or empty folder"):
        prepare(few, dest)
    with pytest.raises(DatasetError, match="is only read"):
        prepare(few, few / "inside")
    with pytest.raises(DatasetError, match="no folder"):
        prepare(few, dest / "thesis.txt")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert [p.name for p in dest.iterdir()] == ["thesis.txt"]


def test_links_in_the_destination_are_not_followed(few, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "work").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DatasetError, match="'work', which is not from an earlier run"):
        prepare(few, tmp_path / "out")
    assert not any((tmp_path / "elsewhere").iterdir())


def test_a_second_run_in_the_same_place_is_refused(few, tmp_path):
    fcntl = pytest.importorskip("fcntl", reason="locks are not used on Windows")
    (tmp_path / "out" / "work").mkdir(parents=True)
    with open(tmp_path / "out" / "work" / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(DatasetError, match="by another process"):
            prepare(few, tmp_path / "out")


@pytest.mark.parametrize(
    "wrong", [{"frames": 0}, {"policy": "end"}, {"smallest": 5}, {"frames": 1000}]
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Settings(**wrong)


def test_errors_of_the_command_are_one_line(tmp_path, capsys):
    arguments = ["datasets", "prepare", "enterface05", str(tmp_path / "gone"), "out"]
    assert cli.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "gone does not exist" in captured.err
    assert captured.err.count("\n") == 1


# What stands in for a missing face.


def face(x, y, side, score=0.99):
    places = (0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)
    points = [(x + side * a, y + side * b) for a, b in places]
    return Face((x, y, side, side), score, *points)


class Blinking:
    """A detector that sees a face in some frames only."""

    def __init__(self, *seen):
        self.seen = list(seen)

    def detect(self, image):
        return (face(20, 20, 60),) if self.seen.pop(0) else ()


def test_a_frame_without_a_face_takes_the_nearest_one_with_a_face():
    images = np.stack([np.full((100, 120, 3), 40 * k, np.uint8) for k in range(6)])
    blinking = Blinking(0, 1, 0, 0, 1, 0)
    frames = [find_face(blinking, image) for image in images]
    found = clip_faces(frames, np.arange(6) / 25)
    assert found.detected.tolist() == [False, True, False, False, True, False]
    assert found.images[:, 30, 30].tolist() == [40, 40, 40, 160, 160, 160]
    assert np.isnan(found.score).tolist() == (~found.detected).tolist()
    assert found.faces.tolist() == [0, 1, 0, 0, 1, 0]
    assert found.interocular[1] == pytest.approx(24)
    with pytest.raises(NoFaceError, match="any of 6 frames"):
        clip_faces([FrameFace(0, None, None)] * 6, np.arange(6) / 25)


def test_the_number_of_processes_changes_no_byte_of_the_stand_in(videos, tmp_path):
    alone = standin.write_standin(tmp_path / "x", [16], sentences=2, seconds=0.7)
    files = list(alone.rglob("*.avi"))
    assert len(files) == 12
    for path in files:
        same = videos / path.relative_to(alone)
        assert path.read_bytes() == same.read_bytes()
    of_16 = [r for r in rows(videos) if r["subject"] == "16"]
    assert rows(alone) == of_16
