"""Sample predictions: what its words rest on, and what it builds by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from emolib.emotions import EMOTIONS
from emolib.explain import grad_cam
from emolib.faces import CROP


@pytest.fixture(scope="module")
def shown(chapter):
    return SimpleNamespace(**chapter("sample-predictions"))


def test_the_map_by_hand_is_that_of_grad_cam(shown):
    theirs = grad_cam(shown.model, shown.test.images[:1])[0]
    large = Image.fromarray(shown.evidence).resize((64, 64), Image.BILINEAR)
    mine = np.asarray(large) / np.max(large)
    assert np.corrcoef(mine.ravel(), theirs.ravel())[0, 1] > 0.995


def test_doubt_catches_most_mistakes_and_not_all(shown):
    assert 0.5 < shown.unsure[~shown.right].mean() < 0.9
    assert shown.by_fifth.is_monotonic_increasing


def test_nobody_wears_glasses_in_some_frames_only(shown):
    people = shown.test.meta.groupby("occluder")["subject"].unique()
    assert not set(people["glasses"]) & set(people["none"])


def test_weak_expressions_get_about_a_third(shown):
    assert 0.25 < shown.weak < 0.42  # the answer to the prediction
    assert shown.weak < shown.strong / 2


def test_the_map_of_nothing_is_another(shown):
    random, second, face = shown.alike.values()
    assert random < 0.2 < face
    assert second < face


def test_it_is_sure_of_noise(shown):
    assert shown.replies[0].max() > 0.6  # the answer to the prediction
    assert shown.loudest in EMOTIONS


def test_a_wide_crop_hurts_most(shown):
    wide, aside, tilted = shown.rate[1:]
    assert wide < tilted < aside <= shown.rate[0]


def test_the_crop_by_hand_is_that_of_the_package(shown):
    middle, apart = 32, 64 * CROP.interocular / 2
    eyes = middle + apart * np.array([-1, 1])
    marks = shown.left_eye, shown.right_eye
    found = shown.where(eyes, 64 * CROP.eye_line, *marks)
    assert np.allclose(found, marks)
    y, x = np.mgrid[:64, :64] + 0.5  # centres of the pixels
    column, row = np.moveaxis(shown.where(x, y, *marks).astype(int), -1, 0)
    grey = shown.photo @ [0.299, 0.587, 0.114]
    assert np.corrcoef(grey[row, column].ravel(), shown.crop.ravel())[0, 1] > 0.97


def test_all_three_networks_say_happiness(shown):
    for net in shown.networks.values():
        assert shown.predict(net, shown.crop)[0].argmax() == shown.happy


def test_the_plain_cnn_depends_on_the_marks_by_far_the_most(shown):
    width = shown.trials.assign(width=shown.trials["high"] - shown.trials["low"])
    width = width.pivot(index="pixels", columns="network", values="width")
    others = width.drop(columns="plain-cnn").max(axis=1)
    assert (width["plain-cnn"] > 1.5 * others).all()
    assert width["plain-cnn"].max() > 0.5
    assert set(shown.trials["network"][shown.trials["changed"] > 0]) == {"plain-cnn"}


def test_the_bright_fringe_is_a_false_lead(shown):
    assert (shown.left_over.idxmin() == "mouth").all()
    change = shown.left_over.loc["fringe"] - shown.left_over.loc["nothing"]
    assert change["plain-cnn"] > 0
    assert change["small-cnn"] < -0.2


def test_happiness_survives_on_photographs(shown):
    assert shown.best == "happiness"
    assert shown.found["accuracy"] < 0.5
    assert shown.rendered > 0.9
