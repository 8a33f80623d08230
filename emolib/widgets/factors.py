"""One thing changed: what a comparison makes of a face.

Names and meaning are those of the page, in ``book/assets/lab/page/one-factor.js``.
"""

from emolib.errors import ArgumentError, unknown
from emolib.synthesis import Scene, lab_controls
from emolib.widgets.lab_face import LabFace, person, rest_of_scene

#: Name of each factor, in words.
FACTORS = {
    "light": "Light from the other side",
    "below": "Light from below, hard",
    "mask": "A mask",
    "sunglasses": "Sunglasses",
    "hand": "A hand before the face",
    "turn": "The head turned by 25°",
    "lighter": "Lighter skin",
    "darker": "Darker skin",
    "age": "Somebody of another age, in the same skin",
}


def changed(face: LabFace, factor: str) -> LabFace:
    """Return the face with one thing different, and the same muscles pulled.

    Parameters
    ----------
    face : LabFace
    factor : str
        A key of `FACTORS`; another raises `ArgumentError`.
    """
    if factor not in FACTORS:
        raise ArgumentError(unknown("factor", factor, FACTORS))
    whole = {**rest_of_scene(), **face.scene}
    scenes = {
        "light": {"light_azimuth": -whole["light_azimuth"]},
        "below": {"light_elevation": -30, "light_azimuth": 0, "light_contrast": 1},
        "turn": {"yaw": -25 if whole["yaw"] > 0 else 25},
    } | {worn: {"occluder": worn} for worn in ("mask", "sunglasses", "hand")}
    if factor in scenes:
        return face.placed(**scenes[factor])
    tones = {"lighter": 0.05, "darker": 0.95}
    if factor in tones:
        return face.in_skin(tones[factor])
    own = person(face.seed)
    tone = own.skin_tone if face.skin_tone is None else face.skin_tone
    return face.of(_other_age(face.seed)).in_skin(tone)


def metered_as(before: LabFace, after: LabFace) -> Scene | None:
    """Return the scene that measures the exposure of `after`; None for its own.

    What is held before a face does not change the exposure, all else does.
    """
    scene = before.scene_of()
    return None if after.scene_of().occluder == scene.occluder else scene


def _other_age(seed: int) -> int:
    """Return a person of the lab of the same sex whose age is farthest away."""
    one = person(seed)
    others = [person(k) for k in lab_controls()["people"] if k != seed]
    fitting = [other for other in others if other.sex == one.sex]
    return max(fitting, key=lambda other: abs(other.age - one.age)).seed
