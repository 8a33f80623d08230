"""The head pack: one mesh for everybody, and the targets that move its vertices.

The mesh and its targets come from MakeHuman and the Face Units pack, both CC0
(``data/head/PROVENANCE.md``). Lengths are in decimetres, y is up, z points out of
the face and +x is the person's left.
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from zipfile import BadZipFile

import numpy as np

from emolib.errors import EmolibError
from emolib.paths import data_folder
from emolib.synthesis.drawing.mesh import TEETH

#: Pairs of endings that pull one shape slider both ways: (positive, negative).
_OPPOSITES = (
    ("-incr", "-decr"),
    ("-up", "-down"),
    ("-out", "-in"),
    ("-forward", "-backward"),
    ("-convex", "-concave"),
    ("-compress", "-uncompress"),
    ("-triangle", "-pointed"),
    ("-round", "-square"),
    ("-l", "-r"),
)
#: Sliders that move or turn the whole head, or that age covers better.
_UNUSED = ("head-trans", "head-angle", "head-age", "neck-trans", "measure-neck")

#: How far (x, y, z) the pack's lower teeth are taken down and back, decimetres: where
#: the pack puts them they fill every open mouth, while real lips hide them.
LOWER_TEETH_DROP = np.array([0.0, 0.07, 0.03], np.float32)


class HeadPackError(EmolibError, FileNotFoundError):
    """The head pack is missing or damaged; the message says how to restore it."""


@dataclass(frozen=True, eq=False)
class Head:
    """The neutral head mesh with its targets, as read from the pack.

    Attributes
    ----------
    vertices : ndarray, float32, (n, 3)
        Rest positions in decimetres.
    triangles : ndarray, int32, (m, 3)
        Vertex indices.
    materials : ndarray, uint8, (m,)
        Index into `mesh.MATERIALS`, one per triangle.
    masks : ndarray, float32, (n, 4)
        Lips, inside of the mouth, eyelids and ears at each vertex, 0 to 1.
    targets : dict of str to (index, delta)
        ``"unit/..."``, ``"shape/..."`` and ``"macro/..."``: which vertices a target
        moves (k,) and by how much (k, 3), decimetres at weight 1.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    materials: np.ndarray
    masks: np.ndarray
    targets: dict[str, tuple[np.ndarray, np.ndarray]]

    def triangles_of(self, material: int) -> np.ndarray:
        """Return the triangles (k, 3) of one material, such as `mesh.SKIN`."""
        return self.triangles[self.materials == material]


@cache
def load_head() -> Head:
    """Read the head pack that ships with emolib (once per process).

    Raises
    ------
    HeadPackError
        If ``data/head/head.npz`` is missing or cannot be read.
    """
    path = data_folder() / "head" / "head.npz"
    try:
        with np.load(path) as pack:
            arrays = {name: pack[name] for name in pack.files}
        start = arrays["target_start"]
        targets = {
            str(name): (
                arrays["target_index"][first:last].astype(np.int32),
                arrays["target_delta"][first:last].astype(np.float32) / 1000,
            )
            for name, (first, last) in zip(
                arrays["target_names"], pairwise(start), strict=True
            )
        }
        vertices = arrays["vertices"]
        vertices[_lower_teeth(arrays)] -= LOWER_TEETH_DROP
        return Head(
            vertices=vertices,
            triangles=arrays["triangles"].astype(np.int32),
            materials=arrays["materials"],
            masks=arrays["masks"].astype(np.float32) / 255,
            targets=targets,
        )
    except (OSError, KeyError, ValueError, EOFError, BadZipFile) as error:
        raise HeadPackError(
            f"The head pack {path} is missing or damaged ({error}). Restore it with "
            "`git checkout data/head`, or build it with scripts/build_head_pack.py."
        ) from error


def _lower_teeth(arrays: dict) -> np.ndarray:
    """Rows of the lower teeth: those of the teeth that the jaw takes along."""
    rows = np.unique(arrays["triangles"][arrays["materials"] == TEETH])
    jaw = list(arrays["target_names"]).index("unit/jawOpen")
    moved = arrays["target_index"][slice(*arrays["target_start"][jaw : jaw + 2])]
    return np.intersect1d(rows, moved)


@cache
def shape_sliders() -> dict[str, tuple[str, str | None]]:
    """Map each shape slider to its positive and negative target, in a fixed order.

    The second is None where the pack has no opposite; such a slider is never negative.
    """
    shapes = [
        name.removeprefix("shape/")
        for name in sorted(load_head().targets)
        if name.startswith("shape/")
    ]
    shapes = [name for name in shapes if not name.startswith(_UNUSED)]
    pairs = {}
    for name in shapes:
        for plus, minus in _OPPOSITES:
            if name.endswith(plus) and name.removesuffix(plus) + minus in shapes:
                stem = name.removesuffix(plus)
                pairs[stem] = (name, stem + minus)
                break
            if name.endswith(minus) and name.removesuffix(minus) + plus in shapes:
                break
        else:
            pairs[name] = (name, None)
    return pairs
