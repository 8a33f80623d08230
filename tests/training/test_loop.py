"""`fit`: the training loop, whichever parts it is given."""

import math
import os
import re
import signal
from pathlib import Path

import numpy as np
import pytest

from emolib.datasets import DatasetError, FaceDataset, load
from emolib.datasets.splits import hold_out
from emolib.errors import ArgumentError
from emolib.models import plain_cnn, predict, small_cnn
from emolib.models._backend import keras
from emolib.training import loop
from emolib.training.averaging import MovingAverage
from emolib.training.checkpoint import TrainingError
from emolib.training.loop import _Run, _Shuffled, batches, fit
from emolib.training.schedule import Cosine

NAN = float("nan")


def tiny_network(seed: int = 0) -> keras.Model:
    """Build a network that trains in a blink, with dropout to test its seeds."""
    draw = keras.random.SeedGenerator(seed)
    start = keras.initializers.HeNormal(seed=draw)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((64, 64, 1)),
            layers.Rescaling(1 / 255),
            layers.AveragePooling2D(8),
            layers.Flatten(),
            layers.Dropout(0.1, seed=seed),
            layers.Dense(6, activation="softmax", kernel_initializer=start),
        ],
        name="tiny",
    )


@pytest.fixture(scope="module")
def sets(tiny):
    return tiny.apex().part("train"), tiny.apex().part("validation")


def run(sets, seed=0, epochs=3, model=None, **options):
    model = model or tiny_network(seed)
    options = {"progress": False, "learning_rate": 0.02, **options}
    return model, fit(model, *sets, epochs=epochs, seed=seed, **options)


def same(a, b) -> bool:
    pairs = zip(a.get_weights(), b.get_weights(), strict=True)
    return all((x == y).all() for x, y in pairs)


def test_fit_learns_and_reports(sets):
    model, history = run(sets, epochs=20, augment=False)
    frame = history.frame
    assert list(frame["epoch"]) == list(range(1, 21))
    assert frame["loss"].iloc[-1] < frame["loss"].iloc[0]
    accuracy = (predict(model, sets[1].images).argmax(1) == sets[1].labels).mean()
    assert accuracy == pytest.approx(frame["val_accuracy"].max())
    assert accuracy > 0.6
    assert history.best_epoch == frame["val_accuracy"].idxmax() + 1 or (
        frame["val_accuracy"].iloc[history.best_epoch - 1] == accuracy
    )
    assert "validation accuracy" in str(history)
    with pytest.raises(AttributeError):
        history.best_epoch = 1


def test_same_seed_gives_the_same_weights(sets):
    first, second, other = run(sets)[0], run(sets)[0], run(sets, seed=1)[0]
    assert same(first, second)
    assert not same(first, other)


def test_the_step_size_falls_along_the_schedule_or_stays(sets):
    falling = run(sets)[1].frame["learning_rate"]
    np.testing.assert_allclose(falling, [0.02, 0.75 * 0.0198 + 0.0002, 0.00515])
    level = run(sets, schedule=None)[1].frame["learning_rate"]
    assert (level == 0.02).all()


def test_the_step_size_also_changes_within_an_epoch(sets):
    schedule = Cosine(warm_up=1.0, per_step=True)
    options = {"batch_size": 2, "epochs": 1}  # 18 steps: the size is set at 0, 8 and 16
    model, history = run(sets, schedule=schedule, **options)
    assert history.frame["learning_rate"][0] == pytest.approx(0.05 * 0.02)
    last = 0.02 * schedule(16 / 18, 1)
    assert float(model.optimizer.learning_rate) == pytest.approx(last)
    model, _ = run(sets, schedule=Cosine(), **options)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.02)


def test_the_average_of_the_weights_is_kept_and_validated(sets):
    """One execution: an eleventh of the average is the first weights, the rest new."""
    options = {"epochs": 1, "monitor": None, "augment": False}
    first, (last, _) = tiny_network().get_weights(), run(sets, **options)
    model, history = run(sets, average=MovingAverage(0.999), **options)
    for old, new, kept in zip(
        first, last.get_weights(), model.get_weights(), strict=True
    ):
        np.testing.assert_allclose(kept, old / 11 + new * 10 / 11, atol=1e-6)
    right = predict(model, sets[1].images).argmax(axis=1) == sets[1].labels
    assert history.frame["val_accuracy"][0] == pytest.approx(right.mean())


def test_without_a_monitor_the_last_epoch_is_kept(sets):
    class Uphill(_Shuffled):
        def __call__(self, epoch):
            images, targets = super().__call__(epoch)
            return images, targets, np.full(len(images), -1, np.float32)

    uphill = Uphill(sets[0], "light", False, 0)
    model, history = run((uphill, sets[1]), monitor=None, learning_rate=0.01)
    assert history.best_epoch == 3
    assert history.frame["val_loss"].is_monotonic_increasing
    shares = predict(model, sets[1].images)
    loss = -np.log(shares[np.arange(len(shares)), sets[1].labels]).mean()
    assert loss == pytest.approx(history.frame["val_loss"][2], rel=1e-4)


def test_patience_stops_and_best_weights_are_kept(sets):
    model, history = run(sets, epochs=30, patience=2, schedule=None)
    frame = history.frame
    assert len(frame) < 30
    assert len(frame) - history.best_epoch == 2
    shares = predict(model, sets[1].images)
    accuracy = (shares.argmax(axis=1) == sets[1].labels).mean()
    assert accuracy == pytest.approx(frame["val_accuracy"][history.best_epoch - 1])


def test_no_epoch_but_the_first_is_begun_after_the_time(sets, tmp_path):
    path = tmp_path / "run.npz"
    whole, _ = run(sets, checkpoint=tmp_path / "whole.npz")
    for epochs in (1, 2, 3):
        model, history = run(sets, checkpoint=path, minutes=0)
        assert (len(history.frame), history.resumed) == (epochs, epochs - 1)
    assert same(model, whole)


@pytest.fixture
def ctrl_c(monkeypatch):
    """Press Ctrl-C when so many epochs are done, also where SIGINT is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    original = Cosine.__call__

    def press_after(epochs: float):
        def press(schedule, done, total):
            if done >= epochs:
                signal.raise_signal(signal.SIGINT)
            return original(schedule, done, total)

        monkeypatch.setattr(Cosine, "__call__", press)

    yield press_after
    monkeypatch.undo()
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("average", [None, MovingAverage(0.9)])
def test_ctrl_c_drops_the_epoch_and_keeps_the_best_before_it(
    sets, ctrl_c, capsys, average
):
    options = {"batch_size": 2, "average": average, "monitor": "loss"}
    expected, _ = run(sets, epochs=2, schedule=None, **options)
    slowly = {"epochs": 1000, "schedule": Cosine(per_step=True), **options}
    ctrl_c(2.4)  # in the middle of the third epoch
    model, history = run(sets, progress=True, **slowly)
    assert history.interrupted
    assert len(history.frame) == 2
    for one, other in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)
    assert f"interrupted; best epoch {history.best_epoch}" in capsys.readouterr().err


def test_ctrl_c_before_the_first_epoch_is_complete(sets, ctrl_c):
    ctrl_c(0)
    model, history = run(sets)
    assert history.interrupted
    assert str(history) == "no epoch completed"
    assert same(model, tiny_network())


@pytest.mark.parametrize("average", [None, MovingAverage(0.9)])
def test_resumed_run_ends_like_one_that_was_not_interrupted(
    sets, tmp_path, ctrl_c, monkeypatch, average
):
    path = tmp_path / "some folder" / "run.npz"
    options = {"epochs": 4, "batch_size": 2, "average": average}
    options["schedule"] = Cosine(warm_up=1, per_step=True)
    whole, history = run(sets, **options)
    ctrl_c(2.4)
    assert run(sets, checkpoint=path, **options)[1].interrupted
    monkeypatch.undo()
    resumed, again = run(sets, checkpoint=path, **options)
    assert again.resumed == 2
    assert same(whole, resumed)
    columns = ["epoch", "loss", "val_loss", "val_accuracy"]
    assert again.frame[columns].equals(history.frame[columns])
    assert [file.name for file in path.parent.iterdir()] == ["run.npz"]


def test_finished_checkpoint_trains_no_further(sets, tmp_path):
    path = tmp_path / "run.npz"
    model, _ = run(sets, checkpoint=path)
    written = path.stat().st_mtime_ns
    again, history = run(sets, checkpoint=path)
    assert history.resumed == 3
    assert path.stat().st_mtime_ns == written
    assert same(model, again)


def test_checkpoint_of_another_run_is_refused_and_what_differs_named(sets, tmp_path):
    path = tmp_path / "run.npz"
    run(sets, epochs=1, checkpoint=path)
    train, validation = sets
    others = {
        "training data": {"sets": (train.subset(np.arange(30)), validation)},
        "validation data": {"sets": (train, train)},
        "first weights": {"model": tiny_network(1)},
        "learning_rate": {"learning_rate": 0.1},
        "weight_decay": {"weight_decay": 0.1},
        "batch_size": {"batch_size": 16},
        "augment": {"augment": "strong"},
        "schedule": {"schedule": Cosine(warm_up=1)},
        "average": {"average": MovingAverage(0.9)},
        "monitor": {"monitor": "loss"},
        "epochs": {"epochs": 2},
    }
    for name, other in others.items():
        with pytest.raises(TrainingError, match=rf"another run.*: {name}\. Delete"):
            run(**{"sets": sets, "epochs": 1, "checkpoint": path, **other})
    with pytest.raises(TrainingError, match="differs: seed, first weights"):
        run(sets, seed=1, epochs=1, checkpoint=path)


def test_first_weights_are_all_that_is_drawn_dropout_s_seed_included(sets, tmp_path):
    """A network that has been trained is no longer the one the run began with."""
    model, _ = run(sets, epochs=1, augment=False, checkpoint=tmp_path / "run.npz")
    model.set_weights(tiny_network().get_weights())
    with pytest.raises(TrainingError, match=r"first weights.*built anew"):
        run(sets, epochs=1, augment=False, model=model, checkpoint=tmp_path / "run.npz")


def test_a_constant_step_size_can_be_prolonged(sets, tmp_path):
    options = {"schedule": None, "checkpoint": tmp_path / "run.npz"}
    run(sets, epochs=1, **options)
    longer, history = run(sets, epochs=2, **options)
    assert history.resumed == 1
    assert same(longer, run(sets, epochs=2, schedule=None)[0])


def test_batches_hold_everything_and_do_not_tune_themselves():
    images, targets = np.arange(14).reshape(7, 2), np.arange(7)
    found = batches((images, targets), 3)
    assert found.options().autotune.enabled is False
    parts = [[np.asarray(one) for one in pair] for pair in found]
    assert [len(one) for one, _ in parts] == [3, 3, 1]
    for k, whole in enumerate((images, targets)):
        np.testing.assert_array_equal(np.concatenate([p[k] for p in parts]), whole)


def test_a_feed_brings_weights_of_its_own(sets):
    """With a weight of 0 for one class, nothing is learnt of it."""
    train, validation = sets

    class Without(_Shuffled):
        def __call__(self, epoch):
            images, targets = super().__call__(epoch)
            return images, targets, (targets[:, 3] == 0).astype(np.float32)

    feed = Without(train, None, False, 0)
    model, _ = run((feed, validation), epochs=20, monitor=None)
    answers = predict(model, validation.images).argmax(axis=1)
    known = validation.labels != 3
    assert (answers[~known] != 3).all()
    assert (answers[known] == validation.labels[known]).mean() > 0.6


def test_augmentation_has_two_strengths_and_an_off(sets):
    light, same_light = run(sets, augment=True)[0], run(sets, augment="light")[0]
    strong, plain = run(sets, augment="strong")[0], run(sets, augment=False)[0]
    assert same(light, same_light)
    assert not same(light, strong)
    assert not same(light, plain)
    with pytest.raises(ValueError, match="Unknown strength 'harsh'"):
        run(sets, augment="harsh")


def test_weight_decay_shrinks_kernels_and_spares_biases(sets):
    """With a step size of almost nothing, decay is all that is left to see."""
    model = tiny_network()
    start = [model.get_weights()[0], np.linspace(-1, 1, 6)]
    model.set_weights(start)
    options = {"learning_rate": 1e-6, "weight_decay": 1e5, "epochs": 1}
    kernel, bias = run(sets, model=model, **options)[0].get_weights()
    assert np.linalg.norm(kernel) < 0.9 * np.linalg.norm(start[0])
    assert np.abs(bias - start[1]).max() < 1e-4


def test_progress_can_be_silenced(sets, capfd):
    run(sets, epochs=1)
    assert capfd.readouterr() == ("", "")
    run(sets, epochs=1, progress=True)
    assert "1/1" in capfd.readouterr().err


def test_soft_targets_use_unlabelled_and_weak_images(tiny):
    labels = tiny.labels.copy()
    labels[tiny.meta["intensity"].to_numpy() < 0.4] = -1
    meta = tiny.meta.drop(columns="emotion")
    mixed = FaceDataset("mixed", tiny.images, labels, meta)
    sets = mixed.part("train"), mixed.part("validation")
    with pytest.raises(DatasetError, match=r"labelled\(\)"):
        run(sets)
    _, history = run(sets, soft_targets=True, monitor="loss")
    assert np.isfinite(history.frame["val_loss"]).all()


def test_empty_sets_are_refused(sets, tiny):
    empty = tiny.subset([])
    with pytest.raises(DatasetError, match="training set is empty"):
        run((empty, sets[1]))
    with pytest.raises(DatasetError, match="validation set is empty"):
        run((sets[0], empty))


@pytest.mark.parametrize("rate", [1e9, 1e3])
def test_a_diverged_training_is_an_error_with_the_remedy(sets, rate):
    """At 1e9 the loss is NaN; at 1e3 all numbers are finite, and worth nothing."""
    with pytest.raises(TrainingError, match=r"diverged: .*smaller learning_rate"):
        run(sets, model=plain_cnn(), learning_rate=rate, epochs=1)


def test_huge_finite_weights_are_a_diverged_training(sets):
    model = tiny_network()
    model.set_weights([weights * 1e6 for weights in model.get_weights()])
    with pytest.raises(TrainingError, match=r"best epoch \(1\) the loss is 1"):
        run(sets, model=model, epochs=1, learning_rate=1e-6)


@pytest.mark.parametrize("broken", ["validation", "weights"])
def test_nan_in_validation_or_weights_ends_the_run_and_keeps_what_was_before(
    sets, tmp_path, monkeypatch, broken
):
    """The loss of the second epoch is finite, as a mean over batches may be."""
    expected, _ = run(sets, epochs=1, schedule=None)
    original = _Run.train

    def train(self, epoch, *rest):
        row = original(self, epoch, *rest)
        if epoch == 1:
            weights = self.model.get_weights()
            weights[0][0] = np.nan
            self.model.set_weights(weights)
        return row

    monkeypatch.setattr(_Run, "train", train)
    if broken == "weights":
        monkeypatch.setattr(loop, "answers", lambda *_: pytest.fail("was validated"))
        monkeypatch.setattr(_Run, "train", original)
        monkeypatch.setattr(loop, "_finite", lambda arrays: False)
    model, path = tiny_network(), tmp_path / "run.npz"
    options = {"model": model, "schedule": None, "checkpoint": path}
    with pytest.raises(TrainingError, match=r"diverged.*epoch [12].*learning_rate"):
        run(sets, **options)
    if broken == "validation":
        assert same(model, expected)  # the best epoch's, not the last one's
        monkeypatch.undo()
        again, history = run(sets, schedule=None, checkpoint=path)
        assert (history.resumed, len(history.frame)) == (1, 3)
        assert same(again, run(sets, schedule=None)[0])


def test_a_checkpoint_of_a_diverged_run_is_not_continued(sets, tmp_path):
    path = tmp_path / "run.npz"
    run(sets, epochs=1, schedule=None, checkpoint=path)
    with np.load(path) as file:
        arrays = dict(file)
    arrays["best0"] = np.full_like(arrays["best0"], np.nan)
    np.savez(path, **arrays)
    with pytest.raises(TrainingError, match=r"run\.npz holds NaN.*Delete it.*smaller"):
        run(sets, schedule=None, checkpoint=path)


def test_an_honest_beginning_is_not_called_diverged(sets):
    """After one epoch a network may still answer one class, and no two alike."""
    _, history = run(sets, model=small_cnn(), epochs=1, learning_rate=1e-3)
    assert history.best_epoch == 1


@pytest.mark.parametrize(
    "options",
    [
        *({"learning_rate": rate} for rate in (0, -1e-3, NAN, math.inf, "fast", True)),
        *({"weight_decay": decay} for decay in (-1, NAN, math.inf)),
        *({"patience": epochs} for epochs in (0, -1, 1.5)),
        *({"minutes": length} for length in (-1, NAN)),
        *({"batch_size": size} for size in (0, -8, 2.5, None)),
        *({"epochs": count} for count in (0, 1.5, True)),
        *({"monitor": name} for name in ("f1", 3)),
        {"schedule": "cosine"},
        {"average": 0.999},
        *({"seed": seed} for seed in (-1, 0.5, NAN, "x", None)),
    ],
)
def test_parameters_out_of_range_are_named(sets, options):
    ((name, value),) = options.items()
    wanted = rf"^{name} must be .*Received: {re.escape(repr(value))}$"
    with pytest.raises(ArgumentError, match=wanted):
        run(sets, model=tiny_network(), **{"epochs": 1, **options})


def test_sets_of_another_kind_are_refused(sets):
    pair = sets[0].images, sets[0].labels
    with pytest.raises(ArgumentError, match="training set must be a FaceDataset"):
        run((pair, sets[1]))
    with pytest.raises(ArgumentError, match="validation set must be a FaceDataset"):
        run((sets[0], pair))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda images, targets: (images / 255, targets), "multiply by 255"),
        (lambda images, targets: (images, targets * 2), "sum to 1"),
        (
            lambda images, targets: (images, targets.argmax(1)),
            "targets must be numbers",
        ),
        (lambda images, targets: (images, targets * np.nan), "sum to 1"),
    ],
)
def test_a_feed_is_held_to_the_scale_and_to_targets(sets, change, told):
    class Feed(_Shuffled):
        def __call__(self, epoch):
            return change(*super().__call__(epoch))

    with pytest.raises(ArgumentError, match=told):
        run((Feed(sets[0], False, False, 0), sets[1]))


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (keras.layers.Dense(6), "no probabilities.*softmax"),
        (keras.layers.Dense(7, activation="softmax"), "7 classes; expected 6"),
        (keras.layers.Dense(6, activation="relu"), "no probabilities"),
    ],
)
def test_a_network_that_answers_something_else_is_not_trained(sets, end, told):
    parts = [keras.Input((64, 64, 1)), keras.layers.Flatten(), end]
    with pytest.raises(ArgumentError, match=told):
        run(sets, model=keras.Sequential(parts))


# real photographs


def test_small_cnn_learns_from_real_photographs():
    default = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    path = Path(os.environ.get("EMOLIB_FER2013", default))
    if path.is_dir():
        path = path / "fer2013_train.npz"
    if not path.is_file():
        pytest.skip(f"no FER2013 at {path}; set EMOLIB_FER2013 to its file or folder")
    faces = load("fer2013", path, drop_duplicates=True).labelled()
    chosen = np.random.default_rng(0).permutation(len(faces))[:4000]
    train, validation = hold_out(faces.subset(chosen), 0.25)
    model = small_cnn()
    recipe = {"epochs": 4, "learning_rate": 3e-3, "augment": False}
    history = fit(model, train, validation, **recipe, progress=False)
    print(history)
    answers = predict(model, validation.images).argmax(axis=1)
    majority = np.bincount(validation.labels).max() / len(validation)
    assert (answers == validation.labels).mean() > majority + 0.03


def test_fit_leaves_the_global_random_state_alone(sets):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    run(sets, epochs=1)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002
