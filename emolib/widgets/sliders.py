"""Sliders that a screen reader can name, several in one widget.

Those of ipywidgets have no name that a screen reader is told, so these are anywidget's,
drawn by ``sliders.js`` as native range inputs.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import traitlets

from emolib.widgets._toolkit import anywidget


@dataclass(frozen=True)
class Slider:
    """One slider.

    Attributes
    ----------
    name : str
        By which the lab knows it.
    words : str
        What the reader is told that it moves.
    least, most, step : float
        Its range.
    unit : str
        Written after the value.
    ends : (str, str) or None
        What its two ends mean.
    """

    name: str
    words: str
    least: float
    most: float
    step: float
    unit: str = ""
    ends: tuple[str, str] | None = None


@dataclass(frozen=True)
class Section:
    """Sliders under a title that folds, or none; `unfolded` at the beginning."""

    title: str
    sliders: tuple[Slider, ...]
    unfolded: bool = True


class SliderPanel(anywidget.AnyWidget):
    """Sliders in folds.

    Parameters
    ----------
    sections : sequence of Section
    values : mapping of str to float
        Of each slider, by name.
    moved : callable
        Called as ``moved(changed, settled)`` when the reader moves a slider: name ->
        value, and whether it was let go. Values are kept within the ranges.
    guard : callable
        As `MessageLine.guard`. What has moved is found out under its lock: a drawing
        that runs meanwhile would take it for news of its own, and push it back.
    """

    _esm = Path(__file__).with_name("sliders.js")
    _css = Path(__file__).with_name("sliders.css")
    sections = traitlets.List().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    off = traitlets.List().tag(sync=True)

    def __init__(
        self,
        sections: tuple[Section, ...],
        values: Mapping[str, float],
        moved: Callable[[dict[str, float], bool], None],
        guard: Callable[[Callable], Callable],
    ):
        told = [
            {"title": one.title, "open": one.unfolded,
             "sliders": [asdict(slider) for slider in one.sliders]}
            for one in sections
        ]  # fmt: skip
        super().__init__(sections=told, values=dict(values))
        self._known = {one.name: one for part in sections for one in part.sliders}
        self._told, self._moved = dict(values), moved
        self.on_msg(guard(self._heard))

    def show(self, values: Mapping[str, float], off: tuple[str, ...] = ()) -> None:
        """Move the sliders to `values`, and make those named in `off` immovable.

        One that the reader is moving meanwhile, which is heard next, is left alone.
        """
        news = {k: value for k, value in values.items() if value != self._told[k]}
        self._told = dict(values)
        if news:
            self.values = self.values | news
        self.off = list(off)

    def _heard(self, _, message: dict, __) -> None:
        slider = self._known.get(message["name"])
        if slider is None:
            return
        value = min(max(message["value"], slider.least), slider.most)
        changed = {slider.name: value} if value != self._told[slider.name] else {}
        self._told = self._told | changed
        self.values = dict(self._told)  # the browser's may be of a moment ago
        self._moved(changed, message["settled"])
