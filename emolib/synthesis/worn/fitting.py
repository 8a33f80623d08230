"""The body that wears things: where its surface is, so that they fit."""

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import map_coordinates

from emolib.synthesis.drawing.mesh import SKIN, vertex_normals
from emolib.synthesis.drawing.raster import rasterise
from emolib.synthesis.people.identity import Identity
from emolib.synthesis.people.pack import Head, load_head
from emolib.synthesis.people.shape import identity_vertices, skin_rows

#: Frontal depth map: left and top edge, decimetres; texel; side in texels.
_MAP_LEFT, _MAP_TOP, _MAP_STEP, _MAP_SIDE = -1.4, 8.6, 0.025, 112


@dataclass(frozen=True, eq=False)
class Body:
    """A person's neutral head, which all that is worn must fit; arrays are read-only.

    The vertices of `head`, the average one, are the rest positions of this one's.
    """

    identity: Identity
    head: Head
    vertices: np.ndarray  #: float32, (n, 3), decimetres
    normals: np.ndarray  #: float32, (n, 3), of unit length
    depth: np.ndarray  #: float64, (112, 112), from the front; see `sample_depth`


@lru_cache(maxsize=256)
def body_of(identity: Identity) -> Body:
    """Return a person's body."""
    head, vertices = load_head(), identity_vertices(identity)
    normals = vertex_normals(vertices, head.triangles)
    depth = _depth_map(vertices, head.triangles_of(SKIN))
    for array in (normals, depth):
        array.setflags(write=False)
    return Body(identity, head, vertices, normals, depth)


def _depth_map(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    across = (vertices[:, 0] - _MAP_LEFT) / _MAP_STEP
    down = (_MAP_TOP - vertices[:, 1]) / _MAP_STEP
    pixels = np.stack([across, down], axis=1).astype(np.float32)
    nearness = np.ascontiguousarray(vertices[:, 2])
    one_sided = np.zeros(len(triangles), bool)
    depth = rasterise(pixels, nearness, triangles, one_sided, _MAP_SIDE).depth
    return np.maximum(depth.astype(float), -0.6)


def map_heights() -> np.ndarray:
    """Return the heights (112,) of the rows of `Body.depth`, decimetres."""
    return _MAP_TOP - (np.arange(_MAP_SIDE) + 0.5) * _MAP_STEP


def sample_depth(field: np.ndarray, x: ArrayLike, y: ArrayLike) -> np.ndarray:
    """Read a field (112, 112) laid out like `Body.depth` at places in decimetres."""
    rows = (_MAP_TOP - np.asarray(y, float)) / _MAP_STEP - 0.5
    columns = (np.asarray(x, float) - _MAP_LEFT) / _MAP_STEP - 0.5
    rows, columns = np.broadcast_arrays(rows, columns)
    places = np.stack([rows.ravel(), columns.ravel()])
    found = map_coordinates(field, places, order=1, mode="nearest")
    return found.reshape(rows.shape)


def place_of(body: Body, x: float, y: float) -> np.ndarray:
    """Return where (3,) this person has what is at (x, y) on the average face."""
    rest = body.head.vertices
    gap = np.hypot(rest[:, 0] - x, rest[:, 1] - y) + 9 * (rest[:, 2] < 0.9)
    gap += 9 * body.head.masks[:, 1]  # not the inside of the mouth
    return body.vertices[np.argmin(gap)]


@cache
def _bare_head_rows() -> np.ndarray:
    """Return the vertices of the skin without the ears."""
    rows = skin_rows()
    return rows[load_head().masks[rows, 3] < 0.1]


def half_widths(body: Body, y: float, z: np.ndarray) -> np.ndarray:
    """Return half the head's width, without ears, at a height and depths z (k,)."""
    place = body.vertices[_bare_head_rows()]
    place = place[np.abs(place[:, 1] - y) < 0.12]
    return np.array(
        [
            np.abs(place[np.abs(place[:, 2] - depth) < 0.15, 0]).max(initial=0.6)
            for depth in z
        ]
    )
