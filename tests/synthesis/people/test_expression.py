import numpy as np
import pytest

from emolib import EMOTIONS
from emolib.emotions import UnknownEmotionError, get_emotion
from emolib.synthesis import ACTION_UNITS, PROTOTYPES, UNITS, UnknownUnitError, express
from emolib.synthesis.people.expression import MAX_WEIGHT, check_units
from emolib.synthesis.people.pack import load_head


def test_every_unit_is_in_the_pack():
    names = {name for name in load_head().targets if name.startswith("unit/")}
    assert {f"unit/{unit}" for unit in UNITS} == names
    assert len(UNITS) == 52


def test_prototype_shares_sum_to_one_and_use_known_units():
    assert set(PROTOTYPES) == set(EMOTIONS)
    for prototypes in PROTOTYPES.values():
        assert sum(prototype.share for prototype in prototypes) == pytest.approx(1)
        for prototype in prototypes:
            check_units({unit: high for unit, (_, high) in prototype.weights.items()})


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_some_prototype_shows_the_facs_units_of_the_emotion(emotion):
    shown = {unit for proto in PROTOTYPES[emotion] for unit in proto.weights}
    rendered = {
        ACTION_UNITS[number]
        for number in get_emotion(emotion).action_units
        if number in ACTION_UNITS
    }
    assert rendered <= shown


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_intensity_scales_one_and_the_same_expression(emotion):
    weak, strong = express(emotion, 0.3, seed=5), express(emotion, 0.6, seed=5)
    assert weak.keys() == strong.keys()
    for unit, weight in weak.items():
        assert strong[unit] == pytest.approx(2 * weight)
    assert not any(express(emotion, 0.0, seed=5).values())


def test_weights_stay_in_range_for_every_emotion_and_seed():
    for emotion in EMOTIONS:
        for seed in range(50):
            weights = np.array(list(express(emotion, seed=seed).values()))
            assert ((weights >= 0) & (weights <= MAX_WEIGHT)).all()


def test_unknown_emotion_suggests_the_nearest():
    with pytest.raises(UnknownEmotionError, match="Did you mean 'happiness'"):
        express("hapiness")


def test_unknown_unit_suggests_the_nearest():
    with pytest.raises(UnknownUnitError, match="Did you mean 'jawOpen'"):
        check_units({"jawopen": 0.5})


@pytest.mark.parametrize("name", ["AU12", "au12", "12", 12])
def test_facs_numbers_name_both_sides(name):
    assert check_units({name: 0.5}) == {"mouthSmileLeft": 0.5, "mouthSmileRight": 0.5}


def test_every_facs_number_is_accepted():
    for number, unit in ACTION_UNITS.items():
        assert check_units({f"AU{number}": 1.0}) == check_units({unit: 1.0})


def test_unknown_facs_number_suggests_a_known_one():
    with pytest.raises(UnknownUnitError, match=r"'AU27'\. Did you mean 'AU7'"):
        check_units({27: 0.5})


@pytest.mark.parametrize("weight", [-0.1, 1.7, float("nan"), "1", None, [0.5]])
def test_weights_out_of_range_are_refused(weight):
    with pytest.raises(ValueError, match="jawOpen must lie in"):
        check_units({"jawOpen": weight})


@pytest.mark.parametrize("intensity", [-0.1, 1.1, float("nan")])
def test_intensity_out_of_range_is_refused(intensity):
    with pytest.raises(ValueError, match="intensity must lie in"):
        express("fear", intensity)
