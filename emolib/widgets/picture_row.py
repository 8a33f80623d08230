"""Pictures that are shown and not stored, in a row, and what pressing one does.

A widget's state is saved with the notebook. These pictures, and the words with them,
are messages instead: a reader's own photograph, and what a network says of it, are in
the kernel's memory and on the screen, and nowhere else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import traitlets

from emolib.widgets._toolkit import anywidget
from emolib.widgets.pictures import png


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture of a row.

    Attributes
    ----------
    image : ndarray, uint8, (h, w) or (h, w, 3)
        Grey or RGB, 0-255.
    words : str
        What is to be seen, for those who do not see it.
    """

    image: np.ndarray
    words: str


class PictureRow(anywidget.AnyWidget):
    """Pictures side by side, buttons if something happens when they are pressed.

    Parameters
    ----------
    about : str
        What the row holds, for a screen reader.
    width : int
        CSS pixels of each.
    guard : callable
        As `MessageLine.guard`.
    pressed : callable or None
        Called with the place of the picture that the reader presses, from 0. A press on
        a picture that has gone meanwhile is none.
    """

    _esm = Path(__file__).with_name("picture_row.js")
    _css = Path(__file__).with_name("picture_row.css")
    about = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, about: str, width: int, guard: Callable[[Callable], Callable],
        pressed: Callable[[int], None] | None = None,
    ):  # fmt: skip
        super().__init__(about=about)
        self._width, self._pressed, self._number = width, pressed, 0
        self.pictures: tuple[Shown, ...] = ()
        self.chosen: int | None = None
        self.said = self.below = ""
        self.on_msg(guard(self._heard))

    def show(
        self,
        pictures: Sequence[Shown],
        chosen: int | None = None,
        said: str = "",
        below: str = "",
    ) -> None:
        """Show other pictures.

        Parameters
        ----------
        pictures : sequence of Shown
        chosen : int, optional
            Which of them is marked as chosen.
        said : str
            A line below them, which a screen reader reads out.
        below : str
            HTML below that.
        """
        self.pictures, self.chosen = tuple(pictures), chosen
        self.said, self.below = said, below
        self._number += 1
        self._tell()

    def choose(self, chosen: int | None) -> None:
        """Mark one of the pictures as chosen, or none."""
        self.chosen = chosen
        self.send({"chosen": chosen})

    def _tell(self) -> None:
        message = {
            "pictures": [one.words for one in self.pictures],
            "number": self._number, "width": self._width, "chosen": self.chosen,
            "press": self._pressed is not None, "said": self.said,
            "below": self.below,
        }  # fmt: skip
        self.send(message, [png(one.image) for one in self.pictures])

    def _heard(self, _, message: dict, __) -> None:
        if message.get("ready"):
            self._tell()
        here = message.get("number") == self._number
        place = message.get("pressed")
        if self._pressed and here and place in range(len(self.pictures)):
            self._pressed(place)
