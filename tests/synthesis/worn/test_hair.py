from dataclasses import replace

import numpy as np
import pytest

from emolib.synthesis import (
    Scene,
    identity_vertices,
    load_head,
    random_identity,
    render,
)
from emolib.synthesis.drawing.mesh import HAIR, TEETH
from emolib.synthesis.drawing.paint import beard_region, brow_line, hair_colour
from emolib.synthesis.people.identity import BEARDS, HAIRSTYLES
from emolib.synthesis.worn.fitting import body_of
from emolib.synthesis.worn.hair import LOWEST_FRINGE, hairdo

CROWD = [random_identity(seed) for seed in range(1500)]
WITH_LOCKS = [style for style in HAIRSTYLES if style not in ("bald", "buzz")]


def styled(style, seed=4):
    return replace(random_identity(seed), hair=style, beard="none")


def test_the_same_person_has_the_same_hair():
    first, again = styled("long wavy"), styled("long wavy")
    before = hairdo(body_of(first)).locks.vertices.copy()
    hairdo.cache_clear()
    assert np.array_equal(before, hairdo(body_of(again)).locks.vertices)
    other = hairdo(body_of(styled("long wavy", 5))).locks.vertices
    assert not np.array_equal(before, other)


@pytest.mark.parametrize("style", HAIRSTYLES)
@pytest.mark.parametrize("seed", [3, 8])
def test_hair_stays_off_the_face(style, seed):
    locks = hairdo(body_of(styled(style, seed))).locks
    if locks is None:
        assert style not in WITH_LOCKS
        return
    assert np.isfinite(locks.vertices).all()
    assert (locks.materials == HAIR).all()
    assert len(locks.triangles) <= 2500
    corners = locks.vertices[locks.triangles].reshape(-1, 3)
    before = (np.abs(corners[:, 0]) < 0.5) & (corners[:, 2] > 1.0)
    assert not (before & (corners[:, 1] < LOWEST_FRINGE - 0.06)).any()


@pytest.mark.parametrize("style", [style for style in HAIRSTYLES if style != "bald"])
def test_every_style_changes_the_head_but_not_the_eyes(style):
    scene = Scene(scale=0.5, light_contrast=0.0)
    bald = render(styled("bald"), {}, scene, size=128).astype(int)
    haired = render(styled(style), {}, scene, size=128).astype(int)
    change = np.abs(haired - bald)
    assert change.mean() > 0.4
    close = Scene(light_contrast=0.0)
    bald = render(styled("bald"), {}, close).astype(float)
    haired = render(styled(style), {}, close).astype(float)
    eyes = np.s_[22:30, 14:50]
    assert np.corrcoef(bald[eyes].ravel(), haired[eyes].ravel())[0, 1] > 0.97


@pytest.mark.parametrize("covered", ["top", "all"])
def test_a_covering_flattens_the_hair(covered):
    body = body_of(styled("long wavy"))
    free, flat = hairdo(body), hairdo(body, covered)
    crown = load_head().vertices[:, 1] > 8
    assert free.lift[crown].max() > 0.02
    assert flat.lift[crown].max() == 0
    assert (flat.locks is None) == (covered == "all")
    with pytest.raises(ValueError, match="Unknown cover of the hair"):
        hairdo(body, "wig")


def test_styles_are_as_frequent_as_documented():
    for shares in np.array(list(HAIRSTYLES.values())).T:
        assert shares.sum() == pytest.approx(1)
    assert sum(BEARDS.values()) == pytest.approx(1)
    for column in range(4):
        group = [
            person
            for person in CROWD
            if (person.sex == "male") == column % 2
            and (person.hair_curl >= 0.7) == column // 2
            and person.age >= 30
        ]
        for style, shares in HAIRSTYLES.items():
            seen = np.mean([person.hair == style for person in group])
            error = 4 * np.sqrt(0.25 / len(group)) * 0.8
            assert seen == pytest.approx(shares[column], abs=error)


def test_beards_grow_on_men_and_leave_the_lips():
    men = [person for person in CROWD if person.sex == "male"]
    assert all(p.beard == "none" for p in CROWD if p.sex == "female")
    for kind, share in BEARDS.items():
        assert np.mean([p.beard == kind for p in men]) == pytest.approx(share, abs=0.06)
        region = beard_region(kind)
        assert (region.max() > 0.5) == (kind != "none")
        assert region[176:184, 86:106].max() < 0.2  # the mouth
    bearded = replace(men[0], hair="bald", beard="full", beard_length=0.2)
    lift = hairdo(body_of(bearded)).lift
    head = load_head()
    assert lift.max() > 0.1
    assert not lift[head.masks[:, :2].max(axis=1) > 0.4].any()
    assert not lift[np.unique(head.triangles[head.materials == TEETH])].any()
    assert len(lift) == len(identity_vertices(bearded))


def test_grey_comes_with_age():
    grey = np.array([person.hair_grey for person in CROWD])
    age = np.array([person.age for person in CROWD])
    assert grey[age < 30].mean() < 0.15
    assert grey[age > 65].mean() > 0.6
    assert all((hair_colour(person) > 0).all() for person in CROWD[:100])


def test_brows_are_nearly_level_on_average():
    lines = np.stack([brow_line(person.brow) for person in CROWD])
    inner, peak, tail = lines[:, 0, 1], lines[:, 1:3, 1].max(axis=1), lines[:, 3, 1]
    assert 0.02 < (peak - inner).mean() < 0.06
    assert abs((inner - tail).mean()) < 0.015
    assert inner.std() > 0.01
