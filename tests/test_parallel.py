"""Tasks in several processes: results, crashes, Ctrl-C and the end of the parent.

The work is `eval`, so that a task says itself what happens, and processes start fast.
"""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from emolib.parallel import process_map

ROOT = Path(__file__).resolve().parents[1]
CRASH, SLEEP = "__import__('os')._exit(3)", "__import__('time').sleep(60)"
PROCESS = "__import__('os').getpid()"


@pytest.mark.parametrize("workers", [1, 2])
def test_each_task_gives_its_result(workers):
    tasks = [f"{k}*{k}" for k in range(9)]
    found = dict(process_map(eval, tasks, workers))
    assert found == {k: k * k for k in range(9)}
    assert list(process_map(eval, [], workers)) == []


def test_one_worker_is_this_process_and_two_are_others():
    assert list(process_map(eval, [PROCESS], 1)) == [(0, os.getpid())]
    others = {process for _, process in process_map(eval, [PROCESS] * 6, 2)}
    assert os.getpid() not in others
    assert len(others) <= 2


def test_the_work_reaches_each_process_once():
    """An object may keep what its tasks share."""
    kept = partial(next, iter(range(100)))  # counts its calls; each copy begins at 0
    counts = [count for _, count in process_map(kept, [None] * 8, 2)]
    assert max(counts) >= 3
    assert min(counts) == 0


def test_tasks_are_handed_out_a_few_at_a_time():
    taken = []

    class Tasks(list):
        def __getitem__(self, position):
            taken.append(position)
            return super().__getitem__(position)

    results = process_map(eval, Tasks(["1"] * 40), 2)
    next(results)
    assert len(taken) <= 4
    results.close()


@pytest.mark.parametrize("where", [0, 3, 7])
def test_a_task_that_crashes_its_process_takes_no_other_along(where):
    tasks = [str(k) for k in range(8)]
    tasks[where] = CRASH
    found = dict(process_map(eval, tasks, 2, crashed=lambda task: f"lost {task}"))
    assert found.pop(where) == f"lost {CRASH}"
    assert found == {k: k for k in range(8) if k != where}


def test_two_crashes_are_two_results():
    found = dict(process_map(eval, [CRASH, "1", CRASH], 3, crashed=len))
    assert found == {0: len(CRASH), 1: 1, 2: len(CRASH)}


def test_a_crash_that_nobody_expects_is_an_error_that_names_the_task():
    with pytest.raises(RuntimeError, match=r"crashed at .*_exit\(3\)"):
        list(process_map(eval, ["1", CRASH, "2"], 2))


def test_an_error_in_a_task_arrives_and_ends_the_rest_at_once():
    began = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        list(process_map(eval, [SLEEP, "1/0", SLEEP, SLEEP], 2))
    assert time.monotonic() - began < 30


def test_leaving_early_ends_what_is_running():
    began = time.monotonic()
    results = process_map(eval, ["1", SLEEP, SLEEP], 2)
    assert next(results) == (0, 1)
    results.close()
    assert time.monotonic() - began < 30


PROGRAM = """
from emolib.parallel import process_map
if __name__ == "__main__":
    tasks = ["print('begun', flush=True)", {sleep!r}, {sleep!r}]
    try:
        list(process_map(eval, tasks, 2))
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="POSIX signals")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_processes_end_with_ctrl_c_and_with_the_program(tmp_path, sign):
    file = tmp_path / "program.py"
    file.write_text(PROGRAM.format(sleep=SLEEP))
    program = subprocess.Popen(
        [sys.executable, str(file)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        start_new_session=True,
        # a job in the background of a script ignores Ctrl-C, and so do its children
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout.readline() == "begun\n"
    if sign == signal.SIGINT:
        os.killpg(program.pid, sign)  # as a terminal does: to everybody
    else:
        program.send_signal(sign)
    # the pipes close when the last process has gone
    out, err = program.communicate(timeout=30)
    assert out == ("interrupted\n" if sign == signal.SIGINT else "")
    assert "Traceback" not in err
