"""From pixels to light: what a surface is painted with, and which light reaches it.

`shade` visits every pixel. One `paint_...` function for each material says what colour
the surface has there and how it shines; `light_on` says how much light arrives. Plain
functions, compiled by numba; taught on the page "How these faces are made".
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

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
from emolib.synthesis.drawing.paint import (
    LEFT,
    TEXELS,
    TOP,
    ScalpGrowth,
    above_hairline,
)
from emolib.synthesis.people.shape import PUPIL_X, PUPIL_Y

#: Half the side of the shadow map, decimetres, and its side in texels.
SHADOW_REACH = 1.25
SHADOW_SIZE = 112


class View(NamedTuple):
    """A figure as the camera sees it.

    Attributes
    ----------
    places, normals : ndarray, float32, (n, 3)
        Position (decimetres from the eyes' middle) and unit normal of each vertex, in
        camera coordinates: x right, y up, z towards the camera.
    rotation : ndarray, float32, (3, 3)
        From the head's coordinates to the camera's.
    """

    places: np.ndarray
    normals: np.ndarray
    rotation: np.ndarray


class Look(NamedTuple):
    """What a person's surface looks like.

    Attributes
    ----------
    albedo : ndarray, float32, (240, 192, 3)
        Linear RGB reflectance of the skin, from `paint.skin_maps`.
    pores : ndarray, float32, (240, 192)
        Relief of pores and stubble, from `paint.skin_maps`.
    folds : ndarray, float32, (240, 192, 3)
        From `paint.fold_relief`.
    noise : ndarray, float32, (128, 128)
        From `paint.noise_tile`; strands of hair are made of it.
    oiliness, iris : float32
        As in `Identity`, 0 to 1.
    lips : float32
        Redness of the lips, 0 to 1.
    growth : ScalpGrowth
        Where hair grows.
    hair : ndarray, float32, (3,)
        Linear RGB reflectance of the hair.
    """

    albedo: np.ndarray
    pores: np.ndarray
    folds: np.ndarray
    noise: np.ndarray
    oiliness: np.float32
    iris: np.float32
    lips: np.float32
    growth: ScalpGrowth
    hair: np.ndarray


class Light(NamedTuple):
    """The light of a scene.

    Attributes
    ----------
    toward, back : ndarray, float32, (3,)
        Unit vectors to the key light and to the light behind the head.
    contrast, rim : float32
        Strengths of the two, as in `Scene`.
    shadow : ndarray, float32, (112, 112)
        Shadow map: the nearest depth that the key light sees.
    axes : ndarray, float32, (3, 3)
        Axes of the key light's view, in camera coordinates.
    """

    toward: np.ndarray
    back: np.ndarray
    contrast: np.float32
    rim: np.float32
    shadow: np.ndarray
    axes: np.ndarray


class Point(NamedTuple):
    """A point in a triangle: its corners, their weights, and its place (x, y, z).

    The place is the one on the resting head, decimetres, where paint is looked up; on
    hair it is across and along the lock, and -1 to 1 from edge to edge.
    """

    a: int
    b: int
    c: int
    u: float
    v: float
    w: float
    x: float
    y: float
    z: float


class Finish(NamedTuple):
    """How a painted point answers light.

    Attributes
    ----------
    shine, gloss : float
        Strength of the highlight, and how narrow it is (Phong's exponent).
    cavity : float
        Share of the light that gets into the mouth, 0 to 1.
    glow : float
        Least share of the key light: teeth let light through, 0 to 1.
    """

    shine: float
    gloss: float
    cavity: float = 1.0
    glow: float = 0.0


@njit(cache=True)
def between(values, column, p):
    """Return a column of `values` (n, k) at a point: the weighted mean of its corners."""
    return (
        p.u * values[p.a, column]
        + p.v * values[p.b, column]
        + p.w * values[p.c, column]
    )


@njit(cache=True)
def point_in(triangles, k, u, v, rest):
    """Return the point of a triangle with the weights u, v of its first two corners."""
    a, b, c = triangles[k, 0], triangles[k, 1], triangles[k, 2]
    p = Point(a, b, c, u, v, 1 - u - v, 0.0, 0.0, 0.0)
    x, y, z = between(rest, 0, p), between(rest, 1, p), between(rest, 2, p)
    return Point(a, b, c, u, v, 1 - u - v, x, y, z)


@njit(cache=True)
def mix(first, second, share):
    """Return `first` at share 0, `second` at share 1."""
    return first * (1 - share) + second * share


@njit(cache=True)
def noise_at(noise, x, y):
    """Return the noise tile (n, n) between its texels; it repeats without end."""
    n = noise.shape[0]
    column, row = math.floor(x), math.floor(y)
    fx, fy = x - column, y - row
    c0, r0 = int(column) % n, int(row) % n
    c1, r1 = (c0 + 1) % n, (r0 + 1) % n
    upper = noise[r0, c0] * (1 - fx) + noise[r0, c1] * fx
    lower = noise[r1, c0] * (1 - fx) + noise[r1, c1] * fx
    return upper * (1 - fy) + lower * fy


@njit(cache=True)
def texel(p, albedo):
    """Return row and column of a point in the maps of the skin."""
    rows, columns = albedo.shape[:2]
    row = min(max(int((TOP - p.y) * TEXELS), 0), rows - 1)
    return row, min(max(int((p.x - LEFT) * TEXELS), 0), columns - 1)


# ------------------------------------------- materials: each fills `paint` (3,)


@njit(cache=True)
def paint_skin(paint, n, p, masks, look, rotation):
    """Pigment, lips, folds and the hairline; folds and strands lean the normal `n`."""
    row, column = texel(p, look.albedo)
    for ch in range(3):
        paint[ch] = look.albedo[row, column, ch]
    lip = min(max(1.5 * between(masks, 0, p) - 0.2, 0.0), 1.0) * look.lips
    wet = min(max(2.0 * between(masks, 1, p) - 0.6, 0.0), 1.0)
    paint_lips(paint, lip, wet)
    if p.z > 0.6:
        crease(paint, n, row, column, look, rotation)
    shine, gloss = 0.04 + 0.10 * look.oiliness + 0.10 * lip, 14.0
    strand = noise_at(look.noise, p.x * 70 + p.z * 15, p.y * 6 + p.z * 18)
    share = hairline(p, strand, look.growth)
    if share > 0:
        for ch in range(3):
            paint[ch] = mix(
                paint[ch], max(0.7 * look.hair[ch] * (1 + 0.3 * strand), 0.003), share
            )
        n[0] += 0.10 * strand * share
        shine, gloss = mix(shine, 0.02, share), 8.0
    return Finish(shine, gloss, 1 - 0.85 * wet, 0.0)


@njit(cache=True)
def paint_lips(paint, lip, wet):
    """Redden the lips, and the inside of the mouth where it is wet."""
    paint[0] *= 1 - 0.22 * lip
    paint[1] *= 1 - 0.55 * lip
    paint[2] *= 1 - 0.48 * lip
    paint[0] = mix(paint[0], 0.10, wet)
    paint[1] = mix(paint[1], 0.022, wet)
    paint[2] = mix(paint[2], 0.02, wet)


@njit(cache=True)
def crease(paint, n, row, column, look, rotation):
    """Darken the grooves of folds, and lean the normal into folds and pores."""
    rows, columns = look.pores.shape
    if not (1 <= row < rows - 1 and 1 <= column < columns - 1):
        return
    fold, pores = look.folds[row, column], look.pores
    dark = math.exp(-0.42 * fold[0])
    for ch in range(3):
        paint[ch] *= dark
    across = pores[row, column + 1] - pores[row, column - 1]
    upwards = pores[row - 1, column] - pores[row + 1, column]
    slope_x = -1.1 * fold[1] + 0.02 * across
    slope_y = -1.1 * fold[2] + 0.02 * upwards
    for axis in range(3):
        n[axis] -= rotation[axis, 0] * slope_x + rotation[axis, 1] * slope_y


@njit(cache=True)
def hairline(p, strand, growth):
    """Return the share of the scalp under hair: a frayed edge, single strands long."""
    edge = above_hairline(p.x, p.y, p.z, growth) + 0.05 * strand
    return min(max(edge / 0.09 + 0.15, 0.0), 1.0) * growth.density


@njit(cache=True)
def paint_hand(paint, p, colours, look):
    """Skin of the forehead, without its lines, times the factors of the hand."""
    row, column = 70 + int(p.y * 97) % 9, 90 + int(p.x * 89) % 13
    for ch in range(3):
        # nails, knuckles, the gaps between fingers
        paint[ch] = look.albedo[row, column, ch] * between(colours, ch, p)
    return Finish(0.04 + 0.10 * look.oiliness, 14.0, 1.0, 0.0)


@njit(cache=True)
def paint_lash(paint, p, albedo):
    """The skin's colour, much darker."""
    row, column = texel(p, albedo)
    for ch in range(3):
        paint[ch] = albedo[row, column, ch] * 0.12
    return Finish(0.0, 14.0, 1.0, 0.0)


@njit(cache=True)
def paint_hair(paint, p, colours, look):
    """Strands along a lock that is darker at its edges."""
    strand = noise_at(look.noise, p.x * 110, p.y * 5)
    tint = (1 + 0.30 * strand) * (1 - 0.30 * p.z * p.z)
    for ch in range(3):
        paint[ch] = max(look.hair[ch] * between(colours, ch, p) * tint, 0.003)
    shine = (0.012 + 0.06 * look.hair[0]) * max(1 + 0.6 * strand, 0.0)
    return Finish(shine, 24.0, 1.0, 0.0)


@njit(cache=True)
def paint_eye(paint, p, iris):
    """White, iris and pupil are rings; the upper lid shades them."""
    centre = PUPIL_X if p.x > 0 else -PUPIL_X
    radius = math.hypot(p.x - centre, p.y - PUPIL_Y)
    lid = min(max((p.y - 7.30) / 0.06, 0.0), 1.0)
    dim = (1 - 0.45 * lid) * (1 - 1.6 * max(radius - 0.07, 0.0))
    paint[0], paint[1], paint[2] = 0.42 * dim, 0.38 * dim, 0.36 * dim
    inside = min(max((0.066 - radius) / 0.010, 0.0), 1.0)
    light = (0.30 - 0.27 * iris) * (0.55 + 6 * max(radius - 0.03, 0.0)) * dim
    paint[0] = mix(paint[0], light * (0.7 + 0.3 * iris), inside)
    paint[1] = mix(paint[1], light * (0.9 - 0.3 * iris), inside)
    paint[2] = mix(paint[2], light * (1.1 - 0.8 * iris), inside)
    pupil = min(max((0.031 - radius) / 0.008, 0.0), 1.0)
    for ch in range(3):
        paint[ch] = mix(paint[ch], 0.008, pupil)
    return Finish(0.5, 120.0, 1.0, 0.0)


@njit(cache=True)
def paint_teeth(paint, p):
    """Enamel, in the dark towards the back of the mouth."""
    paint[0], paint[1], paint[2] = 0.56, 0.52, 0.45
    cavity = min(max(1.0 - 2.0 * (1.45 - p.z), 0.12), 1.0)
    return Finish(0.10, 30.0, cavity, 0.5)


@njit(cache=True)
def paint_tongue(paint, p):
    """Red, and darker still."""
    paint[0], paint[1], paint[2] = 0.30, 0.09, 0.08
    return Finish(0.06, 20.0, min(max((p.z - 0.8) / 0.9, 0.08), 0.45), 0.0)


@njit(cache=True)
def paint_cloth(paint, p, colours):
    """The cloth's own colours, in a fine weave."""
    weave = 1 + 0.05 * math.sin(p.y * 95)
    for ch in range(3):
        paint[ch] = weave * between(colours, ch, p)
    return Finish(0.0, 20.0, 1.0, 0.0)


@njit(cache=True)
def paint_frame(paint, p, colours):
    """Metal or acetate: one colour a corner, so that tortoiseshell keeps its edges."""
    for ch in range(3):
        paint[ch] = colours[p.a, ch]
    return Finish(0.25, 30.0, 1.0, 0.0)


@njit(cache=True)
def paint_lens(paint, p, colours):
    """Dark glass that reflects the sky, more of it further up."""
    glare = 0.008 + 0.03 * min(max((p.y - 7.1) / 0.35, 0.0), 1.0)
    for ch in range(3):
        paint[ch] = glare + between(colours, ch, p)
    return Finish(0.15, 60.0, 1.0, 0.0)


@njit(cache=True)
def paint_point(paint, n, p, material, figure, view, look):
    """Ask the function of a material what a point is painted with."""
    if material == SKIN:
        return paint_skin(paint, n, p, figure.masks, look, view.rotation)
    if material == HAND:
        return paint_hand(paint, p, figure.colours, look)
    if material == LASH:
        return paint_lash(paint, p, look.albedo)
    if material == HAIR:
        return paint_hair(paint, p, figure.colours, look)
    if material == EYE:
        return paint_eye(paint, p, look.iris)
    if material == TEETH:
        return paint_teeth(paint, p)
    if material == TONGUE:
        return paint_tongue(paint, p)
    if material == CLOTH or material == FABRIC:
        return paint_cloth(paint, p, figure.colours)
    if material == FRAME:
        return paint_frame(paint, p, figure.colours)
    return paint_lens(paint, p, figure.colours)


# ------------------------------------------- light


@njit(cache=True)
def dot(first, second):
    """Return the scalar product of two vectors (3,)."""
    return first[0] * second[0] + first[1] * second[1] + first[2] * second[2]


@njit(cache=True)
def visibility(x, y, z, facing, light):
    """Return the share of the key light that reaches a point, 0 to 1.

    Nine neighbours in the shadow map vote (percentage-closer filtering; Reeves,
    Salesin and Cook, 1987, https://doi.org/10.1145/37402.37435). Grazing light gets
    more slack, so that a surface does not shadow itself.
    """
    slack = 0.035 + 0.09 * (1 - max(facing, 0.0))
    size, axes = light.shadow.shape[0], light.axes
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
                gap = light.shadow[row, column] - sz - slack
                free += 1 - min(max(gap / 0.04, 0.0), 1.0)
            else:
                free += 1
    return free / 9


@njit(cache=True)
def strand_highlight(p, rest, places, half):
    """Return the highlight of a strand of hair before its gloss, 0 to 1.

    A cylinder shines where it runs across the light (Kajiya and Kay, 1989,
    https://doi.org/10.1145/74333.74361).
    """
    high = p.a if rest[p.a, 1] >= max(rest[p.b, 1], rest[p.c, 1]) else p.b
    high = p.c if rest[p.c, 1] > rest[high, 1] else high
    low = p.a if rest[p.a, 1] <= min(rest[p.b, 1], rest[p.c, 1]) else p.b
    low = p.c if rest[p.c, 1] < rest[low, 1] else low
    far, along = 0.0, 0.0
    for axis in range(3):
        run = np.float64(places[high, axis] - places[low, axis])
        far += run**2
        along += run * half[axis]
    return math.sqrt(max(1 - (along / (math.sqrt(far) + 1e-9)) ** 2, 0.0))


@njit(cache=True)
def face_camera(n, both_sides):
    """Make a normal a unit vector; a sheet that is seen from both sides turns it."""
    length = math.sqrt(dot(n, n))
    if length > 0:
        for axis in range(3):
            n[axis] /= length
    if both_sides and n[2] < 0:
        for axis in range(3):
            n[axis] *= -1


@njit(cache=True)
def shade(raster, open_sky, figure, view, look, light, background):
    """Colour every pixel: albedo times light, and a highlight (Blinn and Phong).

    Parameters
    ----------
    raster : Raster
    open_sky : ndarray, float32, (side, side)
        From `raster.ambient_occlusion`.
    figure : Figure
    view : View
    look : Look
    light : Light
    background : ndarray, float32, (side, side, 3)
        Linear RGB.

    Returns
    -------
    image : ndarray, float32, (side, side, 3)
        Linear RGB.
    lit_skin : float
        Mean luminance of the skin of the face, for the exposure.
    """
    image = background.copy()
    half = light.toward + np.array([0.0, 0.0, 1.0], np.float32)
    half /= math.sqrt((half**2).sum())
    paint, n = np.zeros(3), np.zeros(3)
    lit_sum, lit_count = 0.0, 0
    for row in range(len(image)):
        for column in range(len(image)):
            k = raster.triangle[row, column]
            if k < 0:
                continue
            material = figure.materials[k]
            u, v = raster.bary[row, column, 0], raster.bary[row, column, 1]
            p = point_in(figure.triangles, k, u, v, figure.rest)
            for axis in range(3):
                n[axis] = between(view.normals, axis, p)
            finish = paint_point(paint, n, p, material, figure, view, look)
            face_camera(n, material >= HAIR)

            facing = dot(n, light.toward)
            px, py = between(view.places, 0, p), between(view.places, 1, p)
            lit = visibility(px, py, raster.depth[row, column], facing, light)
            lit = max(lit, finish.glow)
            sky = open_sky[row, column]
            sky = math.sqrt(sky) if finish.glow > 0 else sky
            key = lit * light.contrast * 1.5 * (0.45 + 0.55 * sky)
            fill = (0.55 + 0.30 * n[1] + 0.15 * n[2]) * (1 - 0.8 * light.contrast) * sky
            edge = max(dot(n, light.back), 0.0) * (light.rim * (1 - max(n[2], 0.0)))
            spec = dot(n, half)
            if material == HAIR:
                spec = strand_highlight(p, figure.rest, view.places, half)
            spec = max(spec, 0.0) ** finish.gloss
            spec = finish.shine * lit * (0.3 + light.contrast) * spec * sky
            for ch in range(3):
                # light wraps around skin, and most of all red light
                soft = material == SKIN or material == HAND
                wrap = (0.26, 0.16, 0.12)[ch] if soft else 0.1
                turned = max((facing + wrap) / (1 + wrap), 0.0)
                arriving = key * turned + fill + edge
                image[row, column, ch] = paint[ch] * arriving * finish.cavity + spec
            if material == SKIN and p.z > 1.0:
                lit_sum += image[row, column, 1]
                lit_count += 1
    return image, lit_sum / max(lit_count, 1)
