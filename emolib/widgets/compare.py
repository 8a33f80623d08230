"""Two faces that differ in one thing, and what that changes for a network."""

import threading

import numpy as np
from IPython.display import display
from matplotlib.figure import Figure

from emolib import plots
from emolib.emotions import EMOTIONS
from emolib.synthesis import lab_controls
from emolib.widgets import answers, controls
from emolib.widgets._toolkit import ipywidgets
from emolib.widgets.easel import QUICK, Easel
from emolib.widgets.factors import FACTORS, changed, metered_as
from emolib.widgets.lab_face import LabFace, check_lab_face
from emolib.widgets.latest import Latest
from emolib.widgets.message_line import MessageLine
from emolib.widgets.pictures import picture, still
from emolib.widgets.reading import FIRST, Reader

_SIDE = 224  # CSS pixels of a face
#: Expressions that are no preset: none, and one that a cell has set.
_RESTING, _ANOTHER = "", "another"


class Compare:
    """The same muscles twice, one thing different, and both answers of a network.

    Parameters
    ----------
    factor : str
        What differs at the beginning: ``"light"``, ``"below"``, ``"mask"``,
        ``"sunglasses"``, ``"hand"``, ``"turn"``, ``"lighter"``, ``"darker"`` or
        ``"age"``; another name raises `ArgumentError`.

    Attributes
    ----------
    widget : ipywidgets.VBox
        What is displayed.
    face : LabFace
        The first of the two faces; `set` takes another, such as that of a `FaceLab`.

    Examples
    --------
    >>> pair = Compare("mask")
    >>> pair.set(pair.face.posing("fear"))
    """

    def __init__(self, factor: str):
        self.face = LabFace().posing("happiness")
        changed(self.face, factor)  # refuses what it does not know
        self._factor, self._reader = factor, Reader(FIRST)
        self._easels = Easel(), Easel()
        self._lock = threading.RLock()
        self._build()
        self._latest = Latest(self._message.guard(self._draw), self._lock)
        self._draw()

    @property
    def faces(self) -> tuple[LabFace, LabFace]:
        """The face as it is, and changed."""
        return self.face, changed(self.face, self._factor)

    @property
    def probabilities(self) -> np.ndarray:
        """What the network answers to the two, float32 (2, 6)."""
        with self._lock:
            return self._reader.read_all(np.stack(self._greys()))

    def set(self, face: LabFace) -> None:
        """Take another first face; what is no `LabFace` raises `ArgumentError`."""
        check_lab_face(face)
        with self._lock:
            self.face = face
            self._latest.ask()

    def differ_in(self, factor: str) -> None:
        """Change something else: a name as at the beginning."""
        with self._lock:
            changed(self.face, factor)
            self._factor = factor
            self._latest.ask()

    def read_with(self, network: str) -> None:
        """Have another network read: one of `emolib.models.available`, or a folder."""
        reader = Reader(network)
        with self._lock:
            self._reader = reader
            self._latest.ask()

    def snapshot(self) -> Figure:
        """Return what the network sees of the two, and what it answers, as a figure."""
        shares = self.probabilities
        return plots.probabilities(
            np.stack(self._greys()), shares,
            unsure_below=self._reader.line, title=self._sentence(shares),
        )  # fmt: skip

    def close(self) -> None:
        """Remove the comparison; what was still to be drawn is dropped."""
        self._latest.close()
        controls.close_all(self.widget)

    def _build(self) -> None:
        self._message = MessageLine(self._lock)
        guard, choice = self._message.guard, controls.choice
        self._chosen = choice(
            "Change", {words: name for name, words in FACTORS.items()},
            guard(self.differ_in),
        )  # fmt: skip
        self._network = controls.network_choice(guard(self.read_with))
        presets = {name: name for name in lab_controls()["presets"]}
        self._emotion = choice(
            "Expression", {"resting": _RESTING} | presets | {"another": _ANOTHER},
            guard(self._pose),
        )  # fmt: skip
        self._person = controls.people_choice(
            guard(lambda seed: self.set(self.face.of(int(seed))))
        )
        self._pictures = ipywidgets.HTML(), ipywidgets.HTML()
        self._bars = ipywidgets.HTML(), ipywidgets.HTML()
        self._difference = ipywidgets.HTML(layout={"min_width": "19em"})
        self._still = ipywidgets.HTML(layout={"display": "none"})
        pairs = [
            ipywidgets.VBox(pair)
            for pair in zip(self._pictures, self._bars, strict=True)
        ]
        row = controls.row
        chosen = self._person, self._emotion, self._chosen, self._network
        self.widget = controls.lab(
            self._still, row(*chosen), row(*pairs, self._difference), self._message
        )

    def _pose(self, name: str) -> None:
        if name == _RESTING:
            self.set(self.face.resting())
        elif name != _ANOTHER:
            self.set(self.face.posing(name))
        else:
            self._latest.ask()  # there is nothing to set

    def _greys(self) -> list[np.ndarray]:
        first, other = self.faces
        metered = None, metered_as(first, other)
        return [
            easel.grey(face.face(), scene)
            for easel, face, scene in zip(
                self._easels, (first, other), metered, strict=True
            )
        ]

    def _draw(self) -> None:
        first, other = self.faces
        shares, line = self.probabilities, self._reader.line
        metered = None, metered_as(first, other)
        names = "As it is", "Changed"
        for k, face in enumerate((first, other)):
            colour = self._easels[k].colour(face.face(), QUICK, metered[k])
            said = answers.answer_words(shares[k], line)
            words = f"{names[k]}: {said}"
            self._pictures[k].value = picture(colour, face.words(), _SIDE, words)
            self._bars[k].value = answers.six_bars(shares[k], line)
        self._difference.value = (
            "<p>Changed, less as it is, in points:</p>"
            f"{answers.difference_bars(*shares)}"
        )
        self._message.words = self._sentence(shares)
        with self._message.drawing():
            self._show_controls()

    def _show_controls(self) -> None:
        self._chosen.value = self._factor
        preset, strength = self.face.preset or (_ANOTHER, 0.0)
        shown = preset if strength == 1 else _ANOTHER
        self._emotion.value = shown if self.face.groups else _RESTING
        controls.show_person(self._person, self.face.seed)
        controls.show_network(self._network, self._reader.name)

    def _sentence(self, shares: np.ndarray) -> str:
        """Say what the change does to the answers (2, 6)."""
        if len(set(map(LabFace.words, self.faces))) == 1:
            return "The face is like that already; choose another change."
        (before, after), line = shares, self._reader.line
        one, two = (answers.answer_words(shares, line) for shares in (before, after))
        top = int(np.argmax(np.abs(after - before)))
        points = answers.signed_points(before[top], after[top])
        unit = "point" if points in ("+1", "−1") else "points"
        moved = f"{controls.capital(EMOTIONS[top])} moves most, by {points} {unit}."
        moved = moved if points != "0" else "Nothing moves by as much as a point."
        return f"{FACTORS[self._factor]}: {one} becomes {two}. {moved}"

    def _ipython_display_(self) -> None:
        self._latest.now()
        first, other = self.faces
        words = f"{first.words()} Beside it: {other.words()} "
        words += self._sentence(self.probabilities)
        self._still.value = still(self.snapshot(), words)
        display(self.widget)
