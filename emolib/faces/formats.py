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

#: How HEIC and AVIF say what they are, after ``ftyp``, which videos begin with, too.
HEIF = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_AVIF = (b"avif", b"avis")

#: Raw data of cameras. Some begin as a TIFF does, whose first picture is tiny.
RAW = (".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw")

#: What else comes: what it is and what to do instead, the endings of its name, and how
#: its content begins.
OTHERS = (
    (
        "a video; take pictures out of it, such as with "
        "`ffmpeg -i VIDEO -vf fps=1 frame-%04d.png`.",
        (".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv",
         ".3gp", ".mts", ".m2ts", ".ts", ".vob", ".flv", ".f4v", ".ogv", ".asf", ".qt",
         ".3g2", ".divx", ".mxf", ".m2v", ".dv", ".rmvb"),
        (b"\x1aE\xdf\xa3", b"\0\0\x01\xba", b"\0\0\x01\xb3", b"0&\xb2u\x8ef\xcf\x11",
         b"FLV\x01"),
    ),
    (
        "the raw data of a camera; develop it, or let the camera's program save it as "
        "JPEG.",
        RAW,
        (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"IIU\0"),
    ),
    (
        "a drawing, not a photograph; save it as PNG.",
        (".svg", ".eps", ".ps", ".ai"),
        (b"<svg", b"%!PS", b"\xc5\xd0\xd3\xc6"),
    ),
    ("a PDF; save the picture in it as PNG.", (".pdf",), (b"%PDF",)),
    (
        "of a format that is not read; save it as PNG or JPEG.",
        (".jxl", ".psd", ".xcf", ".ico", ".tga", ".exr", ".hdr", ".qoi"),
        (b"\xff\x0a", b"\0\0\0\x0cJXL ", b"8BPS", b"gimp xcf", b"qoif"),
    ),
)  # fmt: skip

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

    Links to folders are not followed, but named in `skipped`, and so are folders in it
    that cannot be listed; if `folder` itself cannot, that raises OSError.
    """
    files, skipped, hidden = _files(folder, below)
    pictures = []
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
    if ending in FORMATS:
        return None
    what = (what_instead(ending, b"") or "not a picture").partition(";")[0].rstrip(".")
    return f"{ending or 'no ending'}: {what}"


def what_instead(ending: str, start: bytes) -> str | None:
    """Return what a file that is not read is, by its content or its name, if known.

    `ending` is in lower case, with its dot; `start` the first 64 bytes or fewer.
    """
    if start[4:8] == b"ftyp" and start[8:12] not in (*HEIF, *_AVIF):
        ending = ".cr3" if start[8:11] == b"crx" else ".mp4"
    elif start[:4] == b"RIFF" and start[8:12] == b"AVI ":
        ending = ".avi"
    for words, endings, starts in OTHERS:
        if ending in endings or start.lstrip().startswith(starts):
            return words
    return None


def _files(folder: Path, below: bool) -> tuple[list[Path], dict[str, list[Path]], int]:
    found, skipped, hidden = [], {}, 0
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path = Path(entry.path)
        if is_hidden(path):
            hidden += entry.is_file()
        elif entry.is_file():
            found.append(path)
        elif below and entry.is_dir(follow_symlinks=False):
            try:
                inside, without, more = _files(path, below)
            except OSError:  # no reason to lose what is beside it
                inside, without, more = (
                    [],
                    {"a folder that cannot be listed": [path]},
                    0,
                )
            found, hidden = found + inside, hidden + more
            for reason, paths in without.items():
                skipped.setdefault(reason, []).extend(paths)
        elif below and entry.is_dir():
            skipped.setdefault("a link to a folder", []).append(path)
    return found, skipped, hidden
