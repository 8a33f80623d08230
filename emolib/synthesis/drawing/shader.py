"""From triangles to light: the two loops over pixels that draw a face.

`rasterise` finds the nearest triangle at each pixel (z-buffer), `shade` asks what it is
painted with and which light reaches it. Plain loops, compiled by numba; taught on the
page "How these faces are made".
"""

import math
from functools import cache

import numpy as np
from numba import njit
from scipy.ndimage import gaussian_filter

from emolib.synthesis.drawing.mesh import (
    CLOTH,
    EYE,
    FABRIC,
    FRAME,
    HAIR,
    HAND,
    LASH,
    SKIN,
    TEETH,
    TONGUE,
)
from emolib.synthesis.drawing.paint import LEFT, TEXELS, TOP
from emolib.synthesis.worn.hair import above_hairline

#: Half the side of the shadow map, decimetres, and its side in texels.
SHADOW_REACH = 1.25
SHADOW_SIZE = 112


@njit(cache=True)
def rasterise(pixels, nearness, triangles, one_sided, side):
    """Find the nearest triangle at each pixel; closed skin shows its front only.

    Returns triangle (side, side) int32, -1 where there is none; barycentric weights
    of the first two corners (side, side, 2); depth (side, side), larger is nearer.
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
    return triangle, bary, depth


@njit(cache=True)
def ambient_occlusion(depth, side):
    """Share of light that reaches each pixel past its surroundings, 0 to 1.

    A point that lies behind the mean of its neighbourhood is in a hollow: eye
    sockets, the sides of the nose, the mouth.
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


@njit(cache=True)
def groove_relief(grooves, rows, depths):
    """Sum the folds: depth and its slopes to the right and upwards, (h, w, 3)."""
    height, width = grooves.shape[1:]
    relief = np.zeros((height, width, 3), np.float32)
    for k in range(len(depths)):
        if depths[k] > 0.01:
            for row in range(rows[k, 0], rows[k, 1]):
                for column in range(width):
                    relief[row, column, 0] += depths[k] * grooves[k, row, column]
    for row in range(1, height - 1):
        for column in range(1, width - 1):
            relief[row, column, 1] = (
                relief[row, column + 1, 0] - relief[row, column - 1, 0]
            )
            relief[row, column, 2] = (
                relief[row - 1, column, 0] - relief[row + 1, column, 0]
            )
    return relief


@cache
def noise_tile() -> np.ndarray:
    """Smooth noise (128, 128) float32 around 0 that repeats without a seam."""
    field = np.random.default_rng(6).normal(size=(128, 128))
    field = gaussian_filter(field, 1.0, mode="wrap")
    return (field / field.std()).astype(np.float32)


@njit(cache=True)
def _tile(noise, x, y):
    n = noise.shape[0]
    column, row = math.floor(x), math.floor(y)
    fx, fy = x - column, y - row
    c0, r0 = int(column) % n, int(row) % n
    c1, r1 = (c0 + 1) % n, (r0 + 1) % n
    upper = noise[r0, c0] * (1 - fx) + noise[r0, c1] * fx
    lower = noise[r1, c0] * (1 - fx) + noise[r1, c1] * fx
    return upper * (1 - fy) + lower * fy


@njit(cache=True)
def _mix(first, second, share):
    return first * (1 - share) + second * share


@njit(cache=True)
def shade(
    triangle, bary, depth, open_sky, triangles, materials, rest, masks, camera,
    normals, albedo, relief, grooves, noise, rotation, toward, shadow, light_axes,
    contrast, back, rim, oil, iris, lips, growth, hair, colours, background,
):  # fmt: skip
    """Colour every pixel.

    Returns linear RGB (side, side, 3) float32 and the mean luminance of lit skin.
    """
    side = triangle.shape[0]
    image = background.copy()
    half = toward + np.array([0.0, 0.0, 1.0], np.float32)
    half /= math.sqrt((half**2).sum())
    rows, columns = albedo.shape[:2]
    paint, n, run = np.zeros(3), np.zeros(3), np.zeros(3)
    lit_sum, lit_count = 0.0, 0
    for row in range(side):
        for column in range(side):
            k = triangle[row, column]
            if k < 0:
                continue
            a, b, c = triangles[k, 0], triangles[k, 1], triangles[k, 2]
            u, v = bary[row, column, 0], bary[row, column, 1]
            w = 1 - u - v
            x = u * rest[a, 0] + v * rest[b, 0] + w * rest[c, 0]
            y = u * rest[a, 1] + v * rest[b, 1] + w * rest[c, 1]
            z = u * rest[a, 2] + v * rest[b, 2] + w * rest[c, 2]
            for axis in range(3):
                n[axis] = (
                    u * normals[a, axis] + v * normals[b, axis] + w * normals[c, axis]
                )
            material = materials[k]
            soft = material in (SKIN, HAND)
            shine, gloss, cavity = 0.0, 20.0, 1.0
            sky, glow = open_sky[row, column], 0.0

            # what the surface is painted with
            if material in (SKIN, LASH, HAND):
                ti = min(max(int((TOP - y) * TEXELS), 0), rows - 1)
                tj = min(max(int((x - LEFT) * TEXELS), 0), columns - 1)
                if material == HAND:  # the skin of the forehead, without its lines
                    ti, tj = 70 + int(y * 97) % 9, 90 + int(x * 89) % 13
                for ch in range(3):
                    paint[ch] = albedo[ti, tj, ch]
                if material == HAND:  # nails, knuckles, the gaps between fingers
                    for ch in range(3):
                        paint[ch] *= (
                            u * colours[a, ch] + v * colours[b, ch] + w * colours[c, ch]
                        )
                shine, gloss = 0.04 + 0.10 * oil, 14.0
                if material == SKIN:
                    lip = u * masks[a, 0] + v * masks[b, 0] + w * masks[c, 0]
                    inner = u * masks[a, 1] + v * masks[b, 1] + w * masks[c, 1]
                    lip = min(max(1.5 * lip - 0.2, 0.0), 1.0) * lips
                    paint[0] *= 1 - 0.22 * lip
                    paint[1] *= 1 - 0.55 * lip
                    paint[2] *= 1 - 0.48 * lip
                    shine += 0.10 * lip
                    wet = min(max(2.0 * inner - 0.6, 0.0), 1.0)
                    paint[0] = _mix(paint[0], 0.10, wet)
                    paint[1] = _mix(paint[1], 0.022, wet)
                    paint[2] = _mix(paint[2], 0.02, wet)
                    cavity = 1 - 0.85 * wet
                    # folds: darker in the groove, and the normal leans into it
                    if 1 <= ti < rows - 1 and 1 <= tj < columns - 1 and z > 0.6:
                        groove = grooves[ti, tj]
                        dark = math.exp(-0.42 * groove[0])
                        for ch in range(3):
                            paint[ch] *= dark
                        slope_x = -1.1 * groove[1] + 0.02 * (
                            relief[ti, tj + 1] - relief[ti, tj - 1]
                        )
                        slope_y = -1.1 * groove[2] + 0.02 * (
                            relief[ti - 1, tj] - relief[ti + 1, tj]
                        )
                        for axis in range(3):
                            n[axis] -= (
                                rotation[axis, 0] * slope_x
                                + rotation[axis, 1] * slope_y
                            )
                    # the hairline is frayed: single strands reach beyond it
                    strand = _tile(noise, x * 70 + z * 15, y * 6 + z * 18)
                    edge = above_hairline(x, y, z, growth) + 0.05 * strand
                    share = min(max(edge / 0.09 + 0.15, 0.0), 1.0) * growth[4]
                    if share > 0:
                        stubble = 1 + 0.3 * strand
                        for ch in range(3):
                            strands = max(0.7 * hair[ch] * stubble, 0.003)
                            paint[ch] = _mix(paint[ch], strands, share)
                        shine, gloss = _mix(shine, 0.02, share), 8.0
                        n[0] += 0.10 * strand * share
                elif material == LASH:
                    for ch in range(3):
                        paint[ch] *= 0.12
                    shine = 0.0
            elif material == HAIR:
                # x runs across the lock, y along it, z from edge (-1) to edge (1)
                strand = _tile(noise, x * 110, y * 5)
                tint = (1 + 0.30 * strand) * (1 - 0.30 * z * z)
                for ch in range(3):
                    own = u * colours[a, ch] + v * colours[b, ch] + w * colours[c, ch]
                    paint[ch] = max(hair[ch] * own * tint, 0.003)
                # which way the strands run, for their highlight
                high = a if rest[a, 1] >= max(rest[b, 1], rest[c, 1]) else b
                high = c if rest[c, 1] > rest[high, 1] else high
                low = a if rest[a, 1] <= min(rest[b, 1], rest[c, 1]) else b
                low = c if rest[c, 1] < rest[low, 1] else low
                for axis in range(3):
                    run[axis] = camera[high, axis] - camera[low, axis]
                shine, gloss = 0.012 + 0.06 * hair[0], 24.0
                shine *= max(1 + 0.6 * strand, 0.0)
            elif material == EYE:
                cx = 0.31 if x > 0 else -0.31
                radius = math.hypot(x - cx, y - 7.285)
                lid = min(max((y - 7.30) / 0.06, 0.0), 1.0)
                shade = (1 - 0.45 * lid) * (1 - 1.6 * max(radius - 0.07, 0.0))
                paint[0], paint[1], paint[2] = 0.42 * shade, 0.38 * shade, 0.36 * shade
                inside = min(max((0.066 - radius) / 0.010, 0.0), 1.0)
                light = (0.30 - 0.27 * iris) * (0.55 + 6 * max(radius - 0.03, 0.0))
                light *= shade
                paint[0] = _mix(paint[0], light * (0.7 + 0.3 * iris), inside)
                paint[1] = _mix(paint[1], light * (0.9 - 0.3 * iris), inside)
                paint[2] = _mix(paint[2], light * (1.1 - 0.8 * iris), inside)
                pupil = min(max((0.031 - radius) / 0.008, 0.0), 1.0)
                for ch in range(3):
                    paint[ch] = _mix(paint[ch], 0.008, pupil)
                shine, gloss = 0.5, 120.0
            elif material == TEETH:
                paint[0], paint[1], paint[2] = 0.56, 0.52, 0.45
                cavity = min(max(1.0 - 2.0 * (1.45 - z), 0.12), 1.0)
                shine, gloss = 0.10, 30.0
                glow = 0.5  # enamel lets light through
                sky = math.sqrt(sky)
            elif material == TONGUE:
                paint[0], paint[1], paint[2] = 0.30, 0.09, 0.08
                cavity = min(max((z - 0.8) / 0.9, 0.08), 0.45)
                shine = 0.06
            elif material in (CLOTH, FABRIC):
                weave = 1 + 0.05 * math.sin(y * 95)
                for ch in range(3):
                    paint[ch] = weave * (
                        u * colours[a, ch] + v * colours[b, ch] + w * colours[c, ch]
                    )
            elif material == FRAME:
                for ch in range(3):
                    paint[ch] = colours[a, ch]
                shine, gloss = 0.25, 30.0
            else:  # lens
                glare = 0.008 + 0.03 * min(max((y - 7.1) / 0.35, 0.0), 1.0)
                for ch in range(3):
                    paint[ch] = glare + (
                        u * colours[a, ch] + v * colours[b, ch] + w * colours[c, ch]
                    )
                shine, gloss = 0.15, 60.0

            # what light reaches it
            length = math.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2])
            if length > 0:
                for axis in range(3):
                    n[axis] /= length
            if n[2] < 0 and material >= HAIR:  # both sides of a sheet are seen
                for axis in range(3):
                    n[axis] *= -1
            px = u * camera[a, 0] + v * camera[b, 0] + w * camera[c, 0]
            py = u * camera[a, 1] + v * camera[b, 1] + w * camera[c, 1]
            pz = depth[row, column]
            facing = n[0] * toward[0] + n[1] * toward[1] + n[2] * toward[2]
            slack = 0.035 + 0.09 * (1 - max(facing, 0.0))  # grazing light
            lit = max(_visibility(px, py, pz, shadow, light_axes, slack), glow)
            key = lit * contrast * 1.5
            fill = (0.55 + 0.30 * n[1] + 0.15 * n[2]) * (1 - 0.8 * contrast)
            fill *= sky
            key *= 0.45 + 0.55 * sky
            edge = max(n[0] * back[0] + n[1] * back[1] + n[2] * back[2], 0.0)
            edge *= rim * (1 - max(n[2], 0.0))
            spec = n[0] * half[0] + n[1] * half[1] + n[2] * half[2]
            if material == HAIR:  # a cylinder shines where it runs across the light
                far = math.sqrt(run[0] ** 2 + run[1] ** 2 + run[2] ** 2) + 1e-9
                spec = run[0] * half[0] + run[1] * half[1] + run[2] * half[2]
                spec = math.sqrt(max(1 - (spec / far) ** 2, 0.0))
            spec = shine * lit * (0.3 + contrast) * max(spec, 0.0) ** gloss
            spec *= sky
            for ch in range(3):
                # light wraps around skin, and most of all red light
                wrap = (0.26, 0.16, 0.12)[ch] if soft else 0.1
                turned = max((facing + wrap) / (1 + wrap), 0.0)
                light = key * turned + fill + edge
                image[row, column, ch] = paint[ch] * light * cavity + spec
            if material == SKIN and z > 1.0:
                lit_sum += image[row, column, 1]
                lit_count += 1
    return image, lit_sum / max(lit_count, 1)


@njit(cache=True)
def _visibility(x, y, z, shadow, axes, slack):
    """Share of the key light that reaches a point (percentage-closer filtering)."""
    size = shadow.shape[0]
    texel = size / (2 * SHADOW_REACH)
    sx = (axes[0, 0] * x + axes[0, 1] * y + axes[0, 2] * z + SHADOW_REACH) * texel
    sy = axes[1, 0] * x + axes[1, 1] * y + axes[1, 2] * z
    sy = size - (sy + SHADOW_REACH) * texel
    sz = axes[2, 0] * x + axes[2, 1] * y + axes[2, 2] * z
    free = 0.0
    for dy in (-1.5, 0.0, 1.5):
        for dx in (-1.5, 0.0, 1.5):
            column, row = int(sx + dx), int(sy + dy)
            if 0 <= column < size and 0 <= row < size:
                gap = shadow[row, column] - sz - slack
                free += 1 - min(max(gap / 0.04, 0.0), 1.0)
            else:
                free += 1
    return free / 9
