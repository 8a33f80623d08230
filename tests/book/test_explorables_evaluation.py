"""The explorables of the chapter on evaluation, in a browser, against Python."""

import base64
import json
import re

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from project_inputs import PROJECT
from sklearn.metrics import confusion_matrix

from emolib.emotions import EMOTIONS
from emolib.evaluation import apply_temperature, fit_temperature
from emolib.evaluation.metrics import calibration_error
from emolib.results import load_results

CHAPTER = PROJECT / "book" / "part-1-the-system" / "evaluation.ipynb"
NAMES = ("confusion", "reliability", "splits")


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


@pytest.fixture
def visit(visitor, explorables_address):
    """Give a function that opens the explorables; nothing may go wrong."""
    return lambda width=1280: visitor(explorables_address("evaluation"), width)


def place(page, name):
    return page.locator(f'.explorable[data-name="{name}"]')


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
        f"{name} mixes up {first} and {second} most: "
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


# --- the temperature ------------------------------------------------------------------


@pytest.fixture(scope="module")
def asked(handed) -> dict:
    """Probabilities of each network for each group of people, as they were handed."""
    return {
        (network, people): np.exp(unpacked(packed).astype(float))
        for network, sets in handed["reliability"]["scores"].items()
        for people, packed in sets.items()
    }


def unpacked(packed) -> np.ndarray:
    values = np.frombuffer(base64.b64decode(packed["bytes"]), "<f4")
    return values.reshape(packed["shape"][0], 6)


def numbers(page) -> dict[str, list[str]]:
    """The table of four numbers: at T = 1, and now."""
    rows = place(page, "reliability").locator("tbody tr").all()
    table = [row.locator("th, td").all_inner_texts() for row in rows]
    return {name: values for name, *values in table}


def press(page, name, words):
    place(page, name).get_by_role("button", name=words, exact=True).click()


def read(page, name) -> str:
    return place(page, name).get_by_role("status").inner_text()


def test_it_opens_on_the_fault_that_was_mended(visit, handed, asked):
    page, data = visit(), handed["reliability"]
    best = data["chosen"]["small-cnn"]
    raw = asked["small-cnn", "test"]
    before, after = (
        calibration_error(data["labels"]["test"], apply_temperature(raw, one))
        for one in (1, best)
    )
    title = place(page, "reliability").locator(".explorable-title").inner_text()
    expected = f"error {before:.3f} at T = 1, {after:.3f} at T = {best:.2f}"
    assert title == f"small CNN, test people: {expected}"
    assert read(page, "reliability").endswith("smaller than at T = 1.")


@pytest.mark.parametrize("step", [-2, -0.7, 0.36, 2])
@pytest.mark.parametrize("people", ["validation", "test"])
@pytest.mark.parametrize("network", ["plain-cnn", "small-cnn"])
def test_its_numbers_are_those_of_python(
    shared_page, handed, asked, network, people, step
):
    press(shared_page, "reliability", network.replace("-cnn", " CNN"))
    press(shared_page, "reliability", f"{people} people")
    place(shared_page, "reliability").get_by_role("slider").fill(str(step))
    labels = np.array(handed["reliability"]["labels"][people])
    table = numbers(shared_page)
    for column, temperature in enumerate((1, 2**step)):
        given = apply_temperature(asked[network, people], temperature)
        right = given.argmax(axis=1) == labels
        loss = -np.log(given[np.arange(len(labels)), labels]).mean()
        found = [float(one[column].split("\u00a0")[0]) for one in table.values()]
        error = calibration_error(labels, given)
        exact = [100 * given.max(axis=1).mean(), 100 * right.mean(), error, loss]
        assert np.allclose(found, exact, rtol=0, atol=[0.06, 0.06, 6e-4, 6e-4])
    assert f"At T = {2**step:.2f}, " in read(shared_page, "reliability")


@pytest.fixture(scope="module")
def shared_page(browser, explorables_address):
    """One page for many settings."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(explorables_address("evaluation"))
    yield page
    context.close()


@pytest.mark.parametrize("network", ["plain-cnn", "small-cnn"])
def test_the_best_temperature_is_found_with_the_keyboard(visit, handed, asked, network):
    page = visit()
    press(page, "reliability", network.replace("-cnn", " CNN"))
    press(page, "reliability", "validation people")
    press(page, "reliability", "T = 1")
    assert "Another has a smaller log loss" in read(page, "reliability")
    slider = place(page, "reliability").get_by_role("slider")
    slider.focus()
    labels = np.array(handed["reliability"]["labels"]["validation"])
    best = np.log2(fit_temperature(labels, asked[network, "validation"]))
    for _ in range(round(abs(best) / 0.02)):
        page.keyboard.press("ArrowRight" if best > 0 else "ArrowLeft")
    assert "this is the one" in read(page, "reliability")
    assert (
        slider.get_attribute("aria-valuetext")
        == f"{2 ** float(slider.input_value()):.2f}"
    )
    press(page, "reliability", "test people")
    way = "larger" if network == "plain-cnn" else "smaller"
    assert read(page, "reliability").endswith(f"{way} than at T = 1.")


def test_nothing_is_read_out_while_it_moves(visit):
    page = visit()
    before = read(page, "reliability")
    slider = place(page, "reliability").get_by_role("slider")
    slider.evaluate("""(one) => {
      one.value = 1;
      one.dispatchEvent(new Event("input"));
    }""")
    header = place(page, "reliability").locator("thead th").last
    assert header.inner_text() == "T = 2.00"
    assert read(page, "reliability") == before
    slider.evaluate('(one) => one.dispatchEvent(new Event("change"))')
    assert read(page, "reliability").startswith("At T = 2.00, ")


# --- the leak -------------------------------------------------------------------------


def leak(page) -> list[str]:
    return place(page, "splits").locator("tbody td").all_inner_texts()


def shown(measured) -> str:
    low, high = measured["interval"]
    return f"{measured['accuracy']:.0%} ({low:.0%} to {high:.0%})"


def test_it_moves_along_the_measured_points(visit):
    page = visit()
    slider = place(page, "splits").get_by_role("slider")
    results = load_results("leaks")
    slider.focus()
    for one in reversed(results["points"]):
        texts = [text.replace("\u00a0%", "%") for text in leak(page)]
        assert texts == [
            shown(one[name]).replace("% to", " to") for name in ("reported", "honest")
        ]
        frames = np.mean(one["leaked"])
        line = place(page, "splits").locator(".lab-line").inner_text()
        share = 100 * frames / results["training_images"]
        assert line.endswith(f"training frames, {share:.1f}\u00a0%.")
        if one["share"]:
            gain, low, high = (100 * value for value in one["flattered_by"])
            assert read(page, "splits").startswith(
                f"Too high by {low:.1f} to {high:.1f} points"
            )
            title = place(page, "splits").locator(".explorable-title")
            assert title.inner_text().endswith(f"is {gain:.1f} points too high")
        page.keyboard.press("ArrowLeft")
    assert read(page, "splits").startswith("Both are one number")


def test_the_point_where_the_interval_misleads_is_found(visit):
    page = visit()
    points = load_results("leaks")["points"]
    first = next(
        k for k, one in enumerate(points)
        if one["honest"]["accuracy"] < one["reported"]["interval"][0]
    )  # fmt: skip
    slider = place(page, "splits").get_by_role("slider")
    for index in range(len(points)):
        slider.fill(str(index))
        press(page, "splits", "Check this point")
        words = ("Not yet", "Yes.", "Outside")[(index >= first) + (index > first)]
        assert read(page, "splits").startswith(words)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_figure_itself_can_be_dragged(visit, width):
    page = visit(width=width)
    chart = place(page, "splits").locator("svg").first
    assert chart.evaluate("(one) => getComputedStyle(one).touchAction") == "pan-y"
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    slider = place(page, "splits").get_by_role("slider")
    before = read(page, "splits")
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 90)
    page.mouse.move(box["x"] + 0.15 * box["width"], box["y"] + 90)
    assert slider.input_value() == "0"
    assert read(page, "splits") == before  # not before it is let go
    page.mouse.up()
    assert read(page, "splits").startswith("Both are one number")
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 80)
    assert slider.input_value() == "0"
