"""Frames out of a video file, spread over the part that is wanted.

Needs PyAV, the extra ``video``; it is imported on first use. FFmpeg, which it is made
of, follows what a file tells it, to other files and to the network: it gets an open
file, one container, a few decoders, and a limit of pixels and of time.
"""

import io
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import BinaryIO, NamedTuple

import numpy as np

from emolib.errors import ArgumentError, EmolibError, MissingPackageError
from emolib.files import open_regular

#: Which part of a clip frames are taken from, as shares of its length.
POLICIES = {"middle": (0.25, 0.75), "whole": (0.0, 1.0)}
#: Largest frame in pixels, full HD, and largest number of frames, that are decoded.
MAX_PIXELS, MAX_FRAMES = 1920 * 1088, 30_000
COMPLETE = 0.9  #: A video must decode to this share of the frames it announces.
SECONDS = 60  #: That decoding a video may take; a clip of five seconds takes one.
#: Frames of a video whose owner waits for it: an hour at 60 a second, and some more.
OWN_FRAMES = 250_000
#: FFmpeg's names of the decoders of what AVI files of cameras and editors hold.
DECODERS = (
    "mpeg4", "msmpeg4v1", "msmpeg4v2", "msmpeg4", "wmv1", "wmv2", "h263", "h264",
    "mpeg1video", "mpeg2video", "mjpeg", "dvvideo", "rawvideo", "huffyuv", "ffvhuff",
    "ffv1", "cinepak", "indeo3", "indeo4", "indeo5", "msvideo1", "msrle",
)  # fmt: skip
#: How a reader makes a video that can be read.
CONVERT = "`ffmpeg -i clip.mp4 -c:v mpeg4 -q:v 2 clip.avi`"
_MAKE_AGAIN = "Copy it again, or make it again from its source."

#: How other files begin: where, with which bytes, and what they are.
_OTHERS = (
    (4, b"ftyp", "an MP4 or MOV file"), (4, b"moov", "a MOV file"),
    (4, b"mdat", "a MOV file"), (4, b"wide", "a MOV file"),
    (0, b"\x1aE\xdf\xa3", "a Matroska or WebM file"), (0, b"OggS", "an Ogg file"),
    (0, b"0&\xb2u", "a Windows Media file"), (0, b"FLV", "a Flash file"),
    (0, b"\0\0\1\xba", "an MPEG file"), (0, b"PK\3\4", "a zip"),
)  # fmt: skip


class VideoError(EmolibError, ValueError):
    """A video does not decode, or not far enough; the message names the file."""


class SlowVideoError(VideoError):
    """A video takes too long to decode, perhaps only this time."""


class SampledFrames(NamedTuple):
    """Some frames of a video of `total` frames."""

    images: np.ndarray | list  # uint8 (count, height, width, 3), RGB, square pixels
    times: np.ndarray  # float64 (count,), seconds from the beginning
    total: int


def sample_frames(
    video: str | Path | bytes, count: int = 10, policy: str = "middle", *,
    name: str | None = None, look: Callable[[np.ndarray], object] | None = None,
    own: bool = False,
) -> SampledFrames:  # fmt: skip
    """Take frames out of an AVI video, a file or its bytes, at equal distances.

    Codec, size and rate come from the file; frames are counted, because headers of old
    AVI files are often wrong. `policy` is ``"middle"``, half of the clip, where the
    expression usually is at its height, or ``"whole"``; errors call the video by its
    path or `name`. With `look`, a function of a frame, ``images`` is the list of what
    it returned, and no two frames are held together; its time does not count.

    The limits of frames and seconds are for the clips of an archive, which nobody
    watches. An `own` video is one that somebody waits for: it may have ``OWN_FRAMES``
    and take its time (an hour of it one to ten minutes), and if it has fewer frames
    than `count` all are taken. A file is read piece by piece, however long it is.

    Raises VideoError if it is empty, no AVI file, coded by another than ``DECODERS``,
    cut short, has fewer than `count` frames, is larger than ``MAX_PIXELS``, longer than
    ``MAX_FRAMES``, or takes more than ``SECONDS``; ValueError if `policy` or `count` is
    impossible; ImportError if PyAV is missing.
    """
    check_policy(policy)
    if count < 1:
        raise ArgumentError(f"count must be at least 1; received {count}.")
    av = require_av()
    if name is None:
        name = "the video" if isinstance(video, bytes) else str(video)
    most, seconds = (OWN_FRAMES, math.inf) if own else (MAX_FRAMES, SECONDS)
    clock, least = _Clock(name, seconds), 1 if own else count
    with _avi_file(video, name) as file:
        try:
            announced, total = _count(av, file, name, clock, most)
            _check_length(name, announced, total, least)
            for _ in range(2):
                wanted = sample_positions(total, min(count, total), policy)
                seen, times, decoded = _decode(
                    av, file, name, wanted, look or np.asarray, clock
                )
                if len(seen) == len(wanted):
                    break
                total = decoded  # packets that give no frame: count what decodes
                _check_length(name, announced, total, least)
        except av.error.FFmpegError as error:
            what = f"{name} does not decode as a video ({error.strerror})"
            why = "it is damaged, cut short, or something else"
            raise VideoError(f"{what}: {why}. {_MAKE_AGAIN}") from error
    if len(seen) != len(wanted):
        raise VideoError(f"{name} decodes to another length each time. {_MAKE_AGAIN}")
    return SampledFrames(seen if look else np.stack(seen), np.array(times), total)


def check_policy(policy: str) -> None:
    """Raise ValueError if a policy is unknown."""
    if policy not in POLICIES:
        known = ", ".join(POLICIES)
        raise ArgumentError(f"policy must be one of {known}; received {policy!r}.")


def sample_positions(total: int, count: int, policy: str = "middle") -> list[int]:
    """Return which `count` of the `total` frames of a clip are taken.

    The part is widened where it has fewer frames, so that none is taken twice.

    >>> sample_positions(80, 4)
    [25, 35, 45, 55]
    """
    low, high = (share * total for share in POLICIES[policy])
    wider = max(count - (high - low), 0) / 2
    low, high = low - wider, high + wider
    step = (high - low) / count
    return [min(int(low + (k + 0.5) * step), total - 1) for k in range(count)]


def require_av() -> ModuleType:
    """Return the module ``av``, or raise an ImportError that says how to install it."""
    try:
        import av
    except ImportError as error:
        what = "Videos need PyAV, which is not installed"
        raise MissingPackageError(f'{what}: pip install "emolib[video]".') from error
    return av


class _Clock:
    """Stops a video that decodes for too long."""

    def __init__(self, name: str, seconds: float):
        self.name, self.seconds = name, seconds
        self.end = time.monotonic() + seconds

    def check(self) -> None:
        if time.monotonic() > self.end:
            what = f"{self.name} takes more than {self.seconds} seconds to decode"
            raise SlowVideoError(f"{what}; convert it with {CONVERT}.")

    @contextmanager
    def stopped(self) -> Iterator[None]:
        begin = time.monotonic()
        yield
        self.end += time.monotonic() - begin


@contextmanager
def _avi_file(video: str | Path | bytes, name: str) -> Iterator[BinaryIO]:
    """Open an AVI file, known by its signature."""
    try:
        with _opened_file(video) as file:
            start = file.read(16)
            if not start:
                raise VideoError(f"{name} is empty: 0 bytes. Copy it again.")
            if start[:4] != b"RIFF" or start[8:12] != b"AVI ":
                known = (what for at, it, what in _OTHERS if start[at:].startswith(it))
                what = next(known, f"a file that begins with {start[:12]!r}")
                raise VideoError(
                    f"{name} does not decode: it is {what}, expected an AVI file. "
                    f"Convert a video with {CONVERT}."
                )
            yield file
    except FileNotFoundError:
        raise VideoError(f"{name} does not exist; check the path.") from None
    except (OSError, EOFError) as error:
        what = f"{name} cannot be read ({getattr(error, 'strerror', None) or error})"
        raise VideoError(f"{what}; check the path and its permissions.") from error


def _opened_file(video: str | Path | bytes) -> BinaryIO:
    if isinstance(video, bytes):
        return io.BytesIO(video)
    return open_regular(Path(video).expanduser())


def _refuse(url: str, *_) -> None:
    raise PermissionError(f"a video may open no other file, and this asks for {url}")


@contextmanager
def _opened(av, file: BinaryIO, name: str) -> Iterator[tuple]:
    """Give the container and its stream of pictures."""
    # While it opens the container FFmpeg would decode the beginning of all streams.
    closed = {"codec_whitelist": "none", "protocol_whitelist": "none"}
    settings = {"format": "avi", "container_options": closed, "io_open": _refuse}
    file.seek(0)
    with av.open(file, metadata_errors="replace", **settings) as container:
        if not container.streams.video:
            raise VideoError(f"{name} holds no pictures; name another file.")
        stream = container.streams.video[0]
        codec = stream.codec_context
        if codec is None or codec.name not in DECODERS:
            what = f"coded as {codec.name}" if codec else "of an unknown code"
            raise VideoError(f"{name} is {what}; convert it with {CONVERT}.")
        stream.thread_type, codec.thread_count = "SLICE", 1
        if codec.width * codec.height > MAX_PIXELS:
            raise VideoError(
                f"{name} has frames of {codec.width} x {codec.height} pixels, expected "
                f"at most {MAX_PIXELS:,} pixels; make it smaller with `ffmpeg -i "
                "clip.avi -vf scale=-2:720 -c:v mpeg4 -q:v 2 smaller.avi`."
            )
        codec.options = {"max_pixels": str(MAX_PIXELS)}  # headers say what they like
        yield container, stream


def _count(av, file: BinaryIO, name: str, clock: _Clock, most: int) -> tuple[int, int]:
    """Return the frames that the header announces (0 if unknown) and the packets."""
    with _opened(av, file, name) as (container, stream):
        total = 0
        for packet in container.demux(stream):
            clock.check()
            total += packet.size > 0
            if total > most:
                raise VideoError(
                    f"{name} has more than {most:,} frames; cut it with `ffmpeg "
                    "-i long.avi -c copy -f segment -segment_time 600 part-%02d.avi`."
                )
        return stream.frames, total


def _check_length(name: str, announced: int, total: int, count: int) -> None:
    if total < COMPLETE * announced:
        what = f"{total} of {announced} frames can be read"
        raise VideoError(f"{name} is cut short: {what}. {_MAKE_AGAIN}")
    if not total:
        raise VideoError(f"{name} holds no frame that decodes. {_MAKE_AGAIN}")
    if total < count:
        raise VideoError(f"{name} has {total} frames; {count} are wanted. Take fewer.")


def _decode(
    av, file: BinaryIO, name: str, wanted: list[int], look: Callable, clock: _Clock
) -> tuple[list, list[float], int]:
    """Decode up to the last frame wanted; return looks, times, frames decoded."""
    seen, times, position, shape, chosen = [], [], 0, None, set(wanted)
    with _opened(av, file, name) as (container, stream):
        rate = float(stream.average_rate or 25)
        for packet in container.demux(stream):
            clock.check()
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                continue  # one damaged frame; the caller counts what is left
            for frame in frames:
                if position in chosen:
                    shape = shape or _shown_size(frame, stream)
                    picture = frame.reformat(*shape, format="rgb24").to_ndarray()
                    with clock.stopped():
                        seen.append(look(picture))
                    times.append(position / rate)
                position += 1
            if position > wanted[-1]:
                break
    return seen, times, position


def _shown_size(frame, stream) -> tuple[int, int]:
    """Width and height at which the pixels of a frame are square."""
    ratio = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or 1
    ratio = float(ratio)
    return round(frame.width * (ratio if 0.5 <= ratio <= 2 else 1)), frame.height
