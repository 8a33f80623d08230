"""A square table of counts whose cells open: with a mouse, a finger, or the arrow keys.

Thirty-six buttons of ipywidgets would be as many stops of the Tab key, and a screen
reader would be told a number without its row and its column.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import traitlets

from emolib.widgets._toolkit import anywidget


class CountTable(anywidget.AnyWidget):
    """Counts as buttons, of which one is open.

    Parameters
    ----------
    names : sequence of str
        Of the rows, and of the columns.
    about, corner, between : str
        What the table shows; what rows and columns are; what a screen reader says
        between the two names of a cell.
    opened : callable
        Called with (row, column) when the reader opens a cell.
    """

    _esm = Path(__file__).with_name("count_table.js")
    _css = Path(__file__).with_name("count_table.css")
    names = traitlets.List().tag(sync=True)
    about, corner, between = (traitlets.Unicode().tag(sync=True) for _ in range(3))
    counts, opened = traitlets.List().tag(sync=True), traitlets.List().tag(sync=True)

    def __init__(
        self, names: Sequence[str], about: str, corner: str, between: str,
        opened: Callable[[tuple[int, int]], None],
    ):  # fmt: skip
        empty = np.zeros((len(names), len(names)), int).tolist()
        super().__init__(
            names=list(names), about=about, corner=corner, between=between,
            counts=empty, opened=[0, 0],
        )  # fmt: skip
        self._act = opened
        self.on_msg(self._heard)

    def show(self, counts: np.ndarray, opened: tuple[int, int]) -> None:
        """Show other counts, int (n, n), and the cell that is open."""
        self.counts, self.opened = counts.tolist(), list(opened)

    def _heard(self, _, message: dict, __) -> None:
        where = message.get("cell")
        if where and all(0 <= one < len(self.names) for one in where):
            self._act(tuple(where))
