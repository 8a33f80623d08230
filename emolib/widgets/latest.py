"""The latest event only: what a newer event overtakes is not drawn any more."""

import asyncio
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
    """

    def __init__(self, run: Callable[[], None]):
        self._run, self._asked, self._closed = run, None, False

    def ask(self) -> None:
        """Have `run` called soon, unless that has been asked for already."""
        if self._closed or self._asked:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._run()
            return
        self._asked = loop.call_later(PAUSE, self.now)

    def now(self) -> None:
        """Call `run` at once if that has been asked for."""
        if self._asked:
            self._asked.cancel()
            self._asked = None
            self._run()

    def close(self) -> None:
        """Forget what was asked for, and take no more."""
        self._closed = True
        if self._asked:
            self._asked.cancel()
        self._asked = None
