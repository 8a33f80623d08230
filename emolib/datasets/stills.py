"""How a large set of stills is stored: one array of images, one table, one record.

::

    stills.json    counts, where the set comes from, and the SHA-256 of the other two
    images.npy     uint8 (n, 64, 64), grey values 0-255
    stills.csv.gz  one row per image, in the order of the array

For sets that are made on demand: quick to write and to read, and not compressed.
"""

import io
from pathlib import Path

import numpy as np
import pandas as pd

from emolib.datasets.corpus import (
    FORMAT,
    check_columns,
    named,
    read_record,
    read_table,
    table_bytes,
    write_record,
)
from emolib.datasets.face_dataset import DatasetError, FaceDataset
from emolib.emotions import EMOTIONS
from emolib.faces import CROP
from emolib.files import whole_folder

RECORD, IMAGES, TABLE = "stills.json", "images.npy", "stills.csv.gz"

_COLUMNS = ("subject", "split", "emotion", "intensity")
_REMEDY = "make it again with `make data-large`"


def write_stills(
    folder: Path, images: np.ndarray, stills: pd.DataFrame, info: dict
) -> Path:
    """Write a set, or leave the old one whole; return `folder`.

    `images` is uint8 (n, 64, 64); `stills` has a row per image with ``subject``,
    ``split``, ``emotion`` (one of the six, or ``"neutral"``), ``intensity``, and more.
    `info` goes into ``stills.json``. Raises DatasetError if they do not fit together.
    """
    check_columns(stills, "stills", _COLUMNS)
    with whole_folder(folder) as partial:
        np.save(partial / IMAGES, images, allow_pickle=False)
        (partial / TABLE).write_bytes(table_bytes(stills, compress=True))
        record = info | {"format": FORMAT, "images": len(images)}
        write_record(partial / RECORD, record)
        read_stills(partial)
    return folder


def read_stills(folder: Path) -> FaceDataset:
    """Read a set of `write_stills`, checking both files against their SHA-256.

    ``meta`` holds the columns of the table, ``meta.attrs`` the record; resting faces
    are labelled -1. Raises DatasetError if a file is missing, cut short, altered, or
    holds something else.
    """
    record, read = read_record(folder / RECORD, _REMEDY)
    images = _images(folder / IMAGES, read(IMAGES))
    stills = read_table(folder / TABLE, read(TABLE), _REMEDY)
    with named(folder / TABLE, _REMEDY):
        check_columns(stills, "stills", _COLUMNS)
        labels = pd.Index(EMOTIONS).get_indexer(stills["emotion"])  # -1 for neutral
        if strange := set(stills["emotion"][labels < 0]) - {"neutral"}:
            raise DatasetError(f"emotion {min(map(str, strange))!r}")
        stills.attrs = record
        return FaceDataset(record.get("name", folder.name), images, labels, stills)


def _images(path: Path, data: bytes) -> np.ndarray:
    """Read what `np.save` wrote; a header that is not true would allocate anything."""
    file = io.BytesIO(data)
    with named(path, _REMEDY):
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError("another version of the format")
        shape, turned, dtype = np.lib.format.read_array_header_1_0(file)
        if dtype != np.uint8 or turned or shape[1:] != (CROP.size, CROP.size):
            raise DatasetError(f"{dtype} of shape {shape}, expected uint8 (n, 64, 64)")
        return np.frombuffer(data, np.uint8, offset=file.tell()).reshape(shape)
