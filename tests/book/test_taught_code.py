"""The exercises test what the chapters teach, and emolib is what they build.

Each solution is run with just the cells it depends on: once with a fault put into the
code that it is about, where it must fail, and once as printed, where it must pass. What
comes before the fault runs once for both.
And what a chapter builds by hand must equal what `emolib` offers under that name.
"""

import ast
import symtable
from copy import copy, deepcopy
from functools import cache
from typing import NamedTuple

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
from project_inputs import PROJECT

CHAPTERS = {
    path.stem: path for path in sorted((PROJECT / "book").glob("part-*/*.ipynb"))
}

#: For each exercise of a chapter in turn, a line that is taught, and it broken.
_FAULTS = {
    "introduction": [
        ("change[:border].sum()", "change[border:].sum()"),
        ("set(first) & set(second)", "set(first) | set(second)"),
    ],
    "dataset-inspection": [
        ("(means - values.mean(axis=0)) ** 2", "(means - values.mean()) ** 2"),
        ("split = splits.official(faces)", "split = splits.random_clip(faces)"),
        ("rng.integers(1, classes", "rng.integers(0, classes"),
    ],
    "building-the-cnn": [
        ("c : c + width] * kernel)", "c : c + width] * kernel[::-1])"),
        ("k * k * channels_in * channels_out", "k * channels_in * channels_out"),
        ("kernels, axes=3) + bias", "kernels, axes=3)"),
    ],
    "training": [
        ("softmax(x @ w) - y", "softmax(x @ w) + y"),
        ("/ 6", "/ 5"),
        ("hidden > 0", "hidden <= 0"),
    ],
    "evaluation": [
        ("np.bincount(person, correct)", "np.bincount(person, ~correct)"),
        ("np.bincount(person, gain)", "np.bincount(person, gain > 0)"),
        ("np.abs(observed - claimed)", "(observed - claimed)"),
        ('said = answers["plain-cnn"].argmax', 'said = answers["plain-cnn"].argmin'),
    ],
    "sample-predictions": [
        ("np.maximum(maps @ weights, 0)", "np.maximum(-maps @ weights, 0)"),
        ("shares.argmax(axis=1)", "shares.argmin(axis=1)"),
        ("right_eye + dr", "right_eye + dl"),
    ],
    "conclusion": [
        ("z**2 / (2 * n)", "z**2 / n"),
        ('(None, "", [], {})', '(None, "")'),
        ("if low > target", "if high > target"),
    ],
    "occlusion-and-lighting": [
        ("np.bincount(person, right)", "np.bincount(person, ~right)"),
        ("(image - image.mean()) / image.std()", "image / image.std()"),
        ("spoilt = images.copy()", "spoilt = images"),
        ('Compare("mask")', 'Compare("sunglasses")'),
    ],
    "attention": [
        ("np.sqrt(len(query))", "len(query)"),
        ("return weights @ v", "return weights.T @ v"),
        ('nc", weights, places)', 'nc", 1 - weights, places)'),
    ],
    "sequences": [
        ("clips.sum(axis=1) / real.sum(axis=1, keepdims=True)", "clips.mean(axis=1)"),
        ("(1 - states[t] ** 2)", "(1 - states[t])"),
        ("second[:, 1:4], rest]", "first[:, 1:4], rest]"),
    ],
    "real-faces": [
        ("first + (1 - share)", "first - (1 - share)"),
        ("+ dice.integers(1, 6", "+ dice.integers(0, 6"),
        ("portrait = astronaut()", "portrait = astronaut() // 3"),
    ],
    "enterface05": [
        (r'"[\s_-]", "", part', r'"[\s_]", "", part'),
        ("boxes[left[1:]]) <= most", "boxes[left[1:]]) > most"),
        ("size=(draws, len(right))", "size=(draws, 5 * len(right))"),
    ],
    "into-the-browser": [
        (
            "return extra // 2, extra - extra // 2",
            "return extra - extra // 2, extra // 2",
        ),
        ("4 * -(-length // 3)", "3 * -(-length // 3)"),
        ("np.rint(kernel / scale)", "np.floor(kernel / scale)"),
    ],
    "responsible-use": [
        ("np.abs(np.mean(change))", "np.mean(change)"),
        ("norm.isf(0.05 / 2 / questions)", "norm.isf(0.05 / questions)"),
        ("if answer == stop", "if answer != stop"),
    ],
}
FAULTS = [
    (chapter, exercise, *lines)
    for chapter, pairs in _FAULTS.items()
    for exercise, lines in enumerate(pairs, start=1)
]


@cache
def code(chapter: str) -> tuple[str, ...]:
    """Return the code cells of a chapter but for the set-up cell, it needs IPython."""
    notebook = nbformat.read(CHAPTERS[chapter], as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return ("import emolib", *cells[1:])


def is_solution(source: str) -> bool:
    return source.startswith("# Solution of exercise")


def solution(chapter: str, exercise: int) -> int:
    """Return the number of the cell that solves an exercise."""
    start = f"# Solution of exercise {exercise}"
    return next(k for k, one in enumerate(code(chapter)) if one.startswith(start))


class Names(NamedTuple):
    """The names of the notebook that a cell binds, reads, and reads when called."""

    bound: set[str]
    read: set[str]
    called: set[str]  # in the body of a function


def names(source: str) -> Names:
    found = Names(set(), set(), set())
    top = symtable.symtable(source, "<cell>", "exec")
    tables = [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        comprehension = table.get_name() in (
            "listcomp",
            "genexpr",
            "setcomp",
            "dictcomp",
        )
        for symbol in table.get_symbols():
            if table is not top and not symbol.is_global():
                continue
            if symbol.is_assigned() or symbol.is_imported():
                found.bound.add(symbol.get_name())
            if symbol.is_referenced():
                now = table is top or comprehension
                (found.read if now else found.called).add(symbol.get_name())
    for node in ast.walk(ast.parse(source)):  # a[0] = 1 and a += 1 change a
        changed = isinstance(node, ast.AugAssign)
        targets = [node.target] if changed else getattr(node, "targets", [])
        for target in targets:
            while isinstance(target, ast.Subscript | ast.Attribute):
                target, changed = target.value, True
            if changed and isinstance(target, ast.Name):
                found.bound.add(target.id)
                found.read.add(target.id)
    return found


def needed(cells: tuple[str, ...], last: int) -> list[int]:
    """Return the cells that cell `last` depends on, in order, itself included."""
    found = {k: names(cells[k]) for k in range(last + 1)}
    always: set[str] = set()  # what functions read: it may be bound after they are
    while True:
        wanted, chosen, before = set(always), [], len(always)
        for k in reversed(range(last + 1)):
            one = found[k]
            if k < last and (is_solution(cells[k]) or not one.bound & wanted):
                continue
            chosen.append(k)
            wanted = (wanted - one.bound) | one.read | always
            always |= one.called
        if len(always) == before:
            return chosen[::-1]


def new_world() -> dict:
    """Return a namespace in which cells can run."""
    plt.switch_backend("agg")
    return {"__name__": "__main__", "display": lambda *_: None}


def run(cells: list[str], world: dict) -> dict:
    """Run cells one after another in a world, and return it."""
    try:
        for source in cells:
            exec(compile(source, "<cell>", "exec"), world)
    finally:
        plt.close("all")
    return world


def kept(value):
    """Return a copy of what cells change in place, other things as they are."""
    data = (list, dict, set, np.ndarray, np.random.Generator, pd.DataFrame, pd.Series)
    try:
        return deepcopy(value) if isinstance(value, data) else value
    except TypeError:  # a table of networks
        return copy(value)


@pytest.mark.parametrize(
    ("chapter", "exercise", "taught", "broken"),
    FAULTS,
    ids=[f"{chapter}-{exercise}" for chapter, exercise, _, _ in FAULTS],
)
def test_a_solution_notices_a_fault_in_what_it_is_about(
    chapter, exercise, taught, broken
):
    cells = code(chapter)
    chosen = needed(cells, solution(chapter, exercise))
    sources = [cells[k] for k in chosen]
    places = [k for k, source in enumerate(sources[:-1]) if taught in source]
    assert places, f"{taught!r} is in no cell that exercise {exercise} needs"
    before, after = sources[: places[0]], sources[places[0] :]
    world = run(before, new_world())
    snapshot = {name: kept(value) for name, value in world.items()}
    with pytest.raises((AssertionError, ValueError)):
        run([after[0].replace(taught, broken), *after[1:]], world)
    world.clear()  # not a new one: functions of the cells look their names up in it
    world.update(snapshot)
    run(after, world)


def test_each_chapter_has_a_fault_planted():
    assert {chapter for chapter, *_ in FAULTS} == set(CHAPTERS)


def test_slices_take_what_a_cell_needs_and_no_more():
    cells = (
        "import math", "a = [1]", "a[0] = 2", "b = a[0]", "print(b)",
        "# Solution of exercise 1\nb = 7", "c = b + 1",
    )  # fmt: skip
    assert needed(cells, 6) == [1, 2, 3, 6]
    assert run([cells[k] for k in needed(cells, 6)], new_world())["c"] == 3


# ------------------------------------------------------ by hand, and as a library


def lift(chapter: str, name: str, **world):
    """Return a function that a chapter builds, able to call the chapter's others."""
    bodies = [node for source in code(chapter) for node in ast.parse(source).body]
    found = {one.name: one for one in bodies if isinstance(one, ast.FunctionDef)}
    wanted, chosen = [name], []
    while wanted:
        chosen.append(found[wanted.pop()])
        reads = names(ast.unparse(chosen[-1])).called & set(found)
        wanted += reads - {one.name for one in chosen} - set(wanted)
    world["np"] = np
    exec(compile(ast.Module(chosen, []), f"<chapter {chapter}>", "exec"), world)
    return world[name]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_building_slides_a_kernel_as_keras_does(rng):
    from emolib.models.cnn import keras

    image, kernel = rng.normal(size=(12, 9)), rng.normal(size=(3, 2))
    for stride in (1, 2):
        theirs = keras.ops.conv(
            image[None, :, :, None], kernel[:, :, None, None], strides=stride
        )
        mine = lift("building-the-cnn", "convolve")(image, kernel, stride)
        assert np.allclose(mine, np.asarray(theirs)[0, :, :, 0], atol=1e-5)


def test_building_sums_over_channels_as_keras_does(rng):
    from emolib.models.cnn import layers

    maps, kernels = rng.normal(size=(8, 10, 3)), rng.normal(size=(3, 3, 3, 4))
    bias = rng.normal(size=4)
    layer = layers.Conv2D(4, 3, strides=2)
    padded = layers.ZeroPadding2D(1)(maps[None])
    layer.build(padded.shape)
    layer.set_weights([kernels, bias])
    mine = lift("building-the-cnn", "convolve_channels")(maps, kernels, bias, 2, 1)
    assert np.allclose(mine, np.asarray(layer(padded))[0], atol=1e-4)


def test_building_pools_and_rectifies_as_keras_does(rng):
    from emolib.models.cnn import keras, layers

    maps = rng.normal(size=(6, 8))
    theirs = np.asarray(layers.MaxPooling2D(2)(maps[None, :, :, None]))
    assert np.allclose(lift("building-the-cnn", "max_pool")(maps), theirs[0, :, :, 0])
    assert np.allclose(
        lift("building-the-cnn", "relu")(maps), np.asarray(keras.ops.relu(maps))
    )


def test_building_counts_the_places_that_keras_makes():
    from emolib.models.cnn import layers

    for k, s, padding in [(2, 2, "valid"), (3, 1, "same"), (5, 2, "same")]:
        shape = layers.Conv2D(1, k, s, padding).compute_output_shape((1, 33, 33, 1))
        assert shape[1] == lift("building-the-cnn", "places")(33, k, s, padding)


@pytest.mark.parametrize("chapter", ["building-the-cnn", "training"])
def test_softmax_is_that_of_the_library(chapter, rng):
    from emolib.models.cnn import keras

    sums = 5 * rng.normal(size=(7, 6))
    theirs = np.asarray(keras.ops.softmax(sums))
    assert np.allclose(lift(chapter, "softmax")(sums), theirs, atol=1e-6)


def test_training_goes_backwards_as_the_tape_does(rng):
    import tensorflow as tf

    x, y = rng.normal(size=(5, 8)), np.eye(6)[[0, 3, 3, 5, 1]]
    shapes = (8, 4), (4,), (4, 6), (6,)
    weights = [rng.normal(size=shape) for shape in shapes]
    hidden, p = lift("training", "forward")(x, *weights)
    mine = lift("training", "backward")(x, y, hidden, p, weights[2])
    w1, b1, w2, b2 = variables = [tf.Variable(one) for one in weights]
    with tf.GradientTape() as tape:
        scores = tf.nn.relu(x @ w1 + b1) @ w2 + b2
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(y, scores))
    for ours, theirs in zip(mine, tape.gradient(loss, variables), strict=True):
        assert np.allclose(ours, theirs)


@pytest.mark.parametrize(
    ("name", "optimiser", "options"),
    [
        ("sgd", "SGD", {}),
        ("momentum", "SGD", {"momentum": 0.9}),
        ("adam", "Adam", {}),
    ],
)
def test_training_steps_as_keras_does(name, optimiser, options, rng):
    from emolib.models.cnn import keras

    start, slopes = rng.normal(size=3), rng.normal(size=(9, 3))
    theirs = getattr(keras.optimizers, optimiser)(0.1, **options)
    variable = keras.Variable(start, dtype="float64")
    w, memory = start, None
    for slope in slopes:
        w, memory = lift("training", name)(w, slope, memory, 0.1)
        theirs.apply([keras.ops.convert_to_tensor(slope)], [variable])
    assert np.allclose(w, keras.ops.convert_to_numpy(variable), atol=1e-5)


def test_training_drops_and_normalises_as_keras_does(rng):
    from emolib.models.cnn import layers

    dropped = lift("training", "drop")(np.ones(4000), 0.25, rng)
    theirs = np.asarray(layers.Dropout(0.25, seed=0)(np.ones(4000), training=True))
    assert np.allclose(np.unique(dropped), np.unique(theirs))
    assert abs((dropped == 0).mean() - (theirs == 0).mean()) < 0.03

    maps = rng.normal(3, 2, size=(4, 5, 5, 2))
    theirs = layers.BatchNormalization()(maps, training=True)
    assert np.allclose(lift("training", "batch_norm")(maps), theirs, atol=1e-4)


def test_training_softens_as_the_package_does(rng):
    from emolib.training import soft_targets

    labels, intensity = rng.integers(0, 6, 20), rng.uniform(size=20)
    mine = lift("training", "soften")(labels, intensity)
    assert np.allclose(mine, soft_targets(labels, intensity), atol=1e-6)


@pytest.mark.parametrize("patience", [1, 2, 3])
def test_training_stops_where_keras_stops(patience, rng):
    from emolib.models.cnn import keras

    for values in rng.integers(0, 9, (20, 8)) / 10:
        stopper = keras.callbacks.EarlyStopping("val_accuracy", mode="max",
                                                patience=patience)  # fmt: skip
        model = keras.Sequential()
        stopper.set_model(model)
        stopper.on_train_begin()
        model.stop_training, epoch = False, 0
        while not model.stop_training and epoch < len(values):
            stopper.on_epoch_end(epoch, {"val_accuracy": values[epoch]})
            epoch += 1
        assert lift("training", "stopped_at")(values, patience) == epoch


def test_the_inspection_measures_distance_and_spread_as_the_libraries_do(rng):
    from sklearn.feature_selection import f_classif
    from sklearn.metrics import pairwise_distances

    first, second = (rng.integers(0, 256, (n, 6, 6)).astype(np.uint8) for n in (5, 7))
    flat = [stack.reshape(len(stack), -1).astype(float) for stack in (first, second)]
    mine = lift("dataset-inspection", "distances")(first, second)
    assert np.allclose(mine, pairwise_distances(*flat) / 6, atol=1e-3)

    labels, values = np.arange(60) % 6, rng.normal(size=(60, 4))
    ratio = f_classif(values, labels)[0] * 5
    shares = ratio / (ratio + 60 - 6)  # eta squared
    for chapter in ("dataset-inspection", "building-the-cnn"):
        assert np.allclose(lift(chapter, "between")(values, labels), shares)


def test_the_inspection_judges_out_of_the_fold_as_the_library_does(rng):
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import PredefinedSplit, cross_val_predict

    labels, features = np.arange(120) % 6, rng.normal(size=(120, 5))
    fold = lift("dataset-inspection", "folds_by_person")(np.arange(120) // 10)

    def fit(features, labels):
        return LogisticRegression().fit(features, labels).predict_proba

    mine = lift("dataset-inspection", "out_of_fold")(fit, features, labels, fold)
    parts = {"cv": PredefinedSplit(fold), "method": "predict_proba"}
    theirs = cross_val_predict(LogisticRegression(), features, labels, **parts)
    assert np.allclose(mine, theirs)


def test_the_inspection_ranks_suspects_as_the_library_does(rng):
    from sklearn.metrics import average_precision_score

    wrong, suspicion = rng.random(50) < 0.2, rng.random(50)
    precision, recall = lift("dataset-inspection", "found_among")(wrong, suspicion)
    area = (np.diff(recall, prepend=0) * precision).sum()
    assert np.isclose(area, average_precision_score(wrong, suspicion))


@pytest.fixture
def answers(rng):
    """Labels of 300 images, and probabilities that know something about them."""
    labels = rng.integers(0, 6, 300)
    scores = rng.normal(size=(300, 6)) + 2 * np.eye(6)[labels]
    return labels, np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


def test_the_evaluation_sorts_and_sums_as_the_package_does(answers):
    from emolib.evaluation import calibration_error, reliability

    table = reliability(*answers, bins=15)
    mine = lift("evaluation", "bins_by_hand")(*answers)
    assert np.allclose(np.transpose(mine), table[["n", "confidence", "accuracy"]])
    error = lift("evaluation", "calibration_by_hand")(*answers)
    assert np.isclose(error, calibration_error(*answers))


def test_the_evaluation_tempers_as_the_package_does(answers):
    from sklearn.metrics import log_loss

    from emolib.evaluation import apply_temperature

    labels, probabilities = answers
    for temperature in (0.3, 1, 2.5):
        mine = lift("evaluation", "temper")(probabilities, temperature)
        assert np.allclose(mine, apply_temperature(probabilities, temperature))
    loss = log_loss(labels, probabilities, labels=range(6))
    assert np.isclose(lift("evaluation", "surprise")(labels, probabilities), loss)


def test_the_evaluation_tosses_the_coin_that_the_package_tosses(rng):
    from math import comb

    from scipy.stats import binomtest

    coin = lift("evaluation", "coin", comb=comb)
    for first, second in rng.integers(1, 60, (20, 2)):
        theirs = (
            binomtest(int(first), int(first + second)).pvalue if first + second else 1
        )
        assert np.isclose(coin(first, second), theirs)


def test_predictions_points_where_the_crop_was_cut():
    from emolib.faces import CROP

    left, right = (203.0, 101.0), (246.0, 96.0)
    (x0, y0), (x1, y1) = CROP.eyes()
    found = lift("sample-predictions", "where")([x0, x1], [y0, y1], left, right)
    assert np.allclose(found, [left, right])


def test_predictions_compares_maps_by_their_correlation(rng):
    a, b = rng.random((2, 4, 5, 5))
    theirs = [
        np.corrcoef(x.ravel(), y.ravel())[0, 1] for x, y in zip(a, b, strict=True)
    ]
    assert np.allclose(lift("sample-predictions", "agreement")(a, b), theirs)


def test_the_conclusion_draws_the_interval_of_the_library():
    from scipy.stats import binomtest

    for right, n in [(126, 150), (9, 10), (0, 7)]:
        theirs = binomtest(right, n).proportion_ci(method="wilson")
        assert np.allclose(
            lift("conclusion", "wilson")(right / n, n), theirs, atol=1e-4
        )


def test_occlusion_compares_in_pairs_as_the_package_does(answers, rng):
    from emolib.evaluation import paired_bootstrap

    labels, before = answers
    after = rng.permuted(before, axis=1)
    person = np.arange(len(labels)) % 20  # equally many pictures of each
    right = [one.argmax(axis=1) == labels for one in (before, after)]
    rates = lift("occlusion-and-lighting", "rates")
    change = rates(right[1], person) - rates(right[0], person)
    theirs = paired_bootstrap(labels, before, after, person)
    assert np.isclose(change.mean(), theirs.difference)
    drawn = change[rng.integers(20, size=(4000, 20))].mean(axis=1)
    assert np.allclose(np.percentile(drawn, [2.5, 97.5]), theirs.interval, atol=0.02)


def test_occlusion_standardises_as_the_first_layer_does(rng):
    from emolib.models import ImageStandardisation

    image = rng.integers(0, 256, (64, 64)).astype(np.float32)
    theirs = np.asarray(ImageStandardisation()(image[None, ..., None]))[0, ..., 0]
    mine = lift("occlusion-and-lighting", "standardise")(image)
    assert np.allclose(mine, theirs, atol=1e-4)


def test_attention_weighs_as_the_layers_do(rng):
    from emolib.models.attention import (
        AttentionPooling,
        SpatialAttention,
        SqueezeExcitation,
        keras,
    )

    maps = rng.normal(size=(3, 8, 8, 12)).astype(np.float32)
    pooling = AttentionPooling()
    pooling.build(maps.shape)
    query = rng.normal(size=12).astype(np.float32)
    pooling.set_weights([query])
    mine, weights = lift("attention", "pooled")(maps.reshape(3, 64, 12), query)
    assert np.allclose(mine, np.asarray(pooling(maps)), atol=1e-5)
    theirs = np.asarray(pooling.attention(maps)).reshape(3, 64)
    assert np.allclose(weights, theirs, atol=1e-6)
    for name, kind in (
        ("excitation", SqueezeExcitation),
        ("spatial", SpatialAttention),
    ):
        layer = kind()
        layer.build(maps.shape)
        layer.set_weights([rng.normal(size=one.shape) for one in layer.get_weights()])
        mine = lift("attention", name, keras=keras)(maps, *layer.get_weights())
        assert np.allclose(mine, np.asarray(layer.attention(maps)), atol=1e-5)


def test_attention_looks_as_keras_does(rng):
    from emolib.models.cnn import layers

    tokens = rng.normal(size=(10, 12)).astype(np.float32)
    look = layers.MultiHeadAttention(1, 5, use_bias=False)
    _, theirs = look(tokens[None], tokens[None], return_attention_scores=True)
    wq, wk, wv, _ = look.get_weights()
    found, weights = lift("attention", "looked")(tokens, wq[:, 0], wk[:, 0], wv[:, 0])
    assert np.allclose(weights, np.asarray(theirs)[0, 0], atol=1e-5)
    assert np.allclose(found, np.asarray(theirs)[0, 0] @ tokens @ wv[:, 0], atol=1e-4)


def test_sequences_means_over_real_frames_as_the_package_does(rng):
    from emolib.models.recurrent import PoolFrames, RealFrames

    clips = rng.normal(size=(6, 9, 4)).astype("float32")
    for clip, length in zip(clips, (9, 1, 4, 8, 2, 5), strict=True):
        clip[length:] = 0
    theirs = PoolFrames("mean")(clips, mask=RealFrames()(clips))
    assert np.allclose(lift("sequences", "mean_of_real")(clips), theirs, atol=1e-6)


def test_sequences_goes_through_time_and_back_as_keras_does(rng):
    import keras
    import tensorflow as tf

    x, last = rng.normal(size=(7, 5)), rng.normal(size=3)
    weights = [rng.normal(0, 0.5, shape) for shape in ((5, 3), (3, 3), 3)]
    layer = keras.layers.SimpleRNN(3, return_sequences=True, dtype="float64")
    layer.build((None, None, 5))
    layer.set_weights(weights)
    with tf.GradientTape() as tape:
        states = layer(x[None])
        loss = tf.reduce_sum(states[0, -1] * last)
    theirs = tape.gradient(loss, [one.value for one in layer.weights])
    assert np.allclose(lift("sequences", "rnn")(x, *weights), states[0])
    mine = lift("sequences", "slopes")(x, *weights, last)
    for ours, one in zip(mine, theirs, strict=True):
        assert np.allclose(ours, one)


def test_real_faces_makes_the_target_of_the_recipe(rng):
    from emolib.training import distill, smooth_labels

    label, answer = rng.dirichlet(np.ones(6), (2, 5))
    mine = lift("real-faces", "target")(label, answer, 0.7, 0.1)
    assert np.allclose(mine, smooth_labels(distill(label, answer, 0.7), 0.1))


def test_enterface05_places_a_video_where_the_package_does():
    import re

    from emolib.datasets.enterface05.clips import _place
    from emolib.emotions import EMOTIONS

    place = lift("enterface05", "place", re=re, EMOTIONS=EMOTIONS)
    for file in (
        "enterface database/subject 11/anger/sentence 5/s12_an_5.avi",
        "enterface_database/SUBJECT-3/Happiness_/sentence-1/s_3_ha_1.avi",
        "copy/subject 5/fear /sentence 2/new folder/s5_fe_2.avi",
    ):
        assert place(file) == _place(file)
    for file in (
        "subject 20/neutral/sentence 1/s20_ne_1.avi",
        "subject 6/anger/s6_an.avi",
        "anger/sentence 1/s1_an_1.avi",
    ):
        assert place(file) is None
        assert isinstance(_place(file), str)


@pytest.mark.parametrize("smallest", [40, 80, 131])
def test_enterface05_shrinks_as_the_detector_does(smallest):
    from PIL import Image

    from emolib.faces import FaceDetector

    levels = FaceDetector(smallest=smallest)._pyramid(Image.new("RGB", (720, 576)))
    sizes = [(level.height, level.width) for level in levels]
    assert lift("enterface05", "pyramid")(576, 720, smallest) == sizes


def test_enterface05_suppresses_as_the_detector_does(rng):
    from emolib.faces.detection import _suppress

    corners, sides = rng.uniform(0, 100, (60, 2)), rng.uniform(20, 80, (60, 2))
    boxes, scores = np.hstack([corners, sides]), rng.random(60)
    for most in (0.1, 0.3, 0.7):
        theirs = _suppress(np.hstack([corners, corners + sides]), scores, most)
        assert lift("enterface05", "suppress")(boxes, scores, most) == theirs.tolist()


def test_enterface05_draws_people_as_the_package_does(answers, rng):
    import pandas as pd

    from emolib.evaluation import evaluate

    labels, probabilities = answers
    who = rng.integers(0, 20, len(labels))
    person, _ = pd.factorize(who)
    correct = probabilities.argmax(axis=1) == labels
    right, shown = np.bincount(person, correct), np.bincount(person)
    mine = lift("enterface05", "over_people")(right, shown, rng)
    theirs = evaluate(labels, probabilities, who).interval
    assert np.allclose(mine, theirs, atol=0.02)
