"""What a reader sets: changes, words, steps back, and faces from files."""

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
from emolib.errors import ArgumentError
from emolib.synthesis import (
    FaceState,
    Scene,
    group_units,
    lab_controls,
    random_identity,
    read_face,
)
from emolib.widgets.lab_face import MOST_STEPS, FaceHistory, LabFace, lab_face

CONTROLS = lab_controls()
REST = LabFace()


def test_it_begins_as_the_page_does():
    assert REST.face() == FaceState(
        random_identity(CONTROLS["people"][0]), {}, Scene(background=None)
    )


def test_sliders_move_units_through_groups():
    face = REST.pulled({"AU12": 0.8}).pulled({"AU26": 0.5})
    assert face.face().units == group_units({"AU12": 0.8, "AU26": 0.5})
    assert face.pulled({"AU12": 0}).groups == {"AU26": 0.5}
    assert REST.groups == {}


def test_a_preset_has_an_intensity_in_steps_of_the_sliders():
    assert REST.posing("fear").groups == CONTROLS["presets"]["fear"]
    half = REST.posing("happiness", 0.5)
    assert half.groups == {"AU6": 0.4, "AU7": 0.2, "AU10": 0.25, "AU12": 0.55}
    assert half.preset == ("happiness", 0.5)
    assert REST.posing("fear", 0.0).groups == {}
    assert half.pulled({"AU26": 0.1}).preset is None
    assert half.resting() == REST


def test_what_is_set_to_rest_is_left_out():
    face = REST.placed(yaw=10, occluder="mask", background=7)
    assert face.scene == {"yaw": 10, "occluder": "mask", "background": 7}
    assert face.placed(yaw=0, occluder="none", background=None) == REST


def test_an_occluder_is_the_one_of_the_lab():
    scene = REST.placed(occluder="mask").face().scene
    assert scene.occluder_seed == CONTROLS["occluders"]["mask"]


def test_another_skin_is_kept_on_another_person():
    face = REST.in_skin(0.9).of(3).face()
    assert face.identity == replace(random_identity(3), skin_tone=0.9)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: REST.pulled({"AU13": 1}), "AU13"),
        (lambda: REST.pulled({"AU12": 9}), "must lie in"),
        (lambda: REST.posing("joy"), "Unknown preset 'joy'"),
        (lambda: REST.placed(blur=1), "Unknown control of the scene 'blur'"),
        (lambda: REST.of(-1), "whole number"),
        (lambda: REST.in_skin(2), "skin_tone must be"),
    ],
)
def test_what_cannot_be_set_is_refused(act, words):
    with pytest.raises(ArgumentError, match=words):
        act()


def test_a_face_in_words():
    face = LabFace(3).pulled({"AU26": 0.5}).in_skin(0.9)
    face = face.placed(yaw=-10, occluder="hand", background=0)
    assert face.words() == (
        "Rendered: a man of 41, light skin, short hair, stubble; jaw open, 0.50; "
        "another skin tone; turn the head -10°; hand; another background."
    )
    assert "a resting face" in REST.words()


@pytest.mark.parametrize("seed", range(30))
def test_a_face_that_was_saved_is_set_again(seed, random_face):
    face = random_face(np.random.default_rng(seed))
    saved = json.dumps(face.face().to_dict()).encode()
    again = lab_face(read_face(saved))
    assert again.face() == face.face()
    assert again.groups == pytest.approx(face.groups)
    assert again == replace(face, groups=again.groups)


PERSON = random_identity(25)


@pytest.mark.parametrize(
    ("units", "scene", "words"),
    [
        ({"tongueOut": 0.5}, Scene(background=None), "No slider .* tongueOut"),
        ({"mouthSmileLeft": 0.5}, Scene(background=None), "No slider .* mouthSmile"),
        (group_units({"AU1": 1.5}) | {"browInnerUp": 1.6}, Scene(), "ends at 1.5"),
        ({}, Scene(yaw=45), "does not set yaw to 45"),
        ({}, Scene(background=3), "does not set background to 3"),
        ({}, Scene(background=None, blur=0.1), "no control for blur 0.1"),
        ({}, Scene(background=None, occluder="mask"), "no control for occluder_seed 0"),
    ],
)
def test_a_face_beyond_the_controls_is_refused_with_a_way_to_draw_it(
    units, scene, words
):
    with pytest.raises(ArgumentError, match=f"{words}.*`emolib render --from`"):
        lab_face(FaceState(PERSON, units, scene))


def test_a_person_of_any_seed_is_set():
    face = FaceState(random_identity(1234), {}, Scene(background=None))
    assert lab_face(face) == LabFace(1234)


# --- steps back -----------------------------------------------------------------------

SMILES = [REST.pulled({"AU12": k / 10}) for k in range(1, 6)]


def test_steps_go_back_and_forth():
    history = FaceHistory(REST)
    for face in SMILES[:3]:
        history.change(face)
    seen = []
    for step in (history.undo,) * 4 + (history.redo,) * 4:
        step()
        seen.append(history.now)
    a, b, c = SMILES[:3]
    assert seen == [b, a, REST, REST, a, b, c, c]


def test_a_slider_that_moves_is_one_step():
    history = FaceHistory(REST)
    for face in SMILES:
        history.change(face, settled=False)
    history.change(SMILES[-1])
    assert history.now == SMILES[-1]
    history.undo()
    assert history.now == REST
    history.undo()
    assert history.now == REST


def test_a_change_after_a_step_back_ends_the_way_forth():
    history = FaceHistory(REST)
    history.change(SMILES[0])
    history.undo()
    history.change(SMILES[1])
    history.redo()
    assert history.now == SMILES[1]


def test_what_changes_nothing_is_no_step():
    history = FaceHistory(REST)
    history.change(SMILES[0])
    history.change(SMILES[0])
    history.undo()
    assert history.now == REST


def test_so_many_steps_are_kept():
    history = FaceHistory(REST)
    for k in range(MOST_STEPS + 5):
        history.change(LabFace(k))
    for _ in range(MOST_STEPS + 5):
        history.undo()
    assert history.now == LabFace(4)
