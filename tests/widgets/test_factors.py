"""One thing changed, and only that."""

import pytest

pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
from emolib.errors import ArgumentError
from emolib.synthesis import random_identity
from emolib.widgets.factors import FACTORS, changed, metered_as
from emolib.widgets.lab_face import LabFace

FACE = LabFace(3).posing("fear").placed(yaw=10, light_azimuth=60)


@pytest.mark.parametrize("factor", FACTORS)
def test_the_muscles_stay_and_something_differs(factor):
    other = changed(FACE, factor)
    assert other.groups == FACE.groups
    assert other != FACE
    if factor != "age":
        assert other.seed == FACE.seed


def test_what_differs():
    assert changed(FACE, "light").scene["light_azimuth"] == -60
    assert changed(LabFace(), "light").scene["light_azimuth"] == 30
    assert changed(FACE, "turn").scene["yaw"] == -25
    assert changed(LabFace(), "turn").scene["yaw"] == 25
    assert changed(FACE, "hand").scene == FACE.scene | {"occluder": "hand"}
    assert changed(FACE, "darker").skin_tone == 0.95


def test_another_age_is_somebody_else_of_the_same_sex_and_skin():
    one, other = random_identity(3), changed(FACE, "age")
    person = random_identity(other.seed)
    assert person.sex == one.sex
    assert abs(person.age - one.age) > 20
    assert other.skin_tone == one.skin_tone
    assert changed(FACE.in_skin(0.3), "age").skin_tone == 0.3


def test_what_covers_a_face_does_not_change_its_exposure():
    assert metered_as(FACE, changed(FACE, "mask")) == FACE.scene_of()
    assert metered_as(FACE, changed(FACE, "below")) is None


def test_another_factor_is_refused():
    with pytest.raises(ArgumentError, match=r"Unknown factor 'masks'.*'mask'"):
        changed(FACE, "masks")
