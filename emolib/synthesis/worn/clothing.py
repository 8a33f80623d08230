"""What a person wears every day: a garment around the neck, a covering on the head.

Both are cloth (`mesh.FABRIC`) wrapped around the person's own head mesh, and move
rigidly with the head.
"""

from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter, maximum_filter

from emolib.errors import ArgumentError, unknown
from emolib.synthesis.drawing.mesh import FABRIC, SKIN, MeshBuilder, Part
from emolib.synthesis.drawing.paint import cloth_pattern
from emolib.synthesis.people.identity import COVERINGS, GARMENTS, Identity
from emolib.synthesis.worn.fitting import Body

#: Middle of the skull, from which a covering is measured, decimetres.
_MIDDLE = np.array([0.0, 7.40, 0.42])
#: Height of the lower edge of a covering at forehead, ears and nape, and its
#: distance from the scalp, decimetres. Even raised brows stay below the first.
_EDGES = {
    "beanie": (7.80, 7.46, 7.00, 0.06),
    "cap": (7.82, 7.52, 7.20, 0.05),
    "woolly hat": (7.78, 7.20, 6.95, 0.08),
    "brimmed hat": (7.84, 7.62, 7.45, 0.06),
    "turban": (7.82, 7.34, 7.00, 0.13),
    "bandana": (7.86, 7.50, 7.05, 0.035),
    "headband": (7.80, 7.55, 7.30, 0.03),
}
#: Coverings that leave no hair to be seen.
_CLOSED = ("hood", "headscarf", "turban")


def hidden_hair(identity: Identity) -> str:
    """Return what a covering does to the hair, as `hair.hairdo` wants it.

    Returns
    -------
    {"none", "top", "all"}
        Nothing (also for a headband), pressed flat above the rim, or hidden.
    """
    if identity.covering in ("none", "headband"):
        return "none"
    return "all" if identity.covering in _CLOSED else "top"


@lru_cache(maxsize=64)
def make_garment(body: Body) -> Part:
    """Build what a person wears around neck and shoulders, down to y = 3.8.

    Raises
    ------
    ValueError
        If the garment is not one of `identity.GARMENTS`.
    """
    kind = body.identity.garment
    if kind not in GARMENTS:
        raise ArgumentError(unknown("garment", kind, GARMENTS))
    rng = np.random.default_rng([body.identity.seed, 14])
    base = _cloth_colour(rng)
    build = MeshBuilder()
    _shirt(build, body, rng, base)
    if kind == "shirt":
        _collar(build, body, base)
    elif kind == "scarf":
        other = _cloth_colour(rng)
        for height, reach, turn in ((5.78, 0.80, 0.0), (5.98, 0.72, 1.3)):
            _wrap(build, rng, height, reach, 0.15, turn, other)
    elif kind == "hoodie":
        _wrap(build, rng, 5.80, 0.84, 0.15, 0.0, base)
        for side in (-1, 1):
            string = np.array([[side * 0.16, y, 0.98 - 0.1 * (5.7 - y)]
                               for y in (5.75, 5.5, 5.2, 4.9)])  # fmt: skip
            build.tube(string, 0.022, FABRIC, (0.6, 0.6, 0.58))
    return build.part()


@lru_cache(maxsize=64)
def make_covering(body: Body) -> Part | None:
    """Build what a person wears on the head, or None.

    Raises
    ------
    ValueError
        If the covering is not one of `identity.COVERINGS`.
    """
    kind = body.identity.covering
    if kind not in COVERINGS:
        raise ArgumentError(unknown("covering", kind, COVERINGS))
    if kind == "none":
        return None
    rng = np.random.default_rng([body.identity.seed, 15])
    base = _cloth_colour(rng)
    build = MeshBuilder()
    if kind in ("headscarf", "hood"):
        _veil(build, body, rng, base)
    else:
        _hat(build, body, rng, base)
    return build.part()


def _cloth_colour(rng: np.random.Generator) -> np.ndarray:
    """Linear RGB of a cloth: dark, grey and muted more often than bright."""
    return np.clip(
        np.exp(rng.uniform(-3.7, -0.5)) * np.exp(rng.normal(0, 0.35, 3)), 0.01, 0.75
    )


# ---------------------------------------------------------------- garments


def _neckline(garment: str, rest: np.ndarray) -> np.ndarray:
    """Height of the upper edge of a garment at rest positions (n, 3)."""
    front = np.clip((rest[:, 2] + 0.2) / 0.8, 0, 1)
    if garment == "turtleneck":
        return 6.10 - 0.10 * front + np.clip(np.abs(rest[:, 0]) - 0.6, 0, None)
    line = 5.98 - 0.42 * front + 1.2 * np.clip(np.abs(rest[:, 0]) - 0.55, 0, None)
    if garment == "v-neck":
        line = line - 0.5 * np.clip(0.45 - np.abs(rest[:, 0]), 0, 1) * front
    return np.maximum(line, 5.40)


def _shirt(build, body, rng, base):
    """Add cloth over the shoulders: the skin's own triangles, lifted and cut."""
    head, place, normals = body.head, body.vertices, body.normals
    garment = body.identity.garment
    skin = head.triangles_of(SKIN)
    triangles = skin[(head.vertices[skin, 1] < 6.35).all(axis=1)]
    triangles = triangles[(head.vertices[triangles, 2] < 0.95).all(axis=1)]
    # the back is never seen
    triangles = triangles[normals[triangles, 2].mean(axis=1) > -0.72]
    rows, inverse = np.unique(triangles, return_inverse=True)
    triangles = inverse.reshape(-1, 3)
    data = np.concatenate([head.vertices[rows], place[rows], normals[rows]], axis=1)
    for _ in range(2):
        data, triangles = _subdivide(data, triangles)
    rest, at, normal = data[:, :3], data[:, 3:6].copy(), data[:, 6:]
    below = _neckline(garment, rest) - rest[:, 1]
    triangles = triangles[(below[triangles] > 0).any(axis=1)]
    band = 0.30 if garment == "turtleneck" else 0.09
    hem = np.clip(1 - np.abs(below - band / 2) / (band / 2), 0, 1) ** 0.3
    lift = 0.035 + 0.03 * hem * (below < band)
    at += normal * lift[:, None]
    at[:, 1] += np.minimum(below, 0)  # the cut edge is the line itself
    colours = cloth_pattern(rng, at[:, 0], at[:, 1], base)
    ribs = 1 + 0.12 * np.sin(70 * np.arctan2(rest[:, 0], rest[:, 2]))
    trim = (below < band)[:, None]
    colours = np.where(trim, base * 0.85 * ribs[:, None], colours)
    # the mesh ends at the shoulders: hang its border down
    edges = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    edges, count = np.unique(edges, axis=0, return_counts=True)
    foot = (below > 0) & (rest[:, 1] < 5.6)
    border = edges[(count == 1) & foot[edges].all(axis=1)]
    total = len(at)
    fallen = at.copy()
    fallen[:, 1] = 3.8
    hang = np.concatenate(
        [
            np.stack([border[:, 0], border[:, 1], border[:, 0] + total], axis=1),
            np.stack([border[:, 1], border[:, 1] + total, border[:, 0] + total], 1),
        ]
    )
    used, inverse = np.unique(np.concatenate([triangles, hang]), return_inverse=True)
    build.add(
        np.concatenate([at, fallen])[used],
        inverse.reshape(-1, 3),
        FABRIC,
        np.concatenate([colours, colours])[used],
    )


def _subdivide(data: np.ndarray, triangles: np.ndarray):
    """Split each triangle in four; `data` (n, k) of the vertices is halved along."""
    edges = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    edges, inverse = np.unique(edges, axis=0, return_inverse=True)
    middle = inverse.reshape(-1, 3) + len(data)
    a, b, c = triangles.T
    ab, bc, ca = middle.T
    split = np.concatenate(
        [np.stack(t, axis=1) for t in
         ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))]
    )  # fmt: skip
    return np.concatenate([data, data[edges].mean(axis=1)]), split


def _neck_ring(body: Body, height: float, angle: np.ndarray) -> np.ndarray:
    """Return the skin's distance from the neck's axis (x = 0, z = 0.2) at a height."""
    place = body.vertices
    rows = np.flatnonzero(np.abs(place[:, 1] - height) < 0.12)
    near = place[rows]
    near = near[near[:, 2] < 0.95]
    bearing = np.arctan2(near[:, 0], near[:, 2] - 0.2)
    reach = np.hypot(near[:, 0], near[:, 2] - 0.2)
    gap = np.abs(np.angle(np.exp(1j * (angle[:, None] - bearing))))
    weight = np.exp(-((gap / 0.3) ** 2)) + 1e-9
    return (weight * reach).sum(axis=1) / weight.sum(axis=1)


def _collar(build, body, base):
    """Add a shirt collar: a stand around the neck and the leaf folded over it."""
    angle = np.linspace(0.16, 2 * np.pi - 0.16, 49)
    front = np.cos(angle / 2) ** 8
    point = np.exp(-((np.minimum(angle, 2 * np.pi - angle) / 0.5) ** 2))
    reach = np.minimum(_neck_ring(body, 5.9, angle), 0.72)
    top = 6.02 - 0.20 * (0.5 + 0.5 * np.cos(angle))
    rows = []
    for out, drop in ((0.02, 0.25), (0.03, 0.0), (0.06, 0.01), (0.20, 0.28)):
        leaf = drop + (0.22 * point if drop > 0.26 else 0)
        far = reach + out + (0.04 * front if drop > 0.26 else 0)
        rows.append(
            np.stack(
                [far * np.sin(angle), top - leaf, 0.2 + far * np.cos(angle)], axis=1
            )
        )
    shade = np.array([0.6, 1.0, 1.05, 1.0])[:, None, None]
    build.grid(np.stack(rows), FABRIC, shade * np.ones((4, 49, 1)) * base * 1.1)


def _wrap(build, rng, height, reach, girth, turn, base):
    """Add one turn of thick cloth around the neck."""
    angle = np.linspace(0, 2 * np.pi, 44, endpoint=False)
    sway = 0.06 * np.sin(angle + turn) - 0.10 * np.cos(angle)
    path = np.stack(
        [reach * np.sin(angle), height + sway, 0.18 + 0.95 * reach * np.cos(angle)],
        axis=1,
    )
    radius = girth * (1 + 0.12 * np.sin(5 * angle + turn) + 0.05 * np.sin(11 * angle))
    first = len(build.vertices)
    build.tube(path, radius, FABRIC, base, closed=True, segments=14)
    around = np.tile(np.arange(14) / 14 * 0.9, 45)
    along = np.repeat(np.arange(45) / 44 * 2 * np.pi * reach, 14)
    fold = 1 - 0.3 * np.clip(np.sin(3 * 2 * np.pi * around / 0.9 + 2 * along), 0, 1)
    build.colours[first] = cloth_pattern(rng, along, around, base) * fold[:, None]


# ---------------------------------------------------------------- coverings

_AZIMUTHS, _POLARS = 48, 36


@lru_cache(maxsize=64)
def _reach_map(body: Body) -> np.ndarray:
    """Return how far the head reaches from its middle: (polar from top, azimuth)."""
    head, place = body.head, body.vertices
    triangles = head.triangles_of(SKIN)
    triangles = triangles[(head.vertices[triangles, 1] > 6.0).all(axis=1)]
    # corners, edges and middle of each triangle
    shares = np.array([[2, 0, 0], [0, 2, 0], [0, 0, 2], [1, 1, 0], [0, 1, 1],
                       [1, 0, 1], [2 / 3] * 3], np.float32) / 2  # fmt: skip
    offset = (
        np.concatenate(
            [np.einsum("c,tcx->tx", share, place[triangles]) for share in shares]
        )
        - _MIDDLE
    )
    reach = np.linalg.norm(offset, axis=1)
    polar = np.arccos(np.clip(offset[:, 1] / reach, -1, 1)) / np.pi * _POLARS
    azimuth = np.arctan2(offset[:, 0], offset[:, 2]) / (2 * np.pi) * _AZIMUTHS
    field = np.zeros((_POLARS, _AZIMUTHS))
    rows = np.clip(polar.astype(int), 0, _POLARS - 1)
    np.maximum.at(field, (rows, np.floor(azimuth).astype(int) % _AZIMUTHS), reach)
    for _ in range(6):  # empty bins take their neighbours' reach
        spread = maximum_filter(field, 3, mode=("nearest", "wrap"))
        field = np.where(field == 0, spread, field)
    field = maximum_filter(field, 3, mode=("nearest", "wrap"))
    field[0] = field[0].mean()
    return gaussian_filter(field, 1.0, mode=("nearest", "wrap"))


def _on_head(body: Body, direction: np.ndarray, off) -> np.ndarray:
    """Points (..., 3) above the head in the given unit directions."""
    field = _reach_map(body)
    polar = np.arccos(np.clip(direction[..., 1], -1, 1)) / np.pi * _POLARS - 0.5
    azimuth = np.arctan2(direction[..., 0], direction[..., 2]) / (2 * np.pi)
    azimuth = azimuth * _AZIMUTHS - 0.5
    polar = np.clip(polar, 0, _POLARS - 1.001)
    row, column = np.floor(polar).astype(int), np.floor(azimuth).astype(int)
    fy, fx = polar - row, azimuth - column
    left, right = column % _AZIMUTHS, (column + 1) % _AZIMUTHS
    reach = (1 - fy) * ((1 - fx) * field[row, left] + fx * field[row, right])
    reach += fy * ((1 - fx) * field[row + 1, left] + fx * field[row + 1, right])
    return _MIDDLE + (reach + off)[..., None] * direction


def _hat(build, body, rng, base):
    """Add a covering that ends in a line around the head."""
    identity, kind = body.identity, body.identity.covering
    front, ears, nape, off = _EDGES[kind]
    if kind == "headband" and identity.hair not in ("bald", "buzz"):
        off += 0.04 + 0.06 * identity.hair_volume  # over the hair
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    cos = np.cos(angle)
    line = np.where(cos > 0, ears + (front - ears) * np.clip(cos, 0, 1) ** 0.7,
                    ears + (nape - ears) * np.clip(-cos, 0, 1))  # fmt: skip
    # the polar angle at which the surface meets that height
    polar = np.linspace(0.02, 0.75 * np.pi, 90)[:, None]
    direction = _directions(polar, angle[None])
    heights = _on_head(body, direction, off * np.ones((90, 72)))[..., 1]
    end = polar[(heights > line).sum(axis=0).clip(1, 89) - 1, 0]
    rows = 30
    share = np.linspace(0.0, 1, rows)[:, None]
    if kind == "headband":
        share = 1 - 0.30 * (1 - share)
    direction = _directions(np.maximum(share * end, 0.01), angle[None])
    stand = off * np.ones((rows, 72))
    down = share * np.ones((1, 72))
    around = angle[None] * np.ones((rows, 1))
    shade = np.ones((rows, 72))
    x, y = around * 0.9, down * 1.4
    if kind in ("beanie", "woolly hat"):
        cuff = down > 0.74
        ribs = np.sin(around * 36)
        stand += 0.035 * cuff + 0.008 * ribs + 0.10 * (1 - down) ** 2
        shade *= 1 + 0.14 * ribs
        shade *= 1 - 0.35 * np.exp(-(((down - 0.74) / 0.03) ** 2))
    elif kind == "cap":
        shade *= 1 - 0.25 * (np.abs(np.sin(3 * around)) < 0.06)
        stand += 0.06 * (1 - down) * np.clip(np.cos(around), 0, 1) + 0.03
    elif kind == "brimmed hat":
        stand += 0.28 * np.clip(1 - (down / 0.85) ** 3, 0, 1)
        shade *= np.where(down > 0.82, 0.35, 1)
    elif kind == "turban":
        turn = 9 * down + 1.6 * np.abs(np.sin(around / 2 + 0.3))
        fold = (turn * 0.75) % 1.0
        stand += 0.05 * np.sin(np.pi * fold) + 0.10 * np.sin(np.pi * down)
        shade *= 1 - 0.35 * np.exp(-((np.minimum(fold, 1 - fold) / 0.1) ** 2))
    elif kind == "bandana":
        stand += 0.008 * np.sin(around * 7 + 8 * down)
    stand[-1] -= 0.6 * off  # the edge turns in to the skin
    points = _on_head(body, direction, stand)
    colours = cloth_pattern(rng, x, y, base) * np.clip(shade, 0.1, 2)[..., None]
    build.grid(points, FABRIC, colours, closed=True)
    edge = _on_head(body, direction[-2], stand[-2])
    if kind == "cap":
        keep = np.r_[-13:14]
        near = edge[keep]
        shape = np.clip(np.cos(angle[keep] / (13 * 2 * np.pi / 72) * np.pi / 2), 0, 1)
        depth = np.linspace(-0.04, 1, 7)[:, None]
        visor = near[None] + np.zeros((7, 1, 1))
        visor[..., 2] += depth * 0.62 * np.sqrt(shape)
        visor[..., 1] += 0.01 - 0.03 * depth
        build.grid(visor, FABRIC, base * rng.choice([0.5, 1.0, 1.3]))
    elif kind == "brimmed hat":
        width = rng.uniform(0.35, 0.6)
        depth = np.linspace(-0.05, 1, 6)[:, None]
        away = edge - _MIDDLE
        away[:, 1] = 0
        away /= np.linalg.norm(away, axis=1, keepdims=True)
        brim = edge[None] + depth[..., None] * width * away
        brim[..., 1] += 0.01 + 0.05 * depth**2
        build.grid(brim, FABRIC, base, closed=True)
    elif kind == "woolly hat" and rng.random() < 0.6:
        _ball(build, points[0].mean(axis=0) + np.array([0, 0.1, 0]), 0.22, rng, base)


def _directions(polar, azimuth) -> np.ndarray:
    polar, azimuth = np.broadcast_arrays(polar, azimuth)
    return np.stack(
        [
            np.sin(polar) * np.sin(azimuth),
            np.cos(polar),
            np.sin(polar) * np.cos(azimuth),
        ],
        axis=-1,
    )


def _ball(build, middle, radius, rng, base):
    """Add a pompon."""
    polar = np.linspace(0.01, np.pi - 0.01, 9)[:, None]
    azimuth = np.linspace(0, 2 * np.pi, 14, endpoint=False)[None]
    fluff = 1 + rng.normal(0, 0.07, (9, 14, 1))
    points = middle + radius * fluff * _directions(polar, azimuth)
    build.grid(points, FABRIC, np.clip(base * 1.4 * fluff, 0, 0.8), closed=True)


def _veil(build, body, rng, base):
    """Add a headscarf or a hood: all of the head but the face, and its fall."""
    hood = body.identity.covering == "hood"
    off = 0.16 if hood else 0.05
    half_x, half_y = (0.80, 0.90) if hood else (0.74, 0.81)
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    angle = np.linspace(0.01, 0.97 * np.pi, 120)[:, None]  # from the back of the head

    def aim(angle):
        return np.stack(
            [
                np.sin(angle) * np.sin(turn),
                np.sin(angle) * np.cos(turn),
                -np.cos(angle) * np.ones_like(turn),
            ],
            axis=-1,
        )

    points = _on_head(body, aim(angle), off * np.ones((120, 64)))
    oval = np.abs(points[..., 0] / half_x) ** 3
    oval += np.abs((points[..., 1] - 6.99) / half_y) ** 3
    face = (oval < 1) & (points[..., 2] > 0.5)
    first = np.where(face.any(axis=0), face.argmax(axis=0), 119)
    ends = gaussian_filter(angle[first, 0], 1.0, mode="wrap")
    rows = 36
    share = np.linspace(0, 1, rows)[:, None]
    stand = off * np.ones((rows, 64))
    folds = 0.012 * np.sin(3 * turn + 9 * share) * np.sin(np.pi * share)
    stand += folds * (2 if hood else 1)
    stand[-1] -= 0.5 * off
    points = _on_head(body, aim(0.01 + share * ends), stand)
    colours = cloth_pattern(rng, turn * 0.8 + 0 * share, 2 * share + 0 * turn, base)
    colours *= (1 - 0.25 * (np.abs(share - 0.94) < 0.02))[..., None]
    build.grid(points, FABRIC, colours, closed=True)
    # the fall over neck and shoulders
    down = np.linspace(0, 1, 16)[:, None]
    wide = (0.74 + 0.95 * down**1.6) * (1.12 if hood else 1)
    ripple = 1 + 0.05 * down * np.sin(9 * turn) + 0.03 * down * np.sin(5 * turn + 1)
    front = np.cos(turn)
    fall = np.stack(
        [
            wide * ripple * np.sin(turn),
            6.42 - 1.35 * down - 0.14 * (1 - down) * front - 0.12 * front * down,
            0.26 - 0.15 * down + (0.78 + 0.12 * down) * ripple * front,
        ],
        axis=-1,
    )
    shade = (1 + 2.5 * (ripple - 1))[..., None]
    build.grid(fall, FABRIC, base * shade, closed=True)
