"""Checkpoints: whole, of one run, and readable."""

import numpy as np
import pytest

from emolib.datasets import FaceDataset
from emolib.datasets.fer_plus import COLUMNS
from emolib.errors import EmolibError
from emolib.training import checkpoint
from emolib.training.checkpoint import TrainingError, digest, digest_of_faces

IDENTITY = {"seed": 3, "shape": (2, 4)}


def save(path, log):
    groups = {"now": [np.eye(2), np.arange(3)], "mean": []}
    checkpoint.save_checkpoint(path, IDENTITY, log, groups)


def test_what_was_saved_is_loaded(tmp_path):
    save(tmp_path / "a" / "run.npz", {"rows": [{"loss": 0.1}]})
    log, groups = checkpoint.load_checkpoint(tmp_path / "a" / "run.npz", IDENTITY)
    assert log == {"rows": [{"loss": 0.1}]}
    assert groups["mean"] == []
    np.testing.assert_array_equal(groups["now"][0], np.eye(2))
    np.testing.assert_array_equal(groups["now"][1], np.arange(3))


def test_another_run_is_refused_and_what_differs_named(tmp_path):
    path = tmp_path / "run.npz"
    save(path, {})
    wanted = {"seed": 4, "shape": (2, 4), "teacher": None}
    checkpoint.load_checkpoint(path, IDENTITY | {"teacher": None})
    with pytest.raises(TrainingError, match=r"run\.npz belongs .*: seed\. Delete"):
        checkpoint.load_checkpoint(path, wanted)
    assert issubclass(TrainingError, EmolibError | RuntimeError)


@pytest.mark.parametrize("content", [b"PK\x03\x04 cut short", b"", None])
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "run.npz"
    save(path, {})
    path.write_bytes(path.read_bytes()[:-60] if content is None else content)
    with pytest.raises(TrainingError, match=r"run\.npz is not a readable.*delete it"):
        checkpoint.load_checkpoint(path, IDENTITY)


def test_a_failed_save_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    save(path, {"epoch": 1})

    def full(file, **_):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(checkpoint.np, "savez", full)
    with pytest.raises(OSError, match="disk full"):
        save(path, {"epoch": 2})
    assert checkpoint.load_checkpoint(path, IDENTITY)[0] == {"epoch": 1}
    assert [one.name for one in tmp_path.iterdir()] == ["run.npz"]


def test_digests_see_contents_and_shapes(tiny):
    one = np.arange(6)
    assert digest(one) == digest(np.arange(6))
    assert digest(one) != digest(one.reshape(2, 3))
    assert digest(one, one[:0]) != digest(one)
    few = tiny.subset(np.arange(9))
    assert digest_of_faces(few) == digest_of_faces(tiny.subset(np.arange(9)))
    assert digest_of_faces(few) != digest_of_faces(tiny.subset(np.arange(1, 10)))
    voted = [few.meta.assign(**dict.fromkeys(COLUMNS, count)) for count in (1, 2)]
    voted = [FaceDataset("few", few.images, few.labels, meta) for meta in voted]
    assert len({digest_of_faces(one) for one in (few, *voted)}) == 3
