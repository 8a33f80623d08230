"""Hair: the lifted skin of the scalp, and the locks above it.

A hairdo is two layers. The skin of the scalp is lifted along its normals and painted
as strands, so that nothing shines through; a few hundred flat, pointed ribbons
("locks") grow from it, combed by the style, pulled down by gravity and pushed out of
the head, and give it a broken outline.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numba import njit
from scipy.spatial import cKDTree

from emolib.errors import ArgumentError, unknown
from emolib.synthesis.drawing.mesh import HAIR, SKIN, Part
from emolib.synthesis.drawing.paint import (
    LEFT,
    TEXELS,
    TOP,
    above_hairline,
    beard_region,
    scalp_growth,
)
from emolib.synthesis.people.identity import Identity
from emolib.synthesis.people.shape import skin_rows
from emolib.synthesis.worn.fitting import Body

#: What hides hair: nothing, a cap (hair below its rim shows), or a headscarf.
COVERED = ("none", "top", "all")
#: Below this height a cap leaves the hair free, decimetres.
CAP_RIM = 7.62
#: No strand of a fringe hangs lower than this, decimetres; the eyes are at 7.285.
LOWEST_FRINGE = 7.53

#: Locks, steps along each, width and length (decimetres) of every style with locks.
_LOCKS = {
    "receding": (420, 2, 0.042, 0.11),
    "buzz": (0, 2, 0.04, 0.03),
    "short": (760, 2, 0.044, 0.19),
    "side part": (480, 3, 0.055, 0.34),
    "swept back": (340, 4, 0.060, 0.50),
    "fringe": (270, 5, 0.085, 0.0),
    "bob": (220, 6, 0.125, 0.0),
    "long straight": (220, 6, 0.135, 0.0),
    "long wavy": (165, 8, 0.140, 0.0),
    "curly": (800, 2, 0.060, 0.13),
    "locs": (150, 8, 0.075, 0.0),
    "bun": (340, 4, 0.060, 0.55),
}
#: Styles whose locks hang down to `Identity.hair_end`.
_HANGING = ("fringe", "bob", "long straight", "long wavy", "locs")


@dataclass(frozen=True, eq=False)
class Hairdo:
    """A person's hair on the neutral face.

    Attributes
    ----------
    lift : ndarray, float32, (n,)
        How far each vertex of the head is lifted along its normal, decimetres.
    locks : Part or None
        The ribbons above it.
    """

    lift: np.ndarray
    locks: Part | None


@njit(cache=True)
def _all_above(rest, growth):
    above = np.empty(len(rest))
    for k in range(len(rest)):
        above[k] = above_hairline(rest[k, 0], rest[k, 1], rest[k, 2], growth)
    return above


@lru_cache(maxsize=64)
def hairdo(body: Body, covered: str = "none") -> Hairdo:
    """Dress a person's hair.

    Parameters
    ----------
    body : Body
    covered : {"none", "top", "all"}
        What covers the hair: nothing; something down to `CAP_RIM`, under which it is
        pressed flat; or a scarf that leaves no lock in sight.

    Raises
    ------
    ValueError
        If `covered` is unknown.
    """
    if covered not in COVERED:
        raise ArgumentError(unknown("cover of the hair", covered, COVERED))
    lift = _scalp_lift(body)
    beard = _beard_lift(body)
    if covered == "all":
        return Hairdo(beard, None)
    if covered == "top":
        lift = lift * (body.head.vertices[:, 1] < CAP_RIM)
    locks = None
    if _LOCKS.get(body.identity.hair, (0,))[0]:
        shell = body.vertices + body.normals * lift[:, None]
        locks = _locks(body, shell, covered)
    return Hairdo(lift + beard, locks)


def _above(body: Body) -> np.ndarray:
    """Return the height (n,) of each vertex above the hairline; -1 on the bald."""
    growth, rest = scalp_growth(body.identity), body.head.vertices
    if growth.density == 0:
        return np.full(len(rest), -1.0)
    return _all_above(rest, growth)


def _scalp_lift(body: Body) -> np.ndarray:
    identity, rest = body.identity, body.head.vertices
    rng = np.random.default_rng([identity.seed, 21])
    waves = rng.normal(size=(6, 3)) * 5.0
    lumps = np.sin(rest @ waves.T + rng.uniform(0, 6.3, 6)).sum(axis=1) / 1.73
    thin = {"buzz": 0.02, "receding": 0.03, "bun": 0.04}
    height = 0.03 + 0.08 * identity.hair_volume
    if identity.hair == "curly":
        height = 0.07 + 0.30 * identity.hair_volume
    height = thin.get(identity.hair, height)
    lift = np.clip(_above(body) / 0.28, 0, 1) * height * (1 + 0.22 * lumps)
    ears = body.head.masks[:, 3] > 0.1
    return np.where(ears, 0, np.maximum(lift, 0)).astype(np.float32)


def _beard_lift(body: Body) -> np.ndarray:
    """Lift the skin under a beard, so that it moves with the jaw and the lips."""
    identity, head = body.identity, body.head
    if identity.beard == "none":
        return np.zeros(len(head.vertices), np.float32)
    x, y, z = head.vertices.T
    region = beard_region(identity.beard)
    row = np.clip(((TOP - y) * TEXELS).astype(int), 0, region.shape[0] - 1)
    column = np.clip(((x - LEFT) * TEXELS).astype(int), 0, region.shape[1] - 1)
    rng = np.random.default_rng([identity.seed, 23])
    tufts = 1 + 0.25 * rng.normal(size=len(x))
    below = np.clip((6.62 - y) / 0.3, 0.12, 1)  # longest at the chin
    mouth = head.masks[:, :2].max(axis=1)
    front = np.clip((z - 0.80) / 0.25, 0, 1) * (1 - np.clip(3 * mouth, 0, 1))
    lift = region[row, column] * front * below * tufts * identity.beard_length
    skin = np.zeros(len(x), bool)  # teeth and tongue are below the same paint
    skin[head.triangles_of(SKIN)] = True
    return np.where(skin, np.clip(lift, 0, 0.4), 0).astype(np.float32)


def _unit(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(length, 1e-6)


def _roots(body: Body, shell, count, rng):
    """Sample scalp points evenly: places (k, 3), rest places (k, 3)."""
    identity, head = body.identity, body.head
    above = _above(body)
    skin = head.triangles_of(SKIN)
    grown = skin[(above[skin] > 0.0).all(axis=1)]
    if identity.hair in _HANGING or identity.hair == "bun":
        grown = grown[head.vertices[grown, 1].mean(axis=1) > 6.9]
    corners = shell[grown]
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    total = np.cumsum(area) / area.sum()
    which = np.searchsorted(total, (np.arange(count) + rng.uniform(size=count)) / count)
    which = np.minimum(which, len(grown) - 1)
    share = rng.dirichlet(np.ones(3), count)
    place = np.einsum("kc,kcx->kx", share, shell[grown[which]])
    rest = np.einsum("kc,kcx->kx", share, head.vertices[grown[which]])
    return place, rest


def _combed(identity: Identity, rest, normal, rng):
    """Direction (k, 3) in which the style combs each root, along the surface."""
    count = len(rest)
    x, y, z = rest.T
    parting = identity.hair_part
    away = np.where(x > parting, 1.0, -1.0)
    top = np.clip((y - 7.75) / 0.3, 0, 1)[:, None]
    down = np.tile([0.0, -1.0, -0.15], (count, 1))
    style = identity.hair
    if style in ("swept back", "bun"):
        knot = np.array([0.0, 8.0, -0.5])
        way = np.tile([0.0, 0.1, -1.0], (count, 1))
        way = _unit(knot - rest) if style == "bun" else way + 0.35 * (1 - top) * down
    elif style == "side part":
        across = np.stack([away, -0.1 + 0 * x, 0.25 * z], axis=1)
        way = top * across + (1 - top) * (down - np.array([0, 0, 0.5]))
    elif style in ("short", "receding"):
        whorl = rest - np.array([0.1 * np.sign(parting), 8.4, 0.1])
        forward = np.stack([0.5 * parting + 0 * x, 0.2 + 0 * x, 0.8 + 0 * x], axis=1)
        way = _unit(whorl) + top * forward * (z > 0.6)[:, None]
        way = way * top + (1 - top) * (down - np.array([0, 0, 0.3]))
    elif style == "curly":
        way = rng.normal(size=(count, 3)) + normal
    else:  # hanging from a parting
        across = np.stack([away, -0.2 + 0 * x, -0.35 + 0 * x], axis=1)
        way = top * across + (1 - top) * down
    loose = 0.45 if style == "short" else 0.22
    return _unit(way + loose * rng.normal(size=way.shape))


def _keep_behind_face(points: np.ndarray) -> None:
    """Push what hangs beside the face back behind the cheeks, in place."""
    limit = np.interp(points[:, 1], [7.2, 7.6, 7.8, 7.95], [0.72, 0.95, 1.25, 2.2])
    points[:, 2] = np.minimum(points[:, 2], limit)


def _locks(body: Body, shell, covered: str) -> Part:
    """Grow the locks on the lifted scalp (n, 3), step by step from root to tip."""
    identity, head, normals = body.identity, body.head, body.normals
    rng = np.random.default_rng([identity.seed, 22])
    style = identity.hair
    count, steps, width, length = _LOCKS[style]
    skin = skin_rows()
    if style in ("short", "side part", "swept back", "receding", "bun"):
        skin = skin[head.masks[skin, 3] < 0.3]
    tree = cKDTree(shell[skin])
    place, rest = _roots(body, shell, count, rng)
    normal = normals[skin][tree.query(place)[1]]
    way = _combed(identity, rest, normal, rng)
    volume = identity.hair_volume

    reach = length * rng.uniform(0.6, 1.25, count) * (0.7 + 0.6 * volume)
    gravity = np.full(count, 0.12)
    gap = np.full(count, 0.008 + 0.02 * volume) * rng.uniform(0.2, 2.0, count)
    fringe = np.zeros(count, bool)
    end = np.full(count, 0.0)
    if style in _HANGING:
        end = identity.hair_end + rng.normal(0, 0.07, count)
        across = np.clip(1 - np.abs(rest[:, 0]) / 0.7, 0, 1)
        reach = (place[:, 1] - end) + 0.4 * across * np.clip(rest[:, 1] - 7.7, 0, 1)
        gravity[:] = 1.1
        gap += 0.03 * rng.uniform(0, 1, count) ** 2
    if style in ("side part", "short"):
        sides = rest[:, 1] < 7.75
        reach[sides] *= 0.55
    if style == "fringe":
        front = (rest[:, 2] > 0.85) & (np.abs(rest[:, 0]) < 0.62) & (rest[:, 1] > 7.8)
        fringe = front & (rng.uniform(size=count) < 0.65 + 0.35 * volume)
        sweep = identity.hair_part * 2.2
        bow = 0.10 * (np.abs(rest[:, 0]) / 0.5) ** 2
        hem = LOWEST_FRINGE + 0.03 + identity.hair_fringe - 0.5 * bow
        hem = hem + np.abs(rng.normal(0, 0.05, count))
        end = np.where(fringe, np.maximum(hem, LOWEST_FRINGE), end)
        reach = np.where(fringe, 1.3 * (place[:, 1] - end), reach)
        combed = np.stack(
            [sweep + 0.25 * rng.normal(size=count), -0.4 + 0 * end, 1 + 0 * end], axis=1
        )
        way = np.where(fringe[:, None], _unit(combed), way)
    reach = np.maximum(reach, 0.08)

    # no wider than the head and its hair: long hair falls, it does not fly
    half = np.abs(shell[skin][head.vertices[skin, 1] > 7.4, 0]).max()
    half = half + gap + (0.02 + 0.10 * volume) * rng.uniform(0.1, 1, count) ** 2
    phase = rng.uniform(0, 6.3, count)
    bend = {"long wavy": 0.042, "curly": 0.04, "locs": 0.012}.get(style, 0.006)
    bend *= 0.6 + 0.8 * identity.hair_curl
    points, outward = [place - 0.015 * normal], [normal]
    point = place.copy()
    for step in range(steps):
        way = _unit(way + (gravity * (1 if step else 0.4))[:, None] * [0, -1.0, 0])
        inwards = np.minimum((way * normal).sum(axis=1), 0)[:, None]
        if style != "curly":
            way = _unit(way - inwards * normal)
        point = point + way * (reach / steps)[:, None]
        aside = _unit(np.cross(way, normal))
        swing = bend * np.sin(phase + 2.1 * step)
        moved = point + aside * swing[:, None]
        for _ in range(2):
            hang = ~fringe
            if style in _HANGING:
                beside = moved[hang]
                _keep_behind_face(beside)
                moved[hang] = beside
            _, near = tree.query(moved)
            normal = normals[skin][near]
            off = ((moved - shell[skin][near]) * normal).sum(axis=1)
            moved += normal * np.maximum(gap - off, 0)[:, None]
            if style != "curly":  # on the crown hair lies on hair
                loose = np.maximum(off - gap, 0) * (moved[:, 1] > 7.65) * ~fringe
                moved -= normal * (0.7 * loose)[:, None]
            if covered == "top":
                high = moved[:, 1] > CAP_RIM
                moved -= normal * (high * np.maximum(off - 0.01, 0))[:, None]
        if style in _HANGING:
            beside = moved[~fringe]
            _keep_behind_face(beside)
            moved[~fringe] = beside
        moved[fringe, 1] = np.maximum(moved[fringe, 1], end[fringe])
        if style in _HANGING:
            side = np.abs(moved[:, 0]) > half
            moved[:, 0] = np.clip(moved[:, 0], -half, half)
            way[side, 0] *= 0.2
        point = moved - aside * (0.5 * swing)[:, None]
        points.append(moved)
        outward.append(normal)
    line, out = np.stack(points, axis=1), np.stack(outward, axis=1)
    width = width * rng.uniform(0.6, 1.5, count) * np.where(fringe, 0.7, 1)
    if style == "bun" and covered == "none":
        crown = shell[skin][shell[skin][:, 1].argmax()]
        high = np.array([0, crown[1] + 0.08, 0.25])
        centre = high if identity.hair_part > 0 else np.array([0, 7.9, -0.62])
        wound = slice(count - 70, count)
        line[wound], out[wound] = _knot(centre, 0.17 + 0.08 * volume, steps, rng)
        width[wound] = 0.17
    return _ribbons(identity, line, out, width, rng)


def _knot(centre, radius: float, steps: int, rng):
    """Strands wound about a ball: lines and outward directions (70, steps + 1, 3)."""
    first = _unit(rng.normal(size=(70, 1, 3)))
    second = _unit(np.cross(first, rng.normal(size=(70, 1, 3))))
    angle = np.linspace(0, 1.9, steps + 1)[:, None]
    out = np.cos(angle) * first + np.sin(angle) * second
    return centre + radius * rng.uniform(0.85, 1.05, (70, 1, 1)) * out, out


def _ribbons(identity: Identity, line, outward, width, rng) -> Part:
    """Flat pointed ribbons along `line` (k, s, 3), facing `outward` (k, s, 3)."""
    count, stops = line.shape[:2]
    along = _unit(np.gradient(line, axis=1))
    aside = _unit(np.cross(along, outward))
    twist = rng.normal(0, 0.35, count)[:, None, None]
    aside = _unit(aside + twist * outward)
    t = np.linspace(0, 1, stops)
    profile = np.interp(t, [0, 0.25, 0.75, 1], [0.55, 1, 0.85, 0.0])
    if identity.hair == "locs":
        profile = np.interp(t, [0, 0.1, 0.9, 1], [0.8, 1, 0.9, 0.3])
    half = 0.5 * width[:, None, None] * profile[:, None] * aside
    mesh = np.stack([line - half, line + half], axis=2)
    across = np.stack([-half, half], axis=2) * aside[:, :, None]
    # hair coordinates: across, along (both decimetres) and -1 to 1 across the lock
    paces = np.linalg.norm(np.diff(line, axis=1, prepend=line[:, :1]), axis=2)
    far = np.cumsum(paces, axis=1)
    shift = rng.uniform(0, 9, count)[:, None, None]
    coordinates = np.empty((*mesh.shape[:3], 3))
    coordinates[..., 0] = across.sum(axis=-1) + shift
    coordinates[..., 1] = far[:, :, None] + shift
    coordinates[..., 2] = [-1, 1]

    tint = np.exp(rng.normal(0, 0.16, count))[:, None] * (0.62 + 0.5 * t**0.6)
    warm = 1 + 0.04 * rng.normal(size=(count, 1, 3))
    colours = np.repeat((tint[..., None] * warm)[:, :, None], 2, axis=2)

    first = 2 * np.arange(stops - 1)
    quads = np.concatenate(
        [np.stack([first, first + 1, first + 2], 1),
         np.stack([first + 1, first + 3, first + 2], 1)]
    )  # fmt: skip
    if identity.hair != "locs":
        quads = quads[(quads != 2 * stops - 1).all(axis=1)]  # the tip is one point
    triangles = quads[None] + 2 * stops * np.arange(count)[:, None, None]
    return Part(
        mesh.reshape(-1, 3).astype(np.float32),
        triangles.reshape(-1, 3).astype(np.int32),
        np.full(count * len(quads), HAIR, np.uint8),
        np.clip(colours, 0, 2).reshape(-1, 3).astype(np.float32),
        coordinates.reshape(-1, 3).astype(np.float32),
    )
