"""What covers a face covers what it says, and no more."""

from functools import partial

import numpy as np
import pytest

from emolib.synthesis import Scene, random_identity, render, render_with_truth
from emolib.synthesis.drawing.mesh import CLOTH, EYE, FRAME
from emolib.synthesis.people.pack import load_head
from emolib.synthesis.worn.fitting import body_of
from emolib.synthesis.worn.occluders import (
    FRAMES,
    HAND_POSES,
    KINDS,
    MASKS,
    frame_shape,
    hand_pose,
    make_occluder,
    mask_kind,
)

SIZE = 128
#: Middles of named regions of the face on the rest mesh, (x, y) decimetres.
REGIONS = {
    "nose tip": (0.0, 6.92),
    "mouth": (0.0, 6.65),
    "chin": (0.0, 6.38),
    "cheek": (0.42, 6.85),
    "eye": (0.31, 7.285),
    "temple": (0.45, 7.62),
}


@pytest.fixture
def seen(materials_seen):
    """Material at each pixel, and the pixels of all vertices, at this file's size."""
    return partial(materials_seen, SIZE)


def around(pixels, region, side=1):
    """Window of 5 x 5 pixels around a region of the face."""
    rest = load_head().vertices
    x, y = REGIONS[region]
    gap = np.hypot(rest[:, 0] - side * x, rest[:, 1] - y) + 9 * (rest[:, 2] < 0.9)
    column, row = pixels[np.argmin(gap)].astype(int)
    return np.s_[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3]


def seed_of(choice, wanted, start=0):
    """First seed for which `choice` gives what is wanted."""
    return next(seed for seed in range(start, 500) if choice(seed) == wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_mesh_and_no_nan(kind):
    body = body_of(random_identity(4))
    for seed in range(8):
        part = make_occluder(kind, body, seed)
        again = make_occluder.__wrapped__(kind, body, seed)
        assert np.array_equal(part.vertices, again.vertices)
        assert np.array_equal(part.colours, again.colours)
        assert np.isfinite(part.vertices).all()
        assert np.isfinite(part.colours).all()
        assert part.triangles.max() < len(part.vertices)
        assert len(part.materials) == len(part.triangles)


def test_unknown_kind_names_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'sunglasses'"):
        make_occluder("sunglases", body_of(random_identity(1)), 0)


@pytest.mark.parametrize("shape", FRAMES)
@pytest.mark.parametrize("yaw", [-25, 0, 25])
def test_sunglasses_hide_both_eyes_and_glasses_neither(seen, shape, yaw):
    seed = seed_of(frame_shape, shape)
    for number in (1, 8, 21):
        person = random_identity(number)
        bare, pixels = seen(person, Scene(yaw=yaw))
        dark, _ = seen(
            person, Scene(yaw=yaw, occluder="sunglasses", occluder_seed=seed)
        )
        clear, _ = seen(person, Scene(yaw=yaw, occluder="glasses", occluder_seed=seed))
        eyes = bare == EYE
        assert eyes.sum() > 40
        assert (dark[eyes] >= FRAME).mean() > 0.97
        assert (clear[eyes] == EYE).mean() > 0.75
        for side in (1, -1):
            assert (clear[around(pixels, "eye", side)] == FRAME).mean() < 0.3
        assert 20 < (clear == FRAME).sum() < 0.15 * SIZE * SIZE


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("yaw", [-35, 0, 35])
def test_masks_hide_nose_mouth_and_chin_but_not_the_eyes(seen, kind, yaw):
    seed = seed_of(mask_kind, kind)
    for number in (1, 8, 21, 33):
        person = random_identity(number)
        scene = Scene(yaw=yaw, occluder="mask", occluder_seed=seed, scale=0.65)
        materials, pixels = seen(person, scene)
        for region in ("nose tip", "mouth", "chin"):
            hidden = (materials[around(pixels, region)] == CLOTH).mean()
            assert hidden > (0.75 if region == "nose tip" else 0.99), (number, region)
        bare, _ = seen(person, Scene(yaw=yaw, scale=0.65))
        assert (materials[bare == EYE] == EYE).mean() > 0.97


@pytest.mark.parametrize(
    ("pose", "region"),
    [("mouth", "mouth"), ("cheek", "cheek"), ("chin", "chin"), ("lips", "mouth"),
     ("eye", "eye"), ("temple", "temple")],
)  # fmt: skip
def test_hands_cover_what_their_pose_says(seen, pose, region):
    start = 0
    for number in (1, 8, 21):
        seed = seed_of(hand_pose, pose, start)
        start = seed + 1
        person = random_identity(number)
        scene = Scene(occluder="hand", occluder_seed=seed, scale=0.8)
        materials, pixels = seen(person, scene)
        hidden = [
            (materials[around(pixels, region, side)] >= FRAME).mean()
            for side in (1, -1)
        ]
        assert max(hidden) > 0.5, (number, seed)
        _, truth = render_with_truth(person, {}, scene)
        assert 0.02 < truth["covered"] < 0.6


def test_every_pose_and_shape_is_drawn():
    assert {hand_pose(seed) for seed in range(80)} == set(HAND_POSES)
    assert {frame_shape(seed) for seed in range(80)} == set(FRAMES)
    assert {mask_kind(seed) for seed in range(80)} == set(MASKS)


def test_hands_have_the_colour_of_the_person():
    """Without its factors a hand would be a mitten; with them it stays skin."""
    factors = make_occluder("hand", body_of(random_identity(3)), 0).colours[:1000]
    assert factors.std() > 0.02
    assert 0.2 < factors.min() < factors.max() < 1.6


@pytest.mark.parametrize("kind", KINDS)
def test_the_picture_changes_where_the_occluder_is(seen, kind):
    person = random_identity(8)
    scene = Scene(occluder=kind, occluder_seed=2)
    bare = render(person, {}, size=SIZE).astype(int)
    worn = render(person, {}, scene, size=SIZE).astype(int)
    materials, _ = seen(person, scene)
    change = np.abs(worn - bare)
    assert change[materials >= FRAME].mean() > 2 * change[materials < FRAME].mean()
