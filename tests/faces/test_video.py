"""Frames out of videos: the right ones, and a clear word where there are none."""

import builtins
import io
import os
import shutil
import struct
import subprocess
import sys
import time
import tracemalloc
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from emolib.faces import video as video_module
from emolib.faces.video import (
    SlowVideoError,
    VideoError,
    sample_frames,
    sample_positions,
)

av = pytest.importorskip("av", reason="videos need the extra 'video'")

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 40


def video(frames=FRAMES, size=(96, 64), rate=25, ratio=None, codec="mpeg4", kind="avi"):
    """Make a video in memory with a bright bar that moves two pixels a frame."""
    stream = io.BytesIO()
    with av.open(stream, "w", format=kind) as file:
        track = file.add_stream(codec, rate=rate)
        track.width, track.height = size
        formats = {"mjpeg": "yuvj420p", "png": "rgb24"}
        track.pix_fmt = formats.get(codec, "yuv420p")
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
    [
        (b"", "is empty"),
        (b"text" * 500, "does not decode.*begins with b'text"),
        (b"RIFF", "not decode"),
    ],
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


def test_an_own_video_that_is_short_gives_all_it_has():
    found = sample_frames(video(frames=6), 10, "whole", own=True)
    assert positions(found) == [0, 1, 2, 3, 4, 5]
    nothing = video(frames=6)
    header = nothing.index(b"00dc")
    announced = nothing[:header].replace(struct.pack("<I", 6), struct.pack("<I", 0))
    nothing = (announced + nothing[header:]).replace(b"00dc", b"JUNK")
    with pytest.raises(VideoError, match=r"no frame that decodes\. Copy it again"):
        sample_frames(nothing, 10, own=True)


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(VideoError, match="gone"):
        sample_frames(tmp_path / "gone.avi")


def test_frames_that_are_too_large_are_refused(film, monkeypatch):
    monkeypatch.setattr("emolib.faces.video.MAX_PIXELS", 1000)
    with pytest.raises(VideoError, match="96 x 64 pixels"):
        sample_frames(film)
    monkeypatch.setattr("emolib.faces.video.MAX_FRAMES", 10)
    monkeypatch.setattr("emolib.faces.video.MAX_PIXELS", 10000)
    with pytest.raises(VideoError, match="more than 10 frames"):
        sample_frames(film)


# What is no AVI file, and what follows a path or an address.


@pytest.mark.parametrize(
    ("kind", "what"),
    [("mp4", "an MP4 or MOV file"), ("mov", "an MP4 or MOV file"),
     ("matroska", "a Matroska or WebM file"), ("asf", "a Windows Media file"),
     ("mpegts", "begins with b'G@"), ("ogg", "an Ogg file"), ("flv", "a Flash file")],
)  # fmt: skip
def test_other_videos_are_told_how_to_become_avi(kind, what):
    codec = {"ogg": "vp8", "flv": "flv"}.get(kind, "mpeg4")
    with pytest.raises(VideoError, match=f"x.avi does not decode.*{what}") as error:
        sample_frames(video(codec=codec, kind=kind), 5, name="x.avi")
    assert "Convert a video with `ffmpeg -i" in str(error.value)


@pytest.mark.parametrize("codec", ["png", "vp8", "ffvhuff"])
def test_only_decoders_of_a_list_are_used(codec):
    film = video(codec=codec)
    if codec == "ffvhuff":
        assert positions(sample_frames(film, 5)) == sample_positions(FRAMES, 5)
        return
    with pytest.raises(VideoError, match=rf"x\.avi is coded as {codec}; convert it"):
        sample_frames(film, 5, name="x.avi")


def traps(folder: Path, film: bytes) -> dict[str, bytes]:
    """Files called .avi that send a decoder elsewhere."""
    secret = folder / "secret.avi"
    secret.write_bytes(film)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("secret.avi", film)
    sdp = "v=0\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 45678 RTP/AVP 96\n"
    sdp += "a=rtpmap:96 MP4V-ES/90000\n"
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n"
    manifest = (
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT9S"><Period><AdaptationSet mimeType="video/mp4">'
        f'<Representation id="1" bandwidth="9"><BaseURL>{secret}</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>"
    )
    texts = {
        "sdp": sdp,
        "list": f"ffconcat version 1.0\nfile {secret}\n",
        "list beside": "ffconcat version 1.0\nfile secret.avi\n",
        "unsafe list": f"ffconcat version 1.0\noption safe 0\nfile {secret}\n",
        "playlist": playlist.format(secret),
        "playlist of the net": playlist.format("http://127.0.0.1:45679/a.ts"),
        "manifest": manifest,
        "concat": f"concat:{secret}",
        "data": "data:video/avi;base64,UklGRg==",
        "redirect": f"[Reference]\nRef1=file://{secret}\n",
        "rtsp": "rtsp://127.0.0.1:45679/\n",
        "image pattern": f"{folder}/%d.png",
    }
    files = {name: text.encode() for name, text in texts.items()}
    files |= {f"riff, {k}": b"RIFF\xff\0\0\0AVI \n" + files[k] for k in files}
    # of QuickTime, a reference to another file in place of the frames
    movie = video(kind="mov").replace(b"url \0\0\0\1", b"alis\0\0\0\0")
    return files | {"zip": packed.getvalue(), "movie": movie}


LOOK = """
import sys
from pathlib import Path
from emolib.faces.video import VideoError, sample_frames
for path in map(Path, sys.argv[1:]):
    for given in (path, path.read_bytes()):
        try:
            print(path.name, sample_frames(given, 5).images.shape)
        except VideoError as error:
            pass
"""


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_no_video_opens_a_socket_or_another_file(film, tmp_path):
    paths = []
    for name, content in traps(tmp_path, film).items():
        paths.append(tmp_path / f"{name}.avi")
        paths[-1].write_bytes(content)
    assert len(paths) == 26
    log = tmp_path / "calls.log"
    calls = "trace=socket,connect,bind,open,openat,execve"
    trace = ["strace", "-f", "-qq", "-o", log, "-e", calls, sys.executable, "-c", LOOK]
    done = subprocess.run(
        [*trace, *paths],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    lines = log.read_text().splitlines()
    assert (
        sum("sdp.avi" in line for line in lines) >= 3
    )  # the trace sees what is opened
    assert [line for line in lines if "AF_INET" in line or "secret.avi" in line] == []
    assert sum("execve" in line for line in lines) == 1


PEAK = """
import sys
from pathlib import Path
from emolib.datasets.enterface05.prepare import Settings, _ClipMaker
from emolib.faces.video import sample_frames
look, data = _ClipMaker(Path(), Settings()).look, Path(sys.argv[1]).read_bytes()
print(len(sample_frames(data, 60, look=look).images))
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's account of memory")
def test_frames_of_a_clip_are_never_held_together(tmp_path):
    """All sixty would be 373 MB, and as much again where they are put together."""
    (tmp_path / "hd.avi").write_bytes(video(frames=60, size=(1920, 1080)))
    command = [sys.executable, "-c", PEAK, tmp_path / "hd.avi"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    count, peak = done.stdout.strip().split("\n")
    assert count == "60"
    assert int(peak.split()[1]) / 1024 < 300


def test_a_header_that_lies_about_the_size_opens_no_large_decoder():
    film = bytearray(video(frames=12, size=(2048, 2048)))
    size = struct.pack("<2I", 2048, 2048)
    assert film.count(size) == 2
    film = bytes(film).replace(size, struct.pack("<2I", 96, 64))
    with pytest.raises(VideoError, match=r"x\.avi"):
        sample_frames(film, 5, name="x.avi")


def test_frames_larger_than_full_hd_are_told_how_to_become_smaller():
    assert sample_frames(video(frames=3, size=(1920, 1080)), 2).images.shape[2] == 1920
    with pytest.raises(VideoError, match=r"2048 x 1536 pixels.*ffmpeg -i"):
        sample_frames(video(frames=3, size=(2048, 1536)), 2)


def test_a_video_that_takes_too_long_is_given_up(film, monkeypatch):
    monkeypatch.setattr(video_module, "SECONDS", -1)
    with pytest.raises(SlowVideoError, match=r"x\.avi takes more than -1 seconds"):
        sample_frames(film, 5, name="x.avi")


def test_what_is_done_with_a_frame_does_not_count(film, monkeypatch):
    monkeypatch.setattr(video_module, "SECONDS", 0.4)
    found = sample_frames(film, look=lambda _: time.sleep(0.1))
    assert found.images == [None] * 10


def test_pipes_devices_and_folders_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.avi")
    for path in (tmp_path / "pipe.avi", tmp_path, Path("/dev/zero")):
        with pytest.raises(VideoError, match=rf"{path.name} cannot be read.*; check"):
            sample_frames(path)


def test_a_large_file_is_not_held(tmp_path):
    with open(tmp_path / "large.avi", "wb") as file:
        file.write(b"RIFF....AVI LIST")
        file.truncate(2**31)
    tracemalloc.start()
    with pytest.raises(VideoError, match=r"large\.avi"):
        sample_frames(tmp_path / "large.avi")
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


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
