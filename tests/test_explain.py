"""Grad-CAM."""

import numpy as np
import pytest

from emolib.explain import grad_cam
from emolib.models import plain_cnn, small_cnn
from emolib.models._backend import keras

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


def test_own_sequential_networks_work():
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((64, 64, 1)),
            layers.Conv2D(4, 5, strides=4, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(6, activation="softmax"),
        ]
    )
    assert grad_cam(model, FACES).max() == 1


def nested(pooling: bool) -> keras.Model:
    """Return a network that holds another one, which pools inside or does not."""
    layers = keras.layers
    inside = [keras.Input((64, 64, 3)), layers.Conv2D(4, 3, strides=8)]
    outside = [layers.Dense(6, activation="softmax")]
    pool = layers.GlobalAveragePooling2D()
    inside, outside = (
        ([*inside, pool], outside) if pooling else (inside, [pool, *outside])
    )
    faces = keras.Input((64, 64, 1))
    x = layers.Concatenate()([faces] * 3)  # feature maps, but of nothing yet
    x = keras.Sequential(inside)(x)
    for layer in outside:
        x = layer(x)
    return keras.Model(faces, x)


def test_a_network_inside_a_network_counts_as_one_layer():
    assert grad_cam(nested(pooling=False), FACES).max() == 1


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.convolution = keras.layers.Conv2D(4, 3)
        self.last = keras.layers.Dense(6, activation="softmax")

    def call(self, images):
        return self.last(keras.ops.mean(self.convolution(images), (1, 2)))


def dense_only() -> keras.Model:
    layers = keras.layers
    parts = [keras.Input((64, 64, 1)), layers.Rescaling(1 / 255), layers.Flatten()]
    return keras.Sequential([*parts, layers.Dense(6, activation="softmax")])


def loose_softmax() -> keras.Model:
    model = plain_cnn()
    return keras.Model(model.input, keras.layers.Softmax()(model.output))


@pytest.mark.parametrize(
    "build", [lambda: nested(pooling=True), Subclassed, dense_only, loose_softmax]
)
def test_a_network_without_what_it_takes_is_told_so(build):
    with pytest.raises(ValueError, match=r"Grad-CAM needs .* feature maps .*Received"):
        grad_cam(build(), FACES)


@pytest.mark.parametrize("index", [6, -1, 1.5, np.array([1, 2])])
def test_class_outside_the_six_is_refused(index):
    with pytest.raises(ValueError, match="class_index"):
        grad_cam(plain_cnn(), FACES, class_index=index)


def test_no_images_give_no_maps():
    assert grad_cam(plain_cnn(), FACES[:0]).shape == (0, 64, 64)
