"""The labs in a live JupyterLab: a browser without a window does what a reader does.

Without Chromium it skips, unless ``EMOLIB_REQUIRE_BROWSER=1`` says that a missing
browser is a failure.
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
pytest.importorskip("anywidget")
ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from headless import find_browser, started_browser  # noqa: E402

from emolib.widgets.lab_face import LabFace  # noqa: E402

CELLS = (
    "from emolib.widgets import Compare, FaceLab\n\nlab = FaceLab()\nlab",
    'pair = Compare("mask")\npair',
)
IDLE = "Python 3 (ipykernel) | Idle"  # in the bar at the bottom
WAIT = 60_000  # milliseconds: numba compiles where it never has


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Give the address of a JupyterLab of nobody's settings, with a notebook."""
    top = tmp_path_factory.mktemp("jupyter")
    cells = [nbformat.v4.new_code_cell(code) for code in CELLS]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec})
    (top / "work").mkdir()
    nbformat.write(notebook, top / "work" / "labs.ipynb")
    own = ("JUPYTER_CONFIG", "JUPYTER_DATA", "JUPYTER_RUNTIME", "IPYTHON",
           "JUPYTERLAB_SETTINGS", "JUPYTERLAB_WORKSPACES")  # fmt: skip
    places = {
        name if name == "IPYTHONDIR" else name.replace("DIR", "_DIR"): str(top / name)
        for name in (f"{one}DIR" for one in own)
    }
    settings = ROOT / "scripts" / "jupyter_lab_config.json"
    options = ["--no-browser", "--allow-root", "--port=0", f"--config={settings}",
               f"--ServerApp.root_dir={top / 'work'}"]  # fmt: skip
    with open(top / "log", "w+", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env=os.environ | places, stdout=log, stderr=log, cwd=top,
        )  # fmt: skip
        try:
            yield address_of(process, Path(places["JUPYTER_RUNTIME_DIR"])), top
        finally:
            process.terminate()
            process.wait()


def address_of(process: subprocess.Popen, folder: Path) -> str:
    """Wait until a server is there, and return the address of the notebook."""
    note, end = folder / f"jpserver-{process.pid}.json", time.monotonic() + 60
    while not note.exists():
        assert process.poll() is None
        assert time.monotonic() < end, "JupyterLab does not start"
        time.sleep(0.1)
    told = json.loads(note.read_text())
    return f"{told['url']}lab/tree/labs.ipynb?reset&token={told['token']}"


@pytest.fixture(scope="module")
def page(server):
    """Give the notebook in a browser, all its cells run."""
    program = find_browser()
    if program is None:
        assert not os.environ.get("EMOLIB_REQUIRE_BROWSER"), "there is no browser"
        pytest.skip("needs Chromium or Chrome")
    with started_browser(program) as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(WAIT)
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on(
            "console",
            lambda said: said.type == "error" and page.faults.append(said.text),
        )
        page.goto(server[0])
        page.get_by_text(IDLE).wait_for()  # or it would ask which kernel to take
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        last = page.locator(".jp-CodeCell").last
        last.get_by_text(f"[{len(CELLS)}]:").wait_for()
        last.get_by_role("status").wait_for()
        page.get_by_text(IDLE).wait_for()
        yield page


@pytest.fixture
def lab(page):
    return page.locator(".jp-CodeCell").first


@pytest.fixture
def pair(page):
    return page.locator(".jp-CodeCell").nth(1)


def says(place, words: str) -> None:
    """Wait until a lab says something."""
    place.get_by_text(re.compile(words)).first.wait_for()


def test_a_slider_is_moved_by_keyboard(lab, page):
    says(lab, "The network answers: unsure")
    smile = lab.get_by_role("slider", name="Lip corners up: a smile (AU 12)")
    smile.focus()
    for _ in range(22):
        page.keyboard.press("ArrowRight")
    assert smile.get_attribute("aria-valuetext") == "1.10"
    says(lab, "The network answers: happiness")
    lab.get_by_alt_text(re.compile("lip corners up: a smile, 1.10")).wait_for()


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_preset_is_pressed_by_keyboard_and_taken_back(lab, page, key):
    lab.get_by_role("button", name="Everything at rest").click()
    says(lab, "The network answers: unsure")
    lab.get_by_role("button", name="fear", exact=True).focus()
    page.keyboard.press(key)
    says(lab, "The network answers: fear")
    lab.get_by_role("button", name="✓ fear").wait_for()
    lab.get_by_role("button", name="Undo").click()
    says(lab, "The network answers: unsure")


def test_the_map_is_drawn_and_a_challenge_solved(lab):
    lab.get_by_role("button", name="Map the evidence").click()
    lab.get_by_alt_text(re.compile("The face with a map over it")).wait_for()
    lab.get_by_role("button", name="Show a solution").click()
    says(lab, "This is one solution")
    lab.get_by_role("button", name="Check").click()
    says(lab, "✓ Solved.")


def test_a_file_is_given_good_or_bad(lab, page, tmp_path):
    record = LabFace().posing("surprise").face().to_dict()
    for name, content, words in (
        ("mine.json", json.dumps(record), "The face of mine.json is set."),
        ("text.json", "no face", "The file is not JSON"),
        ("old.json", json.dumps(record | {"emolib": "face 0"}), "of this version"),
    ):
        path = tmp_path / name
        path.write_text(content)
        with page.expect_file_chooser() as chooser:
            lab.get_by_role("button", name="Open face.json").click()
        chooser.value.set_files(path)
        says(lab, words)
    says(lab, "The network answers: surprise")


def test_a_face_is_saved_beside_the_notebook(lab, server):
    lab.get_by_role("button", name="Save", exact=True).click()
    says(lab, "Saved face.png and face.json")
    assert (server[1] / "work" / "face.json").is_file()
    assert (server[1] / "work" / "face.png").is_file()


def test_two_faces_are_compared(pair):
    says(pair, "A mask: happiness .* becomes")
    pair.get_by_label("Change", exact=True).select_option("Sunglasses")
    says(pair, "Sunglasses: happiness .* becomes")
    pair.get_by_label("Network").select_option("real-faces")
    pair.get_by_label("Expression").select_option("fear")
    says(pair, "Sunglasses: (unsure )?.?fear")


def test_what_is_shown_passes_axe(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = [
        (fault["id"], node["html"][:200])
        for fault in axe.run(page, context=".jp-OutputArea").response["violations"]
        for node in fault["nodes"]
        if fault["impact"] in ("serious", "critical")
    ]
    assert not found


def test_nothing_went_wrong(page, server):
    """Read the console, the cells' output and the server's log; it comes last."""
    assert page.faults == []
    assert page.locator(".jp-OutputArea [data-mime-type*=stderr]").count() == 0
    assert "Traceback" not in (server[1] / "log").read_text("utf-8")
