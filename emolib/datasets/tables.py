"""CSV files as people have them: packed, saved again by a spreadsheet, of any size.

Read row by row, in a memory that does not grow with the file, and straight out of an
archive: nothing is unpacked to the disk, and no name in an archive is used as a path.
"""

import csv
import gzip
import io
import itertools
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from emolib.datasets.face_dataset import DatasetError
from emolib.errors import EmolibError

MOST_BYTES = 1_000_000_000  #: What a packed table may unpack to; FER2013 has 300 MB.
MOST_LINES = 4_000_000  #: A spreadsheet has a million, and an archive of blanks more.
LONGEST_LINE = 131_072  #: Characters; also the limit that `csv` has for a cell.


class Table(NamedTuple):
    """A table of which the first line was read.

    Attributes
    ----------
    name : str
        What a message calls it: the path and, from an archive, the file in it.
    columns : list of str
        In lower case, without outer blanks.
    rows : iterator of (int, dict)
        The line of the file on which a row begins, from 1, and its cells by column,
        without outer blanks. Rows of nothing but blanks are passed over.
    """

    name: str
    columns: list[str]
    rows: Iterator[tuple[int, dict[str, str]]]


@contextmanager
def open_table(path: Path, names: Sequence[str], column: str) -> Iterator[Table]:
    """Open a CSV file, plain or in gzip, zip or tar, which its content tells.

    Cells may be separated by commas, semicolons, tabs or bars, and lines end in any
    way; the text is UTF-8, or UTF-16 with its mark.

    Parameters
    ----------
    path : Path
    names : sequence of str
        Which file of a zip is meant, best first; else its only CSV file.
    column : str
        The column by which the first line is recognised, in lower case. Cells that a
        row has too many are parts of this one, and are joined by blanks.

    Raises
    ------
    DatasetError
        If the file is no such table, or damaged, or unpacks to more than `MOST_BYTES`;
        it names the line, where there is one.
    """
    with _explained(str(path)):
        file = path.open("rb")
    with file:
        with _explained(str(path)):
            name, stream = _unpacked(file, str(path), names)
            mark = stream.peek(2)[:2] in (b"\xff\xfe", b"\xfe\xff")
        code = "utf-16" if mark else "utf-8-sig"
        text = io.TextIOWrapper(stream, code, errors="replace", newline="")
        yield _table(name, text, column)


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Say of anything that a damaged archive makes its readers raise what to do."""
    try:
        yield
    except EmolibError:
        raise
    except Exception as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(
            f"{name} cannot be read ({reason}). It is damaged, cut short or locked; "
            "download or copy it again."
        ) from error


class _Member(io.RawIOBase):
    """What was packed, as a stream that ends after `size` bytes or at its own end."""

    def __init__(self, stream: BinaryIO, name: str, size: float = float("inf")):
        self.stream, self.name, self.size, self.count = stream, name, size, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        chunk = self.stream.read(int(min(len(buffer), self.size - self.count)))
        self.count += len(chunk)
        if not chunk and self.count < self.size < float("inf"):
            raise EOFError(f"{self.size:,} bytes were promised, {self.count:,} came")
        if self.count > MOST_BYTES:
            raise DatasetError(
                f"{self.name} unpacks to more than {MOST_BYTES:,} bytes, and no table "
                "of the course does. Unpack it yourself and pass the CSV file."
            )
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _unpacked(file: BinaryIO, name: str, names: Sequence[str]) -> tuple[str, BinaryIO]:
    """Follow gzip, zip and tar inwards to a text; return its name and the stream."""
    for _ in range(5):
        head, size = file.peek(512), float("inf")
        if head.startswith(b"\x1f\x8b"):
            packed = gzip.GzipFile(fileobj=file)
        elif head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            archive = zipfile.ZipFile(file)
            inner = _table_in_zip(archive.namelist(), name, names)
            packed, name = archive.open(inner), f"{name} ({inner})"
        elif head[257:262] == b"ustar":
            inner, size = _table_in_tar(file, name)
            packed, name = file, f"{name} ({inner})"
        else:
            return name, file
        file = io.BufferedReader(_Member(packed, name, size), 1 << 16)
    raise DatasetError(f"{name} is packed five times over; pass the CSV file in it.")


def _table_in_zip(members: list[str], name: str, names: Sequence[str]) -> str:
    base = {
        member: PurePosixPath(member).name.lower()
        for member in members
        if not (member.endswith("/") or PurePosixPath(member).name.startswith("."))
    }
    for endings in (".csv", (".csv.gz", ".csv.zip", ".tar", ".tar.gz", ".tgz")):
        if tables := [member for member in base if base[member].endswith(endings)]:
            break
    named = [member for one in names for member in base if base[member] == one]
    if not named and len(tables) != 1:
        held = f"{len(base)} files ({', '.join([*base][:3])}, ...)" if base else "none"
        raise DatasetError(
            f"{name} holds {len(tables)} CSV files, none called {names[0]}; it has "
            f"{held}. Unpack it, and pass the CSV file or the folder of pictures in it."
        )
    return (named or tables)[0]


def _table_in_tar(stream: BinaryIO, name: str) -> tuple[str, int]:
    """Read on to the first CSV file of a tar; return its name and its size."""
    held = []
    while (block := stream.read(512)).strip(b"\0"):
        member = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
        inner = PurePosixPath(member.name).name
        if member.isreg() and not inner.startswith("."):
            if inner.lower().endswith(".csv"):
                return member.name, max(member.size, 0)
            held.append(member.name)
        left = -(-member.size // 512) * 512
        while left > 0 and (chunk := stream.read(min(left, 1 << 16))):
            left -= len(chunk)
    what = ", ".join(held[:3]) or "nothing that can be read"
    raise DatasetError(f"{name} holds no CSV file but {what}; pass a CSV file.")


def _table(name: str, text: io.TextIOWrapper, column: str) -> Table:
    lines = _lines(name, text)
    number, first = 0, ""
    while not first.strip(" \t\r\n,;|") or first.lower().startswith("sep="):
        if not (first := next(lines, "")):
            break
        number += 1
    for delimiter in ",;\t|":
        cells = next(csv.reader([first], delimiter=delimiter, skipinitialspace=True))
        columns = [cell.strip().lower() for cell in cells]
        while columns and not columns[-1]:
            del columns[-1]
        if column in columns:
            rows = _rows(name, number, lines, delimiter, columns, column)
            return Table(name, columns, rows)
    begins = f"begins with {first.strip()[:60]!r}" if first else "is empty"
    raise DatasetError(
        f"{name} cannot be read as CSV: its first line must name the columns, {column} "
        f"among them, and it {begins}."
    )


def _lines(name: str, text: io.TextIOWrapper) -> Iterator[str]:
    """Yield lines with their ends, but no line that would fill the memory."""
    for number in range(1, MOST_LINES + 1):
        with _explained(f"{name}, line {number}"):
            line = text.readline(LONGEST_LINE)
        if len(line) == LONGEST_LINE:
            raise DatasetError(
                f"{name}, line {number} has {LONGEST_LINE:,} characters or more, which "
                "no row of such a table has. Download it again."
            )
        if not line:
            return
        yield line
    raise DatasetError(f"{name} has more than {MOST_LINES:,} lines; split it.")


def _rows(
    name: str,
    number: int,
    lines: Iterator[str],
    delimiter: str,
    columns: list[str],
    column: str,
) -> Iterator[tuple[int, dict[str, str]]]:
    place = columns.index(column)
    for line in lines:
        begin, number = number + 1, number + 1
        if '"' in line:  # else `csv` would do no more than `split`, and take longer
            both = itertools.chain([line], lines)
            reader = csv.reader(both, delimiter=delimiter, skipinitialspace=True)
            try:
                row = next(reader)
            except csv.Error as error:
                raise DatasetError(
                    f"{name}, line {begin}: {error}; a quotation mark may lack its "
                    "partner. Correct the line, or download the file again."
                ) from error
            number += reader.line_num - 1
        else:
            row = line.rstrip("\r\n").split(delimiter)
        while row and not row[-1].strip():
            del row[-1]
        if (more := len(row) - len(columns)) > 0:
            row[place : place + more + 1] = [" ".join(row[place : place + more + 1])]
        if row:
            row += [""] * -more
            yield begin, dict(zip(columns, map(str.strip, row), strict=True))
