"""The labs in a live JupyterLab: a browser without a window does what a reader does.

Without Chromium it skips, unless ``EMOLIB_REQUIRE_BROWSER=1`` says that a missing
browser is a failure.
"""

import io
import json
import re
import time

import pytest
from PIL import Image

pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
pytest.importorskip("anywidget")
from headless import started_browser

from emolib.widgets.lab_face import LabFace
from emolib.widgets.photo import sample

CELLS = (
    "from emolib.widgets import FaceLab\n\nlab = FaceLab()\nlab",
    'from emolib.widgets import Compare\n\npair = Compare("mask")\npair',
    """
import numpy as np
from emolib.datasets import load
from emolib.recognizer import EmotionRecognizer
from emolib.widgets import ConfusionExplorer

test = load("synthface").part("test")
faces = test.subset(np.arange(0, 2160, 9))
names = "plain-cnn", "small-cnn"
read = {k: EmotionRecognizer(k).predict_proba(faces.images) for k in names}
ConfusionExplorer(faces, read)
""",
    "from emolib.widgets import PhotoLab\n\nPhotoLab()",
    """
from emolib.models import load_model
from emolib.widgets import PredictionExplorer

PredictionExplorer(faces, load_model("small-cnn"), clips=test)
""",
)
IDLE = "Python 3 (ipykernel) | Idle"  # in the bar at the bottom
WAIT = 120_000  # milliseconds: numba compiles, and TensorFlow is slow to start


@pytest.fixture(scope="module")
def server(jupyter):
    """Give the address of the labs in a JupyterLab, and its folder."""
    with jupyter("jupyterlab", CELLS) as (address, top):
        yield address("lab/tree/labs.ipynb"), top


@pytest.fixture(scope="module")
def page(server, program):
    """Give the notebook in a browser, all its cells run."""
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
        last.get_by_role("status").first.wait_for()
        page.get_by_text(IDLE).wait_for()
        yield page


@pytest.fixture
def lab(page):
    return page.locator(".jp-CodeCell").first


@pytest.fixture
def pair(page):
    return page.locator(".jp-CodeCell").nth(1)


@pytest.fixture
def confusion(page):
    return page.locator(".jp-CodeCell").nth(2)


@pytest.fixture
def photo(page):
    return page.locator(".jp-CodeCell").nth(3)


@pytest.fixture
def explorer(page):
    return page.locator(".jp-CodeCell").nth(4)


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


def test_keys_in_a_list_choose_and_leave_the_notebook_alone(pair, page):
    cells = page.locator(".jp-CodeCell").count()
    change = pair.get_by_label("Change", exact=True)
    change.select_option("A mask")
    change.focus()
    for key in ("ArrowDown", "d", "d", "a", "m"):
        page.keyboard.press(key)
    assert page.locator(".jp-CodeCell").count() == cells
    change.select_option("A mask")
    change.press("ArrowDown")
    says(pair, "Sunglasses: ")


def test_a_count_is_opened_by_mouse_and_by_keys(confusion, page):
    table = confusion.get_by_role("table")
    table.get_by_role("button", name=re.compile("^fear called fear: ")).click()
    says(confusion, r"The plain CNN: fear called fear, \d+ of \d+ ")
    for key in ("ArrowUp", "ArrowUp", "ArrowLeft", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    says(confusion, r"The plain CNN: anger called anger, \d+ of \d+ ")
    faces = confusion.get_by_role("group", name="The surest of these faces")
    face = faces.get_by_role("button").nth(2)
    face.click()
    who = face.get_attribute("aria-label").partition(",")[0]
    says(confusion, rf"{who}, labelled anger, intensity")
    assert faces.locator("[aria-pressed=true]").count() == 1
    confusion.get_by_label("Network", exact=True).select_option("small CNN")
    says(confusion, "The small CNN: anger called anger, ")


def picture_of_fear(times: int = 1) -> bytes:
    """Return a rendered face as a PNG, so many times as large, and not packed."""
    image, file = Image.fromarray(sample("fear")), io.BytesIO()
    image = image.resize((times * image.width, times * image.height))
    image.save(file, "PNG", compress_level=0)
    return file.getvalue()


def upload(photo, name: str, content: bytes) -> None:
    field = photo.get_by_label(re.compile("A still of your own"))
    field.set_input_files({"name": name, "mimeType": "image/png", "buffer": content})


def test_an_own_picture_is_read_and_its_marks_are_moved(photo, page):
    says(photo, "The network real-faces answers: happiness")
    upload(photo, "me.png", picture_of_fear())
    says(photo, "The network real-faces answers: fear")
    seen = photo.get_by_alt_text("The face in 64 by 64 grey pixels")
    assert seen.evaluate("async (image) => (await image.decode(), image.naturalWidth)")
    mark = photo.get_by_role("slider", name="Right mark, up and down")
    mark.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert mark.get_attribute("aria-valuetext") == "5%, down"
    photo.get_by_role("button", name="Move the marks at random").click()
    says(photo, "100 times: nine in ten answers give ")


def test_a_large_picture_arrives_and_a_text_is_a_message(photo):
    large = picture_of_fear(times=8)
    assert len(large) > 12e6  # of which Jupyter would take nothing
    upload(photo, "large.png", large)
    photo.locator("[aria-valuetext^='5%']").wait_for(state="detached")
    says(photo, "The network real-faces answers: fear")
    upload(photo, "notes.png", b"anger, disgust, fear")
    says(photo, "Your file is not a picture that can be read")
    says(photo, "The network real-faces answers: fear")


def test_a_guess_is_counted_and_a_face_opens_its_clip(explorer):
    says(explorer, "A worked example")
    explorer.get_by_role("button", name="Next face").click()
    says(explorer, "Face 2 of 240. ")
    explorer.get_by_role("button", name="fear", exact=True).click()
    says(explorer, r"You said fear: \d of 1 right")
    faces = explorer.get_by_role("group", name=re.compile("^Faces that fit"))
    faces.get_by_role("button", name="Face 4 of 240").press("Enter")
    says(explorer, "From frame to frame of its clip: ")
    clip = explorer.get_by_role("region", name="Probabilities from frame to frame")
    assert clip.get_by_role("columnheader").count() == 5
    assert clip.bounding_box()["height"] > 200
    explorer.get_by_label("Before the face", exact=True).select_option("mask")
    says(explorer, r"Face 1 of \d+\. Which of the six")


def test_a_saved_notebook_holds_nothing_of_an_own_picture(lab, page, server):
    file = server[1] / "work" / "labs.ipynb"
    before, end = file.stat().st_mtime_ns, time.monotonic() + WAIT / 1000
    lab.get_by_role("slider", name="Lip corners up: a smile (AU 12)").focus()
    page.keyboard.press("Control+s")  # a lab takes no shortcut of Jupyter's
    while file.stat().st_mtime_ns == before and time.monotonic() < end:
        page.wait_for_timeout(100)
    page.get_by_text("Saving completed").wait_for()
    told = str(json.loads(file.read_text("utf-8"))["metadata"]["widgets"])
    assert "What it is not for:" in told  # the lab is there
    for kept in ("me.png", "real-faces answers: fear", "nine in ten"):
        assert kept not in told


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
