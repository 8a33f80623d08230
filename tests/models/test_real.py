"""The networks for photographs."""

import numpy as np
import pytest

from emolib.faces import to_canonical
from emolib.models import predict
from emolib.models._backend import keras
from emolib.models.real import Shrink, real_cnn, triangle_weights, wide_cnn

FACES = np.random.default_rng(0).integers(0, 256, (3, 64, 64), dtype=np.uint8)


@pytest.mark.parametrize(
    ("build", "most"), [(real_cnn, 200_000), (wide_cnn, 1_250_000)]
)
def test_it_answers_with_probabilities_and_stays_small(build, most):
    model = build(seed=1)
    shares = predict(model, FACES)
    assert shares.shape == (3, 6)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    assert model.count_params() <= most
    np.testing.assert_array_equal(shares, predict(build(seed=1), FACES))
    assert (shares != predict(build(seed=2), FACES)).any()


def test_brightness_and_contrast_do_not_matter():
    model = real_cnn(seed=1)
    dim = (FACES * 0.5 + 20).astype(np.float32)
    np.testing.assert_allclose(
        predict(model, dim), predict(model, FACES.astype(np.float32)), atol=1e-3
    )


@pytest.mark.parametrize("side", [48, 40, 64])
def test_shrinking_gives_back_what_was_enlarged(side):
    small = FACES[:, :side, :side]
    crops = np.stack([to_canonical(face) for face in small])[..., None]
    found = np.asarray(Shrink(side)(crops.astype(np.float32)))[..., 0]
    off = np.abs(found - small)  # crops have whole grey values
    assert off.max() < 4
    assert off.mean() < 1


def test_shrinking_others_is_the_best_fit():
    """No picture of 48 pixels, enlarged, comes nearer to a crop than the one found."""
    faces = FACES.astype(np.float32)
    found = np.asarray(Shrink(48)(faces[..., None]))[..., 0]
    enlarge = triangle_weights(48, 64)
    left = faces - enlarge @ found @ enlarge.T
    gradient = enlarge.T @ left @ enlarge
    assert np.abs(gradient).max() < 0.01 * np.abs(left).max()


def test_the_weights_of_a_resize_sum_to_one():
    np.testing.assert_allclose(triangle_weights(64, 48).sum(axis=1), 1, rtol=1e-6)
    with pytest.raises(ValueError, match="at least 8"):
        Shrink(4)


def test_the_layer_is_built_again_from_its_settings():
    layer = Shrink.from_config(Shrink(40).get_config())
    assert isinstance(layer, keras.layers.Layer)
    assert layer.side == 40
