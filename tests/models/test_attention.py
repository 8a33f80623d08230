"""Attention: shapes, weights that sum to one, what shuffling does, saving, ONNX."""

import numpy as np
import pytest

from emolib.errors import ArgumentError
from emolib.export import to_onnx
from emolib.models import build, load_model, predict, save_model, small_cnn
from emolib.models._backend import keras
from emolib.models.attention import (
    NETWORKS,
    AttentionPooling,
    ChannelAttention,
    SelfAttention,
    SpatialAttention,
    SqueezeExcitation,
)
from emolib.onnx_session import open_session

BLOCKS = (SqueezeExcitation, ChannelAttention, SpatialAttention, SelfAttention)


@pytest.fixture(scope="module")
def maps():
    """Return feature maps, float32 (5, 4, 6, 8)."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(5, 4, 6, 8)).astype(np.float32)


@pytest.fixture(scope="module")
def faces():
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (5, 64, 64), dtype=np.uint8)


def shaken(layer, maps):
    """Return a layer that is built, its weights moved away from where they begin."""
    layer.build(maps.shape)
    rng = np.random.default_rng(2)
    layer.set_weights(
        [one + rng.normal(0, 0.3, one.shape) for one in layer.get_weights()]
    )
    return layer


@pytest.mark.parametrize("kind", BLOCKS)
def test_block_keeps_shape_and_type(kind, maps):
    found = np.asarray(shaken(kind(), maps)(maps))
    assert found.shape == maps.shape
    assert found.dtype == np.float32
    assert np.isfinite(found).all()


@pytest.mark.parametrize("kind", [SqueezeExcitation, ChannelAttention])
def test_gates_of_channels_multiply_them(kind, maps):
    layer = shaken(kind(), maps)
    gates = np.asarray(layer.attention(maps))
    assert gates.shape == (5, 8)
    assert (gates > 0).all()
    assert (gates < 1).all()
    np.testing.assert_allclose(layer(maps), maps * gates[:, None, None], rtol=1e-5)


@pytest.mark.parametrize("kind", [SqueezeExcitation, ChannelAttention])
def test_gates_of_channels_do_not_care_where_things_are(kind, maps):
    layer = shaken(kind(), maps)
    moved = maps[:, ::-1, ::-1]
    np.testing.assert_allclose(layer.attention(moved), layer.attention(maps), rtol=1e-5)


def test_maxima_tell_a_channel_that_a_mean_hides(maps):
    spike = np.zeros_like(maps)
    spike[:, 0, 0, 3], spike[:, 1, 1, 3] = 5, -5  # its mean is 0
    empty = np.zeros_like(maps)
    blind, seeing = shaken(SqueezeExcitation(), maps), shaken(ChannelAttention(), maps)
    np.testing.assert_allclose(blind.attention(spike), blind.attention(empty))
    assert np.abs(seeing.attention(spike) - seeing.attention(empty)).max() > 0.01


def test_gates_of_places_multiply_all_channels(maps):
    layer = shaken(SpatialAttention(size=3), maps)
    gates = np.asarray(layer.attention(maps))
    assert gates.shape == (5, 4, 6)
    np.testing.assert_allclose(layer(maps), maps * gates[..., None], rtol=1e-5)


def test_places_look_at_places_with_weights_that_sum_to_one(maps):
    layer = shaken(SelfAttention(heads=2), maps)
    weights = np.asarray(layer.attention(maps))
    assert weights.shape == (5, 2, 24, 24)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-5)


def test_without_positions_self_attention_cannot_tell_a_shuffled_face(maps):
    layer = shaken(SelfAttention(heads=2), maps)
    order = np.random.default_rng(3).permutation(24)

    def shuffled(values):
        flat = np.reshape(values, (5, 24, 8))[:, order]
        return flat.reshape(np.shape(values))

    kept = shuffled(layer(maps))
    assert np.abs(layer(shuffled(maps)) - kept).max() > 0.01
    layer.position.assign(np.zeros((24, 8)))
    kept = shuffled(layer(maps))
    np.testing.assert_allclose(layer(shuffled(maps)), kept, atol=1e-5)


def test_heads_have_to_divide_the_channels(maps):
    with pytest.raises(ArgumentError, match="8 channels cannot be divided among 3"):
        SelfAttention(heads=3).build(maps.shape)


def test_pooling_begins_as_a_mean(maps):
    layer = AttentionPooling()
    np.testing.assert_allclose(layer(maps), maps.mean(axis=(1, 2)), atol=1e-6)


def test_pooling_weighs_by_the_query(maps):
    layer = shaken(AttentionPooling(), maps)
    weights = np.asarray(layer.attention(maps))
    np.testing.assert_allclose(weights.sum(axis=(1, 2)), 1, atol=1e-5)
    expected = (maps * weights[..., None]).sum(axis=(1, 2))
    np.testing.assert_allclose(layer(maps), expected, atol=1e-5)
    layer.query.assign(100 * maps[0, 2, 3])  # points at one place
    assert np.asarray(layer.attention(maps[:1]))[0, 2, 3] > 0.99


def test_masked_moments_change_nothing():
    clips = np.random.default_rng(4).normal(size=(3, 7, 8)).astype(np.float32)
    layer = shaken(AttentionPooling(), clips)
    mask = np.arange(7) < np.array([[7], [4], [1]])
    other = np.where(mask[..., None], clips, 1e3).astype(np.float32)
    np.testing.assert_allclose(layer(other, mask), layer(clips, mask), atol=1e-6)
    np.testing.assert_allclose(layer(clips, mask)[2], clips[2, 0], atol=1e-5)
    assert np.asarray(layer.attention(clips, mask))[~mask].max() == 0


@pytest.mark.parametrize("name", NETWORKS)
def test_network_maps_faces_to_probabilities(name, faces):
    model = build(name, seed=2)
    shares = predict(model, faces)
    assert model.name == name
    assert shares.shape == (5, 6)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_seed_decides_the_initial_weights(name):
    first, same, other = (build(name, seed).get_weights() for seed in (3, 3, 4))
    assert all((a == b).all() for a, b in zip(first, same, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("name", NETWORKS)
def test_network_has_the_size_of_the_small_cnn(name):
    assert abs(build(name).count_params() / small_cnn().count_params() - 1) < 0.01


@pytest.mark.parametrize("name", NETWORKS)
def test_network_saved_loaded_and_exported_answers_the_same(name, faces, tmp_path):
    model = build(name, seed=1)
    rng = np.random.default_rng(5)
    moved = [one + rng.normal(0, 0.02, one.shape) for one in model.get_weights()]
    model.set_weights([np.abs(one) if one.ndim == 1 else one for one in moved])
    expected = predict(model, faces)
    again = load_model(save_model(model, tmp_path / name, {}))
    np.testing.assert_allclose(predict(again, faces), expected, atol=1e-6)
    copy = keras.Model.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    np.testing.assert_allclose(predict(copy, faces), expected, atol=1e-6)
    inputs = {"face": faces[..., None].astype(np.float32)}
    (found,) = open_session(to_onnx(model)).run(["probabilities"], inputs)
    np.testing.assert_allclose(found, expected, atol=1e-4)
