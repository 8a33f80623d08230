"""A hand in front of the face: one smooth surface, in the poses people hold it."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numba import njit
from scipy.ndimage import gaussian_filter, maximum_filter

from emolib.synthesis.drawing.mesh import FABRIC, HAND, MeshBuilder, Part
from emolib.synthesis.drawing.paint import cloth_pattern
from emolib.synthesis.worn.fitting import Body, place_of, sample_depth


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


def make_hand(body: Body, pose_name: str, rng: np.random.Generator) -> Part:
    """Build a hand on the face, with the beginning of a sleeve."""
    pose = _POSES[pose_name]
    side = rng.choice([-1, 1])
    shape, triangles, factor = _hand_shape(pose_name, int(rng.integers(8)))
    lean = math.radians(rng.uniform(*pose.lean))
    tilt = math.radians(pose.tilt + rng.normal(0, 2))
    scale = rng.normal(0.93 if body.identity.sex == "female" else 1.02, 0.03)
    along = np.array([-math.sin(lean), math.cos(lean), 0.0])
    thumb = np.array([math.cos(lean), math.sin(lean), 0.0])
    x, y = pose.target
    side_x, height = place_of(body, side * x, y)[:2]
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
    depth = maximum_filter(body.depth, 5)
    here = float(sample_depth(depth, side * target[0], target[1]))
    relief = here + pose.follow * (np.clip(depth, here - 0.5, here + 0.2) - here)
    relief = gaussian_filter(maximum_filter(relief, 5), 5.0)

    def drape(x, y):
        return sample_depth(relief, x, y)

    place = put(shape, drape)
    # lift the hand until (nearly) none of the face comes through its back
    top = shape[:, 2] > np.percentile(shape[:, 2], 40)
    sunk = sample_depth(depth, place[top, 0], place[top, 1]) - place[top, 2]
    sunk = sunk[(np.abs(place[top, 0]) < 1.2) & (place[top, 1] > 6.0)]
    lift = max(0.10, float(np.percentile(sunk, 97)) + 0.05) if len(sunk) else 0.10
    place[:, 2] += lift
    if side < 0:
        triangles = triangles[:, ::-1]
    build = MeshBuilder()
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
    cloth = cloth_pattern(rng, rings[..., 0], rings[..., 1], base)
    cloth[0] *= 0.5
    sleeve = put(rings.reshape(-1, 3), drape).reshape(rings.shape)
    sleeve[..., 2] += lift
    build.grid(sleeve, FABRIC, cloth, closed=True)
    return build.part()
