"""Triangle meshes: what a head is made of, and what it wears.

Taught on the page "How these faces are made".
"""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

#: What a triangle is made of, in the order of the codes; the head pack knows the
#: first six, the others are worn, or held before the face.
MATERIALS = (
    "skin", "tongue", "eye", "teeth", "hair", "lash",
    "fabric", "frame", "lens", "cloth", "hand",
)  # fmt: skip
SKIN, TONGUE, EYE, TEETH, HAIR, LASH, FABRIC, FRAME, LENS, CLOTH, HAND = range(11)


@dataclass(frozen=True, eq=False)
class Part:
    """A mesh that is put on a normalised head: glasses, a hand, hair, a collar.

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


@njit(cache=True)
def move_vertices(vertices, start, index, delta, weights):
    for unit in range(len(weights)):
        weight = weights[unit]
        if weight != 0:
            for k in range(start[unit], start[unit + 1]):
                for axis in range(3):
                    vertices[index[k], axis] += weight * delta[k, axis]


@njit(cache=True)
def vertex_normals(vertices, triangles):
    """Area-weighted unit normals (n, 3) of the vertices."""
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
