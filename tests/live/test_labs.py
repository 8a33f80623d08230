"""The labs as a reader meets them: one JupyterLab, one notebook, a real browser.

What a test of events cannot see: whether sliders, keys, files and clicks arrive, and
whether the browser or the kernel complain.
"""

import io
import json
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("anywidget")
pytest.importorskip("jupyterlab")
pytest.importorskip("numba")

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from headless import find_browser, started_browser  # noqa: E402

PATIENCE = 120_000  # milliseconds; a kernel that imports TensorFlow is slow to start
CELLS = (
    "from emolib.widgets import FaceLab\nFaceLab()",
    "from emolib.widgets import Compare\nCompare('light')",
    "import numpy as np\nfrom emolib.datasets import load\n"
    "from emolib.recognizer import EmotionRecognizer\n"
    "from emolib.widgets import ConfusionExplorer\n"
    "test = load('synthface').part('test')\n"
    "faces = test.subset(np.arange(0, 2160, 9))\n"
    "read = {name: EmotionRecognizer(name).predict_proba(faces.images)\n"
    "        for name in ('plain-cnn', 'small-cnn')}\n"
    "ConfusionExplorer(faces, read)",
    "from emolib.widgets import PhotoLab\nPhotoLab()",
    "from emolib.models import load_model\n"
    "from emolib.widgets import PredictionExplorer\n"
    "PredictionExplorer(faces, load_model('small-cnn'), clips=test)",
)
FACE, COMPARE, CONFUSION, PHOTO, PREDICTION = range(len(CELLS))
#: Every cell is drawn, a notebook is saved with the state of its widgets, no news.
SETTINGS = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyter-widgets/jupyterlab-manager/plugin": {"saveState": True},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false"},
}


def notebook() -> dict:
    cells = [
        {"cell_type": "code", "id": f"cell-{k}", "metadata": {}, "outputs": [],
         "execution_count": None, "source": source}
        for k, source in enumerate(CELLS)
    ]  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {
        "cells": cells, "metadata": about,
        "nbformat": 4, "nbformat_minor": 5,
    }  # fmt: skip


@contextmanager
def jupyter_lab(folder: Path):
    """Start a JupyterLab that knows nothing of the reader's own; give its address."""
    places = {
        name: str(folder / name.lower())
        for name in (
            "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR",
            "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR",
        )
    }  # fmt: skip
    for place in places.values():
        Path(place).mkdir()
    for name, values in SETTINGS.items():
        file = Path(places["JUPYTERLAB_SETTINGS_DIR"]) / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = os.environ | places | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }  # fmt: skip
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
        "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0",
        "--IdentityProvider.token=", f"--ServerApp.root_dir={folder / 'work'}",
    ]  # fmt: skip
    log = folder / "jupyter.log"
    with log.open("wb") as output:
        server = subprocess.Popen(command, env=told, stdout=output, stderr=output)
        try:
            end = time.monotonic() + PATIENCE / 1000
            while time.monotonic() < end and server.poll() is None:
                with socket.socket() as knock:
                    if knock.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            else:
                pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")
            yield f"http://127.0.0.1:{port}", log
        finally:
            server.terminate()
            server.wait(30)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Give the page of a notebook whose five labs have been run, and what was said."""
    program = find_browser()
    if program is None:
        pytest.skip("needs Chromium or Chrome")
    folder = tmp_path_factory.mktemp("jupyter")
    (folder / "work").mkdir()
    file = folder / "work" / "labs.ipynb"
    file.write_text(json.dumps(notebook()))
    with jupyter_lab(folder) as (url, log), started_browser(program) as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(PATIENCE)
        page.said = []
        page.on("console", lambda one: page.said.append(f"{one.type}: {one.text}"))
        page.on("pageerror", lambda error: page.said.append(f"error: {error}"))
        page.goto(f"{url}/lab/tree/labs.ipynb?reset")
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        page.locator(".jp-InputPrompt", has_text=f"[{len(CELLS)}]:").wait_for()
        page.file, page.log = file, log
        yield page


def cell(page, number: int):
    """Return what a cell shows."""
    return page.locator(".jp-Notebook .jp-Cell").nth(number)


def shown(page, number: int, words: str) -> None:
    """Wait until a lab says so."""
    place = cell(page, number).locator(".jp-OutputArea")
    place.get_by_text(re.compile(words)).first.wait_for()


def press(page, number: int, name: str) -> None:
    cell(page, number).get_by_role("button", name=name, exact=True).click()


def picture_of_fear(times: int = 1) -> bytes:
    """Return a rendered face as a PNG, so many times as large, and not packed."""
    from emolib.widgets.photo import sample

    image, file = Image.fromarray(sample("fear")), io.BytesIO()
    image = image.resize((times * image.width, times * image.height))
    image.save(file, "PNG", compress_level=0)
    return file.getvalue()


def upload(page, name: str, content: bytes) -> None:
    field = cell(page, PHOTO).get_by_label(re.compile("A still of your own"))
    field.set_input_files({"name": name, "mimeType": "image/png", "buffer": content})


# --- one after another, as in a lesson ------------------------------------------------


def test_every_cell_shows_its_lab(lab):
    for number, words in (
        (FACE, "The network answers: "),
        (COMPARE, "Light from the other side: "),
        (CONFUSION, "plain CNN: .* most often mixed up"),
        (PHOTO, "The network real-faces answers: happiness"),
        (PREDICTION, "A worked example"),
    ):
        shown(lab, number, words)


def test_face_lab_a_preset_and_a_slider_by_key(lab):
    press(lab, FACE, "Neutral face")
    shown(lab, FACE, "Why unsure. This face rests")
    press(lab, FACE, "fear")
    shown(lab, FACE, "The network answers: fear")
    press(lab, FACE, "Neutral face")
    shown(lab, FACE, "Why unsure. This face rests")
    slider = cell(lab, FACE).get_by_role("slider", name=re.compile("AU\\s12\\)"))
    slider.focus()
    for _ in range(40):
        lab.keyboard.press("ArrowRight", delay=20)
        if float(slider.input_value()) >= 0.8:
            break
    assert float(slider.input_value()) >= 0.8
    shown(lab, FACE, "The network answers: happiness")
    press(lab, FACE, "Undo")
    shown(lab, FACE, "The network answers: ")


def test_face_lab_a_file_that_is_no_face(lab):
    with lab.expect_file_chooser() as chooser:
        name = re.compile("Open face.json")  # after an icon, before a number
        cell(lab, FACE).get_by_role("button", name=name).click()
    text = {"name": "face.json", "mimeType": "text/json", "buffer": b"not a face"}
    chooser.value.set_files(text)
    shown(lab, FACE, "JSON")


def test_compare_another_difference(lab):
    cell(lab, COMPARE).get_by_label("Change", exact=True).select_option("A mask")
    shown(lab, COMPARE, "A mask: .* becomes .* moves most|A mask: .*Nothing moves")


def test_confusion_a_cell_by_mouse_and_by_keys(lab):
    table = cell(lab, CONFUSION).get_by_role("table")
    table.get_by_role("button", name=re.compile("^fear called fear: ")).click()
    shown(lab, CONFUSION, r"The plain CNN: fear called fear, \d+ of \d+ ")
    for key in ("ArrowUp", "ArrowUp", "ArrowLeft", "ArrowLeft", "Enter"):
        lab.keyboard.press(key)
    shown(lab, CONFUSION, r"The plain CNN: anger called anger, \d+ of \d+ ")
    faces = cell(lab, CONFUSION).get_by_role("group", name="The surest of these faces")
    face = faces.get_by_role("button").nth(2)
    face.click()
    assert faces.locator("[aria-pressed=true]").count() == 1
    who = face.get_attribute("aria-label").partition(",")[0]
    shown(lab, CONFUSION, rf"{who}, labelled anger, intensity")


def test_photo_an_own_picture_and_a_text_that_is_none(lab):
    upload(lab, "me.png", picture_of_fear())
    shown(lab, PHOTO, "The network real-faces answers: fear")
    seen = cell(lab, PHOTO).get_by_alt_text("The face in 64 by 64 grey pixels")
    assert seen.evaluate("async (image) => (await image.decode(), image.naturalWidth)")
    slider = cell(lab, PHOTO).get_by_role("slider", name="Right mark, up and down")
    slider.focus()
    for _ in range(5):
        lab.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "5%, down"
    press(lab, PHOTO, "Move the marks at random")
    shown(lab, PHOTO, "100 times: nine in ten answers give ")
    large = picture_of_fear(times=8)  # of which Jupyter would take nothing
    assert len(large) > 12e6
    upload(lab, "large.png", large)
    cell(lab, PHOTO).locator("[aria-valuetext^='5%']").wait_for(state="detached")
    shown(lab, PHOTO, "The network real-faces answers: fear")
    upload(lab, "notes.png", b"anger, disgust, fear")
    shown(lab, PHOTO, "Your file is not a picture that can be read")
    shown(lab, PHOTO, "The network real-faces answers: fear")


def test_prediction_a_guess_and_a_clip(lab):
    press(lab, PREDICTION, "Next face")
    shown(lab, PREDICTION, "Face 2 of 240. ")
    press(lab, PREDICTION, "fear")
    shown(lab, PREDICTION, r"You said fear: \d of 1 right")
    faces = cell(lab, PREDICTION).get_by_role(
        "group", name=re.compile("^Faces that fit")
    )
    faces.get_by_role("button", name="Face 4 of 240").press("Enter")
    shown(lab, PREDICTION, "From frame to frame of its clip: ")
    clip = cell(lab, PREDICTION).get_by_alt_text(re.compile("From frame to frame"))
    assert clip.bounding_box()["height"] > 300


def test_a_notebook_that_is_saved_holds_nothing_of_the_own_picture(lab):
    before, end = lab.file.stat().st_mtime_ns, time.monotonic() + PATIENCE / 1000
    lab.get_by_role("menuitem", name="File", exact=True).click()
    lab.get_by_text("Save Notebook", exact=True).click()
    while lab.file.stat().st_mtime_ns == before and time.monotonic() < end:
        lab.wait_for_timeout(100)
    lab.get_by_text("Saving completed").wait_for()
    told = str(json.loads(lab.file.read_text("utf-8"))["metadata"]["widgets"])
    assert "What it is not for:" in told  # the lab is there
    for kept in ("me.png", "real-faces answers: fear", "nine in ten"):
        assert kept not in told


def test_nobody_complained(lab):
    """Neither the browser nor the kernel, in all that was done above."""
    errors = [one for one in lab.said if one.startswith("error: ")]
    assert errors == []
    assert lab.locator(".jp-RenderedText[data-mime-type*=stderr]").count() == 0
    assert lab.locator(".jp-RenderedText[data-mime-type*=error]").count() == 0
    log = lab.log.read_text("utf-8", errors="replace")
    assert "Traceback" not in log, log
