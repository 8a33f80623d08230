"""What a person meets first: the targets, the pins, the environment, the address."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import set_address
import yaml
from project_inputs import PROJECT, input_files, inputs_hash

from emolib.faces import formats

TARGETS = [
    "book",
    "test",
    "notebooks",
    "results",
    "data",
    "check",
    "check-enterface",
    "packs",
    "pictures",
    "address",
    "bench",
    "serve",
    "lint",
    "clean",
    "help",
    "vendor",
]
VENDOR = PROJECT / "book" / "assets" / "vendor"


def test_make_lists_its_targets():
    done = subprocess.run(
        ["make"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    listed = {line.split()[0] for line in done.stdout.splitlines()[1:]}
    assert set(TARGETS) <= listed


def test_scripts_behind_the_targets_exist():
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    scripts = re.findall(r"scripts/[\w.]+", makefile)
    assert [name for name in scripts if not (PROJECT / name).is_file()] == []


def test_pins_are_exact_and_name_no_place():
    lines = (PROJECT / "requirements.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.match(r"^[a-z0-9._-]+==[^\s;]+( ;.*)?$", line) for line in pins)
    assert "://" not in "\n".join(pins)


def test_every_dependency_of_the_project_is_pinned():
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = settings["optional-dependencies"].values()
    wanted = [*settings["dependencies"], *(item for extra in extras for item in extra)]
    pinned = set(
        re.findall(r"^([a-z0-9._-]+)==", _text("requirements.txt"), flags=re.M)
    )
    names = {re.match(r"[\w.-]+", item)[0].lower().replace("_", "-") for item in wanted}
    assert names - pinned == set()


#: Answers as Python does to what the environment script asks of it. Of pip it keeps the
#: arguments, and does what PIP says.
FAKE_PYTHON = """#!/bin/sh
case "$*" in
*version_info*) echo {version} ;;
--version) echo Python {version}.1 ;;
*find_spec*) test -e "$(dirname "$0")/pip" ;;
*ensurepip*) {ensurepip} ;;
"-m venv .venv") {venv} && mkdir -p .venv/bin && cp "$0" .venv/bin/python &&
    echo "#!$0" > .venv/bin/pip ;;
"-m pip install"*) echo "$*" >> pip.txt; {pip} ;;
esac
"""


def fake_python(path, version, *, ensurepip="true", venv="true", pip="true"):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = FAKE_PYTHON.format(version=version, ensurepip=ensurepip, venv=venv, pip=pip)
    path.write_text(text, "utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def make_venv(tmp_path):
    """Give a function that runs the environment script where no Python is."""
    root = tmp_path / "a folder [with] (blanks) #1 100% é's *"
    (root / "scripts").mkdir(parents=True)
    for name in (
        "scripts/make_venv.sh",
        "scripts/jupyter_lab_config.json",
        "requirements.txt",
        "pyproject.toml",
    ):
        shutil.copy(PROJECT / name, root / name)
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "cat", "cksum", "head", "dirname", "grep", "date", "sed", "rm",
                 "tail", "mkdir", "cp"):  # fmt: skip
        (tools / name).symlink_to(shutil.which(name))

    def run(python=None, code=1):
        done = subprocess.run(
            [shutil.which("sh"), root / "scripts" / "make_venv.sh"],
            env={"PATH": str(tools)} | ({"PYTHON": str(python)} if python else {}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stderr if code else done.stdout

    run.root, run.tools = root, tools
    return run


def test_an_environment_is_made_once(make_venv):
    fake_python(make_venv.tools / "python3.13", "3.13")
    assert "Making .venv with Python 3.13.1" in make_venv(code=0)
    installed = (make_venv.root / "pip.txt").read_text().splitlines()
    assert [line.split()[-1] for line in installed] == ["requirements.txt", "."]
    assert make_venv(code=0) == ""


def test_without_a_fitting_python_the_environment_script_says_what_to_do(make_venv):
    fake_python(make_venv.tools / "python3", "3.10")
    fake_python(make_venv.tools / "python3.12", "3.12", ensurepip="exit 1")
    said = make_venv()
    assert "No Python 3.11, 3.12 or 3.13" in said
    assert "PYTHON=" in said
    assert not (make_venv.root / ".venv").exists()


@pytest.mark.parametrize("there", [False, True])
def test_a_python_that_cannot_be_run_is_said_so(make_venv, tmp_path, there):
    if there:
        fake_python(make_venv.root / ".venv" / "bin" / "python", "3.12")
    missing = tmp_path / "nowhere" / "python3.13"
    said = make_venv(missing)
    assert said == (
        f"PYTHON={missing} cannot be run; give the path of a Python 3.11, 3.12 or "
        "3.13.\n"
    )


@pytest.mark.parametrize("version", ["2.7", "3.10", "3.14"])
def test_a_python_too_old_or_too_new_is_said_so(make_venv, tmp_path, version):
    given = fake_python(tmp_path / "python", version)
    said = make_venv(given)
    assert said.startswith(f"PYTHON={given} is Python {version}; TensorFlow has wheels")
    assert "make book PYTHON=/path/to/python3.12" in said


def test_an_environment_of_another_python_is_not_used(make_venv, tmp_path):
    fake_python(tmp_path / "python3.11", "3.11")
    make_venv(tmp_path / "python3.11", code=0)
    other = fake_python(tmp_path / "python3.13", "3.13")
    said = make_venv(other)
    assert said.startswith(f".venv has Python 3.11; PYTHON={other} is 3.13.")
    assert "Delete the folder .venv" in said


def lose_the_python(venv):
    (venv / "bin" / "python").unlink()
    (venv / "bin" / "python").symlink_to(venv.parent / "uninstalled" / "python3.12")


def replace_the_python_by_another_version(venv):
    (venv / "bin" / "pip").unlink()  # not found in the other version's folder


def break_the_python(venv):
    (venv / "bin" / "python").write_text("no program")


def interrupt_while_it_was_made(venv):
    shutil.rmtree(venv)
    (venv / "bin").mkdir(parents=True)


def move_the_checkout(venv):
    (venv / "bin" / "pip").write_text("#!/old place/.venv/bin/python3.12\n")


def move_the_checkout_from_a_path_with_blanks(venv):
    start = """#!/bin/sh\n'''exec' "/old place/.venv/bin/python" "$0"\n"""
    (venv / "bin" / "pip").write_text(start)


def link_to_nowhere(venv):
    shutil.rmtree(venv)
    venv.symlink_to("/nowhere/.venv")


def another_version_that_does_not_fit(venv):
    fake_python(venv / "bin" / "python", "3.9")


@pytest.mark.parametrize(
    "damage",
    [
        lose_the_python,
        replace_the_python_by_another_version,
        break_the_python,
        interrupt_while_it_was_made,
        move_the_checkout,
        move_the_checkout_from_a_path_with_blanks,
        link_to_nowhere,
        another_version_that_does_not_fit,
    ],
)
def test_a_broken_environment_is_made_again(make_venv, damage):
    fake_python(make_venv.tools / "python3.12", "3.12")
    make_venv(code=0)
    venv = make_venv.root / ".venv"
    (venv / "old").touch()
    damage(venv)
    said = make_venv(code=0)
    assert said.startswith("Making .venv again: ")
    assert "Making .venv with Python 3.12.1" in said
    assert not (venv / "old").exists()
    assert make_venv(code=0) == ""


@pytest.mark.parametrize(
    ("pip", "why"),
    [
        (
            "echo 'ERROR: Could not install: [Errno 28] No space left on device' >&2",
            "The disk is full: the packages need 3 GB.",
        ),
        (
            "echo 'WARNING: Retrying: connection broken by NewConnectionError' >&2",
            "Check the network",
        ),
        ("echo 'ERROR: No matching distribution' >&2", "Put right what they say"),
    ],
)
def test_where_installing_fails_the_last_lines_and_the_remedy_are_shown(
    make_venv, pip, why
):
    wall = "for k in 1 2 3 4 5 6 7 8 9; do echo line $k; done; "
    fake_python(make_venv.tools / "python3.12", "3.12", pip=f"{wall}{pip}; exit 1")
    said = make_venv()
    assert why in said
    assert said.endswith("then run the same command again: it goes on from here.\n")
    assert "line 9" in said
    assert "line 5\n" not in said
    fake_python(make_venv.root / ".venv" / "bin" / "python", "3.12")
    assert "ready after" in make_venv(code=0)


def test_a_folder_that_cannot_be_written_is_said_so(make_venv):
    fake_python(make_venv.tools / "python3.12", "3.12", venv="false")
    assert "Is the disk full, or this" in make_venv()


def test_the_hash_of_inputs_leaves_out_caches_and_temporary_files(tmp_path):
    for name in (
        "emolib/a.py",
        "emolib/__pycache__/a.pyc",
        "data/x.json.tmp",
        "data/.y",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", "utf-8")
    assert input_files(tmp_path) == [tmp_path / "emolib" / "a.py"]


def test_of_a_measurement_only_its_results_count_for_the_notebooks(tmp_path):
    file = tmp_path / "data" / "results" / "curve.json"
    file.parent.mkdir(parents=True)

    def digest(**record):
        file.write_text(json.dumps(record), "utf-8")
        return inputs_hash(tmp_path)

    before = digest(results={"rows": [1, 2]}, canary={"crop": 0.5})
    assert digest(results={"rows": [1, 2]}, canary={"crop": 0.7}) == before
    assert digest(results={"rows": [1, 3]}, canary={"crop": 0.5}) != before


def test_the_browser_libraries_are_the_ones_recorded():
    sums = dict(
        reversed(line.split()) for line in _text(VENDOR / "SHA256SUMS").splitlines()
    )
    versions = json.loads(_text(VENDOR / "versions.json"))
    assert set(sums) == set(versions)
    for name, expected in sums.items():
        content = (VENDOR / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == expected, name
        assert set(versions[name]) == {"package", "version", "licence"}


def test_the_address_stands_in_pyproject_and_everything_agrees():
    address = set_address.repository()
    assert yaml.safe_load(_text("_config.yml"))["repository"]["url"] == address
    assert yaml.safe_load(_text("CITATION.cff"))["repository-code"] == address
    assert address in _text("README.md")
    owner = re.escape(address.split("/")[3])
    for path in set_address.addressed_files():
        text = path.read_text("utf-8")
        for found in re.findall(rf"github\.com/{owner}/[\w.-]+", text, re.I):
            assert f"https://{found.rstrip('.')}" in (address, address + ".git"), path
        for wheel in re.findall(r"https://\S+?\.whl", text):
            assert wheel == set_address.release_wheel(), path


@pytest.fixture
def fork(tmp_path):
    """Make a copy of all that holds the address, and of the script that writes it."""
    root = tmp_path / "a fork"
    root.mkdir()
    shutil.copytree(
        PROJECT / "book", root / "book", ignore=shutil.ignore_patterns("*.js")
    )
    (root / "scripts").mkdir()
    for name in ("pyproject.toml", "scripts/set_address.py", *set_address.FILES):
        shutil.copy(PROJECT / name, root / name)
    return root


def set_address_in(fork, *arguments):
    return subprocess.run(
        [sys.executable, fork / "scripts" / "set_address.py", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_fork_gets_the_address_that_the_workflow_gives(fork):
    new = "https://github.com/Someone-Else/my.faces"
    assert set_address_in(fork, new).returncode == 0
    old = set_address.repository().removeprefix("https://github.com/")
    for path in (fork / "pyproject.toml", *set_address.addressed_files(fork)):
        assert old not in path.read_text("utf-8"), path
    settings = yaml.safe_load((fork / "_config.yml").read_text("utf-8"))
    assert settings["repository"]["url"] == new  # the Colab buttons follow it
    assert set_address.repository(fork) == new
    wheel = set_address.release_wheel(fork)
    assert wheel.startswith(f"{new}/releases/download/v")
    notebooks = list((fork / "book").rglob("[0-9]*.ipynb"))
    for path in notebooks:
        cells = json.loads(path.read_text("utf-8"))["cells"]
        first = next(cell for cell in cells if cell["cell_type"] == "code")
        assert wheel in "".join(first["source"]), path
    again = set_address_in(fork, f"{new}/")
    assert "nothing, every file had it already" in again.stdout


@pytest.mark.parametrize(
    "address", ["someone/faces", "https://gitlab.com/someone/faces", ""]
)
def test_an_address_that_colab_cannot_open_is_refused(fork, address):
    before = (fork / "pyproject.toml").read_bytes()
    done = set_address_in(fork, address)
    assert done.returncode == 1
    assert f"address is {address!r}; expected 'https://github.com/" in done.stderr
    assert (fork / "pyproject.toml").read_bytes() == before


def test_the_workflow_sets_the_address_before_it_tests_builds_and_releases():
    jobs = yaml.safe_load(_text(".github/workflows/book.yml"))["jobs"]
    command = 'set_address.py "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY"'
    for name, works in (("test", ".ci/run"), ("build", "make"), ("release", "build")):
        runs = [step.get("run", "") for step in jobs[name]["steps"]]
        (at,) = [k for k, run in enumerate(runs) if command in run]
        assert not any(works in run for run in runs[:at]), name
        assert any(works in run for run in runs[at + 1 :]), name


def test_a_fork_changes_the_address_in_one_place(fork):
    root = fork
    old = set_address.repository()
    pyproject = root / "pyproject.toml"
    pyproject.write_text(
        pyproject.read_text("utf-8").replace(old, "https://github.com/someone/faces"),
        "utf-8",
    )
    set_address.main(root)
    tail = old.removeprefix("https://github.com/")
    assert set_address.current(root) == ("someone", "faces")
    for path in set_address.addressed_files(root):
        assert tail not in path.read_text("utf-8"), path


def test_the_readme_names_every_format_that_is_read():
    (row,) = re.findall(r"^\| pictures \|.*$", _text("README.md"), re.M)
    named = set(re.findall(r"`(\.\w+)`", row))
    assert named == {*formats.FORMATS, *formats.WITH_PACKAGE}


def test_versions_agree():
    version = tomllib.loads(_text("pyproject.toml"))["project"]["version"]
    assert yaml.safe_load(_text("CITATION.cff"))["version"] == version


def test_the_map_of_contributing_leads_to_what_is_there():
    text = _text("CONTRIBUTING.md").partition("## Set up")[0]
    named = set(
        re.findall(r"(?:book|emolib|scripts|studies|tests)/[\w./]*(?![\w./<])", text)
    )
    assert len(named) > 20
    wrong = [
        name
        for name in named
        if "/a/" not in name  # stands for any
        and not any(
            (PROJECT / f"{name.rstrip('.')}{end}").exists() for end in ("", ".py")
        )
    ]
    assert wrong == []


def test_ci_demands_a_browser_and_a_tracer():
    script = PROJECT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "EMOLIB_REQUIRE_BROWSER=1" in _text(script)
    assert "EMOLIB_REQUIRE_TRACER=1" in _text(script)
    assert "make test" in _text(script)


def test_the_workflow_tests_every_python_that_the_readme_names():
    workflow = yaml.safe_load(_text(".github/workflows/book.yml"))
    tested = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert tested == ["3.11", "3.12", "3.13"]
    assert f"Python {tested[0]}, {tested[1]} or {tested[2]}" in _text("README.md")


def _text(name) -> str:
    return (PROJECT / name).read_text("utf-8")
