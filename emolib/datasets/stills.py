"""How a large set of stills is stored: one array of images, one table, one record.

::

    stills.json    counts, where the set comes from, and the SHA-256 of the other two
    images.npy     uint8 (n, 64, 64), grey values 0-255
    stills.csv.gz  one row per image, in the order of the array

Meant for sets that are made on demand and not committed: quick to write and to read,
and not compressed.
"""

import io
from pathlib import Path

import numpy as np
import pandas as pd

from emolib.datasets.corpus import (
    FORMAT,
    read_record,
    read_table,
    table_bytes,
    write_record,
)
from emolib.datasets.face_dataset import DatasetError, FaceDataset
from emolib.emotions import EMOTIONS
from emolib.files import whole_folder

RECORD, IMAGES, TABLE = "stills.json", "images.npy", "stills.csv.gz"

_REQUIRED = ("subject", "split", "emotion", "intensity")
_REMEDY = "make it again with `make data-large`"


def write_stills(
    folder: Path, images: np.ndarray, stills: pd.DataFrame, info: dict
) -> Path:
    """Write a set so that an interruption leaves the old one whole; return `folder`.

    Parameters
    ----------
    folder : Path
        Where the set is to be; an older set there is replaced at the very end.
    images : ndarray, uint8, (n, 64, 64)
        Grey values 0-255.
    stills : DataFrame
        One row per image: ``subject``, ``split``, ``emotion`` (one of the six, or
        ``"neutral"``), ``intensity``, and more.
    info : dict
        What else ``stills.json`` is to say: ``name``, edition, licence.

    Raises
    ------
    DatasetError
        If the table and the images do not fit together; nothing is changed then.
    """
    missing = [column for column in _REQUIRED if column not in stills]
    if missing:
        raise DatasetError(f"Table 'stills' lacks the columns {', '.join(missing)}.")
    folder = Path(folder)
    with whole_folder(folder) as partial:
        np.save(partial / IMAGES, images, allow_pickle=False)
        (partial / TABLE).write_bytes(table_bytes(stills, compress=True))
        record = {**info, "format": FORMAT, "images": len(images)}
        write_record(partial / RECORD, record)
        read_stills(partial)
    return folder


def read_stills(folder: Path) -> FaceDataset:
    """Read a set of stills, checking both files against their recorded SHA-256.

    Parameters
    ----------
    folder : Path
        A folder written by `write_stills`.

    Returns
    -------
    FaceDataset
        ``meta`` holds the columns of the table; resting faces are labelled -1.
        ``meta.attrs`` is what ``stills.json`` says besides hashes.

    Raises
    ------
    DatasetError
        If the folder is not such a set, or a file is missing, cut short or altered.
    """
    folder = Path(folder)
    record, read = read_record(folder / RECORD, _REMEDY)
    images = np.load(io.BytesIO(read(IMAGES)), allow_pickle=False)
    images.flags.writeable = False
    stills = read_table(read(TABLE))
    labels = pd.Index(EMOTIONS).get_indexer(stills["emotion"])  # -1 for neutral
    stills.attrs = record
    return FaceDataset(record.get("name", folder.name), images, labels, stills)
