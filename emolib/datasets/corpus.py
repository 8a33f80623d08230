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
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from emolib.datasets.face_dataset import DatasetError, FaceDataset
from emolib.emotions import EMOTIONS
from emolib.faces import CROP
from emolib.files import sha256, verified_bytes, whole_folder, write_json

RECORD = "corpus.json"
FORMAT = 1

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
                raise DatasetError(f"Sheet {subject!r} is unexpected or a repetition.")
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
    tables and ``meta.attrs`` the record. If a file is missing, cut short or altered, a
    DatasetError names it and ends in `remedy`.
    """
    record, read = read_record(folder / RECORD, remedy)
    subjects = pd.read_csv(io.BytesIO(read("subjects.csv")), dtype={"subject": str})
    frames = read_table(read("frames.csv.gz"))
    clips, length = _check_tables(subjects, frames)
    images = np.empty((len(subjects), clips * length, CROP.size, CROP.size), np.uint8)

    def decode(position: int) -> None:
        name = f"sheets/{subjects['subject'][position]}.webp"
        sheet = np.asarray(Image.open(io.BytesIO(read(name))).convert("L"))
        _check_sheet(name, sheet, (clips, length))
        tiles = sheet.reshape(clips, CROP.size, length, CROP.size).swapaxes(1, 2)
        images[position] = tiles.reshape(-1, CROP.size, CROP.size)

    with ThreadPoolExecutor() as threads:  # Pillow decodes outside the GIL
        list(threads.map(decode, range(len(subjects))))
    images = images.reshape(-1, CROP.size, CROP.size)
    images.flags.writeable = False
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
    is missing, cut short or altered; the message ends in `remedy`.
    """
    if not path.parent.is_dir():
        raise DatasetError(f"{path.parent} does not exist, or is no folder; {remedy}.")
    try:
        record = json.loads(path.read_bytes())
        version, hashes = record["format"], dict(record.pop("sha256"))
    except FileNotFoundError:
        raise DatasetError(f"{path} is missing; {remedy}.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = f"is cut short or altered ({error!r})"
        raise DatasetError(f"{path} {what}; {remedy}.") from error
    if version != FORMAT:
        raise DatasetError(
            f"{path} is not of format {FORMAT}, the one this emolib reads; {remedy}."
        )

    def read(name: str) -> bytes:
        if name not in hashes:
            raise DatasetError(f"{path} does not list {name}; {remedy}.")
        told = {"record": path.name, "error": DatasetError, "remedy": remedy}
        return verified_bytes(path.parent / name, hashes[name], **told)

    return record, read


def table_bytes(table: pd.DataFrame, compress: bool = False) -> bytes:
    """Return a table as CSV, compressed with gzip if asked for."""
    data = table.to_csv(index=False, lineterminator="\n").encode()
    # No time stamp inside, so that equal tables give equal files.
    return gzip.compress(data, mtime=0) if compress else data


def read_table(data: bytes) -> pd.DataFrame:
    """Read a compressed table of `table_bytes`; names stay text, digits or not."""
    return pd.read_csv(
        io.BytesIO(data), compression="gzip", dtype={"subject": str, "clip": str},
        keep_default_na=False, na_values=[""],
    )  # fmt: skip


def check_columns(table: pd.DataFrame, name: str, required: tuple[str, ...]) -> None:
    """Raise DatasetError if a table lacks columns."""
    if missing := [column for column in required if column not in table]:
        raise DatasetError(
            f"Table {name!r} lacks the columns {', '.join(missing)}; it has "
            f"{', '.join(map(str, table.columns))}."
        )


def _check_tables(subjects: pd.DataFrame, frames: pd.DataFrame) -> tuple[int, int]:
    """Return (clips per subject, frames per clip), or raise where rows do not fit."""
    for table, name in ((subjects, "subjects"), (frames, "frames")):
        check_columns(table, name, _REQUIRED[name])
    if len(subjects) == 0 or subjects["subject"].duplicated().any():
        raise DatasetError("Table 'subjects' must name each subject exactly once.")
    sentences, length = frames["sentence"].nunique(), frames["frame"].nunique()
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
    return len(EMOTIONS) * sentences, length


def _check_sheet(name: str, sheet: np.ndarray, grid: tuple[int, int]) -> None:
    expected = (grid[0] * CROP.size, grid[1] * CROP.size)
    if sheet.dtype != np.uint8 or sheet.shape != expected:
        raise DatasetError(
            f"Sheet {name!r} must be uint8 of shape {expected}, {grid[0]} clips of "
            f"{grid[1]} frames; received {sheet.dtype} of shape {sheet.shape}."
        )
