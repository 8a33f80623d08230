"""Sequences: padding changes nothing, order matters to some, saving, ONNX."""

import numpy as np
import pytest

from emolib.datasets import load
from emolib.errors import ArgumentError
from emolib.export import to_onnx
from emolib.models import small_cnn
from emolib.models._backend import keras, tf
from emolib.models.recurrent import SEQUENCES, PoolFrames, encode, sequence_network
from emolib.onnx_session import open_session

BLIND = ("last", "mean", "max", "temporal attention")


@pytest.fixture(scope="module")
def clips():
    """Return features of four clips of seven frames, float32 (4, 7, 12)."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(4, 7, 12)).astype(np.float32)


def shaken(kind):
    """Return a network whose weights are away from where they begin."""
    model = sequence_network(kind, 12, seed=1)
    rng = np.random.default_rng(2)
    model.set_weights([w + rng.normal(0, 0.2, w.shape) for w in model.get_weights()])
    return model


@pytest.mark.parametrize("kind", SEQUENCES)
def test_clips_of_any_length_become_probabilities(kind, clips):
    model = shaken(kind)
    for length in (1, 4, 7):
        shares = np.asarray(model(clips[:, :length]))
        assert shares.shape == (4, 6)
        np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("kind", SEQUENCES)
def test_padded_frames_change_nothing(kind, clips):
    model = shaken(kind)
    padded = np.concatenate([clips, np.zeros((4, 5, 12), np.float32)], axis=1)
    padded[1, 3:] = 0
    found = np.asarray(model(padded))
    np.testing.assert_allclose(found[[0, 2, 3]], model(clips[[0, 2, 3]]), atol=1e-5)
    np.testing.assert_allclose(found[1:2], model(clips[1:2, :3]), atol=1e-5)


@pytest.mark.parametrize("kind", SEQUENCES)
def test_order_matters_to_those_that_read_in_order(kind, clips):
    model = shaken(kind)
    order = [2, 0, 5, 1, 4, 3, 6]  # the last stays
    away = np.abs(model(clips[:, order]) - model(clips)).max()
    if kind in BLIND:
        assert away < 1e-5
    else:
        assert away > 1e-3


@pytest.mark.parametrize("kind", SEQUENCES)
def test_kinds_are_of_one_size(kind):
    assert abs(sequence_network(kind, 96).count_params() / 20_000 - 1) < 0.06


@pytest.mark.parametrize("kind", SEQUENCES)
def test_seed_decides_the_initial_weights(kind):
    first, same, other = (
        sequence_network(kind, 12, seed).get_weights() for seed in (3, 3, 4)
    )
    assert all((a == b).all() for a, b in zip(first, same, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("kind", SEQUENCES)
def test_a_network_saved_and_loaded_answers_the_same(kind, clips, tmp_path):
    model = shaken(kind)
    model.save(tmp_path / "clip.keras")
    again = keras.models.load_model(tmp_path / "clip.keras")
    np.testing.assert_allclose(again(clips), model(clips), atol=1e-6)


@pytest.mark.parametrize("kind", SEQUENCES)
def test_exported_it_answers_the_same_to_clips_of_any_length(kind, clips):
    model = shaken(kind)
    session = open_session(to_onnx(model))
    for length in (1, 3, 7):
        shown = clips[:, :length].copy()
        shown[0, 2:] = 0
        (found,) = session.run(["probabilities"], {"clip": shown})
        np.testing.assert_allclose(found, model(shown), atol=1e-4)


@pytest.mark.parametrize("kind", ["mean", "max", "last"])
def test_pools_are_what_numpy_says(kind, clips):
    real = np.arange(7) < np.array([[7], [3], [1], [5]])
    found = np.asarray(PoolFrames(kind)(clips, mask=real))
    for clip, length, row in zip(clips, (7, 3, 1, 5), found, strict=True):
        frames = clip[:length]
        expected = {"mean": frames.mean(0), "max": frames.max(0), "last": frames[-1]}
        np.testing.assert_allclose(row, expected[kind], atol=1e-6)


def test_encoding_makes_each_frame_once_and_pads_with_zeros():
    faces = load("synthface").part("test").subset(np.arange(10))
    clips = faces.subset(np.array([0, 1, 2, 3, 4, 5, 6])).clips()
    model = small_cnn(1)
    found = encode(model, clips)
    assert found.shape == (2, 5, 96)
    assert found.dtype == np.float32
    assert (found[1, 2:] == 0).all()
    assert (np.abs(found[1, :2]).max(axis=-1) > 0).all()
    last = model.layers[-1]
    shares = tf.nn.softmax(found[0] @ last.kernel + last.bias)
    images = faces.images[:5, ..., None].astype(np.float32)
    np.testing.assert_allclose(shares, model(images), atol=1e-5)


def test_unknown_kind_is_refused_with_the_nearest():
    with pytest.raises(ArgumentError, match="LSTM"):
        sequence_network("LSMT", 96)
