"""A network as a lab asks it: which there are, what it answers, where it is unsure."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from emolib import plots
from emolib.recognizer import EmotionRecognizer
from emolib.synthesis import lab_controls
from emolib.widgets.answers import answer_words

#: Shipped networks in the order in which the labs offer them: from the published one
#: to that for photographs.
NETWORKS = ("plain-cnn", "small-cnn", "synthface", "real-faces")
#: The one that a lab begins with, as the lab on the page does.
FIRST = "synthface"


class Reader:
    """A network that reads one face at a time, and no face twice in a row.

    Parameters
    ----------
    network : str or Path
        As in `EmotionRecognizer`, whose errors it raises.

    Attributes
    ----------
    name : str
    recognizer : EmotionRecognizer
        It finds faces in photographs, too.
    line : float
        Smallest top probability that is an answer: that of the network's card, or where
        it names none, that of the book.
    own_line : bool
        Whether it is that of the card.
    """

    def __init__(self, network: str | Path):
        self.recognizer, self.name = EmotionRecognizer(network), str(network)
        self.own_line = self.recognizer.unsure_below > 0
        own = self.recognizer.unsure_below
        self.line = own if self.own_line else lab_controls()["unsure_below"]
        self._last: tuple[np.ndarray, np.ndarray] | None = None

    def read(self, grey: np.ndarray) -> np.ndarray:
        """Return the six probabilities (6,) of a crop, uint8 (64, 64).

        It is `EmotionRecognizer.predict_proba`, the mean over the crop and its mirror
        image. The array is kept, and read-only.
        """
        if self._last is None or self._last[0] is not grey:
            shares = self.read_all(grey[None])[0]
            shares.setflags(write=False)
            self._last = grey, shares
        return self._last[1]

    def forget(self) -> None:
        """Let go of the crop that was read last."""
        self._last = None

    def snapshot(self, grey: np.ndarray) -> Figure:
        """Return a crop, uint8 (64, 64), and what is answered to it, as a figure."""
        shares = self.read(grey)
        return plots.probabilities(
            grey[None], shares[None], unsure_below=self.line,
            title=f"{self.name}: {answer_words(shares, self.line)}",
        )  # fmt: skip

    def read_all(self, images: np.ndarray) -> np.ndarray:
        """Return the probabilities (n, 6) of crops, uint8 (n, 64, 64)."""
        return self.recognizer.predict_proba(images)
