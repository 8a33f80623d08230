"""Action units move what their names say, on the side they say, on everybody.

All of it is measured on the mesh: left and right are the person's, so +x.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

from emolib import EMOTIONS
from emolib.faces import CROP
from emolib.paths import data_folder
from emolib.synthesis import (
    UNITS,
    Difficulty,
    Scene,
    draw_clip,
    draw_still,
    identity_vertices,
    load_head,
    random_identity,
)
from emolib.synthesis import renderer as drawing
from emolib.synthesis.drawing.mesh import HAIR
from emolib.synthesis.people.expression import without_side
from emolib.synthesis.people.shape import pupil_rows, pupils

PEOPLE = [random_identity(seed) for seed in (1, 4, 8, 21)]
SIDES = {"Left": 1, "Right": -1}
SIDED = sorted({without_side(unit) for unit in UNITS if unit.endswith("Left")})
SIDED.remove("jaw")
SIDED.remove("mouth")  # jawLeft and mouthLeft move the middle to one side
MIDDLE = [unit for unit in UNITS if not unit.endswith(("Left", "Right"))]


@pytest.fixture(scope="module")
def difficulty():
    plan = json.loads((data_folder() / "synthface/difficulty.json").read_text())
    return Difficulty(**plan["difficulty"])


def face(person, weights):
    """Vertices (n, 3) of the head with an expression, without what it wears."""
    count = len(load_head().vertices)
    return drawing._assemble(person, weights, Scene()).vertices[:count]


def moves(person, weights):
    """How far an expression moves each vertex (n, 3), decimetres."""
    return face(person, weights) - face(person, {})


def drawn():
    """Rows of the vertices that are drawn: not those of the pack's own hair."""
    head = load_head()
    return np.unique(head.triangles[head.materials != HAIR])


def lips():
    """Rows of the middle of the upper and of the lower lip."""
    head = load_head()
    x, y, z = head.vertices.T
    red = (head.masks[:, 0] > 0.5) & (np.abs(x) < 0.05) & (z > 1.54)
    return np.flatnonzero(red & (y > 6.625)), np.flatnonzero(red & (y < 6.6115))


def corner(side):
    """Rows of one corner of the mouth."""
    head = load_head()
    red = head.masks[:, 0] > 0.5
    return np.flatnonzero(red & (side * head.vertices[:, 0] > 0.22))


def brow(side, low, high):
    """Rows of the skin under one brow, from `low` to `high` off the middle."""
    x, y, z = load_head().vertices.T
    across = (side * x > low) & (side * x < high)
    return np.flatnonzero(across & (np.abs(y - 7.46) < 0.045) & (z > 1.2))


def opening(vertices, side):
    """Height of the gap between the middles of one eye's lids, decimetres."""
    head = load_head()
    x, y, _ = head.vertices.T
    rim = (head.masks[:, 2] > 0.5) & (np.abs(side * x - 0.31) < 0.06)
    lower = vertices[rim & (y < 7.285), 1].mean()
    return vertices[rim & (y > 7.285), 1].mean() - lower


def mouth_gap(vertices):
    upper, lower = lips()
    return vertices[upper, 1].mean() - vertices[lower, 1].mean()


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: f"person {person.seed}")
class TestEverybody:
    def test_jaw_open_opens_the_mouth(self, person):
        gaps = [mouth_gap(face(person, {"jawOpen": w})) for w in (0, 0.3, 0.6, 1)]
        assert (np.diff(gaps) > 0.03).all()
        assert gaps[-1] - gaps[0] > 0.12
        closed = face(person, {"jawOpen": 1.0, "mouthClose": 1.0})
        assert mouth_gap(closed) - gaps[0] < 0.25 * (gaps[-1] - gaps[0])

    def test_brows_go_up_and_down_where_they_should(self, person):
        inner = moves(person, {"browInnerUp": 1.0})[:, 1]
        outer = moves(person, {"browOuterUpLeft": 1.0, "browOuterUpRight": 1.0})[:, 1]
        down = moves(person, {"browDownLeft": 1.0, "browDownRight": 1.0})[:, 1]
        for side in SIDES.values():
            near, far = brow(side, 0.06, 0.22), brow(side, 0.36, 0.56)
            assert inner[near].mean() > 0.025
            assert inner[near].mean() > 2 * inner[far].mean()
            assert outer[far].mean() > 0.025
            assert outer[far].mean() > 2 * outer[near].mean()
            assert down[brow(side, 0.06, 0.5)].mean() < -0.025

    @pytest.mark.parametrize("side", SIDES)
    def test_a_blink_closes_its_own_eye(self, person, side):
        rest, blink = face(person, {}), face(person, {f"eyeBlink{side}": 1.0})
        wide = face(person, {f"eyeWide{side}": 1.0})
        own, other = SIDES[side], -SIDES[side]
        assert opening(blink, own) < 0.35 * opening(rest, own)
        assert opening(wide, own) > 1.15 * opening(rest, own)
        assert opening(blink, other) == pytest.approx(opening(rest, other), abs=1e-4)
        x = drawing._project(blink, Scene(), 1)[1][:, 0]  # 1 is the right edge
        lids = load_head().masks[:, 2] > 0.5
        moved = lids & (np.abs(blink - rest).max(axis=1) > 0.02)
        assert moved.sum() > 40
        assert ((x[moved] > 0.5) == (side == "Left")).all()

    @pytest.mark.parametrize("side", SIDES)
    def test_a_corner_of_the_mouth_moves_alone(self, person, side):
        own, other = corner(SIDES[side]), corner(-SIDES[side])
        for unit, way in (("mouthSmile", 1), ("mouthFrown", -1)):
            lift = way * moves(person, {f"{unit}{side}": 1.0})[:, 1]
            assert lift[own].mean() > 0.025
            assert np.abs(lift[other]).mean() < 0.2 * lift[own].mean()
        outwards = SIDES[side] * moves(person, {f"mouthStretch{side}": 1.0})[:, 0]
        assert outwards[own].mean() > 0.04

    @pytest.mark.parametrize("side", SIDES)
    def test_the_iris_looks_where_the_unit_says(self, person, side):
        out = SIDES[side]
        ways = {"Out": (out, 0), "In": (-out, 0), "Up": (0, 1), "Down": (0, -1)}
        own, other = pupil_rows() if side == "Left" else pupil_rows()[::-1]
        for name, way in ways.items():
            step = moves(person, {f"eyeLook{name}{side}": 1.0})[:, :2]
            along = step[own].mean(axis=0) @ way
            assert along > 0.015, name
            assert np.abs(step[own].mean(axis=0)).max() < 1.2 * along
            assert np.abs(step[other]).max() < 1e-4

    def test_no_unit_tears_the_face(self, person):
        """Each moves a part of the face by 2.5 to 50 mm: seen, but no tear."""
        rows = drawn()
        for unit in UNITS:
            step = np.linalg.norm(moves(person, {unit: 1.0}), axis=1)
            assert np.isfinite(step).all()
            assert 0.025 < step[rows].max() < 0.5, unit
            assert 40 < (step[rows] > 0.005).sum() < 0.5 * len(rows), unit


@pytest.mark.parametrize("unit", SIDED + MIDDLE)
def test_left_and_right_mirror_each_other(unit):
    """On the average head, which is symmetric to the last digit."""
    rest = load_head().vertices
    rows = drawn()
    place = {tuple(np.rint(1e4 * rest[row]).astype(int)): row for row in rows}
    twin = np.array(
        [
            place[tuple(np.rint(1e4 * rest[row] * (-1, 1, 1)).astype(int))]
            for row in rows
        ]
    )
    names = (f"{unit}Left", f"{unit}Right") if unit in SIDED else (unit, unit)
    left, right = (moves(PEOPLE[0], {name: 1.0}) for name in names)
    gap = np.linalg.norm(left[rows] - right[twin] * (-1, 1, 1), axis=1)
    # the pack's mouthFunnel and mouthRollLower are not quite even themselves
    share = 0.05 if unit in SIDED else 0.13
    assert gap.sum() < share * np.linalg.norm(left[rows], axis=1).sum()
    assert gap.max() < 0.025


def test_gaze_turns_both_eyes_the_same_way(difficulty):
    quiet = replace(difficulty, speech=0.0, gaze=0.8)
    seen = []
    for seed in range(12):
        person = PEOPLE[seed % len(PEOPLE)]
        weights = draw_still(person, "anger", 0.0, quiet, seed=seed).expression
        step = moves(person, weights)
        left, right = (step[rows, :2].mean(axis=0) for rows in pupil_rows())
        assert left == pytest.approx(right, abs=0.02)
        seen.append(left)
    assert (np.min(seen, axis=0) < -0.01).all()
    assert (np.max(seen, axis=0) > 0.01).all()
    resting = draw_still(PEOPLE[0], "anger", 0.0, replace(quiet, gaze=0.0), seed=0)
    assert np.abs(moves(PEOPLE[0], resting.expression)).max() == 0


@pytest.mark.parametrize("pitch", [-30, -12, 0, 12, 30])
@pytest.mark.parametrize("yaw", [-45, -20, 0, 20, 45])
def test_the_canonical_crop_holds_for_everybody(yaw, pitch):
    expected = np.array(CROP.eyes(1)).ravel()
    for seed in range(300, 330):
        vertices = identity_vertices(random_identity(seed))
        truth = drawing._project(vertices, Scene(yaw=yaw, pitch=pitch), 1)[2]
        names = ("left_eye_x", "left_eye_y", "right_eye_x", "right_eye_y")
        assert [truth[name] for name in names] == pytest.approx(expected, abs=0.02)


def test_faces_stay_in_the_frame(difficulty):
    """Eyes and mouth of the frames of 30 people's clips, drawn without rendering."""
    places, lowest = [], []
    for seed in range(500, 530):
        person = random_identity(seed, spread=difficulty.identity_spread)
        for label in range(3):
            emotion = EMOTIONS[(seed + 2 * label) % 6]
            for frame in draw_clip(person, emotion, 1, difficulty, frames=3):
                scene = replace(frame.scene, occluder="none")
                vertices = face(person, frame.expression)
                _, pixels, truth = drawing._project(vertices, scene, 1)
                places.append(list(truth.values()))
                upper, lower = (pixels[part, 1].max() for part in lips())
                assert upper < 1
                lowest.append(lower)
    # the crop is a tight one: jaws that drop, and long faces, may lose the lip's edge
    assert np.mean(np.array(lowest) > 1) < 0.2
    places = np.array(places)
    assert places.min() > 0.05
    assert places.max() < 1
    assert (places[:, [1, 3]].max(axis=1) < places[:, 5]).all()  # eyes above the mouth


def test_the_pupils_stay_level_with_the_crop_when_the_face_moves():
    """No unit but the gaze moves a pupil: the eyes are what crops are aligned to."""
    for unit in UNITS:
        if not unit.startswith("eyeLook"):
            before, after = (
                np.array(pupils(face(PEOPLE[0], weights)))
                for weights in ({}, {unit: 1})
            )
            assert after == pytest.approx(before, abs=0.01), unit
