"""One person is followed through the frames of a video."""

import numpy as np
import pytest

from emolib.faces import Face
from emolib.faces.following import PATIENCE, follow

SHAPE = (240, 400, 3)


def face(left, side=80.0, top=60.0, score=0.99):
    points = [(left + side / 2, top + side / 2)] * 5
    return Face((float(left), top, side, side), score, *points)


def lefts(frames, step):
    times = step * np.arange(len(frames))
    return [one and one.box[0] for one in follow(frames, times, SHAPE)]


def test_who_moves_is_followed_past_somebody_who_stands():
    there = [(face(20 + 12 * k), face(280, 60)) for k in range(12)]
    assert lefts(there, 0.04) == [20 + 12 * k for k in range(12)]
    assert lefts([pair[::-1] for pair in there], 0.04) == lefts(there, 0.04)


def test_of_two_the_larger_is_followed_also_where_the_other_is_nearer():
    small, large = face(250, 50), face(20, 100)
    frames = [(small,), (small,), (large, small), (small,), (large, small)]
    assert lefts(frames, 0.2) == [None, None, 20, None, 20]


def test_after_a_while_another_may_take_the_place_before_and_behind():
    small, large = face(250, 50), face(20, 100)
    frames = [(small,)] * 8 + [(large,)] + [(small,)] * 8
    step = 0.3
    gone = int(PATIENCE / step)
    expected = [250] * (8 - gone) + [None] * gone + [20] + [None] * gone
    assert lefts(frames, step) == expected + [250] * (8 - gone)


def test_frames_far_apart_need_not_show_the_face_in_the_same_place():
    frames = [(face(20),), (), (face(300),), (face(150),)]
    assert lefts(frames, 60.0) == [20, None, 300, 150]
    assert lefts(frames, 0.04) == [20, None, None, None]


@pytest.mark.parametrize("side", [39, 161])
def test_a_face_of_quite_another_size_is_somebody_else(side):
    frames = [(face(100),), (face(100 + 40 - side / 2, side),)]
    found = follow(frames, [0.0, 0.1], SHAPE)
    assert [one is None for one in found].count(True) == 1


def test_no_faces_and_no_frames():
    assert lefts([(), ()], 1.0) == [None, None]
    assert lefts([], 1.0) == []
