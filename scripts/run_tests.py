"""Run every check of the project, then print how long each part took and what skipped.

    python scripts/run_tests.py                 all parts
    python scripts/run_tests.py lint datasets   only these
    python scripts/run_tests.py --changed       lint, canary, tests of what changed

As many parts run at the same time as there are cores, each on one; what a part printed
is shown when it has ended, all of it if it failed, and kept in ``_build/test-reports``.
Every part runs even if another one failed; the exit code is 0 only if all passed. A
part that takes longer than 40 minutes is ended, and has failed.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import sysconfig
import threading
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

from build_book import html_folder
from project_inputs import PROJECT
from run_notebooks import notebooks

REPORTS = PROJECT / "_build" / "test-reports"
PYTHON = sys.executable
#: Parts of the book's tests by their files; the others are the part "book checks".
#: What looks at the built pages waits for them.
BOOK = {
    "exercises": ["test_taught_code.py"],
    "builds": ["test_build.py", "test_runner.py"],
    "lab": ["test_lab.py", "test_lab_face.py", "test_lab_network.py"],
    "pages": ["test_pages.py", "test_accessibility.py"],
    "wheel": ["test_wheel.py"],
}
BUILD = "book build"
#: It is watched: a build must not call another host.
BUILD_TEST = "tests/nothing_leaves/test_build.py"
AFTER_THE_BUILD = ("pages", "book checks")
CHANGED = "changed"
#: Seconds that a part may take; the longest takes ten minutes on two busy cores.
LIMIT = 40 * 60
#: Tests that daily work runs whatever has changed.
ALWAYS = ["tests/test_architecture.py", "tests/book/test_spelling.py"]
#: Every change of the package makes outputs stale; `make notebooks` comes last.
NOT_DAILY = "tests/book/test_notebooks.py::test_outputs_are_complete_and_fresh"


class Outcome(NamedTuple):
    """What became of a part."""

    passed: bool
    seconds: float
    cpu: float
    printed: str


def printed_by(name: str) -> Path:
    """Return the file of what a part printed."""
    return REPORTS / f"{name.replace(' ', '-')}.txt"


def _pytest(name: str, *arguments: str) -> list[str]:
    """Return a pytest command whose outcomes are read again for the summary."""
    report = printed_by(name).with_suffix(".xml")
    return [PYTHON, "-m", "pytest", "-q", f"--junitxml={report}", *arguments]


def _named(path: Path) -> str:
    """Return a path as pytest is told it: the checkout's own may hold a bracket."""
    return path.relative_to(PROJECT).as_posix()


def _lint() -> list[list[str]]:
    return [
        [PYTHON, "-m", "ruff", "check", "."],
        [PYTHON, "-m", "ruff", "format", "--check", "."],
        [str(Path(sysconfig.get_path("scripts")) / "lint-imports")],
    ]


def all_parts() -> dict[str, list[list[str]]]:
    """Return the parts, each a list of commands, in the order in which they start.

    Those come first that others wait for or that take long. The tests of the package
    are one part a folder, and one for what lies beside the folders.
    """
    parts = {BUILD: [_pytest(BUILD, BUILD_TEST)]}
    lax = ["--nbval-lax", "--nbval-cell-timeout=600"]
    for folder in sorted({path.parent for path in notebooks()}):
        chapters = [_named(one) for one in notebooks() if one.parent == folder]
        name = f"nbval {folder.name}"
        parts[name] = [_pytest(name, *lax, *chapters)]
    for name, files in BOOK.items():
        parts[name] = [_pytest(name, *(f"tests/book/{file}" for file in files))]
    beside = sorted(map(_named, PROJECT.glob("tests/test_*.py")))
    parts["package"] = [_pytest("package", *beside)]
    for folder in sorted(path for path in PROJECT.glob("tests/*") if path.is_dir()):
        if folder.name != "book" and any(folder.rglob("test_*.py")):
            rest = (_named(folder), f"--ignore={BUILD_TEST}")
            parts[folder.name] = [_pytest(folder.name, *rest)]
    others = [f"--ignore=tests/book/{one}" for files in BOOK.values() for one in files]
    parts["book checks"] = [_pytest("book checks", "tests/book", *others)]
    parts["lint"] = _lint()
    return parts


def longest_first(parts: dict[str, list[list[str]]]) -> dict[str, list[list[str]]]:
    """Return the parts by the seconds of their last run, so that none ends alone.

    The build stays first, for others wait for it; new parts come next.
    """
    last = {
        report.stem: sum(float(one.get("time", 0)) for one in ET.parse(report).iter())
        for report in REPORTS.glob("*.xml")
    }

    def place(name: str) -> tuple[bool, float]:
        return name != BUILD, -last.get(name.replace(" ", "-"), float("inf"))

    return {name: parts[name] for name in sorted(parts, key=place)}


def changed_parts(since: str | None) -> dict[str, list[list[str]]]:
    """Return the parts of daily work: lint, the canary, the tests of what changed."""
    files = changed_files(since)
    tests = sorted(
        {*ALWAYS, *(test for file in files for test in mirrored_tests(file))}
    )
    print(f"{len(files)} files have changed; their tests:", *tests, sep="\n  ")
    return {
        "canary": [[PYTHON, "-m", "studies", "check"]],
        CHANGED: [_pytest(CHANGED, *tests, f"--deselect={NOT_DAILY}")],
        "lint": _lint(),
    }


def changed_files(since: str | None) -> list[str]:
    """Return what changed since a commit, files not yet added included.

    Without a commit, since the branch left what it is based on: its upstream, or main.
    """
    for base in [since] if since else ["@{upstream}", "main", "HEAD"]:
        found = _git("merge-base", "HEAD", base)
        if found:
            break
    else:
        raise SystemExit(f"git knows no commit {since!r}; expected one such as HEAD~3.")
    listed = _git("diff", "--name-only", found[0])
    return sorted({*listed, *_git("ls-files", "--others", "--exclude-standard")})


def _git(*words: str) -> list[str]:
    done = subprocess.run(
        ["git", *words], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines() if done.returncode == 0 else []


def mirrored_tests(file: str, project: Path = PROJECT) -> set[str]:
    """Return the tests of a file, by its path.

    The tests of ``emolib/a/b.py`` are ``tests/a/test_b.py``, or, where there are none,
    those nearest above: ``tests/test_a.py``, then all ``tests/a/test_*.py``; those of a
    ``conftest.py`` are all below it. Those of scripts and of the book's extensions are
    the tests that name them.
    """
    path = Path(file)
    top, parts = path.parts[0], path.with_suffix("").parts
    if top == "tests":
        if path.name == "conftest.py":
            tests = (project / path).parent.rglob("test_*.py")
            return {one.relative_to(project).as_posix() for one in tests}
        there = path.name.startswith("test_") and (project / path).is_file()
        return {file} if there else set()
    if top in ("emolib", "studies") and path.suffix in (".py", ".js", ".css"):
        return _mirrored(parts[1:] if top == "emolib" else parts, project)
    if top == "scripts" or parts[:2] == ("book", "_ext"):
        word = re.compile(rf"\b{re.escape(path.stem)}\b")
        tests = (project / "tests").rglob("test_*.py")
        found = (one for one in tests if word.search(one.read_text("utf-8")))
        return {one.relative_to(project).as_posix() for one in found}
    if top == "book" and path.suffix in (".ipynb", ".md", ".bib"):
        names = ("chapters", "notebooks", "references", "back_matter")
        return {f"tests/book/test_{name}.py" for name in names}
    if len(path.parts) == 1:
        return {"tests/book/test_project.py"}
    return set()


def _mirrored(parts: tuple[str, ...], project: Path) -> set[str]:
    """Return the tests nearest to a module, whose path is given without the package."""
    *folders, name = parts
    while True:
        place = project.joinpath("tests", *folders)
        beside = place / name
        found = [place / f"test_{name}.py"]
        if not found[0].is_file():
            found = sorted(beside.glob("test_*.py")) if beside.is_dir() else []
        if found or not folders:
            return {one.relative_to(project).as_posix() for one in found}
        *folders, name = folders


def run_part(
    name: str,
    commands: list[list[str]],
    first: Future | None,
    running: dict[subprocess.Popen, str],
) -> Outcome:
    """Run the commands of one part on one core, after another part if need be."""
    if first is not None:
        first.result()
    environment = {
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    if name != CHANGED:  # there, pages that are looked at are built anew
        environment["EMOLIB_BUILT_BOOK"] = str(html_folder(stored=True))
    file = printed_by(name)
    start, cpu, passed = time.perf_counter(), 0.0, True
    with file.open("wb") as output:
        for command in commands:
            process = subprocess.Popen(
                command, cwd=PROJECT, env=environment, stdout=output, stderr=output
            )
            running[process] = name
            # Python's own handler of this signal writes where every thread stands.
            alarm = threading.Timer(LIMIT, process.send_signal, [signal.SIGABRT])
            alarm.start()
            _, status, usage = os.wait4(process.pid, 0)
            alarm.cancel()
            process.returncode = os.waitstatus_to_exitcode(status)
            del running[process]
            if process.returncode == -signal.SIGINT:
                return Outcome(False, time.perf_counter() - start, cpu, "interrupted")
            passed = passed and process.returncode == 0
            cpu += usage.ru_utime + usage.ru_stime
    printed = file.read_text("utf-8", errors="replace")
    return Outcome(passed, time.perf_counter() - start, cpu, printed)


def run_parts(parts: dict[str, list[list[str]]], jobs: int) -> dict[str, Outcome]:
    """Run parts beside one another and tell of each when it has ended."""
    outcomes: dict[str, Outcome] = {}
    running: dict[subprocess.Popen, str] = {}

    def tell(*_) -> None:  # what ends a run from outside is told what it ended
        for name in list(running.values()):
            said = printed_by(name).read_text("utf-8", errors="replace").splitlines()
            print(f"===== {name}: still runs", *said[-20:], sep="\n", flush=True)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, tell)
    with ThreadPoolExecutor(jobs) as pool:
        futures: dict[str, Future] = {}
        for name, commands in parts.items():
            first = futures.get(BUILD) if name in AFTER_THE_BUILD else None
            futures[name] = pool.submit(run_part, name, commands, first, running)
        names = {future: name for name, future in futures.items()}
        try:
            for future in as_completed(names):
                name, outcome = names[future], future.result()
                outcomes[name] = outcome
                left = len(parts) - len(outcomes)
                lines = outcome.printed.strip().splitlines() or ["(nothing printed)"]
                shown = lines[-1:] if outcome.passed else lines
                verdict = "passed" if outcome.passed else "FAILED"
                title = (
                    f"===== {name}: {verdict} in {outcome.seconds:.0f} s, {left} left"
                )
                print(title, *shown, sep="\n", flush=True)
        except KeyboardInterrupt:
            for process in list(running):
                process.send_signal(signal.SIGINT)
            pool.shutdown(cancel_futures=True)
            raise
    return {name: outcomes[name] for name in parts}


def skips() -> Counter[tuple[str, str]]:
    """Return how often each part skipped a test, by reason."""
    found: Counter[tuple[str, str]] = Counter()
    for report in sorted(REPORTS.glob("*.xml")):
        for skipped in ET.parse(report).getroot().iter("skipped"):
            found[report.stem, skipped.get("message", "no reason given")] += 1
    return found


def install_seconds() -> str:
    """Return how long making the environment took, as its script noted it."""
    stamp = PROJECT / ".venv" / ".installed"
    lines = stamp.read_text("utf-8").splitlines() if stamp.is_file() else []
    return f"{lines[1]} s when .venv was made" if len(lines) > 1 else "not measured"


def summarise(outcomes: dict[str, Outcome], seconds: float) -> None:
    """Print a line for each part, and what skipped."""
    print("\n===== summary: seconds, and those of them a processor was busy =====")
    print(f"{'install':24} {install_seconds()}")
    for name, one in outcomes.items():
        verdict = "passed" if one.passed else "FAILED"
        print(f"{name:24} {one.seconds:6.1f} s  {one.cpu:6.1f} s  {verdict}")
    cpu = sum(one.cpu for one in outcomes.values())
    print(f"{'together':24} {seconds:6.1f} s  {cpu:6.1f} s")
    skipped = skips()
    print(f"Skipped: {sum(skipped.values())} tests")
    for (part, reason), count in skipped.items():
        print(f"  {part}: {count} x {reason}")


def main(arguments: Iterable[str] | None = None) -> int:
    """Run the parts named on the command line, or all."""
    # What a script starts in the background ignores Ctrl-C, and so would all that is
    # started here: the tests of Ctrl-C need what a terminal gives.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = list(all_parts())
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(names))
    parser.add_argument(
        "--changed", action="store_true", help="lint, canary, tests of what changed"
    )
    parser.add_argument(
        "--since", metavar="COMMIT", help="what --changed compares with"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    options = parser.parse_args(arguments)
    parts = changed_parts(options.since) if options.changed else all_parts()
    unknown = [name for name in options.parts if name not in parts]
    if unknown:
        known = ", ".join(parts)
        parser.error(f"no part is called {unknown[0]!r}; there are: {known}")
    parts = longest_first({name: parts[name] for name in options.parts or parts})

    REPORTS.mkdir(parents=True, exist_ok=True)
    for report in [*REPORTS.glob("*.xml"), *REPORTS.glob("*.txt")]:
        report.unlink()
    sys.stdout.reconfigure(errors="backslashreplace")  # tests print anything
    start = time.perf_counter()
    try:
        outcomes = run_parts(parts, max(1, options.jobs))
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    summarise(outcomes, time.perf_counter() - start)
    return 0 if all(one.passed for one in outcomes.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
