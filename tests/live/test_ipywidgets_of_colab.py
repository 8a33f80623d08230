"""The Python side of the labs under the ipywidgets of Colab, in an environment apart.

Colab has ipywidgets 7.7.1 (August 2026), in which a ``FileUpload`` hands over a
dictionary. The labs' own tests, which drive them by events, run in a process that finds
this version first; nothing else is installed.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("anywidget")
pytest.importorskip("numba")

ROOT = Path(__file__).resolve().parents[2]
COLAB = "7.7.1"
TESTS = ("uploads", "message_line", "confusion_explorer", "photo_lab", "compare",
         "explorer", "face_lab")  # fmt: skip


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    """Give a folder that holds that version and nothing else."""
    folder = tmp_path_factory.mktemp("older")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps",
               "--disable-pip-version-check", "--target", folder,
               f"ipywidgets=={COLAB}", "ipython_genutils"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        pytest.skip(f"ipywidgets {COLAB} cannot be fetched here: {last}")
    return folder


def test_the_labs_own_tests_pass(older):
    path = os.pathsep.join([str(older), str(ROOT), os.environ.get("PYTHONPATH", "")])
    told = os.environ | {"PYTHONPATH": path}
    ask = [sys.executable, "-c", "import ipywidgets; print(ipywidgets.__version__)"]
    found = subprocess.run(ask, env=told, capture_output=True, text=True)
    assert found.stdout.strip() == COLAB
    files = [f"tests/widgets/test_{name}.py" for name in TESTS]
    which = "not browser and not order_is_mixed"  # slow, and without ipywidgets
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", "-k", which, *files],
        env=told, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout
