"""The classical baselines."""

import numpy as np
import pytest

from emolib.datasets import DatasetError
from emolib.errors import ArgumentError
from emolib.models import BASELINES, fit_baseline, predict


@pytest.fixture(scope="module")
def parts(tiny):
    return tiny.apex().part("train"), tiny.apex().part("test")


@pytest.mark.parametrize("name", BASELINES)
def test_probabilities_have_six_columns_that_sum_to_one(name, parts):
    train, test = parts
    shares = fit_baseline(name, train).predict_proba(test.images)
    assert shares.shape == (len(test), 6)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", BASELINES[2:])
def test_learners_beat_chance_clearly(name, parts):
    train, test = parts
    answers = predict(fit_baseline(name, train), test.images).argmax(axis=1)
    assert (answers == test.labels).mean() > 0.6


def test_chance_gives_each_emotion_one_sixth(parts):
    shares = fit_baseline("chance", parts[0]).predict_proba(parts[1].images)
    np.testing.assert_allclose(shares, 1 / 6, atol=1e-6)


def test_majority_names_the_most_frequent_emotion(tiny):
    skewed = tiny.subset(np.flatnonzero((tiny.labels == 3) | (np.arange(288) < 30)))
    answers = fit_baseline("majority", skewed).predict_proba(tiny.images[:4])
    assert (answers.argmax(axis=1) == 3).all()


def test_class_absent_from_training_gets_probability_zero(parts):
    train, test = parts
    without_fear = train.subset(train.labels != 2)
    shares = fit_baseline("pixel 1-NN", without_fear).predict_proba(test.images)
    assert shares.shape == (len(test), 6)
    assert (shares[:, 2] == 0).all()


def test_unknown_name_lists_the_known_ones(parts):
    with pytest.raises(ValueError, match="majority"):
        fit_baseline("svm", parts[0])


def test_no_images_give_no_answers_and_arrays_are_no_training_set(parts):
    baseline = fit_baseline("majority", parts[0])
    assert baseline.predict_proba(parts[1].images[:0]).shape == (0, 6)
    with pytest.raises(ArgumentError, match=r"a FaceDataset\. Received: a ndarray"):
        fit_baseline("majority", parts[0].images)


def test_empty_training_set_is_refused(tiny):
    with pytest.raises(DatasetError, match="labelled"):
        fit_baseline("majority", tiny.subset([]))
