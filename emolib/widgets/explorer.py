"""Browse faces, guess the label, then see what the network says, frame by frame."""

import threading
from typing import TYPE_CHECKING

import numpy as np
from IPython.display import display
from matplotlib.figure import Figure

from emolib import plots
from emolib.datasets import DatasetError, FaceDataset
from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError, unknown
from emolib.explain import grad_cam
from emolib.models.inference import predict
from emolib.results import percent
from emolib.widgets import controls
from emolib.widgets._toolkit import ipywidgets
from emolib.widgets.answers import in_words, six_bars
from emolib.widgets.clip_table import clip_table
from emolib.widgets.evidence import overlay
from emolib.widgets.face_filter import ALL, UNSURE_BELOW, criteria, fitting
from emolib.widgets.message_line import MessageLine
from emolib.widgets.picture_row import PictureRow, Shown
from emolib.widgets.pictures import picture, still

if TYPE_CHECKING:
    import keras

#: Faces side by side.
IN_A_ROW = 8

_SIDE = 160  # CSS pixels of a face

_NOTE = (
    f"Below the line at {percent(UNSURE_BELOW)} an answer counts as unsure. A face is "
    "read once here; the face lab and the photo lab take the mean with its mirror "
    "image. The probabilities compare a face with posed expressions; they do not say "
    "what a person feels."
)


class PredictionExplorer:
    """Browse labelled faces with a network's probabilities, Grad-CAM, and clips.

    The first face is a worked example, shown with its answer; the others wait for the
    reader's guess. A face that is pressed opens its clip. ipywidgets 7 and 8.

    Parameters
    ----------
    dataset : FaceDataset
        Labelled faces, as a rule apex frames of test subjects.
    model : keras.Model
        A network of this package.
    clips : FaceDataset, optional
        All frames of their clips; by default those that `dataset` has.

    Attributes
    ----------
    widget : ipywidgets.VBox
        What is displayed.
    score : (int, int)
        The reader's right guesses, and all guesses.

    Raises
    ------
    DatasetError
        If no image of `dataset` belongs to the six emotions.
    ArgumentError
        If `dataset` is no FaceDataset, or `model` not what `predict` and `grad_cam`
        take.
    """

    def __init__(
        self,
        dataset: FaceDataset,
        model: "keras.Model",
        clips: FaceDataset | None = None,
    ):
        for given in (dataset, clips):
            if given is not None and not isinstance(given, FaceDataset):
                raise ArgumentError(
                    "The explorer shows a FaceDataset. Received: a "
                    f"{type(given).__name__}"
                )
        self.dataset = dataset.labelled()
        if len(self.dataset) == 0:
            raise DatasetError(
                f"{dataset.name!r} holds no image of the six emotions to explore; "
                "choose another data set."
            )
        self.model = model
        self.probabilities = predict(model, self.dataset.images)  # (n, 6)
        self.score = (0, 0)
        self._known: set[int] = set()  # faces whose answer the reader has seen
        self._right = 0  # guesses of the network on the faces that were guessed
        self._clips = self.dataset if clips is None else clips
        self._criteria = criteria(self.dataset, self.probabilities)
        self._order = np.random.default_rng(0).permutation(len(self.dataset))
        self._shown, self._place = self._order, 0
        self._revealed, self._opened = True, False
        self._last: tuple[np.ndarray, np.ndarray] | None = None
        self._lock = threading.RLock()
        self._build()
        self._draw()

    @property
    def current(self) -> int | None:
        """Position in the data set of the face shown; None if no face fits."""
        return int(self._shown[self._place]) if len(self._shown) else None

    def verdict(self, index: int) -> set[str]:
        """Return "right" or "wrong", and "unsure" if it applies, for one face."""
        options = self._criteria["verdict"].options
        return {name for name in options if name != ALL and options[name][index]}

    def filter(self, **chosen: str) -> None:
        """Keep the faces that fit, and show the first of them.

        Parameters
        ----------
        **chosen
            Values, in words, of ``emotion`` (the label), ``said``, ``verdict``,
            ``confidence``, ``subject``, ``occluder`` and ``light``, as far as the data
            set knows them: those of `criteria`. Others raise `ArgumentError`.
        """
        fits = fitting(self._criteria, chosen)
        with self._lock:
            self._shown = self._order[fits[self._order]]
            with self._message.drawing():
                for name, listed in self._choices.items():
                    listed.value = chosen.get(name, ALL)
            self._go(0)

    def step(self, by: int) -> None:
        """Go `by` faces further, around the end, and hide the answer."""
        with self._lock:
            if len(self._shown):
                self._go((self._place + by) % len(self._shown))

    def guess(self, emotion: str) -> None:
        """Take the reader's guess, count it, and reveal the answer.

        A face whose answer has been shown is not counted.
        What is none of the six emotions raises `ArgumentError`.
        """
        if emotion not in EMOTIONS:
            raise ArgumentError(unknown("emotion", emotion, EMOTIONS))
        with self._lock:
            if self.current is None or self._revealed:
                return
            right, total = self.score
            label = EMOTIONS[self.dataset.labels[self.current]]
            self.score = right + (emotion == label), total + 1
            self._right += "right" in self.verdict(self.current)
            self._revealed = True
            self._draw(guess=emotion)

    def open(self, place: int) -> None:
        """Show one of the faces that fit, from 0, with its answer and its clip."""
        with self._lock:
            self._place = place % max(1, len(self._shown))
            self._revealed = self._opened = True
            self._draw()

    def frames_of(self, index: int) -> np.ndarray:
        """Return the frames of a face's clip in `clips`, in order; none of a still.

        They are positions, int (t,); `index` is that of a face in the data set.
        """
        clip, meta = self.dataset.meta["clip"][index], self._clips.meta
        frames = np.flatnonzero(meta["clip"] == clip)
        return frames[np.argsort(meta["frame"].to_numpy(float)[frames], kind="stable")]

    def snapshot(self) -> Figure:
        """Return the face shown, its probabilities and Grad-CAM as a figure.

        Raises
        ------
        ValueError
            If no face fits the filter.
        """
        if self.current is None:
            raise ArgumentError("No face is shown; call filter() to choose others.")
        one = self.dataset.subset([self.current])
        shares = self.probabilities[[self.current]]
        maps = grad_cam(self.model, one.images)
        return plots.probabilities(one.images, shares, one.labels, maps=maps)

    def close(self) -> None:
        """Remove the explorer from the notebook."""
        controls.close_all(self.widget)

    def _build(self) -> None:
        self._message = MessageLine(self._lock)
        guard, row = self._message.guard, controls.row
        chosen = guard(lambda _: self.filter(**self._chosen))
        self._choices = {
            name: controls.choice(
                one.words, {value: value for value in one.options}, chosen
            )
            for name, one in self._criteria.items()
        }
        self._back = controls.button("Previous face", guard(lambda: self.step(-1)))
        self._next = controls.button("Next face", guard(lambda: self.step(1)))
        self._guesses = [
            controls.button(name, guard(lambda name=name: self.guess(name)))
            for name in EMOTIONS
        ]
        self._picture, self._map, self._clip = (ipywidgets.HTML() for _ in range(3))
        self._answer = ipywidgets.HTML(layout={"min_width": "24em"})
        self._still = ipywidgets.HTML(layout={"display": "none"})
        self._faces = PictureRow(
            "Faces that fit; pressing one opens its clip", 64, guard,
            lambda place: self.open(self._first + place),
        )  # fmt: skip
        self.widget = controls.lab(
            self._still,
            row(*self._choices.values()),
            row(self._picture, self._map, self._answer),
            self._message,
            row(*self._guesses),
            row(self._back, self._next),
            ipywidgets.HTML("<p>Press a face to open its clip:</p>"),
            self._faces,
            self._clip,
            ipywidgets.HTML(f"<p><small>{_NOTE}</small></p>"),
        )

    @property
    def _chosen(self) -> dict[str, str]:
        return {name: one.value for name, one in self._choices.items()}

    @property
    def _first(self) -> int:
        """Place of the first of the faces in the row, which holds the current one."""
        return self._place // IN_A_ROW * IN_A_ROW

    def _go(self, place: int) -> None:
        self._place, self._opened = place, False
        self._revealed = self.current in self._known
        self._draw()

    def _draw(self, guess: str | None = None) -> None:
        for button in self._guesses:  # in use they keep the focus, so they stay in use
            button.disabled = self.current is None
        self._map.value = self._answer.value = self._clip.value = ""
        if self.current is None:
            self._picture.value = ""
            self._message.words = "No face fits this choice. Choose another."
        elif self._revealed:
            self._show_answer()
            self._message.words = self._told(guess)
            self._known.add(self.current)
        else:
            face = self.dataset.images[self.current]
            self._picture.value = picture(face, "A face; its label is hidden.", _SIDE)
            self._message.words = (
                f"Face {self._place + 1} of {len(self._shown)}. Which of the six "
                "expressions was posed? Guess before you see the answer."
            )
        row = range(self._first, min(self._first + IN_A_ROW, len(self._shown)))
        self._faces.show(
            [
                Shown(
                    self.dataset.images[self._shown[place]],
                    f"Face {place + 1} of {len(self._shown)}",
                )
                for place in row
            ],
            self._place - self._first,
        )

    def _show_answer(self) -> None:
        """Show the face with its label, where the network looks, and what it says."""
        face, shares = self.dataset.images[self.current], self._shares
        label = EMOTIONS[self.dataset.labels[self.current]]
        told = f"labelled {label}"
        self._picture.value = picture(face, f"A face {told}", _SIDE, told)
        map_ = grad_cam(self.model, face[None])[0]
        said = f"Grad-CAM for {EMOTIONS[shares.argmax()]}"
        words = f"The same face with a map over it, {said}"
        self._map.value = picture(overlay(face, map_), words, _SIDE, said)
        self._answer.value = six_bars(shares, UNSURE_BELOW)
        if not self._opened or not len(frames := self.frames_of(self.current)):
            return
        numbers = self._clips.meta["frame"].to_numpy(float)[frames]
        mine = numbers == self.dataset.meta["frame"].iloc[self.current]
        self._clip.value = clip_table(
            self._clips.images[frames], self._read(frames),
            [f"{one:g}" for one in numbers], int(mine.argmax()) if mine.any() else None,
            UNSURE_BELOW,
        )  # fmt: skip

    @property
    def _shares(self) -> np.ndarray:
        return self.probabilities[self.current]

    def _read(self, frames: np.ndarray) -> np.ndarray:
        """Return the answers to frames of a clip (t, 6), which are asked for twice."""
        if self._last is None or not np.array_equal(self._last[0], frames):
            self._last = frames, predict(self.model, self._clips.images[frames])
        return self._last[1]

    def _over_time(self, frames: np.ndarray) -> str:
        """Say what the model says in each frame of a clip, runs taken together."""
        shares, names = self._read(frames), (*EMOTIONS, "unsure")
        sure = shares.max(axis=1) >= UNSURE_BELOW
        said = np.where(sure, shares.argmax(axis=1), len(EMOTIONS))
        starts = np.flatnonzero(np.diff(said, prepend=-1))
        runs = zip(starts, [*starts[1:], len(said)], strict=True)
        told = [
            f"{names[said[a]]} in {b - a} {'frame' if b - a == 1 else 'frames'}"
            for a, b in runs
        ]
        return f"From frame to frame of its clip: {', then '.join(told)}."

    def _told(self, guess: str | None) -> str:
        index = self.current
        label = EMOTIONS[self.dataset.labels[index]]
        verdict = " and ".join(sorted(self.verdict(index)))
        told = f"Label: {label}. The model is {verdict}."
        if guess is not None:
            right, total = self.score
            return (
                f"{told} You said {guess}: {right} of {total} right; the model: "
                f"{self._right} of {total}."
            )
        if not self._opened and not self._known:
            return f"{told} A worked example; go to the next face and guess first."
        if not self._opened:
            return f"{told} You have seen this answer; go to another face to guess."
        frames = self.frames_of(index)
        if len(frames):
            return f"{told} {self._over_time(frames)}"
        return f"{told} It is a still, which belongs to no clip."

    def _ipython_display_(self) -> None:
        if self._revealed and self.current is not None:
            label = EMOTIONS[self.dataset.labels[self.current]]
            said = in_words(self._shares)
            words = f"A face labelled {label}; the model says: {said}."
            self._still.value = still(self.snapshot(), words)
        display(self.widget)
