"""From images to probabilities."""

import numpy as np
import pytest

from emolib.models import plain_cnn, predict, predict_both_ways
from emolib.models.cnn import contrast_cnn
from emolib.models.inference import both_ways


@pytest.fixture(scope="module")
def faces():
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (5, 64, 64), dtype=np.uint8)


def test_both_ways_treats_a_face_and_its_mirror_image_alike(faces):
    model = contrast_cnn()
    there, back = (predict_both_ways(model, f) for f in (faces, faces[:, :, ::-1]))
    np.testing.assert_allclose(there, back, atol=1e-6)
    np.testing.assert_allclose(there.sum(axis=1), 1, atol=1e-5)


def test_predict_takes_one_image_a_channel_axis_and_nothing(faces):
    model = plain_cnn()
    all_at_once = predict(model, faces)
    np.testing.assert_allclose(predict(model, faces[0]), all_at_once[:1], atol=1e-5)
    np.testing.assert_allclose(predict(model, faces[..., None]), all_at_once, atol=1e-5)
    assert predict(model, faces[:0]).shape == (0, 6)


@pytest.mark.parametrize("shape", [(2, 48, 48), (2, 64, 64, 3), (64,)])
def test_predict_names_a_wrong_shape_and_the_remedy(shape):
    with pytest.raises(ValueError, match="to_canonical"):
        predict(plain_cnn(), np.zeros(shape, np.uint8))


def test_many_images_go_through_in_batches(faces, monkeypatch):
    model = plain_cnn()
    all_at_once = predict(model, faces)
    monkeypatch.setattr("emolib.models.inference._BATCH", 2)
    np.testing.assert_allclose(predict(model, faces), all_at_once, atol=1e-5)


def test_both_ways_asks_once_and_averages():
    asked = []

    def left_side(images):
        asked.append(images)
        return images[:, 0, :2].astype(np.float32)

    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    found = both_ways(left_side, images)
    np.testing.assert_array_equal(found, [[1.5, 1.5], [13.5, 13.5]])
    assert [one.shape for one in asked] == [(4, 3, 4)]
