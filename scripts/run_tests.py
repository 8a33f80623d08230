"""Run every check of the project, then print how long each part took and what skipped.

    python scripts/run_tests.py                 all parts
    python scripts/run_tests.py lint unit       only these

Every part runs even if an earlier one failed; the exit code is 0 only if all passed.
"""

import argparse
import os
import subprocess
import sys
import sysconfig
import time
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

from build_book import html_folder
from project_inputs import PROJECT
from run_notebooks import notebooks

REPORTS = PROJECT / "_build" / "test-reports"
PYTHON = sys.executable
IN_BROWSER = ["tests/book/test_pages.py", "tests/book/test_accessibility.py"]
WHEEL = "tests/book/test_wheel.py"
BUILD = "tests/nothing_leaves/test_build.py"


def _pytest(name: str, *arguments: str) -> list[str]:
    """Return a pytest command whose outcomes are read again for the summary."""
    report = REPORTS / f"{name}.xml"
    return [PYTHON, "-m", "pytest", "-q", f"--junitxml={report}", *arguments]


def commands() -> dict[str, list[list[str]]]:
    """Return the parts in order, each a list of commands."""
    lint_imports = str(Path(sysconfig.get_path("scripts")) / "lint-imports")
    chapters = [str(path.relative_to(PROJECT)) for path in notebooks()]
    lax = ["--nbval-lax", "--nbval-cell-timeout=600", "-n", "2", "--dist", "loadscope"]
    return {
        "lint": [
            [PYTHON, "-m", "ruff", "check", "."],
            [PYTHON, "-m", "ruff", "format", "--check", "."],
            [lint_imports],
        ],
        "unit": [
            _pytest(
                "unit",
                "tests",
                "--ignore=tests/book",
                f"--ignore={BUILD}",
                "-n",
                "2",
                "--dist=loadfile",
            )
        ],
        "nbval": [_pytest("nbval", *lax, *chapters)] if chapters else [],
        "book build": [_pytest("build", BUILD)],
        "book checks": [
            _pytest(
                "book",
                "tests/book",
                *(f"--ignore={path}" for path in [*IN_BROWSER, WHEEL]),
                "-n",
                "2",
            )
        ],
        "pages": [_pytest("pages", *IN_BROWSER, "-n", "2")],
        "wheel": [_pytest("wheel", WHEEL)],
    }


def run_part(part: list[list[str]]) -> tuple[bool, float]:
    """Run the commands of one part; return whether all passed, and the seconds."""
    environment = {
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "EMOLIB_BUILT_BOOK": str(html_folder(stored=True)),
    }
    start = time.perf_counter()
    passed = True
    for command in part:
        done = subprocess.run(command, cwd=PROJECT, env=environment, check=False)
        passed = passed and done.returncode == 0
    return passed, time.perf_counter() - start


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


def main() -> int:
    """Run the parts named on the command line, or all."""
    parts = commands()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(parts))
    chosen = parser.parse_args().parts or list(parts)
    unknown = [name for name in chosen if name not in parts]
    if unknown:
        parser.error(f"no part is called {unknown[0]!r}; there are: {', '.join(parts)}")

    REPORTS.mkdir(parents=True, exist_ok=True)
    for report in REPORTS.glob("*.xml"):
        report.unlink()
    outcomes = {}
    for name in chosen:
        print(f"\n===== {name} =====", flush=True)
        outcomes[name] = run_part(parts[name])

    print("\n===== summary =====")
    print(f"{'install':12} {install_seconds()}")
    for name, (passed, seconds) in outcomes.items():
        print(f"{name:12} {seconds:6.1f} s  {'passed' if passed else 'FAILED'}")
    print(f"{'together':12} {sum(seconds for _, seconds in outcomes.values()):6.1f} s")
    skipped = skips()
    print(f"Skipped: {sum(skipped.values())} tests")
    for (part, reason), count in skipped.items():
        print(f"  {part}: {count} x {reason}")
    return 0 if all(passed for passed, _ in outcomes.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
