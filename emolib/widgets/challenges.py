"""Challenges of the face lab: what is allowed, and whether the goal is reached.

They are data, in ``data/lab/controls.json``: what is told, what is allowed, and how
each can be solved. The page's own check is in ``book/assets/lab/face-file.js``.
"""

import math
from collections.abc import Mapping

import numpy as np

from emolib.emotions import EMOTIONS
from emolib.results import percent
from emolib.synthesis import lab_controls
from emolib.widgets.lab_face import LabFace, rest_of_scene


def challenge_face(face: Mapping) -> LabFace:
    """Return the face that a challenge begins with, or is solved by.

    Parameters
    ----------
    face : mapping
        ``begin`` or ``solution`` of a challenge of `lab_controls`.
    """
    return LabFace().pulled(face["groups"]).placed(**face.get("scene", {}))


def not_solved(
    challenge: Mapping, face: LabFace, shares: np.ndarray, line: float
) -> str:
    """Return why a challenge is not solved, in a sentence; empty if it is.

    Parameters
    ----------
    challenge : mapping
        One of ``challenges`` of `lab_controls`.
    face : LabFace
        As it is set now.
    shares : ndarray of float, (6,)
        What the network answers to it.
    line : float
        Smallest top probability that is an answer.
    """
    begin = challenge_face(challenge["begin"])
    if (face.seed, face.skin_tone) != (begin.seed, begin.skin_tone):
        return "The person has changed. Take the one you began with."
    return _broken_rule(challenge["rules"], begin, face) or _missed(
        challenge["goal"], shares, line
    )


def _broken_rule(rules: Mapping, begin: LabFace, face: LabFace) -> str:
    groups, scene = lab_controls()["groups"], lab_controls()["scene"]
    most = rules.get("sliders_moved", math.inf)
    moved = [k for k in groups if face.groups.get(k, 0) != begin.groups.get(k, 0)]
    if len(moved) > most:
        sliders = "slider" if len(moved) == 1 else "sliders"
        allowed = f"at most {most} is allowed" if most else "none is allowed"
        return f"You moved {len(moved)} {sliders}; {allowed}."
    for name, rest in rest_of_scene().items() if "scene" in rules else ():
        kind = "cover" if name == "occluder" else scene.get(name, {}).get("kind")
        before, now = (one.scene.get(name, rest) for one in (begin, face))
        if kind not in rules["scene"] and before != now:
            return f"You changed more than the {' and the '.join(rules['scene'])}."
    cover = face.scene.get("occluder", "none")
    if "covers" in rules and cover not in ("none", *rules["covers"]):
        return "A smaller cover will do."
    for name, group in groups.items():
        strength = face.groups.get(name, 0)
        if "regions" in rules and group["region"] not in rules["regions"] and strength:
            return f"You moved more than {' and '.join(rules['regions'])}."
        if strength < (least := rules.get("least", {}).get(name, 0)):
            return f"{name} is below {least:g}."
    return ""


def _missed(goal: Mapping, shares: np.ndarray, line: float) -> str:
    top, answer = float(np.max(shares)), EMOTIONS[np.argmax(shares)]
    if goal.get("unsure"):
        met = top < line
    elif "not" in goal:
        met = answer != goal["not"]
    else:
        met = answer == goal["answer"] and top >= goal.get("at_least", line)
    if met:
        return ""
    if top < line:
        return f"The network is unsure ({answer}, {percent(top)})."
    return f"The network answers {answer}, {percent(top)}."
