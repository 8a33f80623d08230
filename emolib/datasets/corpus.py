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
import hashlib
import io
import json
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from emolib.datasets.face_dataset import DatasetError, FaceDataset
from emolib.emotions import EMOTIONS
from emolib.faces import CROP

RECORD = "corpus.json"
FORMAT = 1

_REMEDY = (
    "Restore it with `git checkout data/synthface`, build it again with `make data`, "
    "or install emolib again."
)
_REQUIRED = {
    "subjects": ("subject", "split"),
    "frames": ("subject", "emotion", "sentence", "clip", "frame", "intensity"),
}


def write_corpus(
    folder: Path,
    sheets: Iterable[tuple[str, np.ndarray]],
    subjects: pd.DataFrame,
    frames: pd.DataFrame,
    info: dict,
    *,
    quality: int = 80,
) -> Path:
    """Write a corpus so that an interruption leaves the old one whole.

    Everything goes into a hidden sibling of `folder`, is read back and checked, and
    only then takes the place of `folder`. Files of the old folder that are not part
    of the format, such as ``README.md``, are kept.

    Parameters
    ----------
    folder : Path
        Where the corpus is to lie.
    sheets : iterable of (str, ndarray uint8 (clips * 64, frames * 64))
        Each subject once, in any order; consumed one by one, so a generator that
        renders (and shows a progress bar) is fine.
    subjects : DataFrame
        Columns ``subject`` and ``split`` (train, validation or test), and more.
    frames : DataFrame
        Columns ``subject``, ``emotion``, ``sentence``, ``clip``, ``frame``,
        ``intensity``, and more; ordered by subject (as in `subjects`), emotion,
        sentence and frame.
    info : dict
        What else ``corpus.json`` is to say: ``name``, edition, version, licence.
    quality : int
        WebP quality, 0 to 100.

    Returns
    -------
    Path
        `folder`.

    Raises
    ------
    DatasetError
        If the tables and the sheets do not fit together; nothing is changed then.
    """
    grid = _check_tables(subjects, frames)
    folder = Path(folder)
    with replacing(folder) as partial:
        (partial / "sheets").mkdir()
        hashes = {}
        for subject, sheet in sheets:
            name = f"sheets/{subject}.webp"
            if subject not in set(subjects["subject"]) or name in hashes:
                raise DatasetError(
                    f"Sheet of {subject!r} is unexpected or a repetition."
                )
            _check_sheet(subject, sheet, grid)
            hashes[name] = write_file(partial / name, _webp(sheet, quality))
        hashes["subjects.csv"] = write_file(
            partial / "subjects.csv", table_bytes(subjects)
        )
        packed = table_bytes(frames, compress=True)
        hashes["frames.csv.gz"] = write_file(partial / "frames.csv.gz", packed)
        clips, length = grid
        record = {
            **info,
            "format": FORMAT,
            "tile": CROP.size,
            "frames_per_clip": length,
            "sentences": clips // len(EMOTIONS),
            "subjects": len(subjects),
            "clips": clips * len(subjects),
            "frames": len(frames),
            "sha256": dict(sorted(hashes.items())),
        }
        write_record(partial / RECORD, record)
        read_corpus(partial)
    return folder


def read_corpus(folder: Path) -> FaceDataset:
    """Read a corpus, checking every file against its recorded SHA-256.

    Parameters
    ----------
    folder : Path
        A folder written by `write_corpus`.

    Returns
    -------
    FaceDataset
        Frames in the order of ``frames.csv.gz``; ``meta`` holds the columns of both
        tables, and ``meta.attrs`` what ``corpus.json`` says besides hashes.

    Raises
    ------
    DatasetError
        If the folder is not a corpus, or a file is missing, cut short or altered;
        the message names the file and says how to restore it.
    """
    folder = Path(folder)
    record = read_record(folder, RECORD, FORMAT, _REMEDY)
    hashes = record.pop("sha256")
    subjects = pd.read_csv(
        io.BytesIO(verified_bytes(folder, "subjects.csv", hashes, RECORD, _REMEDY)),
        dtype={"subject": str},
    )
    packed = verified_bytes(folder, "frames.csv.gz", hashes, RECORD, _REMEDY)
    frames = pd.read_csv(
        io.BytesIO(gzip.decompress(packed)),
        dtype={"subject": str, "clip": str},
        keep_default_na=False,
        na_values=[""],
    )
    clips, length = _check_tables(subjects, frames)
    images = np.empty((len(subjects), clips * length, CROP.size, CROP.size), np.uint8)

    def decode(position: int) -> None:
        name = f"sheets/{subjects['subject'][position]}.webp"
        data = verified_bytes(folder, name, hashes, RECORD, _REMEDY)
        sheet = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
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


def _check_tables(subjects: pd.DataFrame, frames: pd.DataFrame) -> tuple[int, int]:
    """Return (clips per subject, frames per clip), or raise where rows do not fit."""
    for table, name in ((subjects, "subjects"), (frames, "frames")):
        missing = [column for column in _REQUIRED[name] if column not in table]
        if missing:
            raise DatasetError(
                f"Table {name!r} lacks the columns {', '.join(missing)}; it has "
                f"{', '.join(map(str, table.columns))}."
            )
    if len(subjects) == 0 or subjects["subject"].duplicated().any():
        raise DatasetError("Table 'subjects' must name each subject exactly once.")
    sentences, length = frames["sentence"].nunique(), frames["frame"].nunique()
    expected = pd.MultiIndex.from_product(
        [
            subjects["subject"],
            EMOTIONS,
            sorted(frames["sentence"].unique()),
            sorted(frames["frame"].unique()),
        ]
    )
    found = pd.MultiIndex.from_frame(
        frames[["subject", "emotion", "sentence", "frame"]]
    )
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


def _webp(sheet: np.ndarray, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "WEBP", quality=quality, method=6)
    return buffer.getvalue()


def table_bytes(table: pd.DataFrame, compress: bool = False) -> bytes:
    """Return a table as CSV, compressed with gzip if asked for."""
    data = table.to_csv(index=False, lineterminator="\n").encode()
    # No time stamp inside, so that equal tables give equal files.
    return gzip.compress(data, mtime=0) if compress else data


def write_file(path: Path, data: bytes) -> str:
    """Write a file and return its SHA-256."""
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def write_record(path: Path, record: dict) -> None:
    """Write what a set says about itself as JSON."""
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8")


def read_record(folder: Path, name: str, version: int, remedy: str) -> dict:
    """Read what a set says about itself.

    Parameters
    ----------
    folder : Path
        Of the set.
    name : str
        Of the record in it, such as ``"corpus.json"``.
    version : int
        The value of ``format`` that can be read.
    remedy : str
        What a reader can do when something is wrong; it ends the message.

    Raises
    ------
    DatasetError
        If there is no such record, or none that can be read.
    """
    path = folder / name
    if not folder.is_dir():
        raise _damaged(folder, "does not exist, or is not a folder", remedy)
    if not path.is_file():
        raise _damaged(path, "is missing", remedy)
    try:
        record = json.loads(path.read_bytes())
        known = record["format"] == version and isinstance(record["sha256"], dict)
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path, f"is cut short or altered ({error!r})", remedy) from error
    if not known:
        raise _damaged(
            path, f"is not of format {version}, the one this emolib reads", remedy
        )
    return record


def verified_bytes(
    folder: Path, name: str, hashes: dict[str, str], record: str, remedy: str
) -> bytes:
    """Return the bytes of a file of a set if they are the recorded ones.

    Parameters
    ----------
    folder, name : Path, str
        The set, and the file in it.
    hashes : dict of str to str
        Name -> SHA-256, as recorded.
    record, remedy : str
        As in `read_record`, for the message.

    Raises
    ------
    DatasetError
        If the file is missing, cut short or altered.
    """
    path = folder / name
    if name not in hashes:
        raise _damaged(folder / record, f"does not list {name}", remedy)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _damaged(
            path, f"is missing or unreadable ({error.strerror})", remedy
        ) from error
    if hashlib.sha256(data).hexdigest() != hashes[name]:
        raise _damaged(
            path,
            f"({len(data):,} bytes) is cut short or altered: its SHA-256 is not the "
            f"one in {record}",
            remedy,
        )
    return data


def _damaged(path: Path, what: str, remedy: str) -> DatasetError:
    return DatasetError(f"{path} {what}. {remedy}")


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of `folder` if the block succeeds."""
    partial = folder.with_name(f".{folder.name}.partial")
    previous = folder.with_name(f".{folder.name}.previous")
    if previous.exists() and not folder.exists():  # a kill between two renames
        previous.rename(folder)
    shutil.rmtree(previous, ignore_errors=True)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if folder.exists():
            _keep_others(folder, partial)
            folder.rename(previous)
        partial.rename(folder)
    finally:
        if previous.exists() and not folder.exists():
            previous.rename(folder)
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(previous, ignore_errors=True)


def _keep_others(old: Path, new: Path) -> None:
    for path in old.iterdir():
        if path.is_file() and not (new / path.name).exists():
            shutil.copy2(path, new / path.name)
