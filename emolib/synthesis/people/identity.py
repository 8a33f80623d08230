"""The people of SynthFace: what is known of a person, and how one is drawn."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emolib.synthesis.people.expression import UNITS, without_side
from emolib.synthesis.people.pack import shape_sliders

SEXES = ("female", "male")
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


class Ancestry(NamedTuple):
    """Weights of the mesh's ancestry targets, 0 to 1; they sum to 1."""

    african: float
    asian: float
    caucasian: float


class Colour(NamedTuple):
    """Linear RGB reflectance, each 0 to 1."""

    red: float
    green: float
    blue: float


#: The colours that people dye their hair.
DYES = (
    Colour(0.30, 0.02, 0.02),
    Colour(0.45, 0.30, 0.14),
    Colour(0.02, 0.03, 0.14),
    Colour(0.16, 0.03, 0.10),
    Colour(0.05, 0.018, 0.008),
)


class Hairline(NamedTuple):
    """How a hairline differs from the usual one, decimetres."""

    middle: float  #: how far it has receded above the forehead
    temples: float  #: how far it has receded there
    sideburns: float  #: how much higher they end


class Brow(NamedTuple):
    """The form of the eyebrows; the last four are around 0."""

    thickness: float  #: 0 to 1
    density: float  #: 0 to 1
    arch: float
    height: float
    slope: float
    gap: float  #: between the brows


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
    ancestry : Ancestry
        Weights of the ancestry targets.
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
    hair_dye : Colour or None
        Colour of dyed hair; None for most people.
    hair_curl, hair_volume : float
        From straight (0) to coiled (1), and from flat (0) to full (1).
    hair_line : Hairline
        Where hair begins on forehead and cheeks.
    hair_part : float
        x of the parting, decimetres; a fringe is swept to that side.
    hair_end, hair_fringe : float
        Height at which long hair ends, and of the fringe above its lowest, decimetres.
    brow : Brow
        Form of the eyebrows.
    beard : str
        One of `BEARDS`.
    beard_density, beard_length : float
        0 (sparse) to 1 (dense), and how far it rises from the skin, decimetres.
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
        people wear any, independently of sex, age and ancestry.
    """

    seed: int
    sex: str
    age: float
    ancestry: Ancestry
    weight: float
    sliders: tuple[tuple[str, float], ...]
    skin_tone: float
    redness: float
    hair: str
    hair_tone: float
    hair_red: float
    hair_grey: float
    hair_dye: Colour | None
    hair_curl: float
    hair_volume: float
    hair_line: Hairline
    hair_part: float
    hair_end: float
    hair_fringe: float
    brow: Brow
    beard: str
    beard_density: float
    beard_length: float
    iris: float
    glasses: bool
    oiliness: float
    style: tuple[tuple[str, float], ...]
    garment: str = "crew"
    covering: str = "none"


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
    weights = rng.dirichlet([0.25 + 1.2 * tone, 0.6, 1.45 - 1.2 * tone])
    ancestry = Ancestry(*map(float, weights))
    sliders = []
    drawn = {}
    for name, (_, minus) in shape_sliders().items():
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
        ancestry=ancestry,
        weight=float(np.clip(rng.normal(0, 0.4), -1, 1)),
        sliders=tuple(sliders),
        skin_tone=tone,
        redness=float(rng.uniform(0.1, 0.9)),
        **_random_hair(seed, sex, age, ancestry, tone),
        iris=float(np.clip(rng.normal(0.4 + 0.5 * tone, 0.25), 0, 1)),
        glasses=bool(rng.random() < 0.25),
        oiliness=float(rng.uniform(0.05, 0.6)),
        style=_random_style(rng),
        **_random_clothes(seed),
    )


def _random_hair(
    seed: int, sex: str, age: float, ancestry: Ancestry, tone: float
) -> dict:
    """Draw the hair, brow and beard fields of `Identity`, from a stream of their own.

    Hair coils with the probability of the African ancestry. Grey sets in between 30 and
    65. Three in a hundred people are red-haired before it, five in a hundred dye.
    """
    rng = np.random.default_rng([seed, 20])
    uniform, normal = rng.uniform, rng.normal
    male = sex == "male"
    coiled = uniform() < ancestry.african
    shares = [row[2 * coiled + male] for row in HAIRSTYLES.values()]
    hair = str(rng.choice(list(HAIRSTYLES), p=shares))
    if hair == "receding" and age < 30:
        hair = "buzz"
    old = float(np.clip((age - 25) / 45, 0, 1))
    fair = ancestry.caucasian * (1 - tone)
    blond = uniform() < 1.1 * fair
    darkness = normal(0.25 if blond else 0.78 + 0.15 * tone, 0.15)
    red = uniform() < 0.03 + 0.10 * fair
    dyed = uniform() < 0.05 + 0.12 * old
    dye = DYES[rng.integers(len(DYES))] if dyed else None
    grey = np.clip(normal((age - 50) / 24, 0.3), 0, 1)
    ends = {"bob": (6.3, 6.75), "fringe": (6.3, 7.0), "locs": (5.9, 6.9)}
    beard = str(rng.choice(list(BEARDS), p=list(BEARDS.values()))) if male else "none"
    lengths = {"full": (0.08, 0.32), "short": (0.02, 0.06), "goatee": (0.02, 0.12)}
    return {
        "hair": hair,
        "hair_tone": float(np.clip(darkness, 0.02, 1)),
        "hair_red": float(uniform(0.5, 1) if red else uniform(0, 0.15)),
        "hair_grey": float(grey),
        "hair_dye": None if male else dye,
        "hair_curl": float(uniform(0.7, 1) if coiled else uniform(0, 0.6)),
        "hair_volume": float(uniform(0, 1)),
        "hair_line": Hairline(
            middle=float(uniform(-0.10, 0.10) + male * old * uniform(0, 0.15)),
            temples=float(uniform(-0.03, 0.06) + male * old * uniform(0, 0.20)),
            sideburns=float(uniform(-0.15, 0.15) if male else uniform(0.0, 0.3)),
        ),
        "hair_part": float(normal(0, 0.2)),
        "hair_end": float(uniform(*ends.get(hair, (5.6, 6.3)))),
        "hair_fringe": float(uniform(0, 0.16)),
        "brow": Brow(
            thickness=float(uniform(0.35, 1) if male else uniform(0.05, 0.6)),
            density=float(uniform(0.55, 1)),
            arch=float(normal(0, 0.4)),
            height=float(uniform(-0.5, 1)),
            slope=float(normal(0, 1)),
            gap=float(normal(0, 1)),
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
