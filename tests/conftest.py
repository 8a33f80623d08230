"""A small corpus that every test can use without the renderer.

Six subjects, two sentences, four frames a clip with intensity rising and falling.
Each emotion is a bright bar at its own place, so that a classifier can learn it.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

ROOT = Path(__file__).resolve().parents[1]

SUBJECTS = {
    "s001": "train", "s002": "train", "s003": "train",
    "s004": "validation", "s005": "test", "s006": "test",
}  # fmt: skip
INTENSITIES = (0.3, 0.8, 1.0, 0.5)
SENTENCES = (1, 2)


def draw(label: int, intensity: float, rng: np.random.Generator) -> np.ndarray:
    """Draw a grey 64x64 picture: noise, and the bar of class `label` on top."""
    image = rng.normal(110, 12, (64, 64))
    row, column = divmod(label, 2)
    image[8 + 18 * row : 20 + 18 * row, 6 + 30 * column : 28 + 30 * column] += (
        100 * intensity
    )
    return np.clip(image, 0, 255).astype(np.uint8)


def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables `subjects` and `frames` of the tiny corpus."""
    from emolib.emotions import EMOTIONS, get_emotion

    subjects = pd.DataFrame(
        {
            "subject": list(SUBJECTS),
            "split": list(SUBJECTS.values()),
            "age": [24, 35, 41, 52, 63, 30],
            "sex": ["female", "male"] * 3,
        }
    )
    rows = [
        {
            "subject": subject,
            "emotion": emotion,
            "sentence": sentence,
            "clip": f"{subject}_{get_emotion(emotion).code}_{sentence}",
            "frame": frame,
            "intensity": intensity,
            "occluder": "none" if frame else "glasses",
            "yaw": 4.0 * frame - 6.0,
            "left_eye_x": 19.68,
            "left_eye_y": 23.68,
            "right_eye_x": 44.32,
            "right_eye_y": 23.68,
            "au_12": intensity * (emotion == "happiness"),
        }
        for subject in SUBJECTS
        for emotion in EMOTIONS
        for sentence in SENTENCES
        for frame, intensity in enumerate(INTENSITIES)
    ]
    return subjects, pd.DataFrame(rows)


def sheets():
    """Yield (subject, sheet) for the tiny corpus."""
    rng = np.random.default_rng(5)
    for subject in SUBJECTS:
        clips = [
            np.hstack([draw(label, intensity, rng) for intensity in INTENSITIES])
            for label in range(6)
            for _ in SENTENCES
        ]
        yield subject, np.vstack(clips)


@pytest.fixture
def tiny_source():
    """Return what the tiny corpus is written from: subjects, frames, list of sheets."""
    return *tables(), list(sheets())


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory):
    """Folder of the tiny corpus: 6 subjects x 6 emotions x 2 sentences x 4 frames."""
    from emolib.datasets.corpus import write_corpus

    folder = tmp_path_factory.mktemp("data") / "tiny corpus"
    subjects, frames = tables()
    return write_corpus(folder, sheets(), subjects, frames, {"name": "tiny"})


@pytest.fixture(scope="session")
def tiny(tiny_corpus):
    """Return the tiny corpus as a FaceDataset: 288 frames, 72 clips."""
    from emolib.datasets.corpus import read_corpus

    return read_corpus(tiny_corpus)


@pytest.fixture
def data(tiny_corpus, tmp_path, monkeypatch):
    """Make a data folder that holds the tiny corpus as SynthFace."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "synthface").symlink_to(tiny_corpus)
    (folder / "head").symlink_to(ROOT / "data" / "head")
    monkeypatch.setenv("EMOLIB_DATA", str(folder))
    return folder


@pytest.fixture(scope="session")
def entries():
    """Return what the card of a shipped network has to say, made up."""
    return {
        "title": "a test",
        "training_data": {
            "name": "noise", "images": 1, "subjects": 1, "licence": "x", "terms": "x",
        },
        "recipe": {"seed": 2},
        "results": {
            "data": "noise", "split": "by subject", "images": 1, "subjects": 1,
            "accuracy": 0.0, "interval": [0.0, 1.0], "interval_over": "subjects",
        },
        "intended_use": "tests",
        "prohibited_use": "everything else",
        "limits": "all",
        "known_failures": ["It fails."],
        "licence": "CC0-1.0",
        "audit": {"data": "noise"},
    }  # fmt: skip
