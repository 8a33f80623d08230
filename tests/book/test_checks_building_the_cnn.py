"""Building the CNN: what its words rest on, and that its network is the package's."""

import json
import re
from types import SimpleNamespace

import numpy as np
import pytest

from emolib import EMOTIONS


@pytest.fixture(scope="module")
def shown(chapter):
    return SimpleNamespace(**chapter("building-the-cnn"))


def test_the_network_written_down_is_that_of_the_package(shown):
    from emolib.models import plain_cnn, predict

    ours, theirs = shown.ours, plain_cnn(seed=0)
    assert [type(one) for one in ours.layers] == [type(one) for one in theirs.layers]
    pairs = zip(ours.get_weights(), theirs.get_weights(), strict=True)
    assert all(np.array_equal(mine, other) for mine, other in pairs)
    images = shown.people.images[:8]
    assert np.allclose(predict(ours, images), predict(theirs, images), atol=1e-6)


def test_the_drawing_of_the_first_window_has_the_numbers_of_the_page(shown):
    assert (shown.window * shown.kernel).sum() == -30
    assert shown.out[47, 20].round(2).tolist() == [-1.35, 0.53, 1.55, 1.06]


def test_parameters_and_work_counted_by_hand_are_those_of_the_layers(shown):
    counts = {
        layer.name: layer.count_params()
        for layer in shown.network.layers
        if layer.count_params()
    }
    assert shown.by_hand == counts
    assert shown.count_work(shown.network) == shown.work


def test_the_last_layer_is_softmax_of_what_reaches_it(shown):
    from emolib.models import predict

    network, images = shown.network, shown.people.images[:8]
    before_last = network.get_layer("dense").output
    arriving = predict(shown.keras.Model(network.input, before_last), images)
    weights, bias = network.get_layer("emotion").get_weights()
    mine = shown.softmax(arriving @ weights + bias)
    assert np.allclose(mine, predict(network, images), atol=1e-5)


def test_each_pooling_leaves_less_of_a_shift_and_never_nothing(shown):
    changes = np.array(shown.changes)
    assert (np.diff(changes) < 0).all()
    assert changes.min() > 0
    assert changes[1] > 0.6 * changes[0]  # the prediction: most of it is left


def test_the_gradient_sees_the_field_counted_by_hand(shown):
    """Nudging a pixel inside the square moves the unit, outside it does not."""
    import tensorflow as tf

    noise = 255 * tf.random.stateless_uniform((200, 64, 64, 1), (0, 0))
    for name, (size, step, start) in shown.fields.items():
        layer = shown.network.get_layer(name)
        inner = shown.keras.Model(shown.network.inputs, layer.output)
        with tf.GradientTape() as tape:
            tape.watch(noise)
            maps = inner(noise)
            middle = maps.shape[1] // 2 - 1
            unit = tf.reduce_sum(maps[:, middle, middle])
        slopes = np.abs(tape.gradient(unit, noise))  # (200, 64, 64, 1)
        seen = np.flatnonzero(slopes.any(axis=(0, 2, 3)))
        first = start + middle * step
        assert np.array_equal(seen, np.arange(first, first + size)), name
    widths = [shown.fields[block][0] for block in shown.blocks]
    assert widths == [7, 19, 43]  # as told beside the patches


def test_training_shows_in_the_third_block_alone(shown):
    luck, trained = shown.table.drop("trained"), shown.table.loc["trained"]
    assert trained.pool1 < luck.pool1.min()
    assert trained.pool2 == pytest.approx(luck.pool2.max(), rel=0.05)
    assert trained.pool3 > 3 * luck.pool3.max()


def test_the_patches_are_labelled_as_told(shown):
    def labels(weights, block):
        _, top = shown.strongest_patches(block, shown.chosen[weights, block][1])
        return shown.some.meta.emotion[top].value_counts()

    assert labels("trained", "pool2").idxmax() == "fear"
    third = labels("trained", "pool3")
    assert third.idxmax() == "disgust"
    assert set(third.index) == {"disgust", "anger", "fear"}
    assert third["fear"] == 1
    assert len(labels("untrained 0", "pool3")) >= 4


def test_the_drawing_of_the_network_answers_as_its_description_says(project):
    name = "building-the-cnn.ipynb"
    cells = json.loads((project / "book/part-1-the-system" / name).read_text("utf-8"))
    opening = "".join(cells["cells"][0]["source"])
    told = re.search(r"!\[(.+)\]\(\.\./diagrams/network\.svg\)", opening)[1]
    drawn = (project / "book/diagrams/network.svg").read_text("utf-8")
    shares = dict(zip(EMOTIONS, re.findall(r">(\d+)\s%<", drawn), strict=True))
    for share, emotion in re.findall(r"(\d+) % for (\w+)", told):
        assert shares.pop(emotion) == share
    assert set(shares.values()) == {"0"}


def test_the_first_layer_has_hardly_moved(shown):
    assert shown.r > 0.9
    assert shown.score.interval[0] > 0.5  # and yet most faces are recognised


def test_only_the_plain_network_notices_dimmer_light(shown):
    moves = shown.light.set_index("network")["moves by (points)"]
    assert moves["plain_cnn"] > 1
    assert (moves.drop("plain_cnn") < 0.01).all()


def test_local_contrast_undoes_most_of_what_light_does(shown):
    standardised, local = shown.shares
    assert local < 0.5 * standardised
