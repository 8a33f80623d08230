"""What a reader runs calls no other host and writes nothing but what it was asked for.

Each runs in a fresh home, without the settings of ``make``.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
import skimage
from watch import PROJECT, Watched, require_tracer, watch

PHOTOGRAPH = Path(skimage.__file__).parent / "data" / "astronaut.png"
CHAPTER = PROJECT / "book" / "part-2-beyond" / "real-faces.ipynb"
EMOLIB = (sys.executable, "-m", "emolib.cli")
RECOGNISE_FOR_A_MINUTE = """
import sys, time
from emolib.recognizer import EmotionRecognizer

recognizer, end = EmotionRecognizer(), time.monotonic() + 60
while time.monotonic() < end:
    assert recognizer.recognize(sys.argv[1])
    time.sleep(5)
"""
EXECUTE = """
import sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(
    notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": "."}}
).execute()
"""
# JupyterLab's page asks its server for both when it is opened.
SERVE_JUPYTER_LAB = """
import json, subprocess, sys, time, urllib.request
from pathlib import Path

options = ["--no-browser", "--allow-root", "--port=0", f"--config={sys.argv[1]}"]
server = subprocess.Popen([sys.executable, "-m", "jupyterlab", *options])
note = Path.home() / f".local/share/jupyter/runtime/jpserver-{server.pid}.json"
while not note.exists():
    assert server.poll() is None
    time.sleep(0.1)
time.sleep(1)
told = json.loads(note.read_text())
for page in ("lab", "lab/api/update", "lab/api/news"):
    address = f"http://127.0.0.1:{told['port']}/{page}?token={told['token']}"
    print(page, urllib.request.urlopen(address).read()[-200:])
server.terminate()
server.wait()
"""


def recognise(root: Path) -> Watched:
    """For as long as reports that are gathered first take to be sent."""
    return watch([sys.executable, "-c", RECOGNISE_FOR_A_MINUTE, PHOTOGRAPH], root)


def predict(root: Path) -> Watched:
    return watch([*EMOLIB, "predict", "--annotate", "drawn.png", PHOTOGRAPH], root)


def predict_a_clip(root: Path) -> Watched:
    pytest.importorskip("av", reason="videos need the extra 'video'")
    from emolib.datasets.enterface05 import standin

    corpus = standin.write_standin(root / "videos", (5,), sentences=1, seconds=0.7)
    clip = next(corpus.rglob("*.avi"))
    return watch([*EMOLIB, "predict", "--annotate", "drawn.png", clip], root)


def train(root: Path) -> Watched:
    options = ["--epochs", "1", "--limit", "32", "--quiet", "--output", "model"]
    return watch([*EMOLIB, "train", *options], root)


def prepare(root: Path) -> Watched:
    pytest.importorskip("av", reason="videos need the extra 'video'")
    from emolib.datasets.enterface05 import standin

    corpus = standin.write_standin(
        root / "videos", (5,), sentences=1, seconds=0.7, workers=1
    )
    packed = shutil.make_archive(str(root / "videos"), "zip", corpus)
    options = ["--frames", "3", "--smallest", "120", "--quiet"]
    command = ["datasets", "prepare", "enterface05", packed, "prepared", *options]
    return watch([*EMOLIB, *command], root)


def execute_a_chapter(root: Path) -> Watched:
    """The one that reads photographs, with TensorFlow and with the recogniser."""
    return watch([sys.executable, "-c", EXECUTE, CHAPTER], root)


def serve_jupyter_lab(root: Path) -> Watched:
    """With the settings that ``make`` puts into ``.venv``."""
    settings = PROJECT / "scripts" / "jupyter_lab_config.json"
    return watch([sys.executable, "-c", SERVE_JUPYTER_LAB, settings], root)


WORKLOADS: dict[str, Callable[[Path], Watched]] = {
    one.__name__: one
    for one in (
        recognise,
        predict,
        predict_a_clip,
        train,
        prepare,
        execute_a_chapter,
        serve_jupyter_lab,
    )
}


@pytest.fixture(scope="module")
def running(request, tmp_path_factory) -> Iterator[dict[str, Future]]:
    """The chosen workloads by name; the first, which mostly sleeps, beside the rest."""
    chosen = {
        item.callspec.params["name"]
        for item in request.session.items
        if item.path == request.path and hasattr(item, "callspec")
    }
    with ThreadPoolExecutor(2) as pool:
        yield {
            name: pool.submit(workload, tmp_path_factory.mktemp(name))
            for name, workload in WORKLOADS.items()
            if name in chosen
        }


# The first comes last, so that the others are reported while it sleeps.
@pytest.mark.parametrize("name", list(WORKLOADS)[::-1])
def test_nothing_leaves_the_machine(running, name):
    done = running[name].result()
    assert done.code == 0, done.output[-3000:]
    assert not done.contacts, "\n".join(done.contacts)
    assert not done.surplus, "\n".join(done.surplus)


def test_a_tracer_watches_libraries_too():
    require_tracer()
