"""Studies that measure in seconds, in a data folder of their own."""

from dataclasses import replace

import numpy as np
import pytest

from emolib.datasets.fer2013 import CLASSES
from emolib.paths import data_folder
from studies import study as study_module


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
