"""What a reader moves on a face: presets, action units, the person and the scene."""

from collections.abc import Callable

from emolib.synthesis import lab_controls
from emolib.widgets import controls
from emolib.widgets._toolkit import ipywidgets
from emolib.widgets.lab_face import MOST_SEED, LabFace, person, rest_of_scene
from emolib.widgets.sliders import Section, SliderPanel


class FaceControls:
    """Controls that show a face and change it.

    Parameters
    ----------
    now : callable
        Returns the `LabFace` that is set.
    change : callable
        Called as ``change(face, settled)`` with another one; `settled` is False while
        a slider still moves.
    guard : callable
        As `MessageLine.guard`.

    Attributes
    ----------
    expression, scene : ipywidgets.VBox
        What is displayed: presets and action units; person, head, light and the rest.
    presets : dict of str to ipywidgets.Button
        By emotion.
    strength, units, skin, numbers : SliderPanel
        Of the preset, the groups of action units, the skin, head and light.
    person, worn, place : ipywidgets.Dropdown
        Who, what is in front of the face, what is behind.
    seed : ipywidgets.BoundedIntText
        Any person, by the seed of `random_identity`.
    """

    def __init__(
        self,
        now: Callable[[], LabFace],
        change: Callable[[LabFace, bool], None],
        guard: Callable[[Callable], Callable],
    ):
        self._now, self._change, self._guard = now, change, guard
        told = lab_controls()
        self.presets = {
            name: controls.button(name, guard(lambda name=name: self._pose(name)))
            for name in told["presets"]
        }
        self.strength = self._sliders(
            (Section("", (controls.STRENGTH,)),), {"strength": 1.0}, self._posed_at
        )
        self.units = self._sliders(
            controls.unit_sections(),
            dict.fromkeys(told["groups"], 0),
            lambda face, moved: face.pulled(moved) if moved else face,
        )
        self.skin = self._sliders(
            (Section("", (controls.SKIN,)),),
            {"skin_tone": 0.5},
            lambda face, moved: face.in_skin(moved.get("skin_tone", face.skin_tone)),
        )
        self.numbers = self._sliders(
            controls.scene_sections(),
            {name: one["rest"] for name, one in told["scene"].items()},
            lambda face, moved: face.placed(**moved),
        )
        self.person = controls.people_choice(
            guard(lambda seed: change(now().of(int(seed)), True))
        )
        self.seed = ipywidgets.BoundedIntText(
            description="Any person, by number",
            min=0,
            max=MOST_SEED,
            style={"description_width": "initial"},
        )
        self.seed.observe(
            guard(lambda one: change(now().of(one["new"]), True)), "value"
        )
        self.worn = self._choice(
            "In front of the face",
            {controls.capital(name): name for name in told["occluders"]},
            lambda face, name: face.placed(occluder=name),
        )
        places = told["backgrounds"]
        self.place = self._choice(
            "Behind the person",
            {controls.capital(name): name for name in places},
            lambda face, name: face.placed(background=places[name]),
        )
        row, heading = controls.row(*self.presets.values()), controls.heading
        whole = {"flex": "0 0 auto"}  # where there is no room, what is around scrolls
        self.expression = ipywidgets.VBox(
            [heading("Expression"), row, self.strength, self.units], layout=whole
        )
        others = self.person, self.seed, self.skin, self.worn, self.place, self.numbers
        self.scene = ipywidgets.VBox(
            [heading("Person and scene"), *others], layout=whole
        )

    def show(self, face: LabFace) -> None:
        """Let the controls show a face; most of them have just set it themselves.

        It belongs into `MessageLine.drawing`, or a list would take it for a choice.
        """
        told, scene = lab_controls(), {**rest_of_scene(), **face.scene}
        preset, strength = face.preset or ("", 1.0)
        for name, one in self.presets.items():
            one.description = f"✓ {name}" if name == preset else name
        self.strength.show({"strength": strength}, () if preset else ("strength",))
        self.units.show({name: face.groups.get(name, 0) for name in told["groups"]})
        self.numbers.show({name: scene[name] for name in told["scene"]})
        tone = face.skin_tone
        tone = person(face.seed).skin_tone if tone is None else tone
        self.skin.show({"skin_tone": round(float(tone), 2)})
        self.seed.value = face.seed
        controls.show_person(self.person, face.seed)
        self.worn.value = scene["occluder"]
        places = told["backgrounds"].items()
        self.place.value = next(k for k, v in places if v == scene["background"])

    def _pose(self, name: str) -> None:
        strength = self.strength.values["strength"] or 1.0
        self._change(self._now().posing(name, strength), True)

    def _posed_at(self, face: LabFace, moved: dict[str, float]) -> LabFace:
        name, strength = face.preset or ("", 0.0)
        return face.posing(name, moved.get("strength", strength)) if name else face

    def _sliders(self, sections, values, moved: Callable) -> SliderPanel:
        """Return sliders whose movement makes of the face what `moved` returns."""

        def heard(values: dict[str, float], settled: bool) -> None:
            self._change(moved(self._now(), values), settled)

        return SliderPanel(sections, values, heard, self._guard)

    def _choice(self, name: str, options: dict[str, str], made: Callable):
        def chosen(value: str) -> None:
            self._change(made(self._now(), value), True)

        return controls.choice(name, options, self._guard(chosen))
