"""What a network confuses with what, and on which faces: counts, faces and words.

Plain values; the page's twin is ``book/assets/explorables/confusion.js``.
"""

from functools import cached_property

import numpy as np

from emolib.datasets import FaceDataset
from emolib.emotions import EMOTIONS
from emolib.evaluation import Evaluation, evaluate
from emolib.results import percent

#: Faces of a cell that are shown.
MOST_SHOWN = 8
#: How networks are called in a sentence.
TITLES = {"plain-cnn": "plain CNN", "small-cnn": "small CNN"}


class Mistakes:
    """The answers of one network to labelled faces, by label and answer.

    Parameters
    ----------
    network : str
        Its name.
    faces : FaceDataset
        Labelled; else, and if the probabilities are none, `EvaluationError`.
    probabilities : ndarray of float, (n, 6)

    Attributes
    ----------
    title : str
        The network in words.
    evaluation : Evaluation
        What `evaluate` says of them, with subjects as groups where they are known.
    """

    def __init__(self, network: str, faces: FaceDataset, probabilities: np.ndarray):
        self.title, self.faces = TITLES.get(network, network), faces
        self.evaluation: Evaluation = evaluate(
            faces.labels, probabilities, faces.groups
        )
        self.probabilities = np.asarray(probabilities)
        self.said = self.probabilities.argmax(axis=1)

    @property
    def counts(self) -> np.ndarray:
        """Faces by label (row) and answer (column), int64 (6, 6)."""
        return self.evaluation.confusion

    @cached_property
    def worst(self) -> tuple[int, int]:
        """The mistake that is made most often: (label, answer)."""
        wrong = self.counts - np.diag(np.diag(self.counts))
        if not wrong.any():
            return 0, 1
        label, answer = np.unravel_index(wrong.argmax(), wrong.shape)
        return int(label), int(answer)

    def in_words(self) -> str:
        """Say which two emotions are mixed up most, in either direction."""
        wrong = self.counts - np.diag(np.diag(self.counts))
        pairs = np.triu(wrong + wrong.T)
        if not pairs.any():
            return f"{self.title}: no mistakes"
        one, other = np.unravel_index(pairs.argmax(), pairs.shape)
        return (
            f"{self.title}: {EMOTIONS[one]} and {EMOTIONS[other]} most often mixed up, "
            f"{pairs.max():,} of {wrong.sum():,} mistakes"
        )

    def told(self, label: int, answer: int) -> str:
        """Say how often a label is called so, how many people it is, and how faint."""
        names = f"{EMOTIONS[label]} called {EMOTIONS[answer]}"
        here = (self.faces.labels == label) & (self.said == answer)
        if not here.any():
            return f"The {self.title}: {names}, not once."
        alike = self.faces.labels == label
        n, of = int(here.sum()), int(alike.sum())
        parts = [f"The {self.title}: {names}, {n:,} of {of:,} ({percent(n / of)})"]
        meta = self.faces.meta
        if self.faces.groups is not None:
            people = meta["subject"][here].nunique()
            parts.append(f"{people} {'person' if people == 1 else 'people'}")
        mean, mean_all = (meta["intensity"][which].mean() for which in (here, alike))
        if not np.isnan(mean):
            parts.append(
                f"mean intensity {mean:.2f} (all faces labelled {EMOTIONS[label]}: "
                f"{mean_all:.2f})"
            )
        return ", ".join(parts) + "."

    def surest(self, label: int, answer: int) -> list[int]:
        """Return the faces of a cell by how sure the answer is, one of each clip."""
        here = np.flatnonzero((self.faces.labels == label) & (self.said == answer))
        order = here[np.argsort(-self.probabilities[here, answer], kind="stable")]
        clips, found, seen = self.faces.meta["clip"], [], set()
        for image in map(int, order):
            clip = clips[image]
            if not isinstance(clip, str) or clip not in seen:
                found.append(image)
            seen.add(clip)
        return found[:MOST_SHOWN]

    def name(self, image: int) -> str:
        """Return a face in words: who, and the answer."""
        share = percent(self.probabilities[image].max())
        return f"{self._person(image)}{EMOTIONS[self.said[image]]} {share}"

    def who(self, image: int) -> str:
        """Return what is known of a face, as a sentence."""
        intensity = self.faces.meta["intensity"][image]
        parts = f"{self._person(image)}labelled {EMOTIONS[self.faces.labels[image]]}"
        parts += "" if np.isnan(intensity) else f", intensity {intensity:.2f}"
        return f"{parts[0].upper()}{parts[1:]}. The network's six probabilities:"

    def _person(self, image: int) -> str:
        groups = self.faces.groups
        return "" if groups is None else f"Person {groups[image]}, "
