"""Where the surface of a person's face lies: what is put on it must fit.

Taught on the page "How these faces are made".
"""

from functools import cache, lru_cache

import numpy as np
from scipy.ndimage import map_coordinates

from emolib.synthesis.drawing.mesh import SKIN
from emolib.synthesis.drawing.shader import rasterise
from emolib.synthesis.people.head import (
    Identity,
    identity_vertices,
    load_head,
    skin_rows,
)

#: Frontal depth map: left and top edge, decimetres; texel; side in texels.
_MAP_LEFT, _MAP_TOP, _MAP_STEP, _MAP_SIDE = -1.4, 8.6, 0.025, 112


@lru_cache(maxsize=256)
def depth_map(identity: Identity) -> np.ndarray:
    """Depth of the neutral face from the front, (112, 112) decimetres."""
    head = load_head()
    place = identity_vertices(identity)
    pixels = np.stack(
        [
            (place[:, 0] - _MAP_LEFT) / _MAP_STEP,
            (_MAP_TOP - place[:, 1]) / _MAP_STEP,
        ],
        axis=1,
    ).astype(np.float32)
    triangles = head.triangles[head.materials == SKIN]
    one_sided = np.zeros(len(triangles), bool)
    depth = rasterise(
        pixels, np.ascontiguousarray(place[:, 2]), triangles, one_sided, _MAP_SIDE
    )[2]
    return np.maximum(depth.astype(float), -0.6)


def map_heights() -> np.ndarray:
    """Heights (112,) of the rows of `depth_map`, decimetres."""
    return _MAP_TOP - (np.arange(_MAP_SIDE) + 0.5) * _MAP_STEP


def sample_depth(field: np.ndarray, x, y) -> np.ndarray:
    """Read a field in the geometry of `depth_map` at places in decimetres."""
    rows = (_MAP_TOP - np.asarray(y, float)) / _MAP_STEP - 0.5
    columns = (np.asarray(x, float) - _MAP_LEFT) / _MAP_STEP - 0.5
    rows, columns = np.broadcast_arrays(rows, columns)
    places = np.stack([rows.ravel(), columns.ravel()])
    found = map_coordinates(field, places, order=1, mode="nearest")
    return found.reshape(rows.shape)


def place_of(identity: Identity, x: float, y: float) -> np.ndarray:
    """Where (3,) the front of the average face at (x, y) lies on this person."""
    rest = load_head().vertices
    gap = np.hypot(rest[:, 0] - x, rest[:, 1] - y) + 9 * (rest[:, 2] < 0.9)
    gap += 9 * load_head().masks[:, 1]  # not the inside of the mouth
    return identity_vertices(identity)[np.argmin(gap)]


@cache
def _bare_head_rows() -> np.ndarray:
    """The vertices of the skin without the ears."""
    rows = skin_rows()
    return rows[load_head().masks[rows, 3] < 0.1]


def half_widths(identity: Identity, y: float, z: np.ndarray) -> np.ndarray:
    """Half width of the head, without its ears, at a height and several depths."""
    rows = _bare_head_rows()
    place = identity_vertices(identity)[rows]
    place = place[np.abs(place[:, 1] - y) < 0.12]
    return np.array(
        [
            np.abs(place[np.abs(place[:, 2] - depth) < 0.15, 0]).max(initial=0.6)
            for depth in z
        ]
    )
