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


def test_the_copier_is_right_with_clip_mates_and_near_guessing_without(faces):
    """Almost always right, near one in six, little better among new people."""
    apex = faces.apex()
    cell = next(cell for cell in CELLS if "def distances(" in cell.source)
    world = {"np": np, "apex": apex, "table": apex.meta}
    exec(cell.source, world)
    distance, picked = world["distance"], world["picked"]
    assert f"ask it about {len(picked)} apex frames" in PROSE
    person = world["person"]
    reach = {
        "all": world["itself"],
        "other clips": world["same_clip"],
        "other people": world["same_person"],
    }
    right, same = {}, {}
    for name, banned in reach.items():
        nearest = np.where(banned, np.inf, distance).argmin(axis=1)
        right[name] = (apex.labels[nearest] == apex.labels[picked]).mean()
        same[name] = (person[nearest] == person[picked]).mean()
    assert right["all"] > 0.98
    assert abs(right["other clips"] - 1 / 6) < 0.05
    assert 0 < right["other people"] - right["other clips"] < 0.1
    assert same["other clips"] > 0.7


def test_look_alikes_are_found_less_easily_in_every_draw():
    printed = next(
        "".join(output.text for output in cell.outputs if "text" in output)
        for cell in CELLS
        if cell.cell_type == "code" and 'runs = {"random errors"' in cell.source
    )
    ranges = re.findall(r"^(.+): (\d+) to (\d+)\s% of the first", printed, re.M)
    (random, low, _), (alike, _, high) = ranges
    assert (random, alike) == ("random errors", "look-alikes")
    assert int(high) < int(low)
    assert "errors that follow the looks hide better" in PROSE


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
