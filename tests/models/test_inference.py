"""From images to probabilities."""

import numpy as np
import pytest

from emolib.errors import ArgumentError
from emolib.models import plain_cnn, predict, predict_both_ways
from emolib.models._backend import keras
from emolib.models.cnn import contrast_cnn
from emolib.models.inference import both_ways

layers = keras.layers


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


def test_both_ways_takes_what_predict_takes(faces):
    model = plain_cnn()
    expected = predict_both_ways(model, faces)
    alone = predict_both_ways(model, faces[0])
    np.testing.assert_allclose(alone, expected[:1], atol=1e-5)
    with_axis = predict_both_ways(model, faces[..., None])
    np.testing.assert_allclose(with_axis, expected, atol=1e-5)
    assert predict_both_ways(model, faces[:0]).shape == (0, 6)


def own(*ends, shape=(64, 64, 1)) -> keras.Model:
    """Return a network of one's own that ends in these layers."""
    parts = [layers.Conv2D(4, 5, strides=4), layers.GlobalAveragePooling2D(), *ends]
    return keras.Sequential([keras.Input(shape), layers.Rescaling(1 / 255), *parts])


class Subclassed(keras.Model):
    def __init__(self, classes: int = 6):
        super().__init__()
        self.last = layers.Dense(classes, activation="softmax")

    def call(self, images):
        return self.last(keras.ops.mean(images, (1, 2)) / 255)


def test_own_networks_answer_and_without_their_last_layer_give_features(faces):
    softmax = layers.Dense(6, activation="softmax")
    for model in (own(softmax), Subclassed(), own(layers.Dense(6), layers.Softmax())):
        shares = predict(model, faces)
        assert (shares.shape, shares.dtype) == ((5, 6), np.float32)
        np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    assert predict(own(), faces).shape == (5, 4)
    assert predict(own(layers.Dense(9, activation="relu")), faces).shape == (5, 9)


def broken() -> keras.Model:
    model = plain_cnn()
    model.set_weights([np.full_like(one, np.nan) for one in model.get_weights()])
    return model


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda: own(layers.Dense(6)), r"no probabilities \(values from .*Softmax"),
        (lambda: own(layers.Dense(6, "sigmoid")), "no probabilities.*softmax"),
        (lambda: own(layers.Dense(7, "softmax")), "answers 7 classes; expected 6, in"),
        (lambda: own(layers.Dense(7)), "answers 7 classes; expected 6, in the order"),
        (lambda: own(layers.Dense(2), layers.Softmax()), "answers 2 classes"),
        (lambda: own(layers.Dense(1, "sigmoid")), "answers 1 classes"),
        (lambda: Subclassed(8), "'subclassed.*' answers 8 classes"),
        (
            lambda: keras.Sequential([keras.Input((64, 64, 1)), layers.Conv2D(6, 3)]),
            r"answers \(62, 62, 6\) for each face.*GlobalAveragePooling2D",
        ),
        (
            lambda: own(layers.Dense(6, "softmax"), shape=(48, 48, 1)),
            r"takes \(None, 48, 48, 1\); it has to take one input \(64, 64, 1\)",
        ),
        (
            lambda: own(layers.Dense(6, "softmax"), shape=(64, 64, 3)),
            r"takes \(None, 64, 64, 3\).*Concatenate",
        ),
        (
            lambda: own(layers.Dense(6, "softmax"), shape=(224, 224, 3)),
            r"Resizing\(224, 224\) and Concatenate\(\)\(\[faces\] \* 3\)",
        ),
        (broken, r"NaN or infinity to 5 of 5 images.*diverged.*smaller learning rate"),
        (lambda: "real-faces", "received a str.*load_model"),
        (lambda: lambda images, training: images.nothing, "cannot read faces: "),
    ],
)
def test_a_network_that_takes_or_answers_something_else_is_refused(faces, build, told):
    with pytest.raises(ArgumentError, match=told):
        predict(build(), faces)
