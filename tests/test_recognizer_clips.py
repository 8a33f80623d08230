"""A video becomes probabilities over time and one answer."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError
from emolib.faces import CROP, Face, FaceDetector
from emolib.faces.video import VideoError, sample_frames
from emolib.recognizer import MOST_FRAMES, EmotionRecognizer
from emolib.results import percent

pytest.importorskip("av", reason="videos need the extra 'video'")
sys.path.append(str(Path(__file__).parent / "tools"))
from films import EMPTY, film, person, room

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def recognizer():
    return EmotionRecognizer("synthface")


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    """Forty frames in which one person walks five pixels a frame."""
    path = tmp_path_factory.mktemp("films") / "walk.avi"
    return film(path, (room((person(3), 10 + 5 * k, 40)) for k in range(40)))


def test_a_face_that_moves_is_read_in_every_frame(recognizer, walk):
    clip = recognizer.predict_clip(walk, frames=8)
    np.testing.assert_allclose(clip.times * 25, [2, 7, 12, 17, 22, 27, 32, 37])
    assert clip.found.all()
    assert clip.faces.tolist() == [1] * 8
    assert clip.size == (400, 240)
    middles = clip.boxes[:, 0] + clip.boxes[:, 2] / 2
    np.testing.assert_allclose(np.diff(middles), 25, atol=6)
    assert clip.probabilities.dtype == clip.answer.dtype == np.float32
    np.testing.assert_allclose(clip.probabilities.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(clip.answer, clip.probabilities.mean(axis=0), atol=1e-6)
    assert clip.label == EMOTIONS[clip.answer.argmax()] == "happiness"
    assert clip.unsure == recognizer.unsure(clip.answer)
    assert clip.reason == ""
    share = percent(clip.answer.max())
    assert str(clip) == f"happiness {share}, mean of 8 of 8 frames"


def test_a_frame_is_answered_as_the_same_picture_is(recognizer, walk):
    clip = recognizer.predict_clip(walk.read_bytes(), frames=3)
    frames = sample_frames(walk, 3, "whole").images
    for k, frame in enumerate(frames):
        (one,) = recognizer.recognize(frame)
        np.testing.assert_allclose(clip.probabilities[k], one.probabilities, atol=1e-6)
        np.testing.assert_allclose(clip.boxes[k], one.face.box)
    assert clip.pictures.shape == (3, 120, 200, 3)
    small = frames.reshape(3, 120, 2, 200, 2, 3).mean(axis=(2, 4))
    assert np.abs(clip.pictures - small).max() <= 1


def test_fewer_frames_than_wanted_are_all_taken(recognizer, tmp_path):
    one = film(tmp_path / "one.avi", [room((person(3), 100, 40))])
    clip = recognizer.predict_clip(one)
    assert clip.times.tolist() == [0]
    assert clip.label == "happiness"
    assert str(clip).endswith("mean of 1 of 1 frame")
    few = film(tmp_path / "few.avi", [room((person(3), 100, 40))] * 7)
    assert len(recognizer.predict_clip(few).times) == 7


def test_without_a_face_there_is_a_reason_and_no_answer(recognizer, tmp_path):
    clip = recognizer.predict_clip(film(tmp_path / "none.avi", [EMPTY] * 12), frames=4)
    assert clip.label is None
    assert clip.unsure is True
    assert not clip.found.any()
    assert clip.faces.tolist() == [0] * 4
    assert np.isnan(clip.answer).all()
    assert np.isnan(clip.probabilities).all()
    assert "No face of 40 pixels or more" in clip.reason
    assert str(clip) == "no face in 4 frames"


def test_a_face_smaller_than_sought_says_so(tmp_path):
    far = film(tmp_path / "far.avi", [room((person(3, side=60), 100, 40))] * 5)
    demanding = EmotionRecognizer("synthface", min_face=120)
    said = demanding.predict_clip(far).reason
    assert "smaller than 120 pixels: try --min-face " in said
    least = int(said.partition("min_face=")[2].partition(")")[0])
    willing = EmotionRecognizer("synthface", min_face=least)
    assert willing.predict_clip(far).found.all()


def test_a_gap_is_nan_and_counts_in_no_mean(recognizer, tmp_path):
    seen = room((person(3), 100, 40))
    path = film(tmp_path / "gap.avi", [seen] * 10 + [EMPTY] * 10 + [seen] * 10)
    clip = recognizer.predict_clip(path, frames=30)
    assert clip.found.tolist() == [True] * 10 + [False] * 10 + [True] * 10
    assert np.isnan(clip.probabilities[10:20]).all()
    expected = np.nanmean(clip.probabilities, axis=0)
    np.testing.assert_allclose(clip.answer, expected, atol=1e-6)
    assert str(clip).endswith("mean of 20 of 30 frames")


def test_of_two_people_the_larger_is_followed_and_the_other_counted(
    recognizer, tmp_path
):
    large, small = person(3), person(5, "anger", 110)

    def frames():
        for k in range(30):
            yield room((large, 10, 40), (small, 260, 20 + 3 * k))

    path = film(tmp_path / "two.avi", frames())
    clip = recognizer.predict_clip(path, frames=6)
    assert clip.faces.tolist() == [2] * 6
    assert (clip.boxes[:, 0] < 160).all()
    alone = film(tmp_path / "alone.avi", [room((large, 10, 40))] * 30)
    expected = recognizer.predict_clip(alone, frames=6).answer
    np.testing.assert_allclose(clip.answer, expected, atol=0.1)


@pytest.mark.parametrize("frames", [0, MOST_FRAMES + 1, -3])
def test_impossible_numbers_of_frames_are_refused(recognizer, walk, frames):
    with pytest.raises(ArgumentError, match=rf"frames must lie in 1 to {MOST_FRAMES}"):
        recognizer.predict_clip(walk, frames=frames)


def test_what_is_no_whole_avi_file_is_named_with_a_remedy(recognizer, walk, tmp_path):
    broken = {
        "cut.avi": (walk.read_bytes()[: walk.stat().st_size // 2], "Copy it again"),
        "text.avi": (b"This is no video.\n" * 50, "Convert a video with `ffmpeg"),
        "clip.mp4": (b"\0\0\0\x20ftypisom" + bytes(90), "MP4 .*Convert a video"),
        "empty.avi": (b"", "Copy it again"),
    }
    for name, (content, remedy) in broken.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(VideoError, match=rf"(?s){name}.*{remedy}"):
            recognizer.predict_clip(tmp_path / name)
    with pytest.raises(VideoError, match=r"gone\.avi does not exist; check the path"):
        recognizer.predict_clip(tmp_path / "gone.avi")


def test_the_bar_is_shown_on_request_and_taken_away(
    recognizer, walk, capsys, monkeypatch
):
    monkeypatch.setattr("tqdm.tqdm.monitor_interval", 0)
    recognizer.predict_clip(walk, frames=2)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(
        FaceDetector, "detect", lambda *_: __import__("time").sleep(0.6) or ()
    )
    recognizer.predict_clip(walk, frames=4, progress=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "3/4" in shown.err
    assert shown.err.endswith("\r")


HOUR = """
import re, sys, tracemalloc
from pathlib import Path
from emolib.recognizer import EmotionRecognizer

recognizer = EmotionRecognizer("synthface")
recognizer.predict_clip(sys.argv[1], frames=2)
peaks = []
for path in sys.argv[1:]:
    tracemalloc.start()
    clip = recognizer.predict_clip(path, frames=20)
    peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    status = Path("/proc/self/status").read_text()
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) / 1024
    print(len(clip.times), round(clip.times[-1]), clip.total, peaks[-1], peak)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_an_hour_takes_no_more_memory_than_a_minute(tmp_path):
    """90,000 frames; each is tiny here, or the test would take an hour."""
    frames = [np.full((48, 64, 3), 40 + k, np.uint8) for k in range(8)]
    minute = film(tmp_path / "a.avi", (frames[k // 40 % 8] for k in range(1_500)))
    hour = film(tmp_path / "b.avi", (frames[k // 40 % 8] for k in range(90_000)))
    command = [sys.executable, "-c", HOUR, str(minute), str(hour)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-800:]
    short, long = (line.split() for line in done.stdout.splitlines())
    assert short[:3] == ["20", "58", "1500"]
    assert long[:3] == ["20", "3510", "90000"]
    assert float(long[3]) < 1.2 * float(short[3])  # what Python holds
    assert float(long[4]) < float(short[4]) + 30  # MB; the decoder's list of packets


def test_an_own_video_may_be_longer_than_one_of_an_archive(walk, monkeypatch):
    monkeypatch.setattr("emolib.faces.video.MAX_FRAMES", 10)
    monkeypatch.setattr("emolib.faces.video.SECONDS", -1)
    with pytest.raises(VideoError, match="more than"):
        sample_frames(walk, 3)
    assert sample_frames(walk, 3, own=True).total == 40
    monkeypatch.setattr("emolib.faces.video.OWN_FRAMES", 10)
    with pytest.raises(VideoError, match="more than 10 frames; cut it with `ffmpeg"):
        sample_frames(walk, 3, own=True)


def test_of_a_crowd_one_face_is_asked_about(recognizer, walk, monkeypatch):
    asked, whole = [], EmotionRecognizer.predict_proba

    def count(self, images):
        asked.append(images.shape)
        return whole(self, images)

    points = [(30.0, 40.0), (60.0, 40.0), (45.0, 60.0), (35.0, 75.0), (55.0, 75.0)]
    crowd = tuple(
        Face((20.0 + 3 * k, 20.0, 50.0 - k, 60.0), 0.9, *points) for k in range(30)
    )
    monkeypatch.setattr(FaceDetector, "detect", lambda *_: crowd)
    monkeypatch.setattr(EmotionRecognizer, "predict_proba", count)
    clip = recognizer.predict_clip(walk, frames=5)
    assert clip.faces.tolist() == [30] * 5
    assert asked == [(5, CROP.size, CROP.size)]


def test_a_clip_imports_neither_tensorflow_nor_matplotlib(walk):
    code = (
        "import sys; from emolib.recognizer import EmotionRecognizer; "
        "EmotionRecognizer('synthface').predict_clip(sys.argv[1], frames=2); "
        "bad = {'tensorflow', 'keras', 'matplotlib', 'pandas'} & set(sys.modules); "
        "assert not bad, bad"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(walk)], capture_output=True, text=True,
        cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, re.sub(r"(?s).*\n(?=\w)", "", done.stderr)
