"""From triangles to pixels: which triangle is seen where, and how deep it is.

Plain loops, compiled by numba.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit


class Raster(NamedTuple):
    """What is seen at each pixel of a square picture."""

    triangle: np.ndarray  #: int32, (side, side), the nearest; -1 where there is none
    bary: np.ndarray  #: float32, (side, side, 2), weights of its first two corners
    depth: np.ndarray  #: float32, (side, side), larger is nearer; -1e9 for none


@njit(cache=True)
def rasterise(pixels, nearness, triangles, one_sided, side):
    """Find the nearest triangle at each pixel (z-buffer).

    Parameters
    ----------
    pixels : ndarray, float32, (n, 2)
        Column and row of each vertex.
    nearness : ndarray, float32, (n,)
        Larger is nearer.
    triangles : ndarray, int32, (m, 3)
    one_sided : ndarray, bool, (m,)
        Triangles of closed surfaces, such as skin: their backs are not drawn.
    side : int
        Side of the picture in pixels.

    Returns
    -------
    Raster
    """
    triangle = np.full((side, side), -1, np.int32)
    bary = np.zeros((side, side, 2), np.float32)
    depth = np.full((side, side), -1e9, np.float32)
    for k in range(len(triangles)):
        a, b, c = triangles[k, 0], triangles[k, 1], triangles[k, 2]
        ax, ay = pixels[a, 0], pixels[a, 1]
        bx, by = pixels[b, 0], pixels[b, 1]
        cx, cy = pixels[c, 0], pixels[c, 1]
        area = (by - cy) * (ax - cx) + (cx - bx) * (ay - cy)
        if abs(area) < 1e-9 or (area > 0 and one_sided[k]):
            continue
        low, high = min(ay, by, cy), max(ay, by, cy)
        if high < 0.5 or low > side - 0.5:
            continue
        left = max(int(min(ax, bx, cx) + 0.5), 0)
        right = min(int(max(ax, bx, cx) + 0.5), side)
        top, bottom = max(int(low + 0.5), 0), min(int(high + 0.5), side)
        if right <= left or bottom <= top:
            continue
        za, zb, zc = nearness[a], nearness[b], nearness[c]
        # weights of the first two corners, and how they change per pixel
        u_x, u_y = (by - cy) / area, (cx - bx) / area
        v_x, v_y = (cy - ay) / area, (ax - cx) / area
        for row in range(top, bottom):
            y = row + 0.5 - cy
            for column in range(left, right):
                x = column + 0.5 - cx
                u = u_x * x + u_y * y
                v = v_x * x + v_y * y
                if u >= 0 and v >= 0 and u + v <= 1:
                    z = u * za + v * zb + (1 - u - v) * zc
                    if z > depth[row, column]:
                        depth[row, column] = z
                        triangle[row, column] = k
                        bary[row, column, 0] = u
                        bary[row, column, 1] = v
    return Raster(triangle, bary, depth)


@njit(cache=True)
def ambient_occlusion(depth, side):
    """Return the share of light that reaches each pixel past its surroundings.

    A point behind the mean depth of its neighbourhood is in a hollow: eye sockets,
    the sides of the nose, the mouth.

    Takes the depth (side, side) of a `Raster` and its side; returns float32
    (side, side), 1 where the sky is open.
    """
    total = np.zeros((side + 1, side + 1))
    count = np.zeros((side + 1, side + 1))
    for row in range(side):
        for column in range(side):
            z = depth[row, column]
            hit = z > -1e8
            total[row + 1, column + 1] = (
                total[row, column + 1]
                + total[row + 1, column]
                - total[row, column]
                + (z if hit else 0.0)
            )
            count[row + 1, column + 1] = (
                count[row, column + 1]
                + count[row + 1, column]
                - count[row, column]
                + (1.0 if hit else 0.0)
            )
    open_sky = np.ones((side, side), np.float32)
    for row in range(side):
        for column in range(side):
            z = depth[row, column]
            if z < -1e8:
                continue
            for share, strength in ((0.022, 3.2), (0.065, 0.9)):
                reach = max(1, int(side * share + 0.5))
                r0, r1 = max(0, row - reach), min(side, row + reach + 1)
                c0, c1 = max(0, column - reach), min(side, column + reach + 1)
                n = count[r1, c1] - count[r0, c1] - count[r1, c0] + count[r0, c0]
                s = total[r1, c1] - total[r0, c1] - total[r1, c0] + total[r0, c0]
                hollow = min(max(s / n - z, 0.0), 0.25)
                open_sky[row, column] *= math.exp(-strength * hollow)
    return open_sky
