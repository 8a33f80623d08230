"""From an emotion to the facial action units that show it.

The units are the 52 of the Face Units pack (the ARKit names); `ACTION_UNITS` maps
FACS numbers to them. The prototypes follow the FACS manual, EMFACS and Du, Tao &
Martinez (2014); these disagree with each other, so every emotion has several
variants.
"""

from dataclasses import dataclass
from numbers import Real

import numpy as np

from emolib.emotions import get_emotion
from emolib.errors import ArgumentError, EmolibError, did_you_mean

_SIDED = (
    "browDown", "browOuterUp", "cheekSquint", "eyeBlink", "eyeLookDown", "eyeLookIn",
    "eyeLookOut", "eyeLookUp", "eyeSquint", "eyeWide", "mouthDimple", "mouthFrown",
    "mouthLowerDown", "mouthPress", "mouthSmile", "mouthStretch", "mouthUpperUp",
    "noseSneer",
)  # fmt: skip
_MIDDLE = (
    "browInnerUp", "cheekPuff", "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthFunnel", "mouthLeft", "mouthPucker", "mouthRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "tongueOut",
)  # fmt: skip

#: The 52 action units: those with a left and a right version, then the others.
UNITS: tuple[str, ...] = tuple(
    sorted([f"{unit}{side}" for unit in _SIDED for side in ("Left", "Right")])
    + sorted(_MIDDLE)
)

#: FACS action unit -> the unit (without side) that renders it.
ACTION_UNITS: dict[int, str] = {
    1: "browInnerUp", 2: "browOuterUp", 4: "browDown", 5: "eyeWide", 6: "cheekSquint",
    7: "eyeSquint", 9: "noseSneer", 10: "mouthUpperUp", 12: "mouthSmile",
    14: "mouthDimple", 15: "mouthFrown", 16: "mouthLowerDown", 17: "mouthShrugLower",
    18: "mouthPucker", 20: "mouthStretch", 22: "mouthFunnel", 24: "mouthPress",
    26: "jawOpen", 28: "mouthRollLower",
}  # fmt: skip

#: Some of the pack's units move the skin only 5 to 7 mm at weight 1; these factors
#: bring them to the amplitude of the others.
GAINS: dict[str, float] = {
    "browInnerUp": 1.5, "browOuterUp": 1.35, "browDown": 1.25, "noseSneer": 1.6,
    "eyeWide": 1.3, "mouthUpperUp": 1.25, "mouthSmile": 1.1, "mouthStretch": 1.3,
    "mouthLowerDown": 1.2, "mouthPress": 1.2, "eyeSquint": 1.2,
}  # fmt: skip

#: Weights above this leave the range in which the units were modelled.
MAX_WEIGHT = 1.6


class UnknownUnitError(EmolibError, ValueError):
    """A name that is none of the action units; the message suggests the nearest."""


@dataclass(frozen=True)
class Prototype:
    """One way to show an emotion: ranges of weights, and how often it is chosen.

    Attributes
    ----------
    share : float
        Probability among the emotion's prototypes.
    weights : dict of str to (low, high)
        Unit without side -> range of its weight at intensity 1.
    """

    share: float
    weights: dict[str, tuple[float, float]]


PROTOTYPES: dict[str, tuple[Prototype, ...]] = {
    "anger": (
        Prototype(  # 4 + 7 + 24: lips pressed, eyes narrowed (Du et al.)
            0.30,
            {
                "browDown": (1.0, 1.5), "eyeSquint": (0.1, 0.6),
                "mouthPress": (0.6, 1.2), "mouthRollLower": (0.2, 0.8),
                "mouthRollUpper": (0.0, 0.5), "mouthShrugLower": (0.2, 0.9),
                "noseSneer": (0.0, 0.2),
            },
        ),
        Prototype(  # 4 + 5 + 7 + 23: glare (EMFACS)
            0.20,
            {
                "browDown": (1.0, 1.5), "eyeSquint": (0.1, 0.4),
                "eyeWide": (0.3, 0.8), "mouthPress": (0.4, 1.0),
                "mouthRollLower": (0.1, 0.7), "mouthShrugLower": (0.2, 0.9),
                "noseSneer": (0.0, 0.2),
            },
        ),
        Prototype(  # 4 + 7 + 17: lips shut, chin raised
            0.15,
            {
                "browDown": (1.0, 1.5), "eyeSquint": (0.1, 0.5),
                "mouthShrugLower": (0.5, 1.2), "mouthFrown": (0.1, 0.6),
                "mouthPress": (0.1, 0.5), "noseSneer": (0.0, 0.2),
            },
        ),
        Prototype(  # 4 + 7 + 10 + 16 + 22 + 25: bared teeth
            0.20,
            {
                "browDown": (1.1, 1.5), "eyeSquint": (0.1, 0.5),
                "mouthUpperUp": (0.3, 0.8), "mouthLowerDown": (0.7, 1.2),
                "mouthStretch": (0.1, 0.6), "mouthFunnel": (0.1, 0.5),
                "jawOpen": (0.0, 0.15), "noseSneer": (0.0, 0.4),
            },
        ),
        Prototype(  # 4 + 7 + 10 + 22 + 26: shouting
            0.15,
            {
                "browDown": (1.1, 1.5), "eyeSquint": (0.1, 0.5),
                "eyeWide": (0.0, 0.4), "mouthFunnel": (0.2, 0.6),
                "mouthUpperUp": (0.2, 0.7), "mouthLowerDown": (0.5, 1.1),
                "jawOpen": (0.25, 0.7), "noseSneer": (0.0, 0.35),
            },
        ),
    ),
    "disgust": (
        Prototype(  # 6 + 9 + 10: nose wrinkled, upper lip and cheeks raised
            0.25,
            {
                "noseSneer": (1.0, 1.6), "mouthUpperUp": (0.6, 1.3),
                "browDown": (0.0, 0.5), "eyeSquint": (0.3, 0.9),
                "cheekSquint": (0.3, 0.9), "mouthFrown": (0.2, 0.8),
                "jawOpen": (0.0, 0.1),
            },
        ),
        Prototype(  # 9 + 10 + 17, cheeks at rest (Du et al.)
            0.25,
            {
                "noseSneer": (1.0, 1.6), "mouthUpperUp": (0.4, 1.0),
                "mouthShrugLower": (0.3, 0.9), "browDown": (0.0, 0.5),
                "eyeSquint": (0.2, 0.8), "mouthFrown": (0.3, 0.9),
            },
        ),
        Prototype(  # 4 + 10 + 17: mouth shut, lips pushed up (FACS manual)
            0.25,
            {
                "noseSneer": (0.7, 1.4), "mouthShrugUpper": (0.4, 1.0),
                "mouthShrugLower": (0.6, 1.2), "browDown": (0.1, 0.7),
                "eyeSquint": (0.2, 0.8), "mouthFrown": (0.5, 1.1),
            },
        ),
        Prototype(  # 9 + 15 + 16: lip corners and lower lip down (EMFACS)
            0.12,
            {
                "noseSneer": (0.9, 1.5), "mouthFrown": (0.6, 1.2),
                "mouthLowerDown": (0.3, 0.9), "mouthUpperUp": (0.4, 1.0),
                "browDown": (0.0, 0.5), "eyeSquint": (0.2, 0.7),
                "jawOpen": (0.0, 0.15),
            },
        ),
        Prototype(  # 9 + 10 + 19 + 26: mouth open, tongue coming forward
            0.13,
            {
                "noseSneer": (1.0, 1.6), "mouthUpperUp": (0.6, 1.2),
                "mouthFrown": (0.3, 0.9), "mouthLowerDown": (0.3, 0.8),
                "jawOpen": (0.15, 0.4), "tongueOut": (0.0, 0.5),
                "browDown": (0.0, 0.5), "eyeSquint": (0.3, 0.9),
            },
        ),
    ),
    "fear": (
        Prototype(  # 1 + 2 + 4 + 5 + 20 + 25 (FACS manual)
            0.45,
            {
                "browInnerUp": (0.9, 1.5), "browOuterUp": (0.1, 0.6),
                "browDown": (0.1, 0.5), "eyeWide": (0.7, 1.3),
                "mouthStretch": (0.7, 1.5), "mouthLowerDown": (0.4, 1.2),
                "jawOpen": (0.0, 0.15),
            },
        ),
        Prototype(  # 1 + 2 + 4 + 5 + 20 + 26 (EMFACS)
            0.35,
            {
                "browInnerUp": (0.9, 1.5), "browOuterUp": (0.2, 0.7),
                "browDown": (0.2, 0.5), "eyeWide": (0.7, 1.3),
                "mouthStretch": (0.7, 1.5), "mouthLowerDown": (0.3, 1.0),
                "jawOpen": (0.15, 0.4),
            },
        ),
        Prototype(  # 1 + 4 + 5 + 20: lips stretched and nearly shut
            0.20,
            {
                "browInnerUp": (0.9, 1.5), "browOuterUp": (0.0, 0.4),
                "browDown": (0.2, 0.6), "eyeWide": (0.8, 1.4),
                "mouthStretch": (0.8, 1.5), "mouthLowerDown": (0.1, 0.4),
                "mouthFrown": (0.0, 0.4),
            },
        ),
    ),
    "happiness": (
        Prototype(  # 6 + 12 + 25: smile that shows the teeth
            0.45,
            {
                "mouthSmile": (0.7, 1.2), "cheekSquint": (0.3, 1.0),
                "eyeSquint": (0.1, 0.6), "mouthUpperUp": (0.3, 0.9),
                "mouthLowerDown": (0.1, 0.6), "mouthStretch": (0.0, 0.5),
                "jawOpen": (0.0, 0.1),
            },
        ),
        Prototype(  # 6 + 12 + 26: laughing
            0.20,
            {
                "mouthSmile": (0.8, 1.3), "cheekSquint": (0.5, 1.1),
                "eyeSquint": (0.2, 0.9), "mouthUpperUp": (0.3, 0.9),
                "mouthLowerDown": (0.0, 0.5), "jawOpen": (0.2, 0.6),
            },
        ),
        Prototype(  # 6 + 12: closed smile
            0.25,
            {
                "mouthSmile": (0.8, 1.3), "cheekSquint": (0.3, 1.0),
                "eyeSquint": (0.1, 0.6), "mouthDimple": (0.0, 0.5),
            },
        ),
        Prototype(  # 12 + 25: polite, the eyes stay out of it (Du et al.)
            0.10,
            {
                "mouthSmile": (0.7, 1.1), "mouthUpperUp": (0.2, 0.7),
                "mouthLowerDown": (0.1, 0.5), "browOuterUp": (0.0, 0.4),
            },
        ),
    ),
    "sadness": (
        Prototype(  # 1 + 4 + 15 (EMFACS)
            0.35,
            {
                "browInnerUp": (0.9, 1.5), "browDown": (0.1, 0.5),
                "mouthFrown": (0.8, 1.5), "mouthShrugLower": (0.1, 0.6),
                "eyeBlink": (0.0, 0.2),
            },
        ),
        Prototype(  # 1 + 4 + 15 + 17, eyes lowered
            0.35,
            {
                "browInnerUp": (0.8, 1.5), "browDown": (0.2, 0.6),
                "mouthFrown": (0.7, 1.4), "mouthShrugLower": (0.5, 1.2),
                "eyeBlink": (0.0, 0.3), "eyeLookDown": (0.0, 0.7),
            },
        ),
        Prototype(  # 4 + 15 (Du et al.)
            0.15,
            {
                "browInnerUp": (0.4, 0.9), "browDown": (0.3, 0.7),
                "mouthFrown": (0.9, 1.5), "mouthShrugLower": (0.3, 1.0),
                "eyeBlink": (0.0, 0.3),
            },
        ),
        Prototype(  # 1 + 4 + 6 + 15 + 20: weeping
            0.15,
            {
                "browInnerUp": (1.0, 1.5), "browDown": (0.2, 0.6),
                "cheekSquint": (0.3, 0.9), "eyeSquint": (0.3, 0.8),
                "eyeBlink": (0.0, 0.3), "mouthFrown": (0.9, 1.5),
                "mouthStretch": (0.1, 0.6), "mouthLowerDown": (0.0, 0.4),
            },
        ),
    ),
    "surprise": (
        Prototype(  # 1 + 2 + 5 + 26 (EMFACS)
            0.50,
            {
                "browInnerUp": (0.9, 1.5), "browOuterUp": (0.8, 1.4),
                "eyeWide": (0.5, 1.2), "jawOpen": (0.4, 1.0),
                "mouthFunnel": (0.0, 0.4),
            },
        ),
        Prototype(  # 1 + 2 + 5 + 26 with rounded lips
            0.30,
            {
                "browInnerUp": (0.9, 1.5), "browOuterUp": (0.8, 1.4),
                "eyeWide": (0.5, 1.2), "jawOpen": (0.3, 0.7),
                "mouthPucker": (0.2, 0.6), "mouthFunnel": (0.2, 0.6),
            },
        ),
        Prototype(  # 1 + 2 + 25 + 26 (Du et al.)
            0.20,
            {
                "browInnerUp": (1.0, 1.5), "browOuterUp": (0.9, 1.5),
                "eyeWide": (0.1, 0.6), "jawOpen": (0.3, 0.8),
                "mouthLowerDown": (0.0, 0.3),
            },
        ),
    ),
}  # fmt: skip

#: How often a second emotion shows through, and how strongly at most.
BLEND_RATE, BLEND_SHARE = 0.12, 0.25


def without_side(unit: str) -> str:
    """Return the name that a unit's left and right version share.

    Examples
    --------
    >>> without_side("mouthSmileLeft")
    'mouthSmile'
    """
    return unit.removesuffix("Left").removesuffix("Right")


def check_units(weights: dict[str, float]) -> dict[str, float]:
    """Validate weights by unit and spread names without side to both sides.

    Parameters
    ----------
    weights : dict of str to float
        Unit (``"jawOpen"``, ``"mouthSmileLeft"``, ``"mouthSmile"`` for both sides, or
        its FACS number as ``"AU12"``, ``"12"`` or 12) -> weight in [0, `MAX_WEIGHT`].
        Of two names of one unit the later counts.

    Returns
    -------
    dict of str to float
        The same with full unit names only.

    Raises
    ------
    UnknownUnitError
        If a name is no unit; the nearest valid name is suggested.
    ValueError
        If a weight is not a number in range.

    Examples
    --------
    >>> check_units({"mouthSmile": 0.5})
    {'mouthSmileLeft': 0.5, 'mouthSmileRight': 0.5}
    >>> check_units({"AU26": 0.5})
    {'jawOpen': 0.5}
    """
    by_number = {f"AU{number}": name for number, name in ACTION_UNITS.items()}
    full = {}
    for unit, weight in weights.items():
        if not (isinstance(weight, Real) and 0 <= weight <= MAX_WEIGHT):  # nor NaN
            raise ArgumentError(
                f"The weight of {unit} must lie in [0, {MAX_WEIGHT}]; "
                f"received {weight!r}."
            )
        number = f"AU{str(unit).upper().removeprefix('AU')}"
        name = by_number.get(number, unit)
        if name in UNITS:
            full[name] = float(weight)
        elif name in _SIDED:
            full[f"{name}Left"] = full[f"{name}Right"] = float(weight)
        else:
            names = [*UNITS, *_SIDED]
            if number.removeprefix("AU").isdecimal():
                unit, names = number, list(by_number)
            raise UnknownUnitError(
                f"Unknown action unit {unit!r}.{did_you_mean(str(unit), names)} Choose "
                "one of emolib.synthesis.UNITS or ACTION_UNITS."
            )
    return full


def express(
    emotion: str,
    intensity: float = 1.0,
    *,
    seed: int = 0,
    style: tuple[tuple[str, float], ...] = (),
) -> dict[str, float]:
    """Draw one way to show an emotion.

    Parameters
    ----------
    emotion : str
        One of the six names or codes.
    intensity : float
        0 (neutral) to 1 (apex); it scales every unit.
    seed : int
        Chooses the prototype, the weights in their ranges, a trace of a second
        emotion in one of eight, and which half of the face leads; the same seed at
        another intensity is the same expression, weaker or stronger.
    style : tuple of (unit, gain)
        A person's habits, `Identity.style`.

    Returns
    -------
    dict of str to float
        Unit -> weight in [0, `MAX_WEIGHT`].

    Raises
    ------
    UnknownEmotionError
        If `emotion` is none of the six.
    ValueError
        If `intensity` lies outside [0, 1].

    Examples
    --------
    >>> sorted(express("surprise", 0.0)) == sorted(express("surprise", 1.0))
    True
    """
    emotion = get_emotion(emotion).name
    if not 0 <= intensity <= 1:
        raise ArgumentError(f"intensity must lie in [0, 1]; received {intensity}.")
    rng = np.random.default_rng([seed, 2])
    weights = _draw_weights(emotion, rng)
    if rng.random() < BLEND_RATE:
        others = [name for name in PROTOTYPES if name != emotion]
        share = rng.uniform(0, BLEND_SHARE)
        for unit, weight in _draw_weights(others[rng.integers(5)], rng).items():
            weights[unit] = max(weights.get(unit, 0.0), share * weight)
    tilt = rng.normal(0, 0.10)  # one half of the face leads
    gains = dict(style)
    for unit in weights:
        side = unit.endswith("Left") - unit.endswith("Right")
        weight = weights[unit] * (1 + tilt * side + rng.normal(0, 0.06))
        weights[unit] = float(
            np.clip(weight * gains.get(unit, 1) * intensity, 0, MAX_WEIGHT)
        )
    return weights


def _draw_weights(emotion: str, rng: np.random.Generator) -> dict[str, float]:
    """Draw one of an emotion's prototypes and a weight for each of its units."""
    prototypes = PROTOTYPES[emotion]
    shares = [prototype.share for prototype in prototypes]
    chosen = prototypes[rng.choice(len(prototypes), p=shares)]
    weights = {}
    for unit, (low, high) in chosen.weights.items():
        weight = rng.uniform(low, high)
        for name in (f"{unit}Left", f"{unit}Right") if unit in _SIDED else (unit,):
            weights[name] = weight
    return weights
