"""A line of words below a lab: what has happened, and what went wrong."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path

import traitlets

from emolib.errors import EmolibError
from emolib.widgets._toolkit import anywidget


class MessageLine(anywidget.AnyWidget):
    """Words that a screen reader reads out when they change.

    Parameters
    ----------
    lock : RLock
        Of the lab, as that of `Latest`.

    Attributes
    ----------
    words : str
        What it says; empty at the beginning.
    """

    _esm = Path(__file__).with_name("message_line.js")
    words = traitlets.Unicode().tag(sync=True)

    def __init__(self, lock: threading.RLock):
        super().__init__()
        self._lock, self._drawer = lock, None

    def guard(self, act: Callable) -> Callable:
        """Return `act` as an event calls it: an error becomes the words of this line.

        An error of emolib says itself what to do; another is named, so that it can be
        told to those who can mend it. Nobody at a notebook sees what an event raises.
        Events of a lab that come in several threads are dealt with one after another,
        and what a control tells while the lab itself moves it (`drawing`) is no event.
        """

        @wraps(act)
        def acted(*event):
            if self._drawer == threading.get_ident():
                return None
            with self._lock:
                try:
                    return act(*event)
                except EmolibError as error:
                    self.words = str(error)
                except Exception as error:
                    self.words = (
                        f"That failed ({type(error).__name__}: {error}). Run the "
                        "cell again for a new lab."
                    )

        return acted

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Let the lab move its controls in here, of which `guard` hears nothing."""
        with self._lock:
            before, self._drawer = self._drawer, threading.get_ident()
            try:
                yield
            finally:
                self._drawer = before
