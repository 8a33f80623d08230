"""The files of a zip or of a folder that came from elsewhere and are not trusted.

Nothing is unpacked: a file is read into memory, so no name can lead to a place on the
disk. Names that try to are reported all the same, for those who unpack by hand.
"""

import io
import os
import re
import stat
import zipfile
import zlib
from bisect import bisect_left
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from emolib.datasets.face_dataset import DatasetError
from emolib.files import open_regular

MAX_BYTES = 64 * 2**20  #: Of a file that is read; a clip has about 0.6 MB.
#: Largest ratio of unpacked to packed size above 1 MB, and number of files looked at.
MAX_RATIO, MAX_FILES = 100, 100_000
#: Longest name with its folders, in characters, and how many folders deep it may lie.
MAX_NAME, MAX_LEVELS = 1_000, 50
#: Of a zip's list of members, which is read at once; that of the corpus has 0.5 MB.
MAX_LISTING = 8 * 2**20
#: What every `zipfile` unpacks piece by piece; others unpack a bomb at once.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

_PIECE = 2**20  # bytes that are read at a time


class Archive:
    """The files of a zip or of a folder, for a ``with`` statement.

    DatasetError if there is none at `path`, or the zip is damaged as a whole.

    Attributes
    ----------
    path, kind : Path, {"zip", "folder"}
    files, folders : tuple of str
        The files that can be read, sorted, with ``/`` between folders; folders that
        hold nothing at all.
    refused : dict of str to str
        File or folder -> why it is not read: it leads outside, is a link, would unpack
        to more than ``MAX_BYTES`` or by more than ``MAX_RATIO``, needs a password, has
        too long a name, and so on.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path).expanduser()
        self.refused: dict[str, str] = {}
        self._file = self._zip = None
        if self.path.is_dir():
            self.kind, (self._found, empty) = "folder", self._walk()
        elif self.path.is_file():
            self.kind, (self._found, empty) = "zip", self._open()
        else:
            there = os.path.lexists(self.path)
            what = "is neither a file nor a folder" if there else "does not exist"
            raise DatasetError(
                f"{self.path} {what}; pass the zip as it was downloaded, or the folder "
                "it was unpacked into."
            )
        self.files = tuple(sorted(self._found))
        self.folders = tuple(sorted(empty))

    def __enter__(self) -> "Archive":
        """Return the archive itself."""
        return self

    def __exit__(self, *_) -> None:
        """Close the zip, if it is one."""
        for file in filter(None, (self._zip, self._file)):
            file.close()

    def read(self, name: str) -> bytes:
        """Return the bytes of one of `files`.

        DatasetError if it is damaged in the archive, unreadable, or too large.
        """
        found = self._found[name]
        try:  # a wrong CRC-32 in a zip raises
            with self._zip.open(found) if self._zip else open_regular(found) as file:
                return _read_pieces(file)
        except DatasetError:
            raise
        except _DAMAGE as error:
            what = f"{name} cannot be read ({error})"
            raise DatasetError(f"{what}; copy or download it again.") from error

    def size(self, name: str) -> int:
        """Return the size in bytes of one of `files`, when the archive was opened."""
        found = self._found[name]
        return found.file_size if self._zip else self._sizes[name]

    def crc32(self, name: str) -> str:
        """Return the CRC-32 of one of `files` as eight hexadecimal digits.

        Of a zip it is the recorded one, which `read` checks.
        """
        found = self._found[name]
        return f"{found.CRC if self._zip else zlib.crc32(self.read(name)):08x}"

    def _walk(self) -> tuple[dict[str, Path], list[str]]:
        found, empty, waiting, self._sizes = {}, [], [""], {}
        while waiting:
            folder, holds = waiting.pop(), False
            try:
                with os.scandir(self.path / folder) as entries:
                    for entry in entries:
                        holds, name = True, f"{folder}/{entry.name}".lstrip("/")
                        if reason := _why_not(entry, name):
                            self.refused[name] = reason
                        elif entry.is_dir():
                            waiting.append(name)
                        else:
                            found[name] = self.path / name
                            self._sizes[name] = entry.stat().st_size
                        self._check_count(len(found) + len(self.refused))
            except OSError as error:
                if not folder:
                    what = f"{self.path} cannot be listed ({error.strerror})"
                    raise DatasetError(f"{what}; check its permissions.") from error
                self.refused[folder] = f"cannot be listed ({error.strerror})"
            else:
                if not holds:
                    empty.append(folder or ".")
        return found, empty

    def _open(self) -> tuple[dict[str, zipfile.ZipInfo], list[str]]:
        try:
            self._file = _Zip(io.FileIO(self.path))
            self._zip = zipfile.ZipFile(self._file)
            members = self._zip.infolist()
        except _DAMAGE as error:
            self.__exit__()
            if isinstance(error, DatasetError):
                raise
            raise DatasetError(
                f"{self.path} is no zip, or is damaged or cut short ({error}). Compare "
                "its size with that on the download page, and download it again."
            ) from error
        self._check_count(len(members))
        found, seen, folders, shared = {}, {}, [], _overlapping(members)
        for k, member in enumerate(members):
            name = member.filename.replace("\\", "/")
            reason = _why_refused(member, name)
            if len(name) > MAX_NAME:
                name = f"{name[:80]} [member {k}]"
            if reason or k in shared:
                self.refused[name] = reason or "shares its bytes with another file"
            elif member.is_dir():
                folders.append(name.rstrip("/"))
            elif name in seen:
                one, other = ((m.CRC, m.file_size) for m in (seen[name], member))
                if one != other:
                    found.pop(name, None)
                    self.refused[name] = "is in the zip twice, with different contents"
            else:
                found[name] = seen[name] = member
        names = [*sorted([*seen, *folders]), ""]
        after = (
            names[bisect_left(names, f"{one}/", hi=len(names) - 1)] for one in folders
        )
        pairs = zip(folders, after, strict=True)
        return found, [one for one, next in pairs if not next.startswith(f"{one}/")]

    def _check_count(self, count: int) -> None:
        if count > MAX_FILES:
            raise DatasetError(
                f"{self.path} holds more than {MAX_FILES:,} files; pass the folder or "
                "the zip of the corpus alone."
            )


class _Zip(io.BufferedReader):
    """A zip of which nothing large is read at once, least of all its list."""

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > MAX_LISTING:
            raise DatasetError(
                f"{self.raw.name} lists its members in {size:,} bytes, more than "
                f"{MAX_LISTING:,}; pass the zip of the corpus alone."
            )
        return super().read(size)


#: What a damaged archive or disk makes Python raise.
_DAMAGE = (
    OSError, EOFError, RuntimeError, ValueError, OverflowError, zlib.error,
    zipfile.BadZipFile, zipfile.LargeZipFile,
)  # fmt: skip


def _read_pieces(file: BinaryIO) -> bytes:
    """Read to the end; DatasetError if there is more than ``MAX_BYTES``."""
    pieces = iter(lambda: file.read(_PIECE), b"")
    data = b"".join(islice(pieces, MAX_BYTES // _PIECE + 1))
    if len(data) > MAX_BYTES:
        what = f"{file.name} is larger than {MAX_BYTES:,} bytes"
        raise DatasetError(f"{what}; expected a clip of a few seconds.")
    return data


def _why_not(entry: os.DirEntry, name: str) -> str | None:
    """Say why what a folder holds is not looked at."""
    if entry.is_symlink():
        return "is a link"
    if reason := _why_not_name(name):
        return reason
    if entry.is_dir():
        return None
    if not entry.is_file():
        return "is neither a file nor a folder"
    try:
        size = entry.stat().st_size
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return f"is larger than {MAX_BYTES:,} bytes" if size > MAX_BYTES else None


def _why_refused(member: zipfile.ZipInfo, name: str) -> str | None:
    """Say why a member of a zip is not read."""
    if reason := _why_not_name(name):
        return reason
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "has an absolute path"
    if ".." in name.split("/"):
        return "leads out of the archive"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a link"
    if member.flag_bits & 1:
        return "needs a password"
    if member.compress_type not in METHODS:
        return (
            "is packed by a method other than deflate; unpack the zip, pass the folder"
        )
    size = member.file_size
    if size > MAX_BYTES or size > max(2**20, MAX_RATIO * member.compress_size):
        return f"would unpack from {member.compress_size:,} to {size:,} bytes"
    return None


def _why_not_name(name: str) -> str | None:
    if len(name) > MAX_NAME:
        return f"has a name of more than {MAX_NAME:,} characters"
    if name.strip("/").count("/") > MAX_LEVELS:
        return f"lies more than {MAX_LEVELS} folders deep"
    if re.search(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", name):
        return "has a name with control characters"
    return None


def _overlapping(members: list[zipfile.ZipInfo]) -> set[int]:
    """Return which members of a zip have bytes of another; no honest program does that.

    Each begins with a header of at least 30 bytes.
    """
    shared, reach, last = set(), 0, 0
    for k in sorted(range(len(members)), key=lambda k: members[k].header_offset):
        member = members[k]
        if member.header_offset < reach:
            shared |= {last, k}
        end = member.header_offset + 30 + member.compress_size
        if end > reach:
            reach, last = end, k
    return shared
