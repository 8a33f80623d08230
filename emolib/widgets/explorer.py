"""Browse faces, guess the label, then see what the network says."""

import base64
import html
from typing import TYPE_CHECKING

import ipywidgets
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure

from emolib import plots
from emolib.datasets import DatasetError, FaceDataset
from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError, unknown
from emolib.explain import grad_cam
from emolib.models.inference import predict
from emolib.plots.display import figure_svg
from emolib.results import percent

if TYPE_CHECKING:
    import keras

ALL = "all"
VERDICTS = (ALL, "right", "wrong", "unsure")

#: Below this top probability an answer counts as unsure.
UNSURE_BELOW = 0.5

_NOTE = (
    "The probabilities compare a face with posed expressions; they do not say what a "
    "person feels."
)


class PredictionExplorer:
    """Browse labelled faces with a network's probabilities and Grad-CAM.

    The first face is a worked example, shown with its answer, so that a page without
    a kernel is complete; the others wait for the reader's guess. ipywidgets 7 and 8.

    Parameters
    ----------
    dataset : FaceDataset
        Labelled faces, as a rule apex frames of test subjects.
    model : keras.Model
        A network of this package.

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

    def __init__(self, dataset: FaceDataset, model: "keras.Model"):
        if not isinstance(dataset, FaceDataset):
            raise ArgumentError(
                "The explorer shows a FaceDataset. Received: a "
                f"{type(dataset).__name__}"
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
        self._order = np.random.default_rng(0).permutation(len(self.dataset))
        self._shown, self._place, self._revealed = self._order, 0, True
        self._build()
        self._draw()

    @property
    def current(self) -> int | None:
        """Position in the data set of the face shown; None if no face fits."""
        return int(self._shown[self._place]) if len(self._shown) else None

    def verdict(self, index: int) -> set[str]:
        """Return "right" or "wrong", and "unsure" if it applies, for one face."""
        shares = self.probabilities[index]
        right = shares.argmax() == self.dataset.labels[index]
        verdicts = {"right" if right else "wrong"}
        return verdicts | ({"unsure"} if shares.max() < UNSURE_BELOW else set())

    def filter(self, emotion: str = ALL, verdict: str = ALL) -> None:
        """Keep the faces of one emotion, or one verdict, and show the first.

        Other names raise `ArgumentError`.
        """
        for what, name, known in (
            ("emotion", emotion, (ALL, *EMOTIONS)),
            ("verdict", verdict, VERDICTS),
        ):
            if name not in known:
                raise ArgumentError(unknown(what, name, known))
        labels = self.dataset.labels
        fitting = [i for i in self._order if emotion in (ALL, EMOTIONS[labels[i]])]
        fitting = [i for i in fitting if verdict in {ALL, *self.verdict(i)}]
        self._shown, self._place, self._revealed = fitting, 0, False
        self._draw()

    def step(self, by: int) -> None:
        """Go `by` faces further, around the end, and hide the answer."""
        if len(self._shown):
            self._place = (self._place + by) % len(self._shown)
            self._revealed = False
            self._draw()

    def guess(self, emotion: str) -> None:
        """Take the reader's guess, count it, and reveal the answer."""
        if self.current is None or self._revealed:
            return
        right, total = self.score
        label = EMOTIONS[self.dataset.labels[self.current]]
        self.score = right + (emotion == label), total + 1
        self._revealed = True
        self._draw(guess=emotion)

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

    def _build(self) -> None:
        wide = {"description_width": "initial"}
        choices = (("Label", (ALL, *EMOTIONS)), ("The model is", VERDICTS))
        self._emotion, self._verdict = controls = [
            ipywidgets.Dropdown(options=options, description=name, style=wide)
            for name, options in choices
        ]
        self._back = ipywidgets.Button(description="Previous face")
        self._next = ipywidgets.Button(description="Next face", button_style="primary")
        self._guesses = [ipywidgets.Button(description=name) for name in EMOTIONS]
        self._picture, self._text = ipywidgets.HTML(), ipywidgets.HTML()
        for one in controls:
            one.observe(lambda _: self.filter(*(c.value for c in controls)), "value")
        self._back.on_click(lambda _: self.step(-1))
        self._next.on_click(lambda _: self.step(1))
        for button in self._guesses:
            button.on_click(lambda pressed: self.guess(pressed.description))
        wrap = ipywidgets.Layout(flex_flow="row wrap")
        rows = controls, self._guesses, [self._back, self._next]
        asked, *others = (ipywidgets.HBox(row, layout=wrap) for row in rows)
        self.widget = ipywidgets.VBox([asked, self._picture, self._text, *others])

    def _draw(self, guess: str | None = None) -> None:
        for button in self._guesses:
            button.disabled = self._revealed or self.current is None
        if self.current is None:
            self._picture.value = ""
            self._text.value = "<p>No face fits this choice. Choose another.</p>"
        elif self._revealed:
            self._picture.value = _picture(self.snapshot(), self._answer())
            self._text.value = self._told(guess)
        else:
            face = plots.contact_sheet(self.dataset.images[[self.current]])
            face.set_size_inches(1.9, 1.9)
            self._picture.value = _picture(face, "A face; its label is hidden.")
            self._text.value = (
                f"<p>Face {self._place + 1} of {len(self._shown)}. Which of the six "
                "expressions was posed? Guess before you see the answer.</p>"
            )

    def _answer(self) -> str:
        shares = self.probabilities[self.current]
        said = [f"{EMOTIONS[k]} {percent(shares[k])}" for k in np.argsort(-shares)]
        label = EMOTIONS[self.dataset.labels[self.current]]
        return f"A face labelled {label}; the model says: {', '.join(said)}."

    def _told(self, guess: str | None) -> str:
        label = EMOTIONS[self.dataset.labels[self.current]]
        verdict = " and ".join(sorted(self.verdict(self.current)))
        end = "A worked example; go to the next face and guess first."
        if guess is not None:
            right, total = self.score
            end = f"You said {html.escape(guess)}: {right} of {total} right."
        told = f"<b>Label: {label}.</b> The model is {verdict}. {end}"
        return f"<p>{told}<br><small>{_NOTE}</small></p>"

    def _ipython_display_(self) -> None:
        display(self.widget)


def _picture(figure: Figure, text: str) -> str:
    """Return the figure as an HTML image with its own description."""
    data = base64.b64encode(figure_svg(figure).encode()).decode("ascii")
    return (
        f'<img alt="{html.escape(text)}" style="max-width: 100%; height: auto" '
        f'src="data:image/svg+xml;base64,{data}">'
    )
