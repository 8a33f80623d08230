"""The networks for photographs."""

import numpy as np
import pytest
from PIL import Image

from emolib.faces import RESAMPLE, to_canonical
from emolib.models import predict
from emolib.models._backend import keras
from emolib.models.real import Shrink, real_cnn, triangle_weights, wide_cnn

FACES = np.random.default_rng(0).integers(0, 256, (3, 64, 64), dtype=np.uint8)


@pytest.mark.parametrize(
    ("build", "most"), [(real_cnn, 200_000), (wide_cnn, 1_000_000)]
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
def test_shrinking_is_the_course_s_resize(side):
    small = np.asarray(Shrink(side)(FACES[..., None].astype(np.float32)))[..., 0]
    for face, found in zip(FACES, small, strict=True):
        expected = Image.fromarray(face).resize((side, side), RESAMPLE)
        # Pillow rounds to whole grey values after each of the two directions
        assert np.abs(found - np.asarray(expected, np.float32)).max() <= 1.01


def test_shrinking_sharply_gives_back_what_was_enlarged():
    small = FACES[:, :48, :48]
    crops = np.stack([to_canonical(face) for face in small])[..., None]
    for sharp, worst in ((True, 4), (False, 1000)):
        found = np.asarray(Shrink(48, sharp)(crops.astype(np.float32)))[..., 0]
        assert np.abs(found - small).max() < worst
        assert (np.abs(found - small).mean() < 1) == sharp  # rounding, or a loss


def test_the_weights_of_a_resize_sum_to_one():
    np.testing.assert_allclose(triangle_weights(64, 48).sum(axis=1), 1, rtol=1e-6)
    with pytest.raises(ValueError, match="at least 8"):
        Shrink(4)


def test_the_layer_is_built_again_from_its_settings():
    layer = Shrink.from_config(Shrink(40, sharp=True).get_config())
    assert (layer.side, layer.sharp) == (40, True)
    assert isinstance(layer, keras.layers.Layer)
