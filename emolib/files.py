"""Files that appear whole or not at all, and files that are what they were.

Written under another name, flushed to the disk, then renamed. Used everywhere.
"""

import errno
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def open_regular(path: str | Path) -> BinaryIO:
    """Open a file to read its bytes; OSError if that fails, or it is no regular file.

    A device or a pipe may never end, and opening a pipe would wait for its writer.
    """
    wait_for_nobody = getattr(os, "O_NONBLOCK", 0)

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags | wait_for_nobody)

    file = open(path, "rb", opener=opener)  # noqa: SIM115 (it is what is returned)
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "a device or a pipe, expected a file", str(path))
    return file


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a path to write to; the file takes its name when the block has succeeded.

    Its folder is made if need be. If the block fails, the old file is untouched.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield partial
        _flush(partial)
        os.replace(partial, path)
        _flush(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def write_whole(path: str | Path, content: bytes | str) -> Path:
    """Write bytes, or text as UTF-8 with its line ends, whole or not at all.

    What UTF-8 lacks, such as bytes of a file name that mean nothing, becomes an escape.
    """
    if isinstance(content, str):
        content = content.encode(errors="backslashreplace")
    with whole_file(path) as partial:
        partial.write_bytes(content)
    return Path(path)


def write_json(path: str | Path, record: dict) -> Path:
    """Write a record as readable JSON, whole or not at all; return `path`."""
    return write_whole(path, json.dumps(record, indent=1, ensure_ascii=False) + "\n")


@contextmanager
def whole_folder(folder: str | Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of `folder` when the block succeeds.

    What else is in `folder`, and the block does not write, is kept. If the block fails,
    the old folder is untouched.
    """
    folder = Path(folder)
    partial = folder.with_name(f".{folder.name}.partial")
    previous = folder.with_name(f".{folder.name}.previous")
    if previous.exists() and not folder.exists():  # killed between two renames
        previous.rename(folder)
    shutil.rmtree(previous, ignore_errors=True)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        for path in folder.iterdir() if folder.exists() else ():
            if not (kept := partial / path.name).exists():  # what the block left alone
                (shutil.copytree if path.is_dir() else shutil.copy2)(path, kept)
        for path in (*partial.rglob("*"), partial):
            _flush(path)
        if folder.exists():
            folder.rename(previous)
        partial.rename(folder)
        _flush(folder.parent)
    finally:
        if previous.exists() and not folder.exists():
            previous.rename(folder)
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(previous, ignore_errors=True)


def sha256(content: bytes | Path) -> str:
    """Return the SHA-256 of bytes or of a file's content, 64 hexadecimal digits."""
    data = content.read_bytes() if isinstance(content, Path) else content
    return hashlib.sha256(data).hexdigest()


def verified_bytes(
    path: Path, expected: str, *, record: str, error: type[Exception], remedy: str
) -> bytes:
    """Return the content of a file with the `expected` SHA-256, or raise `error`.

    The message says where that is recorded (`record`, such as ``"its card"``) and ends
    with the `remedy`.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise error(f"{path} is missing; {remedy}.") from None
    except OSError as cause:
        raise error(f"{path} cannot be read ({cause.strerror}); {remedy}.") from cause
    found = sha256(content)
    if found != expected:
        raise error(
            f"{path} ({len(content):,} bytes) is cut short or altered: its SHA-256 "
            f"begins with {found[:12]}, {record} says {str(expected)[:12]}; {remedy}."
        )
    return content


def _flush(path: Path) -> None:
    """Have the system write a file, or a folder's list of names, to the disk."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
