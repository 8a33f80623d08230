"""Grad-CAM."""

import numpy as np
import pytest

from emolib.errors import ArgumentError
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


layers = keras.layers


def sequential(*parts, shape=(64, 64, 1)) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *parts])


def looking() -> list:
    """Return the layers of a small network, up to its features."""
    return [layers.Conv2D(4, 5, strides=4, activation="relu")]


def ending() -> list:
    """Return the layers that make probabilities of feature maps."""
    return [layers.GlobalAveragePooling2D(), layers.Dense(6, activation="softmax")]


def on_three_channels(inside: list, outside: list) -> keras.Model:
    """Return a network with another one inside, which was made for colour."""
    faces = keras.Input((64, 64, 1))
    x = layers.Concatenate()([faces] * 3)  # feature maps, but of nothing yet
    for layer in (keras.Sequential([keras.Input((64, 64, 3)), *inside]), *outside):
        x = layer(x)
    return keras.Model(faces, x)


class Block(layers.Layer):
    """A layer with a convolution inside."""

    def __init__(self):
        super().__init__()
        self.convolution = layers.Conv2D(4, 3, strides=2)

    def call(self, images):
        return keras.ops.relu(self.convolution(images))


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.convolution = layers.Conv2D(4, 3)
        self.last = layers.Dense(6, activation="softmax")

    def call(self, images):
        return self.last(keras.ops.mean(self.convolution(images), (1, 2)))


def frozen() -> keras.Model:
    model = sequential(*looking(), *ending())
    model.trainable = False
    return model


OWN = {
    "sequential": lambda: sequential(*looking(), *ending()),
    "not built yet": lambda: keras.Sequential([*looking(), *ending()]),
    "flattened": lambda: sequential(*looking(), layers.Flatten(), ending()[1]),
    "any size": lambda: sequential(*looking(), *ending(), shape=(None, None, 1)),
    "no channel axis": lambda: sequential(
        layers.Reshape((64, 64, 1)), *looking(), *ending(), shape=(64, 64)
    ),
    "resized": lambda: sequential(layers.Resizing(48, 48), *looking(), *ending()),
    "logits": lambda: sequential(*looking(), ending()[0], layers.Dense(6)),
    "softmax apart": lambda: sequential(
        *looking(), ending()[0], layers.Dense(6), layers.Softmax()
    ),
    "activation apart": lambda: sequential(
        *looking(), ending()[0], layers.Dense(6), layers.Activation("softmax")
    ),
    "no bias": lambda: sequential(
        *looking(), ending()[0], layers.Dense(6, "softmax", use_bias=False)
    ),
    "nested": lambda: on_three_channels(looking(), ending()),
    "nested with its pooling": lambda: on_three_channels(
        [*looking(), ending()[0]], ending()[1:]
    ),
    "nested whole": lambda: on_three_channels([*looking(), *ending()], []),
    "nested twice": lambda: sequential(
        keras.Sequential([keras.Sequential(looking()), ending()[0]]), ending()[1]
    ),
    "ours in a sequential": lambda: keras.Sequential([small_cnn()]),
    "subclassed": Subclassed,
    "a layer of layers": lambda: sequential(Block(), *ending()),
    "frozen": frozen,
}


@pytest.mark.parametrize("name", OWN)
def test_own_networks_work(name):
    maps = grad_cam(OWN[name](), FACES)
    assert maps.shape == (3, 64, 64)
    assert (maps.max(axis=(1, 2)) == 1).any()


def test_a_network_inside_another_has_the_map_it_has_alone():
    inner = small_cnn(2)
    outer = keras.Sequential([keras.Input((64, 64, 1)), inner])
    np.testing.assert_allclose(grad_cam(outer, FACES), grad_cam(inner, FACES))


def test_layers_are_called_as_before_afterwards():
    before = keras.layers.Layer.__call__
    grad_cam(plain_cnn(), FACES)
    with pytest.raises(ArgumentError):
        grad_cam(FOREIGN["no convolution"][0](), FACES)
    assert keras.layers.Layer.__call__ is before


def loose_softmax() -> keras.Model:
    model = plain_cnn()
    return keras.Model(model.input, layers.Softmax()(model.output))


def two_inputs() -> keras.Model:
    faces, others = keras.Input((64, 64, 1)), keras.Input((64, 64, 1))
    x = layers.Concatenate()([faces, others])
    for layer in (*looking(), *ending()):
        x = layer(x)
    return keras.Model([faces, others], x)


def two_outputs() -> keras.Model:
    model = plain_cnn()
    return keras.Model(model.input, [model.output, model.layers[-2].output])


FOREIGN = {
    "no convolution": (
        lambda: sequential(layers.Flatten(), ending()[1]),
        "It has no feature maps of a convolution",
    ),
    "two softmaxes": (loose_softmax, "not that of its last dense layer"),
    "sigmoid": (
        lambda: sequential(*looking(), ending()[0], layers.Dense(6, "sigmoid")),
        "not that of its last dense layer",
    ),
    "seven": (
        lambda: sequential(*looking(), ending()[0], layers.Dense(7, "softmax")),
        "It ends in 7 classes",
    ),
    "no dense layer": (
        lambda: sequential(layers.Conv2D(6, 3), layers.GlobalAveragePooling2D()),
        "It ends in a GlobalAveragePooling2D",
    ),
    "maps of one pixel": (
        lambda: sequential(layers.Conv2D(6, 64), layers.Flatten(), ending()[1]),
        "It has no feature maps of a convolution",
    ),
    "48 pixels": (
        lambda: sequential(*looking(), *ending(), shape=(48, 48, 1)),
        r"takes \(None, 48, 48, 1\).*Resizing\(48, 48\)",
    ),
    "colour": (
        lambda: sequential(*looking(), *ending(), shape=(64, 64, 3)),
        r"takes \(None, 64, 64, 3\).*Concatenate\(\)\(\[faces\] \* 3\)",
    ),
    "flat": (
        lambda: sequential(ending()[1], shape=(4096,)),
        r"takes \(None, 4096\).*Reshape",
    ),
    "two inputs": (two_inputs, r"takes .* and .*; it has to take one input"),
    "two outputs": (two_outputs, "has 2 outputs; choose one"),
    "a name": (lambda: "real-faces", "received a str.*load_model"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_network_without_what_it_takes_is_told_so(name):
    build, told = FOREIGN[name]
    with pytest.raises(ArgumentError, match=told):
        grad_cam(build(), FACES)


def test_a_network_that_fails_on_faces_is_named_with_the_reason():
    class Colour(Subclassed):
        def call(self, images):
            return super().call(keras.ops.reshape(images, (-1, 3, 50, 1)))

    with pytest.raises(ArgumentError, match=r"cannot read faces: .*Received: Colour"):
        grad_cam(Colour(), FACES)


@pytest.mark.parametrize(
    "images", [FACES / 255, FACES / 127.5 - 1, np.where(FACES > 9, FACES, np.nan)]
)
def test_images_of_another_scale_are_refused(images):
    with pytest.raises(ArgumentError, match="Expected grey values of 0-255; received"):
        grad_cam(plain_cnn(), images)


@pytest.mark.parametrize("index", [6, -1, 1.5, np.array([1, 2])])
def test_class_outside_the_six_is_refused(index):
    with pytest.raises(ValueError, match="class_index"):
        grad_cam(plain_cnn(), FACES, class_index=index)


def test_no_images_give_no_maps():
    assert grad_cam(plain_cnn(), FACES[:0]).shape == (0, 64, 64)
