"""People are drawn evenly, and the same seed draws the same person."""

from dataclasses import asdict

import numpy as np
import pytest

from emolib.synthesis import random_identity
from emolib.synthesis.people.identity import Ancestry, Brow, Colour, Hairline


def test_same_seed_same_person_other_seed_other_person():
    assert random_identity(3) == random_identity(3)
    assert random_identity(3) != random_identity(4)


def test_people_are_spread_over_sex_age_and_skin():
    people = [random_identity(seed) for seed in range(200)]
    women = np.mean([person.sex == "female" for person in people])
    assert 0.4 < women < 0.6
    ages = np.array([person.age for person in people])
    assert ages.min() < 22
    assert ages.max() > 70
    tones = np.array([person.skin_tone for person in people])
    assert (tones < 0.33).sum() > 30
    assert (tones > 0.5).sum() > 30


def test_a_persons_fields_have_names():
    people = [random_identity(seed) for seed in range(60)]
    for person in people:
        assert isinstance(person.ancestry, Ancestry)
        assert sum(person.ancestry) == pytest.approx(1)
        assert isinstance(person.hair_line, Hairline)
        assert isinstance(person.brow, Brow)
        assert 0 <= person.brow.thickness <= 1
        assert 0.55 <= person.brow.density <= 1
        assert asdict(person)["brow"].gap == person.brow.gap  # names survive a copy
    dyes = [person.hair_dye for person in people if person.hair_dye is not None]
    assert 0 < len(dyes) < 20
    assert all(isinstance(dye, Colour) for dye in dyes)
    women = [p.hair_line.sideburns for p in people if p.sex == "female"]
    assert min(women) >= 0  # sideburns of women end higher than usual
