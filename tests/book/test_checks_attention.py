"""What "Attention" says in words about numbers measured elsewhere.

If one of these fails after a new measurement, the sentence it quotes has to change.
"""

import numpy as np
import pandas as pd
import pytest

from emolib.emotions import EMOTIONS, get_emotion
from emolib.results import load_results
from studies.attention import PEOPLE

FOUR = ("squeeze and excitation", "CBAM", "self-attention", "attention pooling")
RENDERED = ("nothing worn", "mask", "hand", "sunglasses")
NOSE = 9  # the nose wrinkler


@pytest.fixture(scope="module")
def study() -> dict:
    return load_results("attention")


@pytest.fixture(scope="module")
def nets(study) -> dict:
    return study["networks"]


def gain(nets: dict, name: str, condition: str = "as they come") -> np.ndarray:
    """Return the points gained on the small CNN, and the ends of the interval."""
    return 100 * np.array(nets[name]["accuracy"][condition]["better_by"])


def same(nets: dict, name: str, way: str) -> float:
    return np.mean(nets[name]["replaced"][way]["same"])


def agreement(nets: dict, name: str, other: str) -> np.ndarray:
    return np.array(nets[name]["maps"]["agreement"][other])


def crowds() -> tuple[pd.DataFrame, dict]:
    rows = load_results("attention-people")["rows"]
    return pd.DataFrame(rows), PEOPLE.settings


def test_what_the_study_is_said_to_be(study, nets):
    assert (study["images"], study["people"], study["rendered"]) == (1263, 24, 432)
    for one in nets.values():
        assert len(one["accuracy"]["as they come"]["seeds"]) == 5
    epochs = {name: one["epochs"] for name, one in nets.items()}
    long = {name: epochs[f"{name}, as long"] for name in FOUR[:3]}
    assert long == dict(zip(FOUR[:3], (10, 9, 10), strict=True))
    assert {epochs[name] for name in FOUR} == {12}
    # "35 intervals (seven trainings, five conditions)"
    trained = [name for name in nets if name.partition(",")[0] in FOUR]
    assert len(trained) * len(nets["CBAM"]["accuracy"]) == 35


def test_the_transformer_is_half_as_often_right_with_as_many_parameters(nets):
    base, vit = nets["small CNN"], nets["vision transformer"]
    share = {
        key: one["accuracy"]["as they come"]["accuracy"]
        for key, one in (("cnn", base), ("vit", vit))
    }
    assert abs(share["vit"] / share["cnn"] - 0.5) < 0.05
    assert abs(share["cnn"] - 0.9) < 0.01  # "nine in ten"
    assert abs(vit["multiply_adds"] / base["multiply_adds"] - 2 / 3) < 0.04
    assert vit["milliseconds"] > 2 * base["milliseconds"]
    for one in nets.values():
        assert abs(one["parameters"] / base["parameters"] - 1) < 0.01
    for name in FOUR:
        assert abs(nets[name]["multiply_adds"] / base["multiply_adds"] - 1) < 0.03


def test_what_a_face_takes(nets):
    base = nets["small CNN"]["milliseconds"]
    assert abs(nets["self-attention"]["milliseconds"] / base - 1.5) < 0.1
    assert nets["attention pooling"]["milliseconds"] / base < 1.1


def test_as_long_is_about_as_long(nets):
    base = nets["small CNN"]["training_milliseconds"]
    for name in FOUR[:3]:
        fit = 12 * base / nets[name]["training_milliseconds"]
        assert abs(nets[f"{name}, as long"]["epochs"] - fit) < 0.8
    assert nets["attention pooling"]["training_milliseconds"] < 1.05 * base


def test_one_of_four_gains_and_two_lose(nets):
    middle, low, _ = gain(nets, "self-attention")
    assert abs(middle - 1.5) < 0.2
    assert low > 0
    middle, low, high = gain(nets, "self-attention, as long")
    assert abs(middle - 1) < 0.2
    assert low < 0 < high
    middle, low, high = gain(nets, "attention pooling")
    assert abs(middle - 0.5) < 0.2
    assert low < 0 < high
    for name in FOUR[:2]:
        middle, _, high = gain(nets, name)
        assert middle < -1
        assert high < 0
        assert gain(nets, f"{name}, as long")[0] < middle
    lost = gain(nets, "self-attention")[0] - gain(nets, "self-attention, as long")[0]
    assert abs(lost / gain(nets, "self-attention")[0] - 1 / 3) < 0.08


def test_where_it_gains_behind_what_is_worn(nets):
    for name in ("self-attention", "self-attention, as long", "attention pooling"):
        middle, low, _ = gain(nets, name, "sunglasses")
        assert 3 < middle < 5
        assert low > 0
    assert gain(nets, "self-attention", "mask")[1] > 0
    low, high = gain(nets, "self-attention, as long", "mask")[1:]
    assert low < 0 < high
    assert gain(nets, "attention pooling", "mask")[2] < 0
    for name in nets:
        if name.partition(",")[0] in FOUR:
            for condition in ("hand", "nothing worn"):
                assert gain(nets, name, condition)[1] < 0


def test_being_told_brings_more_than_self_attention(nets):
    # the chapter measures about ten points live
    assert gain(nets, "self-attention", "mask")[0] < 5


def test_maps_agree_moderately_at_best(nets):
    for name, about in zip(FOUR[1:], (1 / 3, 1 / 3, 0.41), strict=True):
        found = agreement(nets, name, "occlusion sensitivity")
        assert abs(found.mean() - about) < 0.05
    with_grad_cam = {
        name: agreement(nets, name, "Grad-CAM").mean() for name in FOUR[1:]
    }
    assert max(with_grad_cam, key=with_grad_cam.get) == "CBAM"
    for other in ("occlusion sensitivity", "Grad-CAM"):
        assert np.abs(agreement(nets, "vision transformer", other)).max() < 0.15


def test_the_map_of_cbam_hardly_depends_on_the_face(nets):
    assert agreement(nets, "CBAM", "another face").mean() > 0.9
    mean = 64 * np.mean(nets["CBAM"]["maps"]["mean"], axis=0)
    assert 0.7 < mean.min() < mean.max() < 1.2  # "nearly even at that"
    random = agreement(nets, "CBAM", "random weights")
    assert random.min() < -0.3
    assert random.max() > 0.3
    assert not agreement(nets, "attention pooling", "random weights").any()


def test_pooling_attends_to_the_nose_where_one_prototype_has_a_unit(nets):
    even = pd.Series({"brows and eyes": 2 / 8, "nose": 1 / 8, "mouth": 3 / 8})
    regions = pd.DataFrame(
        {name: one["maps"]["regions"] for name, one in nets.items() if "maps" in one}
    )
    assert abs(regions.loc["nose", "attention pooling"] / even["nose"] - 2) < 0.1
    for name in ("CBAM", "self-attention"):
        assert (regions[name] - even).abs().max() < 0.04
    mouth = regions.loc["mouth"]
    assert mouth["vision transformer"] > 0.5
    assert mouth.drop("vision transformer").max() < 0.41
    units = [get_emotion(name).action_units for name in EMOTIONS]
    assert sum(NOSE in own for own in units) == 1


def test_what_exchanged_weights_change(nets):
    pooling = "attention pooling"
    assert same(nets, pooling, "of another face") > 0.92
    assert same(nets, pooling, "the mean of all faces") > 0.95
    assert abs(same(nets, pooling, "even") - 0.75) < 0.03
    assert 0.5 < same(nets, "CBAM", "of another face") < 0.58


def test_more_people_help_the_cnn_and_not_the_transformer():
    rows, settings = crowds()
    short = rows[~rows["name"].str.contains("longer")]
    assert sorted(short["training_people"].unique()) == [72, 275, 1100, 2200]
    assert (short.groupby(["name", "training_people"])["seed"].nunique() == 3).all()
    steps = settings["pictures"] / 128 * 8
    assert abs(steps - 1100) < 10
    means = short.pivot_table(["accuracy", "learnt"], "training_people", "name")
    found = means["accuracy"]
    gained = found.loc[2200] - found.loc[72]
    assert gained["vision transformer"] < 0 < 0.04 < gained["small CNN"]
    assert found["vision transformer"].between(0.45, 0.56).all()
    assert found["small CNN"].loc[72] < 0.9 < found["small CNN"].loc[275:].min()
    learnt = means["learnt"].loc[2200]
    assert round(learnt["small CNN"], 2) == 0.87
    assert round(learnt["vision transformer"], 2) == 0.45


def test_with_more_steps_the_transformer_lacks_both():
    rows, settings = crowds()
    long = rows[rows["name"].str.contains("longer")]
    for name in long["name"].unique():
        how = settings["trainings"][name]["fit"]
        assert how["epochs"] / how["batch_size"] == 12 * 8 / 128
    assert (long["seed"] == 0).all()
    found = long.pivot_table("accuracy", "name", "training_people").round(2)
    vit = found.loc["vision transformer, longer"]
    assert vit[[72, 275, 2200]].tolist() == [0.64, 0.71, 0.67]
    assert found.loc["small CNN, longer", 2200] == 0.98
    assert found.loc["small CNN, longer", 72] > 0.9
    last = long[long["name"].str.startswith("vision")].set_index("training_people")
    assert round(last["learnt"][2200], 2) == 0.61
