"""Frames out of videos: the right ones, and a clear word where there are none."""

import builtins
import io
from fractions import Fraction

import numpy as np
import pytest

from emolib.datasets.enterface05.video import (
    VideoError,
    sample_frames,
    sample_positions,
)

av = pytest.importorskip("av", reason="videos need the extra 'video'")

FRAMES = 40


def video(
    frames=FRAMES, size=(96, 64), rate=25, ratio=None, codec="mpeg4", sound=False
):
    """Make an AVI in memory with a bright bar that moves two pixels a frame."""
    stream = io.BytesIO()
    with av.open(stream, "w", format="avi") as file:
        track = file.add_stream(codec, rate=rate)
        track.width, track.height = size
        track.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if ratio:
            track.codec_context.sample_aspect_ratio = ratio
        track.bit_rate = 4_000_000
        for k in range(frames):
            grey = np.full((size[1], size[0], 3), 40, np.uint8)
            grey[:, 2 * k % size[0] :][:, :2] = 220
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            frame.pts, frame.time_base = k, Fraction(1, rate)
            file.mux(track.encode(frame))
        file.mux(track.encode())
    return stream.getvalue()


def positions(frames):
    return (frames.images.mean(axis=(1, 3)).argmax(axis=1) // 2).tolist()


@pytest.fixture(scope="module")
def film():
    return video()


@pytest.mark.parametrize("policy", ["middle", "whole"])
@pytest.mark.parametrize("count", [1, 3, 10, 20, 40])
def test_the_frames_are_those_that_were_asked_for(film, policy, count):
    found = sample_frames(film, count, policy)
    assert positions(found) == sample_positions(FRAMES, count, policy)
    assert np.allclose(found.times * 25, positions(found))
    assert found.images.shape == (count, 64, 96, 3)
    assert found.total == FRAMES


def test_positions_are_spread_and_never_repeat():
    for total in range(10, 140):
        for policy in ("middle", "whole"):
            found = sample_positions(total, 10, policy)
            assert len(set(found)) == 10
            assert found == sorted(found)
            assert found[0] >= 0
            assert found[-1] < total
            assert abs(found[0] + found[-1] - total) <= 1 + total / 10
        assert min(sample_positions(total, 10, "middle")) >= min(total // 4, 5) - 5
    assert sample_positions(100, 2, "middle") == [37, 62]
    assert sample_positions(100, 2, "whole") == [25, 75]


def test_a_path_gives_what_its_bytes_give(film, tmp_path):
    (tmp_path / "a film.avi").write_bytes(film)
    found = sample_frames(tmp_path / "a film.avi", 5)
    assert np.array_equal(found.images, sample_frames(film, 5).images)


def test_rate_codec_and_size_are_read_from_the_file():
    found = sample_frames(video(size=(64, 48), rate=30, codec="mjpeg"), 4)
    assert found.images.shape[1:3] == (48, 64)
    assert np.allclose(found.times * 30, sample_positions(FRAMES, 4))


def test_pixels_that_are_not_square_are_made_square():
    found = sample_frames(video(ratio=Fraction(16, 15)), 2)
    assert found.images.shape[1:3] == (64, 102)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6])
def test_a_video_that_is_cut_short_is_named(tmp_path, share):
    film = video(frames=120, size=(320, 240), codec="mjpeg")
    path = tmp_path / "s1_an_1.avi"
    path.write_bytes(film[: int(share * len(film))])
    with pytest.raises(VideoError, match=r"s1_an_1\.avi (is cut short|does not)"):
        sample_frames(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is empty"), (b"text" * 500, "does not decode"), (b"RIFF", "not decode")],
)
def test_what_is_no_video_is_named(content, message):
    with pytest.raises(VideoError, match=f"x.avi .*{message}"):
        sample_frames(content, name="x.avi")


def test_noise_in_a_video_never_raises_anything_else(film):
    rng = np.random.default_rng(0)
    for _ in range(30):
        damaged = np.frombuffer(film, np.uint8).copy()
        where = rng.integers(0, len(damaged), 60)
        damaged[where] = rng.integers(0, 256, 60)
        try:
            found = sample_frames(damaged.tobytes(), 5)
        except VideoError:
            continue
        assert found.images.shape[0] == 5


def test_a_video_that_is_too_short_says_how_short():
    with pytest.raises(VideoError, match="has 6 frames; 10 are wanted"):
        sample_frames(video(frames=6), 10)


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(VideoError, match="gone"):
        sample_frames(tmp_path / "gone.avi")


def test_frames_that_are_too_large_are_refused(film, monkeypatch):
    monkeypatch.setattr("emolib.datasets.enterface05.video.MAX_PIXELS", 1000)
    with pytest.raises(VideoError, match="96 x 64 pixels"):
        sample_frames(film)
    monkeypatch.setattr("emolib.datasets.enterface05.video.MAX_FRAMES", 10)
    monkeypatch.setattr("emolib.datasets.enterface05.video.MAX_PIXELS", 10000)
    with pytest.raises(VideoError, match="more than 10 frames"):
        sample_frames(film)


def test_wrong_arguments_are_refused(film):
    with pytest.raises(ValueError, match="one of middle, whole"):
        sample_frames(film, 3, "end")
    with pytest.raises(ValueError, match="at least 1"):
        sample_frames(film, 0)


def test_without_pyav_the_remedy_is_named(film, monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name == "av":
            raise ImportError("No module named 'av'")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r'pip install "emolib\[video\]"'):
        sample_frames(film)
