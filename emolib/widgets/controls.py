"""Controls of the labs, in the words and the order of ``data/lab/controls.json``."""

from collections.abc import Callable, Mapping
from pathlib import Path

from emolib.synthesis import lab_controls
from emolib.synthesis.page import in_words
from emolib.widgets._toolkit import ipywidgets
from emolib.widgets.lab_face import person
from emolib.widgets.reading import NETWORKS
from emolib.widgets.sliders import Section, Slider

REGIONS = {"brows": "Brows", "eyes": "Eyes", "nose": "Nose", "mouth": "Mouth and jaw"}
KINDS = {"pose": "Head", "light": "Light"}
STRENGTH = Slider("strength", "Strength of the expression", 0, 1, 0.05)
SKIN = Slider(
    "skin_tone", "Skin, from light to dark", 0, 1, 0.05, ends=("light", "dark")
)


def unit_sections() -> tuple[Section, ...]:
    """Return a slider for each group of action units, by region of the face."""
    controls = lab_controls()
    span = [controls["strength"][end] for end in ("least", "most", "step")]
    return tuple(
        Section(
            title,
            tuple(
                Slider(name, f"{capital(group['name'])} ({facs(name)})", *span)
                for name, group in controls["groups"].items()
                if group["region"] == region
            ),
        )
        for region, title in REGIONS.items()
    )


def scene_sections() -> tuple[Section, ...]:
    """Return a slider for each number of the scene: head, then light."""
    return tuple(
        Section(
            title,
            tuple(
                Slider(
                    name, capital(one["name"]), one["least"], one["most"], one["step"],
                    one["unit"], tuple(one["ends"]),
                )
                for name, one in lab_controls()["scene"].items()
                if one["kind"] == kind
            ),
            unfolded=False,
        )
        for kind, title in KINDS.items()
    )  # fmt: skip


def facs(group: str) -> str:
    r"""Return the numbers of a group as readers of the FACS write them.

    >>> facs("AU20+25").split("\N{NO-BREAK SPACE}")
    ['AU', '20', '+', '25']
    """
    gap = "\N{NO-BREAK SPACE}"
    return group.replace("AU", f"AU{gap}").replace("+", f"{gap}+{gap}")


def capital(words: str) -> str:
    """Return words with a capital at their beginning."""
    return words[:1].upper() + words[1:]


def choice(
    name: str, options: Mapping[str, object], chosen: Callable[[object], None]
) -> ipywidgets.Dropdown:
    """Return a list to choose from.

    Parameters
    ----------
    name : str
        What is chosen.
    options : mapping
        Words -> value.
    chosen : callable
        Called with the value when the reader has chosen.
    """
    listed = ipywidgets.Dropdown(
        options=list(options.items()), description=name,
        style={"description_width": "initial"}, layout={"max_width": "100%"},
    )  # fmt: skip
    listed.observe(lambda change: chosen(change["new"]), "value")
    return listed


def people_choice(chosen: Callable[[str], None]) -> ipywidgets.Dropdown:
    """Return a list of the people of the lab; `chosen` is called with a seed."""
    seeds = lab_controls()["people"]
    people = {capital(in_words(person(seed))): str(seed) for seed in seeds}
    return choice("Person", people, chosen)


def network_choice(chosen: Callable[[str], None]) -> ipywidgets.Dropdown:
    """Return a list of the networks of the labs; `chosen` is called with a name."""
    return choice("Network", {name: name for name in NETWORKS}, chosen)


def show_choice(listed: ipywidgets.Dropdown, value: str, words: str) -> None:
    """Have a list show a value, which it offers from then on under these words.

    It belongs into `MessageLine.drawing`, for a list with other options chooses anew.
    """
    if value not in dict(listed.options).values():
        listed.options = [*listed.options, (words, value)]
    listed.value = value


def show_network(listed: ipywidgets.Dropdown, name: str) -> None:
    """Have the list of networks show one, by its name or its folder."""
    show_choice(listed, name, Path(name).name)


def show_person(listed: ipywidgets.Dropdown, seed: int) -> None:
    """Have the list of people show one, by the seed of `random_identity`."""
    show_choice(listed, str(seed), f"Number {seed}: {in_words(person(seed))}")


def button(words: str, pressed: Callable[[], None]) -> ipywidgets.Button:
    """Return a button, wide enough for its words, that calls `pressed`."""
    one = ipywidgets.Button(description=words, layout={"width": "auto"})
    one.on_click(lambda _: pressed())
    return one


def lab(*children: ipywidgets.Widget) -> ipywidgets.VBox:
    """Return a whole lab: its parts below one another, with the keys for themselves.

    One of the parts is a `MessageLine`, whose script holds Jupyter's shortcuts off.
    """
    return ipywidgets.VBox(children).add_class("emolib-lab")


def row(*children: ipywidgets.Widget) -> ipywidgets.HBox:
    """Return widgets side by side, which wrap where there is no room."""
    wrap = {"flex_flow": "row wrap", "grid_gap": "0.5em", "align_items": "flex-start"}
    return ipywidgets.HBox(children, layout=wrap)


def heading(words: str) -> ipywidgets.HTML:
    """Return a heading within a lab."""
    return ipywidgets.HTML(f"<h3 style='margin: 0.5em 0 0'>{words}</h3>")


def close_all(widget: ipywidgets.Widget) -> None:
    """Remove a widget and all within it, with its layout and its style."""
    for child in getattr(widget, "children", ()):
        close_all(child)
    for part in (widget.layout, getattr(widget, "style", None)):
        if part is not None:
            part.close()
    widget.close()
