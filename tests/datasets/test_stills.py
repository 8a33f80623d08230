"""The large set of stills: written whole or not at all, read back with checks."""

import hashlib
import json
import shutil

import numpy as np
import pandas as pd
import pytest

from emolib.datasets import DatasetError, load
from emolib.datasets.corpus import table_bytes
from emolib.datasets.stills import read_stills, write_stills


@pytest.fixture
def source():
    images = np.random.default_rng(0).integers(0, 256, (6, 64, 64), dtype=np.uint8)
    stills = pd.DataFrame(
        {
            "subject": ["L1"] * 3 + ["L2"] * 3,
            "split": ["train"] * 3 + ["validation"] * 3,
            "emotion": ["fear", "neutral", "anger", "disgust", "sadness", "surprise"],
            "intensity": [0.9, 0.0, 0.4, 1.0, 0.7, 0.8],
            "occluder": ["none", "mask", "none", "hand", "none", "none"],
        }
    )
    return images, stills


@pytest.fixture
def folder(source, tmp_path):
    return write_stills(
        tmp_path / "large set", *source, {"name": "large", "edition": 2}
    )


def spoil(folder, name, content):
    """Replace a file, and its hash in the record, as a hostile hand would."""
    (folder / name).write_bytes(content)
    record = json.loads((folder / "stills.json").read_text())
    record["sha256"][name] = hashlib.sha256(content).hexdigest()
    (folder / "stills.json").write_text(json.dumps(record))


def test_stills_come_back_as_they_were(folder, source):
    faces = load("synthface", folder)
    assert (faces.images == source[0]).all()
    assert list(faces.labels) == [2, -1, 0, 1, 4, 5]
    assert list(faces.meta["emotion"]) == list(source[1]["emotion"])
    assert list(faces.meta["occluder"]) == list(source[1]["occluder"])
    assert faces.meta.attrs == {"name": "large", "edition": 2, "format": 1, "images": 6}
    assert len(faces.part("train")) == 3


def test_failure_while_writing_leaves_the_old_set(folder, source):
    images, stills = source
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(DatasetError, match="one per image"):
        write_stills(folder, images[:4], stills, {})
    with pytest.raises(DatasetError, match="lacks the columns split"):
        write_stills(folder, images, stills.drop(columns="split"), {})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize("name", ["stills.json", "images.npy", "stills.csv.gz"])
def test_damaged_file_is_named_with_a_remedy(folder, name):
    path = folder / name
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(DatasetError, match=rf"{name}.*make data-large"):
        read_stills(folder)
    path.unlink()
    with pytest.raises(DatasetError, match=rf"{name} is missing.*make data-large"):
        read_stills(folder)


def npy(shape, dtype="|u1", body=b"\0" * 4096):
    """Return an array file whose header says what it likes."""
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
    text = text.ljust(117) + "\n"
    return b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text.encode() + body


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (npy((10**9, 64, 64)), "cannot reshape"),
        (npy((10**18, 64, 64)), "cannot reshape|[Mm]aximum|too"),
        (npy((-1, 64, 63)), "shape"),
        (npy((1, 64, 64), "<f8"), "float64"),
        (npy((1, 64, 64), "|O"), "object"),
        (npy("(" * 90), ""),
        (b"\x93NUMPY\2\0" + bytes(200), "another version"),
        (b"PK\3\4" + bytes(200), "magic"),
        (b"", "magic|EOF"),
    ],
)
def test_an_array_that_says_it_is_another(folder, content, what):
    spoil(folder, "images.npy", content)
    with pytest.raises(DatasetError, match=rf"images\.npy is not as.*({what})"):
        read_stills(folder)


def test_a_table_of_something_else(folder, source):
    for table, what in (
        (source[1].rename(columns={"emotion": "feeling"}), "lacks the columns emotion"),
        (source[1].replace("fear", "joy"), "emotion 'joy'"),
        (source[1][:3], "one per image"),
        (source[1].replace("train", "exam"), "'exam'"),
    ):
        spoil(folder, "stills.csv.gz", table_bytes(table, compress=True))
        with pytest.raises(DatasetError, match=rf"stills\.csv\.gz is not as.*{what}"):
            read_stills(folder)


def test_other_folders_and_formats_are_refused(folder, tmp_path):
    with pytest.raises(DatasetError, match="does not exist"):
        read_stills(tmp_path / "gone")
    record = json.loads((folder / "stills.json").read_text())
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "stills.json").write_text(json.dumps(record | {"format": 9}))
    with pytest.raises(DatasetError, match="not of format 1"):
        read_stills(copy)
