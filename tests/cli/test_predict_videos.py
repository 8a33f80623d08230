"""Videos on the command line, among pictures and alone."""

import builtins
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emolib.cli import options
from emolib.emotions import EMOTIONS
from emolib.faces.video import OWN_FRAMES
from emolib.recognizer import MOST_FRAMES, EmotionRecognizer

pytest.importorskip("av", reason="videos need the extra 'video'")
sys.path.append(str(Path(__file__).parents[1] / "tools"))
from films import EMPTY, film, person, room


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Videos with one person, with two, with a gap, and with nobody."""
    folder, one = tmp_path_factory.mktemp("films"), (person(3), 40, 40)
    film(folder / "one.avi", [room(one)] * 20)
    film(folder / "two.avi", [room(one, (person(5, side=110), 260, 60))] * 20)
    film(folder / "gap.avi", [room(one)] * 10 + [EMPTY] * 10)
    film(folder / "nobody.avi", [EMPTY] * 20)
    return folder


@pytest.fixture
def predict(run):
    """Run the command with the small network."""
    return lambda *words: run("predict", "--model", "synthface", *words)


def test_the_answer_for_a_clip_is_printed(films, predict):
    code, out, err = predict(films / "one.avi")
    assert (code, err) == (0, "")
    file, answer, shares, caution = out.splitlines()
    assert file == str(films / "one.avi")
    assert answer == "  face in 20 of 20 frames: happiness"
    assert shares.startswith("    happiness ")
    assert "not what the person feels" in caution
    two = predict("--frames", 5, films / "two.avi")[1].splitlines()[1]
    assert two == ("  face in 5 of 5 frames, several faces in 5: happiness")


def test_json_holds_the_whole_timeline(films, predict):
    code, out, err = predict("--json", "--frames", 4, films / "gap.avi")
    assert (code, err) == (0, "")
    (entry,) = json.loads(out)["pictures"]
    assert list(entry) == [
        "file", "label", "unsure", "probabilities", "frames_of_video", "frames",
        "frames_with_face", "frames_with_several", "timeline",
    ]  # fmt: skip
    assert (entry["label"], entry["unsure"]) == ("happiness", False)
    assert (entry["frames_of_video"], entry["frames"]) == (20, 4)
    assert (entry["frames_with_face"], entry["frames_with_several"]) == (2, 0)
    moments = entry["timeline"]
    assert [one["time"] for one in moments] == [0.08, 0.28, 0.48, 0.68]
    assert [one["faces"] for one in moments] == [1, 1, 0, 0]
    assert [one["box"] is None for one in moments] == [False, False, True, True]
    assert moments[3]["probabilities"] is None
    assert len(moments[0]["box"]) == 4
    shares = np.array([list(one["probabilities"].values()) for one in moments[:2]])
    mean = dict(zip(EMOTIONS, shares.mean(axis=0), strict=True))
    assert entry["probabilities"] == pytest.approx(mean, abs=2e-4)


def test_a_video_without_a_face_gets_the_likely_reason(films, predict, tmp_path):
    drawn = tmp_path / "nobody.png"
    code, out, err = predict("--annotate", drawn, films / "nobody.avi")
    assert (code, err) == (0, "")
    assert "nobody.avi: no face found. In the middle of the video: No face" in out
    assert drawn.exists()
    (entry,) = json.loads(predict("--json", films / "nobody.avi")[1])["pictures"]
    assert (entry["label"], entry["unsure"]) == (None, True)
    assert entry["probabilities"] is None
    assert entry["frames_with_face"] == 0
    assert entry["reason"] in out


def test_pictures_and_videos_come_in_the_order_of_their_names(films, tmp_path, predict):
    picture = tmp_path / "p.png"
    Image.fromarray(room((person(3), 40, 40))).save(picture)
    words = [films / "two.avi", picture, tmp_path / "gone.avi", films / "one.avi"]
    code, out, err = predict("--json", "--stream", "--frames", 2, *words)
    entries = [json.loads(line) for line in out.splitlines()]
    assert code == 2
    assert [one["file"] for one in entries] == list(map(str, words))
    assert ["timeline" in one for one in entries] == [True, False, False, True]
    assert "faces" in entries[1]
    assert "gone.avi does not exist; check the path" in err


def test_videos_of_a_folder_are_read_among_its_pictures(films, tmp_path, predict):
    folder = tmp_path / "mixed"
    (folder / "inner").mkdir(parents=True)
    shutil.copy(films / "one.avi", folder / "inner" / "k.avi")
    shutil.copy(films / "one.avi", folder / "B.AVI")
    for name in ("a.png", "z.png"):
        Image.fromarray(room((person(3), 40, 40))).save(folder / name)
    (folder / "other.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(80))
    code, out, err = predict("--json", "--frames", 2, folder)
    assert code == 0
    names = [Path(one["file"]).name for one in json.loads(out)["pictures"]]
    assert names == ["B.AVI", "a.png", "k.avi", "z.png"]
    assert "1 x .mp4: a video (other.mp4)" in err
    assert "Convert it: ffmpeg -i" in err


def test_a_video_is_known_by_its_content(films, tmp_path, predict):
    for name in ("clip.dat", "clip.mp4", "clip.jpg"):
        shutil.copy(films / "one.avi", tmp_path / name)
        code, out, _ = predict("--frames", 2, tmp_path / name)
        assert code == 0
        assert "face in 2 of 2 frames" in out


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (lambda film: film[: len(film) // 2], "Copy it again, or make it again"),
        (lambda _: b"\0\0\0\x20ftypisom" + bytes(90), "it is an MP4 or MOV file"),
        (lambda _: b"This is no video.\n" * 9, "Convert a video with `ffmpeg -i"),
        (lambda _: b"", "is empty: 0 bytes. Copy it again"),
        (lambda _: b"RIFF....AVI LIST", "Copy it again, or make it again"),
    ],
)
def test_what_does_not_decode_is_told_in_a_line(
    content, told, films, tmp_path, predict
):
    path = tmp_path / "bad.avi"
    path.write_bytes(content((films / "one.avi").read_bytes()))
    code, out, err = predict(path)
    assert (code, out) == (2, "")
    assert "bad.avi" in err
    assert told in err
    assert err.count("\n") == 1


def test_the_timeline_is_drawn(films, tmp_path, predict):
    sizes = set()
    for name in ("one.png", "gap.jpg", "two.webp"):
        drawn = tmp_path / name
        video = films / f"{drawn.stem}.avi"
        assert predict("--annotate", drawn, "--frames", 6, video)[0] == 0
        image = Image.open(drawn)
        sizes.add(image.size)
        assert len(np.unique(np.asarray(image.convert("L")))) > 50
    assert len(sizes) == 1


def test_a_drawing_is_written_whole_or_not_at_all(
    films, tmp_path, predict, monkeypatch
):
    drawn = tmp_path / "drawn.png"
    drawn.write_bytes(b"years of work")
    code, out, err = predict("--annotate", drawn, films / "one.avi")
    assert (code, out) == (2, "")
    assert "--force" in err

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    code, _, err = predict("--force", "--annotate", drawn, films / "one.avi")
    assert code == 2
    assert "drawn.png cannot be written: No space left" in err
    assert drawn.read_bytes() == b"years of work"
    assert [one.name for one in tmp_path.iterdir()] == ["drawn.png"]


def test_the_video_is_never_replaced_by_the_drawing(films, tmp_path, predict):
    path = shutil.copy(films / "one.avi", tmp_path / "film.png")
    before = path.read_bytes()
    code, out, err = predict("--force", "--annotate", path, path)
    assert (code, out) == (2, "")
    assert "is what is read" in err
    assert path.read_bytes() == before


def test_ready_crops_are_pictures(films, predict):
    code, out, err = predict("--crops", films / "one.avi")
    assert (code, out) == (2, "")
    assert "one.avi is a video, and --crops reads pictures; take its frames" in err


def test_without_pyav_pictures_are_still_read(films, tmp_path, predict, monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name == "av":
            raise ImportError("No module named 'av'")
        return real(name, *rest, **more)

    Image.fromarray(room((person(3), 40, 40))).save(tmp_path / "p.png")
    monkeypatch.setattr(builtins, "__import__", without)
    code, out, err = predict(films / "one.avi", tmp_path / "p.png")
    assert code == 2
    assert 'pip install "emolib[video]"' in err
    assert "p.png" in out


@pytest.mark.parametrize("number", ["0", "601", "many", "-1"])
def test_impossible_numbers_of_frames_are_usage_errors(number, refused):
    assert "up to 600" in refused("predict", f"--frames={number}", "x.avi")


def test_the_help_tells_the_limits_that_hold(capsys, run):
    assert options.video_frames(str(MOST_FRAMES)) == MOST_FRAMES
    with pytest.raises(SystemExit):
        run("predict", "--help")
    told = " ".join(capsys.readouterr().out.split())
    assert f"{OWN_FRAMES:,} frames" in told
    assert f"up to {MOST_FRAMES}" in told


def test_ctrl_c_in_a_video_leaves_what_was_done(films, predict, monkeypatch):
    calls, whole = [], EmotionRecognizer.predict_clip

    def interrupt(self, *words, **options):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(self, *words, **options)

    monkeypatch.setattr(EmotionRecognizer, "predict_clip", interrupt)
    words = [films / "one.avi", films / "two.avi"]
    code, out, err = predict("--json", "--frames", 2, *words)
    assert code == 130
    assert len(json.loads(out)["pictures"]) == 1
    assert "1 of 2 files were looked at" in err


@pytest.mark.parametrize("quiet", [True, False])
def test_a_bar_is_shown_on_a_terminal_unless_told_not_to(
    quiet, films, predict, monkeypatch
):
    asked, whole = [], EmotionRecognizer.predict_clip

    def watch(self, video, *, frames, progress):
        asked.append(progress)
        return whole(self, video, frames=frames)

    monkeypatch.setattr(EmotionRecognizer, "predict_clip", watch)
    words = ["--quiet"] * quiet + ["--frames", 2, films / "one.avi"]
    predict(*words)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    predict(*words)
    assert asked == [False, not quiet]
