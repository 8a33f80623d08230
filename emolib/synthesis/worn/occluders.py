"""What covers a part of the face: glasses, sunglasses, a mask, a hand.

Each is a small triangle mesh in the coordinates of a normalised head, made from the
person's own geometry.
"""

from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter, maximum_filter

from emolib.errors import ArgumentError, unknown
from emolib.synthesis.drawing.mesh import CLOTH, FRAME, LENS, MeshBuilder, Part
from emolib.synthesis.drawing.paint import cloth_pattern, skin_maps
from emolib.synthesis.people.shape import EYES, skin_rows
from emolib.synthesis.scene import OCCLUDERS
from emolib.synthesis.worn.fitting import (
    Body,
    half_widths,
    map_heights,
    place_of,
    sample_depth,
)
from emolib.synthesis.worn.hand import make_hand

#: The kinds that `make_occluder` builds, in the order of their random streams.
KINDS = OCCLUDERS[1:]
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


@lru_cache(maxsize=64)
def make_occluder(kind: str, body: Body, seed: int) -> Part:
    """Build an occluder on a person.

    Parameters
    ----------
    kind : {"glasses", "sunglasses", "mask", "hand"}
    body : Body
        Whose face it is on.
    seed : int
        Chooses shape, colour and place; `frame_shape`, `mask_kind` and `hand_pose`
        say which.

    Raises
    ------
    ValueError
        If `kind` is unknown.
    """
    if kind not in KINDS:
        raise ArgumentError(unknown("occluder", kind, KINDS))
    rng = np.random.default_rng([seed, 5, KINDS.index(kind)])
    if kind == "mask":
        return _mask(body, mask_kind(seed), rng)
    if kind == "hand":
        return make_hand(body, hand_pose(seed), rng)
    return _glasses(body, frame_shape(seed), rng, dark=kind == "sunglasses")


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


def _glasses(body: Body, shape: str, rng: np.random.Generator, *, dark: bool) -> Part:
    rim = {"round": 0.009, "rectangular": 0.013, "aviator": 0.008, "cat-eye": 0.017,
           "thin": 0.0065, "acetate": 0.023}[shape]  # fmt: skip
    rim *= rng.uniform(0.85, 1.2)
    out, up = _outline(shape, rng, dark)
    centre_x = max(0.335, out.max() + 0.075)
    centre_y = EYES[1] - 0.03 - (0.03 if shape == "aviator" else 0)
    # the lenses are in front of the whole face behind them
    relief = maximum_filter(body.depth, 3)
    lens_x = np.concatenate([centre_x + out * share for share in (0.5, 1.0)])
    lens_y = np.concatenate([centre_y + up * share for share in (0.5, 1.0)])
    behind = np.maximum(
        sample_depth(relief, lens_x, lens_y), sample_depth(relief, -lens_x, lens_y)
    )
    bend = 0.30
    front = max(
        float(np.percentile(behind + bend * lens_x**2, 90)) + 0.03,
        float(sample_depth(relief, 0, centre_y + 0.05)) + 0.03,
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
    build = MeshBuilder()
    skin = np.median(skin_maps(body.identity)[0][80:100, 80:110].reshape(-1, 3), axis=0)
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
        _temple(build, body, side, place, centre_x, centre_y, out, up, rim, colour)
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


def _temple(build, body, side, place, centre_x, centre_y, out, up, rim, colour):
    """Add the arm from the hinge along the side of the head to the ear."""
    hinge_x = centre_x + out.max() + 1.6 * rim
    hinge_y = centre_y + 0.35 * up.max()
    hinge = place(np.array([side * hinge_x]), np.array([hinge_y]))[0]
    z = np.array([1.1, 0.95, 0.8, 0.65, 0.5])
    # never closer to the head than its widest part in front of it
    wide = np.maximum.accumulate(half_widths(body, hinge_y, z)) + 0.02 + 0.5 * rim
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


def _mask(body: Body, kind: str, rng: np.random.Generator) -> Part:
    """Build a cloth over nose, mouth and chin: a smooth sheet before the face."""
    place = body.vertices
    skin = skin_rows()
    rows, columns = 33, 41
    across = np.linspace(-1, 1, columns)[None, :] * np.ones((rows, 1))
    down = np.linspace(0, 1, rows)[:, None] * np.ones((1, columns))
    middle = np.abs(place[skin, 0]) < 0.1
    # the chin's lowest point: the front of the skin above the throat
    jaw = place[skin[middle & (place[skin, 2] > 1.0)]]
    chin = jaw[:, 1].min() - 0.03
    # well above the tip of this nose, but below the lower lids
    nose = place_of(body, 0.0, 6.92)[1]
    top = min(max(rng.uniform(7.04, 7.12), nose + 0.17), 7.16)
    top += 0.02 if kind == "cup" else 0.0
    width = {"surgical": 0.70, "cup": 0.62, "cloth": 0.68}[kind]
    upper = top - {"surgical": 0.14, "cup": 0.30, "cloth": 0.24}[kind] * across**2
    lower = chin + {"surgical": 0.12, "cup": 0.26, "cloth": 0.20}[kind] * across**2
    y = upper + (lower - upper) * down
    narrow = {"surgical": 0.10, "cup": 0.22, "cloth": 0.20}[kind]
    x = across * (width - narrow * down**2)
    # taut cloth bridges the hollows: the upper envelope of the face, smoothed
    depth = body.depth.copy()
    depth[map_heights() < chin + 0.05] = -0.6
    ground = maximum_filter(depth, 5)
    taut = gaussian_filter(maximum_filter(depth, (5, 9)), 3.0)
    z = np.maximum(sample_depth(taut, x, y), sample_depth(ground, x, y))
    # below the chin nothing carries the cloth: it hangs down
    hang = sample_depth(taut, x * 0.98, np.maximum(y, chin + 0.16))
    z = np.maximum(z, hang - 0.55 * np.clip(chin + 0.16 - y, 0, None))
    z = gaussian_filter(z, 1.3, mode="nearest") + 0.045
    z = np.maximum(z, sample_depth(ground, x, y) + 0.02)
    colours = np.ones((rows, columns, 3))
    ribbon = ((down < 0.05) | (down > 0.96))[..., None]
    if kind == "surgical":
        base = ([0.36, 0.58, 0.74], [0.72, 0.74, 0.75], [0.02, 0.02, 0.022],
                [0.75, 0.50, 0.55], [0.30, 0.60, 0.52])  # fmt: skip
        base = np.array(base[rng.choice(5, p=[0.45, 0.2, 0.2, 0.075, 0.075])])
        # three pleats: each rises, then falls back under the next
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
        colours = colours * cloth_pattern(rng, across * width, -y, base)
        colours *= (1 - 0.25 * np.exp(-((across / 0.03) ** 2)))[..., None]
        colours *= np.where(ribbon, 0.85, 1)
        z = z + 0.03 * np.exp(-((across / 0.25) ** 2))
    soft = gaussian_filter(rng.normal(size=(rows, columns)), (3, 5))
    z = z + 0.006 * soft / soft.std()
    # the sides lie on the cheeks
    z -= 0.02 * np.abs(across) ** 6
    build = MeshBuilder()
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
                max(half_widths(body, h, np.array([d]))[0] + 0.015, 0)
                for h, d in zip(heights, depths, strict=True)
            ]
            wide = np.maximum.accumulate([abs(start[0]), *wide])[1:]
            path = np.stack([side * wide, heights, depths], axis=1)
            build.tube(np.concatenate([[start], path]), 0.011, CLOTH, strap, segments=5)
    return build.part()
