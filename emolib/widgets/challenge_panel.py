"""Challenges in a lab: a task, where it begins, a check, and one solution."""

import html
import threading
from collections.abc import Callable

from emolib.synthesis import lab_controls
from emolib.widgets import controls
from emolib.widgets._toolkit import ipywidgets
from emolib.widgets.challenges import challenge_face
from emolib.widgets.lab_face import LabFace
from emolib.widgets.message_line import MessageLine


class ChallengePanel:
    """The challenges of ``data/lab/controls.json``, to be chosen, begun and checked.

    Parameters
    ----------
    change : callable
        Called with the `LabFace` that a challenge sets.
    fault : callable
        Takes a challenge; returns why it is not solved, or an empty text.
    lock : RLock
        Of the lab, as that of `Latest`.

    Attributes
    ----------
    widget : ipywidgets.VBox
        What is displayed.
    """

    def __init__(
        self,
        change: Callable[[LabFace], None],
        fault: Callable[[dict], str],
        lock: threading.RLock,
    ):
        self._change, self._fault, self._begun = change, fault, False
        self.message = MessageLine(lock)
        guard = self.message.guard
        names = [one["name"] for one in lab_controls()["challenges"]]
        listed = {f"{k}. {name}": k - 1 for k, name in enumerate(names, 1)}
        self.chosen = controls.choice("Challenge", listed, guard(self._tell))
        self.task = ipywidgets.HTML()
        acts = {
            "Begin": self._begin, "Check": self._check, "Show a solution": self._solve,
        }  # fmt: skip
        self.buttons = {k: controls.button(k, guard(act)) for k, act in acts.items()}
        self._tell(0)
        row, title = controls.row(*self.buttons.values()), controls.heading
        self.widget = ipywidgets.VBox(
            [title("Challenges"), self.chosen, self.task, row, self.message]
        )

    @property
    def _challenge(self) -> dict:
        return lab_controls()["challenges"][self.chosen.value]

    def _tell(self, number: int) -> None:
        task = lab_controls()["challenges"][number]["task"]
        self.task.value = f"<p>{html.escape(task)}</p>"
        self.message.words, self._begun = "", False

    def _begin(self) -> None:
        self._begun = True
        self._change(challenge_face(self._challenge["begin"]))
        self.message.words = "The face is set. Your turn."

    def _check(self) -> None:
        if not self._begun:
            self.message.words = "Press “Begin” first: the challenge sets the face."
            return
        fault = self._fault(self._challenge)
        self.message.words = f"✗ Not yet. {fault}" if fault else "✓ Solved."

    def _solve(self) -> None:
        self._begun = True
        self._change(challenge_face(self._challenge["solution"]))
        self.message.words = (
            "This solves it for the network synthface; the one that reads now answers "
            "otherwise. “Undo” takes it back."
            if self._fault(self._challenge)
            else "This is one solution; there are others. “Undo” takes it back."
        )
