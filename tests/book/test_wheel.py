"""The wheel outside the checkout: the first cell of every chapter, and the data.

The wheel goes into a fresh virtual environment, alone and without a network. The
libraries it needs come from the environment that runs the tests: a ``.pth`` file adds
its folder of packages behind the fresh one's. The ``.pth`` of an editable install in
that folder is not followed, so emolib can only come from the wheel.
"""

import os
import subprocess
import sys
import sysconfig

import nbformat
import pytest
from project_inputs import PROJECT
from run_notebooks import notebooks, setup_cell

RUN_CELL = """
import socket, sys
from IPython.core.interactiveshell import InteractiveShell

def refuse(*_):
    raise OSError("the network is not to be used here")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
result = InteractiveShell.instance().run_cell(sys.stdin.read())
result.raise_error()
import emolib
print("emolib from", emolib.__file__)
"""
LOOK_AT_DATA = """
from pathlib import Path
import emolib
from emolib.paths import data_folder

folder = data_folder()
assert folder == Path(emolib.__file__).parent / "_data", folder
print("parts:", *sorted(path.name for path in folder.iterdir()))
"""
LOAD = """
from emolib.datasets import load

faces = load("synthface")
print("faces:", len(faces))
"""


@pytest.fixture(scope="module")
def clean_python(tmp_path_factory):
    """Return the interpreter of a fresh environment that holds the wheel."""
    folder = tmp_path_factory.mktemp("a clean place")
    dist = folder / "dist"
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    _run([*build, "--outdir", dist, PROJECT])
    (wheel,) = dist.glob("*.whl")
    _run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"])
    python = folder / "venv" / "bin" / "python"
    target = sysconfig.get_path(
        "purelib", vars={"base": str(folder / "venv"), "platbase": str(folder / "venv")}
    )
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index"]
    _run([*install, "--quiet", "--target", target, wheel])
    outside = sysconfig.get_path("purelib")
    with open(os.path.join(target, "zz-libraries.pth"), "w", encoding="utf-8") as file:
        file.write(outside + "\n")
    return python


@pytest.fixture
def elsewhere(clean_python, tmp_path):
    """Give a function that runs code in the clean environment, in an empty folder."""

    def run(code, stdin=""):
        environment = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PYTHON", "EMOLIB", "PIP"))
        }
        environment |= {"PIP_NO_INDEX": "1", "IPYTHONDIR": str(tmp_path / "ipython")}
        return _run([clean_python, "-c", code], stdin, cwd=tmp_path, env=environment)

    return run


def _run(command, stdin="", **options):
    done = subprocess.run(
        list(map(str, command)),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def first_cells() -> dict[str, str]:
    """Return the distinct first cells of the chapters and where they stand."""
    cells = {setup_cell(): "the set-up cell"}
    for path in notebooks():
        notebook = nbformat.read(path, as_version=4)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        cells.setdefault(code[0].source, path.stem)
    return {place: source for source, place in cells.items()}


FIRST_CELLS = first_cells()


@pytest.mark.parametrize("place", FIRST_CELLS)
def test_first_cell_runs_outside_the_checkout(elsewhere, place):
    printed = elsewhere(RUN_CELL, FIRST_CELLS[place])
    assert "emolib 0+unknown" not in printed
    assert "a clean place" in printed.splitlines()[-1]
    assert str(PROJECT) not in printed


def test_the_wheel_carries_every_part_of_the_data(elsewhere):
    here = {path.name for path in (PROJECT / "data").iterdir() if path.is_dir()}
    printed = elsewhere(LOOK_AT_DATA)
    assert here <= set(printed.split())


def test_synthface_loads_from_the_wheel(elsewhere):
    if not (PROJECT / "data" / "synthface" / "corpus.json").is_file():
        pytest.skip("data/synthface is not there")
    assert int(elsewhere(LOAD).split()[-1]) > 0
