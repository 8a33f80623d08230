import numpy as np
import pytest

from emolib.synthesis import (
    HeadPackError,
    identity_vertices,
    load_head,
    random_identity,
)
from emolib.synthesis.people.head import EYES, INTEROCULAR, pupil_rows, pupils


def unit_move(unit):
    """Mean movement (3,) of the vertices that a unit moves most."""
    index, delta = load_head().targets[f"unit/{unit}"]
    strong = np.linalg.norm(delta, axis=1) > 0.5 * np.linalg.norm(delta, axis=1).max()
    return load_head().vertices[index[strong]].mean(axis=0), delta[strong].mean(axis=0)


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


@pytest.mark.parametrize("seed", range(5))
def test_heads_are_normalised_at_the_eyes(seed):
    left, right = pupils(identity_vertices(random_identity(seed)))
    assert np.linalg.norm(left - right) == pytest.approx(INTEROCULAR, abs=1e-4)
    assert (left + right) / 2 == pytest.approx(EYES, abs=1e-4)
    assert left[0] > 0 > right[0]


def test_vertices_are_finite_and_protected():
    vertices = identity_vertices(random_identity(0))
    assert np.isfinite(vertices).all()
    with pytest.raises(ValueError, match="read-only"):
        vertices[0] = 0


def test_left_and_right_are_not_swapped():
    for unit in ("mouthSmile", "browDown", "eyeBlink", "noseSneer", "cheekSquint"):
        assert unit_move(f"{unit}Left")[0][0] > 0
        assert unit_move(f"{unit}Right")[0][0] < 0


@pytest.mark.parametrize(
    ("unit", "upwards"),
    [
        ("jawOpen", False),
        ("browInnerUp", True),
        ("browOuterUpLeft", True),
        ("browDownLeft", False),
        ("mouthSmileLeft", True),
        ("mouthFrownRight", False),
        ("mouthUpperUpLeft", True),
        ("mouthLowerDownLeft", False),
        ("noseSneerRight", True),
    ],
)
def test_units_move_the_skin_the_right_way(unit, upwards):
    assert (unit_move(unit)[1][1] > 0) == upwards


def test_pupils_are_found_on_the_eyeballs():
    for rows in pupil_rows():
        assert len(rows) > 5


def test_missing_pack_names_the_file_and_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_DATA", str(tmp_path))
    load_head.cache_clear()
    try:
        with pytest.raises(HeadPackError, match=r"head\.npz.*git checkout data/head"):
            load_head()
    finally:
        monkeypatch.undo()
        load_head.cache_clear()


def test_truncated_pack_is_an_error(tmp_path, monkeypatch):
    from emolib.paths import data_folder

    whole = (data_folder() / "head" / "head.npz").read_bytes()
    (tmp_path / "head").mkdir()
    (tmp_path / "head" / "head.npz").write_bytes(whole[: len(whole) // 2])
    monkeypatch.setenv("EMOLIB_DATA", str(tmp_path))
    load_head.cache_clear()
    try:
        with pytest.raises(HeadPackError, match="damaged"):
            load_head()
    finally:
        monkeypatch.undo()
        load_head.cache_clear()
