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
    moved = traitlets.Unicode().tag(sync=True)
    settled = traitlets.Bool(True).tag(sync=True)

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
        self._told, self._moved, self._rested = dict(values), moved, True
        self._before: dict[str, float] = {}  # what the browser may still have
        self.observe(guard(self._heard), ["values", "settled"])

    def show(self, values: Mapping[str, float], off: tuple[str, ...] = ()) -> None:
        """Move the sliders to `values`, and make those named in `off` immovable.

        One that the reader is moving meanwhile, which is heard next, is left alone.
        """
        news = {k: value for k, value in values.items() if value != self._told[k]}
        before, self._told = {k: self._told[k] for k in news}, dict(values)
        if news:
            self.values = self.values | news  # which is heard, and no news
        self._before |= before
        self.off = list(off)

    def _heard(self, _) -> None:
        changed, late = {}, {}
        for name, value in self.values.items():
            slider, told = self._known.get(name), self._told.get(name)
            if slider is None or value == told:
                self._before.pop(name, None)
            elif name != self.moved and value == self._before.get(name):
                late[name] = told  # it has not been told of the last `show` yet
            else:
                changed[name] = min(max(value, slider.least), slider.most)
        let_go = self.settled and not self._rested
        self._told, self._rested = self._told | changed, self.settled
        if late:
            self.values = self.values | late
        if changed or let_go:
            self._moved(changed, self.settled)
