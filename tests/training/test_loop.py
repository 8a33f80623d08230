"""Targets and `fit`."""

import _thread
import os
from pathlib import Path

import numpy as np
import pytest

from emolib.datasets import DatasetError, FaceDataset, load
from emolib.datasets.splits import hold_out
from emolib.models import predict, small_cnn
from emolib.models._backend import keras
from emolib.training import loop
from emolib.training.loop import (
    TrainingError,
    fit,
    soft_targets,
)


def tiny_network(seed: int = 0) -> keras.Model:
    """A network that trains in a blink, with dropout to test its seeds."""
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


# targets


def test_soft_targets_mix_label_and_ignorance():
    targets = soft_targets(np.array([3, 3, 0, -1]), np.array([1, 0, np.nan, 1.0]))
    assert targets.dtype == np.float32
    np.testing.assert_allclose(targets.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(targets[0], np.eye(6)[3])
    np.testing.assert_allclose(targets[1], 1 / 6, atol=1e-6)
    np.testing.assert_allclose(targets[2], np.eye(6)[0])
    np.testing.assert_allclose(targets[3], 1 / 6, atol=1e-6)


def test_soft_targets_refuse_what_is_no_intensity():
    with pytest.raises(ValueError, match="0 to 1"):
        soft_targets(np.array([1]), np.array([1.2]))
    with pytest.raises(ValueError, match="shape"):
        soft_targets(np.array([1, 2]), np.array([1.0]))


# fit


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


def test_cosine_schedule_falls_and_constant_does_not(sets):
    falling = run(sets)[1].frame["learning_rate"]
    level = run(sets, schedule="constant")[1].frame["learning_rate"]
    assert falling.is_monotonic_decreasing
    assert falling.iloc[0] == pytest.approx(0.02)
    assert (level == 0.02).all()


def test_patience_stops_and_best_weights_are_kept(sets):
    model, history = run(sets, epochs=30, patience=2, schedule="constant")
    frame = history.frame
    assert len(frame) < 30
    assert len(frame) - history.best_epoch == 2
    shares = predict(model, sets[1].images)
    accuracy = (shares.argmax(axis=1) == sets[1].labels).mean()
    assert accuracy == pytest.approx(frame["val_accuracy"][history.best_epoch - 1])


def test_interrupt_keeps_the_best_weights_so_far(sets, monkeypatch):
    original, calls = loop._one_epoch, []

    def interrupted(*args):
        calls.append(1)
        result = original(*args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(loop, "_one_epoch", interrupted)
    model, history = run(sets, epochs=10)
    assert history.interrupted
    assert len(history.frame) == 2
    shares = predict(model, sets[1].images)
    best = history.frame["val_accuracy"][history.best_epoch - 1]
    assert (shares.argmax(axis=1) == sets[1].labels).mean() == pytest.approx(best)


def test_interrupt_from_outside_before_the_first_epoch(sets, monkeypatch):
    monkeypatch.setattr(
        loop, "_one_epoch", lambda *_: (_thread.interrupt_main(), (0.0, 0.0))[1]
    )
    model, history = run(sets)
    assert history.interrupted
    assert history.best_epoch in (0, 1)
    assert same(model, tiny_network())


def test_resumed_run_ends_like_one_that_was_not_interrupted(
    sets, tmp_path, monkeypatch
):
    path = tmp_path / "some folder" / "run.npz"
    whole, history = run(sets, epochs=4)
    original = loop._one_epoch

    def interrupted(model, x, y, batch_size, seed, strength):
        if seed[1] == 2:
            raise KeyboardInterrupt
        return original(model, x, y, batch_size, seed, strength)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "_one_epoch", interrupted)
        assert run(sets, epochs=4, checkpoint=path)[1].interrupted
    resumed, again = run(sets, epochs=4, checkpoint=path)
    assert same(whole, resumed)
    columns = ["epoch", "loss", "val_loss", "val_accuracy"]
    assert again.frame[columns].equals(history.frame[columns])
    assert [file.name for file in path.parent.iterdir()] == ["run.npz"]


def test_finished_checkpoint_trains_no_further(sets, tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    model, _ = run(sets, checkpoint=path)
    monkeypatch.setattr(loop, "_one_epoch", lambda *_: pytest.fail("trained"))
    assert same(model, run(sets, checkpoint=path)[0])


def test_checkpoint_of_another_run_is_refused(sets, tmp_path):
    path = tmp_path / "run.npz"
    run(sets, checkpoint=path)
    with pytest.raises(TrainingError, match="another network"):
        run(sets, checkpoint=path, learning_rate=0.1)


def test_damaged_checkpoint_is_named(sets, tmp_path):
    path = tmp_path / "run.npz"
    path.write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(TrainingError, match=r"run\.npz.*delete it"):
        run(sets, checkpoint=path)


def test_augmentation_has_two_strengths_and_an_off(sets):
    light, same_light = run(sets, augment=True)[0], run(sets, augment="light")[0]
    strong, plain = run(sets, augment="strong")[0], run(sets, augment=False)[0]
    assert same(light, same_light)
    assert not same(light, strong)
    assert not same(light, plain)
    with pytest.raises(ValueError, match="augment='harsh'"):
        run(sets, augment="harsh")


def test_weight_decay_shrinks_kernels_and_spares_biases(sets):
    """With a step size of almost nothing, decay is all that is left to see."""
    start = [w.copy() for w in tiny_network().get_weights()]
    options = {"learning_rate": 1e-6, "weight_decay": 1e5, "epochs": 1}
    kernel, bias = run(sets, **options)[0].get_weights()
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


def test_loss_that_is_not_finite_says_what_to_try(sets):
    with pytest.raises(TrainingError, match="smaller learning rate"):
        run(sets, learning_rate=float("nan"))


@pytest.mark.parametrize(
    "options", [{"epochs": 0}, {"batch_size": 0}, {"schedule": "linear"}]
)
def test_parameters_out_of_range_are_named(sets, options):
    with pytest.raises(ValueError, match="Received"):
        run(sets, **{"epochs": 1, **options})


# holding out


# real photographs


def test_small_cnn_learns_from_real_photographs():
    default = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    path = Path(os.environ.get("EMOLIB_FER2013", default))
    if path.is_dir():
        path = path / "fer2013_train.npz"
    if not path.is_file():
        pytest.skip(f"no FER2013 at {path}; set EMOLIB_FER2013 to its file or folder")
    faces = load("fer2013", path, drop_duplicates=True, neutral=False)
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
