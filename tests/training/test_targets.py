"""Targets, by value."""

import numpy as np
import pytest

from emolib.datasets import FaceDataset
from emolib.datasets.fer_plus import COLUMNS
from emolib.training.targets import (
    class_weights,
    crowd_targets,
    distill,
    smooth_labels,
    soft_targets,
    targets_of,
)


def test_soft_targets_mix_label_and_ignorance():
    targets = soft_targets(np.array([3, 3, 0, -1]), np.array([1, 0, np.nan, 1.0]))
    assert targets.dtype == np.float32
    np.testing.assert_allclose(targets.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(targets[0], np.eye(6)[3])
    np.testing.assert_allclose(targets[1], 1 / 6, atol=1e-6)
    np.testing.assert_allclose(targets[2], np.eye(6)[0])
    np.testing.assert_allclose(targets[3], 1 / 6, atol=1e-6)


def test_soft_targets_refuse_what_is_no_intensity():
    with pytest.raises(ValueError, match="0 to 1"):
        soft_targets(np.array([1]), np.array([1.2]))
    with pytest.raises(ValueError, match="shape"):
        soft_targets(np.array([1, 2]), np.array([1.0]))


def test_targets_of_a_data_set_are_soft_or_one_hot(tiny):
    np.testing.assert_array_equal(targets_of(tiny, soft=False), np.eye(6)[tiny.labels])
    own = targets_of(tiny)[np.arange(len(tiny)), tiny.labels]
    np.testing.assert_allclose(own, (1 + 5 * tiny.meta["intensity"]) / 6, atol=1e-6)


def test_votes_outside_the_six_are_spread_over_them():
    votes = np.zeros((4, 10))
    votes[0, [3, 5]] = 7, 3
    votes[1, [0, 6]] = 4, 6
    votes[2, [7, 8, 9]] = 3, 4, 3
    votes[3, [2, 8]] = 6, 3  # nine votes
    targets = crowd_targets(votes)
    assert targets.dtype == np.float32
    np.testing.assert_allclose(targets[0], [0, 0, 0, 0.7, 0, 0.3], atol=1e-6)
    np.testing.assert_allclose(targets[1], [0.5, *[0.1] * 5], atol=1e-6)
    np.testing.assert_allclose(targets[2], 1 / 6, atol=1e-6)
    np.testing.assert_allclose(targets[3], np.eye(6)[2] * 2 / 3 + 1 / 18, atol=1e-6)


def test_targets_are_the_votes_where_they_are_known(tiny):
    faces, meta = tiny.subset(np.arange(4)), tiny.meta.loc[:3]
    votes = np.full((4, 10), np.nan)
    votes[1] = [0, 0, 0, 0, 10, 0, 0, 0, 0, 0]
    meta[list(COLUMNS)] = votes
    voted = FaceDataset("voted", faces.images, faces.labels, meta)
    plain, heard = targets_of(faces), targets_of(voted)
    np.testing.assert_array_equal(heard[1], np.eye(6)[4])
    np.testing.assert_array_equal(np.delete(heard, 1, 0), np.delete(plain, 1, 0))
    hard = targets_of(voted, soft=False)
    np.testing.assert_array_equal(hard, np.eye(6)[faces.labels])


def test_label_smoothing_spreads_a_share_over_all_classes():
    smooth = smooth_labels(np.eye(6)[[2]], 0.3)[0]
    np.testing.assert_allclose(smooth, [0.05, 0.05, 0.75, 0.05, 0.05, 0.05])
    np.testing.assert_array_equal(smooth_labels(np.eye(6), 0), np.eye(6))


def test_distillation_softens_the_answers_and_mixes_them_in():
    answers = np.array([[0.64, 0.16, 0.16, 0.04, 0, 0]])
    softened = np.array([0.8, 0.4, 0.4, 0.2, 0, 0]) / 1.8  # temperature 2: the roots
    found = distill(np.eye(6)[[3]], answers, 0.75, 2.0)[0]
    np.testing.assert_allclose(found, 0.75 * softened + 0.25 * np.eye(6)[3])
    assert answers[0, 0] == 0.64
    np.testing.assert_allclose(distill(np.eye(6)[[3]], answers, 1.0), answers)


def test_class_weights_make_classes_alike_and_keep_the_mean():
    labels = np.repeat([-1, 0, 1, 2, 3, 4, 5], [10, 20, 40, 5, 5, 10, 10])
    counts = np.array([20, 40, 5, 5, 10, 10, 10])  # neutral last
    np.testing.assert_allclose(class_weights(labels, 0.0), 1)
    np.testing.assert_allclose(class_weights(labels, 1.0) * counts, 100 / 7, rtol=1e-5)
    half = class_weights(labels, 0.5)
    assert (half * counts).sum() == pytest.approx(100)
    assert half[0] / half[1] == pytest.approx(2**0.5)
