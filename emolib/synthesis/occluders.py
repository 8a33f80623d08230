"""Things in front of a face: glasses, sunglasses, a mask, a hand.

Each is a small triangle mesh in the coordinates of a normalised head, made from the
person's own geometry. Taught in chapter 2; chapter 8 studies what they do.
"""

from functools import cache, lru_cache

import numpy as np
from scipy.interpolate import griddata
from scipy.ndimage import gaussian_filter, maximum_filter

from emolib.synthesis.head import EYES, Identity, identity_vertices, load_head
from emolib.synthesis.mesh import CLOTH, FRAME, HAND, LENS, Part

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
        Chooses shape, colour and place.
    """
    kinds = {"glasses": 0, "sunglasses": 1, "mask": 2, "hand": 3}
    rng = np.random.default_rng([seed, 5, kinds[kind]])
    if kind == "mask":
        return _mask(identity, rng)
    if kind == "hand":
        return _hand(identity, rng)
    return _glasses(identity, rng, dark=kind == "sunglasses")


def _part(
    vertices: np.ndarray,
    triangles: np.ndarray,
    materials: np.ndarray,
    colour: np.ndarray,
) -> Part:
    """A part of one colour."""
    colours = np.tile(np.clip(colour, 0, 1), (len(vertices), 1))
    return Part(vertices, triangles, materials, colours.astype(np.float32))


def _surface_z(identity: Identity, x: float, y: float) -> float:
    """Depth of the neutral face at (x, y), decimetres."""
    skin = _skin_rows()
    place = identity_vertices(identity)[skin]
    gap = (place[:, 0] - x) ** 2 + (place[:, 1] - y) ** 2
    near = place[np.argsort(gap)[:12]]
    return float(near[:, 2].max())


@cache
def _skin_rows() -> np.ndarray:
    head = load_head()
    return np.unique(head.triangles[head.materials == 0])


def _strip(inner: np.ndarray, outer: np.ndarray, first: int, closed: bool) -> list:
    """Triangles of a band between two equally long rows of points."""
    count = len(inner)
    triangles = []
    for k in range(count if closed else count - 1):
        a, b = first + k, first + (k + 1) % count
        triangles += [(a, b, a + count), (b, b + count, a + count)]
    return triangles


def _glasses(identity: Identity, rng: np.random.Generator, *, dark: bool) -> Part:
    rim = rng.uniform(0.012, 0.030) + 0.012 * dark
    half_width = rng.uniform(0.20, 0.26)
    half_height = rng.uniform(0.13, 0.19) + 0.02 * dark
    power = rng.uniform(2.0, 3.5)  # 2 is an ellipse, more is squarer
    centre_x, centre_y = 0.33, EYES[1] - 0.03
    front = max(_surface_z(identity, 0, 7.27), _surface_z(identity, 0.3, 7.45)) + 0.05
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    cos, sin = np.cos(angle), np.sin(angle)
    unit_x = np.sign(cos) * np.abs(cos) ** (2 / power)
    unit_y = np.sign(sin) * np.abs(sin) ** (2 / power)
    vertices, triangles, materials = [], [], []

    def place(x, y):
        return np.stack([x, y, front - 0.30 * x**2], axis=1)

    def add(points, tris, material):
        vertices.append(points)
        triangles.extend(tris)
        materials.extend([material] * len(tris))

    count = 0
    for side in (1, -1):
        rows = [
            place(
                side * (centre_x + (half_width + grow) * unit_x),
                centre_y + (half_height + grow) * unit_y,
            )
            for grow in (0, rim)
        ]
        add(np.concatenate(rows), _strip(rows[0], rows[1], count, True), FRAME)
        if dark:
            hub = count + 48
            add(
                place(np.array([side * centre_x]), np.array([centre_y])),
                [(count + k, count + (k + 1) % 24, hub) for k in range(24)],
                LENS,
            )
            count += 1
        count += 48
        x1 = side * (centre_x + half_width + rim)
        ends = np.array([[x1, centre_y + 0.05], [x1, centre_y + 0.05 + 1.4 * rim]])
        hinge = place(ends[:, 0], ends[:, 1])
        ear = hinge.copy()
        ear[:, 0] = side * 0.76
        ear[:, 2] = 0.62
        add(
            np.concatenate([hinge, ear]),
            [(count, count + 1, count + 2), (count + 1, count + 3, count + 2)],
            FRAME,
        )
        count += 4
    inner = centre_x - half_width
    bridge_x = np.linspace(-inner, inner, 5)
    lower = place(bridge_x, np.full(5, centre_y + 0.03) + 0.02 * np.cos(4 * bridge_x))
    upper = lower + np.array([0, 1.2 * rim, 0])
    add(np.concatenate([lower, upper]), _strip(lower, upper, count, False), FRAME)
    shade = rng.choice([0.01, 0.02, 0.05, 0.25], p=[0.4, 0.25, 0.2, 0.15])
    tint = 1 + rng.normal(0, 0.15, 3)
    return _part(
        np.concatenate(vertices).astype(np.float32),
        np.array(triangles, np.int32),
        np.array(materials, np.uint8),
        shade * tint,
    )


def _mask(identity: Identity, rng: np.random.Generator) -> Part:
    """A cloth stretched over nose, mouth and chin: a smooth sheet above the face."""
    place = identity_vertices(identity)
    inner = load_head().masks[:, 1] > 0.2
    rows = _skin_rows()
    rows = rows[(place[rows, 2] > 0.5) & ~inner[rows] & (place[rows, 1] < 7.6)]
    top = rng.uniform(7.04, 7.14)
    columns, lines = 27, 22
    x = np.linspace(-1, 1, columns)[None, :] * np.ones((lines, 1))
    down = np.linspace(0, 1, lines)[:, None] * np.ones((1, columns))
    chin = place[rows, 1][np.abs(place[rows, 0]) < 0.1].min() - 0.02
    upper = top - 0.22 * x**2
    y = upper + (chin + 0.10 * x**2 - upper) * down
    x = x * (0.66 - 0.16 * down**2)
    z = griddata(place[rows, :2], place[rows, 2], (x, y), method="nearest")
    z = gaussian_filter(maximum_filter(z, (3, 3)), 1.6, mode="nearest") + 0.06
    z -= 0.05 * (np.abs(x) / 0.6) ** 3
    cloth = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    triangles = []
    for line in range(lines - 1):
        first, second = line * columns, (line + 1) * columns
        for k in range(columns - 1):
            a, b, c, d = first + k, first + k + 1, second + k, second + k + 1
            triangles += [(a, c, b), (b, c, d)]
    colours = ([0.35, 0.55, 0.70], [0.75, 0.75, 0.75], [0.03, 0.03, 0.03])
    colour = np.array(colours[rng.integers(3)]) * rng.uniform(0.8, 1.1)
    return _part(
        cloth.astype(np.float32),
        np.array(triangles, np.int32),
        np.full(len(triangles), CLOTH, np.uint8),
        colour,
    )


def _hand(identity: Identity, rng: np.random.Generator) -> Part:
    """Four fingers, a thumb and a palm, laid over mouth, cheek or one eye."""
    side = rng.choice([-1, 1])
    where = rng.choice(3, p=[0.5, 0.3, 0.2])
    target = ((0.05, 6.62), (0.42, 6.85), (0.34, 7.22))[where]
    target = np.array([side * target[0], target[1]]) + rng.normal(0, 0.04, 2)
    lean = side * np.deg2rad(rng.uniform(20, 65))  # fingers point up and inwards
    along = np.array([-np.sin(lean), np.cos(lean), 0.0])
    across = np.array([np.cos(lean), np.sin(lean), 0.0])
    depth = _surface_z(identity, *target) + 0.10
    knuckles = np.array([*target, depth]) - 0.30 * along
    vertices, triangles, count = [], [], 0

    def add(points, radii):
        nonlocal count
        new, tris = _tube(np.asarray(points), np.asarray(radii))
        vertices.append(new)
        triangles.append(tris + count)
        count += len(new)

    curl = rng.uniform(0.02, 0.12)
    for k, length in enumerate((0.52, 0.62, 0.58, 0.44)):
        root = knuckles + (k - 1.5) * 0.195 * across
        spread = along + (k - 1.5) * rng.uniform(0.02, 0.10) * across
        joints = [root + spread * length * share for share in (-0.1, 0.35, 0.7, 1.0)]
        for joint, share in zip(joints, (0, 0, 0.4, 1.0), strict=True):
            joint[2] += 0.03 * (1 - abs(k - 1.5)) - curl * share
        add(joints, (0.102, 0.098, 0.090, 0.072))
    thumb = knuckles - side * 0.36 * across - 0.25 * along
    add(
        [thumb, thumb + 0.25 * along - side * 0.10 * across, thumb + 0.45 * along],
        (0.115, 0.11, 0.08),
    )
    back = [knuckles + (k - 1.5) * 0.16 * across for k in range(4)]
    for root in back:
        add([root, root - 0.35 * along, root - 0.85 * along], (0.10, 0.12, 0.13))
    mesh = np.concatenate(vertices).astype(np.float32)
    tris = np.concatenate(triangles).astype(np.int32)
    return _part(mesh, tris, np.full(len(tris), HAND, np.uint8), np.zeros(3))


def _tube(points: np.ndarray, radii: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A rounded tube through points: vertices (n, 3) and triangles (m, 3)."""
    segments = 10
    ends = np.array([points[0] - (points[1] - points[0]) * 0.05,
                     points[-1] + (points[-1] - points[-2]) * 0.22])  # fmt: skip
    path = np.concatenate([ends[:1], points, ends[1:]])
    sizes = np.concatenate([[radii[0] * 0.4], radii, [radii[-1] * 0.45]])
    angle = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    rings = []
    for k, (centre, radius) in enumerate(zip(path, sizes, strict=True)):
        ahead = path[min(k + 1, len(path) - 1)] - path[max(k - 1, 0)]
        ahead = ahead / np.linalg.norm(ahead)
        sideways = np.cross(ahead, [0, 0, 1.0])
        sideways /= np.linalg.norm(sideways)
        up = np.cross(sideways, ahead)
        ring = np.cos(angle)[:, None] * sideways + np.sin(angle)[:, None] * up
        rings.append(centre + radius * ring)
    triangles = []
    for k in range(len(path) - 1):
        for j in range(segments):
            a, b = k * segments + j, k * segments + (j + 1) % segments
            triangles += [(a, b, a + segments), (b, b + segments, a + segments)]
    last = (len(path) - 1) * segments
    for j in range(1, segments - 1):
        triangles += [(last, last + j, last + j + 1), (0, j + 1, j)]
    return np.concatenate(rings), np.array(triangles)
