"""The face lab: move a muscle of a rendered face, and watch a network change its mind.

The twin of the lab on the book's page, in the kernel; both read the same controls.
"""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
from IPython.display import display
from matplotlib.figure import Figure

from emolib.files import write_json, write_whole
from emolib.synthesis import lab_controls, read_face
from emolib.widgets import answers, controls
from emolib.widgets._toolkit import ipywidgets
from emolib.widgets.challenge_panel import ChallengePanel
from emolib.widgets.challenges import not_solved
from emolib.widgets.easel import FINE, QUICK, Easel
from emolib.widgets.evidence import evidence_map
from emolib.widgets.face_controls import FaceControls
from emolib.widgets.lab_face import FaceHistory, LabFace, check_lab_face, lab_face
from emolib.widgets.latest import Latest
from emolib.widgets.message_line import MessageLine
from emolib.widgets.pictures import picture, png, still
from emolib.widgets.reading import FIRST, Reader
from emolib.widgets.uploads import clear, uploaded

_MAP = "Map the evidence"


class FaceLab:
    """A rendered face with sliders, and what a network answers to it.

    Its methods do what the controls do, so that a cell can set a face, too.

    Attributes
    ----------
    widget : ipywidgets.VBox
        What is displayed.
    controls : FaceControls
        What sets the face.
    picture, answer : ipywidgets.HTML
        The face in colour, and the six probabilities.

    Examples
    --------
    >>> lab = FaceLab()
    >>> lab.set(lab.face.posing("fear").placed(occluder="mask"))
    >>> lab.read_with("real-faces")
    """

    def __init__(self):
        self._history, self._reader = FaceHistory(LabFace()), Reader(FIRST)
        self._easel, self._settled, self._mapped = Easel(), True, False
        self._lock = threading.RLock()
        self._build()
        self._latest = Latest(self._message.guard(self._draw), self._lock)
        self._draw()

    @property
    def face(self) -> LabFace:
        """The face as it is set now."""
        return self._history.now

    @property
    def probabilities(self) -> np.ndarray:
        """What the network answers to it, float32 (6,)."""
        with self._lock:
            return self._reader.read(self._easel.grey(self.face.face()))

    def set(self, face: LabFace, settled: bool = True) -> None:
        """Set another face; one that is not `settled` is no step of `undo` yet.

        What is no `LabFace`, or cannot be drawn, raises `ArgumentError`.
        """
        with self._lock:
            check_lab_face(face)
            if (face, settled) == (self.face, self._settled):
                return
            self._history.change(face, settled)
            self._settled = settled
            self._message.words = self._challenges.message.words = ""
            self._latest.ask()

    def undo(self) -> None:
        """Take the last change back."""
        self._step(self._history.undo, "undo")

    def redo(self) -> None:
        """Make the change again that was taken back."""
        self._step(self._history.redo, "redo")

    def read_with(self, network: str) -> None:
        """Have another network read: one of `emolib.models.available`, or a folder."""
        reader = Reader(network)
        with self._lock:
            self._reader, self._challenges.message.words = reader, ""
            self._latest.ask()

    def another_person(self) -> None:
        """Show the same muscles on the next person of the lab."""
        people = lab_controls()["people"]
        place = people.index(self.face.seed) if self.face.seed in people else -1
        self.set(self.face.of(people[(place + 1) % len(people)]))

    def save(self) -> Path:
        """Save the face as ``face.png`` and ``face.json``; return the latter's path.

        They come into the working directory, which is that of the notebook; where files
        of these names are, with a number. `emolib render --from face.json` draws the
        same picture, pixel for pixel.
        """
        face, stem, number = self.face.face(), "face", 1
        while any(Path(f"{stem}.{kind}").exists() for kind in ("png", "json")):
            number += 1
            stem = f"face-{number}"
        write_whole(f"{stem}.png", png(self._easel.colour(face, FINE)))
        path = write_json(f"{stem}.json", face.to_dict())
        self._message.words = (
            f"Saved {stem}.png and {stem}.json beside this notebook. The command "
            f"“emolib render --from {stem}.json --size {FINE} --colour -o again.png” "
            "draws the same face."
        )
        return path

    def open(self, source: str | Path | bytes) -> None:
        """Set a face that was saved.

        Parameters
        ----------
        source : str, Path or bytes
            As in `read_face`, whose errors it raises; `ArgumentError` if it is a face
            that the controls cannot set.
        """
        self.set(lab_face(read_face(source)))

    def snapshot(self) -> Figure:
        """Return what the network sees, and what it answers, as a figure."""
        return self._reader.snapshot(self._easel.grey(self.face.face()))

    def close(self) -> None:
        """Remove the lab; what was still to be drawn is dropped."""
        self._latest.close()
        controls.close_all(self.widget)

    def _build(self) -> None:
        self._message = MessageLine(self._lock)
        guard = self._message.guard
        self._network = controls.network_choice(guard(self.read_with))
        self.controls = FaceControls(lambda: self.face, self.set, guard)
        self._challenges = ChallengePanel(self.set, self._not_solved, self._lock)
        self.picture, self._seen, self.answer, self._map = (
            ipywidgets.HTML() for _ in range(4)
        )
        self._still = ipywidgets.HTML(layout={"display": "none"})
        self._file = ipywidgets.FileUpload(
            description="Open face.json", accept=".json", layout={"width": "auto"}
        )
        self._file.observe(guard(lambda _: self._open_given()), "value")
        acts = {
            "Undo": self.undo,
            "Redo": self.redo,
            "Neutral face": lambda: self.set(self.face.resting()),
            "Everything at rest": lambda: self.set(LabFace()),
            "Same face, another person": self.another_person,
            "Save": self.save,
        }
        self._buttons = {k: controls.button(k, guard(act)) for k, act in acts.items()}
        self._mapping = controls.button(_MAP, guard(self._toggle_map))
        row = controls.row
        shown = ipywidgets.VBox(
            [
                self._network,
                row(self.picture, self._seen),
                self.answer,
                row(*self._buttons.values(), self._file),
                self._message,
            ],
            layout={"flex": "1 1 290px", "max_width": "420px", "min_width": "0"},
        )
        moved = ipywidgets.VBox(  # it scrolls, so that the face stays in sight
            [self.controls.expression, self.controls.scene],
            layout={
                "flex": "1 1 280px", "max_width": "340px", "min_width": "0",
                "max_height": "640px", "overflow": "auto",
            },
        )  # fmt: skip
        self.widget = controls.lab(
            self._still,
            row(shown, moved),
            controls.heading("Where does it look?"),
            row(self._mapping),
            self._map,
            self._challenges.widget,
        )

    def _draw(self) -> None:
        """Draw and read the face that is set, and let the controls show it."""
        face, shares, line = self.face, self.probabilities, self._reader.line
        why = answers.why_unsure(shares, line, resting=not face.groups)
        told = answers.answer_html(shares, line, self._reader.own_line)
        self.answer.value = f"{told}<p>{why}</p>"
        drawn = face.face()
        colour = self._easel.colour(drawn, FINE if self._settled else QUICK)
        self.picture.value = picture(colour, face.words(), 192, "rendered")
        words = "The same face in 64 by 64 grey pixels"
        grey = self._easel.grey(drawn)
        self._seen.value = picture(grey, words, 128, "what the network sees")
        self._show_map()
        with self._message.drawing():
            self.controls.show(face)
            controls.show_network(self._network, self._reader.name)

    def _show_map(self) -> None:
        self._mapping.description = f"✓ {_MAP}" if self._mapped else _MAP
        if not self._mapped:
            self._map.value = ""
            return
        grey = self._easel.grey(self.face.face())
        image, words = evidence_map(self._reader.read_all, grey)
        told = picture(image, f"The face with a map over it. {words}", 224)
        self._map.value = f"{told}<p>{words}</p>"

    def _toggle_map(self) -> None:
        self._mapped = not self._mapped
        self._show_map()

    def _step(self, step: Callable[[], None], name: str) -> None:
        with self._lock:
            before = self.face
            step()
            self._settled = True
            same = self.face == before
            self._message.words = f"There is nothing to {name}." if same else ""
            self._challenges.message.words = ""
            self._latest.ask()

    def _open_given(self) -> None:
        given = uploaded(self._file.value)
        if given is None:
            return
        clear(self._file)
        self.open(given[1])
        self._message.words = f"The face of {given[0]} is set."

    def _not_solved(self, challenge: dict) -> str:
        return not_solved(challenge, self.face, self.probabilities, self._reader.line)

    def _ipython_display_(self) -> None:
        self._latest.now()
        shares = self.probabilities
        said = answers.in_words(shares)
        words = f"{self.face.words()} The network {self._reader.name} answers: {said}."
        self._still.value = still(self.snapshot(), words)
        display(self.widget)
