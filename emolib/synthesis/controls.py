"""What a reader can move in the face lab: people, sliders, presets, challenges.

``data/lab/controls.json`` holds it once, for the page and for notebooks.
"""

import json
from collections.abc import Mapping
from functools import cache

from emolib.errors import ArgumentError, unknown
from emolib.paths import data_folder
from emolib.synthesis.people.expression import MAX_WEIGHT, check_units


@cache
def lab_controls() -> dict:
    """Read the controls of the face lab; treat them as read-only.

    Returns
    -------
    dict
        ``people`` (seeds of `random_identity`), ``groups`` (FACS number, such as
        ``"AU12"`` -> name in words, region, and the units that it moves with their
        factors), ``unsure_below`` (smallest top probability that is an answer),
        ``strength`` (range of all groups), ``presets`` (emotion -> strength
        of groups), ``scene`` (field of `Scene` -> name, kind, range), ``occluders``
        and ``backgrounds`` (name -> seed), ``challenges`` (task, where it begins,
        rules, goal, a solution for the first person that holds for the networks
        ``small-cnn`` and ``synthface``).
    """
    path = data_folder() / "lab" / "controls.json"
    return json.loads(path.read_text(encoding="utf-8"))


def group_units(strengths: Mapping[str, float]) -> dict[str, float]:
    """Return the action units that sliders of the face lab move.

    Parameters
    ----------
    strengths : mapping of str to float
        Group of `lab_controls`, such as ``"AU12"`` -> 0 to 1.5.

    Returns
    -------
    dict of str to float
        Unit -> weight, as `render` takes it.

    Raises
    ------
    ArgumentError
        If a group is unknown or a strength out of range.

    Examples
    --------
    >>> group_units({"AU12": 0.5})
    {'mouthSmileLeft': 0.5, 'mouthSmileRight': 0.5}
    """
    groups, units = lab_controls()["groups"], {}
    for group, strength in strengths.items():
        if group not in groups:
            raise ArgumentError(unknown("group of action units", group, groups))
        moved = groups[group]["units"]
        for unit, weight in check_units(
            {u: f * strength for u, f in moved.items()}
        ).items():
            units[unit] = min(units.get(unit, 0.0) + weight, MAX_WEIGHT)
    return units
