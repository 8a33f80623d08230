"""Resting faces of people who are in no corpus: a good network is unsure of them."""

import numpy as np

from emolib.emotions import EMOTIONS
from emolib.synthesis import Scene, express, random_identity, render


def resting_faces(count: int) -> np.ndarray:
    """Render resting faces, each of another person.

    Parameters
    ----------
    count : int

    Returns
    -------
    ndarray, uint8, (count, 64, 64)
        Grey values 0-255.
    """
    rng = np.random.default_rng(0)
    faces = []
    for k in range(count):
        scene = Scene(
            yaw=float(rng.normal(0, 8)),
            pitch=float(rng.normal(0, 5)),
            light_azimuth=float(rng.uniform(-60, 60)),
            background=k,
            noise=3.0,
            noise_seed=k,
        )
        resting = express(EMOTIONS[k % len(EMOTIONS)], 0.0, seed=k)
        faces.append(render(random_identity(900_000 + k), resting, scene))
    return np.stack(faces)
