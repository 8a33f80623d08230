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
from emolib.faces.formats import FORMATS, list_pictures, what_instead

if TYPE_CHECKING:
    import numpy as np

WRITABLE = (".png", ".jpg", ".jpeg", ".webp")


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
            known = what_instead(path.suffix.lower(), file.read(64))
    except OSError:  # which reading it as a picture will explain
        return ""
    if not (known or "").startswith("a video"):
        return ""
    return f"{path} is a video. {frames_of(str(path))}"


def frames_of(video: str) -> str:
    """Return how to take frames from a `video`, as long as videos are not read."""
    return (
        "Videos are not read yet; take frames from it, five a second, and read those: "
        f"mkdir frames && ffmpeg -i {quote(video)} -vf fps=5 frames/%04d.png && "
        "emolib predict frames"
    )


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
