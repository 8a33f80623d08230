"""From a person to the shape of the neutral head, and where its eyes are."""

from functools import cache, lru_cache

import numpy as np

from emolib.synthesis.drawing.mesh import EYE, SKIN
from emolib.synthesis.people.identity import Identity
from emolib.synthesis.people.pack import load_head, shape_sliders

#: Distance between the pupils of every head after normalisation, decimetres.
INTEROCULAR = 0.62
#: The middle between the pupils of every head after normalisation.
EYES = np.array([0.0, 7.285, 1.38], np.float32)
#: Where the left pupil of the average head is: x and y, decimetres.
PUPIL_X, PUPIL_Y = 0.31, 7.285


@lru_cache(maxsize=256)
def identity_vertices(identity: Identity) -> np.ndarray:
    """Return the person's neutral face, normalised so that the eyes are in place.

    Parameters
    ----------
    identity : Identity

    Returns
    -------
    ndarray, float32, (n, 3), read-only
        Vertex positions in decimetres; the pupils are `INTEROCULAR` apart and their
        middle is `EYES`.
    """
    head = load_head()
    vertices = head.vertices.copy()

    def add(target, weight):
        index, delta = head.targets[target]
        vertices[index] += np.float32(weight) * delta

    old = min(max((identity.age - 25) / 45, 0), 1)
    for age, share in (("young", 1 - old), ("old", old)):
        for ancestry, weight in identity.ancestry._asdict().items():
            add(f"macro/{ancestry}-{identity.sex}-{age}", weight * share)
        extreme = "maxweight" if identity.weight > 0 else "minweight"
        add(
            f"macro/universal-{identity.sex}-{age}-averagemuscle-{extreme}",
            abs(identity.weight) * share,
        )
    sliders = shape_sliders()
    for name, value in identity.sliders:
        plus, minus = sliders[name]
        add(f"shape/{plus if value >= 0 or minus is None else minus}", abs(value))

    left, right = pupils(vertices)
    scale = INTEROCULAR / np.linalg.norm(left - right)
    vertices = (vertices - (left + right) / 2) * scale + EYES
    vertices = vertices.astype(np.float32)
    vertices.setflags(write=False)
    return vertices


@cache
def skin_rows() -> np.ndarray:
    """Return the vertices (k,) of the skin."""
    return np.unique(load_head().triangles_of(SKIN))


@cache
def pupil_rows() -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices in front of the person's left and right pupil."""
    head = load_head()
    rows = np.unique(head.triangles_of(EYE))
    front = head.vertices[rows]
    near = np.hypot(np.abs(front[:, 0]) - PUPIL_X, front[:, 1] - PUPIL_Y) < 0.075
    near &= front[:, 2] > 1.3
    left = rows[near & (front[:, 0] > 0)]
    return left, rows[near & (front[:, 0] < 0)]


def pupils(vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions (3,) of the person's left and right pupil."""
    left, right = pupil_rows()
    return vertices[left].mean(axis=0), vertices[right].mean(axis=0)
