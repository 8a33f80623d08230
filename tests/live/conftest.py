"""What the tests of the labs in a live Jupyter share: its server, and a browser."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from headless import find_browser  # noqa: E402

#: Every cell is drawn, a notebook is saved with the state of its widgets.
SETTINGS = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyter-widgets/jupyterlab-manager/plugin": {"saveState": True},
}


@pytest.fixture(scope="session")
def program() -> str:
    """Return the path of Chromium or Chrome."""
    found = find_browser()
    if found is None:
        assert not os.environ.get("EMOLIB_REQUIRE_BROWSER"), "there is no browser"
        pytest.skip("needs Chromium or Chrome")
    return found


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory):
    """Give a context: a Jupyter of nobody's settings, with a notebook labs.ipynb.

    Its arguments are the application and the notebook's cells; it gives a function
    that returns the address of a path, and the folder of ``work`` and ``log``.
    """

    @contextmanager
    def started(
        application: str, cells: Sequence[str]
    ) -> Iterator[tuple[Callable[[str], str], Path]]:
        top = tmp_path_factory.mktemp(application)
        spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(code) for code in cells],
            metadata={"kernelspec": spec},
        )
        (top / "work").mkdir()
        nbformat.write(notebook, top / "work" / "labs.ipynb")
        own = ("JUPYTER_CONFIG", "JUPYTER_DATA", "JUPYTER_RUNTIME", "IPYTHON",
               "JUPYTERLAB_SETTINGS", "JUPYTERLAB_WORKSPACES")  # fmt: skip
        places = {
            name if name == "IPYTHONDIR" else name.replace("DIR", "_DIR"): str(
                top / name
            )
            for name in (f"{one}DIR" for one in own)
        }
        settings = Path(places["JUPYTERLAB_SETTINGS_DIR"])
        for name, values in SETTINGS.items():
            file = settings / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values))
        config = ROOT / "scripts" / "jupyter_lab_config.json"
        options = ["--no-browser", "--allow-root", "--port=0", f"--config={config}",
                   f"--ServerApp.root_dir={top / 'work'}"]  # fmt: skip
        with open(top / "log", "w+", encoding="utf-8") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", application, *options],
                env=os.environ | places, stdout=log, stderr=log, cwd=top,
            )  # fmt: skip
            try:
                yield _address(process, Path(places["JUPYTER_RUNTIME_DIR"])), top
            finally:
                process.terminate()
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    process.kill()
                    raise

    return started


def _address(process: subprocess.Popen, folder: Path) -> Callable[[str], str]:
    """Wait until a server is there; return what gives the address of a path."""
    note, end = folder / f"jpserver-{process.pid}.json", time.monotonic() + 60
    while not note.exists():
        assert process.poll() is None
        assert time.monotonic() < end, "Jupyter does not start"
        time.sleep(0.1)
    told = json.loads(note.read_text())
    return lambda path: f"{told['url']}{path}?reset&token={told['token']}"
