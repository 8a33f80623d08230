"""The recipe for photographs, on small and made-up ones."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from emolib import cli
from emolib.datasets import FaceDataset
from emolib.emotions import EMOTIONS
from emolib.models import load_model, model_card, predict_both_ways
from emolib.models.registry import build
from emolib.recipes import real_faces
from emolib.recipes.real_faces import RealFaces, Stage, photographs
from emolib.training.loop import TrainingError

QUICK = Stage(
    "plain_cnn", epochs=2, batch_size=16, learning_rate=1e-3, rendered=12, memory=0.9
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
    return np.concatenate([one.ravel() for one in run.finished().get_weights()])


def test_a_run_stopped_and_continued_ends_like_one_that_was_not(sets, tmp_path):
    whole = RealFaces(QUICK, *sets, tmp_path / "whole")
    assert whole.run(progress=False)
    first = RealFaces(QUICK, *sets, tmp_path / "parts")
    assert not first.run(minutes=0, progress=False)
    assert len(first.rows) == 1
    second = RealFaces(QUICK, *sets, tmp_path / "parts")
    assert len(second.rows) == 1
    assert second.run(minutes=0, progress=False)
    np.testing.assert_array_equal(weights(whole), weights(second))
    assert [row["epoch"] for row in second.rows] == [1, 2]
    again = RealFaces(QUICK, *sets, tmp_path / "parts")
    assert again.run(progress=False)
    np.testing.assert_array_equal(weights(again), weights(second))


def test_it_learns(sets, tmp_path):
    stage = replace(QUICK, epochs=6, mixup=0.0, strong=0.0, label_smoothing=0.0)
    run = RealFaces(stage, *sets, tmp_path)
    run.run(progress=False)
    assert run.rows[-1]["val_accuracy"] > 0.6  # guessing: one in six


def test_another_run_s_checkpoint_is_refused(sets, tmp_path):
    RealFaces(QUICK, *sets, tmp_path).run(minutes=0, progress=False)
    with pytest.raises(TrainingError, match="belongs to another stage"):
        RealFaces(replace(QUICK, epochs=9), *sets, tmp_path)
    (tmp_path / "state.npz").write_bytes(b"half")
    with pytest.raises(TrainingError, match="not a readable checkpoint"):
        RealFaces(QUICK, *sets, tmp_path)


def test_a_teacher_s_opinion_enters_the_targets(sets, tmp_path):
    stage = replace(QUICK, opinion=1.0, label_smoothing=0.0, mixup=0.0)
    with pytest.raises(ValueError, match="needs a teacher"):
        RealFaces(stage, *sets, tmp_path)
    teacher = build("plain_cnn", seed=5)
    run = RealFaces(stage, *sets, tmp_path, teacher=teacher)
    images, targets, _ = run._feed(0)
    opinion = predict_both_ways(teacher, images)
    np.testing.assert_allclose(targets, opinion, atol=1e-5)


def test_pictures_come_again_after_some_epochs_and_their_opinions_stay(sets, tmp_path):
    stage = replace(QUICK, opinion=0.5, views=2)
    teacher = build("plain_cnn", seed=5)
    run = RealFaces(stage, *sets, tmp_path, teacher=teacher)
    first, other, again = (run._feed(epoch) for epoch in range(3))

    def ordered(feed):
        """Pictures, targets and weights, whatever their order was."""
        order = np.lexsort(feed[0].reshape(len(feed[0]), -1).T)
        return [one[order] for one in feed]

    assert (first[0] != again[0]).any()  # in another order
    for one, two in zip(ordered(first), ordered(again), strict=True):
        np.testing.assert_array_equal(one, two)
    assert (ordered(first)[0] != ordered(other)[0]).any()
    assert set(run._heard) == {0, 1}


def test_fine_tuning_begins_with_the_weights_of_another(sets, tmp_path):
    start = build("plain_cnn", seed=7)
    run = RealFaces(QUICK, *sets, tmp_path, start=start)
    for mine, given in zip(run.model.get_weights(), start.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, given)
    np.testing.assert_array_equal(run.average.weights[0], start.get_weights()[0])
    run.run(minutes=0, progress=False)
    with pytest.raises(TrainingError, match="belongs to another"):
        RealFaces(QUICK, *sets, tmp_path)


def test_targets_weights_and_mixture_of_an_epoch(sets, tmp_path):
    stage = replace(QUICK, mixup=0.0, label_smoothing=0.0, balance=1.0)
    run = RealFaces(stage, *sets, tmp_path)
    images, targets, shares = run._feed(0)
    assert len(images) == 200 + 12
    np.testing.assert_allclose(targets.sum(axis=1), 1, atol=1e-5)
    neutral = (sets[0].labels < 0).sum()
    flat = np.isclose(targets, 1 / 6).all(axis=1)
    assert flat.sum() == neutral
    assert shares[flat].max() < 5
    # with balance 1 the classes weigh alike in all
    labels = sets[0].labels
    each = run._weights[labels]
    totals = [each[labels == k].sum() for k in range(-1, 6)]
    np.testing.assert_allclose(totals, totals[0], rtol=1e-4)


def test_mixing_keeps_targets_and_pictures_together():
    rng = np.random.default_rng(0)
    values = np.repeat([0, 200], 50).astype(np.uint8)
    images = np.tile(values[:, None, None], (1, 64, 64))
    targets = np.eye(6)[np.where(values == 0, 0, 3)]
    mixed, soft = real_faces._mixed(images, targets, 0.5, rng)
    np.testing.assert_allclose(mixed[:, 0, 0] / 200, soft[:, 3], atol=0.01)
    np.testing.assert_allclose(soft.sum(axis=1), 1, atol=1e-6)
    assert ((soft[:, 0] > 0.01) & (soft[:, 0] < 0.99)).any()
    np.testing.assert_array_equal(soft.argmax(axis=1), targets.argmax(axis=1))


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
        "student": replace(QUICK, epochs=2, opinion=0.5),
    }
    monkeypatch.setattr(real_faces, "STAGES", stages)
    output = tmp_path / "my faces"
    train = ["train", "--recipe", "real-faces", "--quiet", "--output", str(output)]
    assert cli.main(train) == 2
    assert "needs --fer2013" in capsys.readouterr().err
    train += ["--fer2013", str(folder)]
    for stage in ("teacher", "student"):  # the second stops after its first epoch
        assert cli.main([*train, "--minutes", "0"]) == 0
        assert "run again to go on" in capsys.readouterr().out
        assert (tmp_path / "my faces-stages" / stage / "state.npz").exists()
        assert not output.exists()
    assert cli.main(train) == 0
    assert "saved in" in capsys.readouterr().out
    card = model_card(output)
    assert not card.missing()
    assert len(card.recipe["teacher"]["curve"]) == 1
    assert len(card.recipe["student"]["curve"]) == 2
    assert 0 < card.unsure_below < 1
    assert 0 <= card.results["neutral_unsure"] <= 1
    assert load_model(output).name == "plain_cnn"
    assert {"model.onnx", "card.json"} <= {one.name for one in output.iterdir()}


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
