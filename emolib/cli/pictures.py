"""Pictures as files: which are read of those that are named, and how one is saved."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from emolib.cli.messages import why
from emolib.cli.options import CommandError
from emolib.cli.places import check_file
from emolib.faces.formats import FORMATS, WITH_PACKAGE, list_pictures, why_unread

if TYPE_CHECKING:
    import numpy as np

WRITABLE = (".png", ".jpg", ".jpeg", ".webp")

#: Endings of videos, in lower case, and how the content of most begins.
VIDEOS = (
    ".mp4", ".m4v", ".mov", ".qt", ".avi", ".divx", ".mkv", ".webm", ".mpg", ".mpeg",
    ".mpe", ".m1v", ".m2v", ".vob", ".ts", ".mts", ".m2ts", ".wmv", ".asf", ".flv",
    ".f4v", ".3gp", ".3g2", ".ogv", ".ogm", ".mxf", ".rm", ".rmvb", ".dv", ".y4m",
    ".mjpg", ".mjpeg", ".h264", ".hevc",
)  # fmt: skip
_SIGNATURES = (
    b"\x1aE\xdf\xa3", b"FLV\x01", b"\0\0\1\xba", b"\0\0\1\xb3", b"0&\xb2u\x8ef\xcf\x11",
)  # fmt: skip
_BRANDS = (b"iso", b"mp4", b"avc", b"qt ", b"M4V", b"3g", b"dash", b"MSNV", b"f4v")


@dataclass
class Found:
    """What is read of the files and folders that were named, in their order."""

    pictures: dict[Path, str] = field(default_factory=dict)  # -> fault, or empty
    skipped: dict[str, list[Path]] = field(default_factory=dict)  # why -> files
    repeated: int = 0  # how often a picture was named again


def find_pictures(paths: Iterable[Path]) -> Found:
    """Return the pictures among `paths` and in folders among them, at any depth.

    Each comes once. What cannot be read is no reason not to read the others.
    """
    found, known = Found(), set()
    for path in paths:
        listed = _listed(path, found)
        for one in listed:
            place = os.path.join(os.path.realpath(one.parent), one.name)
            if place in known:
                found.repeated += 1
            else:
                known.add(place)
                found.pictures[one] = listed[one]
    return found


def _listed(path: Path, found: Found) -> dict[Path, str]:
    """Return the pictures that `path` names -> their faults; note what is skipped."""
    try:
        if not path.is_dir():
            return {path: video_fault(path)}
        listing = list_pictures(path, below=True)
    except OSError as error:
        return {path: f"{path} cannot be read ({why(error)})."}
    for reason, files in listing.skipped.items():
        found.skipped.setdefault(reason, []).extend(files)
    if not listing.pictures:
        return {path: f"{path} holds no pictures ({', '.join(FORMATS)})."}
    return dict.fromkeys(listing.pictures, "")


def video_fault(path: Path) -> str:
    """Return what to do with a video, by its ending or content; empty for others."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            head = file.read(16)
    except OSError:  # which reading it as a picture will explain
        return ""
    boxed = head[4:8] == b"ftyp" and head[8:].startswith(_BRANDS)
    riff = head[:4] == b"RIFF" and head[8:12] == b"AVI "
    held = boxed or riff or head.startswith(_SIGNATURES)
    if not (held or path.suffix.lower() in VIDEOS):
        return ""
    return f"{path} is a video. {frames_of(str(path))}"


def frames_of(video: str) -> str:
    """Return how to take frames from a `video`, as long as videos are not read."""
    return (
        "Videos are not read yet; take frames from it, five a second, and read those: "
        f"mkdir frames && ffmpeg -i {quote(video)} -vf fps=5 frames/%04d.png && "
        "emolib predict frames"
    )


def package_fault(path: Path) -> str:
    """Return which package a picture's format needs that is not there, or nothing."""
    reason = why_unread(path) if path.suffix.lower() in WITH_PACKAGE else None
    return f" {reason}." if reason else ""


def check_picture(path: Path, *, force: bool, inputs: Iterable[Path] = ()) -> None:
    """Refuse, before the work, a `path` that no picture could be saved to after it."""
    if path.suffix.lower() not in WRITABLE:
        raise CommandError(f"{path} must end in one of {', '.join(WRITABLE)}.")
    check_file(path, force=force, inputs=inputs)


def save_picture(image: "np.ndarray", path: Path) -> None:
    """Save `image`, uint8 (height, width) or (height, width, 3), at `path`, whole."""
    from PIL import Image

    from emolib.files import whole_file

    try:
        with whole_file(path) as partial:
            Image.fromarray(image).save(partial)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {why(error)}.") from error
