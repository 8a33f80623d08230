"""Things in front of a face: glasses, sunglasses, a mask, a hand.

Each is a small triangle mesh in the coordinates of a normalised head, made from the
person's own geometry. Taught in chapter 2; chapter 8 studies what they do.
"""

import math
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache

import numpy as np
from numba import njit
from scipy.ndimage import gaussian_filter, map_coordinates, maximum_filter

from emolib.synthesis.head import (
    EYES,
    Identity,
    identity_vertices,
    load_head,
    skin_rows,
)
from emolib.synthesis.mesh import CLOTH, FABRIC, FRAME, HAND, LENS, SKIN, Part
from emolib.synthesis.paint import skin_maps
from emolib.synthesis.shader import rasterise

#: The kinds that `make_occluder` builds, in the order of their random streams.
KINDS = ("glasses", "sunglasses", "mask", "hand")
#: Frames of glasses and sunglasses.
FRAMES = ("round", "rectangular", "aviator", "cat-eye", "thin", "acetate")
#: Kinds of mask.
MASKS = ("surgical", "cup", "cloth")
#: What a hand does, and how likely: what people do when they think, yawn or grieve.
HAND_POSES = {
    "mouth": 0.28,
    "cheek": 0.2,
    "chin": 0.16,
    "lips": 0.14,
    "eye": 0.12,
    "temple": 0.1,
}

#: Units that a mask presses flat, by their beginnings.
_UNDER_MASK = ("mouth", "jaw", "tongue", "cheekPuff")


def under_mask(weights: dict[str, float]) -> dict[str, float]:
    """Return the weights with the units of the lower face at rest."""
    return {
        unit: weight
        for unit, weight in weights.items()
        if not unit.startswith(_UNDER_MASK)
    }


@lru_cache(maxsize=512)
def make_occluder(kind: str, identity: Identity, seed: int) -> Part:
    """Build an occluder on a person.

    Parameters
    ----------
    kind : {"glasses", "sunglasses", "mask", "hand"}
    identity : Identity
        Whose face it sits on.
    seed : int
        Chooses shape, colour and place; `frame_shape`, `mask_kind` and `hand_pose`
        say which.

    Raises
    ------
    ValueError
        If `kind` is unknown.
    """
    if kind not in KINDS:
        near = get_close_matches(kind, KINDS, n=1, cutoff=0.4)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"Unknown occluder {kind!r}; expected one of {', '.join(KINDS)}.{hint}"
        )
    rng = np.random.default_rng([seed, 5, KINDS.index(kind)])
    if kind == "mask":
        return _mask(identity, mask_kind(seed), rng)
    if kind == "hand":
        return _hand(identity, hand_pose(seed), rng)
    return _glasses(identity, frame_shape(seed), rng, dark=kind == "sunglasses")


def frame_shape(seed: int) -> str:
    """Return which of `FRAMES` the glasses or sunglasses of a seed have."""
    return FRAMES[np.random.default_rng([seed, 5, 10]).integers(len(FRAMES))]


def mask_kind(seed: int) -> str:
    """Return which of `MASKS` the mask of a seed is."""
    return MASKS[np.random.default_rng([seed, 5, 11]).choice(3, p=[0.5, 0.2, 0.3])]


def hand_pose(seed: int) -> str:
    """Return which of `HAND_POSES` the hand of a seed takes."""
    rng = np.random.default_rng([seed, 5, 12])
    return str(rng.choice(list(HAND_POSES), p=list(HAND_POSES.values())))


class _Builder:
    """Collects meshes of several materials into one `Part`."""

    def __init__(self):
        self.vertices, self.triangles, self.materials, self.colours = [], [], [], []
        self.count = 0

    def add(self, vertices, triangles, material, colours):
        vertices = np.asarray(vertices, float).reshape(-1, 3)
        self.vertices.append(vertices)
        self.triangles.append(np.asarray(triangles) + self.count)
        self.materials.append(np.full(len(triangles), material))
        self.colours.append(np.broadcast_to(colours, vertices.shape))
        self.count += len(vertices)

    def grid(self, points, material, colours, *, closed=False):
        """Add a sheet of points (rows, columns, 3); `closed` joins its sides."""
        rows, columns = points.shape[:2]
        if np.ndim(colours) == 3:
            colours = np.reshape(colours, (-1, 3))
        self.add(points, grid_triangles(rows, columns, closed), material, colours)

    def tube(self, path, radius, material, colour, *, closed=False, segments=6):
        """Add a round tube along a path (n, 3); a radius, or one per point."""
        path = np.asarray(path, float)
        if closed:
            ahead = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0)
        else:
            ahead = np.gradient(path, axis=0)
        ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
        side = np.cross(ahead, [0.05, 0.1, 1.0])
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        up = np.cross(side, ahead)
        angle = np.linspace(0, 2 * np.pi, segments, endpoint=False)[None, :, None]
        reach = np.broadcast_to(radius, len(path))[:, None, None]
        rings = path[:, None] + reach * (
            np.cos(angle) * side[:, None] + np.sin(angle) * up[:, None]
        )
        if closed:
            rings = np.concatenate([rings, rings[:1]])
        self.grid(rings, material, colour, closed=True)

    def part(self) -> Part:
        """Return all that was added."""
        return Part(
            np.concatenate(self.vertices).astype(np.float32),
            np.concatenate(self.triangles).astype(np.int32),
            np.concatenate(self.materials).astype(np.uint8),
            np.clip(np.concatenate(self.colours), 0, 2).astype(np.float32),
        )


def grid_triangles(rows: int, columns: int, closed: bool = False) -> np.ndarray:
    """Triangles (m, 3) of a sheet of rows x columns points."""
    right = columns if closed else columns - 1
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(right), indexing="ij")
    a = row * columns + column
    b = row * columns + (column + 1) % columns
    c, d = a + columns, b + columns
    return np.stack([a, c, b, b, c, d], axis=-1).reshape(-1, 3)


#: Frontal depth map: left and top edge, decimetres; texel; side in texels.
_MAP_LEFT, _MAP_TOP, _MAP_STEP, _MAP_SIDE = -1.4, 8.6, 0.025, 112


@lru_cache(maxsize=256)
def _depth_map(identity: Identity) -> np.ndarray:
    """Depth of the neutral face from the front, (112, 112) decimetres."""
    head = load_head()
    place = identity_vertices(identity)
    pixels = np.stack(
        [
            (place[:, 0] - _MAP_LEFT) / _MAP_STEP,
            (_MAP_TOP - place[:, 1]) / _MAP_STEP,
        ],
        axis=1,
    ).astype(np.float32)
    triangles = head.triangles[head.materials == SKIN]
    one_sided = np.zeros(len(triangles), bool)
    depth = rasterise(
        pixels, np.ascontiguousarray(place[:, 2]), triangles, one_sided, _MAP_SIDE
    )[2]
    return np.maximum(depth.astype(float), -0.6)


def _sample(field: np.ndarray, x, y) -> np.ndarray:
    """Read a field in the geometry of `_depth_map` at places in decimetres."""
    rows = (_MAP_TOP - np.asarray(y, float)) / _MAP_STEP - 0.5
    columns = (np.asarray(x, float) - _MAP_LEFT) / _MAP_STEP - 0.5
    rows, columns = np.broadcast_arrays(rows, columns)
    places = np.stack([rows.ravel(), columns.ravel()])
    found = map_coordinates(field, places, order=1, mode="nearest")
    return found.reshape(rows.shape)


def _place_of(identity: Identity, x: float, y: float) -> np.ndarray:
    """Where (3,) the front of the average face at (x, y) lies on this person."""
    rest = load_head().vertices
    gap = np.hypot(rest[:, 0] - x, rest[:, 1] - y) + 9 * (rest[:, 2] < 0.9)
    gap += 9 * load_head().masks[:, 1]  # not the inside of the mouth
    return identity_vertices(identity)[np.argmin(gap)]


@cache
def _bare_head_rows() -> np.ndarray:
    """The vertices of the skin without the ears."""
    rows = skin_rows()
    return rows[load_head().masks[rows, 3] < 0.1]


def _half_widths(identity: Identity, y: float, z: np.ndarray) -> np.ndarray:
    """Half width of the head, without its ears, at a height and several depths."""
    rows = _bare_head_rows()
    place = identity_vertices(identity)[rows]
    place = place[np.abs(place[:, 1] - y) < 0.12]
    return np.array(
        [
            np.abs(place[np.abs(place[:, 2] - depth) < 0.15, 0]).max(initial=0.6)
            for depth in z
        ]
    )


# ---------------------------------------------------------------- glasses


def _outline(shape: str, rng: np.random.Generator, large: bool):
    """Outline of one lens around its middle: offsets (40,) outwards and upwards."""
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    cos, sin = np.cos(angle), np.sin(angle)
    width, height, power = {
        "round": (0.215, 0.205, 2.0),
        "rectangular": (0.255, 0.155, 4.0),
        "aviator": (0.25, 0.215, 2.4),
        "cat-eye": (0.25, 0.165, 2.5),
        "thin": (0.245, 0.16, 3.0),
        "acetate": (0.25, 0.185, 3.2),
    }[shape]
    width *= rng.uniform(0.94, 1.06) * (1.1 if large else 1)
    height *= rng.uniform(0.92, 1.08) * (1.16 if large else 1)
    out = width * np.sign(cos) * np.abs(cos) ** (2 / power)
    up = height * np.sign(sin) * np.abs(sin) ** (2 / power)
    low = np.clip(-up / height, 0, 1)
    high = np.clip(up / height, 0, 1)
    if shape == "aviator":  # a drop that hangs outwards
        out += 0.05 * low
        out *= 1 - 0.16 * low
        up *= 1 + 0.10 * low
    elif shape == "cat-eye":  # the upper outer corner is swept up
        up += 0.075 * high * np.clip(out / width, 0, 1) ** 1.5
        out += 0.03 * high * np.clip(out / width, 0, 1)
    elif shape == "acetate":
        out *= 1 - 0.08 * low
    return out, up


def _glasses(
    identity: Identity, shape: str, rng: np.random.Generator, *, dark: bool
) -> Part:
    rim = {"round": 0.009, "rectangular": 0.013, "aviator": 0.008, "cat-eye": 0.017,
           "thin": 0.0065, "acetate": 0.023}[shape]  # fmt: skip
    rim *= rng.uniform(0.85, 1.2)
    out, up = _outline(shape, rng, dark)
    centre_x = max(0.335, out.max() + 0.075)
    centre_y = EYES[1] - 0.03 - (0.03 if shape == "aviator" else 0)
    # the lenses stand before all of the face that lies behind them
    relief = maximum_filter(_depth_map(identity), 3)
    lens_x = np.concatenate([centre_x + out * share for share in (0.5, 1.0)])
    lens_y = np.concatenate([centre_y + up * share for share in (0.5, 1.0)])
    behind = np.maximum(
        _sample(relief, lens_x, lens_y), _sample(relief, -lens_x, lens_y)
    )
    bend = 0.30
    front = max(
        float(np.percentile(behind + bend * lens_x**2, 90)) + 0.03,
        float(_sample(relief, 0, centre_y + 0.05)) + 0.03,
    )

    def place(x, y, lift=0.0):
        return np.stack([x, y, front + lift - bend * x**2], axis=-1)

    metal = shape in ("round", "aviator", "thin")
    shades = (
        ((0.35, 0.33, 0.31), (0.42, 0.30, 0.13), (0.03, 0.03, 0.03))
        if metal
        else ((0.01, 0.01, 0.01), (0.09, 0.035, 0.012), (0.16, 0.02, 0.02),
              (0.03, 0.05, 0.14), (0.5, 0.42, 0.33))
    )  # fmt: skip
    weights = np.array([5, 3, 3] if metal else [6, 4, 1, 1, 1], float)
    colour = np.array(shades[rng.choice(len(shades), p=weights / weights.sum())])
    tortoise = not metal and rng.random() < 0.3
    build = _Builder()
    skin = np.median(skin_maps(identity)[0][80:100, 80:110].reshape(-1, 3), axis=0)
    tint = rng.choice([0.0, 0.5, 1.0]) * np.array([0.010, 0.006, 0.003])
    tint = tint + rng.uniform(0.001, 0.012)
    gradient = rng.uniform(0.15, 0.45) if rng.random() < 0.45 else 0.0
    for side in (1, -1):
        ring = place(side * (centre_x + out), centre_y + up)
        # a rounded rim: flat in front, as deep as it is wide
        middle = ring.mean(axis=0)
        away = ring - middle
        away[:, 2] = 0
        away /= np.linalg.norm(away, axis=1, keepdims=True)
        deep = 1.2 * rim
        band = np.full(40, rim)
        if shape == "acetate":  # heavier above
            band *= 1 + 0.5 * np.clip(up / up.max(), 0, 1)
        profile = ((-0.2, -1), (-0.2, 0.4), (0.35, 1), (1.4, 1), (2.0, 0.4), (2.0, -1))
        rows = [
            ring + away * (share * band)[:, None] + np.array([0, 0, lift * deep])
            for share, lift in profile
        ]
        paint = np.tile(colour, (len(profile), 40, 1))
        if tortoise:
            paint *= (0.6 + 2.5 * rng.random((len(profile), 40, 1))) * [1.3, 1, 0.7]
        build.grid(np.stack(rows), FRAME, paint, closed=True)
        if dark:
            discs = np.stack([middle + (ring - middle) * s for s in (0.02, 0.5, 1)])
            discs[:, :, 2] = front - bend * discs[:, :, 0] ** 2
            down = np.clip((centre_y + 0.1 - discs[..., 1]) / 0.3, 0, 1)[..., None]
            build.grid(discs, LENS, tint + gradient * down * skin, closed=True)
        _temple(build, identity, side, place, centre_x, centre_y, out, up, rim, colour)
        if metal:  # nose pads
            pad = place(np.array([side * 0.1]), np.array([centre_y - 0.03]), -0.04)
            rise = np.array([[0, 0.03, 0], [0, -0.03, 0]])
            build.tube(pad + rise, 0.014, FRAME, (0.4, 0.36, 0.32), segments=5)
    inner = centre_x + out.min() - rim
    reach = np.linspace(-inner, inner, 9)
    arch = 0.025 * (1 - (reach / inner) ** 2)
    height = centre_y + (0.09 if shape == "aviator" else 0.04)
    build.tube(place(reach, height + arch, 0.004), max(0.8 * rim, 0.008), FRAME, colour)
    if shape == "aviator":  # the second bar
        wide = np.linspace(-1.5 * inner, 1.5 * inner, 9)
        build.tube(
            place(wide, np.full(9, centre_y + 0.165), 0.004), 0.008, FRAME, colour
        )
    return build.part()


def _temple(build, identity, side, place, centre_x, centre_y, out, up, rim, colour):
    """Add the arm from the hinge along the side of the head to the ear."""
    hinge_x = centre_x + out.max() + 1.6 * rim
    hinge_y = centre_y + 0.35 * up.max()
    hinge = place(np.array([side * hinge_x]), np.array([hinge_y]))[0]
    z = np.array([1.1, 0.95, 0.8, 0.65, 0.5])
    # never closer to the head than its widest part in front of it
    wide = np.maximum.accumulate(_half_widths(identity, hinge_y, z)) + 0.02 + 0.5 * rim
    wide = np.maximum(wide, hinge_x)
    arm = [hinge, [side * (wide[0] * 0.4 + hinge_x * 0.6), hinge_y, hinge[2] - 0.06]]
    arm += [[side * w, hinge_y, depth] for w, depth in zip(wide, z, strict=True)]
    arm += [[side * wide[-1], hinge_y - 0.08, 0.42]]
    arm = np.array(arm)
    half = max(1.1 * rim, 0.011)
    rows = [arm + np.array([side * d * 0.5 * half, h * half, 0])
            for d, h in ((-1, -1), (1, -1), (1.4, 0), (1, 1), (-1, 1))]  # fmt: skip
    build.grid(np.stack(rows, axis=1), FRAME, colour, closed=True)


# ---------------------------------------------------------------- masks


def _mask(identity: Identity, kind: str, rng: np.random.Generator) -> Part:
    """A cloth over nose, mouth and chin: a smooth sheet before the face."""
    place = identity_vertices(identity)
    skin = skin_rows()
    rows, columns = 33, 41
    across = np.linspace(-1, 1, columns)[None, :] * np.ones((rows, 1))
    down = np.linspace(0, 1, rows)[:, None] * np.ones((1, columns))
    middle = np.abs(place[skin, 0]) < 0.1
    # the chin's lowest point: the front of the skin above the throat
    jaw = place[skin[middle & (place[skin, 2] > 1.0)]]
    chin = jaw[:, 1].min() - 0.03
    # well above the tip of this nose, but below the lower lids
    nose = _place_of(identity, 0.0, 6.92)[1]
    top = min(max(rng.uniform(7.04, 7.12), nose + 0.17), 7.16)
    top += 0.02 if kind == "cup" else 0.0
    width = {"surgical": 0.70, "cup": 0.62, "cloth": 0.68}[kind]
    upper = top - {"surgical": 0.14, "cup": 0.30, "cloth": 0.24}[kind] * across**2
    lower = chin + {"surgical": 0.12, "cup": 0.26, "cloth": 0.20}[kind] * across**2
    y = upper + (lower - upper) * down
    narrow = {"surgical": 0.10, "cup": 0.22, "cloth": 0.20}[kind]
    x = across * (width - narrow * down**2)
    # taut cloth bridges the hollows: the upper envelope of the face, smoothed
    depth = _depth_map(identity).copy()
    depth[_MAP_TOP - (np.arange(_MAP_SIDE) + 0.5) * _MAP_STEP < chin + 0.05] = -0.6
    ground = maximum_filter(depth, 5)
    taut = gaussian_filter(maximum_filter(depth, (5, 9)), 3.0)
    z = np.maximum(_sample(taut, x, y), _sample(ground, x, y))
    # below the chin there is nothing to lie on: hang down from it
    hang = _sample(taut, x * 0.98, np.maximum(y, chin + 0.16))
    z = np.maximum(z, hang - 0.55 * np.clip(chin + 0.16 - y, 0, None))
    z = gaussian_filter(z, 1.3, mode="nearest") + 0.045
    z = np.maximum(z, _sample(ground, x, y) + 0.02)
    colours = np.ones((rows, columns, 3))
    ribbon = ((down < 0.05) | (down > 0.96))[..., None]
    if kind == "surgical":
        base = ([0.36, 0.58, 0.74], [0.72, 0.74, 0.75], [0.02, 0.02, 0.022],
                [0.75, 0.50, 0.55], [0.30, 0.60, 0.52])  # fmt: skip
        base = np.array(base[rng.choice(5, p=[0.45, 0.2, 0.2, 0.075, 0.075])])
        # three pleats: each fold stands off, then falls back under the next
        step = (down * 4.2 + 0.35) % 1.0
        inside = np.clip((0.99 - np.abs(across)) / 0.1, 0, 1) * np.clip(
            np.minimum(down - 0.06, 0.95 - down) / 0.08, 0, 1
        )
        z = z + 0.03 * step**2 * inside
        colours *= (1 - 0.30 * np.exp(-(((step - 0.03) / 0.09) ** 2)) * inside)[
            ..., None
        ]
        colours = colours * base * np.where(ribbon, 1.12, 1)
    elif kind == "cup":
        base = ([0.74, 0.73, 0.71], [0.03, 0.03, 0.032], [0.55, 0.58, 0.6])
        base = np.array(base[rng.choice(3, p=[0.6, 0.25, 0.15])])
        dome = np.clip(1 - across**2 - (2.1 * (down - 0.48)) ** 2, 0, 1)
        z = z + rng.uniform(0.07, 0.13) * dome**0.7
        seam = np.exp(-(((across + 0.0) / 0.035) ** 2)) if rng.random() < 0.5 else 0
        rim = np.exp(-((np.sqrt(np.clip(dome, 0, 1)) / 0.22) ** 2))
        colours = colours * base * (1 - 0.2 * seam - 0.12 * rim)[..., None]
        if rng.random() < 0.35:  # exhalation valve
            valve = (across / 0.28) ** 2 + ((down - 0.6) / 0.15) ** 2
            z = z + 0.03 * (valve < 1)
            colours *= np.where(valve < 1, 0.8, 1)[..., None]
    else:
        base = (
            np.exp(rng.uniform(-3.2, -0.4, 3))
            if rng.random() < 0.4
            else np.ones(3) * np.exp(rng.uniform(-3.5, -0.4))
        )
        colours = colours * pattern(rng, across * width, -y, base)
        colours *= (1 - 0.25 * np.exp(-((across / 0.03) ** 2)))[..., None]
        colours *= np.where(ribbon, 0.85, 1)
        z = z + 0.03 * np.exp(-((across / 0.25) ** 2))
    soft = gaussian_filter(rng.normal(size=(rows, columns)), (3, 5))
    z = z + 0.006 * soft / soft.std()
    # the sides lie on the cheeks
    z -= 0.02 * np.abs(across) ** 6
    build = _Builder()
    sheet = np.stack([x, y, z], axis=-1)
    build.grid(sheet, CLOTH, colours)
    strap = np.array([0.7, 0.7, 0.7]) if base.mean() > 0.1 else np.full(3, 0.03)
    ear_y = 7.12
    for side, edge in ((1, -1), (-1, 0)):
        for line, end in ((1, ear_y + 0.14), (rows - 2, ear_y - 0.22)):
            start = sheet[line, edge]
            depths = np.linspace(start[2], 0.55, 6)[1:]
            heights = np.linspace(start[1], end, 6)[1:]
            wide = [
                max(_half_widths(identity, h, np.array([d]))[0] + 0.015, 0)
                for h, d in zip(heights, depths, strict=True)
            ]
            wide = np.maximum.accumulate([abs(start[0]), *wide])[1:]
            path = np.stack([side * wide, heights, depths], axis=1)
            build.tube(np.concatenate([[start], path]), 0.011, CLOTH, strap, segments=5)
    return build.part()


def pattern(
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


# ---------------------------------------------------------------- hands


@dataclass(frozen=True)
class _Pose:
    """How a hand lies on a face; told for the person's left hand, right is mirrored.

    `target` (x, y) is the place on the average face that its middle line touches,
    `reach` decimetres beyond the knuckles. `lean` turns the fingers towards the nose,
    `tilt` lifts the wrist off the face, degrees. `flex` bends the three joints of the
    fingers, `thumb` (away, in) turns the thumb; `spread` is the angle between fingers.
    `follow` says how far the hand gives way to the face's relief, 0 to 1.
    """

    target: tuple[float, float]
    reach: float
    lean: tuple[float, float]
    tilt: float
    flex: tuple[float, float, float]
    thumb: tuple[float, float]
    follow: float


_POSES = {
    "mouth": _Pose((-0.02, 6.64), 0.30, (48, 76), 4, (4, 10, 8), (38, 10), 0.85),
    "cheek": _Pose((0.50, 6.90), 0.20, (-4, 16), 4, (5, 12, 10), (30, 15), 0.85),
    "chin": _Pose((0.10, 6.45), 0.02, (8, 30), -6, (78, 80, 40), (12, 20), 0.3),
    "lips": _Pose((0.0, 6.67), 0.48, (10, 38), 16, (14, 22, 18), (16, 30), 0.7),
    "eye": _Pose((0.30, 7.26), 0.24, (2, 24), 5, (6, 14, 12), (30, 15), 0.85),
    "temple": _Pose((0.40, 7.72), 0.62, (22, 44), 10, (12, 20, 16), (35, 10), 0.8),
}
#: Knuckles (towards the thumb, along the fingers, out of the back of the hand),
#: length of the finger and girth, index to little finger; decimetres.
_FINGERS = (
    ((0.20, -0.02, 0.00), 0.72, 1.0),
    ((0.0, 0.0, 0.02), 0.80, 1.02),
    ((-0.19, -0.04, 0.01), 0.75, 0.97),
    ((-0.36, -0.13, -0.02), 0.58, 0.86),
)
#: Step of the grid in which the surface of a hand is found, decimetres.
_HAND_STEP = 0.036


@njit(cache=True)
def _blend(first, second, width):
    """Smooth minimum of two distances: how surfaces melt into each other."""
    share = min(max(0.5 + 0.5 * (second - first) / width, 0.0), 1.0)
    return second + (first - second) * share - width * share * (1 - share)


@njit(cache=True)
def _hand_distance(points, starts, ends, radii, digits):
    """Distances (n, 7) of points to a hand: five digits, the palm, all of it.

    A bone is a cone with round ends: `starts`, `ends` (m, 3), `radii` (m, 2);
    `digits` (m,) is 0 to 4, and 5 for the palm.
    """
    distance = np.full((len(points), 7), 9.0)
    for k in range(len(points)):
        for bone in range(len(starts)):
            dot, length = 0.0, 0.0
            for axis in range(3):
                step = ends[bone, axis] - starts[bone, axis]
                dot += (points[k, axis] - starts[bone, axis]) * step
                length += step * step
            along = min(max(dot / length, 0.0), 1.0)
            gap = 0.0
            for axis in range(3):
                step = ends[bone, axis] - starts[bone, axis]
                gap += (points[k, axis] - starts[bone, axis] - along * step) ** 2
            radius = radii[bone, 0] + along * (radii[bone, 1] - radii[bone, 0])
            digit = digits[bone]
            width = 0.10 if digit == 5 else 0.03
            distance[k, digit] = _blend(
                math.sqrt(gap) - radius, distance[k, digit], width
            )
        fingers = distance[k, 0]
        for digit in range(1, 4):
            fingers = _blend(distance[k, digit], fingers, 0.018)
        whole = _blend(fingers, distance[k, 5], 0.07)
        distance[k, 6] = _blend(distance[k, 4], whole, 0.09)
    return distance


def _surface(distance_of, low: np.ndarray, high: np.ndarray, step: float):
    """Mesh of a zero surface: one vertex per cell that it crosses (surface nets).

    Gibson, S. F. F. (1998). Constrained elastic surface nets. MICCAI.
    """
    axes = [np.arange(a, b + step, step) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    shape = grid.shape[:3]
    inside = (distance_of(grid.reshape(-1, 3)) < 0).reshape(shape)
    corners = sum(
        inside[i : shape[0] - 1 + i, j : shape[1] - 1 + j, k : shape[2] - 1 + k].astype(
            int
        )
        for i in (0, 1)
        for j in (0, 1)
        for k in (0, 1)
    )
    cells = (corners > 0) & (corners < 8)
    number = np.full(cells.shape, -1)
    number[cells] = np.arange(cells.sum())
    vertices = grid[:-1, :-1, :-1][cells] + step / 2
    for _ in range(3):  # slide down the slope to the surface
        value = distance_of(vertices)
        slope = (
            np.stack(
                [distance_of(vertices + 0.004 * axis) - value for axis in np.eye(3)],
                axis=1,
            )
            / 0.004
        )
        move = value[:, None] * slope / np.maximum((slope**2).sum(1), 0.2)[:, None]
        vertices = vertices - np.clip(move, -step / 2, step / 2)
    triangles = []
    for axis in range(3):
        first = np.moveaxis(inside, axis, 0)
        order = np.moveaxis(number, axis, 0)
        change = first[1:, 1:-1, 1:-1].astype(int) - first[:-1, 1:-1, 1:-1]
        a, b = order[:, :-1, :-1], order[:, 1:, :-1]
        c, d = order[:, 1:, 1:], order[:, :-1, 1:]
        quad = np.stack([a, b, c, d], axis=-1)
        out, back = quad[change < 0], quad[change > 0][:, ::-1]
        quads = np.concatenate([out, back])
        if axis == 1:  # moving an axis to the front mirrors the other two
            quads = quads[:, ::-1]
        triangles += [quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]
    return vertices, np.concatenate(triangles), slope


@lru_cache(maxsize=64)
def _hand_shape(pose_name: str, variant: int):
    """Left hand in its own axes: vertices, triangles and factors of the skin colour.

    Axes: towards the thumb, along the fingers, out of the back; the origin is the
    knuckle of the middle finger.
    """
    pose = _POSES[pose_name]
    rng = np.random.default_rng([variant, 13])
    # most people keep their fingers together
    spread = rng.uniform(0, 1.5) if variant % 4 else rng.uniform(6, 9)
    starts, ends, radii, digits, tips = [], [], [], [], []

    def bone(start, end, first, last, digit):
        starts.append(np.asarray(start))
        ends.append(np.asarray(end))
        radii.append((first, last))
        digits.append(digit)

    wrist = np.array([-0.06, -1.0, -0.02])
    for k, (knuckle, length, girth) in enumerate(_FINGERS):
        at = np.array(knuckle, float)
        carpal = wrist + np.array([0.42 * (at[0] + 0.06), 0.08, 0])
        bone(carpal, at - [0, 0.02, 0.015], 0.15, 0.108 * girth, 5)
        rise = np.array([0, 0.04, 0])
        crown = at + np.array([0, 0.01, 0.026])
        bone(crown - rise, crown + rise, 0.085, 0.085, 5)
        turn = math.radians((1.5 - k) * spread + (-1.2, 0, 1.0, 2.0)[k])
        heading = np.array([math.sin(turn), math.cos(turn), 0.0])
        bend = 0.0
        sizes = np.array([0.098, 0.089, 0.095, 0.086, 0.086, 0.070]) * girth
        flex = np.array(pose.flex) * (1 + (0.1 * k) + rng.normal(0, 0.1, 3))
        for joint, (share, degrees) in enumerate(zip((0.47, 0.30, 0.23), flex,
                                                     strict=True)):  # fmt: skip
            bend += math.radians(degrees)
            ahead = heading * math.cos(bend) - [0, 0, math.sin(bend)]
            end = at + ahead * length * share
            half = (at + end) / 2
            if joint < 2:
                bone(at, half, sizes[2 * joint], sizes[2 * joint + 1], k)
                bone(half, end, sizes[2 * joint + 1], sizes[2 * joint + 2], k)
            else:
                bone(at, end - 0.4 * sizes[5] * ahead, sizes[4], sizes[5], k)
            back = heading * math.sin(bend) + [0, 0, math.cos(bend)]
            tips.append((at, ahead, back, sizes[2 * joint], length * share))
            at = end
    away, inwards = (math.radians(angle) for angle in pose.thumb)
    root = np.array([0.16, -0.80, -0.06])
    ball = np.array([0.20 + 0.30 * math.sin(away), -0.44, -0.10 - 0.2 * inwards])
    ahead = np.array([0.75 * math.sin(away), math.cos(away), -0.25 * inwards])
    middle = ball + 0.31 * ahead
    ahead2 = np.array([0.25 * math.sin(away), 1.0, -0.3 * inwards])
    ahead2 /= np.linalg.norm(ahead2)
    bone(root, ball, 0.17, 0.125, 4)
    bone(ball, middle, 0.118, 0.104, 4)
    bone(middle, middle + 0.2 * ahead2, 0.102, 0.078, 4)
    side = np.array([0.65, -0.15, 0.75])
    tips.append((middle, ahead2, side / np.linalg.norm(side), 0.1, 0.27))
    for beside in (0.10, -0.10):
        head, foot = np.array([beside, 0.05, 0]), np.array([0.9 * beside, -0.45, 0])
        bone(wrist + head, wrist + foot, 0.155, 0.16, 5)
    arrays = (
        np.array(starts), np.array(ends), np.array(radii), np.array(digits),
    )  # fmt: skip
    low = np.minimum(arrays[0].min(0), arrays[1].min(0)) - 0.24
    high = np.maximum(arrays[0].max(0), arrays[1].max(0)) + 0.2
    low[1] = wrist[1] - 0.42  # the arm is cut here, and goes on in a sleeve
    vertices, triangles, normals = _surface(
        lambda points: _hand_distance(points, *arrays)[:, 6], low, high, _HAND_STEP
    )
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    apart = _hand_distance(vertices, *arrays)
    factor = np.ones((len(vertices), 3))
    # between fingers light is lost
    second = np.sort(apart[:, :4], axis=1)[:, 1]
    free = np.clip(apart[:, 5] / 0.05, 0, 1)
    groove = 0.55 * np.exp(-np.clip(second, 0, None) / 0.022) * free
    factor *= 1 - groove[:, None] * [0.85, 1.0, 1.0]
    for number, (at, ahead, back, radius, length) in enumerate(tips):
        offset = vertices - at
        along, up = offset @ ahead, offset @ back
        across = offset @ np.cross(ahead, back)
        near = np.abs(across) < 1.1 * radius
        dorsal = np.clip(normals @ back, 0, 1) * near
        if number % 3 == 2 or number == len(tips) - 1:  # the last bone bears the nail
            nail = np.clip((along - 0.40 * length) / 0.03, 0, 1)
            nail *= np.clip((1.08 * length - along) / 0.03, 0, 1)
            nail *= np.clip((0.72 * radius - np.abs(across)) / 0.025, 0, 1)
            nail *= np.clip((up - 0.25 * radius) / 0.02, 0, 1) * (dorsal > 0.3)
            factor *= 1 + nail[:, None] * [0.22, 0.20, 0.22]
        if number < len(tips) - 1:  # creases and redness over the joint
            crease = np.exp(-((along / 0.03) ** 2)) * dorsal**2 * (up > 0.3 * radius)
            if number % 3:
                factor *= 1 - 0.20 * crease[:, None] * [0.8, 1.0, 1.0]
            blush = np.exp(-((along / 0.09) ** 2)) * dorsal * (up > 0)
            factor *= 1 - 0.10 * blush[:, None] * [0.1, 1.0, 0.8]
    return vertices, triangles, factor


def _hand(identity: Identity, pose_name: str, rng: np.random.Generator) -> Part:
    """A hand on the face, with the beginning of a sleeve."""
    pose = _POSES[pose_name]
    side = rng.choice([-1, 1])
    shape, triangles, factor = _hand_shape(pose_name, int(rng.integers(8)))
    lean = math.radians(rng.uniform(*pose.lean))
    tilt = math.radians(pose.tilt + rng.normal(0, 2))
    scale = rng.normal(0.93 if identity.sex == "female" else 1.02, 0.03)
    along = np.array([-math.sin(lean), math.cos(lean), 0.0])
    thumb = np.array([math.cos(lean), math.sin(lean), 0.0])
    x, y = pose.target
    side_x, height = _place_of(identity, side * x, y)[:2]
    target = np.array([side * side_x, height]) + rng.normal(0, 0.02, 2)
    knuckle = target - pose.reach * scale * along[:2]

    def put(points, drape):
        u, v, w = (scale * points).T
        v, w = (
            v * math.cos(tilt) - w * math.sin(tilt),
            (w * math.cos(tilt) - (v - pose.reach) * math.sin(tilt)),
        )
        flat = knuckle + u[:, None] * thumb[:2] + v[:, None] * along[:2]
        x = side * flat[:, 0]
        return np.stack([x, flat[:, 1], w + drape(x, flat[:, 1])], axis=1)

    # a hand bends with the face it lies on, but cannot fall off its edge
    depth = maximum_filter(_depth_map(identity), 5)
    here = float(_sample(depth, side * target[0], target[1]))
    relief = here + pose.follow * (np.clip(depth, here - 0.5, here + 0.2) - here)
    relief = gaussian_filter(maximum_filter(relief, 5), 5.0)

    def drape(x, y):
        return _sample(relief, x, y)

    place = put(shape, drape)
    # lift the hand until (nearly) none of the face comes through its back
    top = shape[:, 2] > np.percentile(shape[:, 2], 40)
    sunk = _sample(depth, place[top, 0], place[top, 1]) - place[top, 2]
    sunk = sunk[(np.abs(place[top, 0]) < 1.2) & (place[top, 1] > 6.0)]
    lift = max(0.10, float(np.percentile(sunk, 97)) + 0.05) if len(sunk) else 0.10
    place[:, 2] += lift
    if side < 0:
        triangles = triangles[:, ::-1]
    build = _Builder()
    build.add(place, triangles, HAND, factor)
    angle = np.linspace(0, 2 * np.pi, 18, endpoint=False)
    down = np.array([-1.22, -1.26, -1.5, -2.0, -2.6, -3.4])
    grow = np.array([0.97, 1.12, 1.18, 1.25, 1.35, 1.5])
    rings = np.stack(
        [
            np.stack([g * 0.29 * np.cos(angle) - 0.06, 0 * angle + v,
                      g * 0.20 * np.sin(angle) - 0.02], axis=1)
            for v, g in zip(down, grow, strict=True)
        ]
    )  # fmt: skip
    base = np.exp(rng.uniform(-3.6, -0.5)) * np.exp(rng.normal(0, 0.25, 3))
    cloth = pattern(rng, rings[..., 0], rings[..., 1], base)
    cloth[0] *= 0.5
    sleeve = put(rings.reshape(-1, 3), drape).reshape(rings.shape)
    sleeve[..., 2] += lift
    build.grid(sleeve, FABRIC, cloth, closed=True)
    return build.part()
