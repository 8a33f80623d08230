"""The explorables of the chapter on evaluation, in a browser, against Python."""

import json
import re

import nbformat
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from headless import served
from project_inputs import PROJECT
from sklearn.metrics import confusion_matrix

from emolib.emotions import EMOTIONS

CHAPTER = PROJECT / "book" / "part-1-the-system" / "evaluation.ipynb"
NAMES = ("confusion",)
#: What axe finds of some weight: [rule, places].
AUDIT = """() => axe.run(document, { preload: false, resultTypes: ["violations"] })
  .then(({ violations }) => violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => [id, nodes.map((one) => one.target.join(" "))]))"""
# Harmless, and the theme's own; a small book has no icon.
KNOWN = re.compile("Got invalid theme mode|favicon")


@pytest.fixture(scope="module")
def cells() -> dict:
    """The cells of the chapter that have an explorable, by its name."""
    found = {}
    for cell in nbformat.read(CHAPTER, as_version=4).cells:
        if cell.cell_type == "code" and "plots.explorable(" in cell.source:
            (name,) = re.findall(r'explorable\(\s*"([\w-]+)"', cell.source)
            found[name] = cell
    assert set(found) == set(NAMES)
    return found


@pytest.fixture(scope="module")
def handed(cells) -> dict:
    """What each cell hands to its explorable."""
    return {name: data_of(cell.outputs[-1]) for name, cell in cells.items()}


def data_of(output) -> dict:
    page = BeautifulSoup(output["data"]["text/html"], "html.parser")
    return json.loads(page.script.string)


@pytest.fixture(scope="module")
def served_page(build_page, cells):
    """Serve a page of the three figures, and one whose data are broken."""
    title = nbformat.v4.new_markdown_cell("# A small chapter\n\nWords.")
    notebook = nbformat.v4.new_notebook(cells=[title, *cells.values()])
    folder = build_page(notebook)
    whole = (folder / "index.html").read_text("utf-8")
    broken = re.sub(r'(<script type="application/json">{)', r'\1"no":1,"was_', whole)
    broken = broken.replace('"was_"', '"was_')
    (folder / "broken.html").write_text(broken, "utf-8")
    with served(folder) as address:
        yield f"{address}/index.html"


@pytest.fixture
def visit(browser, served_page):
    """Give a function that goes to the page; nothing may go wrong or be fetched."""
    contexts, faults = [], []

    def visit(page="index.html", width=1280, theme="light", **settings):
        context = browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme=theme,
            reduced_motion="reduce", **settings,
        )  # fmt: skip
        contexts.append(context)
        tab = context.new_page()
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("console", hear)
        tab.on("request", lambda one: foreign(one.url))
        tab.goto(served_page.replace("index.html", page))
        return tab

    def hear(line):
        words = line.text + line.location["url"]
        if line.type in ("error", "warning") and not KNOWN.search(words):
            faults.append(words)

    def foreign(url):
        home = served_page.rpartition("/")[0]
        if not url.startswith((home, "data:", "blob:")) and "favicon" not in url:
            faults.append(f"request to another place: {url}")

    visit.faults = faults
    yield visit
    for context in contexts:
        context.close()
    assert faults == []


def place(page, name):
    return page.locator(f'.explorable[data-name="{name}"]')


# --- all of them ----------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_the_place_of_its_figure(visit, name):
    page = visit()
    assert place(page, name).is_visible()
    stills = page.locator(".explorable-still")
    assert stills.count() == len(NAMES)
    assert not any(one.is_visible() for one in stills.all())
    page.emulate_media(media="print")
    assert not place(page, name).is_visible()
    assert all(one.is_visible() for one in stills.all())


def test_without_scripts_the_figures_stay(visit):
    page = visit(java_script_enabled=False)
    pictures = page.locator(".cell_output svg, .cell_output img")
    assert pictures.count() == len(NAMES)
    assert all(one.is_visible() for one in pictures.all())


def test_figures_stay_where_data_are_broken(visit):
    page = visit("broken.html")
    assert page.locator(".explorable-still").count() == 0
    pictures = page.locator(".cell_output svg, .cell_output img")
    assert all(one.is_visible() for one in pictures.all())
    assert len(visit.faults) == len(NAMES)  # each is told to the console
    visit.faults.clear()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_they_keep_nobody_out(visit, width, theme):
    page = visit(width=width, theme=theme)
    page.evaluate(Axe().axe_script)
    assert page.evaluate(AUDIT) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("name", NAMES)
def test_fingers_find_what_they_press_and_eyes_what_they_read(visit, name):
    page = visit(width=390, has_touch=True)
    for one in place(page, name).locator("button:visible").all():
        box = one.bounding_box()
        assert min(box["width"], box["height"]) >= 44
    sizes = place(page, name).evaluate("""(place) => [...place.querySelectorAll("*")]
      .filter((one) => one.checkVisibility() && !one.closest("script"))
      .filter((one) => [...one.childNodes].some((k) => k.nodeType === 3))
      .map((one) => parseFloat(getComputedStyle(one).fontSize) * (one.closest("svg")
        ? one.closest("svg").getBoundingClientRect().width / 380 : 1))""")
    assert min(sizes) >= 9


# --- the confusion matrix -------------------------------------------------------------


def counts_of(page) -> np.ndarray:
    texts = place(page, "confusion").locator("table button").all_inner_texts()
    return np.array([int(one or 0) for one in texts]).reshape(6, 6)


def cell(page, label, answer):
    name = re.compile(f"^{label} called {answer}: ")
    return place(page, "confusion").get_by_role("button", name=name)


def told(page) -> str:
    return place(page, "confusion").get_by_role("status").inner_text()


@pytest.mark.parametrize("network", ["plain-cnn", "small-cnn"])
def test_counts_and_the_pair_are_those_of_python(visit, handed, network):
    data, page = handed["confusion"], visit()
    name = network.replace("-cnn", " CNN")
    place(page, "confusion").get_by_role("button", name=name).click()
    expected = confusion_matrix(data["labels"], data["said"][network])
    assert (counts_of(page) == expected).all()
    mistakes = expected - np.diag(expected.diagonal())
    pairs = np.triu(mistakes + mistakes.T)
    first, second = (EMOTIONS[k] for k in np.unravel_index(pairs.argmax(), (6, 6)))
    title = place(page, "confusion").locator(".explorable-title").inner_text()
    assert title == (
        f"{name}: {first} and {second} most often mixed up, "
        f"{pairs.max()} of {mistakes.sum()} mistakes"
    )


def test_it_opens_on_the_largest_confusion(visit, handed):
    data, page = handed["confusion"], visit()
    counts = confusion_matrix(data["labels"], data["said"]["plain-cnn"])
    wrong = counts - np.diag(counts.diagonal())
    label, answer = (EMOTIONS[k] for k in np.unravel_index(wrong.argmax(), (6, 6)))
    opened = place(page, "confusion").locator('table button[aria-pressed="true"]')
    assert opened.get_attribute("aria-label").startswith(f"{label} called {answer}")
    labels, said = np.array(data["labels"]), np.array(data["said"]["plain-cnn"])
    ours = labels == EMOTIONS.index(label)
    here = ours & (said == EMOTIONS.index(answer))
    people, intensity = np.array(data["people"]), np.array(data["intensity"])
    assert f"{here.sum()} of {ours.sum()}" in told(page)
    assert f"{len(set(people[here]))} people" in told(page)
    assert f"mean intensity {intensity[here].mean():.2f}" in told(page)
    assert f"labelled {label}: {intensity[ours].mean():.2f})" in told(page)


def test_the_keyboard_reaches_every_cell_and_opens_it(visit):
    page = visit()
    cell(page, "anger", "disgust").focus()
    for key in ("ArrowDown", "ArrowDown", *["ArrowRight"] * 9, "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    assert told(page).startswith("The plain CNN: fear called surprise, ")
    stops = place(page, "confusion").locator('table button[tabindex="0"]')
    assert stops.count() == 1
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    chosen = place(page, "confusion").locator(".confusion-faces [aria-pressed=true]")
    assert chosen.evaluate("(one) => one === document.activeElement")


def test_faces_come_surest_first_one_a_clip_with_their_answers(visit, handed):
    data, page = handed["confusion"], visit()
    cell(page, "fear", "surprise").click()
    faces = place(page, "confusion").locator(".confusion-faces button")
    images = [int(one.get_attribute("data-image")) for one in faces.all()]
    shares = dict(zip(data["faces"], data["shares"]["plain-cnn"], strict=True))
    sure = [shares[image][EMOTIONS.index("surprise")] for image in images]
    assert sure == sorted(sure, reverse=True)
    assert 2 <= len(images) <= 8
    faces.nth(1).click()
    bars = place(page, "confusion").locator(".lab-bars .share").all_inner_texts()
    assert [int(one.split()[0]) for one in bars] == [
        round(100 * one) for one in shares[images[1]]
    ]
    who = place(page, "confusion").locator(".lab-line").inner_text()
    assert who.startswith(f"Person {data['people'][images[1]]}, labelled fear, ")


def test_a_cell_without_faces_says_so(visit):
    page = visit()
    cell(page, "anger", "sadness").click()
    assert told(page) == "The plain CNN: anger called sadness, not once."
    assert place(page, "confusion").locator(".confusion-faces button").count() == 0


def test_every_count_has_a_face_to_show(handed):
    data = handed["confusion"]
    for network, said in data["said"].items():
        pairs = set(zip(data["labels"], said, strict=True))
        shown = {(data["labels"][k], said[k]) for k in data["surest"][network]}
        assert shown == pairs
        assert set(data["surest"][network]) <= set(data["faces"])
