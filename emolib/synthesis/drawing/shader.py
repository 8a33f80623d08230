"""From pixels to light: what a surface is painted with, and which light reaches it.

`shade` visits every pixel and reads what is known of it. Small functions of numbers do
the rest: one for each material (`skin`, `hair`, `eye`, `lens`, ...) says what colour it
has and how it shines, `light_on`, `visibility` and `highlight` say how much light it
gets and reflects. Compiled by numba.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from emolib.synthesis.drawing import mesh
from emolib.synthesis.drawing.paint import ScalpGrowth, above_hairline, texel
from emolib.synthesis.people.identity import Colour
from emolib.synthesis.people.shape import PUPIL_X, PUPIL_Y

#: Half the side of the shadow map, decimetres, and its side in texels.
SHADOW_REACH = 1.25
SHADOW_SIZE = 112

#: Compiles a small function into `shade`: a call at each pixel would cost time.
piece = njit(cache=True, forceinline=True)


class Vector(NamedTuple):
    """A direction in camera coordinates: x right, y up, z towards the camera."""

    x: float
    y: float
    z: float


class View(NamedTuple):
    """A figure as the camera sees it: decimetres from the middle of the eyes."""

    places: np.ndarray  #: float32, (n, 3), camera coordinates of the vertices
    normals: np.ndarray  #: float32, (n, 3), unit normals of the vertices
    across: Vector  #: the head's own x
    up: Vector  #: the head's own y


class SkinMaps(NamedTuple):
    """What is painted on a person's skin, see `paint.skin_maps` and `fold_relief`."""

    albedo: np.ndarray  #: float32, (240, 192, 3), linear RGB
    pores: np.ndarray  #: float32, (240, 192), relief of pores and stubble
    folds: np.ndarray  #: float32, (240, 192, 3), depth and slopes of the folds


class Look(NamedTuple):
    """Numbers about a person's surface, float32, mostly those of `Identity`."""

    oiliness: float  #: strength of the highlights, 0 to 1
    iris: float  #: its darkness, 0 to 1
    lips: float  #: their redness, 0 to 1
    hair: Colour
    growth: ScalpGrowth


class Light(NamedTuple):
    """The light of a scene: unit vectors, and the strengths of `Scene`, float32."""

    toward: Vector  #: to the key light
    back: Vector  #: to the light behind the head
    half: Vector  #: half-way between the key light and the camera
    contrast: float  #: of the key light, 0 to 1
    rim: float  #: of the light behind the head, 0 to 5


class Shadow(NamedTuple):
    """A shadow map: what the key light sees."""

    depth: np.ndarray  #: float32, (112, 112), nearest depth
    axes: np.ndarray  #: float32, (3, 3), the light's own axes, camera coordinates


class Weights(NamedTuple):
    """Barycentric weights of a triangle's three corners; they sum to 1."""

    u: float
    v: float
    w: float


class Paint(NamedTuple):
    """What a surface is painted with at one point: linear RGB, and how it shines."""

    red: float
    green: float
    blue: float
    shine: float  #: strength of the highlight
    gloss: float  #: exponent of the highlight: the larger, the narrower
    cavity: float  #: share of the light that gets into the mouth, 0 to 1
    glow: float  #: share of the key light that arrives in any shadow, 0 to 1


@piece
def between(at, first, second, third):
    """Return the value at a point of a triangle whose corners have the given ones."""
    return at.u * first + at.v * second + at.w * third


@piece
def mix(first, second, share):
    """Return `first` at share 0, `second` at share 1."""
    return first * (1 - share) + second * share


@piece
def dot(first, second):
    """Return the scalar product of two vectors."""
    return first.x * second.x + first.y * second.y + first.z * second.z


@piece
def noise_at(noise, x, y):
    """Return a noise tile (n, n) at a place between its texels; it repeats."""
    n = noise.shape[0]
    column, row = math.floor(x), math.floor(y)
    fx, fy = x - column, y - row
    c0, r0 = int(column) % n, int(row) % n
    c1, r1 = (c0 + 1) % n, (r0 + 1) % n
    upper = noise[r0, c0] * (1 - fx) + noise[r0, c1] * fx
    lower = noise[r1, c0] * (1 - fx) + noise[r1, c1] * fx
    return upper * (1 - fy) + lower * fy


# ---------------------------------------------------------------- materials


@piece
def skin(pigment, lip, mouth, fold, strand, covered, look):
    """Paint skin with its pigment, and what is on it.

    `lip` and `mouth` are the masks of the lips and of the inside of the mouth, `fold`
    the depth of a fold, `strand` the noise of the hair and `covered` the share of the
    skin that hair covers.
    """
    lip = min(max(1.5 * lip - 0.2, 0.0), 1.0) * look.lips
    wet = min(max(2.0 * mouth - 0.6, 0.0), 1.0)
    dark = math.exp(-0.42 * fold) if fold > 0 else 1.0
    red = mix(pigment.red * (1 - 0.22 * lip), 0.10, wet) * dark
    green = mix(pigment.green * (1 - 0.55 * lip), 0.022, wet) * dark
    blue = mix(pigment.blue * (1 - 0.48 * lip), 0.02, wet) * dark
    shine, gloss = 0.04 + 0.10 * look.oiliness + 0.10 * lip, 14.0
    if covered > 0:
        stubble = 1 + 0.3 * strand
        red = mix(red, max(0.7 * look.hair.red * stubble, 0.003), covered)
        green = mix(green, max(0.7 * look.hair.green * stubble, 0.003), covered)
        blue = mix(blue, max(0.7 * look.hair.blue * stubble, 0.003), covered)
        shine, gloss = mix(shine, 0.02, covered), 8.0
    cavity = 1 - 0.85 * wet
    return Paint(red, green, blue, shine, gloss, cavity, glow=0.0)


@piece
def hairline(above, strand, density):
    """Return the share of skin under hair, `above` decimetres above the hairline.

    The hairline is frayed: single strands reach beyond it.
    """
    edge = above + 0.05 * strand
    return min(max(edge / 0.09 + 0.15, 0.0), 1.0) * density


@piece
def lean(n, slope_x, across, slope_y, up):
    """Return a normal that leans as the relief of the skin slopes."""
    return Vector(
        n.x - (across.x * slope_x + up.x * slope_y),
        n.y - (across.y * slope_x + up.y * slope_y),
        n.z - (across.z * slope_x + up.z * slope_y),
    )


@piece
def hand(pigment, own, look):
    """Paint a hand: skin times its own factors for nails, knuckles and gaps."""
    red, green = pigment.red * own.red, pigment.green * own.green
    blue, shine = pigment.blue * own.blue, 0.04 + 0.10 * look.oiliness
    return Paint(red, green, blue, shine, gloss=14.0, cavity=1.0, glow=0.0)


@piece
def hair(own, strand, edge, look):
    """Paint a lock: strands in the hair's colour times its own, dark at its edges.

    `strand` is noise that runs along the lock, `edge` -1 to 1 across it.
    """
    tint = (1 + 0.30 * strand) * (1 - 0.30 * edge * edge)
    red = max(look.hair.red * own.red * tint, 0.003)
    green = max(look.hair.green * own.green * tint, 0.003)
    blue = max(look.hair.blue * own.blue * tint, 0.003)
    shine = (0.012 + 0.06 * look.hair.red) * max(1 + 0.6 * strand, 0.0)
    return Paint(red, green, blue, shine, gloss=24.0, cavity=1.0, glow=0.0)


@piece
def eye(x, y, iris):
    """Paint an eyeball at a resting place: white, iris and pupil, under the lid."""
    radius = math.hypot(x - (PUPIL_X if x > 0 else -PUPIL_X), y - PUPIL_Y)
    lid = min(max((y - 7.30) / 0.06, 0.0), 1.0)
    white = (1 - 0.45 * lid) * (1 - 1.6 * max(radius - 0.07, 0.0))
    light = (0.30 - 0.27 * iris) * (0.55 + 6 * max(radius - 0.03, 0.0)) * white
    inside = min(max((0.066 - radius) / 0.010, 0.0), 1.0)
    pupil = min(max((0.031 - radius) / 0.008, 0.0), 1.0)
    red = mix(mix(0.42 * white, light * (0.7 + 0.3 * iris), inside), 0.008, pupil)
    green = mix(mix(0.38 * white, light * (0.9 - 0.3 * iris), inside), 0.008, pupil)
    blue = mix(mix(0.36 * white, light * (1.1 - 0.8 * iris), inside), 0.008, pupil)
    return Paint(red, green, blue, shine=0.5, gloss=120.0, cavity=1.0, glow=0.0)


@piece
def teeth(z):
    """Paint enamel, darker the farther back in the mouth; it lets light through."""
    cavity = min(max(1.0 - 2.0 * (1.45 - z), 0.12), 1.0)
    return Paint(0.56, 0.52, 0.45, shine=0.10, gloss=30.0, cavity=cavity, glow=0.5)


@piece
def tongue(z):
    """Paint the tongue, darker the farther back in the mouth."""
    cavity = min(max((z - 0.8) / 0.9, 0.08), 0.45)
    return Paint(0.30, 0.09, 0.08, shine=0.06, gloss=20.0, cavity=cavity, glow=0.0)


@piece
def solid(own, factor, shine, gloss):
    """Paint a surface with its own colour times a factor: cloth, frames, lashes."""
    red, green, blue = factor * own.red, factor * own.green, factor * own.blue
    return Paint(red, green, blue, shine, gloss, cavity=1.0, glow=0.0)


@piece
def lens(own, y):
    """Paint dark glass: its own colour, and more of the sky in it further up."""
    glare = 0.008 + 0.03 * min(max((y - 7.1) / 0.35, 0.0), 1.0)
    red, green, blue = glare + own.red, glare + own.green, glare + own.blue
    return Paint(red, green, blue, shine=0.15, gloss=60.0, cavity=1.0, glow=0.0)


# ---------------------------------------------------------------- light


@piece
def unit(n, both_sides):
    """Return a normal as a unit vector; sheets seen from both sides face the camera."""
    length = math.sqrt(dot(n, n))
    if length > 0:
        n = Vector(n.x / length, n.y / length, n.z / length)
    if both_sides and n.z < 0:
        n = Vector(-n.x, -n.y, -n.z)
    return n


@piece
def visibility(x, y, z, facing, depth, axes):
    """Return the share of the key light that reaches a place, 0 to 1.

    Nine neighbours in the shadow map vote (percentage-closer filtering; Reeves,
    Salesin and Cook, 1987). Grazing light gets more slack, so that a surface does not
    shadow itself.
    """
    slack = 0.035 + 0.09 * (1 - max(facing, 0.0))
    size = depth.shape[0]
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
                gap = depth[row, column] - sz - slack
                free += 1 - min(max(gap / 0.04, 0.0), 1.0)
            else:
                free += 1
    return free / 9


@piece
def light_on(n, facing, lit, sky, soft, light):
    """Return the light that a surface with the normal `n` gets, a `Colour`.

    `facing` is the cosine of the angle to the key light, `lit` the share of it that
    arrives and `sky` the open share of the sky, 0 to 1. Light wraps around soft
    surfaces such as skin, red light most of all.
    """
    key = lit * light.contrast * 1.5 * (0.45 + 0.55 * sky)
    fill = (0.55 + 0.30 * n.y + 0.15 * n.z) * (1 - 0.8 * light.contrast) * sky
    edge = max(dot(n, light.back), 0.0) * (light.rim * (1 - max(n.z, 0.0)))
    red = key * wrapped(facing, 0.26 if soft else 0.1) + fill + edge
    green = key * wrapped(facing, 0.16 if soft else 0.1) + fill + edge
    blue = key * wrapped(facing, 0.12 if soft else 0.1) + fill + edge
    return Colour(red, green, blue)


@piece
def wrapped(facing, wrap):
    """Return the cosine law of Lambert, for light that reaches around by `wrap`."""
    return max((facing + wrap) / (1 + wrap), 0.0)


@piece
def crossing(run, half):
    """Return how squarely a strand that runs along `run` crosses the light, 0 to 1.

    A cylinder shines where it does (Kajiya and Kay, 1989).
    """
    along = dot(run, half) / (math.sqrt(dot(run, run)) + 1e-9)
    return math.sqrt(max(1 - along**2, 0.0))


@piece
def ends(a, b, c, along_a, along_b, along_c):
    """Return the corners of a triangle nearest to and farthest from the hair's root."""
    low, lowest = (a, along_a) if along_a <= min(along_b, along_c) else (b, along_b)
    high, highest = (a, along_a) if along_a >= max(along_b, along_c) else (b, along_b)
    return c if along_c < lowest else low, c if along_c > highest else high


@piece
def highlight(paint, cosine, lit, sky, light):
    """Return the highlight (Blinn, 1977).

    `cosine` is that of the angle between the normal and `Light.half`.
    """
    strength = paint.shine * lit * (0.3 + light.contrast)
    return strength * max(cosine, 0.0) ** paint.gloss * sky


# ---------------------------------------------------------------- pixels


@njit(cache=True)
def shade(raster, open_sky, figure, view, maps, noise, look, light, shadow, background):
    """Colour every pixel: albedo times light, and a highlight.

    Parameters
    ----------
    raster, figure, view, maps, look, light, shadow
        One of `Raster`, `Figure`, `View`, `SkinMaps`, `Look`, `Light`, `Shadow` each.
    open_sky : ndarray, float32, (side, side)
        From `raster.ambient_occlusion`.
    noise : ndarray, float32, (128, 128)
        From `paint.noise_tile`; strands of hair are made of it.
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
    # arrays are taken out once: in the loop each visit to a tuple would cost time
    triangle, bary, depth = raster
    triangles, materials, colours = figure.triangles, figure.materials, figure.colours
    rest, masks, places, normals = figure.rest, figure.masks, view.places, view.normals
    albedo, pores, folds = maps
    shadow_depth, axes = shadow
    rows, columns = pores.shape
    lit_sum, lit_count = 0.0, 0
    for row in range(len(image)):
        for column in range(len(image)):
            k = triangle[row, column]
            if k < 0:
                continue
            a, b, c = triangles[k, 0], triangles[k, 1], triangles[k, 2]
            u, v = bary[row, column, 0], bary[row, column, 1]
            at = Weights(u, v, 1 - u - v)
            x = between(at, rest[a, 0], rest[b, 0], rest[c, 0])
            y = between(at, rest[a, 1], rest[b, 1], rest[c, 1])
            z = between(at, rest[a, 2], rest[b, 2], rest[c, 2])
            n = Vector(
                between(at, normals[a, 0], normals[b, 0], normals[c, 0]),
                between(at, normals[a, 1], normals[b, 1], normals[c, 1]),
                between(at, normals[a, 2], normals[b, 2], normals[c, 2]),
            )
            own = Colour(
                between(at, colours[a, 0], colours[b, 0], colours[c, 0]),
                between(at, colours[a, 1], colours[b, 1], colours[c, 1]),
                between(at, colours[a, 2], colours[b, 2], colours[c, 2]),
            )
            i, j = texel(x, y)
            material, sky, strands = materials[k], open_sky[row, column], 0.0
            if material == mesh.HAND:  # the skin of the forehead, without its lines
                i, j = 70 + int(y * 97) % 9, 90 + int(x * 89) % 13
            pigment = Colour(albedo[i, j, 0], albedo[i, j, 1], albedo[i, j, 2])

            if material == mesh.SKIN:
                lip = between(at, masks[a, 0], masks[b, 0], masks[c, 0])
                mouth = between(at, masks[a, 1], masks[b, 1], masks[c, 1])
                fold = 0.0
                if 1 <= i < rows - 1 and 1 <= j < columns - 1 and z > 0.6:
                    fold += folds[i, j, 0]
                    right = pores[i, j + 1] - pores[i, j - 1]
                    upwards = pores[i - 1, j] - pores[i + 1, j]
                    slope_x = -1.1 * folds[i, j, 1] + 0.02 * right
                    slope_y = -1.1 * folds[i, j, 2] + 0.02 * upwards
                    n = lean(n, slope_x, view.across, slope_y, view.up)
                strand, covered = 0.0, 0.0
                above = above_hairline(x, y, z, look.growth)
                if above > -0.3:  # no strand reaches further down
                    strand = noise_at(noise, x * 70 + z * 15, y * 6 + z * 18)
                    covered = hairline(above, strand, look.growth.density)
                    n = Vector(n.x + 0.10 * strand * covered, n.y, n.z)
                paint = skin(pigment, lip, mouth, fold, strand, covered, look)
            elif material == mesh.HAND:
                paint = hand(pigment, own, look)
            elif material == mesh.LASH:
                paint = solid(pigment, 0.12, shine=0.0, gloss=14.0)
            elif material == mesh.HAIR:  # x runs across the lock, y along it
                paint = hair(own, noise_at(noise, x * 110, y * 5), z, look)
                low, high = ends(a, b, c, rest[a, 1], rest[b, 1], rest[c, 1])
                run = Vector(
                    np.float64(places[high, 0] - places[low, 0]),
                    np.float64(places[high, 1] - places[low, 1]),
                    np.float64(places[high, 2] - places[low, 2]),
                )
                strands = crossing(run, light.half)
            elif material == mesh.EYE:
                paint = eye(x, y, look.iris)
            elif material == mesh.TEETH:
                paint, sky = teeth(z), math.sqrt(sky)
            elif material == mesh.TONGUE:
                paint = tongue(z)
            elif material in (mesh.CLOTH, mesh.FABRIC):
                weave = 1 + 0.05 * math.sin(y * 95)
                paint = solid(own, weave, shine=0.0, gloss=20.0)
            elif material == mesh.FRAME:  # one colour a corner: tortoiseshell has edges
                corner = Colour(colours[a, 0], colours[a, 1], colours[a, 2])
                paint = solid(corner, 1.0, shine=0.25, gloss=30.0)
            else:
                paint = lens(own, y)

            n = unit(n, material >= mesh.HAIR)
            px = between(at, places[a, 0], places[b, 0], places[c, 0])
            py = between(at, places[a, 1], places[b, 1], places[c, 1])
            pz = depth[row, column]
            facing = dot(n, light.toward)
            lit = visibility(px, py, pz, facing, shadow_depth, axes)
            lit = max(lit, paint.glow)
            soft = material in (mesh.SKIN, mesh.HAND)
            arriving = light_on(n, facing, lit, sky, soft, light)
            cosine = strands if material == mesh.HAIR else dot(n, light.half)
            spec = highlight(paint, cosine, lit, sky, light)
            image[row, column, 0] = paint.red * arriving.red * paint.cavity + spec
            image[row, column, 1] = paint.green * arriving.green * paint.cavity + spec
            image[row, column, 2] = paint.blue * arriving.blue * paint.cavity + spec
            if material == mesh.SKIN and z > 1.0:
                lit_sum += image[row, column, 1]
                lit_count += 1
    return image, lit_sum / max(lit_count, 1)
