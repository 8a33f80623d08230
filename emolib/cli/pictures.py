"""Pictures and videos as files: which are read of those named, and how one is saved."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from emolib.cli.messages import why
from emolib.cli.options import CommandError
from emolib.cli.places import check_file
from emolib.faces.formats import FORMATS, list_pictures, what_instead, why_unread

if TYPE_CHECKING:
    import numpy as np

VIDEO = ".avi"  #: How the videos end that are read.
WRITABLE = (".png", ".jpg", ".jpeg", ".webp")


@dataclass
class Found:
    """What is read of the files and folders that were named, in their order."""

    pictures: dict[Path, str] = field(default_factory=dict)  # -> fault, or empty
    skipped: dict[str, list[Path]] = field(default_factory=dict)  # why -> files
    repeated: int = 0  # how often a picture was named again


def find_pictures(paths: Iterable[Path]) -> Found:
    """Return the pictures and AVI videos that `paths` name or folders in them hold.

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
    """Return the files that `path` names -> their faults; note what is skipped."""
    try:
        if not path.is_dir():
            return {path: video_fault(path)}
        listing = list_pictures(path, below=True)
    except OSError as error:
        return {path: f"{path} cannot be read ({why(error)})."}
    videos = listing.skipped.pop(why_unread(Path(f"x{VIDEO}")), [])
    for reason, files in listing.skipped.items():
        found.skipped.setdefault(reason, []).extend(files)
    if not listing.pictures and not videos:
        known = ", ".join((*FORMATS, VIDEO))
        return {path: f"{path} holds no pictures and no videos ({known})."}
    files = sorted((*listing.pictures, *videos), key=lambda one: one.parts)
    return dict.fromkeys(files, "")


def is_video(path: Path) -> bool:
    """Tell whether a file is to be read as a video: by its ending, or as an AVI file.

    What is called a video and is none is told so by the decoder.
    """
    return path.suffix.lower() == VIDEO or (_start(path) or b"")[8:12] == b"AVI "


def video_fault(path: Path) -> str:
    """Return what to do with a video that is not read; empty for all other files."""
    start = _start(path)
    if start is None or is_video(path):
        return ""
    known = what_instead(path.suffix.lower(), start) or ""
    if not known.startswith("a video"):
        return ""
    return f"{path} is a video, but no AVI file. {as_avi(path)}"


def as_avi(video: Path) -> str:
    """Return how to make an AVI file of a `video` of another kind."""
    become = video.with_suffix(VIDEO)
    return (
        f"Convert it: ffmpeg -i {quote(str(video))} -c:v mpeg4 -q:v 2 "
        f"{quote(str(become))} && emolib predict {quote(str(become))}"
    )


def _start(path: Path) -> bytes | None:
    """Return how a file begins; None if it is none, or reading it will explain why."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(64)
    except OSError:
        return None


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
