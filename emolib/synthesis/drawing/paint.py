"""What is painted on: the skin's colour, brows, beard, hairline and folds, and cloth.

All maps of the skin share one frontal projection of the *rest* mesh, one texel a
millimetre. Each vertex carries its rest position along, so paint moves with the skin.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter

from emolib.synthesis.people.identity import Brow, Identity

#: Map geometry: left edge, top edge (decimetres), texels per decimetre, shape.
LEFT, TOP, TEXELS = -0.96, 8.40, 100
SHAPE = (240, 192)

_Y, _X = np.meshgrid(
    TOP - (np.arange(SHAPE[0]) + 0.5) / TEXELS,
    LEFT + (np.arange(SHAPE[1]) + 0.5) / TEXELS,
    indexing="ij",
)


@njit(cache=True, forceinline=True)
def texel(x, y):
    """Return row and column of a rest position in the maps of the skin."""
    row = min(max(int((TOP - y) * TEXELS), 0), SHAPE[0] - 1)
    return row, min(max(int((x - LEFT) * TEXELS), 0), SHAPE[1] - 1)


def _distance(points: tuple[tuple[float, float], ...]) -> tuple[np.ndarray, np.ndarray]:
    """Distance of each texel to a polyline, and where along it (0 to 1)."""
    corners = np.asarray(points, float)
    nearest = np.full(SHAPE, np.inf)
    along = np.zeros(SHAPE)
    count = len(corners) - 1
    for k, (start, end) in enumerate(pairwise(corners)):
        step = end - start
        t = ((_X - start[0]) * step[0] + (_Y - start[1]) * step[1]) / (step @ step)
        t = np.clip(t, 0, 1)
        gap = np.hypot(_X - start[0] - t * step[0], _Y - start[1] - t * step[1])
        closer = gap < nearest
        nearest = np.where(closer, gap, nearest)
        along = np.where(closer, (k + t) / count, along)
    return nearest, along


@dataclass(frozen=True)
class Fold:
    """A crease of the skin, drawn on the person's left and mirrored.

    Attributes
    ----------
    lines : tuple of polylines
        Where the crease runs, rest coordinates (x, y) in decimetres.
    width : float
        Half width of the groove in decimetres.
    units : dict of str to float
        Action unit without side -> how deep weight 1 makes the crease.
    age : float
        Depth at 70 years without any action unit.
    """

    lines: tuple[tuple[tuple[float, float], ...], ...]
    width: float
    units: dict[str, float]
    age: float


#: The creases that FACS describes for the units (nasolabial furrow for 9, 10 and 12,
#: glabella for 4, forehead for 1 and 2, crow's feet for 6, chin boss for 17).
FOLDS: dict[str, Fold] = {
    "nasolabial": Fold(
        (((0.185, 6.93), (0.25, 6.83), (0.31, 6.70), (0.335, 6.57)),), 0.028,
        {"mouthSmile": 0.9, "noseSneer": 0.6, "mouthUpperUp": 0.6, "cheekSquint": 0.3},
        0.55,
    ),
    "glabella": Fold(
        (((0.045, 7.36), (0.055, 7.44), (0.05, 7.52)),), 0.022, {"browDown": 0.55}, 0.2
    ),
    "inner forehead": Fold(
        (((0.0, 7.66), (0.2, 7.68)), ((0.0, 7.75), (0.22, 7.76)),
         ((0.0, 7.84), (0.2, 7.84))), 0.02, {"browInnerUp": 0.5}, 0.28,
    ),
    "outer forehead": Fold(
        (((0.2, 7.67), (0.46, 7.60)), ((0.2, 7.76), (0.46, 7.69)),
         ((0.2, 7.85), (0.42, 7.79))), 0.02, {"browOuterUp": 0.5}, 0.25,
    ),
    "nose root": Fold(
        (((0.0, 7.34), (0.10, 7.31)), ((0.03, 7.22), (0.13, 7.17)),
         ((0.06, 7.13), (0.15, 7.06))), 0.02, {"noseSneer": 0.7}, 0.05,
    ),
    "crow's feet": Fold(
        (((0.50, 7.31), (0.60, 7.36)), ((0.51, 7.27), (0.62, 7.27)),
         ((0.50, 7.23), (0.60, 7.18))), 0.016,
        {"cheekSquint": 0.5, "mouthSmile": 0.2, "eyeSquint": 0.2}, 0.3,
    ),
    "lower lid": Fold(
        (((0.17, 7.20), (0.28, 7.14), (0.42, 7.16)),), 0.022,
        {"cheekSquint": 0.5, "eyeSquint": 0.4}, 0.4,
    ),
    "mouth corner": Fold(
        (((0.30, 6.60), (0.33, 6.52), (0.335, 6.42)),), 0.022,
        {"mouthFrown": 0.7, "mouthShrugLower": 0.15, "mouthPress": 0.3}, 0.35,
    ),
    "cheek": Fold(
        (((0.42, 6.72), (0.45, 6.58), (0.43, 6.45)),), 0.03,
        {"mouthStretch": 0.5, "mouthSmile": 0.15}, 0.1,
    ),
    "chin boss": Fold(
        (((0.0, 6.43), (0.12, 6.40), (0.19, 6.33)), ((0.05, 6.33), (0.06, 6.29))),
        0.032, {"mouthShrugLower": 0.35}, 0.1,
    ),
}  # fmt: skip


@cache
def fold_grooves() -> tuple[tuple[str, ...], np.ndarray]:
    """Return names and grooves (2 * len(FOLDS), 240, 192) float32, 0 to 1.

    Each fold is there twice, for the person's left and right side.
    """
    names, maps = [], []
    for name, fold in FOLDS.items():
        groove = np.zeros(SHAPE)
        for line in fold.lines:
            gap, along = _distance(line)
            taper = np.sin(np.pi * (0.15 + 0.7 * along))
            groove = np.maximum(groove, taper * np.exp(-((gap / fold.width) ** 2)))
        names += [f"{name} left", f"{name} right"]
        maps += [groove, groove[:, ::-1]]
    return tuple(names), np.stack(maps).astype(np.float32)


def fold_depths(weights: dict[str, float], age: float) -> np.ndarray:
    """Return how deep each groove of `fold_grooves` is, float32, 0 to about 1.5.

    Parameters
    ----------
    weights : dict of str to float
        Full action unit name -> weight.
    age : float
        Years; older skin folds at rest, and more.
    """
    wear = min(max((age - 25) / 45, 0), 1)
    depths = []
    for fold in FOLDS.values():
        for side in ("Left", "Right"):
            depth = fold.age * wear
            for unit, gain in fold.units.items():
                weight = weights.get(unit + side, weights.get(unit, 0.0))
                depth += gain * weight * (0.75 + 0.5 * wear)
            depths.append(min(depth, 1.5))
    return np.array(depths, np.float32)


def fold_relief(weights: dict[str, float], age: float) -> np.ndarray:
    """Return the grooves that an expression and age press into the skin.

    Parameters are those of `fold_depths`.

    Returns
    -------
    ndarray, float32, (240, 192, 3)
        Depth of the skin below its surface, 0 to about 1.5, and the change of depth to
        the right and upwards.
    """
    return _groove_relief(fold_grooves()[1], _groove_rows(), fold_depths(weights, age))


@cache
def _groove_rows() -> np.ndarray:
    """First row and end row (2 * folds, 2) of the part of each groove that counts."""
    used = (fold_grooves()[1] > 1e-4).any(axis=2)
    first = used.argmax(axis=1)
    return np.stack([first, used.shape[1] - used[:, ::-1].argmax(axis=1)], axis=1)


@njit(cache=True)
def _groove_relief(grooves, rows, depths):
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


#: Side of the sheets of noise that people's skins are cut from, texels.
_CLOTH = 512


@cache
def _skin_noise(sigma: float) -> np.ndarray:
    """Return a seamless sheet (512, 512) of noise, standard deviation 1."""
    rng = np.random.default_rng([int(10 * sigma), 21])
    field = gaussian_filter(rng.normal(size=(_CLOTH, _CLOTH)), sigma, mode="wrap")
    return (field / field.std()).astype(np.float32)


@cache
def noise_tile() -> np.ndarray:
    """Return smooth noise around 0, (128, 128) float32, that repeats seamlessly."""
    field = np.random.default_rng(6).normal(size=(128, 128))
    field = gaussian_filter(field, 1.0, mode="wrap")
    return (field / field.std()).astype(np.float32)


class Pigments(NamedTuple):
    """What colours a person's skin, float32 or float64, (240, 192) each."""

    melanin: np.ndarray  #: more or less than the person's tone has
    spots: np.ndarray  #: melanin of spots; dark skin shows less of it
    blood: np.ndarray  #: more or less than usual
    cover: np.ndarray  #: share of the skin that brows and beard cover, 0 to 1
    relief: np.ndarray  #: height of pores and stubble, arbitrary units around 0


def skin_pigments(identity: Identity) -> Pigments:
    """Draw what a person's skin is coloured with; `skin_maps` makes colours of it."""
    rng = np.random.default_rng([identity.seed, 3])

    def noise(sigma):
        top, left = rng.integers(_CLOTH, size=2)
        field = np.roll(_skin_noise(sigma), (top, left), (0, 1))
        return field[: SHAPE[0], : SHAPE[1]][:: rng.choice([-1, 1])]

    # melanin and haemoglobin vary at several scales
    melanin = 0.035 * noise(9) + 0.03 * noise(3) + 0.02 * noise(1)
    blood = 0.05 * noise(14) + 0.03 * noise(4)
    blush = (identity.redness - 0.3) * np.maximum(
        np.exp(-((np.abs(_X) - 0.40) ** 2 + (_Y - 6.95) ** 2) / 0.035),
        np.exp(-(_X**2 + (_Y - 6.92) ** 2) / 0.01),
    )
    blood = blood + 0.35 * blush
    # the hollow under the eyes is darker
    melanin += 0.10 * np.exp(
        -((np.abs(_X) - 0.29) ** 2) / 0.02 - (_Y - 7.17) ** 2 / 0.006
    )
    spots = noise(1.2) > 2.6 - 0.5 * min(max((identity.age - 30) / 40, 0), 1)
    spots = 0.25 * gaussian_filter(spots.astype(float), 0.7)

    cover = _brows(identity, rng)
    relief = 0.35 * noise(1)
    beard = beard_region(identity.beard) * identity.beard_density
    if identity.beard != "none":
        beard = beard * np.clip(0.9 + 0.25 * noise(0.6) + 0.15 * noise(3), 0, 1.3)
        depth = 0.38 if identity.beard == "stubble" else 0.95
        cover = np.maximum(cover, np.clip(depth * beard, 0, 0.92))
        relief = relief + beard * noise(0.8)
    return Pigments(melanin, spots, blood, np.clip(cover, 0, 1), relief)


@lru_cache(maxsize=256)
def skin_maps(identity: Identity) -> tuple[np.ndarray, np.ndarray]:
    """Paint one person's skin.

    Returns
    -------
    albedo : ndarray, float32, (240, 192, 3), read-only
        Linear RGB reflectance, 0 to 1.
    height : ndarray, float32, (240, 192), read-only
        Relief of pores and stubble, arbitrary units around 0.
    """
    melanin, spots, blood, cover, relief = skin_pigments(identity)
    melanin += spots * (1 - identity.skin_tone)  # stays float32
    absorbed = melanin[..., None] * np.array([0.8, 1.0, 1.1])
    absorbed += blood[..., None] * np.array([-0.15, 0.9, 0.7])
    albedo = skin_colour(identity) * np.ones(3) * np.exp(-absorbed)
    cover = cover[..., None]
    albedo = albedo * (1 - cover) + brow_colour(identity) * cover
    maps = albedo.astype(np.float32), relief.astype(np.float32)
    for each in maps:
        each.setflags(write=False)
    return maps


def skin_colour(identity: Identity) -> np.ndarray:
    """Return the linear RGB reflectance (3,) of a person's skin where it is plain."""
    light = np.array([0.78, 0.52, 0.40])
    dark = np.array([0.10, 0.052, 0.034])
    return light ** (1 - identity.skin_tone) * dark**identity.skin_tone


def brow_colour(identity: Identity) -> np.ndarray:
    """Return the linear RGB reflectance (3,) of a person's brows and beard.

    They keep their own colour, darker and less grey than the head's.
    """
    hair = 0.62 * _natural_colour(identity, 0.75 * identity.hair_grey)
    return hair * (1 - identity.hair_grey * np.array([0.10, 0.22, 0.34]))


def hair_colour(identity: Identity) -> np.ndarray:
    """Return the linear RGB reflectance (3,) of the hair on a person's head."""
    if identity.hair_dye is not None:
        return np.array(identity.hair_dye)
    return _natural_colour(identity, identity.hair_grey)


def _natural_colour(identity: Identity, grey: float) -> np.ndarray:
    blond, black = np.array([0.40, 0.26, 0.12]), np.array([0.012, 0.010, 0.009])
    pigment = blond ** (1 - identity.hair_tone) * black**identity.hair_tone
    red = np.array([0.24, 0.070, 0.022]) * (1 - 0.75 * identity.hair_tone)
    pigment = pigment * (1 - identity.hair_red) + red * identity.hair_red
    return pigment * (1 - grey) + np.array([0.42, 0.39, 0.36]) * grey


def brow_line(brow: Brow) -> np.ndarray:
    """Return the middle line (4, 2) of the left brow at rest, inner end first.

    Rest coordinates in decimetres. On average the brow is nearly level, its inner end
    2.5 mm below the peak: lower inner ends read as anger.
    """
    lift, tilt, inner = 0.022 * brow.height, 0.006 * brow.slope, 0.10 + 0.012 * brow.gap
    return np.array(
        [
            (inner, 7.455 + lift - tilt),
            (0.22, 7.472 + lift - 0.5 * tilt),
            (0.37, 7.480 + lift + 0.026 * brow.arch),
            (0.53, 7.442 + lift + 0.5 * tilt - 0.008 * brow.arch),
        ]
    )


def _brows(identity: Identity, rng: np.random.Generator) -> np.ndarray:
    brow = identity.brow
    corners = brow_line(brow)
    smooth = CubicSpline(np.arange(4), corners)(np.linspace(0, 3, 7))
    left, up = _distance(tuple(map(tuple, smooth)))
    cover = np.zeros(SHAPE)
    band = slice(70, 116)  # y from 7.7 to 7.24: no brow leaves these rows
    for side in (1, -1):
        gap, along = left[band, ::side], up[band, ::side]  # the map is symmetric
        half = (0.022 + 0.026 * brow.thickness) * np.interp(
            along, [0, 0.15, 0.6, 1], [0.75, 1, 0.8, 0.22]
        )
        # hairs stand up at the inner end and lie down towards the tail
        lean = side * np.interp(along, [0, 0.3, 1], [0.25, 1.0, 2.2])
        hairs = _hairs(rng, lean)
        sharp = 2.2 if identity.sex == "female" else 1.5
        body = np.clip(sharp * (1 - gap / half) + 0.35 * hairs, 0, 1)
        body *= np.clip((1.7 - gap / half), 0, 1)
        inner = np.clip(0.35 + along / 0.16, 0, 1)
        tail = np.clip((1.02 - along) / 0.15, 0, 1)
        drawn = body * inner * tail * (0.85 + 0.15 * hairs)
        cover[band] = np.maximum(cover[band], drawn)
    return np.clip(cover, 0, 1) * (0.64 + 0.34 * brow.density)


def _hairs(rng: np.random.Generator, lean: np.ndarray) -> np.ndarray:
    """Noise of the shape of `lean` along hairs that run `lean` across for one up."""
    height, width = lean.shape
    field = rng.normal(size=lean.shape)
    total = np.zeros(lean.shape)
    rows, columns = np.indices(lean.shape)
    run = np.hypot(1, lean)
    for step in range(-3, 4):
        row = np.rint(rows - step / run).astype(int) % height
        column = np.rint(columns + step * lean / run).astype(int) % width
        total += field[row, column]
    return np.clip(total / total.std(), -2, 2)


@cache
def beard_region(kind: str) -> np.ndarray:
    """Where one of `BEARDS` grows, (240, 192), 0 to 1."""
    side = np.abs(_X)
    cheek = 6.60 + 0.85 * np.clip(side - 0.28, 0, None) ** 1.2
    jaw = np.clip((cheek - _Y) / 0.14, 0, 1) * np.clip((7.02 - _Y) / 0.12, 0, 1)
    jaw = jaw * np.clip((_Y - 6.08) / 0.10, 0, 1)  # the throat is shaven
    chin_gap = 1 - 0.7 * np.exp(
        -((_Y - 6.46) ** 2) / 0.0015 - (side - 0.16) ** 2 / 0.01
    )
    lips = np.clip(1.6 - np.hypot(side / 0.27, (_Y - 6.60) / 0.085), 0, 0.5) / 0.5
    full = jaw * chin_gap * (1 - lips)
    moustache = (
        0.95
        * np.exp(-(((_Y - 6.757 + 0.10 * side**2) / 0.042) ** 4))
        * np.clip((0.31 - side) / 0.08, 0, 1)
        * (1 - 0.35 * np.exp(-((side / 0.018) ** 2)))
    )
    corner = np.exp(-(((side - 0.27 - 0.1 * (6.6 - _Y)) / 0.05) ** 2)) * (
        (_Y < 6.75) & (_Y > 6.35)
    )
    chin = np.clip((0.27 - side) / 0.08, 0, 1) * np.clip((6.47 - _Y) / 0.05, 0, 1)
    chin = full * chin
    strap = jaw * np.clip((6.36 + 0.9 * np.clip(side - 0.2, 0, 1) - _Y) / 0.05, 0, 1)
    regions = {
        "none": np.zeros(SHAPE),
        "moustache": moustache,
        "goatee": np.maximum(np.maximum(moustache, chin), 0.9 * corner),
        "chin strap": strap,
    }
    return regions.get(kind, np.maximum(full, moustache))


class ScalpGrowth(NamedTuple):
    """Where hair grows on a scalp: decimetres, float32."""

    middle: float  #: how far the hairline has receded above the forehead
    temples: float  #: how far it has receded there
    crown: float  #: height above which the crown is bare
    sideburns: float  #: how much higher than the middle of the ear they end
    density: float  #: 0 (bald) to 1


def scalp_growth(identity: Identity) -> ScalpGrowth:
    """Return where hair grows on a person's scalp."""
    middle, temples, sideburns = identity.hair_line
    crown, density = 9.5, 1.0
    if identity.hair == "bald":
        density = 0.0
    elif identity.hair == "receding":
        middle, crown = 0.6, 7.78 + identity.hair_volume * 0.25
    elif identity.hair == "buzz":
        density = 0.55 + 0.4 * identity.hair_volume
    return ScalpGrowth(*map(np.float32, (middle, temples, crown, sideburns, density)))


@njit(cache=True)
def above_hairline(x, y, z, growth):
    """Return the signed height of a rest position above a hairline, decimetres."""
    middle, temples, crown, sideburns, _ = growth
    side = abs(x)
    if z > 1.15:  # forehead and temples
        corner = max(1 - ((side - 0.42) / 0.2) ** 2, 0.0)
        line = 7.93 + middle - 0.45 * max(side - 0.28, 0.0) + temples * corner
    elif z > 0.95:
        line = 7.62 + (z - 0.95) * 0.75 + 0.5 * middle
    elif z > 0.68:  # sideburn
        line = 7.05 + sideburns + (z - 0.68) * (0.57 - sideburns) / 0.27
    elif z > 0.55:
        line = 7.38 + (z - 0.55) * (sideburns - 0.33) / 0.13
    elif z > 0.30:  # around the ear
        line = 7.38
    elif z > 0.10:
        line = 6.55 + (z - 0.10) * 4.15
    else:
        line = 6.55
    return min(y - line, crown - y + 0.12 * (0.5 - z))


def cloth_pattern(
    rng: np.random.Generator, x: np.ndarray, y: np.ndarray, base: np.ndarray
) -> np.ndarray:
    """Return cloth colours (..., 3): plain, striped, checked, dotted or mottled.

    Parameters
    ----------
    rng : numpy.random.Generator
    x, y : ndarray, (...)
        Places on the cloth, decimetres.
    base : ndarray, (3,)
        Linear RGB of the ground.
    """
    kind = rng.choice(
        ["plain", "stripes", "bands", "checks", "dots", "mottled"],
        p=[0.45, 0.1, 0.15, 0.1, 0.1, 0.1],
    )
    other = np.exp(rng.uniform(-3.5, -0.3, 3) * 0.5 + rng.uniform(-1.7, -0.1) * 0.5)
    if abs(np.log(other.mean() / base.mean())) < 0.7:
        other = 0.75 - 0.7 * np.clip(base, 0, 1)
    pace = rng.uniform(0.16, 0.32)
    waves_x, waves_y = np.sin(2 * np.pi * x / pace), np.sin(2 * np.pi * y / pace)
    share = {
        "plain": 0 * x,
        "stripes": np.clip(0.5 + 2 * waves_x, 0, 1),
        "bands": np.clip(0.5 + 2 * waves_y, 0, 1),
        "checks": 0.5 * (waves_x > 0) + 0.5 * (waves_y > 0),
        "dots": np.clip(4 * (waves_x * waves_y - 0.55), 0, 1),
        "mottled": np.clip(waves_x * np.sin(9 * y) + np.sin(11 * x + 7 * y), 0, 1),
    }[str(kind)]
    return base + (other - base) * np.asarray(share)[..., None]
