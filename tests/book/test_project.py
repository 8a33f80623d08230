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


@pytest.fixture
def make_venv(tmp_path):
    """Give a function that runs the environment script where no Python is."""
    root = tmp_path / "a folder with spaces"
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
    for name in ("sh", "cat", "cksum", "head", "dirname", "grep", "date"):
        (tools / name).symlink_to(shutil.which(name))

    def run(python=None):
        done = subprocess.run(
            [shutil.which("sh"), root / "scripts" / "make_venv.sh"],
            env={"PATH": str(tools)} | ({"PYTHON": str(python)} if python else {}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        return done.stderr

    run.root = root
    return run


def fake_python(path, version):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {version}\n", "utf-8")
    path.chmod(0o755)
    return path


def test_without_a_fitting_python_the_environment_script_says_what_to_do(make_venv):
    said = make_venv()
    assert "No Python 3.11, 3.12 or 3.13" in said
    assert "PYTHON=" in said


def test_a_python_that_was_asked_for_is_not_replaced_by_another(make_venv, tmp_path):
    said = make_venv(tmp_path / "nowhere" / "python3.13")
    assert f"among: {tmp_path}/nowhere/python3.13\n" in said


def test_an_environment_of_another_python_is_not_used(make_venv, tmp_path):
    fake_python(make_venv.root / ".venv" / "bin" / "python", "3.11")
    other = fake_python(tmp_path / "python3.13", "3.13")
    said = make_venv(other)
    assert said.startswith(f".venv has Python 3.11; PYTHON={other} is 3.13.")
    assert "Delete the folder .venv" in said


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
