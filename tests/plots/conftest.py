import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "book" / "_ext"))


@pytest.fixture(scope="session")
def shares(tiny):
    """Probabilities (288, 6) that are right about most of the tiny corpus."""
    rng = np.random.default_rng(0)
    raw = rng.random((len(tiny), 6)) + 2 * np.eye(6)[tiny.labels]
    return raw / raw.sum(axis=1, keepdims=True)
