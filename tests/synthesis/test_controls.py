"""The controls of the face lab: they move what exists, and presets and challenges hold.

In a page the same is tested in ``tests/book/test_lab_face.py``.
"""

import numpy as np
import pytest

from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError
from emolib.models.registry import onnx_graph
from emolib.onnx_session import open_session
from emolib.synthesis import (
    ACTION_UNITS,
    OCCLUDERS,
    Scene,
    group_units,
    lab_controls,
    random_identity,
    render,
)
from emolib.synthesis.people.expression import check_units

CONTROLS = lab_controls()
GROUPS, CHALLENGES = CONTROLS["groups"], CONTROLS["challenges"]
UNSURE_BELOW = CONTROLS["unsure_below"]


@pytest.fixture(scope="module", params=["small-cnn", "synthface"])
def shares(request):
    """Give a function that draws the first person and asks a network of the lab."""
    session = open_session(onnx_graph(request.param)[0])
    person = random_identity(CONTROLS["people"][0])

    def ask(face):
        scene = {"background": None} | face.get("scene", {})
        seed = CONTROLS["occluders"][scene.get("occluder", "none")] or 0
        image = render(
            person, group_units(face["groups"]), Scene(**scene, occluder_seed=seed)
        )
        shown = image[None, ..., None].astype(np.float32)
        return session.run(["probabilities"], {"face": shown})[0][0]

    return ask


def test_people_are_of_all_ages_sexes_and_tones():
    people = [random_identity(seed) for seed in CONTROLS["people"]]
    assert len(people) == len(set(people)) >= 12
    for sex in ("female", "male"):
        some = [one for one in people if one.sex == sex]
        assert min(one.age for one in some) < 27
        assert max(one.age for one in some) > 65
        assert min(one.skin_tone for one in some) < 0.15
        assert max(one.skin_tone for one in some) > 0.8


def test_presets_are_in_the_order_of_the_answers():
    assert tuple(CONTROLS["presets"]) == EMOTIONS


def test_groups_move_units_that_exist_and_that_their_numbers_name():
    for name, group in GROUPS.items():
        assert check_units(group_units({name: CONTROLS["strength"]["most"]}))
        numbers = [int(one) for one in name.removeprefix("AU").split("+")]
        named = {ACTION_UNITS[one] for one in numbers if one in ACTION_UNITS}
        assert named <= set(group["units"]), name


def test_a_group_that_does_not_exist_is_refused():
    with pytest.raises(ArgumentError, match=r"'AU13'.*'AU12'"):
        group_units({"AU13": 0.5})
    with pytest.raises(ArgumentError, match="mouthSmile"):
        group_units({"AU12": 2})


def test_ranges_can_be_drawn_and_rest_is_the_plain_scene():
    for name, control in CONTROLS["scene"].items():
        assert control["least"] <= control["rest"] <= control["most"]
        assert getattr(Scene(), name) == control["rest"]
        for end in ("least", "most"):
            Scene(**{name: control[end]})
    assert tuple(CONTROLS["occluders"]) == OCCLUDERS


def test_it_opens_on_a_resting_face_that_the_network_is_unsure_of(shares):
    assert shares({"groups": {}}).max() < UNSURE_BELOW


@pytest.mark.parametrize("one", CHALLENGES, ids=[one["name"] for one in CHALLENGES])
def test_a_challenge_is_open_at_its_beginning_and_can_be_solved(one, shares):
    begin, solution = one["begin"], one["solution"]
    assert not reached(one["goal"], shares(begin))
    assert reached(one["goal"], shares(solution))
    before, after, rules = begin["groups"], solution["groups"], one["rules"]
    moved = [k for k in GROUPS if before.get(k, 0) != after.get(k, 0)]
    if "sliders_moved" in rules:
        assert len(moved) == rules["sliders_moved"]
    if "regions" in rules:
        assert all(GROUPS[k]["region"] in rules["regions"] for k in after)
    for group, least in rules.get("least", {}).items():
        assert after[group] >= least
    if "scene" in rules:
        for name in solution.get("scene", {}):
            kind = CONTROLS["scene"].get(name, {"kind": "cover"})["kind"]
            assert kind in rules["scene"]
    if "covers" in rules:
        assert solution["scene"]["occluder"] in rules["covers"]
    assert set(rules) <= {"sliders_moved", "regions", "least", "scene", "covers"}


def test_the_smallest_cover_takes_a_certainty_that_the_largest_leaves(shares):
    one = next(one for one in CHALLENGES if "covers" in one["rules"])
    masked = one["begin"] | {"scene": {"occluder": "mask"}}
    assert shares(one["solution"]).max() < UNSURE_BELOW - 0.03
    assert shares(masked).max() > shares(one["solution"]).max()


def reached(goal, shares):
    """Say whether an answer (6,) reaches the goal of a challenge."""
    answer = EMOTIONS[shares.argmax()]
    if "unsure" in goal:
        return bool(shares.max() < UNSURE_BELOW)
    if "not" in goal:
        return answer != goal["not"]
    return answer == goal["answer"] and shares.max() >= goal.get("at_least", 0)
