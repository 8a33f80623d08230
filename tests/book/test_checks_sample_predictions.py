"""Sample predictions: what its words rest on, and what it builds by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from emolib.emotions import EMOTIONS
from emolib.explain import grad_cam
from emolib.faces import CROP
from emolib.widgets.photo import spread


@pytest.fixture(scope="module")
def shown(chapter):
    return SimpleNamespace(**chapter("sample-predictions"))


def test_the_map_by_hand_is_that_of_grad_cam(shown):
    theirs = grad_cam(shown.model, shown.test.images[:1])[0]
    large = Image.fromarray(shown.evidence).resize((64, 64), Image.BILINEAR)
    mine = np.asarray(large) / np.max(large)
    assert np.corrcoef(mine.ravel(), theirs.ravel())[0, 1] > 0.995


def test_doubt_catches_more_than_half_of_the_mistakes_and_not_all(shown):
    assert 0.5 < shown.unsure[~shown.right].mean() < 0.7
    assert shown.by_fifth.is_monotonic_increasing


def test_the_surely_wrong_face_wears_a_mask(shown):
    assert shown.worn[shown.picks[1]] == "mask"


def test_masks_and_hands_cost_and_sunglasses_are_too_few(shown):
    rows = shown.by_cover.set_index("covered by")
    interval = rows["95 % interval"]
    for thing in ("mask", "hand"):
        assert interval[thing][1] < interval["none"][0]
    assert rows.loc["sunglasses", "frames"] == 34
    assert interval["sunglasses"][0] < 0.65
    assert interval["sunglasses"][1] > 0.99


def test_nobody_wears_glasses_in_some_frames_only(shown):
    people = shown.test.meta.groupby("occluder")["subject"].unique()
    assert not set(people["glasses"]) & set(people["none"])


def test_weak_expressions_get_about_a_third(shown):
    assert 0.25 < shown.weak < 0.42  # the answer to the prediction
    assert shown.weak < shown.strong / 2


def test_the_map_of_nothing_is_another(shown):
    (low, high), second, face = shown.alike.values()
    assert len(shown.draws) == 5
    assert -0.25 < low < high < 0.1
    assert 0.2 < second < face - 0.1


def test_the_six_maps_are_where_the_text_says(shown):
    assert shown.low_peaks == 6
    for one in shown.six_maps:
        row, column = np.unravel_index(one.argmax(), one.shape)
        assert 24 < row < 48
        assert 16 < column < 48


def test_it_is_sure_of_noise(shown):
    assert shown.replies[0].max() > 0.6  # the answer to the prediction
    assert shown.loudest in EMOTIONS


def test_a_wide_crop_hurts_most(shown):
    rows = shown.badly.set_index("name")
    delivered, wide, aside, tilted = (rows.loc[name] for name in rows.index)
    assert wide["high"] < tilted["low"] < tilted["high"] < delivered["low"]
    assert aside["low"] < delivered["accuracy"] < aside["high"]


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


def test_the_plain_cnn_leaves_no_room_for_doubt(shown):
    plain, *others = (
        shown.predict(net, shown.crop)[0].max() for net in shown.networks.values()
    )
    assert plain > 0.99
    assert max(others) < 0.85


def test_the_surest_network_is_not_the_steadiest(shown):
    width = shown.trials.assign(width=shown.trials["high"] - shown.trials["low"])
    width = width.pivot(index="pixels", columns="network", values="width")
    plain = width.pop("plain-cnn")
    assert (plain[:2] < 0.5 * width.min(axis=1)[:2]).all()
    assert plain[3] > 1.5 * width.loc[3].max()
    changed = shown.trials[shown.trials["other"].map(len) > 0]
    assert list(zip(changed["network"], changed["pixels"], strict=True)) == [
        ("plain-cnn", 3)
    ]
    assert {EMOTIONS[k] for k in changed["other"].iloc[0]} == {"sadness"}


def test_the_bright_hair_is_a_false_lead(shown):
    plain, *others = shown.in_hair
    assert plain > 0.2 > 0.1 > max(others)
    row, column = np.unravel_index(shown.maps[0].argmax(), (64, 64))
    assert row > 40
    assert column < 24
    left = shown.left_over
    assert (left.idxmin() == "mouth").all()
    assert left.loc["fringe", "plain-cnn"] > left.loc["nothing", "plain-cnn"] - 0.05
    assert left.loc["fringe", "small-cnn"] < 0.55 * left.loc["nothing", "small-cnn"]


def test_happiness_survives_on_photographs(shown):
    assert shown.best == "happiness"
    assert shown.found["accuracy"] < 0.5
    assert shown.rendered > 0.9


def test_what_is_put_before_the_frown(shown):
    lab, sure = shown.face_lab, {}
    frown = lab.face.resting().pulled({"AU4": 1.0})
    for worn in ("none", "mask", "hand", "glasses"):
        lab.set(frown.placed(occluder=worn))
        sure[worn] = lab.probabilities.max()
    assert sure["glasses"] < 0.4 < 0.6 < sure["none"]
    assert min(sure["mask"], sure["hand"]) > sure["none"] - 0.02


def test_what_moving_the_marks_does_in_the_photo_lab(shown):
    lab, width = shown.photo_lab, {}
    for network in ("plain-cnn", "real-faces"):
        lab.read_with(network)
        answers = spread(lab._reader.read_all, lab.photo, lab._eyes(), 7)
        width[network] = np.ptp(np.percentile(answers[:, shown.happy], [5, 95]))
    assert 0.015 < width["real-faces"] < 0.025  # "By two points."
    worst = shown.trials.set_index(["network", "pixels"]).loc[("plain-cnn", 3)]
    assert width["plain-cnn"] < 0.5 * (worst["high"] - worst["low"])
    left, right = shown.left_eye, shown.right_eye
    assert round(300 / np.hypot(*np.subtract(right, left))) == 7
