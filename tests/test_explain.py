"""Grad-CAM."""

import numpy as np
import pytest

from emolib.explain import grad_cam
from emolib.models import plain_cnn, small_cnn

FACES = np.random.default_rng(0).integers(0, 256, (3, 64, 64), dtype=np.uint8)


@pytest.mark.parametrize("build", [plain_cnn, small_cnn])
def test_maps_have_the_size_of_the_face_and_lie_in_0_to_1(build):
    maps = grad_cam(build(), FACES)
    assert maps.shape == (3, 64, 64)
    assert maps.dtype == np.float32
    assert maps.min() >= 0
    assert maps.max() <= 1


def test_map_of_an_image_does_not_depend_on_its_neighbours():
    model = small_cnn(1)
    together = grad_cam(model, FACES, class_index=4)
    alone = grad_cam(model, FACES[1], class_index=4)
    np.testing.assert_allclose(together[1], alone[0], atol=1e-4)


def test_one_class_per_image():
    model = plain_cnn()
    each = grad_cam(model, FACES, class_index=np.array([0, 3, 5]))
    np.testing.assert_allclose(each[1], grad_cam(model, FACES, 3)[1], atol=1e-4)


def test_map_is_bright_where_the_evidence_is():
    """A network whose score is the brightness at one place must be seen there."""
    model = plain_cnn()
    spot = np.zeros((1, 64, 64), np.uint8)
    spot[:, 8:16, 44:60] = 255
    for layer in model.layers:
        weights = layer.get_weights()
        if weights:
            positive = [np.abs(w) if w.ndim > 1 else w for w in weights]
            layer.set_weights(positive)
    heat = grad_cam(model, spot, class_index=0)[0]
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert row < 28
    assert column > 36


def test_another_layer_can_be_named():
    model = plain_cnn()
    assert grad_cam(model, FACES, layer="conv1").shape == (3, 64, 64)
    with pytest.raises(ValueError, match=r"conv3.*layer='dense'"):
        grad_cam(model, FACES, layer="dense")


@pytest.mark.parametrize("index", [6, -1, 1.5, np.array([1, 2])])
def test_class_outside_the_six_is_refused(index):
    with pytest.raises(ValueError, match="class_index"):
        grad_cam(plain_cnn(), FACES, class_index=index)


def test_no_images_give_no_maps():
    assert grad_cam(plain_cnn(), FACES[:0]).shape == (0, 64, 64)
