"""Photographs on the command line."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emolib.emotions import EMOTIONS
from emolib.recognizer import EmotionRecognizer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    """Return a picture of one rendered face, uint8 (height, width, 3)."""
    from emolib.synthesis import Scene, express, random_identity, render

    drawn = render(
        random_identity(3), express("happiness", 1.0, seed=1), Scene(), size=220,
        colour=True,
    )  # fmt: skip
    return np.pad(drawn, ((60, 60), (60, 60), (0, 0)), "edge")


@pytest.fixture
def photograph(face, tmp_path) -> Path:
    """Return a picture of one rendered face, in a folder in a folder."""
    folder = tmp_path / "photos" / "inner"
    folder.mkdir(parents=True)
    Image.fromarray(face).save(folder / "one.png")
    return folder / "one.png"


@pytest.fixture
def predict(run):
    """Run the command with the small network."""
    return lambda *words: run("predict", "--model", "synthface", *words)


def test_a_photograph_is_read_printed_and_annotated(photograph, tmp_path, predict):
    drawn = tmp_path / "drawn.png"
    code, out, err = predict("--annotate", drawn, photograph)
    assert (code, err) == (0, "")
    assert "  face " in out
    assert "not what the person feels" in out
    assert Image.open(drawn).size == Image.open(photograph).size
    assert drawn.read_bytes() != photograph.read_bytes()


def test_a_folder_with_broken_pictures_is_read_to_the_end(photograph, predict):
    folder = photograph.parent.parent
    (folder / "a.jpg").write_bytes(b"\xff\xd8 not a picture")
    (folder / "z.png").write_bytes(b"")
    (folder / "notes.txt").write_text("no picture")
    code, out, err = predict("--json", folder)
    assert code == 2
    assert "2 of 3 files could not be read" in err
    report = {Path(one["file"]).name: one for one in json.loads(out)["pictures"]}
    assert set(report) == {"a.jpg", "one.png", "z.png"}
    assert "a.jpg" in report["a.jpg"]["error"]
    (face,) = report["one.png"]["faces"]
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert face["label"] in EMOTIONS
    assert isinstance(face["unsure"], bool)
    assert len(face["box"]) == 4


def test_files_of_systems_are_passed_over_and_other_kinds_listed_once(
    photograph, predict
):
    folder = photograph.parent.parent
    for name in (".DS_Store", "._one.png", "Thumbs.db", "__MACOSX/._one.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"of a system")
    for name in ("a.heic", "b.HEIC", "c.heic", "d.heic", "n.txt", "clip.mp4"):
        (folder / name).write_bytes(b"of another kind")
    code, out, err = predict(folder)
    assert code == 0
    assert out.count(str(folder)) == 1
    assert err.count("files in the folders that are not read") == 1
    assert (
        "4 x .heic needs `pip install pillow-heif` (a.heic, b.HEIC, c.heic, ...)"
        in (err)
    )
    assert "1 x .txt: not a picture (n.txt)" in err
    assert err.count("ffmpeg -i") == 1
    assert "._one" not in err + out


def test_bad_arguments_among_good_ones_lose_nothing(photograph, tmp_path, predict):
    (tmp_path / "empty").mkdir()
    (tmp_path / "clip.avi").write_bytes(b"RIFF....AVI LIST")
    bad = [tmp_path / name for name in ("gone.png", "empty", "clip.avi", "photos\nx")]
    second = shutil.copy(photograph, tmp_path / "second.png")
    words = [bad[0], photograph, *bad[1:3], second, bad[3]]
    code, out, err = predict(*words)
    assert code == 2
    assert [line.split(":")[0] for line in out.splitlines() if line[0] == "/"] == [
        str(photograph), str(second),
    ]  # fmt: skip
    assert "4 of 6 files could not be read" in err
    assert "gone.png does not exist" in err
    assert "empty holds no pictures and no videos" in err
    assert "clip.avi does not decode" in err
    assert err.count("\n") == 5
    code, out, _ = predict("--json", *words)
    entries = json.loads(out)["pictures"]
    assert code == 2
    assert [one["file"] for one in entries] == list(map(str, words))
    assert ["error" in one for one in entries] == [True, False, True, True, False, True]


def test_a_stream_is_an_object_a_line(photograph, tmp_path, predict):
    code, out, err = predict("--json", "--stream", tmp_path / "gone.png", photograph)
    assert code == 2
    gone, there = map(json.loads, out.splitlines())
    assert "does not exist" in gone["error"]
    assert there["faces"][0]["label"] in EMOTIONS
    assert "not what the person feels" in err


def test_the_same_picture_is_read_once(photograph, predict):
    again = photograph.parent / ".." / "inner" / "one.png"
    code, out, err = predict(photograph, again, photograph.parent, photograph)
    assert code == 0
    assert out.count("one.png") == 1
    assert "3 named more than once" in err


def test_results_come_as_they_are_made(photograph, tmp_path, monkeypatch, predict):
    for k in range(3):
        shutil.copy(photograph, tmp_path / "photos" / f"{k}.png")
    seen, recognize = [], EmotionRecognizer.recognize

    def watch(self, image):
        seen.append(len(sys.stdout.getvalue().splitlines()))
        return recognize(self, image)

    monkeypatch.setattr(EmotionRecognizer, "recognize", watch)
    predict(tmp_path / "photos")
    assert seen == [0, 3, 6, 9]
    seen.clear()
    predict("--json", "--stream", tmp_path / "photos")
    assert seen == [0, 1, 2, 3]


@pytest.mark.parametrize("words", [[], ["--json"], ["--json", "--stream"]])
@pytest.mark.parametrize("stops", [1, 3])
def test_ctrl_c_leaves_what_was_done(
    words, stops, photograph, tmp_path, monkeypatch, predict
):
    for k in range(4):
        shutil.copy(photograph, tmp_path / "photos" / f"{k}.png")
    calls, recognize = [], EmotionRecognizer.recognize

    def interrupt(self, image):
        calls.append(1)
        if len(calls) == stops:
            raise KeyboardInterrupt
        return recognize(self, image)

    monkeypatch.setattr(EmotionRecognizer, "recognize", interrupt)
    code, out, err = predict(*words, tmp_path / "photos")
    assert code == 130
    assert f"{stops - 1} of 5 files were looked at" in err
    assert err.endswith("emolib: interrupted\n")
    if words == ["--json"]:
        names = [one["file"] for one in json.loads(out)["pictures"]]
    elif words:
        names = [json.loads(line)["file"] for line in out.splitlines()]
    else:
        names = [line for line in out.splitlines() if line.startswith("/")]
    assert names == [str(tmp_path / "photos" / f"{k}.png") for k in range(stops - 1)]


def test_ctrl_c_in_a_real_process_leaves_valid_json(photograph, tmp_path):
    for k in range(400):
        (tmp_path / "photos" / f"{k}.png").hardlink_to(photograph)
    command = [sys.executable, "-m", "emolib.cli", "predict", "--model", "synthface"]
    with open(tmp_path / "out.json", "w") as file:
        running = subprocess.Popen(
            [*command, "--json", tmp_path / "photos"], text=True,
            stdout=file, stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        while b"faces" not in (tmp_path / "out.json").read_bytes():
            assert running.poll() is None
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert err.endswith("emolib: interrupted\n")
    assert "Traceback" not in err
    assert 0 < len(json.loads((tmp_path / "out.json").read_text())["pictures"]) < 401


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("onnx"), KeyError("k")])
def test_what_goes_wrong_with_one_picture_loses_no_other(
    error, photograph, tmp_path, monkeypatch, predict
):
    second = shutil.copy(photograph, tmp_path / "second.png")
    calls, recognize = [], EmotionRecognizer.recognize

    def fail_once(self, image):
        calls.append(1)
        if len(calls) == 1:
            raise error
        return recognize(self, image)

    monkeypatch.setattr(EmotionRecognizer, "recognize", fail_once)
    code, out, err = predict(photograph, second)
    assert code == 2
    assert str(second) in out
    assert f"{photograph}: {type(error).__name__}" in err
    assert "--debug" in err


@pytest.mark.parametrize("name", ["clip.mp4", "my clip.MOV", "a.mkv", "b.3gp", "c.ts"])
def test_a_video_of_another_kind_says_how_it_becomes_avi(name, tmp_path, predict):
    (tmp_path / name).write_bytes(b"a video")
    code, out, err = predict(tmp_path / name)
    assert (code, out) == (2, "")
    assert f"{name} is a video, but no AVI file. Convert it: ffmpeg -i " in err
    become = (tmp_path / name).with_suffix(".avi")
    assert "-c:v mpeg4 -q:v 2" in err
    assert f"emolib predict {shlex.quote(str(become))}" in err
    assert f"'{tmp_path / name}'" in err or " " not in name
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "head",
    [
        b"\0\0\0\x20ftypisom", b"\0\0\0\x14ftypqt  ",
        b"\x1aE\xdf\xa3\x01\0", b"FLV\x01\x05", b"\0\0\1\xba\x44",
    ],
)  # fmt: skip
def test_a_video_under_another_ending_is_known_by_its_content(head, tmp_path, predict):
    for name in ("clip.dat", "clip.jpg", "clip"):
        (tmp_path / name).write_bytes(head + bytes(100))
        assert "is a video" in predict(tmp_path / name)[2]
    (tmp_path / "clip").unlink()
    (tmp_path / "clip.dat").unlink()
    assert "clip.jpg is a video" in predict(tmp_path)[2]


def test_a_video_that_is_not_there_is_not_there(tmp_path, predict):
    assert "clip.mp4 does not exist" in predict(tmp_path / "clip.mp4")[2]


def test_the_photograph_is_never_replaced_by_the_drawing(photograph, predict):
    before = photograph.read_bytes()
    link = photograph.with_name("link.png")
    link.hardlink_to(photograph)
    inner = photograph.parent / ".." / "inner" / "one.png"
    for drawn in (photograph, link, inner):
        for force in ([], ["--force"]):
            code, out, err = predict("--annotate", drawn, *force, photograph)
            assert (code, out) == (2, "")
            assert "is what is read" in err
    assert photograph.read_bytes() == before


def test_a_drawing_replaces_another_by_force_alone(photograph, tmp_path, predict):
    drawn = tmp_path / "drawn.png"
    drawn.write_bytes(b"years of work")
    code, out, err = predict("--annotate", drawn, photograph)
    assert (code, out) == (2, "")
    assert "--force" in err
    assert drawn.read_bytes() == b"years of work"
    assert predict("--annotate", drawn, "--force", photograph)[0] == 0
    assert Image.open(drawn).size == Image.open(photograph).size


def test_several_faces_are_numbered_largest_first(face, tmp_path, predict):
    small = np.asarray(Image.fromarray(face).resize((170, 170)))
    small = np.pad(small, ((0, 170), (0, 0), (0, 0)), "edge")
    Image.fromarray(np.hstack([small, face])).save(tmp_path / "two.png")
    code, out, err = predict(tmp_path / "two.png")
    assert (code, err) == (0, "")
    first, second = (line for line in out.splitlines() if "face " in line)
    assert first.startswith("  1. face ")
    assert second.startswith("  2. face ")
    widths = [int(line.split()[2]) for line in (first, second)]
    assert widths == sorted(widths, reverse=True)


def test_a_picture_without_a_face_gets_the_likely_reason(tmp_path, predict, face):
    small = Image.fromarray(face).resize((30, 30))
    canvas = Image.new("RGB", (300, 300), (96, 96, 96))
    canvas.paste(small, (120, 120))
    canvas.save(tmp_path / "far.png")
    code, out, err = predict(tmp_path / "far.png")
    assert (code, err) == (0, "")
    assert "far.png: no face found. " in out
    reason = json.loads(predict("--json", tmp_path / "far.png")[1])["pictures"][0]
    assert reason["faces"] == []
    assert reason["reason"] in out
    assert "--min-face" in reason["reason"]
    assert "face " in predict("--min-face", 20, tmp_path / "far.png")[1]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp932", "latin-1"])
def test_no_encoding_loses_a_result(encoding, photograph, tmp_path, run_in):
    names = ["jos\xe9.png", "\u9854.png", os.fsdecode(b"jos\xe9.png"), "a\x1b[2J.png"]
    paths = [shutil.copy(photograph, tmp_path / name) for name in names]
    bad = tmp_path / os.fsdecode(b"\xff\xe9.png")
    command = ["predict", "--model", "synthface", *paths, bad]
    code, out, err = run_in(encoding, *command)
    assert code == 2
    assert out.count("face ") == 4
    assert "\x1b" not in out
    assert "does not exist" in err
    code, out, _ = run_in(encoding, *command, "--json")
    entries = json.loads(out)["pictures"]
    assert [one["file"] for one in entries] == [*map(str, paths), str(bad)]
    code, out, _ = run_in(encoding, *command, "--json", "--stream")
    assert len([json.loads(line) for line in out.splitlines()]) == 5


def test_ten_thousand_pictures_begin_at_once(
    photograph, tmp_path, monkeypatch, predict
):
    for k in range(10_000):
        (tmp_path / "photos" / f"{k:05}.png").hardlink_to(photograph)

    def stop(self, image):
        raise KeyboardInterrupt

    monkeypatch.setattr(EmotionRecognizer, "recognize", stop)
    begin = time.perf_counter()
    code, _, err = predict(tmp_path / "photos")
    assert code == 130
    assert "0 of 10001 files were looked at" in err
    assert time.perf_counter() - begin < 5


def test_the_bar_is_for_terminals_and_never_among_the_results(photograph, tmp_path):
    pty, termios = map(pytest.importorskip, ("pty", "termios"))
    shutil.copy(photograph, tmp_path / "photos" / "two.png")
    command = [sys.executable, "-m", "emolib.cli", "predict", "--model", "synthface"]
    seen = {}
    for quiet in ([], ["--quiet"]):
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, 80))
        done = subprocess.run(
            [*command, *quiet, "--json", tmp_path / "photos"],
            stdout=subprocess.PIPE, stderr=theirs, check=True,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
        )  # fmt: skip
        os.set_blocking(ours, False)
        try:
            seen[bool(quiet)] = os.read(ours, 10**5)
        except BlockingIOError:
            seen[bool(quiet)] = b""
        os.close(ours), os.close(theirs)
        assert len(json.loads(done.stdout)["pictures"]) == 2
    assert b"2/2" in seen[False]
    assert seen[False].isascii()
    assert seen[True] == b""
