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
from emolib.synthesis.drawing.mesh import EYE, SKIN, TEETH
from emolib.synthesis.people.expression import UNITS, without_side

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

#: How far (x, y, z) the pack's lower teeth are taken down and back, decimetres: where
#: they stand they fill every opened mouth, while lips hide them in real ones.
LOWER_TEETH_DROP = np.array([0.0, 0.07, 0.03], np.float32)

SEXES = ("female", "male")
ANCESTRIES = ("african", "asian", "caucasian")
#: What people wear around the neck.
GARMENTS = ("crew", "v-neck", "shirt", "turtleneck", "hoodie", "scarf")
#: What people wear on the head.
COVERINGS = (
    "none", "beanie", "cap", "woolly hat", "brimmed hat", "hood", "headscarf",
    "turban", "bandana", "headband",
)  # fmt: skip


#: Shares of the hairstyles: of women and men whose hair does not coil, then of women
#: and men whose hair does. Men below 30 whose draw is "receding" have a buzz cut.
HAIRSTYLES = {
    "bald": (0.01, 0.07, 0.03, 0.12),
    "receding": (0.00, 0.14, 0.00, 0.08),
    "buzz": (0.02, 0.14, 0.10, 0.34),
    "short": (0.09, 0.24, 0.10, 0.20),
    "side part": (0.06, 0.15, 0.00, 0.00),
    "swept back": (0.06, 0.10, 0.06, 0.02),
    "fringe": (0.16, 0.06, 0.04, 0.00),
    "bob": (0.14, 0.01, 0.05, 0.00),
    "long straight": (0.16, 0.03, 0.05, 0.00),
    "long wavy": (0.14, 0.02, 0.07, 0.00),
    "curly": (0.05, 0.03, 0.22, 0.12),
    "locs": (0.00, 0.00, 0.16, 0.10),
    "bun": (0.11, 0.01, 0.12, 0.02),
}
#: Shares of the beards of men; women have none.
BEARDS = {
    "none": 0.36, "stubble": 0.20, "moustache": 0.07, "goatee": 0.10,
    "chin strap": 0.04, "short": 0.14, "full": 0.09,
}  # fmt: skip


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
    hair : str
        One of `HAIRSTYLES`.
    hair_tone, hair_red, hair_grey : float
        Darkness of the pigment (0 blond, 1 black), how red it is, share of grey.
    hair_dye : tuple of float
        Linear RGB reflectance of dyed hair; empty for most people.
    hair_curl, hair_volume : float
        From straight (0) to coiled (1), and from flat (0) to full (1).
    hair_line : tuple of float
        How far the hairline has receded in the middle and at the temples, and how much
        higher than usual the sideburns end, decimetres.
    hair_part : float
        Where the parting lies, decimetres; a fringe is swept that way.
    hair_end, hair_fringe : float
        Height at which long hair ends, and of the fringe above its lowest, decimetres.
    brow : tuple of float
        Of the eyebrows: thickness and density, 0 to 1, arch and height, around 0, and
        slope and gap, around 0.
    beard : str
        One of `BEARDS`.
    beard_density, beard_length : float
        0 (sparse) to 1 (dense), and how far it stands off, decimetres.
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
    hair_red: float
    hair_grey: float
    hair_dye: tuple[float, ...]
    hair_curl: float
    hair_volume: float
    hair_line: tuple[float, float, float]
    hair_part: float
    hair_end: float
    hair_fringe: float
    brow: tuple[float, float, float, float, float, float]
    beard: str
    beard_density: float
    beard_length: float
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

    Sexes are equally likely; ages and skin tones are spread evenly. The weights of the
    ancestry targets lean with the tone, but any of them occurs with any tone.

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
    tone = float(rng.uniform(0, 1))
    ancestry = rng.dirichlet([0.25 + 1.2 * tone, 0.6, 1.45 - 1.2 * tone])
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
    return Identity(
        seed=seed,
        sex=sex,
        age=age,
        ancestry=tuple(float(weight) for weight in ancestry),
        weight=float(np.clip(rng.normal(0, 0.4), -1, 1)),
        sliders=tuple(sliders),
        skin_tone=tone,
        redness=float(rng.uniform(0.1, 0.9)),
        **_random_hair(seed, sex, age, tuple(ancestry), tone),
        iris=float(np.clip(rng.normal(0.4 + 0.5 * tone, 0.25), 0, 1)),
        glasses=bool(rng.random() < 0.25),
        oiliness=float(rng.uniform(0.05, 0.6)),
        style=_random_style(rng),
        **_random_clothes(seed),
    )


def _random_hair(
    seed: int, sex: str, age: float, ancestry: tuple[float, ...], tone: float
) -> dict:
    """Draw the hair, brow and beard fields of `Identity`, from a stream of their own.

    Hair coils with the probability of the first ancestry. Grey sets in between 30 and
    65. Three in a hundred people are red-haired before it, five in a hundred dye.
    """
    rng = np.random.default_rng([seed, 20])
    uniform, normal = rng.uniform, rng.normal
    male = sex == "male"
    coiled = uniform() < ancestry[0]
    shares = [row[2 * coiled + male] for row in HAIRSTYLES.values()]
    hair = str(rng.choice(list(HAIRSTYLES), p=shares))
    if hair == "receding" and age < 30:
        hair = "buzz"
    old = float(np.clip((age - 25) / 45, 0, 1))
    fair = ancestry[2] * (1 - tone)
    blond = uniform() < 1.1 * fair
    darkness = normal(0.25 if blond else 0.78 + 0.15 * tone, 0.15)
    red = uniform() < 0.03 + 0.10 * fair
    dyes = ((0.30, 0.02, 0.02), (0.45, 0.30, 0.14), (0.02, 0.03, 0.14),
            (0.16, 0.03, 0.10), (0.05, 0.018, 0.008))  # fmt: skip
    dye = dyes[rng.integers(len(dyes))] if uniform() < 0.05 + 0.12 * old else ()
    grey = np.clip(normal((age - 50) / 24, 0.3), 0, 1)
    ends = {"bob": (6.3, 6.75), "fringe": (6.3, 7.0), "locs": (5.9, 6.9)}
    beard = str(rng.choice(list(BEARDS), p=list(BEARDS.values()))) if male else "none"
    lengths = {"full": (0.08, 0.32), "short": (0.02, 0.06), "goatee": (0.02, 0.12)}
    return {
        "hair": hair,
        "hair_tone": float(np.clip(darkness, 0.02, 1)),
        "hair_red": float(uniform(0.5, 1) if red else uniform(0, 0.15)),
        "hair_grey": float(grey),
        "hair_dye": dye if not male else (),
        "hair_curl": float(uniform(0.7, 1) if coiled else uniform(0, 0.6)),
        "hair_volume": float(uniform(0, 1)),
        "hair_line": (
            float(uniform(-0.10, 0.10) + male * old * uniform(0, 0.15)),
            float(uniform(-0.03, 0.06) + male * old * uniform(0, 0.20)),
            float(uniform(-0.15, 0.15) if male else uniform(0.0, 0.3)),
        ),
        "hair_part": float(normal(0, 0.2)),
        "hair_end": float(uniform(*ends.get(hair, (5.6, 6.3)))),
        "hair_fringe": float(uniform(0, 0.16)),
        "brow": (
            float(uniform(0.35, 1) if male else uniform(0.05, 0.6)),
            float(uniform(0.55, 1)),
            float(normal(0, 0.4)),
            float(uniform(-0.5, 1)),
            float(normal(0, 1)),
            float(normal(0, 1)),
        ),
        "beard": beard,
        "beard_density": float(uniform(0.4, 1)),
        "beard_length": float(uniform(*lengths.get(beard, (0.0, 0.015)))),
    }


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
def skin_rows() -> np.ndarray:
    """Return the vertices (k,) of the skin."""
    head = load_head()
    return np.unique(head.triangles[head.materials == SKIN])


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
