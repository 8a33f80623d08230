from dataclasses import replace

import numpy as np
import pytest

from emolib import EMOTIONS
from emolib.faces import CROP
from emolib.synthesis import (
    OCCLUDERS,
    Scene,
    UnknownUnitError,
    express,
    random_identity,
    render,
    render_with_truth,
)

PERSON = random_identity(1)


def test_picture_has_the_documented_shape_and_type():
    grey = render(PERSON)
    assert grey.shape == (64, 64)
    assert grey.dtype == np.uint8
    assert render(PERSON, colour=True, size=96).shape == (96, 96, 3)


def test_same_input_gives_the_same_bits():
    scene = Scene(noise=4, noise_seed=3, occluder="hand", occluder_seed=2)
    first = render(PERSON, express("fear"), scene)
    assert np.array_equal(first, render(PERSON, express("fear"), scene))
    other = render(PERSON, express("fear"), Scene(noise=4, noise_seed=4))
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("yaw", [-30, 0, 30])
@pytest.mark.parametrize("seed", [1, 5])
def test_pupils_lie_on_the_canonical_crop(seed, yaw):
    _, truth = render_with_truth(random_identity(seed), {}, Scene(yaw=yaw))
    (left_x, left_y), (right_x, right_y) = CROP.eyes(1)
    assert truth["left_eye_x"] == pytest.approx(left_x, abs=0.02)
    assert truth["right_eye_x"] == pytest.approx(right_x, abs=0.02)
    assert truth["left_eye_y"] == pytest.approx(left_y, abs=0.02)
    assert truth["right_eye_y"] == pytest.approx(right_y, abs=0.02)


def test_pupils_are_dark_where_the_truth_says():
    scene = Scene(light_contrast=0.2)
    image, truth = render_with_truth(PERSON, {"eyeWide": 0.8}, scene, size=128)
    for side in ("left", "right"):
        x = int(truth[f"{side}_eye_x"] * 128)
        y = int(truth[f"{side}_eye_y"] * 128)
        pupil = image[y - 2 : y + 2, x - 2 : x + 2].mean()
        cheek = image[y + 18 : y + 24, x - 4 : x + 4].mean()
        assert pupil < 0.6 * cheek


def test_roll_shift_and_scale_do_what_they_say():
    _, truth = render_with_truth(PERSON, {}, Scene(roll=20))
    assert truth["right_eye_y"] > truth["left_eye_y"] + 0.08  # clockwise
    _, truth = render_with_truth(PERSON, {}, Scene(shift_x=0.1, scale=1.2))
    middle = (truth["left_eye_x"] + truth["right_eye_x"]) / 2
    assert middle == pytest.approx(0.6, abs=0.02)
    width = truth["right_eye_x"] - truth["left_eye_x"]
    assert width == pytest.approx(1.2 * CROP.interocular, abs=0.02)


def test_jaw_open_lowers_and_darkens_the_mouth():
    closed, before = render_with_truth(PERSON, {}, size=128)
    opened, after = render_with_truth(PERSON, {"jawOpen": 0.9}, size=128)
    assert after["mouth_y"] > before["mouth_y"] + 0.02
    x, y = int(after["mouth_x"] * 128), int(after["mouth_y"] * 128)
    patch = np.s_[y - 6 : y + 6, x - 8 : x + 8]
    assert opened[patch].min() < closed[patch].min() - 20


def test_a_smile_lifts_the_person_left_corner_at_the_right_of_the_picture():
    neutral = render(PERSON, {}, size=128).astype(int)
    smiling = render(PERSON, {"mouthSmileLeft": 1.0}, size=128).astype(int)
    change = np.abs(smiling - neutral)[64:]
    assert change[:, 64:].sum() > 2 * change[:, :64].sum()


def test_light_from_the_right_brightens_the_right():
    faces = [
        render(PERSON, {}, Scene(light_azimuth=azimuth, light_contrast=0.9))
        for azimuth in (-60, 60)
    ]
    gap = [face[25:50, 36:50].mean() - face[25:50, 14:28].mean() for face in faces]
    assert gap[0] < -10
    assert gap[1] > 10


@pytest.mark.parametrize(
    ("occluder", "rows", "columns"),
    [
        ("sunglasses", slice(20, 28), slice(14, 50)),
        ("mask", slice(42, 58), slice(20, 44)),
        ("glasses", slice(16, 32), slice(8, 56)),
    ],
)
def test_occluders_change_what_they_cover(occluder, rows, columns):
    bare = render(PERSON).astype(int)
    covered, truth = render_with_truth(
        PERSON, {}, Scene(occluder=occluder, occluder_seed=1)
    )
    change = np.abs(covered - bare)
    assert change[rows, columns].mean() > 1.5 * change.mean()
    assert 0.01 < truth["covered"] < 0.7


@pytest.mark.parametrize("seed", range(6))
def test_hand_covers_a_part_of_the_face_only(seed):
    scene = Scene(occluder="hand", occluder_seed=seed)
    assert 0.03 < render_with_truth(PERSON, {}, scene)[1]["covered"] < 0.6


def test_mask_hides_the_mouth():
    scene = Scene(occluder="mask", occluder_seed=3)
    smile = render(PERSON, {"mouthSmile": 1.0, "jawOpen": 0.5}, scene)
    assert np.array_equal(smile, render(PERSON, {}, scene))


@pytest.mark.parametrize("occluder", OCCLUDERS)
@pytest.mark.parametrize("emotion", EMOTIONS)
def test_faces_fill_the_frame_with_detail(emotion, occluder):
    for seed in range(3):
        person = random_identity(100 + seed)
        scene = Scene(yaw=20 * (seed - 1), occluder=occluder, occluder_seed=seed)
        image, truth = render_with_truth(person, express(emotion, seed=seed), scene)
        assert 12 < image.std() < 100
        assert 40 < image.mean() < 215
        assert all(np.isfinite(value) for value in truth.values())
        assert 0.6 < truth["mouth_y"] < 0.98


@pytest.mark.parametrize("size", [0, 15, 10_000])
def test_sizes_that_cannot_be_drawn_are_refused(size):
    with pytest.raises(ValueError, match="size must lie in"):
        render(PERSON, size=size)


def test_unknown_unit_is_refused():
    with pytest.raises(UnknownUnitError, match="Unknown action unit"):
        render(PERSON, {"wiggleEars": 1.0})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"occluder": "scarf"}, "Unknown occluder"),
        ({"yaw": 80}, "yaw must lie in"),
        ({"scale": 9}, "scale must lie in"),
        ({"pitch": float("nan")}, "pitch must lie in"),
        ({"noise": float("nan")}, "noise must lie in"),
        ({"rim": -1.0}, "rim must lie in"),
        ({"jpeg": 200}, "jpeg must lie in"),
    ],
)
def test_scenes_out_of_range_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Scene(**change)


def test_a_covered_face_can_be_exposed_as_if_it_were_bare():
    person, bare = random_identity(4), Scene(blur=0.0, background=None)
    masked = replace(bare, occluder="mask", occluder_seed=1)
    plain, _ = render_with_truth(person, {}, bare)
    own, _ = render_with_truth(person, {}, masked)
    held, _ = render_with_truth(person, {}, masked, metered=bare)
    forehead = slice(0, 16)
    assert (held[forehead] == plain[forehead]).mean() > 0.99
    assert (own[forehead] == plain[forehead]).mean() < 0.5
    again, _ = render_with_truth(person, {}, masked, metered=masked)
    assert (again == own).all()
