"""Networks of clips learn what order tells, and nothing from bad input."""

import numpy as np
import pytest

from emolib.errors import ArgumentError
from emolib.models import sequence_network
from emolib.training import fit_clips


@pytest.fixture(scope="module")
def turned():
    """Return clips that rise (label 0) or fall (label 1): the same frames."""
    rng = np.random.default_rng(0)
    rising = np.linspace(-1, 1, 6)[:, None] * rng.normal(size=8)
    rising = rising + rng.normal(0, 0.2, (300, 6, 8))
    labels = np.arange(300) % 2
    clips = np.where(labels[:, None, None] == 0, rising, rising[:, ::-1])
    return clips.astype(np.float32), labels


def trained(kind, turned, seed=0):
    model = sequence_network(kind, 8, seed)
    clips, labels = turned
    first, second = (clips[:200], labels[:200]), (clips[200:], labels[200:])
    return model, fit_clips(model, first, second, epochs=12, seed=seed)


@pytest.mark.parametrize("kind", ["GRU", "LSTM", "temporal convolution"])
def test_what_reads_in_order_tells_rising_from_falling(kind, turned):
    assert trained(kind, turned)[1]["val_accuracy"].max() > 0.95


@pytest.mark.parametrize("kind", ["mean", "max", "temporal attention"])
def test_what_pools_cannot(kind, turned):
    assert trained(kind, turned)[1]["val_accuracy"].max() < 0.7


def test_the_same_seed_gives_the_same_weights_and_the_best_are_kept(turned):
    (one, log), (two, _) = trained("GRU", turned, 3), trained("GRU", turned, 3)
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    clips, labels = turned
    right = np.asarray(one(clips[200:])).argmax(axis=1) == labels[200:]
    assert right.mean() == pytest.approx(log["val_accuracy"].max())


def test_bad_input_is_refused(turned):
    clips, labels = turned
    model = sequence_network("mean", 8)
    with pytest.raises(ArgumentError, match=r"training clips must be .*\(0, 6, 8\)"):
        fit_clips(model, (clips[:0], labels[:0]), turned, epochs=1)
    with pytest.raises(ArgumentError, match="validation labels must lie in 0 to 5"):
        fit_clips(model, turned, (clips, labels - 1), epochs=1)
    with pytest.raises(ArgumentError, match="epochs must be a whole number, 1"):
        fit_clips(model, turned, turned, epochs=0)
