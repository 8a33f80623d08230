"""Single numbers: what is refused, and that the message names parameter and value."""

import math

import numpy as np
import pytest

from emolib.arguments import check_number, check_whole
from emolib.datasets import splits
from emolib.errors import ArgumentError
from emolib.models import plain_cnn, small_cnn
from emolib.models.registry import build
from emolib.training import (
    Cosine,
    MovingAverage,
    augment,
    class_weights,
    distill,
    mixup,
    smooth_labels,
    soft_targets,
)

FACES = np.random.default_rng(3).integers(0, 256, (4, 64, 64), dtype=np.uint8)
EVEN = np.full((4, 6), 1 / 6)
NAN = float("nan")


@pytest.mark.parametrize("value", [-1, 0.5, 1.0, NAN, True, "1", None, [1]])
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(ArgumentError, match=r"^seed must be a whole number, 0 or more"):
        check_whole("seed", value)


def test_whole_numbers_pass():
    for value in (0, 7, np.int64(3), np.uint8(0), 2**40):
        check_whole("seed", value)
    with pytest.raises(ArgumentError, match=r"epochs must .* 1 or more\. Received: 0"):
        check_whole("epochs", 0, 1)


@pytest.mark.parametrize(
    ("limits", "ends", "good", "bad", "told"),
    [
        ((0, 1), "[]", (0, 1, 0.5, np.float32(0.2)), (-0.1, 1.1), "from 0 to 1"),
        ((0, 1), "()", (0.5,), (0, 1), "above 0 to below 1"),
        ((0, 1), "[)", (0, 0.9), (1, -1), "from 0 to below 1"),
        ((0,), "[]", (0, 9e9), (-1,), "of 0 or more, finite"),
        ((0,), "(]", (1e-9,), (0, -1), "above 0, finite"),
    ],
)
def test_numbers_and_the_ends_of_their_range(limits, ends, good, bad, told):
    for value in good:
        check_number("share", value, *limits, ends=ends)
    for value in (*bad, NAN, math.inf, -math.inf, "x", None, True):
        with pytest.raises(ArgumentError, match=rf"^share must be a number {told}\. R"):
            check_number("share", value, *limits, ends=ends)


SEEDED = {
    "build": lambda seed, tiny: build("real_cnn", seed),
    "plain_cnn": lambda seed, tiny: plain_cnn(seed),
    "small_cnn": lambda seed, tiny: small_cnn(seed),
    "augment": lambda seed, tiny: augment(FACES, seed),
    "augment, a list": lambda seed, tiny: augment(FACES, [0, seed], "strong"),
    "random_frame": lambda seed, tiny: splits.random_frame(tiny, seed),
    "random_clip": lambda seed, tiny: splits.random_clip(tiny, seed),
    "by_subject": lambda seed, tiny: splits.by_subject(tiny, seed),
    "by_subject_and_sentence": lambda seed, tiny: splits.by_subject_and_sentence(
        tiny, seed
    ),
    "subject_folds": lambda seed, tiny: list(splits.subject_folds(tiny, 3, seed)),
    "hold_out": lambda seed, tiny: splits.hold_out(tiny, 0.2, seed),
    "divide": lambda seed, tiny: splits.divide(tiny, seed),
    "limit": lambda seed, tiny: splits.by_subject(tiny).limit(9, tiny.labels, seed),
}


@pytest.mark.parametrize("name", SEEDED)
@pytest.mark.parametrize("seed", [-1, 0.5, "one"])
def test_a_seed_that_is_none_is_named_wherever_one_is_taken(name, seed, tiny):
    with pytest.raises(ArgumentError, match=r"^seed must be a whole number"):
        SEEDED[name](seed, tiny)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("warm_up", lambda: Cosine(warm_up=-1)),
        ("warm_up", lambda: Cosine(warm_up=NAN)),
        ("decay", lambda: MovingAverage(1.5)),
        ("decay", lambda: MovingAverage(-0.1)),
        ("decay", lambda: MovingAverage(NAN)),
        ("dropout", lambda: plain_cnn(dropout=1.0)),
        ("dropout", lambda: plain_cnn(dropout=-0.5)),
        ("share", lambda: smooth_labels(EVEN, 1.5)),
        ("weight", lambda: distill(EVEN, EVEN, -1)),
        ("temperature", lambda: distill(EVEN, EVEN, 0.5, 0)),
        ("power", lambda: class_weights(np.array([1]), NAN)),
        ("alpha", lambda: mixup(FACES, EVEN, 0, np.random.default_rng(0))),
    ],
)
def test_parameters_of_the_parts_of_a_training_are_named(name, call):
    with pytest.raises(ArgumentError, match=rf"^{name} must be a number .*Received: "):
        call()


@pytest.mark.parametrize("labels", [[6], [-2], [1.0], ["fear"], [True]])
def test_labels_that_are_none_are_refused(labels):
    labels = np.array(labels)
    for call in (soft_targets, class_weights):
        with pytest.raises(ArgumentError, match="labels must be whole numbers, 0 to 5"):
            call(labels, np.ones(1) if call is soft_targets else 0.5)


@pytest.mark.parametrize("targets", [EVEN * 2, EVEN * NAN, EVEN[:3], EVEN[:, :5], [0]])
def test_targets_that_are_none_are_refused(targets):
    with pytest.raises(ArgumentError, match="targets must be"):
        mixup(FACES, targets, 0.2, np.random.default_rng(0))


def test_numbers_of_a_split_are_named(tiny):
    with pytest.raises(ArgumentError, match="n_train must be a whole number"):
        splits.by_subject(tiny).limit(1.5, tiny.labels)
    with pytest.raises(ArgumentError, match="count must be a whole number"):
        list(splits.subject_folds(tiny, 3.5))
    for fraction in (0, 1, NAN, "half"):
        with pytest.raises(ArgumentError, match="fraction must be a number above 0"):
            splits.hold_out(tiny, fraction)
    with pytest.raises(ArgumentError, match="threshold must be a number from 0 to 1"):
        tiny.apex(70)
