"""Frames out of a video file, spread over the part that is wanted.

Needs PyAV, the extra ``video``; it is imported on first use.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np

from emolib.datasets.face_dataset import DatasetError
from emolib.errors import ArgumentError, MissingPackageError

#: Which part of a clip frames are taken from, as shares of its length.
POLICIES = {"middle": (0.25, 0.75), "whole": (0.0, 1.0)}
#: Largest frame in pixels, and largest number of frames, that are decoded.
MAX_PIXELS, MAX_FRAMES = 4096 * 4096, 30_000
COMPLETE = 0.9  #: A video must decode to this share of the frames it announces.


class VideoError(DatasetError):
    """A video does not decode, or not far enough; the message names the file."""


class SampledFrames(NamedTuple):
    """Some frames of a video of `total` frames."""

    images: np.ndarray  # uint8 (count, height, width, 3), RGB, 0-255, square pixels
    times: np.ndarray  # float64 (count,), seconds from the beginning
    total: int


def sample_frames(
    video: str | Path | bytes, count: int = 10, policy: str = "middle", *,
    name: str | None = None,
) -> SampledFrames:  # fmt: skip
    """Take frames out of a video, a file or its bytes, at equal distances.

    Codec, size and rate come from the file; frames are counted, because headers of old
    AVI files are often wrong. `policy` is ``"middle"``, half of the clip, where the
    expression usually is at its height, or ``"whole"``; errors call the video by its
    path or `name`.

    Raises VideoError if it is empty, no video, cut short, has fewer than `count`
    frames, or is larger than ``MAX_PIXELS`` or longer than ``MAX_FRAMES``; ValueError
    if `policy` or `count` is impossible; ImportError if PyAV is missing.
    """
    check_policy(policy)
    if count < 1:
        raise ArgumentError(f"count must be at least 1; received {count}.")
    av = require_av()
    if name is None:
        name = "the video" if isinstance(video, bytes) else str(video)
    try:
        data = video if isinstance(video, bytes) else Path(video).read_bytes()
        if not data:
            raise VideoError(f"{name} is empty (0 bytes).")
        announced, total = _count(av, data, name)
        _check_length(name, announced, total, count)
        for _ in range(2):
            wanted = sample_positions(total, count, policy)
            images, times, decoded = _decode(av, data, name, wanted)
            if len(images) == count:
                break
            total = decoded  # packets that give no frame: count again what decodes
            _check_length(name, announced, total, count)
    except av.error.FFmpegError as error:
        what = f"{name} does not decode as a video ({error.strerror})"
        why = "it is damaged, cut short, or something else"
        raise VideoError(f"{what}; {why}.") from error
    except (OSError, EOFError) as error:
        raise VideoError(f"{name} cannot be read ({error}).") from error
    if len(images) != count:
        raise VideoError(f"{name} decodes to another length each time.")
    return SampledFrames(np.stack(images), np.array(times), total)


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


@contextmanager
def _opened(av, data: bytes, name: str) -> Iterator[tuple]:
    """Give the container and its stream of pictures."""
    with av.open(io.BytesIO(data), metadata_errors="replace") as container:
        if not container.streams.video:
            raise VideoError(f"{name} holds no video stream.")
        stream = container.streams.video[0]
        codec = stream.codec_context
        if codec is None:
            raise VideoError(f"{name} is of a kind that cannot be decoded.")
        stream.thread_type, codec.thread_count = "SLICE", 1
        if not 0 < codec.width * codec.height <= MAX_PIXELS:
            size = f"{codec.width} x {codec.height} pixels"
            most = f"at most {MAX_PIXELS:,} pixels"
            raise VideoError(f"{name} has frames of {size}, expected {most}.")
        yield container, stream


def _count(av, data: bytes, name: str) -> tuple[int, int]:
    """Return the frames that the header announces (0 if unknown) and the packets."""
    with _opened(av, data, name) as (container, stream):
        total = 0
        for packet in container.demux(stream):
            total += packet.size > 0
            if total > MAX_FRAMES:
                raise VideoError(f"{name} has more than {MAX_FRAMES:,} frames.")
        return stream.frames, total


def _check_length(name: str, announced: int, total: int, count: int) -> None:
    if total < COMPLETE * announced:
        what = f"{total} of {announced} frames can be read"
        raise VideoError(f"{name} is cut short: {what}.")
    if total < count:
        raise VideoError(f"{name} has {total} frames; {count} are wanted.")


def _decode(
    av, data: bytes, name: str, wanted: list[int]
) -> tuple[list[np.ndarray], list[float], int]:
    """Decode up to the last frame wanted; return images, times, frames decoded."""
    images, times, position, shape = [], [], 0, None
    with _opened(av, data, name) as (container, stream):
        rate = float(stream.average_rate or 25)
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                continue  # one damaged frame; the caller counts what is left
            for frame in frames:
                if position in wanted:
                    shape = shape or _shown_size(frame, stream)
                    picture = frame.reformat(*shape, format="rgb24")
                    images.append(picture.to_ndarray())
                    times.append(position / rate)
                position += 1
            if position > wanted[-1]:
                break
    return images, times, position


def _shown_size(frame, stream) -> tuple[int, int]:
    """Width and height at which the pixels of a frame are square."""
    ratio = float(stream.sample_aspect_ratio or 1)
    return round(frame.width * (ratio if 0.5 <= ratio <= 2 else 1)), frame.height
