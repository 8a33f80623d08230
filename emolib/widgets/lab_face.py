"""What a reader has set in a lab: who, which muscles how strongly, in which scene.

Plain values and functions; the page's own are in ``book/assets/lab/page/state.js``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache, lru_cache
from numbers import Real
from types import MappingProxyType

from emolib.arguments import check_number, check_whole
from emolib.errors import ArgumentError, unknown
from emolib.synthesis import (
    FaceState,
    Identity,
    Scene,
    group_units,
    lab_controls,
    random_identity,
)
from emolib.synthesis.page import in_words

#: The largest seed of a person that the labs take: a field for numbers ends there.
MOST_SEED = 2**31 - 1
#: Steps back that are kept.
MOST_STEPS = 200
_FAR = "choose a face that the lab saved, or draw it with `emolib render --from`."


@dataclass(frozen=True)
class LabFace:
    """A face as the controls of the lab set it; what is at rest is left out.

    Attributes
    ----------
    seed : int
        Who, of `random_identity`, 0 to `MOST_SEED`; others raise `ArgumentError`.
    skin_tone : float or None
        0 (light) to 1 (dark), None for the person's own.
    groups : mapping of str to float
        Groups of action units that are pulled, as for `group_units`; read-only.
    scene : mapping
        Fields of `Scene` that are not at rest; the background is, where it is None.
        Read-only.
    preset : (str, float) or None
        Which preset made `groups`, and at which strength, 0 to 1.
    """

    seed: int = field(default_factory=lambda: lab_controls()["people"][0])
    skin_tone: float | None = None
    groups: Mapping[str, float] = field(default_factory=dict)
    scene: Mapping[str, object] = field(default_factory=dict)
    preset: tuple[str, float] | None = None

    def __post_init__(self):
        """Refuse a person of too large a number, and close the mappings."""
        check_whole("the person's seed", self.seed)
        if self.seed > MOST_SEED:
            raise ArgumentError(
                f"The labs take people of the seeds 0 to {MOST_SEED}. Received: "
                f"{self.seed}"
            )
        for name in ("groups", "scene"):
            kept = MappingProxyType(dict(getattr(self, name)))
            object.__setattr__(self, name, kept)

    def pulled(self, strengths: Mapping[str, float]) -> "LabFace":
        """Return the face with groups of action units at other strengths."""
        group_units(strengths)  # refuses what it does not know
        groups = {k: v for k, v in {**self.groups, **strengths}.items() if v}
        return replace(self, groups=groups, preset=None)

    def posing(self, emotion: str, strength: float = 1.0) -> "LabFace":
        """Return the face with a preset, 0 to 1, in the steps of the sliders."""
        presets, step = lab_controls()["presets"], lab_controls()["strength"]["step"]
        if emotion not in presets:
            raise ArgumentError(unknown("preset", emotion, presets))
        check_number("strength", strength, 0, 1)
        groups = {
            group: round(round(value * strength / step) * step, 2)
            for group, value in presets[emotion].items()
        }
        groups = {group: value for group, value in groups.items() if value > 0}
        return replace(self, groups=groups, preset=(emotion, strength))

    def of(self, seed: int) -> "LabFace":
        """Return the same muscles, in the same scene, on another person."""
        return replace(self, seed=seed)

    def in_skin(self, tone: float | None) -> "LabFace":
        """Return the face in a skin tone, 0 to 1, or in the person's own (None)."""
        if tone is not None:
            check_number("skin_tone", tone, 0, 1)
        return replace(self, skin_tone=tone)

    def resting(self) -> "LabFace":
        """Return the same person in the same scene, with a neutral face."""
        return replace(self, groups={}, preset=None)

    def placed(self, **scene: object) -> "LabFace":
        """Return the face with fields of its scene set.

        A field that the lab has no control for, or a value beyond its control's, raises
        `ArgumentError`.
        """
        rest = rest_of_scene()
        for name, value in scene.items():
            if name not in rest:
                raise ArgumentError(unknown("control of the scene", name, rest))
            if not _can_be_set(name, value):
                raise ArgumentError(
                    f"The lab sets {name} to {_possible(name)}. Received: {value!r}"
                )
        whole = {**self.scene, **scene}
        kept = {name: value for name, value in whole.items() if value != rest[name]}
        return replace(self, scene=kept)

    def scene_of(self) -> Scene:
        """Return the whole scene."""
        seed = lab_controls()["occluders"].get(self.scene.get("occluder", "none"))
        return Scene(**{"background": None, **self.scene}, occluder_seed=seed or 0)

    def face(self) -> FaceState:
        """Return the face as it is drawn and saved."""
        who = person(self.seed)
        if self.skin_tone is not None:
            who = replace(who, skin_tone=self.skin_tone)
        return FaceState(who, group_units(self.groups), self.scene_of())

    def words(self) -> str:
        """Describe the face for those who do not see it.

        >>> LabFace(seed=3).pulled({"AU26": 0.5}).placed(yaw=10).words()
        'Rendered: a man of 41, light skin, short hair, stubble; jaw open, 0.50; turn \
the head 10°.'
        """
        controls = lab_controls()
        told = [in_words(person(self.seed))]
        told += [
            f"{controls['groups'][group]['name']}, {strength:.2f}"
            for group, strength in self.groups.items()
        ] or ["a resting face"]
        told += [] if self.skin_tone is None else ["another skin tone"]
        for name, value in self.scene.items():
            control = controls["scene"].get(name)
            if control:
                told.append(f"{control['name']} {value:g}{control['unit']}")
            else:
                told.append(value if name == "occluder" else "another background")
        return f"Rendered: {'; '.join(told)}."


def check_lab_face(face: object) -> None:
    """Refuse, with an `ArgumentError`, what is no `LabFace` or cannot be drawn."""
    if not isinstance(face, LabFace):
        raise ArgumentError(
            "The lab sets a LabFace, such as lab.face.posing('fear'). Received: a "
            f"{type(face).__name__}"
        )
    face.face()


@lru_cache(maxsize=64)
def person(seed: int) -> Identity:
    """Return `random_identity` of a seed; the last ones are kept."""
    return random_identity(seed)


@cache
def rest_of_scene() -> dict[str, object]:
    """Return what the lab sets of a scene, each at rest; treat it as read-only."""
    rest = {name: one["rest"] for name, one in lab_controls()["scene"].items()}
    return rest | {"occluder": "none", "background": None}


def lab_face(face: FaceState) -> LabFace:
    """Return a face that was saved, as the controls of the lab would set it.

    Raises
    ------
    ArgumentError
        If no control moves something that differs from rest; the message names it.
    """
    controls, groups = lab_controls(), {}
    most = controls["strength"]["most"]
    for group in controls["groups"]:
        unit, weight = next(iter(group_units({group: 1}).items()))
        strength = face.units.get(unit, 0.0) / weight
        if strength > most:
            raise ArgumentError(
                f"{group} is at {strength:g}, and its slider ends at {most:g}; {_FAR}"
            )
        groups |= {group: strength} if strength else {}
    made = group_units(groups)
    for unit in face.units | made:
        if abs(face.units.get(unit, 0.0) - made.get(unit, 0.0)) > 1e-6:
            raise ArgumentError(
                f"No slider of the lab gives {unit} the weight "
                f"{face.units.get(unit, 0):g}; {_FAR}"
            )
    scene = {name: getattr(face.scene, name) for name in rest_of_scene()}
    for name, value in scene.items():
        if not _can_be_set(name, value):
            raise ArgumentError(f"The lab does not set {name} to {value}; {_FAR}")
    seed, tone = face.identity.seed, face.identity.skin_tone
    own = person(seed).skin_tone
    found = LabFace(seed, None if tone == own else tone, groups).placed(**scene)
    drawn = found.scene_of()
    if face.scene.occluder == "none":  # then its seed means nothing
        drawn = replace(drawn, occluder_seed=face.scene.occluder_seed)
    for name in (one.name for one in fields(Scene)):
        if getattr(drawn, name) != getattr(face.scene, name):
            raise ArgumentError(
                f"The lab has no control for {name} {getattr(face.scene, name)}; {_FAR}"
            )
    return found


def _listed(name: str) -> list | None:
    """Return the values that a list of the scene offers; None for a slider."""
    controls = lab_controls()
    lists = {"occluder": list(controls["occluders"]),
             "background": list(controls["backgrounds"].values())}  # fmt: skip
    return lists.get(name)


def _can_be_set(name: str, value: object) -> bool:
    listed = _listed(name)
    if listed is not None:
        return value in listed
    control = lab_controls()["scene"][name]
    numeric = isinstance(value, Real) and not isinstance(value, bool)
    return numeric and control["least"] <= value <= control["most"]


def _possible(name: str) -> str:
    """Return what a control of the scene can be set to, in words."""
    listed = _listed(name)
    if listed is not None:
        return f"one of {', '.join(map(repr, listed))}"
    control = lab_controls()["scene"][name]
    return f"a number from {control['least']:g} to {control['most']:g}"


class FaceHistory:
    """The face that is set now, with a way back and forth.

    Parameters
    ----------
    first : LabFace

    Attributes
    ----------
    now : LabFace
    """

    def __init__(self, first: LabFace):
        self.now, self._before = first, None
        self._past, self._future = [], []

    def change(self, face: LabFace, settled: bool = True) -> None:
        """Set another face; what is not `settled` is one step with what follows.

        A slider that moves is not settled until it is let go.
        """
        if self._before is None:
            self._before = self.now
        self.now = face
        if settled:
            if self._before != face:
                self._past = [*self._past, self._before][-MOST_STEPS:]
                self._future = []
            self._before = None

    def undo(self) -> None:
        """Go a step back, if there is one."""
        self._step(self._past, self._future)

    def redo(self) -> None:
        """Go a step forth again, if there is one."""
        self._step(self._future, self._past)

    def _step(self, source: list, target: list) -> None:
        if source:
            target.append(self.now)
            self.now, self._before = source.pop(), None
