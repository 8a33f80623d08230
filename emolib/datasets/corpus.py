"""How a corpus of clips is stored: one sheet of tiles per subject, and two tables.

::

    corpus.json           counts, geometry, and the SHA-256 of every file below
    subjects.csv          one row per subject: subject, split, what is known of them
    frames.csv.gz         one row per frame, in the order of the tiles
    sheets/<subject>.webp a row of 64x64 grey tiles per clip, a column per frame

The rows of a sheet run through the emotions in the order of ``EMOTIONS`` and, within
an emotion, through the sentences. WebP is lossy: the stored file is the truth.
"""

import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from PIL import Image

from emolib.datasets.face_dataset import DatasetError, FaceDataset
from emolib.emotions import EMOTIONS
from emolib.faces import CROP
from emolib.files import sha256, verified_bytes, whole_folder, write_json

RECORD = "corpus.json"
FORMAT = 1

#: Limits of what is read, because a small file can say that it is a large one: bytes of
#: a record, of a file, and of a table when it is unpacked; cells of a table, and
#: bytes of a line in it; frames of a subject, and of all.
MAX_RECORD, MAX_FILE, MAX_TABLE = 4 * 2**20, 2**30, 32 * 2**20
MAX_CELLS, MAX_LINE = 5_000_000, 10_000
MAX_TILES, MAX_FRAMES = 2**12, 2**18

_REMEDY = (
    "restore it with `git checkout data/synthface`, build it again with `make data`, "
    "or install emolib again"
)
_REQUIRED = {
    "subjects": ("subject", "split"),
    "frames": ("subject", "emotion", "sentence", "clip", "frame", "intensity"),
}


def write_corpus(
    folder: Path, sheets: Iterable[tuple[str, np.ndarray]], subjects: pd.DataFrame,
    frames: pd.DataFrame, info: dict, *, quality: int = 80,
) -> Path:  # fmt: skip
    """Write a corpus, or leave the old one whole; return `folder`.

    `sheets` gives each subject's uint8 (clips * 64, frames * 64) once, in any order,
    and is consumed one by one. `subjects` has the columns ``subject``, ``split``
    (train, validation or test) and more; `frames` has ``subject``, ``emotion``,
    ``sentence``, ``clip``, ``frame``, ``intensity`` and more, and is ordered by subject
    (as in `subjects`), emotion, sentence and frame. `info` goes into ``corpus.json``;
    `quality` is that of WebP, 0 to 100. All is read back and checked first; a
    DatasetError says what does not fit together. Files of the old folder that are not
    part of the format, such as ``README.md``, are kept.
    """
    clips, length = grid = _check_tables(subjects, frames)
    awaited = set(subjects["subject"])
    with whole_folder(folder) as partial:
        (partial / "sheets").mkdir()
        for subject, sheet in sheets:
            if subject not in awaited:
                raise DatasetError(
                    f"Sheet {subject!r} is unexpected or a repetition; give one for "
                    "each row of subjects."
                )
            awaited.remove(subject)
            _check_sheet(subject, sheet, grid)
            path = partial / "sheets" / f"{subject}.webp"
            Image.fromarray(sheet).save(path, quality=quality, method=6)
        (partial / "subjects.csv").write_bytes(table_bytes(subjects))
        (partial / "frames.csv.gz").write_bytes(table_bytes(frames, compress=True))
        people, sentences = len(subjects), clips // len(EMOTIONS)
        record = {
            "format": FORMAT, "tile": CROP.size, "frames_per_clip": length,
            "sentences": sentences, "subjects": people, "clips": clips * people,
            "frames": len(frames),
        }  # fmt: skip
        write_record(partial / RECORD, info | record)
        read_corpus(partial)
    return folder


def read_corpus(folder: Path, remedy: str = _REMEDY) -> FaceDataset:
    """Read a corpus of `write_corpus`, checking every file against its SHA-256.

    Frames are in the order of ``frames.csv.gz``; ``meta`` holds the columns of both
    tables and ``meta.attrs`` the record. If a file is missing, cut short, altered, or
    holds something else, a DatasetError names it and ends in `remedy`.
    """
    record, read = read_record(folder / RECORD, remedy)
    subjects, frames = (
        read_table(folder / name, read(name), remedy)
        for name in ("subjects.csv", "frames.csv.gz")
    )
    with named(folder / "frames.csv.gz", remedy):
        clips, length = _check_tables(subjects, frames)
    images = np.empty((len(subjects), clips * length, CROP.size, CROP.size), np.uint8)

    def decode(position: int) -> None:
        name = f"sheets/{subjects['subject'][position]}.webp"
        data = read(name)
        with named(folder / name, remedy):
            picture = Image.open(io.BytesIO(data), formats=["WEBP"])
            _check_size(name, picture.size[::-1], (clips, length))  # not decoded yet
            sheet = np.asarray(picture.convert("L"))
        tiles = sheet.reshape(clips, CROP.size, length, CROP.size).swapaxes(1, 2)
        images[position] = tiles.reshape(-1, CROP.size, CROP.size)

    with ThreadPoolExecutor(4) as threads:  # Pillow decodes outside the GIL
        list(threads.map(decode, range(len(subjects))))
    images = images.reshape(-1, CROP.size, CROP.size)
    images.flags.writeable = False
    with named(folder, remedy):
        labels = pd.Categorical(frames["emotion"], EMOTIONS).codes
        own = [c for c in subjects if c not in frames or c == "subject"]
        meta = frames.merge(subjects[own], on="subject", how="left")
        meta.attrs = record
        return FaceDataset(record.get("name", folder.name), images, labels, meta)


def write_record(path: Path, record: dict) -> None:
    """Write a record with ``format`` and the SHA-256 of every file beside it."""
    files = (file for file in path.parent.rglob("*") if file.is_file())
    sums = {file.relative_to(path.parent).as_posix(): sha256(file) for file in files}
    write_json(path, record | {"sha256": dict(sorted(sums.items()))})


def read_record(path: Path, remedy: str) -> tuple[dict, Callable[[str], bytes]]:
    """Return a record of `write_record`, and a function that reads its files.

    It takes the name of a file and returns its bytes. Both raise DatasetError if a file
    is missing, cut short, altered, too large or elsewhere; the message ends in
    `remedy`.
    """
    if not path.parent.is_dir():
        raise DatasetError(f"{path.parent} does not exist, or is no folder; {remedy}.")
    _check_file(path, MAX_RECORD, remedy)
    try:
        record = json.loads(path.read_bytes())
        version, hashes = record["format"], dict(record.pop("sha256"))
    except FileNotFoundError:
        raise DatasetError(f"{path} is missing; {remedy}.") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        what = f"is cut short or altered ({error!r})"
        raise DatasetError(f"{path} {what}; {remedy}.") from error
    if version != FORMAT:
        raise DatasetError(
            f"{path} is not of format {FORMAT}, the one this emolib reads; {remedy}."
        )

    def read(name: str) -> bytes:
        if name not in hashes:
            raise DatasetError(f"{path} does not list {name}; {remedy}.")
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise DatasetError(f"{path} lists {name}, which lies elsewhere; {remedy}.")
        _check_file(path.parent / name, MAX_FILE, remedy)
        told = {"record": path.name, "error": DatasetError, "remedy": remedy}
        return verified_bytes(path.parent / name, hashes[name], **told)

    return record, read


def table_bytes(table: pd.DataFrame, compress: bool = False) -> bytes:
    """Return a table as CSV, compressed with gzip if asked for."""
    data = table.to_csv(index=False, lineterminator="\n").encode()
    # No time stamp inside, so that equal tables give equal files.
    return gzip.compress(data, mtime=0) if compress else data


def read_table(path: Path, data: bytes, remedy: str) -> pd.DataFrame:
    """Read a table of `table_bytes`, compressed if `path` ends in ``.gz``.

    Names stay text, digits or not. Raises DatasetError if it holds something else.
    """
    with named(path, remedy):
        if path.suffix == ".gz":
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
                data = file.read(MAX_TABLE + 1)
        if len(data) > MAX_TABLE:
            raise ValueError(f"a table of more than {MAX_TABLE:,} bytes")
        if data.count(b",") + data.count(b"\n") > MAX_CELLS:
            raise ValueError(f"a table of more than {MAX_CELLS:,} cells")
        for line in io.BytesIO(data):
            if len(line) > MAX_LINE or line.count(b'"') % 2:
                raise ValueError(f"a row of several lines, or {MAX_LINE:,} bytes")
        return pd.read_csv(
            io.BytesIO(data), dtype={"subject": str, "clip": str},
            keep_default_na=False, na_values=[""],
        )  # fmt: skip


@contextmanager
def named(path: Path, remedy: str) -> Iterator[None]:
    """Name the file whose content has made what is in the block fail."""
    try:
        yield
    except Exception as error:  # pandas, NumPy and Pillow raise anything
        what = str(error).rstrip(".") or repr(error)
        raise DatasetError(
            f"{path} is not as emolib writes it ({what}); {remedy}."
        ) from error


def check_columns(table: pd.DataFrame, name: str, required: tuple[str, ...]) -> None:
    """Raise DatasetError if a table lacks columns."""
    if missing := [column for column in required if column not in table]:
        raise DatasetError(
            f"Table {name!r} lacks the columns {', '.join(missing)}; it has "
            f"{', '.join(map(str, table.columns))}. Add them."
        )


def _check_tables(subjects: pd.DataFrame, frames: pd.DataFrame) -> tuple[int, int]:
    """Return (clips per subject, frames per clip), or raise where rows do not fit."""
    for table, name in ((subjects, "subjects"), (frames, "frames")):
        check_columns(table, name, _REQUIRED[name])
    if len(subjects) == 0 or subjects["subject"].duplicated().any():
        raise DatasetError("Table 'subjects' must name each subject exactly once.")
    sentences, length = frames["sentence"].nunique(), frames["frame"].nunique()
    clips = len(EMOTIONS) * sentences
    if clips * length > MAX_TILES or len(frames) > MAX_FRAMES:
        raise DatasetError(
            f"A corpus has at most {MAX_TILES:,} frames of a subject and "
            f"{MAX_FRAMES:,} in all; received {clips * length:,} and {len(frames):,}."
        )
    levels = [sorted(frames[name].unique()) for name in ("sentence", "frame")]
    expected = pd.MultiIndex.from_product([subjects["subject"], EMOTIONS, *levels])
    columns = ["subject", "emotion", "sentence", "frame"]
    found = pd.MultiIndex.from_frame(frames[columns])
    if len(found) != len(expected) or not (found == expected).all():
        raise DatasetError(
            "Table 'frames' must have one row per subject, emotion (in the order of "
            f"EMOTIONS), sentence and frame, in that order: {len(expected)} rows for "
            f"{len(subjects)} subjects, {sentences} sentences, {length} frames; "
            f"received {len(frames)} rows or another order."
        )
    return clips, length


def _check_sheet(name: str, sheet: np.ndarray, grid: tuple[int, int]) -> None:
    if sheet.dtype != np.uint8:
        raise DatasetError(f"Sheet {name!r} must be uint8; received {sheet.dtype}.")
    _check_size(name, sheet.shape, grid)


def _check_size(name: str, shape: tuple[int, ...], grid: tuple[int, int]) -> None:
    if shape != (expected := (grid[0] * CROP.size, grid[1] * CROP.size)):
        raise DatasetError(
            f"Sheet {name!r} must be uint8 of shape {expected}, {grid[0]} clips of "
            f"{grid[1]} frames; received the shape {shape}."
        )


def _check_file(path: Path, most: int, remedy: str) -> None:
    """Refuse what may never end when it is read; a missing file is named elsewhere."""
    if path.exists() and not path.is_file():
        raise DatasetError(f"{path} is no file; {remedy}.")
    if path.exists() and path.stat().st_size > most:
        raise DatasetError(f"{path} is larger than {most:,} bytes; {remedy}.")
