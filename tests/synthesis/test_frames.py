"""A face in a frame: where the renderer says it is."""

import numpy as np
import pytest

from emolib.synthesis import Scene, framed_face, random_identity, render_with_truth


def test_the_face_lies_where_it_was_put():
    person, scene = random_identity(3), Scene(yaw=10)
    image, truth = framed_face(person, None, scene, size=96, corner=(300, 40))
    face, inside = render_with_truth(person, None, scene, size=96, colour=True)
    assert (image.shape, image.dtype) == ((576, 720, 3), np.uint8)
    assert np.array_equal(image[40:136, 300:396], face)
    rest = np.ones(image.shape[:2], bool)
    rest[40:136, 300:396] = False
    assert (image[rest] == 128).all()
    assert truth["left_eye_x"] == pytest.approx(300 + 96 * inside["left_eye_x"])
    assert truth["mouth_y"] == pytest.approx(40 + 96 * inside["mouth_y"])
    assert truth["covered"] == inside["covered"]


def test_in_the_middle_unless_told_and_in_any_frame():
    image, truth = framed_face(random_identity(4), size=50, frame=(80, 60))
    assert image.shape == (60, 80, 3)
    middle = (truth["left_eye_x"] + truth["right_eye_x"]) / 2
    assert middle == pytest.approx(40, abs=2)


@pytest.mark.parametrize("corner", [(-1, 0), (0, -1), (600, 0), (0, 500)])
def test_outside_the_frame(corner):
    with pytest.raises(
        ValueError, match=r"100 pixels at .* within a frame of 640 x 480"
    ):
        framed_face(random_identity(4), size=100, corner=corner, frame=(640, 480))
