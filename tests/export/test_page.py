"""The file of a network that the page reads: what is in it, and what is refused.

What a browser makes of it is held against Keras in ``tests/book/test_lab_network.py``.
"""

import base64
import json

import numpy as np
import pytest

from emolib import cli
from emolib.cli import export as command
from emolib.errors import ArgumentError
from emolib.export import PRECISIONS, ExportError, add_page, rounded, to_page
from emolib.models import available, load_model, model_card, predict, save_model
from emolib.models._backend import keras, tf
from emolib.models.registry import ONNX, PAGE, build

layers = keras.layers


def own(*parts, ends=("softmax",)) -> keras.Model:
    """Return a small network of one's own that holds `parts`."""
    last = [layers.Dense(6, activation=one) for one in ends]
    return keras.Sequential(
        [
            keras.Input((64, 64, 1)),
            layers.Rescaling(1 / 255),
            *parts,
            layers.GlobalAveragePooling2D(),
            *last,
        ],
        name="of_mine",
    )


def weights(file: dict, place: int, key: str = "kernel") -> np.ndarray:
    """Read weights by what the docstring says of the format, and by nothing else."""
    told = file["layers"][place]["weights"][key]
    held = base64.b64decode(file["weights"])
    kind = {"float32": "<f4", "float16": "<f2", "int8": "i1"}[told["type"]]
    count = int(np.prod(told["shape"]))
    values = np.frombuffer(held, kind, count, told["at"]).astype(np.float32)
    values = values.reshape(told["shape"])
    if told["type"] == "int8":
        values *= np.frombuffer(held, "<f4", told["shape"][-1], told["scales_at"])
    return values


# --- what is in it --------------------------------------------------------------------


def test_header_and_layers():
    card = model_card("real-faces")
    file = json.loads(to_page(load_model("real-faces"), "int8", card))
    told = {
        key: value for key, value in file.items() if key not in ("layers", "weights")
    }
    assert told == {
        "format": "emolib network", "version": 1, "name": "real_cnn",
        "title": card.title, "precision": "int8", "unsure_below": card.unsure_below,
        "emotions": ["anger", "disgust", "fear", "happiness", "sadness", "surprise"],
        "input": [64, 64, 1],
    }  # fmt: skip
    assert card.unsure_below > 0
    by_name = {one["name"]: one for one in file["layers"]}
    assert by_name["stem2"] | {"weights": 0} == {
        "name": "stem2", "type": "convolution", "from": ["stem1_relu"],
        "shape": [24, 24, 24], "stride": [2, 2], "padding": "same", "activation": None,
        "weights": 0,
    }  # fmt: skip
    assert sorted(by_name["stage1_add"]["from"]) == [
        "stage1_conv2_norm", "stage1_shortcut_norm"
    ]  # fmt: skip
    assert "dropout" not in by_name


def test_without_a_card_the_title_is_the_name():
    file = json.loads(to_page(build("plain_cnn")))
    assert (file["title"], file["unsure_below"]) == ("plain_cnn", None)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_kernels_are_rounded_and_nothing_else(precision):
    model = load_model("small-cnn")
    file = json.loads(to_page(model, precision))
    places = {one["name"]: k for k, one in enumerate(file["layers"])}
    for name in ("stem", "stage2_conv2", "emotion"):
        kernel = model.get_layer(name).kernel.numpy()
        found = weights(file, places[name])
        largest = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1)))
        away = {
            "float32": 0,
            "float16": np.abs(kernel) * 2.0**-11 + 2.0**-25,
            "int8": largest / 127 / 2 * 1.0001,
        }
        assert (np.abs(found - kernel) <= away[precision]).all()
        if precision == "int8":
            assert len(np.unique(found[..., 0])) > 20
    bias = weights(file, places["emotion"], "bias")
    np.testing.assert_array_equal(bias, model.get_layer("emotion").bias.numpy())
    norm = model.get_layer("stem_norm")
    scale, shift = (
        weights(file, places["stem_norm"], key) for key in ("scale", "shift")
    )
    sums = np.linspace(-3, 3, 24, dtype=np.float32)
    expected = np.asarray(norm(sums[None, None, None], training=False))[0, 0, 0]
    np.testing.assert_allclose(sums * scale + shift, expected, rtol=1e-4, atol=1e-5)


def test_a_filter_of_zeros_stays_one():
    model = own(layers.Conv2D(3, 3, kernel_initializer="zeros"))
    assert not weights(json.loads(to_page(model, "int8")), 1).any()


@pytest.mark.parametrize("name", available())
def test_what_rounding_moves(name, faces):
    """Bounds of what is told of the precisions; the weights come back unharmed."""
    model = load_model(name)
    before = predict(model, faces)
    for precision, bound in (("float32", 0), ("float16", 0.002), ("int8", 0.05)):
        with rounded(model, precision):
            away = np.abs(predict(model, faces) - before).max()
        assert away <= bound
        assert away > 0 or precision == "float32"
    np.testing.assert_array_equal(predict(model, faces), before)


@pytest.fixture(scope="module")
def faces():
    from emolib.datasets import load

    return load("synthface").part("test").apex().images[::10]


def test_rounded_restores_the_weights_after_an_error():
    model = own(layers.Conv2D(3, 3))
    before = model.get_weights()
    try:
        with rounded(model, "int8"):
            assert (model.get_weights()[0] != before[0]).any()
            raise KeyError
    except KeyError:
        pass
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_sizes_of_what_ships():
    """The lab's aim: at most 300 kB compressed."""
    import gzip

    text = to_page(load_model("synthface"), "int8")
    assert len(gzip.compress(text.encode())) < 300_000


# --- networks of one's own ------------------------------------------------------------


class Inside(keras.Model):
    """A subclassed network that holds a sequential one, with a dropout between."""

    def __init__(self, *, by_hand: bool = False):
        super().__init__()
        self.first = keras.Sequential(
            [layers.Rescaling(1 / 255), layers.SeparableConv2D(4, 3, name="conv")]
        )
        self.again = layers.Conv2D(4, 1, name="conv")
        self.drop = layers.Dropout(0.5)
        self.add = layers.Add(name="face")
        self.pool = layers.GlobalMaxPooling2D()
        self.last = layers.Dense(6, activation="softmax")
        self.by_hand = by_hand

    def call(self, images):
        maps = self.drop(self.first(images))
        maps = self.add([maps, self.again(maps)])
        pooled = self.pool(maps)
        return self.last(tf.sqrt(pooled) if self.by_hand else pooled)


def test_networks_inside_networks_are_laid_open():
    file = json.loads(to_page(Inside()))
    told = [(one["name"], one["type"], one["from"]) for one in file["layers"]]
    assert [kind for _, kind, _ in told] == [
        "rescaling", "depthwise", "convolution", "convolution", "addition",
        "global_max", "dense",
    ]  # fmt: skip
    assert [sources for *_, sources in told][:5] == [
        ["face"], [told[0][0]], ["conv_depthwise"], ["conv"], ["conv", "conv_2"]
    ]  # fmt: skip
    assert told[4][0] == "face_2"  # "face" is the picture
    assert file["layers"][1]["shape"] == [62, 62, 1]


class Swirl(layers.Layer):
    def call(self, maps):
        return maps[:, ::-1]


@pytest.mark.parametrize(
    ("build_", "told"),
    [
        (lambda: own(layers.UpSampling2D(2)), r"know the layer 'up_.*\(UpSampling2D\)"),
        (lambda: own(Swirl(name="mine")), r"'mine' \(Swirl\). Use those.*Conv2D.*ONNX"),
        (lambda: own(layers.Conv2D(4, 3, dilation_rate=2)), r"dilation_rate=\(2, 2\)"),
        (lambda: own(layers.Conv2D(4, 3), layers.Conv2D(4, 3, groups=2)), "groups=2"),
        (lambda: own(layers.ReLU(6)), "max_value=6"),
        (lambda: own(layers.Conv2D(4, 3, activation="gelu")), "activation 'gelu'"),
        (lambda: own(layers.Rescaling([1.0])), "one scale for each channel"),
        (lambda: Inside(by_hand=True), "no layer computes the input of.*Use a layer"),
        (lambda: build("self_attention_cnn"), r"'attention' \(SelfAttention\)"),
    ],
)
def test_what_the_page_does_not_know_is_named(build_, told):
    with pytest.raises(ExportError, match=told):
        to_page(build_())


@pytest.mark.parametrize(
    ("build_", "told"),
    [
        (lambda: own(ends=(None,)), "no probabilities.*softmax"),
        (lambda: keras.Sequential([keras.Input((48, 48, 1))]), "It has to take"),
    ],
)
def test_what_is_no_network_of_faces_is_refused(build_, told):
    with pytest.raises(ArgumentError, match=told):
        to_page(build_())


class Shares(layers.Layer):
    def call(self, scores):
        return scores / tf.reduce_sum(scores, axis=1, keepdims=True)


def test_other_ends_than_a_softmax_are_refused():
    model = own(layers.Conv2D(6, 3, activation="sigmoid"), ends=())
    faces = keras.Input((64, 64, 1))
    with pytest.raises(ExportError, match=r"\(Shares\)"):
        to_page(keras.Model(faces, Shares()(model(faces))))
    softmax_on_places = keras.Sequential(
        [
            keras.Input((64, 64, 1)), layers.Rescaling(1 / 255), layers.Conv2D(6, 3),
            layers.Softmax(), layers.GlobalAveragePooling2D(name="average"),
        ]
    )  # fmt: skip
    with pytest.raises(ExportError, match="ends in 'average', which is no softmax"):
        to_page(softmax_on_places)


def test_weights_that_rounding_would_ruin_are_refused():
    model = own(layers.Conv2D(3, 3))
    with pytest.raises(ArgumentError, match="Unknown precision 'int4'"):
        to_page(model, "int4")
    kernel = model.layers[-1].kernel
    values = np.ones(kernel.shape)
    values[0] = 1e5  # beyond the largest float16, 65504
    kernel.assign(values)
    with pytest.raises(ExportError, match=r"to float16.*precision=.float32.\."):
        to_page(model, "float16")
    assert to_page(model, "float32")


# --- the command ----------------------------------------------------------------------


def test_the_command_writes_it_beside_the_weights(tmp_path, capsys):
    folder = save_model(build("plain_cnn"), tmp_path / "my model", {"title": "mine"})
    assert cli.main(["export", str(folder), "--page", "--precision", "int8"]) == 0
    assert "network.json (2" in capsys.readouterr().out
    file = json.loads((folder / PAGE).read_text("utf-8"))
    assert (file["title"], file["precision"]) == ("mine", "int8")
    assert not (folder / ONNX).exists()
    assert cli.main(["export", str(folder), "--page"]) == 2
    assert "network.json exists" in capsys.readouterr().err
    assert cli.main(["export", str(folder), "--page", "--force"]) == 0
    assert json.loads((folder / PAGE).read_text("utf-8"))["precision"] == "float16"
    save_model(build("plain_cnn", 1), folder, {})
    assert not (folder / PAGE).exists()  # it was of other weights
    assert add_page(folder).name == PAGE


def test_the_command_knows_the_precisions():
    assert tuple(PRECISIONS) == command.PRECISIONS
