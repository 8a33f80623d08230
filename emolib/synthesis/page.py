"""People for a web page: all that their faces are drawn from, in small files.

A page cannot run `random_identity`; it is given a few people as meshes, and blends,
projects and shades them itself (``book/assets/lab``). What all people share, the action
units above all, is a file of its own; each person is another. Lengths are rounded to
2.5e-5 dm, so that a vertex falls within a thousandth of a pixel of its place.

A file is zlib-compressed: the length of a JSON header (uint32, little-endian), the
header, then whole numbers. An array (n, c) is written column by column as differences
(of a field's rows, too), folded to be positive (0, -1, 1, -2, ... become 0, 1, 2, 3),
first all low bytes, then all higher ones. It belongs here, beside the renderer whose
parts it takes to pieces, and not to `emolib.export`, which is about networks.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache

import numpy as np
from scipy.ndimage import maximum_filter

from emolib.errors import ArgumentError
from emolib.synthesis.drawing import mesh, paint
from emolib.synthesis.drawing.raster import rasterise
from emolib.synthesis.people.expression import GAINS, UNITS, without_side
from emolib.synthesis.people.identity import Identity
from emolib.synthesis.people.pack import load_head
from emolib.synthesis.renderer import dressed
from emolib.synthesis.scene import draw_place
from emolib.synthesis.worn.fitting import body_of
from emolib.synthesis.worn.occluders import make_occluder

#: What one unit of each kind of number is worth: decimetres, reflectance, pigment.
LENGTH, COLOUR, PIGMENT, NOISE = 2.5e-5, 1 / 1024, 0.03, 1 / 32
#: The same of a lock's share of the hair's colour, and of its own coordinates.
TINT, STRAND = 1 / 128, 1e-3
#: How finely the relief of the pores is stored; it bends the light by a hundredth.
RELIEF = 0.5


class _File:
    """Arrays of whole numbers, and a header that says where they are."""

    def __init__(self):
        self.arrays, self.blocks, self.length = {}, [], 0

    def add(self, name: str, values: np.ndarray, step: float = 1, *, field=False):
        """Add an array (n,) or (n, c), or a field (rows, columns), in steps."""
        whole = np.rint(np.asarray(values, float) / step).astype(np.int64)
        whole = whole.reshape(len(whole), -1)
        shape = whole.shape
        changes = np.diff(whole, axis=0, prepend=0 * whole[:1])
        if field:
            changes = np.diff(changes, axis=1, prepend=0 * changes[:, :1])
        folded = np.where(changes < 0, -2 * changes - 1, 2 * changes).T.ravel()
        planes = (
            1 + int(folded.max(initial=0) > 255) + int(folded.max(initial=0) > 65535)
        )
        self.arrays[name] = [self.length, *shape, planes, step] + [1] * field
        for plane in range(planes):
            self.blocks.append((folded >> 8 * plane).astype(np.uint8).tobytes())
            self.length += folded.size

    def pack(self, header: dict) -> bytes:
        """Return the compressed file."""
        text = json.dumps(header | {"arrays": self.arrays}, separators=(",", ":"))
        text = text.encode()
        start = len(text).to_bytes(4, "little")
        return zlib.compress(start + text + b"".join(self.blocks), 9)


class PagePeople:
    """People, what can cover their faces, and places behind them, for a page.

    Parameters
    ----------
    people : mapping of str to Identity
        Under which name the page finds each.
    occluders : mapping of str to int
        Kind, such as ``"mask"`` -> the seed of the one that everybody is given.
    places : mapping of str to int
        Name -> seed of a background, as in `Scene`.
    controls : mapping
        What else the page must know, as it is: `lab_controls`.
    """

    def __init__(
        self,
        people: Mapping[str, Identity],
        occluders: Mapping[str, int],
        places: Mapping[str, int],
        controls: Mapping,
    ):
        self.people, self.occluders = dict(people), dict(occluders)
        self.places, self.controls = dict(places), controls
        #: The occluders of the first person; others' are told by the difference.
        first = body_of(next(iter(self.people.values())))
        self._parts = {
            kind: make_occluder(kind, first, seed) for kind, seed in occluders.items()
        }

    def shared_file(self) -> bytes:
        """Return the file of what all people share."""
        file = _File()
        header = {"controls": self.controls, "units": UNITS, "length": LENGTH}
        header |= {"occluders": self.occluders, "places": {}, "people": {}}
        _add_head(file, header)
        for name, seed in self.places.items():
            place = draw_place(seed)._asdict() | {"seed": seed}
            leaves = place.pop("leaves")
            if leaves is not None:
                file.add(f"leaves {name}", leaves, PIGMENT / 2, field=True)
            header["places"][name] = place | {"base": place["base"].tolist()}
        for name, identity in self.people.items():
            header["people"][name] = _person(identity)
        for kind, part in self._parts.items():
            file.add(f"{kind} vertices", part.vertices, LENGTH)
            file.add(f"{kind} triangles", part.triangles)
            file.add(f"{kind} materials", part.materials)
            file.add(f"{kind} colours", part.colours, COLOUR)
        return file.pack(header)

    def person_file(self, name: str) -> bytes:
        """Return the file of one person's mesh, skin and occluders.

        Raises
        ------
        ArgumentError
            If an occluder has another shape on this person than on the first.
        """
        identity, file = self.people[name], _File()
        _add_person(file, identity)
        for kind, seed in self.occluders.items():
            first = self._parts[kind]
            part = make_occluder(kind, body_of(identity), seed)
            if not np.array_equal(first.triangles, part.triangles):
                raise ArgumentError(
                    f"The {kind} of seed {seed} has another shape on person {name} "
                    "than on the first; choose another seed."
                )
            file.add(kind, _steps(part.vertices) - _steps(first.vertices))
            if not np.allclose(first.colours, part.colours, atol=COLOUR):
                # dark glass has some of the skin's colour
                file.add(f"{kind} colours", part.colours, COLOUR)
        return file.pack({})


def _add_head(file: _File, header: dict) -> None:
    """Add what all people share: units, triangles, rest places, masks, folds, noise."""
    head = load_head()
    keep = head.materials != mesh.HAIR
    file.add("triangles", head.triangles[keep])
    file.add("materials", head.materials[keep])
    file.add("rest", head.vertices, LENGTH)
    file.add("masks", head.masks[:, :2], 1 / 255)
    moved = [head.targets[f"unit/{unit}"] for unit in UNITS]
    file.add("unit start", np.cumsum([0, *(len(rows) for rows, _ in moved)]))
    file.add("unit rows", np.concatenate([rows for rows, _ in moved]))
    file.add("unit moves", np.concatenate([delta for _, delta in moved]), 1e-3)
    file.add("noise", paint.noise_tile(), NOISE, field=True)
    header["gains"] = [GAINS.get(without_side(unit), 1.0) for unit in UNITS]
    header["folds"] = {name: asdict(fold) for name, fold in paint.FOLDS.items()}


def _person(identity: Identity) -> dict:
    """Return the numbers of a person that the page paints with."""
    return {
        "seed": identity.seed,
        "words": in_words(identity),
        "age": identity.age,
        "oiliness": identity.oiliness,
        "iris": identity.iris,
        "skin_tone": identity.skin_tone,
        "brow": paint.brow_colour(identity).tolist(),
        "hair": paint.hair_colour(identity).tolist(),
        "growth": [float(one) for one in paint.scalp_growth(identity)],
    }


def in_words(identity: Identity) -> str:
    """Describe a person for those who do not see the picture.

    Examples
    --------
    >>> in_words(random_identity(3))
    'a man of 41, light skin, short hair, stubble'
    """
    tones = ("very light", "light", "medium", "dark", "very dark")
    tone = tones[min(int(identity.skin_tone * len(tones)), len(tones) - 1)]
    noun = "woman" if identity.sex == "female" else "man"
    words = [f"a {noun} of {identity.age:.0f}", f"{tone} skin"]
    if identity.covering != "none":
        words.append(f"a {identity.covering}")
    elif identity.hair in ("bald", "locs"):
        words.append(identity.hair)
    else:
        words.append(f"{identity.hair} hair")
    if identity.beard != "none":
        hair = identity.beard in ("short", "full")
        words.append(f"a {identity.beard} beard" if hair else identity.beard)
    return ", ".join(words)


def _add_person(file: _File, identity: Identity) -> None:
    """Add a person's mesh and skin."""
    head, figure = load_head(), dressed(identity, wide=False)
    count = len(head.vertices)
    file.add("head", _steps(figure.vertices[:count]) - _steps(head.vertices))
    for key, field in paint.skin_pigments(identity)._asdict().items():
        step = RELIEF if key == "relief" else PIGMENT
        file.add(key, field * _silhouette(), step, field=True)
    first = (figure.triangles < count).all(axis=1).sum()
    if first < len(figure.triangles):
        hair = (figure.materials[first:] == mesh.HAIR).all()
        file.add("worn vertices", figure.vertices[count:], LENGTH)
        file.add("worn triangles", figure.triangles[first:] - count)
        file.add("worn materials", figure.materials[first:])
        step = TINT if hair else COLOUR
        file.add("worn colours", figure.colours[count:], step)
        if mesh.HAIR in figure.materials:
            file.add("worn rest", figure.rest[count:], STRAND)


def _steps(lengths: np.ndarray) -> np.ndarray:
    return np.rint(np.asarray(lengths, float) / LENGTH)


@cache
def _silhouette() -> np.ndarray:
    """Return the texels (240, 192) that some of the skin has, as True."""
    head = load_head()
    across = (head.vertices[:, 0] - paint.LEFT) * paint.TEXELS
    down = (paint.TOP - head.vertices[:, 1]) * paint.TEXELS
    pixels = np.stack([across, down], axis=1).astype(np.float32)
    skin = head.triangles_of(mesh.SKIN)
    both_sided, side = np.zeros(len(skin), bool), max(paint.SHAPE)
    nearness = np.ascontiguousarray(head.vertices[:, 2])
    seen = rasterise(pixels, nearness, skin, both_sided, side).triangle >= 0
    rows, columns = paint.SHAPE
    used = maximum_filter(seen[:rows, :columns], 5)
    used[-1] = True  # all of the shoulders
    return used
