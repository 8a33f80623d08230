"""The latest event only: what a newer event overtakes is not drawn any more."""

import asyncio
import threading
from collections.abc import Callable

#: Seconds in which further events may come before the first of them is answered.
PAUSE = 0.005


class Latest:
    """Call `run` once for all the events that have come meanwhile.

    A slider that moves sends more events than can be drawn. Each sets the state, which
    costs nothing, and asks here for a drawing; one that is asked for already serves
    them all, with the state as it is by then. Where no event loop runs, as in a test,
    it is drawn at once.

    Parameters
    ----------
    run : callable
        Draws the state as it is; takes nothing.
    lock : RLock
        Of the lab. Newer versions of JupyterLab hand events to another thread than the
        cells, each with a loop of its own; one at a time may set or draw the state.
    """

    def __init__(self, run: Callable[[], None], lock: threading.RLock):
        self._run, self._lock, self._closed = run, lock, False
        self._asked: asyncio.AbstractEventLoop | None = None  # the one that will draw

    def ask(self) -> None:
        """Have `run` called soon, unless that has been asked for already."""
        with self._lock:
            if self._closed:
                return
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                self._run()
                return
            if self._asked is not loop:  # another may be busy with a long cell
                self._asked = loop
                loop.call_later(PAUSE, self._due, loop)

    def now(self) -> None:
        """Call `run` at once if it was asked for: a cell shows what it has set."""
        with self._lock:
            if self._asked is not None:
                self._asked = None
                self._run()

    def close(self) -> None:
        """Forget what was asked for, and take no more."""
        with self._lock:
            self._closed, self._asked = True, None

    def _due(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            if self._asked is loop:
                self._asked = None
                self._run()
