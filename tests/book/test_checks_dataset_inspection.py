"""What the dataset inspection says about SynthFace, held against the corpus."""

import re

import nbformat
import numpy as np
import pytest
from project_inputs import PROJECT

from emolib.datasets import FaceDataset, load

CHAPTER = PROJECT / "book" / "part-1-the-system" / "dataset-inspection.ipynb"
CELLS = nbformat.read(CHAPTER, as_version=4).cells
PROSE = "\n\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")


@pytest.fixture(scope="module")
def faces() -> FaceDataset:
    return load("synthface")


def test_the_table_of_the_two_corpora_counts_right(faces):
    row = {
        name: cells[-1]
        for name, *cells in re.findall(r"^\| (\w+) \| (.+) \| (.+) \|$", PROSE, re.M)
    }
    assert int(row["subjects"]) == faces.meta["subject"].nunique()
    assert int(row["clips"]) == faces.meta["clip"].nunique()
    per_emotion = faces.meta.groupby("emotion")["sentence"].nunique()
    assert set(per_emotion) == {int(row["sentences"].split()[0])}


def test_sums_in_the_prose_are_right():
    sums = re.findall(r"(\d+(?: [×+] \d+)+) = (\d+)", PROSE)
    assert len(sums) == 2
    for terms, total in sums:
        assert eval(terms.replace("×", "*")) == int(total)


def test_apex_frames_are_those_of_the_stated_intensity(faces):
    mask = (faces.meta.intensity >= 0.7).to_numpy()
    assert np.array_equal(faces.apex().images, faces.images[mask])
    reached = faces.meta.intensity[mask].groupby(faces.meta.frame[mask]).size()
    assert 0 not in reached.index  # the first frame never reaches it
    assert reached[2] == faces.meta["clip"].nunique()  # the middle one always does


def test_every_emotion_has_as_many_frames_as_the_others(faces):
    counts = faces.meta.groupby(["split", "emotion"]).size().unstack()
    assert (counts.nunique(axis=1) == 1).all()


def test_validation_people_are_younger_and_test_people_wear_more_glasses(faces):
    about = faces.meta.drop_duplicates("subject").groupby("split")
    age, glasses = about["age"].mean(), about["glasses"].mean()
    assert age["validation"] < age["train"] - 5
    assert glasses.idxmax() == "test"


def test_the_detective_is_the_baseline_of_the_package(faces):
    """The chapter builds HOG + logistic regression by hand; the evaluation does not."""
    from emolib.models import fit_baseline

    cell = next(cell for cell in CELLS if "LogisticRegression(C=" in cell.source)
    train = faces.apex().part("train")
    some = train.subset(np.arange(0, len(train), 9))
    world = {"album": some, "np": np}
    exec(cell.source, world)
    known = np.arange(len(some)) % 4 != 0
    mine = world["fit"](world["edges"][known], some.labels[known])
    taught = FaceDataset("some", some.images, some.labels).subset(known)
    theirs = fit_baseline("HOG + logistic regression", taught)
    assert np.allclose(
        mine(world["edges"][~known]),
        theirs.predict_proba(some.images[~known]),
        atol=1e-3,
    )
