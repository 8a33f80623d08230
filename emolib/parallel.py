"""One function over many tasks, in several processes.

Unlike joblib's processes, these end at once with Ctrl-C and with the program that
started them, however it ends; one that crashes costs nothing but its own task.
"""

import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from emolib.errors import WorkerError

_SPAWN = multiprocessing.get_context("spawn")  # a fork would copy held locks


def process_map(
    work: Callable, tasks: Sequence, workers: int, *, crashed: Callable | None = None
) -> Iterator[tuple[int, object]]:
    """Yield (position, result) of each task as soon as it is finished.

    `work` takes a task; each process gets one copy, which may keep what tasks share.
    Only a few `tasks` are handed out at a time, which bounds the memory. With 1 of
    `workers` everything happens in this process. `crashed` takes a task that ended its
    process and returns its result; without it, that is a RuntimeError.
    """
    if workers == 1:
        yield from enumerate(map(work, tasks))
        return
    waiting, suspects = list(range(len(tasks)))[::-1], 0
    while waiting:
        listen, hold = _SPAWN.Pipe(duplex=False)
        count, running = min(workers, len(waiting)), {}
        pool = ProcessPoolExecutor(count, _SPAWN, _begin, (work, listen))
        try:
            while waiting or running:
                while waiting and len(running) < (1 if suspects else 2 * workers):
                    running[_submit(pool, tasks[waiting[-1]])] = waiting[-1]
                    waiting.pop()
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    result, suspects = future.result(), max(suspects - 1, 0)
                    yield running.pop(future), result
        except BrokenProcessPool as error:
            if len(running) == 1:
                position = running.popitem()[1]
                if crashed is None:
                    what = f"A process crashed at {tasks[position]!r:.200}."
                    raise WorkerError(
                        f"{what} Use fewer workers, in case the memory is full."
                    ) from error
                yield position, crashed(tasks[position])
            waiting += running.values()  # one of them did it: now one by one
            suspects = len(running)
        except BaseException:  # Ctrl-C above all
            hold.close()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
            hold.close()


def _submit(pool: ProcessPoolExecutor, task: object) -> Future:
    """Submit a task; a process that starts meanwhile never receives Ctrl-C."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        return pool.submit(_do, task)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(_do, task)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(work: Callable, listen: multiprocessing.connection.Connection) -> None:
    """Prepare a process; it ends when the other end of `listen` is closed."""

    def end() -> None:
        multiprocessing.connection.wait([listen])
        os._exit(1)

    _do.work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end, daemon=True).start()


def _do(task: object) -> object:
    return _do.work(task)
