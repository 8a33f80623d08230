"""The recipe for photographs, on small and made-up ones."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from PIL import Image

from emolib import cli
from emolib.datasets import FaceDataset
from emolib.emotions import EMOTIONS
from emolib.models import load_model, model_card, predict_both_ways
from emolib.models.registry import build
from emolib.recipes import real_faces
from emolib.recipes.real_faces import (
    STAGES,
    Mixture,
    Stage,
    photographs,
    train_stage,
)
from emolib.training import Cosine, TrainingError

QUICK = Stage(
    "plain_cnn", epochs=2, batch_size=16, learning_rate=1e-3, rendered=12, ema_decay=0.9
)


@pytest.fixture
def sets(tiny):
    """Training and validation images with some neutral ones, and rendered frames."""
    labels = tiny.labels.copy()
    labels[::9] = -1
    faces = FaceDataset("photographs", tiny.images, labels)
    first = np.arange(len(faces)) < 200
    return faces.subset(first), faces.subset(~first), tiny


def weights(run):
    return np.concatenate([one.ravel() for one in run.model.get_weights()])


def feed(stage, sets, **options):
    return Mixture(stage, sets[0], sets[2], **options)


def test_a_stage_stopped_and_continued_ends_like_one_that_was_not(sets, tmp_path):
    whole = train_stage(QUICK, *sets, tmp_path / "whole.npz", progress=False)
    options = {"checkpoint": tmp_path / "parts.npz", "progress": False}
    first = train_stage(QUICK, *sets, **options, minutes=0)
    assert not first.complete
    second = train_stage(QUICK, *sets, **options, minutes=0)
    assert second.complete
    assert second.history.resumed == 1
    np.testing.assert_array_equal(weights(whole), weights(second))
    again = train_stage(QUICK, *sets, **options)
    assert again.history.resumed == 2
    np.testing.assert_array_equal(weights(again), weights(second))


def test_it_learns(sets, tmp_path):
    stage = replace(QUICK, epochs=6, mixup=0.0, strong_share=0.0, label_smoothing=0.0)
    run = train_stage(stage, *sets, tmp_path / "state.npz", progress=False)
    assert run.history.frame["val_accuracy"].iloc[-1] > 0.6  # guessing: one in six


def test_the_step_size_warms_up_and_falls_within_epochs(sets, tmp_path):
    run = train_stage(QUICK, *sets, tmp_path / "state.npz", progress=False)
    rates = run.history.frame["learning_rate"]
    np.testing.assert_allclose(rates, [0.05 * 1e-3, 0.505 * 1e-3])
    last = Cosine(1, per_step=True)(1 + 8 / 14, 2) * 1e-3  # 14 steps, 8 at a time
    assert float(run.model.optimizer.learning_rate) == pytest.approx(last)


def test_the_last_average_is_kept_though_another_epoch_scored_better(
    sets, tmp_path, monkeypatch
):
    original = Mixture.__call__

    def uphill(mixture, epoch):
        images, targets, shares = original(mixture, epoch)
        return images, targets, -shares

    monkeypatch.setattr(Mixture, "__call__", uphill)
    stage = replace(QUICK, learning_rate=1e-4)
    run = train_stage(stage, *sets, tmp_path / "state.npz", progress=False)
    assert run.history.frame["val_loss"].is_monotonic_increasing
    assert run.history.best_epoch == 2


def test_the_average_of_the_weights_is_kept(sets, tmp_path):
    last, mean = (
        train_stage(
            replace(QUICK, epochs=1, ema_decay=decay),
            *sets, tmp_path / f"{decay}.npz", progress=False,
        )
        for decay in (0.0, 0.9)
    )  # fmt: skip
    assert last.history.frame["loss"].equals(mean.history.frame["loss"])
    start = np.concatenate([w.ravel() for w in build(QUICK.architecture).get_weights()])
    moved = weights(last) - start
    assert 0.05 < np.linalg.norm(weights(mean) - start) / np.linalg.norm(moved) < 0.95


def test_another_run_s_checkpoint_is_refused(sets, tmp_path):
    options = {"checkpoint": tmp_path / "state.npz", "progress": False}
    train, validation, rendered = sets
    train_stage(QUICK, *sets, **options, minutes=0)
    heard = replace(QUICK, distillation_weight=0.5)
    others = {
        "epochs": (replace(QUICK, epochs=9), *sets),
        "mixup": (replace(QUICK, mixup=0.3), *sets),
        "training data": (QUICK, validation, validation, rendered),
        "rendered data": (QUICK, train, validation, validation),
        "validation data": (QUICK, train, train, rendered),
        "distillation_weight, teacher": (heard, *sets),
    }
    for name, run in others.items():
        teacher = build("plain_cnn", 5) if run[0] is heard else None
        with pytest.raises(TrainingError, match=f"what differs: {name}. Delete"):
            train_stage(*run, **options, teacher=teacher)


def test_a_teacher_s_answers_enter_the_targets(sets):
    stage = replace(QUICK, distillation_weight=1.0, label_smoothing=0.0, mixup=0.0)
    with pytest.raises(ValueError, match="needs a teacher"):
        feed(stage, sets)
    teacher = build("plain_cnn", seed=5)
    images, targets, _ = feed(stage, sets, teacher=teacher)(0)
    answers = predict_both_ways(teacher, images)
    np.testing.assert_allclose(targets, answers, atol=1e-5)
    softer = replace(stage, temperature=2.0)
    _, targets, _ = feed(softer, sets, teacher=teacher)(0)
    roots = answers**0.5
    roots /= roots.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(targets, roots, atol=1e-5)


def test_pictures_come_again_after_some_epochs_and_their_answers_stay(sets):
    stage = replace(QUICK, distillation_weight=0.5, repeat_views_every=2)
    mixture = feed(stage, sets, teacher=build("plain_cnn", seed=5))
    first, other, again = (mixture(epoch) for epoch in range(3))

    def ordered(shown):
        """Sort pictures, targets and weights, whatever their order was."""
        order = np.lexsort(shown[0].reshape(len(shown[0]), -1).T)
        return [one[order] for one in shown]

    assert (first[0] != again[0]).any()  # in another order
    for one, two in zip(ordered(first), ordered(again), strict=True):
        np.testing.assert_array_equal(one, two)
    assert (ordered(first)[0] != ordered(other)[0]).any()
    assert set(mixture._answers) == {0, 1}


def test_fine_tuning_begins_with_the_weights_of_another(sets, tmp_path):
    start = build("plain_cnn", seed=7)
    stage = replace(QUICK, learning_rate=1e-12, weight_decay=0.0)
    options = {"checkpoint": tmp_path / "state.npz", "progress": False}
    run = train_stage(stage, *sets, start=start, **options)
    for mine, given in zip(run.model.get_weights(), start.get_weights(), strict=True):
        np.testing.assert_allclose(mine, given, rtol=1e-6, atol=1e-9)
    with pytest.raises(TrainingError, match="differs: first weights"):
        train_stage(stage, *sets, **options)


def test_targets_weights_and_mixture_of_an_epoch(sets):
    stage = replace(QUICK, mixup=0.0, label_smoothing=0.0, class_weight_power=1.0)
    images, targets, shares = feed(stage, sets)(0)
    assert len(images) == 200 + 12
    np.testing.assert_allclose(targets.sum(axis=1), 1, atol=1e-5)
    labels = sets[0].labels
    flat = np.isclose(targets, 1 / 6).all(axis=1)
    assert flat.sum() == (labels < 0).sum()
    # with a power of 1 the classes weigh alike in all: 200 photographs, 7 classes
    np.testing.assert_allclose(shares[flat].sum(), 200 / 7, rtol=1e-4)
    photographs = np.isclose(targets.max(axis=1), 1)
    assert shares.sum() == pytest.approx(212, rel=1e-4)
    assert (shares[~flat & ~photographs] == 1).all()  # rendered, of less intensity


def test_labels_are_smoothed_in_the_targets(sets):
    stage = replace(QUICK, mixup=0.0, rendered=0)
    sharp = feed(replace(stage, label_smoothing=0.0), sets)(0)[1]
    smooth = feed(replace(stage, label_smoothing=0.1), sets)(0)[1]
    np.testing.assert_allclose(smooth, 0.9 * sharp + 0.1 / 6, atol=1e-6)


def test_without_photographs_an_epoch_is_rendered_frames(sets):
    stage = replace(QUICK, photographs=False, rendered=40)
    images, _, shares = feed(stage, sets)(0)
    assert len(images) == 40
    assert (shares == 1).all()


@pytest.mark.parametrize("name", STAGES)
def test_stages_are_those_on_the_card(name):
    recorded = model_card("real-faces").recipe[name]
    assert set(recorded) == {*asdict(STAGES[name]), "minutes", "curve"}
    assert asdict(STAGES[name]).items() <= recorded.items()


def test_the_command_trains_stage_by_stage(data, tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(3)
    folder = tmp_path / "fer"
    for part, count in (("train", 12), ("test", 2)):
        for name in (*EMOTIONS, "neutral"):
            (folder / part / name).mkdir(parents=True)
            for k in range(count):
                noise = rng.integers(0, 256, (48, 48), dtype=np.uint8)
                Image.fromarray(noise).save(folder / part / name / f"{k}.png")
    stages = {
        "teacher": replace(QUICK, epochs=1),
        "student": replace(QUICK, epochs=2, distillation_weight=0.5),
    }
    monkeypatch.setattr(real_faces, "STAGES", stages)
    output = tmp_path / "my faces"
    train = ["recipe", "real-faces", "--quiet", "--output", str(output)]
    train += ["--fer2013", str(folder)]
    for stage in ("teacher", "student"):  # the second stops after its first epoch
        assert cli.main([*train, "--minutes", "0"]) == 0
        assert "run again to go on" in capsys.readouterr().out
        assert (tmp_path / "my faces-stages" / stage / "state.npz").exists()
        assert not output.exists()
    assert cli.main(train) == 0
    assert "saved in" in capsys.readouterr().out
    card = model_card(output)
    assert card.missing() == ["audit"]  # which the study "robustness" adds
    assert len(card.recipe["teacher"]["curve"]) == 1
    assert len(card.recipe["student"]["curve"]) == 2
    assert 0 < card.unsure_below < 1
    assert 0 <= card.results["neutral_unsure"] <= 1
    assert load_model(output).name == "plain_cnn"
    assert {"model.onnx", "card.json"} <= {one.name for one in output.iterdir()}


@pytest.fixture
def voted(tmp_path):
    """Return a folder with FER2013 as npz files and votes: fear, whatever it shows."""
    rng = np.random.default_rng(4)
    names = (*EMOTIONS, "neutral")
    np.savez(
        tmp_path / "fer2013_train.npz", label_names=names,
        images=rng.integers(0, 256, (140, 48, 48), dtype=np.uint8),
        labels=(np.arange(140) % 7).astype(np.int8),
    )  # fmt: skip
    votes = np.zeros((140, 10), np.int8)
    votes[:, 2], votes[:, 6] = 8, 2
    votes[:7], votes[7:14, 2], votes[7:14, 3] = 0, 4, 4  # not in FER+; no lead
    columns = [*names, "contempt", "unknown", "NF"]
    np.savez(tmp_path / "ferplus_train.npz", votes=votes, columns=columns)
    return tmp_path


def test_votes_replace_labels_and_are_the_targets(voted):
    plain, heard = photographs(voted), photographs(voted, voted)
    for one, other in zip(plain, heard, strict=True):  # the same tenth is set aside
        np.testing.assert_array_equal(one.images, other.images)
        assert "crowd" not in one.meta
    labels = np.concatenate([faces.labels for faces in heard])
    assert (labels == 2).sum() == 126 + 1  # and fear of FER2013, of those without votes
    assert sum((one.meta["emotion"] == "undecided").sum() for one in heard) == 7
    stage = replace(QUICK, mixup=0.0, label_smoothing=0.0, rendered=0)
    _, targets, _ = Mixture(stage, heard[0], heard[0])(0)
    fear = np.full(6, 0.2 / 6) + 0.8 * np.eye(6)[2]
    known = (~heard[0].meta["votes_fear"].isna() & (heard[0].labels == 2)).sum()
    assert np.isclose(targets, fear, atol=1e-6).all(axis=1).sum() == known > 100


def test_a_checkpoint_of_other_labels_is_refused(data, voted, tmp_path, monkeypatch):
    stages = {name: replace(QUICK, epochs=2) for name in STAGES}
    monkeypatch.setattr(real_faces, "STAGES", stages)
    train = ["recipe", "real-faces", "--quiet", "--fer2013", str(voted)]
    train += ["--output", str(tmp_path / "mine"), "--minutes", "0"]
    assert cli.main(train) == 0
    assert cli.main([*train, "--votes", str(voted)]) == 2
    (tmp_path / "mine-stages" / "teacher" / "state.npz").unlink()
    assert cli.main([*train, "--votes", str(voted)]) == 0
    train = train[:-2]
    assert cli.main([*train, "--votes", str(voted)]) == 0  # teacher
    assert cli.main([*train, "--votes", str(voted)]) == 0
    card = model_card(tmp_path / "mine")
    assert "FER+" in card.training_data["labels"]
    assert "--votes" in card.recipe["command"]


def test_photographs_leave_the_public_test_alone(tmp_path):
    rng = np.random.default_rng(4)
    names = np.array(
        ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"]
    )
    pixels = rng.integers(0, 256, (140, 48, 48), dtype=np.uint8)
    pixels[1] = pixels[0]  # a duplicate of the same class
    labels = (np.arange(140) // 2) % 7
    for name, part in (("train", slice(0, 120)), ("public_test", slice(120, 140))):
        np.savez(
            tmp_path / f"fer2013_{name}.npz", images=pixels[part],
            labels=labels[part].astype(np.int8), label_names=names,
        )  # fmt: skip
    train, validation = photographs(tmp_path)
    assert len(train) + len(validation) == 119
    assert set(train.meta["split"]) == {"train"} == set(validation.meta["split"])
    keys = [{image.tobytes() for image in one.images} for one in (train, validation)]
    assert not keys[0] & keys[1]
