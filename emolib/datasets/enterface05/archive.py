"""The files of a zip or of a folder that came from elsewhere and are not trusted.

Nothing is unpacked: a file is read into memory, so no name can lead to a place on the
disk. Names that try to are reported all the same, for those who unpack by hand.
"""

import os
import re
import stat
import zipfile
import zlib
from pathlib import Path

from emolib.datasets.face_dataset import DatasetError

MAX_BYTES = 256 * 2**20  #: Of a file that is read; a clip has about 0.6 MB.
#: Largest ratio of unpacked to packed size above 1 MB, and number of files looked at.
MAX_RATIO, MAX_FILES = 100, 100_000


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
        File -> why it is not read: it leads outside, is a link, would unpack to more
        than ``MAX_BYTES`` or by more than ``MAX_RATIO``, or needs a password.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path).expanduser()
        self.refused: dict[str, str] = {}
        self._zip = None
        if self.path.is_dir():
            self.kind, (self._found, empty) = "folder", self._walk()
        elif self.path.is_file():
            self.kind, (self._found, empty) = "zip", self._open()
        else:
            raise DatasetError(
                f"{self.path} does not exist; pass the zip as it was downloaded, or "
                "the folder it was unpacked into."
            )
        self.files = tuple(sorted(self._found))
        self.folders = tuple(sorted(empty))

    def __enter__(self) -> "Archive":
        """Return the archive itself."""
        return self

    def __exit__(self, *_) -> None:
        """Close the zip, if it is one."""
        if self._zip is not None:
            self._zip.close()

    def read(self, name: str) -> bytes:
        """Return the bytes of one of `files`.

        DatasetError if it is damaged in the archive, unreadable, or too large.
        """
        found = self._found[name]
        try:  # a wrong CRC-32 in a zip raises
            with self._zip.open(found) if self._zip else found.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except _DAMAGE as error:
            raise DatasetError(f"{name} cannot be read ({error}).") from error
        if len(data) > MAX_BYTES:
            raise DatasetError(f"{name} is larger than {MAX_BYTES:,} bytes.")
        return data

    def size(self, name: str) -> int:
        """Return the size in bytes of one of `files`."""
        found = self._found[name]
        return found.file_size if self._zip else found.stat().st_size

    def crc32(self, name: str) -> str:
        """Return the CRC-32 of one of `files` as eight hexadecimal digits.

        Of a zip it is the recorded one, which `read` checks.
        """
        found = self._found[name]
        return f"{found.CRC if self._zip else zlib.crc32(self.read(name)):08x}"

    def _walk(self) -> tuple[dict[str, Path], list[str]]:
        found, empty = {}, []

        def fail(error):
            raise DatasetError(f"{error.filename} cannot be listed ({error.strerror}).")

        for top, folders, files in os.walk(self.path, onerror=fail):
            below = Path(top).relative_to(self.path)
            for name in [*folders, *files]:
                path, shown = Path(top, name), (below / name).as_posix()
                if path.is_symlink():
                    self.refused[shown] = "is a link"
                elif path.is_dir():
                    continue
                elif not path.is_file():
                    self.refused[shown] = "is neither a file nor a folder"
                elif path.stat().st_size > MAX_BYTES:
                    self.refused[shown] = f"is larger than {MAX_BYTES:,} bytes"
                else:
                    found[shown] = path
            if not folders and not files:
                empty.append(below.as_posix())
            _check_count(self.path, len(found))
        return found, empty

    def _open(self) -> tuple[dict[str, zipfile.ZipInfo], list[str]]:
        try:
            self._zip = zipfile.ZipFile(self.path)
            members = self._zip.infolist()
        except _DAMAGE as error:
            raise DatasetError(
                f"{self.path} is no zip, or is damaged or cut short ({error}). Compare "
                "its size with that on the download page, and download it again."
            ) from error
        _check_count(self.path, len(members))
        found, seen, folders = {}, {}, []
        for member in members:
            name = member.filename.replace("\\", "/")
            if reason := _why_refused(member, name):
                self.refused[name] = reason
            elif member.is_dir():
                folders.append(name.rstrip("/"))
            elif name in seen:
                one, other = ((m.CRC, m.file_size) for m in (seen[name], member))
                if one != other:
                    found.pop(name, None)
                    self.refused[name] = "is in the zip twice, with different contents"
            else:
                found[name] = seen[name] = member
        parents = {
            "/".join(parts[:k])
            for parts in (name.split("/") for name in [*seen, *folders])
            for k in range(1, len(parts))
        }
        return found, [name for name in folders if name not in parents]


#: What a damaged archive or disk makes Python raise.
_DAMAGE = (
    OSError, EOFError, RuntimeError, ValueError, OverflowError, zlib.error,
    zipfile.BadZipFile, zipfile.LargeZipFile,
)  # fmt: skip


def _why_refused(member: zipfile.ZipInfo, name: str) -> str | None:
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "has an absolute path"
    if ".." in name.split("/"):
        return "leads out of the archive"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a link"
    if member.flag_bits & 1:
        return "needs a password"
    size = member.file_size
    if size > MAX_BYTES or size > max(2**20, MAX_RATIO * member.compress_size):
        return f"would unpack from {member.compress_size:,} to {size:,} bytes"
    return None


def _check_count(path: Path, count: int) -> None:
    if count > MAX_FILES:
        what = f"{path} holds more than {MAX_FILES:,} files"
        raise DatasetError(f"{what}; pass the folder or the zip of the corpus alone.")
