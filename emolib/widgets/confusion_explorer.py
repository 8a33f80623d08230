"""A confusion matrix whose counts open the faces behind them."""

import html
import threading
from collections.abc import Mapping

import numpy as np
from IPython.display import display
from matplotlib.figure import Figure

from emolib import plots
from emolib.datasets import FaceDataset
from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError, unknown
from emolib.evaluation import Evaluation
from emolib.widgets import answers as words_of
from emolib.widgets import controls
from emolib.widgets._toolkit import ipywidgets
from emolib.widgets.count_table import CountTable
from emolib.widgets.message_line import MessageLine
from emolib.widgets.mistakes import Mistakes
from emolib.widgets.picture_row import PictureRow, Shown
from emolib.widgets.pictures import still


class ConfusionExplorer:
    """Labels and answers as a table; behind each count are the faces that ended there.

    Parameters
    ----------
    faces : FaceDataset
        Labelled, as `evaluate` needs them: ``dataset.labelled()``.
    answers : mapping of str to ndarray of float, (n, 6)
        The probabilities that each network gives them, by its name. What `evaluate`
        cannot use raises `EvaluationError`; none, or no FaceDataset, `ArgumentError`.

    Attributes
    ----------
    widget : ipywidgets.VBox
        What is displayed.
    opened : (int, int)
        Label and answer of the cell that is open, 0 to 5; at first the mistake that is
        made most often.

    Examples
    --------
    >>> images, labels = np.zeros((6, 64, 64), np.uint8), np.arange(6)
    >>> always_fear = np.eye(6)[[2] * 6]
    >>> faces = FaceDataset("six", images, labels)
    >>> explorer = ConfusionExplorer(faces, {"my-network": always_fear})
    >>> explorer.open("anger", "fear")
    """

    def __init__(self, faces: FaceDataset, answers: Mapping[str, np.ndarray]):
        if not isinstance(faces, FaceDataset):
            raise ArgumentError(
                f"The explorer opens a FaceDataset. Received: a {type(faces).__name__}"
            )
        if not isinstance(answers, Mapping) or not answers:
            raise ArgumentError(
                "answers holds the probabilities (n, 6) of one network or more by name,"
                f" such as {{'small-cnn': shares}}. Received: {answers!r:.60}"
            )
        self.faces = faces
        self._all = {name: Mistakes(name, faces, p) for name, p in answers.items()}
        self._network = next(iter(self._all))
        self.opened = self._mistakes.worst
        self._lock = threading.RLock()
        self._build()
        self._draw()

    @property
    def evaluation(self) -> Evaluation:
        """What `evaluate` says of the network that is shown."""
        return self._mistakes.evaluation

    @property
    def shown(self) -> list[int]:
        """Which faces of the data set are shown: the surest of the cell, one a clip."""
        return self._mistakes.surest(*self.opened)

    def open(self, label: str, answer: str) -> None:
        """Show the faces of one label that got one answer.

        Parameters
        ----------
        label, answer : str
            Two of the six emotions; others raise `ArgumentError`.
        """
        for name in (label, answer):
            if name not in EMOTIONS:
                raise ArgumentError(unknown("emotion", name, EMOTIONS))
        with self._lock:
            self.opened = EMOTIONS.index(label), EMOTIONS.index(answer)
            self._draw()

    def show_answers_of(self, network: str) -> None:
        """Show another network, by its name in `answers`; the cell stays open."""
        if network not in self._all:
            raise ArgumentError(unknown("network", network, self._all))
        with self._lock:
            self._network = network
            self._draw()

    def select(self, place: int) -> None:
        """Show the six probabilities of one of the faces that are `shown`."""
        with self._lock:
            image = self.shown[place]
            self._faces.choose(place)
            bars = words_of.six_bars(self._mistakes.probabilities[image], 0)
            who = html.escape(self._mistakes.who(image))
            self._face.value = f'<p style="line-height: 1.4">{who}</p>{bars}'

    def snapshot(self) -> Figure:
        """Return the confusion matrix as a figure."""
        return plots.confusion(self.evaluation, title=self._mistakes.in_words())

    def close(self) -> None:
        """Remove the explorer from the notebook."""
        controls.close_all(self.widget)

    @property
    def _mistakes(self) -> Mistakes:
        return self._all[self._network]

    def _build(self) -> None:
        self._message = MessageLine(self._lock)
        guard = self._message.guard
        self._title = ipywidgets.HTML()
        known = [one.title for one in self._all.values()]
        titles = {
            one.title if known.count(one.title) == 1 else f"{one.title} ({name})": name
            for name, one in self._all.items()
        }
        self._choice = controls.choice("Network", titles, guard(self.show_answers_of))
        self._table = CountTable(
            EMOTIONS, "Faces by label and answer", "label ↓ says →", "called",
            guard(lambda where: self.open(*(EMOTIONS[k] for k in where))),
        )  # fmt: skip
        self._faces = PictureRow("The surest of these faces", 64, guard, self.select)
        self._face = ipywidgets.HTML()
        self._still = ipywidgets.HTML(layout={"display": "none"})
        beside = [self._message, self._faces, self._face]
        beside = ipywidgets.VBox(beside, layout={"max_width": "24em"})
        self.widget = controls.lab(
            self._still, self._title, self._choice,
            controls.row(self._table, beside), ipywidgets.HTML(self._tasks()),
        )  # fmt: skip

    def _tasks(self) -> str:
        """Return what to look for, as HTML, in the words of the page."""
        tasks = [
            "Open a mistake, then a face. What do these faces have in common? Are they "
            "faint? Are they all of one person? Is it in the face? (Shown are those of "
            "which the network is surest, one of each clip.)"
        ]
        if len(self._all) > 1:
            tasks.append(
                "Switch networks. Is it the same mistake, and is it made on the same "
                "faces?"
            )
        items = "".join(f"<li>{task}</li>" for task in tasks)
        return f'<ul style="line-height: 1.4; max-width: 48em">{items}</ul>'

    def _draw(self) -> None:
        mistakes = self._mistakes
        self._title.value = f"<b>{html.escape(mistakes.in_words())}</b>"
        with self._message.drawing():
            self._choice.value = self._network
        self._table.show(mistakes.counts, self.opened)
        self._message.words = mistakes.told(*self.opened)
        shown = [
            Shown(self.faces.images[image], mistakes.name(image))
            for image in self.shown
        ]
        self._faces.show(shown)
        self._face.value = ""
        if shown:
            self.select(0)

    def _ipython_display_(self) -> None:
        told = self._mistakes.told(*self.opened)
        if self.shown:  # they say more than the counts
            first = self.faces.images[self.shown[:4]]
            figure = plots.contact_sheet(first, columns=4, title=told)
            self._still.value = still(figure, f"The surest faces of a count. {told}")
        else:
            self._still.value = still(self.snapshot(), f"A confusion matrix. {told}")
        display(self.widget)
