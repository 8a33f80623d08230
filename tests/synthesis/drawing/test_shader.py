"""The pieces of `shade`: what each material does, in numbers."""

import numpy as np
import pytest

from emolib.synthesis.drawing import mesh, shader
from emolib.synthesis.drawing.paint import ScalpGrowth, above_hairline
from emolib.synthesis.drawing.shader import Vector
from emolib.synthesis.people.identity import Colour
from emolib.synthesis.people.shape import PUPIL_X, PUPIL_Y

GROWTH = ScalpGrowth(0.0, 0.0, 9.5, 0.0, 1.0)
LOOK = shader.Look(0.3, 0.5, 1.0, Colour(0.05, 0.04, 0.03), GROWTH)
PIGMENT = Colour(0.5, 0.35, 0.28)
LIGHT = shader.Light(
    Vector(0.0, 0.0, 1.0), Vector(-1.0, 0.0, 0.0), Vector(0.0, 0.0, 1.0), 0.5, 0.0
)


def luminance(paint):
    return 0.2126 * paint.red + 0.7152 * paint.green + 0.0722 * paint.blue


def skin(lip=0.0, mouth=0.0, fold=0.0, strand=0.0, covered=0.0):
    return shader.skin(PIGMENT, lip, mouth, fold, strand, covered, LOOK)


def test_bare_skin_has_the_colour_of_its_pigment():
    assert skin()[:3] == pytest.approx(PIGMENT)
    assert skin().cavity == 1


def test_lips_are_redder_and_shinier():
    lips = skin(lip=1.0)
    assert lips.red / lips.green > 1.5 * PIGMENT.red / PIGMENT.green
    assert lips.shine > skin().shine


def test_the_mouth_is_dark_inside_and_folds_are_dark():
    assert skin(mouth=1.0).cavity == pytest.approx(0.15)
    depths = [luminance(skin(fold=depth)) for depth in (0.0, 0.5, 1.0)]
    assert depths == sorted(depths, reverse=True)
    assert depths[2] == pytest.approx(depths[0] * np.exp(-0.42))


def test_hair_covers_skin():
    assert skin(covered=1.0)[:3] == pytest.approx([0.035, 0.028, 0.021])
    assert skin(covered=1.0).shine == pytest.approx(0.02)


def test_the_hairline_is_frayed_but_ends():
    forehead, crown = (0.0, 7.6, 1.5), (0.0, 8.3, 0.5)
    above = [above_hairline(*place, GROWTH) for place in (forehead, crown)]
    assert above[0] < -0.3 < 0.1 < above[1]
    assert shader.hairline(above[0], 3.8, 1.0) == 0
    assert shader.hairline(above[1], 0.0, 0.7) == pytest.approx(0.7)
    edge = [shader.hairline(0.0, strand, 1.0) for strand in (-2.0, 0.0, 2.0)]
    assert edge[0] < edge[1] < edge[2]


def test_no_strand_reaches_farther_down_than_shade_looks():
    """Below -0.3 `shade` does not ask the noise: there it cannot matter."""
    from emolib.synthesis.drawing.paint import noise_tile

    assert shader.hairline(-0.3, noise_tile().max(), 1.0) == 0


@pytest.mark.parametrize("side", [1, -1])
def test_an_eye_is_a_pupil_in_an_iris_in_white(side):
    rings = [
        luminance(shader.eye(side * (PUPIL_X + away), PUPIL_Y, 0.2))
        for away in (0.0, 0.05, 0.08)
    ]
    assert rings[0] == pytest.approx(0.008)
    assert rings[0] < rings[1] < rings[2]


def test_dark_irises_are_brown_and_the_lid_shades_the_eye():
    light, dark = (shader.eye(PUPIL_X + 0.05, PUPIL_Y, iris) for iris in (0.0, 1.0))
    assert luminance(dark) < 0.3 * luminance(light)
    assert light.blue > light.red
    assert dark.red > dark.blue
    white = [luminance(shader.eye(PUPIL_X, PUPIL_Y + up, 0.5)) for up in (0.08, -0.08)]
    assert white[0] < white[1]


def test_locks_are_dark_at_their_edges_and_never_black():
    own = Colour(1.0, 1.0, 1.0)
    middle, edge = (shader.hair(own, 0.0, across, LOOK) for across in (0.0, 1.0))
    assert luminance(edge) == pytest.approx(0.7 * luminance(middle))
    assert min(shader.hair(own, -9.0, 0.0, LOOK)[:3]) == pytest.approx(0.003)


def test_glass_reflects_more_sky_further_up():
    own = Colour(0.01, 0.01, 0.01)
    low, high = (luminance(shader.lens(own, y)) for y in (7.0, 7.5))
    assert 0.01 < low < high < 0.06


def test_light_wraps_around_skin_and_red_light_most():
    shade_side = Vector(1.0, 0.0, -0.1)
    soft, hard = (
        shader.light_on(shade_side, -0.1, 1.0, 1.0, soft, LIGHT)
        for soft in (True, False)
    )
    assert soft.red > soft.green > soft.blue > hard.blue
    assert hard.red == hard.blue
    turned = shader.light_on(shade_side, -0.5, 1.0, 1.0, True, LIGHT)
    assert turned.red == turned.blue  # beyond the wrap no key light arrives


def test_a_shadow_takes_the_key_light_only():
    n = Vector(0.0, 0.0, 1.0)
    lit, shadowed = (
        shader.light_on(n, 1.0, share, 1.0, True, LIGHT) for share in (1.0, 0.0)
    )
    assert 0 < shadowed.red < lit.red


def test_the_shadow_map_is_asked_around_a_place():
    depth = np.zeros((shader.SHADOW_SIZE, shader.SHADOW_SIZE), np.float32)
    depth[:, : shader.SHADOW_SIZE // 2] = 1.0  # something in front of the left half
    axes = np.eye(3, dtype=np.float32)
    left, edge, right, outside = (
        shader.visibility(x, 0.0, 0.0, 1.0, depth, axes) for x in (-0.5, 0.0, 0.5, 9.0)
    )
    assert left == 0
    assert 0 < edge < 1
    assert right == 1
    assert outside == 1


def test_strands_shine_across_the_light_and_gloss_narrows():
    half = Vector(0.0, 0.0, 1.0)
    assert shader.crossing(Vector(0.0, -1.0, 0.0), half) == pytest.approx(1)
    assert shader.crossing(Vector(0.0, 0.0, 2.0), half) == pytest.approx(0, abs=1e-4)
    wide, narrow = (
        shader.highlight(shader.solid(PIGMENT, 1.0, 0.5, gloss), 0.9, 1.0, 1.0, LIGHT)
        for gloss in (10.0, 100.0)
    )
    assert 0 < narrow < wide
    assert shader.ends(5, 6, 7, 0.2, 0.1, 0.9) == (6, 7)


def test_sheets_face_the_camera_and_closed_surfaces_do_not():
    away = Vector(0.0, 3.0, -4.0)
    assert shader.unit(away, True) == pytest.approx((0.0, -0.6, 0.8))
    assert shader.unit(away, False) == pytest.approx((0.0, 0.6, -0.8))
    assert mesh.SKIN < mesh.HAIR  # what `shade` takes for closed
