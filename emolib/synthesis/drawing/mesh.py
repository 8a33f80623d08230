"""Triangle meshes: what a head is made of, and what it wears."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

#: What a triangle is made of, in the order of the codes; the head pack has the first
#: six, the others are worn, or held in front of the face.
MATERIALS = (
    "skin", "tongue", "eye", "teeth", "hair", "lash",
    "fabric", "frame", "lens", "cloth", "hand",
)  # fmt: skip
SKIN, TONGUE, EYE, TEETH, HAIR, LASH, FABRIC, FRAME, LENS, CLOTH, HAND = range(11)


@dataclass(frozen=True, eq=False)
class Part:
    """A mesh for a normalised head to wear: glasses, a hand, hair, a collar.

    Attributes
    ----------
    vertices : ndarray, float32, (n, 3)
        Positions in decimetres, in the coordinates of a normalised head.
    triangles : ndarray, int32, (m, 3)
    materials : ndarray, uint8, (m,)
        Codes into `MATERIALS`.
    colours : ndarray, float32, (n, 3)
        Linear RGB reflectance of each vertex, 0 to 1; for hair a factor of the
        person's hair colour.
    rest : ndarray, float32, (n, 3), optional
        Where the shader looks up patterns; the vertices themselves by default.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    materials: np.ndarray
    colours: np.ndarray
    rest: np.ndarray | None = None


class Figure(NamedTuple):
    """All that is drawn: a head and what it wears, in one mesh."""

    vertices: np.ndarray  #: float32, (n, 3), decimetres
    triangles: np.ndarray  #: int32, (m, 3)
    materials: np.ndarray  #: uint8, (m,), codes into `MATERIALS`
    colours: np.ndarray  #: float32, (n, 3), as in `Part`
    rest: np.ndarray  #: float32, (n, 3), where paint is looked up: on the average head
    masks: np.ndarray  #: float32, (n, 4), those of `Head`; 0 on what is worn

    def wearing(self, part: Part) -> "Figure":
        """Return this figure with one more part."""
        rest = part.vertices if part.rest is None else part.rest
        bare = np.zeros((len(part.vertices), self.masks.shape[1]), np.float32)
        return Figure(
            np.concatenate([self.vertices, part.vertices]),
            np.concatenate([self.triangles, part.triangles + len(self.vertices)]),
            np.concatenate([self.materials, part.materials]),
            np.concatenate([self.colours, part.colours]),
            np.concatenate([self.rest, rest]),
            np.concatenate([self.masks, bare]),
        )


class MeshBuilder:
    """Collects meshes of several materials into one `Part`."""

    def __init__(self):
        self.vertices, self.triangles, self.materials, self.colours = [], [], [], []
        self.count = 0

    def add(
        self,
        vertices: np.ndarray,
        triangles: np.ndarray,
        material: int,
        colours: ArrayLike,
    ) -> None:
        """Add triangles (m, 3) of one material over vertices (..., 3)."""
        vertices = np.asarray(vertices, float).reshape(-1, 3)
        self.vertices.append(vertices)
        self.triangles.append(np.asarray(triangles) + self.count)
        self.materials.append(np.full(len(triangles), material))
        self.colours.append(np.broadcast_to(colours, vertices.shape))
        self.count += len(vertices)

    def grid(
        self,
        points: np.ndarray,
        material: int,
        colours: ArrayLike,
        *,
        closed: bool = False,
    ) -> None:
        """Add a sheet of points (rows, columns, 3); `closed` joins its sides."""
        rows, columns = points.shape[:2]
        if np.ndim(colours) == 3:
            colours = np.reshape(colours, (-1, 3))
        self.add(points, grid_triangles(rows, columns, closed), material, colours)

    def tube(
        self,
        path: np.ndarray,
        radius: ArrayLike,
        material: int,
        colour: ArrayLike,
        *,
        closed: bool = False,
        segments: int = 6,
    ) -> None:
        """Add a round tube along a path (n, 3); a radius, or one per point."""
        path = np.asarray(path, float)
        if closed:
            ahead = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0)
        else:
            ahead = np.gradient(path, axis=0)
        ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
        side = np.cross(ahead, [0.05, 0.1, 1.0])
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        up = np.cross(side, ahead)
        angle = np.linspace(0, 2 * np.pi, segments, endpoint=False)[None, :, None]
        reach = np.broadcast_to(radius, len(path))[:, None, None]
        rings = path[:, None] + reach * (
            np.cos(angle) * side[:, None] + np.sin(angle) * up[:, None]
        )
        if closed:
            rings = np.concatenate([rings, rings[:1]])
        self.grid(rings, material, colour, closed=True)

    def part(self) -> Part:
        """Return all that was added."""
        return Part(
            np.concatenate(self.vertices).astype(np.float32),
            np.concatenate(self.triangles).astype(np.int32),
            np.concatenate(self.materials).astype(np.uint8),
            np.clip(np.concatenate(self.colours), 0, 2).astype(np.float32),
        )


def grid_triangles(rows: int, columns: int, closed: bool = False) -> np.ndarray:
    """Return the triangles (m, 3) of a sheet of rows x columns points."""
    right = columns if closed else columns - 1
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(right), indexing="ij")
    a = row * columns + column
    b = row * columns + (column + 1) % columns
    c, d = a + columns, b + columns
    return np.stack([a, c, b, b, c, d], axis=-1).reshape(-1, 3)


@njit(cache=True)
def move_vertices(vertices, start, index, delta, weights):
    """Move vertices (n, 3) in place by weighted targets, all targets in one list.

    Target t moves the vertices `index[start[t] : start[t + 1]]` by the same rows of
    `delta` (k, 3) times `weights[t]`.
    """
    for unit in range(len(weights)):
        weight = weights[unit]
        if weight != 0:
            for k in range(start[unit], start[unit + 1]):
                for axis in range(3):
                    vertices[index[k], axis] += weight * delta[k, axis]


@njit(cache=True)
def vertex_normals(vertices, triangles):
    """Return the area-weighted unit normals (n, 3) of the vertices."""
    normals = np.zeros_like(vertices)
    for k in range(len(triangles)):
        a, b, c = triangles[k, 0], triangles[k, 1], triangles[k, 2]
        ux = vertices[b, 0] - vertices[a, 0]
        uy = vertices[b, 1] - vertices[a, 1]
        uz = vertices[b, 2] - vertices[a, 2]
        vx = vertices[c, 0] - vertices[a, 0]
        vy = vertices[c, 1] - vertices[a, 1]
        vz = vertices[c, 2] - vertices[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for corner in (a, b, c):
            normals[corner, 0] += nx
            normals[corner, 1] += ny
            normals[corner, 2] += nz
    for k in range(len(normals)):
        x, y, z = normals[k, 0], normals[k, 1], normals[k, 2]
        length = math.sqrt(x * x + y * y + z * z)
        if length > 0:
            normals[k, 0] = x / length
            normals[k, 1] = y / length
            normals[k, 2] = z / length
    return normals
