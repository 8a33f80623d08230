"""The controls of a scene and of a clip do what their names say."""

import json
from dataclasses import replace

import numpy as np
import pytest

from emolib import EMOTIONS
from emolib.paths import data_folder
from emolib.synthesis import Difficulty, Scene, draw_clip, random_identity, render
from emolib.synthesis import renderer as drawing
from emolib.synthesis.clips import session_scene
from emolib.synthesis.drawing.mesh import SKIN

PERSON = random_identity(1)


@pytest.fixture(scope="module")
def difficulty():
    plan = json.loads((data_folder() / "synthface/difficulty.json").read_text())
    return Difficulty(**plan["difficulty"])


@pytest.fixture
def shaded(monkeypatch):
    """Return a function that draws and gives light and materials, each at 128 x 128."""
    caught = {}
    shade = drawing.shader.shade

    def watch(raster, open_sky, figure, *rest):
        light, lit_skin = shade(raster, open_sky, figure, *rest)
        materials, triangle = figure.materials.astype(int), raster.triangle
        caught["materials"] = np.where(triangle >= 0, materials[triangle], -1)
        caught["light"] = light[..., 1].copy()
        return light, lit_skin

    def draw(*case):
        render(*case)
        return caught["light"], caught["materials"]

    monkeypatch.setattr(drawing.shader, "shade", watch)
    return draw


@pytest.mark.parametrize("azimuth", [-60, 60])
@pytest.mark.parametrize("seed", [1, 8])
def test_the_rim_light_edges_the_side_away_from_the_key(shaded, seed, azimuth):
    person = replace(random_identity(seed), hair="bald", covering="none")
    dark, half, full = (
        shaded(person, {}, Scene(light_azimuth=azimuth, rim=rim, scale=0.7))[0]
        for rim in (0.0, 1.0, 2.0)
    )
    added = full - dark
    assert added.min() >= 0
    left, right = added[:, :64].sum(), added[:, 64:].sum()
    far, near = (right, left) if azimuth < 0 else (left, right)
    assert far > 5 * near
    assert (half - dark).sum() == pytest.approx(added.sum() / 2, rel=0.01)
    assert added[:, 56:72].mean() < added.mean()  # the middle of the face keeps out


@pytest.mark.parametrize("colour", [False, True])
def test_jpeg_changes_pixels_the_more_the_lower_its_quality(colour):
    plain = render(PERSON, {}, Scene(), colour=colour)
    losses = []
    for quality in (95, 70, 40, 10):
        pressed = render(PERSON, {}, Scene(jpeg=quality), colour=colour)
        assert pressed.shape == plain.shape
        assert pressed.dtype == np.uint8
        losses.append(np.abs(pressed.astype(int) - plain).mean())
    assert (np.diff(losses) > 0).all()
    assert 0.3 < losses[0] < 4
    assert losses[-1] < 16
    assert abs(pressed.mean() - plain.mean()) < 4  # blocks, but the same exposure


def test_backlight_darkens_the_face_against_its_background(shaded, difficulty):
    rows, columns = np.indices((128, 128))
    front = (rows > 50) & (rows < 100) & (np.abs(columns - 64) < 30)
    ratios = []
    for seed in range(16):
        for rate in (0.0, 1.0):
            scene = session_scene(seed, replace(difficulty, backlight=rate, jpeg=0.0))
            light, materials = shaded(random_identity(seed % 5), {}, scene)
            behind = max(light[materials == -1].mean(), 1e-3)
            ratios.append(light[front & (materials == SKIN)].mean() / behind)
    usual, against = np.log(np.reshape(ratios, (16, 2))).T
    assert (against - usual).mean() < np.log(0.97)
    assert (against < usual).mean() > 0.7


def test_backlight_comes_as_often_as_asked(difficulty):
    often = replace(difficulty, backlight=0.3, jpeg=0.4)
    scenes = [session_scene(seed, often) for seed in range(600)]
    assert np.mean([scene.rim >= 0.6 for scene in scenes]) == pytest.approx(
        0.3, abs=0.06
    )
    assert np.mean([scene.jpeg > 0 for scene in scenes]) == pytest.approx(0.4, abs=0.06)
    assert all(scene.jpeg == 0 or 40 <= scene.jpeg <= 95 for scene in scenes)


def course(clip, below):
    """Strength of the lower or the upper half of the face over a clip, at most 1."""
    mouth = ("mouth", "jaw", "tongue")
    total = np.array(
        [
            sum(
                w for unit, w in f.expression.items() if unit.startswith(mouth) == below
            )
            for f in clip
        ]
    )
    return total / total.max()


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_both_halves_of_the_face_rise_hold_and_fall(difficulty, emotion):
    quiet = replace(difficulty, speech=0.0, gaze=0.0)
    lags = []
    for seed in range(6):
        clip = draw_clip(random_identity(seed), emotion, 1, quiet, frames=25)
        shown = np.array([frame.intensity for frame in clip])
        low, high = difficulty.peak
        assert low <= shown.max() <= high
        apex = shown > 0.98 * shown.max()
        assert 3 <= apex.sum() <= 18
        assert (np.diff(np.flatnonzero(apex)) == 1).all()  # one apex
        starts = []
        for below in (False, True):
            half = course(clip, below)
            first, last = np.flatnonzero(half > 0.999)[[0, -1]]
            assert (np.diff(half[: first + 1]) > -1e-6).all()
            assert (np.diff(half[last:]) < 1e-6).all()
            assert half[apex].min() > 0.9
            assert half[0] < 0.35
            rise = half[: first + 1]
            starts.append(np.interp(0.5, rise, np.arange(len(rise))))
        lags.append(starts[1] - starts[0])
    lags = np.array(lags) / 25  # as a share of the clip
    assert np.abs(lags).max() < 0.2
    assert np.abs(lags).max() > 0.01  # the halves do not move as one
