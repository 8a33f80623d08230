import json
from dataclasses import replace

import numpy as np
import pytest

from emolib import EMOTIONS
from emolib.paths import data_folder
from emolib.synthesis import (
    Difficulty,
    draw_clip,
    draw_still,
    random_identity,
    render,
)


@pytest.fixture(scope="module")
def plan():
    return json.loads((data_folder() / "synthface/difficulty.json").read_text())


@pytest.fixture(scope="module")
def difficulty(plan):
    return Difficulty(**plan["difficulty"])


def test_intensity_rises_and_falls(difficulty):
    person = random_identity(2)
    for emotion in EMOTIONS:
        values = [
            frame.intensity
            for frame in draw_clip(person, emotion, 1, difficulty, frames=9)
        ]
        top = int(np.argmax(values))
        assert 1 < top < 8
        assert values[0] < 0.35
        assert values[-1] < values[top]
        assert difficulty.peak[0] - 0.05 <= values[top] <= difficulty.peak[1]


def test_clips_are_reproducible_and_differ_by_sentence(difficulty):
    person = random_identity(2)
    first = draw_clip(person, "fear", 1, difficulty, frames=5)
    assert first == draw_clip(person, "fear", 1, difficulty, frames=5)
    assert first != draw_clip(person, "fear", 2, difficulty, frames=5)


def test_a_person_keeps_the_room_within_a_session(difficulty):
    person = random_identity(2)
    scenes = [
        frame.scene
        for emotion in EMOTIONS
        for frame in draw_clip(person, emotion, 1, difficulty, frames=3)
    ]
    assert len({scene.background for scene in scenes}) == 1
    assert len({scene.light_contrast for scene in scenes}) == 1


def test_stills_of_a_person_share_nothing_but_the_person(difficulty):
    person = random_identity(2)
    stills = [
        draw_still(person, "fear", 0.8, difficulty, seed=seed) for seed in range(8)
    ]
    assert stills[3] == draw_still(person, "fear", 0.8, difficulty, seed=3)
    assert {still.intensity for still in stills} == {0.8}
    for name in ("background", "light_azimuth", "yaw", "noise_seed", "scale"):
        assert len({getattr(still.scene, name) for still in stills}) == 8
    assert len({frozenset(still.expression.items()) for still in stills}) == 8


def test_a_resting_still_shows_no_more_than_speech(difficulty):
    person = random_identity(2)
    still_eyes = replace(difficulty, gaze=0.0)
    shown = [
        draw_still(person, "anger", 0.0, still_eyes, seed=seed).expression
        for seed in range(12)
    ]
    assert sum(max(weights.values()) == 0 for weights in shown) in range(2, 11)
    brow = [weights[unit] for weights in shown for unit in weights if "brow" in unit]
    assert brow
    assert max(brow) == 0


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_stills_are_as_strong_as_asked(difficulty, emotion):
    person = random_identity(3)
    quiet = replace(difficulty, speech=0.0, gaze=0.0)
    weak, strong = (
        sum(draw_still(person, emotion, i, quiet, seed=1).expression.values())
        for i in (0.3, 0.9)
    )
    assert weak == pytest.approx(strong / 3, rel=0.15)


def test_the_committed_corpus_is_what_the_plan_renders(plan, difficulty):
    """The stored frames of one clip equal a fresh rendering but for WebP's loss."""
    from emolib.datasets import load

    faces = load("synthface")
    clip = faces.subset((faces.meta["clip"] == "s001_su_2").to_numpy())
    person = random_identity(plan["first_seed"] + 1, spread=difficulty.identity_spread)
    frames = draw_clip(person, "surprise", 2, difficulty, frames=plan["frames"])
    fresh = np.stack([render(person, f.expression, f.scene) for f in frames])
    assert clip.meta["intensity"].to_numpy() == pytest.approx(
        [f.intensity for f in frames], abs=1e-3
    )
    loss = np.abs(fresh.astype(int) - clip.images.astype(int)).mean()
    assert loss < 4  # grey levels
