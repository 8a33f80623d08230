"""The same input gives the same bits, after any other picture and in any process."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from emolib import EMOTIONS
from emolib.paths import data_folder
from emolib.synthesis import (
    OCCLUDERS,
    UNITS,
    Difficulty,
    Scene,
    draw_still,
    express,
    random_identity,
    render,
)
from emolib.synthesis import renderer as drawing


@pytest.fixture(scope="module")
def difficulty():
    plan = json.loads((data_folder() / "synthface/difficulty.json").read_text())
    return Difficulty(**plan["difficulty"])


def faces():
    """Ten pictures to draw: every occluder, with and without something on the head."""
    cases = []
    for k, occluder in enumerate(OCCLUDERS):
        for seed, covering in ((60 + k, "none"), (80 + k, "beanie")):
            person = replace(random_identity(seed), covering=covering)
            scene = Scene(
                yaw=8.0 * k - 16, pitch=3.0 * k - 6, rim=0.4 * k, background=seed,
                occluder=occluder, occluder_seed=seed, scale=0.75 + 0.1 * k,
                noise=3.0, noise_seed=seed, jpeg=70 if k % 2 else 0,
            )  # fmt: skip
            cases.append((person, express(EMOTIONS[k], seed=seed), scene))
    return cases


def digest(image):
    return hashlib.sha256(image.tobytes()).hexdigest()


def digests(cases):
    return [digest(render(*case)) for case in cases]


@pytest.fixture(scope="module")
def expected():
    return digests(faces())


def forget():
    """Empty every cache of the renderer's modules but the compiled code."""
    for name, module in list(sys.modules.items()):
        if name.startswith("emolib.synthesis"):
            for thing in vars(module).values():
                if hasattr(thing, "cache_clear"):
                    thing.cache_clear()


def test_the_order_of_drawing_does_not_matter(expected):
    assert len(set(expected)) == len(expected)
    assert digests(faces()[::-1])[::-1] == expected


def test_other_pictures_in_between_do_not_matter(expected):
    """Same people, rooms and hands elsewhere: what a cache holds must not wear."""
    for person, weights, scene in faces():
        for other in OCCLUDERS:
            moved = replace(scene, occluder=other, yaw=-scene.yaw, scale=1.0)
            render(person, weights, moved, size=32)
        render(replace(person, hair="bald"), {"jawOpen": 1.0}, scene, colour=True)
    assert digests(faces()) == expected


def test_empty_caches_do_not_matter(expected):
    forget()
    assert digests(faces()) == expected


def test_the_order_of_the_units_does_not_matter(expected):
    for (person, weights, scene), before in zip(faces(), expected, strict=True):
        turned = dict(reversed(weights.items()))
        assert digest(render(person, turned, scene)) == before


def test_drawing_leaves_its_input_alone():
    person, weights, scene = faces()[4]
    before = dict(weights)
    render(person, weights, scene)
    assert weights == before


def test_a_fresh_process_draws_the_same_bits(expected):
    """With another hash seed, so that nothing depends on the order of a set."""
    program = (
        "import runpy, sys; test = runpy.run_path(sys.argv[1]);"
        "print(*test['digests'](test['faces']()), sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, __file__],
        env=os.environ | {"PYTHONHASHSEED": "77"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == expected


def linear(monkeypatch, *case, size=64):
    """Return the light (side, side, 3) at the camera, and that of the lit skin."""
    caught = []

    def develop(radiance, lit_skin, *rest):
        caught.append((radiance.copy(), lit_skin))
        return original(radiance, lit_skin, *rest)

    original = drawing._develop
    with monkeypatch.context() as patch:
        patch.setattr(drawing, "_develop", develop)
        render(*case, size=size)
    return caught[0]


@pytest.mark.parametrize("occluder", OCCLUDERS)
@pytest.mark.parametrize("emotion", EMOTIONS)
def test_the_light_is_finite_before_it_is_developed(
    monkeypatch, difficulty, emotion, occluder
):
    """A NaN would become some grey value; here it still shows."""
    for seed in range(2):
        person = random_identity(700 + 7 * seed + EMOTIONS.index(emotion))
        frame = draw_still(person, emotion, 0.9, difficulty, seed=seed)
        scene = replace(frame.scene, occluder=occluder)
        light, lit_skin = linear(monkeypatch, person, frame.expression, scene)
        assert np.isfinite(light).all()
        assert light.min() >= 0
        assert 0 < light.max() < 20
        assert 1e-4 < lit_skin < 2


@pytest.mark.parametrize("size", [16, 512])
def test_the_extremes_of_a_scene_are_finite_too(monkeypatch, size):
    person = random_identity(5)
    everything = dict.fromkeys(UNITS, 1.0)
    for sign in (-1, 1):
        scene = Scene(
            yaw=45 * sign, pitch=35 * sign, roll=-45 * sign, rim=2, light_contrast=1,
            light_azimuth=180 * sign, light_elevation=85 * sign, scale=0.5, blur=0,
            exposure=4,
        )  # fmt: skip
        light, lit_skin = linear(monkeypatch, person, everything, scene, size=size)
        assert np.isfinite(light).all()
        assert np.isfinite(lit_skin)
