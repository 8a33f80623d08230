"""What `make test` and `make check` run, and what they make of it."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import run_tests
from project_inputs import PROJECT

PYTHON = sys.executable


@pytest.fixture
def reports(tmp_path, monkeypatch):
    """Keep the reports of this very run apart from those of a test."""
    monkeypatch.setattr(run_tests, "REPORTS", tmp_path / "reports")
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # only for a main program
    return tmp_path / "reports"


def run(monkeypatch, capsys, parts, *arguments) -> tuple[int, str]:
    monkeypatch.setattr(run_tests, "all_parts", lambda: parts)
    code = run_tests.main(arguments)
    return code, capsys.readouterr().out


def prints(text: str, code: int = 0) -> list[str]:
    return [PYTHON, "-c", f"print('first'); print({text!r}); raise SystemExit({code})"]


def test_every_part_runs_and_a_failure_is_shown_in_full(reports, monkeypatch, capsys):
    parts = {"bad": [prints("oh no", 3), prints("later")], "good": [prints("fine")]}
    code, shown = run(monkeypatch, capsys, parts)
    assert code == 1
    assert "bad: FAILED" in shown
    assert "first\noh no\nfirst\nlater\n" in shown
    assert "good: passed" in shown
    assert "\nfine\n" in shown
    assert "first\nfine" not in shown
    assert (reports / "good.txt").read_text() == "first\nfine\n"
    assert run(monkeypatch, capsys, parts, "good")[0] == 0


def test_an_unknown_part_stops_with_those_there_are(reports, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        run(monkeypatch, capsys, {"good": []}, "nonsense")
    assert "no part is called 'nonsense'; there are: good" in capsys.readouterr().err


#: Leave a note, then wait for that of another.
MEET = """
import sys, time
from pathlib import Path

mine, other = map(Path, sys.argv[1:])
mine.touch()
for _ in range(600):
    if other.exists():
        raise SystemExit(0)
    time.sleep(0.1)
raise SystemExit(f"{other.name} did not come")
"""


def test_parts_run_beside_one_another(reports, monkeypatch, capsys, tmp_path):
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    parts = {
        "one": [[PYTHON, "-c", MEET, one, two]],
        "two": [[PYTHON, "-c", MEET, two, one]],
    }
    code, shown = run(monkeypatch, capsys, parts, "--jobs", "2")
    assert code == 0, shown


def test_pages_are_looked_at_when_they_are_built(
    reports, monkeypatch, capsys, tmp_path
):
    make = "import sys, time; time.sleep(1); open(sys.argv[1], 'x')"
    look = "import sys; open(sys.argv[1])"
    parts = {
        run_tests.BUILD: [[PYTHON, "-c", make, str(tmp_path / "page")]],
        "pages": [[PYTHON, "-c", look, str(tmp_path / "page")]],
    }
    code, shown = run(monkeypatch, capsys, parts, "--jobs", "2")
    assert code == 0, shown


def test_the_longest_part_of_the_last_run_starts_first(reports):
    reports.mkdir()
    for name, seconds in (("book-build", 1), ("short", 2), ("long-one", 300)):
        report = f'<testsuites><testsuite time="{seconds}"/></testsuites>'
        (reports / f"{name}.xml").write_text(report)
    parts = {name: [] for name in ("short", "long one", "new", run_tests.BUILD)}
    order = [run_tests.BUILD, "new", "long one", "short"]
    assert list(run_tests.longest_first(parts)) == order


def test_no_test_of_the_project_is_left_out():
    parts = run_tests.all_parts()
    named = {word for commands in parts.values() for one in commands for word in one}
    ignored = {
        word.removeprefix("--ignore=") for word in named if word.startswith("--ignore=")
    }
    for path in (PROJECT / "tests").rglob("test_*.py"):
        name = path.relative_to(PROJECT).as_posix()
        if path.parent.name == "book":
            assert "tests/book" in named
            assert (name in named) == (name in ignored), name
        else:
            above = {one.as_posix() for one in (Path(name), *Path(name).parents)}
            assert above & named, name
    for path in (PROJECT / "book").rglob("*.ipynb"):
        if ".ipynb_checkpoints" not in path.parts:
            assert path.relative_to(PROJECT).as_posix() in named


def as_a_program(code: str, folder: Path) -> list[str]:
    """Return a command that runs the tests, of which there is one part: this code."""
    main = (
        "import sys; sys.path.insert(0, 'scripts'); import run_tests; "
        f"part = [sys.executable, '-c', {code!r}]; "
        "run_tests.all_parts = lambda: {'part': [part]}; "
        "from pathlib import Path; run_tests.REPORTS = Path(sys.argv[1]); "
        "raise SystemExit(run_tests.main([]))"
    )
    return [PYTHON, "-c", main, str(folder)]


def test_what_ctrl_c_does_is_tested_in_the_background_too(tmp_path):
    code = "import signal; print(signal.getsignal(signal.SIGINT))"

    def ignore():
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    done = subprocess.run(
        as_a_program(code, tmp_path),
        cwd=PROJECT,
        preexec_fn=ignore,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "default_int_handler" in done.stdout


STUCK = "import time; print('it waits', flush=True); time.sleep(600)"


def test_a_part_that_hangs_is_ended_and_has_failed(reports, monkeypatch, capsys):
    monkeypatch.setattr(run_tests, "LIMIT", 3)
    parts = {"stuck": [[PYTHON, "-X", "faulthandler", "-c", STUCK]]}
    code, shown = run(monkeypatch, capsys, parts)
    assert code == 1
    assert "stuck: FAILED" in shown
    assert "it waits\nFatal Python error: Aborted" in shown
    assert 'File "<string>", line 1' in shown


def test_who_ends_a_run_is_told_what_was_running(tmp_path):
    process = subprocess.Popen(
        as_a_program(STUCK, tmp_path), cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    said, end = tmp_path / "part.txt", time.monotonic() + 60
    while not (said.is_file() and said.read_text()) and time.monotonic() < end:
        time.sleep(0.1)
    process.terminate()
    shown, _ = process.communicate(timeout=60)
    assert "part: still runs\nit waits\n" in shown
    assert process.returncode == 130


@pytest.fixture
def project(tmp_path):
    """Make a tree with a few modules and tests of them."""
    for name in (
        "tests/datasets/test_splits.py",
        "tests/datasets/enterface05/test_prepare.py",
        "tests/test_plots.py",
        "tests/book/test_runner.py",
        "tests/studies/test_canary.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("import run_notebooks\n" if "runner" in name else "", "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "tests"),
    [
        ("emolib/datasets/splits.py", ["tests/datasets/test_splits.py"]),
        ("emolib/datasets/folds.py", ["tests/datasets/test_splits.py"]),
        ("emolib/datasets/__init__.py", ["tests/datasets/test_splits.py"]),
        (
            "emolib/datasets/enterface05/prepare.py",
            ["tests/datasets/enterface05/test_prepare.py"],
        ),
        ("emolib/plots/scores.py", ["tests/test_plots.py"]),
        ("emolib/nothing.py", []),
        ("studies/canary.py", ["tests/studies/test_canary.py"]),
        ("scripts/run_notebooks.py", ["tests/book/test_runner.py"]),
        ("emolib/datasets/splits.js", ["tests/datasets/test_splits.py"]),
        ("tests/test_plots.py", ["tests/test_plots.py"]),
        (
            "tests/datasets/conftest.py",
            [
                "tests/datasets/enterface05/test_prepare.py",
                "tests/datasets/test_splits.py",
            ],
        ),
        ("tests/test_gone.py", []),
        ("Makefile", ["tests/book/test_project.py"]),
    ],
)
def test_the_tests_of_a_file_mirror_its_path(project, file, tests):
    assert sorted(run_tests.mirrored_tests(file, project)) == tests


def test_git_tells_what_changed(tmp_path, monkeypatch):
    def git(*words):
        names = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        subprocess.run(["git", *names, *words], cwd=tmp_path, check=True)

    git("init", "-q", "-b", "main")
    (tmp_path / "old.py").write_text("1")
    (tmp_path / "kept.py").write_text("1")
    git("add", ".")
    git("commit", "-qm", "first")
    git("checkout", "-qb", "work")
    (tmp_path / "old.py").write_text("2")
    git("commit", "-qam", "second")
    (tmp_path / "new.py").write_text("1")
    monkeypatch.setattr(run_tests, "PROJECT", tmp_path)
    assert run_tests.changed_files(None) == ["new.py", "old.py"]
    assert run_tests.changed_files("HEAD") == ["new.py"]
    with pytest.raises(SystemExit, match="no commit 'nonsense'"):
        run_tests.changed_files("nonsense")
