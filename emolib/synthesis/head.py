"""The head: its mesh, its shape and action targets, and the people made from them.

The mesh and its targets come from MakeHuman and the Face Units pack, both CC0
(``data/head/PROVENANCE.md``). Lengths are in decimetres, y is up, z points out of
the face and +x is the person's left. Taught in chapter 2.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from zipfile import BadZipFile

import numpy as np

from emolib.paths import data_folder
from emolib.synthesis.expression import UNITS, without_side
from emolib.synthesis.mesh import EYE

#: Distance between the pupils of every head after normalisation, decimetres.
INTEROCULAR = 0.62
#: The middle between the pupils of every head after normalisation.
EYES = np.array([0.0, 7.285, 1.38], np.float32)

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

SEXES = ("female", "male")
ANCESTRIES = ("african", "asian", "caucasian")
#: What people wear around the neck.
GARMENTS = ("crew", "v-neck", "shirt", "turtleneck", "hoodie", "scarf")
#: What people wear on the head.
COVERINGS = (
    "none", "beanie", "cap", "woolly hat", "brimmed hat", "hood", "headscarf",
    "turban", "bandana", "headband",
)  # fmt: skip


class HeadPackError(FileNotFoundError):
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
    targets: dict


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
        return Head(
            vertices=arrays["vertices"],
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


@dataclass(frozen=True)
class Identity:
    """One synthetic person: the shape of the head and the look of its surface.

    Attributes
    ----------
    seed : int
        What `random_identity` made this person from.
    sex : {"female", "male"}
        Which of the mesh's sex targets shapes the head.
    age : float
        Years, 18 to 75.
    ancestry : tuple of float
        Weights of `ANCESTRIES`' shape targets; they sum to 1.
    weight : float
        -1 (thin) to 1 (heavy).
    sliders : tuple of (name, value)
        Weights of the shape targets.
    skin_tone : float
        Melanin, 0 (lightest) to 1 (darkest).
    redness : float
        Haemoglobin, 0 to 1.
    hair : {"bald", "short", "long"}
        Style; `hair_height` is how far it stands off, decimetres.
    hair_tone, hair_grey, hair_height, hair_line : float
        Darkness of the pigment (0 blond, 1 black), share of grey, height, and how far
        the hairline has receded, decimetres.
    brow : tuple of float
        Of the eyebrows: thickness, density and arch, 0 to 1, and height, around 0.
    beard : float
        0 (shaven) to 1 (full and dark).
    iris : float
        Darkness of the iris, 0 (light) to 1 (dark).
    glasses : bool
        Whether the person wears glasses.
    oiliness : float
        Strength of the highlights, 0 to 1.
    style : tuple of (unit, gain)
        How strongly this person moves each action unit, around 1.
    garment : str
        What the person wears around neck and shoulders, one of `GARMENTS`.
    covering : str
        What the person wears on the head, one of `COVERINGS`; about one in eight
        people wear any, whatever their sex, age and ancestry.
    """

    seed: int
    sex: str
    age: float
    ancestry: tuple[float, float, float]
    weight: float
    sliders: tuple[tuple[str, float], ...]
    skin_tone: float
    redness: float
    hair: str
    hair_tone: float
    hair_grey: float
    hair_height: float
    hair_line: float
    brow: tuple[float, float, float, float]
    beard: float
    iris: float
    glasses: bool
    oiliness: float
    style: tuple[tuple[str, float], ...]
    garment: str = "crew"
    covering: str = "none"


@cache
def _slider_pairs() -> dict[str, tuple[str, str | None]]:
    """Map a slider to its positive and negative target, in a fixed order."""
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


def random_identity(seed: int, *, spread: float = 0.2) -> Identity:
    """Draw one person.

    Sexes are equally likely and ages spread evenly. The skin tone is the mean of an
    even draw and of one that follows the ancestry targets, so that very light and very
    dark people are rarer than those between.

    Parameters
    ----------
    seed : int
        The same seed gives the same person.
    spread : float
        Standard deviation of the shape sliders. 0.13 to 0.25 look plausible, above
        0.3 faces turn into caricatures.

    Examples
    --------
    >>> random_identity(7) == random_identity(7)
    True
    """
    rng = np.random.default_rng([seed, 1])
    sex = SEXES[rng.integers(2)]
    age = float(rng.uniform(18, 75))
    ancestry = rng.dirichlet([0.6, 0.6, 0.6])
    sliders = []
    drawn = {}
    for name, (_, minus) in _slider_pairs().items():
        stem = name[2:] if name[:2] in ("l-", "r-") else name
        if stem not in drawn:
            drawn[stem] = rng.normal(0, spread)
        value = drawn[stem] + (rng.normal(0, 0.25 * spread) if stem != name else 0)
        if name.startswith("asym"):
            value *= 0.7
        value = float(np.clip(value, -3 * spread, 3 * spread))
        sliders.append((name, abs(value) if minus is None else value))
    tone = 0.75 * ancestry[0] + 0.3 * ancestry[1] + 0.15 * ancestry[2]
    tone = float(np.clip(0.5 * tone + 0.5 * rng.uniform(0, 1), 0, 1))
    grey = float(np.clip(rng.normal((age - 45) / 25, 0.3), 0, 1))
    styles = ("bald", "short", "long")
    chances = (0.02, 0.33, 0.65) if sex == "female" else (0.15, 0.8, 0.05)
    hair = styles[rng.choice(3, p=chances)]
    bearded = sex == "male" and rng.random() < 0.45
    return Identity(
        seed=seed,
        sex=sex,
        age=age,
        ancestry=tuple(float(weight) for weight in ancestry),
        weight=float(np.clip(rng.normal(0, 0.4), -1, 1)),
        sliders=tuple(sliders),
        skin_tone=tone,
        redness=float(rng.uniform(0.1, 0.9)),
        hair=hair,
        hair_tone=float(np.clip(rng.normal(0.45 + 0.5 * tone, 0.22), 0.05, 1)),
        hair_grey=grey,
        hair_height=float(rng.uniform(0.04, 0.16)),
        hair_line=float(
            rng.uniform(0, 0.12) + (rng.uniform(0, 0.25) * (sex == "male"))
        ),
        brow=(
            float(rng.uniform(0.3, 1) if sex == "male" else rng.uniform(0.05, 0.7)),
            float(rng.uniform(0.5, 1)),
            float(rng.normal(0, 0.35)),
            float(rng.uniform(0, 1)),
        ),
        beard=float(rng.uniform(0.25, 1))
        if bearded
        else float(rng.uniform(0, 0.12))
        if sex == "male"
        else 0.0,
        iris=float(np.clip(rng.normal(0.4 + 0.5 * tone, 0.25), 0, 1)),
        glasses=bool(rng.random() < 0.25),
        oiliness=float(rng.uniform(0.05, 0.6)),
        style=_random_style(rng),
        **_random_clothes(seed),
    )


def _random_clothes(seed: int) -> dict[str, str]:
    rng = np.random.default_rng([seed, 12])  # leaves the person's other draws alone
    garment = GARMENTS[rng.choice(6, p=[0.36, 0.14, 0.2, 0.1, 0.12, 0.08])]
    covered = rng.random() < 0.12
    covering = COVERINGS[1 + rng.integers(len(COVERINGS) - 1)] if covered else "none"
    return {"garment": garment, "covering": covering}


def _random_style(rng: np.random.Generator) -> tuple[tuple[str, float], ...]:
    units = sorted(UNITS)
    stems = sorted({without_side(unit) for unit in units})
    stem_gain = {stem: rng.normal(0, 0.12) for stem in stems}
    return tuple(
        (unit, float(np.exp(stem_gain[without_side(unit)] + rng.normal(0, 0.05))))
        for unit in units
    )


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
    for stage, share in (("young", 1 - old), ("old", old)):
        for ancestry, weight in zip(ANCESTRIES, identity.ancestry, strict=True):
            add(f"macro/{ancestry}-{identity.sex}-{stage}", weight * share)
        extreme = "maxweight" if identity.weight > 0 else "minweight"
        add(
            f"macro/universal-{identity.sex}-{stage}-averagemuscle-{extreme}",
            abs(identity.weight) * share,
        )
    pairs = _slider_pairs()
    for name, value in identity.sliders:
        plus, minus = pairs[name]
        add(f"shape/{plus if value >= 0 or minus is None else minus}", abs(value))

    left, right = pupils(vertices)
    scale = INTEROCULAR / np.linalg.norm(left - right)
    vertices = (vertices - (left + right) / 2) * scale + EYES
    vertices = vertices.astype(np.float32)
    vertices.setflags(write=False)
    return vertices


@cache
def pupil_rows() -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices in front of the person's left and right pupil."""
    head = load_head()
    rows = np.unique(head.triangles[head.materials == EYE])
    front = head.vertices[rows]
    near = np.hypot(np.abs(front[:, 0]) - 0.31, front[:, 1] - 7.285) < 0.075
    near &= front[:, 2] > 1.3
    left = rows[near & (front[:, 0] > 0)]
    return left, rows[near & (front[:, 0] < 0)]


def pupils(vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions (3,) of the person's left and right pupil."""
    left, right = pupil_rows()
    return vertices[left].mean(axis=0), vertices[right].mean(axis=0)
