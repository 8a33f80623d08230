"""Photographs on the command line."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emolib.emotions import EMOTIONS


@pytest.fixture
def photograph(tmp_path) -> Path:
    """Return a picture of one rendered face."""
    from emolib.synthesis import Scene, express, random_identity, render

    face = render(
        random_identity(3), express("happiness", 1.0, seed=1), Scene(), size=220,
        colour=True,
    )  # fmt: skip
    folder = tmp_path / "photos" / "inner"
    folder.mkdir(parents=True)
    Image.fromarray(np.pad(face, ((60, 60), (60, 60), (0, 0)), "edge")).save(
        folder / "one.png"
    )
    return folder / "one.png"


def test_a_photograph_is_read_printed_and_annotated(photograph, tmp_path, run):
    drawn = tmp_path / "drawn.png"
    code, out, err = run(
        "predict", "--model", "synthface", "--annotate", drawn, photograph
    )
    assert (code, err) == (0, "")
    assert "face " in out
    assert "not what the person feels" in out
    assert Image.open(drawn).size == Image.open(photograph).size
    assert drawn.read_bytes() != photograph.read_bytes()


def test_a_folder_with_broken_pictures_is_read_to_the_end(photograph, run):
    folder = photograph.parent.parent
    (folder / "a.jpg").write_bytes(b"\xff\xd8 not a picture")
    (folder / "z.png").write_bytes(b"")
    (folder / "notes.txt").write_text("no picture")
    code, out, err = run("predict", "--model", "synthface", "--json", folder)
    assert code == 2
    assert "2 of 3 pictures could not be read" in err
    assert err.count("\n") == 1
    report = {Path(one["file"]).name: one for one in json.loads(out)["pictures"]}
    assert set(report) == {"a.jpg", "one.png", "z.png"}
    assert "a.jpg" in report["a.jpg"]["error"]
    (face,) = report["one.png"]["faces"]
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert face["label"] in EMOTIONS
    assert isinstance(face["unsure"], bool)
    assert len(face["box"]) == 4
