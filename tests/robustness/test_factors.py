"""Pairs differ in the factor and in nothing else, by their truth and their pixels."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")

from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError
from emolib.robustness import FACTORS, counterfactual, counterfactuals, factors
from emolib.synthesis import UNITS

EYES = {f"{side}_eye_{axis}" for side in ("left", "right") for axis in "xy"}
MOUTH, PLACES = {"mouth_x", "mouth_y"}, EYES | {"mouth_x", "mouth_y", "covered"}
UNITS_MOVED = {f"au_{unit}" for unit in UNITS}
#: Factor -> a value, and the columns of the truth that may change besides its own.
CHANGES = {
    "occluder": ("mask", MOUTH | {"covered"}),
    "light_azimuth": (70, set()),
    "light_elevation": (-20, set()),
    "light_contrast": (1, set()),
    "rim": (2, set()),
    "exposure": (-1, set()),
    "yaw": (30, PLACES),
    "pitch": (-20, PLACES),
    "roll": (25, PLACES),
    "blur": (2, set()),
    "noise": (12, set()),
    "skin_tone": (0.95, set()),
    "age": (70, PLACES),
    "sex": ("female", PLACES | {"beard"}),
    "hair": ("bald", set()),
    "glasses": (True, {"occluder", "covered"}),
    "peak": (0.2, PLACES | UNITS_MOVED | {"intensity"}),
    "speech": (1.0, PLACES | UNITS_MOVED),
}


@pytest.fixture(scope="module")
def made(bare):
    """The bare faces as they were (""), and under every change."""
    sets = {name: {name: value} for name, (value, _) in CHANGES.items()}
    return counterfactuals(bare, {"": {}} | sets)


def levels(one, other):
    """Differences in grey levels, (n, 64, 64)."""
    return np.abs(one.images.astype(int) - other.images)


def test_faces_rendered_again_are_those_of_the_corpus(middle):
    few = middle.subset(np.arange(0, 432, 20))
    again = counterfactual(few)
    assert again.meta.equals(few.meta)  # pose, light, places of the eyes: all of it
    assert set(few.meta["occluder"]) >= {"none", "glasses"}
    away = levels(few, again)
    assert away.mean() < 4  # WebP's loss
    pairs = zip(few.images, again.images, strict=True)
    assert min(np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairs) > 0.97


def test_every_factor_is_tried():
    assert CHANGES.keys() == FACTORS.keys()


@pytest.mark.parametrize("factor", CHANGES)
def test_the_truth_differs_in_the_factor_alone(made, bare, factor):
    value, besides = CHANGES[factor]
    before, after = made[""].meta, made[factor].meta
    differing = {name for name in before if not before[name].equals(after[name])}
    assert differing <= besides | {factor}
    if factor in after:
        assert factor in differing or factor == "sex"  # some were women before
        own = {"exposure": 2.0**-1, "blur": round(2 / 64, 4)}
        assert (after[factor] == own.get(factor, value)).all()
    assert (made[factor].labels == bare.labels).all()
    assert (levels(made[""], made[factor]) > 2).mean() > 0.02


@pytest.mark.parametrize(
    ("occluder", "rows"), [("mask", slice(0, 20)), ("glasses", slice(44, 64)),
                           ("sunglasses", slice(44, 64))],
)  # fmt: skip
def test_pixels_outside_an_occluder_stay(bare, made, occluder, rows):
    bare = bare.subset(np.flatnonzero(made[""].meta["roll"].abs() < 6))
    changes = {"occluder": occluder, "blur": 0.2}
    sets = counterfactuals(bare, {"with": changes, "without": {"blur": 0.2}})
    away = levels(sets["with"], sets["without"])
    assert (away > 10).mean(axis=(1, 2)).min() > 0.02
    assert (away[:, rows] > 3).mean() < 0.02
    assert np.median(away[:, rows]) == 0


def test_the_noise_is_held(bare):
    sets = counterfactuals(bare, {level: {"noise": level} for level in (0, 5, 10)})
    none, some, more = (sets[k].images.astype(float) for k in (0, 5, 10))
    inside = (none > 40) & (none < 215)  # nothing is cut off
    first, second = (some - none)[inside], (more - none)[inside]
    assert np.corrcoef(first, second)[0, 1] > 0.98
    assert first.std() == pytest.approx(5, rel=0.1)


def test_exposure_is_in_stops(bare):
    images = [
        one.images.astype(float).mean()
        for one in counterfactuals(
            bare, {stops: {"exposure": stops} for stops in (-2, -1, 0, 1)}
        ).values()
    ]
    assert images == sorted(images)


def test_glasses_of_a_person_are_their_own_and_masks_change(middle):
    meta = middle.meta
    person = meta.index[meta["subject"] == meta["subject"][0]][:18:5].to_numpy()
    few = middle.subset(person)
    glasses = counterfactual(few, occluder="glasses")
    assert (glasses.meta["occluder"] == "glasses").all()
    worn = counterfactual(few, glasses=False).meta["occluder"]
    kept = few.meta["occluder"].replace("glasses", "none")
    assert list(worn) == list(kept)  # sunglasses, masks and hands stay


def test_two_factors_at_once_and_beards(bare):
    both = counterfactual(bare, skin_tone=0.9, sex="male")
    assert set(both.meta["skin_tone"]) == {0.9}
    assert set(both.meta["sex"]) == {"male"}
    assert set(both.meta["beard"]) == {"none"}


def test_a_face_at_rest_may_speak(bare):
    sets = counterfactuals(
        bare, {"still": {"peak": 0, "speech": 0}, "speaks": {"peak": 0, "speech": 1}}
    )
    still, speaks = (sets[name].meta for name in ("still", "speaks"))
    assert (still["intensity"] == 0).all()
    mouth, brows = "au_jawOpen", [name for name in still if name.startswith("au_brow")]
    assert (still[[mouth, *brows]] == 0).all(axis=None)
    assert speaks[mouth].max() > 0.1
    assert speaks[brows].equals(still[brows])


def test_processes_draw_the_same(bare, made, monkeypatch):
    monkeypatch.setattr(factors, "PER_PROCESS", 1)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert (counterfactual(bare, yaw=30).images == made["yaw"].images).all()


def test_what_cannot_be_rendered_is_refused(bare, tiny, made):
    with pytest.raises(ArgumentError, match="Did you mean 'occluder'"):
        counterfactual(bare, ocluder="mask")
    with pytest.raises(ArgumentError, match=r"occluder 'maskk'.*Did you mean 'mask'"):
        counterfactual(bare, occluder="maskk")
    with pytest.raises(ArgumentError, match="value of hair 'mullet'"):
        counterfactual(bare, hair="mullet")
    with pytest.raises(ArgumentError, match=r"yaw must lie in \[-45, 45\]"):
        counterfactual(bare, yaw=90)
    with pytest.raises(ArgumentError, match="skin_tone must be a number from 0 to 1"):
        counterfactual(bare, skin_tone=1.5)
    with pytest.raises(ArgumentError, match="Give numbers for yaw='left'"):
        counterfactual(bare, yaw="left")
    with pytest.raises(ArgumentError, match="Only faces of SynthFace"):
        counterfactual(tiny, yaw=10)
    with pytest.raises(ArgumentError, match="all changes at once"):
        counterfactual(made["yaw"], occluder="mask")


def test_no_faces_are_none_again(bare):
    none = counterfactual(bare.subset(np.arange(0)), yaw=10)
    assert len(none) == 0
    assert none.images.shape == (0, 64, 64)


def test_the_order_of_frames_does_not_matter(bare, made):
    turned = counterfactual(bare.subset(np.arange(5, -1, -1)), yaw=30)
    assert (turned.images[::-1] == made["yaw"].images).all()
    assert set(turned.meta["emotion"]) <= set(EMOTIONS)
