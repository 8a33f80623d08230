"""Studies that measure in seconds, in a data folder of their own."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emolib.datasets import FaceDataset
from emolib.datasets.fer2013 import CLASSES
from emolib.paths import data_folder
from studies import study as study_module
from studies.study import Bench


@pytest.fixture
def no_canary(monkeypatch):
    """Nothing is computed for the canary: what it says has tests of its own."""

    def nothing(parts, *, measure=True):
        return {part: {} for part in parts}

    monkeypatch.setattr(study_module, "recorded_canary", nothing)
    monkeypatch.setattr("studies.__main__.recorded_canary", nothing)


@pytest.fixture
def own_results(tmp_path, monkeypatch):
    """A data folder whose results are its own, and the rest is the project's."""
    folder = tmp_path / "data"
    folder.mkdir()
    for part in data_folder().iterdir():
        if part.name != "results":
            (folder / part.name).symlink_to(part)
    monkeypatch.setenv("EMOLIB_DATA", str(folder))
    return folder


@pytest.fixture
def noise(tmp_path):
    """A Training part like FER2013's, of noise; two pictures are there twice."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (210, 48, 48), dtype=np.uint8)
    labels = (np.arange(210) % 7).astype(np.int8)
    images[1], images[9] = images[0], images[2]  # with other labels, with the same
    folder = tmp_path / "fer"
    folder.mkdir()
    np.savez(
        folder / "fer2013_train.npz",
        images=images, labels=labels, label_names=np.array(CLASSES),
    )  # fmt: skip
    return folder


@pytest.fixture
def quick(no_canary):
    """What cuts a study down to seconds."""
    return _quick


def _quick(study, **settings):
    """The study with other settings, one seed and one epoch where it has any."""
    changed = study.settings | {"seeds": [0]} | settings
    for name in ("fit", "network"):
        if name in changed:
            changed[name] = _one_epoch(changed[name])
    if "networks" in changed and isinstance(changed["networks"], dict):
        changed["networks"] = {k: _one_epoch(v) for k, v in changed["networks"].items()}
    return replace(study, settings=changed)


def _one_epoch(recipe):
    """The recipe, or the network's, cut to one epoch."""
    if "fit" in recipe:
        return recipe | {"fit": _one_epoch(recipe["fit"])}
    return recipe | {"epochs": 1}


@pytest.fixture
def numbered():
    """Fifty faces of ten people: of picture k all pixels are k, and no two intensities.

    So pixels and targets both tell which picture is shown.
    """
    return _faces(np.arange(50))


def _faces(greys, name="numbered"):
    """Faces of one grey each, whose intensity tells the first from the last."""
    n = len(greys)
    images = np.repeat(np.uint8(greys), 64 * 64).reshape(n, 64, 64)
    meta = pd.DataFrame(
        {
            "subject": [f"p{k // 5}" for k in range(n)],
            "intensity": np.linspace(0.5, 1, n),
        }
    )
    return FaceDataset(name, images, np.arange(n) % 6, meta)


@pytest.fixture
def faces_of():
    """Make faces of one grey each, like `numbered`."""
    return _faces


@pytest.fixture
def check_epochs():
    """Check that a feed of fifty faces differs by epoch and seed, and by nothing else.

    Returns the targets of an epoch.
    """

    def check(feed):
        images, targets = feed(4)
        again, same = feed(4)
        assert (images == again).all()
        assert (targets == same).all()
        for other in (feed(5), replace(feed, seed=feed.seed + 1)(4)):
            assert (images != other[0]).any()
            assert (targets != other[1]).any()
        assert (images.dtype, images.shape) == (np.uint8, (50, 64, 64))
        return targets

    return check


class _Idle(Bench):
    """A bench on which nothing is learnt; its settings tell what was to be trained."""

    def train(self, model, seed, sets, recipe, name):
        self.settings["trained"].append((name, seed, sets[0], recipe))


@pytest.fixture
def idle(tmp_path):
    """Make a bench that trains nothing, for a study of these settings."""

    def bench(settings, fer2013=None):
        return _Idle(settings | {"trained": []}, tmp_path, fer2013)

    return bench


def _bar(model, images):
    """Answer with the brightest place of the tiny corpus: right, if one sees it."""
    places = [
        images[:, 8 + 18 * row : 20 + 18 * row, 6 + 30 * column : 28 + 30 * column]
        for row in range(3)
        for column in range(2)
    ]
    found = np.stack([place.mean(axis=(1, 2)) for place in places], axis=1)
    return np.eye(6)[found.argmax(axis=1)]


@pytest.fixture
def bar():
    """What reads the tiny corpus without having learnt anything."""
    return _bar


@pytest.fixture
def hidden():
    """What stands in for renderings: faces that are grey under some changes."""

    def rendered(bench, faces, name, sets):
        hiding, grey = {"mask", "hand", "female"}, np.full_like(faces.images, 128)
        shown = {
            key: faces.images if hiding.isdisjoint(change.values()) else grey
            for key, change in sets.items()
        }
        return {
            key: FaceDataset(faces.name, images, faces.labels, faces.meta)
            for key, images in shown.items()
        }

    return rendered
