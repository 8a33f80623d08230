"""Which files are pictures: the one list of formats, and the pictures in a folder."""

import importlib.util
import os
from dataclasses import dataclass, field
from pathlib import Path

#: Endings of file names, in lower case, with Pillow's name of the format. No other is
#: opened, by what the file holds: a reader of EPS, for one, would start a program.
FORMATS = {
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG",
    ".mpo": "MPO", ".webp": "WEBP", ".avif": "AVIF", ".gif": "GIF", ".bmp": "BMP",
    ".tif": "TIFF", ".tiff": "TIFF", ".pgm": "PPM", ".ppm": "PPM", ".pbm": "PPM",
    ".pnm": "PPM", ".jp2": "JPEG2000",
}  # fmt: skip

#: Formats of which Pillow has no reader of its own: the ending, and the package.
WITH_PACKAGE = {".heic": "pillow-heif", ".heif": "pillow-heif"}

#: Files that systems and programs leave in folders of pictures, in lower case.
SYSTEM_FILES = ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "@eadir")
SYSTEM_FOLDERS = ("__macosx", "@eadir", "$recycle.bin", "system volume information")


@dataclass(frozen=True)
class Listing:
    """The files of a folder, sorted by name.

    Attributes
    ----------
    pictures : tuple of Path
        Files that end as pictures do which can be read here.
    skipped : dict of str to list of Path
        Why others are not read -> the files.
    hidden : int
        Number of files that a system or a program left there (``.DS_Store``,
        ``._1.png``, ``Thumbs.db``); nobody misses them.
    """

    pictures: tuple[Path, ...]
    skipped: dict[str, list[Path]] = field(default_factory=dict)
    hidden: int = 0


def is_hidden(path: Path) -> bool:
    """Tell whether a file or folder was left by a system or a program, by its name."""
    name = path.name.lower()
    return name.startswith(".") or name in (*SYSTEM_FILES, *SYSTEM_FOLDERS)


def list_pictures(folder: Path, *, below: bool = False) -> Listing:
    """List what a folder holds; with `below`, also in its folders, at any depth.

    Links to folders are not followed, but named in `skipped`. OSError if the folder
    cannot be listed.
    """
    files, links, hidden = _files(folder, below)
    pictures, skipped = [], {"a link to a folder": links} if links else {}
    for path in files:
        if reason := why_unread(path):
            skipped.setdefault(reason, []).append(path)
        else:
            pictures.append(path)
    return Listing(tuple(pictures), skipped, hidden)


def why_unread(path: Path) -> str | None:
    """Return why a file is not read, by the ending of its name; None if it is read."""
    ending = path.suffix.lower()
    if package := WITH_PACKAGE.get(ending):
        installed = importlib.util.find_spec(package.replace("-", "_"))
        return None if installed else f"{ending} needs `pip install {package}`"
    return None if ending in FORMATS else f"{ending or 'no ending'}: not a picture"


def _files(folder: Path, below: bool) -> tuple[list[Path], list[Path], int]:
    found, links, hidden = [], [], 0
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path = Path(entry.path)
        if is_hidden(path):
            hidden += entry.is_file()
        elif entry.is_file():
            found.append(path)
        elif below and entry.is_dir(follow_symlinks=False):
            inside, beyond, more = _files(path, below)
            found, links, hidden = found + inside, links + beyond, hidden + more
        elif below and entry.is_dir():
            links.append(path)
    return found, links, hidden
