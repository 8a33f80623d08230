"""Clothes fit, leave the face free and are dealt out to everybody."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from emolib.synthesis import Scene, random_identity
from emolib.synthesis.drawing.mesh import EYE, FABRIC, HAIR
from emolib.synthesis.people.identity import COVERINGS, GARMENTS
from emolib.synthesis.people.pack import load_head
from emolib.synthesis.worn.clothing import hidden_hair, make_covering, make_garment
from emolib.synthesis.worn.fitting import body_of

SIZE = 96
PEOPLE = (1, 8, 21)


@pytest.fixture
def seen(materials_seen):
    """Material at each pixel, and the pixels of all vertices, at this file's size."""
    return partial(materials_seen, SIZE)


@pytest.mark.parametrize("garment", GARMENTS)
def test_garments_are_sound_and_repeatable(garment):
    for number in PEOPLE:
        body = body_of(replace(random_identity(number), garment=garment))
        part = make_garment(body)
        again = make_garment.__wrapped__(body)
        assert np.array_equal(part.vertices, again.vertices)
        assert np.isfinite(part.vertices).all()
        assert ((part.colours >= 0) & (part.colours <= 2)).all()
        assert (part.materials == FABRIC).all()
        assert part.triangles.max() < len(part.vertices)


@pytest.mark.parametrize("garment", GARMENTS)
def test_garments_reach_down_and_keep_off_the_chin(seen, garment):
    person = replace(random_identity(8), garment=garment, covering="none")
    materials, pixels = seen(person, Scene(scale=0.5, shift_y=-0.1))
    assert (materials[-4:, SIZE // 4 : -SIZE // 4] == FABRIC).mean() > 0.6
    rest = load_head().vertices
    face = (np.abs(rest[:, 0]) < 0.3) & (rest[:, 1] > 6.45) & (rest[:, 2] > 1.2)
    columns, rows = pixels[: len(rest)][face].astype(int).T
    assert (materials[rows, columns] != FABRIC).all()


@pytest.mark.parametrize("covering", COVERINGS[1:])
@pytest.mark.parametrize("yaw", [-25, 0, 25])
def test_coverings_leave_eyes_and_brows_free(seen, covering, yaw):
    raised = {"browOuterUpLeft": 1.0, "browOuterUpRight": 1.0, "browInnerUp": 1.0}
    for number in PEOPLE:
        person = replace(random_identity(number), covering=covering)
        bald = replace(person, covering="none", hair="bald")
        bare, pixels = seen(bald, Scene(yaw=yaw), raised)
        worn, _ = seen(person, Scene(yaw=yaw), raised)
        assert (worn[bare == EYE] == EYE).mean() > 0.97
        rest = load_head().vertices
        brow = (np.abs(np.abs(rest[:, 0]) - 0.30) < 0.2) & (rest[:, 2] > 1.1)
        brow &= np.abs(rest[:, 1] - 7.46) < 0.05
        columns, rows = pixels[: len(rest)][brow].astype(int).T
        inside = (columns >= 0) & (columns < SIZE)
        hidden = worn[rows[inside], columns[inside]] == FABRIC
        assert hidden.mean() < 0.03, number


@pytest.mark.parametrize("covering", COVERINGS[1:])
def test_no_hair_comes_through(seen, covering):
    person = replace(random_identity(8), covering=covering, hair="long straight")
    materials, pixels = seen(person, Scene(scale=0.55))
    hair = materials == HAIR
    if hidden_hair(person) == "all":
        assert not hair.any()
    if hidden_hair(person) == "top":
        crown = int(pixels[: len(load_head().vertices), 1].min())
        lids = load_head().masks[:, 2] > 0.5
        eyes = int(pixels[: len(lids)][lids, 1].mean())
        upper = np.s_[: (crown + eyes) // 2]
        assert hair[upper].sum() < 0.03 * (materials[upper] == FABRIC).sum()
    body = body_of(person)
    part = make_covering(body)
    assert np.isfinite(part.vertices).all()
    assert np.array_equal(part.vertices, make_covering.__wrapped__(body).vertices)


def test_one_in_eight_wears_something_whoever_it_is():
    people = [random_identity(seed) for seed in range(1500)]
    covered = np.array([person.covering != "none" for person in people])
    assert 0.09 < covered.mean() < 0.15
    female = np.array([person.sex == "female" for person in people])
    assert abs(covered[female].mean() - covered[~female].mean()) < 0.05
    assert {person.covering for person in people} == set(COVERINGS)
    assert {person.garment for person in people} == set(GARMENTS)


def test_unknown_clothes_are_refused():
    person = random_identity(1)
    with pytest.raises(ValueError, match="Unknown garment"):
        make_garment(body_of(replace(person, garment="toga")))
    with pytest.raises(ValueError, match=r"Unknown covering.*Did you mean 'turban'"):
        make_covering(body_of(replace(person, covering="turbann")))
    assert make_covering(body_of(replace(person, covering="none"))) is None
