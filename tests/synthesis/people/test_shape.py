import numpy as np
import pytest

from emolib.synthesis import identity_vertices, random_identity
from emolib.synthesis.people.shape import EYES, INTEROCULAR, pupil_rows, pupils


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


def test_pupils_are_found_on_the_eyeballs():
    for rows in pupil_rows():
        assert len(rows) > 5
