"""The z-buffer on scenes small enough to know by heart."""

import numpy as np
import pytest

from emolib.synthesis.drawing.raster import ambient_occlusion, rasterise

#: Two triangles over the left upper half of 8 x 8 pixels, the second in front.
PIXELS = np.array([[0, 0], [8, 0], [0, 8], [0, 0], [4, 0], [0, 4]], np.float32)
NEARNESS = np.array([1, 1, 1, 2, 2, 2], np.float32)
TRIANGLES = np.array([[0, 2, 1], [3, 5, 4]], np.int32)


def draw(triangles=TRIANGLES, nearness=NEARNESS, one_sided=False):
    return rasterise(PIXELS, nearness, triangles, np.full(len(triangles), one_sided), 8)


def test_the_nearest_triangle_wins_in_any_order():
    seen = draw()
    assert seen.triangle[1, 1] == 1
    assert seen.triangle[1, 5] == 0
    assert seen.triangle[7, 7] == -1
    assert seen.depth[1, 1] == 2
    assert seen.depth[1, 5] == 1
    assert seen.depth[7, 7] == -1e9
    turned = draw(TRIANGLES[::-1].copy())
    assert np.array_equal(turned.depth, seen.depth)
    assert np.array_equal(turned.triangle == 0, seen.triangle == 1)


def test_weights_find_the_pixel_again():
    seen = draw()
    for row, column in ((1, 1), (1, 5), (5, 1)):
        corners = PIXELS[TRIANGLES[seen.triangle[row, column]]]
        u, v = seen.bary[row, column]
        place = u * corners[0] + v * corners[1] + (1 - u - v) * corners[2]
        assert place == pytest.approx([column + 0.5, row + 0.5], abs=1e-5)


def test_closed_surfaces_show_one_side_only():
    front, back = draw(one_sided=True), draw(TRIANGLES[:, ::-1].copy(), one_sided=True)
    shown = sorted([(front.triangle >= 0).sum(), (back.triangle >= 0).sum()])
    assert shown[0] == 0
    assert shown[1] == (draw().triangle >= 0).sum()


def test_hollows_are_dark_and_flats_are_not():
    depth = np.zeros((40, 40), np.float32)
    assert ambient_occlusion(depth, 40) == pytest.approx(1)
    depth[18:22, 18:22] = -0.2
    sky = ambient_occlusion(depth, 40)
    assert sky[20, 20] < 0.95
    assert sky[2, 2] == 1
    depth[18:22, 18:22] = 0.2  # a bump stands in nobody's shade
    assert ambient_occlusion(depth, 40)[20, 20] == 1
