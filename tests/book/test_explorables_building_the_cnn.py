"""What moves in chapter "Building the CNN": a kernel over a face, a unit's patch.

Each on a page of its own, with the data that the chapter stores.
"""

import json
import re
import shutil

import nbformat
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from headless import served

NAMES = ["convolution", "receptive-field"]
AUDIT = """() => axe.run(document, { preload: false, resultTypes: ["violations"] })
  .then(({ violations }) => violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => [id, nodes.map((one) => one.target.join(" "))]))"""


@pytest.fixture(scope="module")
def folder(explorables_page):
    """Build the page."""
    return explorables_page("building-the-cnn")


@pytest.fixture(scope="module")
def here(folder):
    """Serve the page and give its address."""
    with served(folder) as address:
        yield f"{address}/index.html"


@pytest.fixture(scope="module")
def taught(project) -> dict:
    """Run the chapter's own functions, without the rest of the chapter."""
    path = project / "book/part-1-the-system/building-the-cnn.ipynb"
    world = {"np": np}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.source.startswith(("def convolve(", "def places(", "def receptive_")):
            exec(re.split(r"\n\n\n?(?=\w+ = |print)", cell.source)[0], world)
    return world


def handed(folder, name) -> dict:
    """Return what the chapter handed to the page."""
    page = BeautifulSoup((folder / "index.html").read_text("utf-8"), "html.parser")
    return json.loads(page.select_one(f'[data-name="{name}"] script').string)


def place(page, name):
    return page.locator(f'.explorable[data-name="{name}"]')


def status(page, name, words):
    """Wait until the status line holds these words."""
    line = place(page, name).get_by_role("status")
    line.filter(has_text=words).wait_for(timeout=3000)
    return line.text_content()


# --- a kernel over a face ----------------------------------------------------------


def test_the_page_computes_the_maps_of_the_chapter(visitor, here, folder, taught):
    page = visitor(here)
    data = handed(folder, "convolution")
    kernels = {name: np.array(one) for name, one in data["kernels"].items()}
    assert len(kernels) == 4
    face = np.array(
        page.evaluate("one => [...explore.bytes(one).data]", data["face"])
    ).reshape(64, 64)
    for kernel in kernels.values():
        for stride in (1, 2):
            found = page.evaluate(
                """([face, kernel, stride]) => {
                  const { shape, data } =
                    explore.convolve(explore.bytes(face), kernel, stride);
                  return { shape, data: [...data] };
                }""",
                [data["face"], kernel.ravel().tolist(), stride],
            )
            mine = taught["convolve"](face, kernel, stride)
            assert found["shape"] == list(mine.shape)
            assert np.allclose(found["data"], mine.ravel())


def test_it_opens_on_the_window_of_the_drawing_and_arrows_move_it(visitor, here):
    page = visitor(here)
    mine = place(page, "convolution")
    assert mine.locator(".sum strong").text_content() == "−30"
    assert not page.locator(".explorable-still").first.is_visible()
    window = mine.get_by_role("slider")
    window.focus()
    page.keyboard.press("ArrowRight")
    told = status(page, "convolution", "row 47, column 21")
    assert "−144" in told  # the second sum of the drawing
    assert window.get_attribute("aria-valuetext") in told
    mine.get_by_role("button", name="stride 2").click()
    window.focus()
    page.keyboard.press("ArrowUp")
    status(page, "convolution", "row 46, column 22")


def test_dragging_moves_the_window_and_not_the_page(visitor, here):
    page = visitor(here, 390, has_touch=True)
    over = place(page, "convolution").get_by_role("slider")
    assert over.evaluate("one => getComputedStyle(one).touchAction") == "none"
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 2 * box["width"], box["y"] - 20, steps=4)
    page.mouse.up()
    status(page, "convolution", "row 0, column 61")  # it stays on the face


def write(page, *weights):
    """Type nine weights."""
    fields = place(page, "convolution").get_by_role("spinbutton").all()
    for field, weight in zip(fields, weights, strict=True):
        field.fill(str(weight))
    fields[-1].press("Enter")


def done(page, name):
    return place(page, name).locator(".explore-tasks .done").count()


def test_a_kernel_is_found_when_it_does_what_was_asked(visitor, here):
    page = visitor(here)
    mine = place(page, "convolution")
    for name in ("left to right", "blur", "spots", "top to bottom"):
        mine.get_by_role("button", name=name).click()
        assert mine.get_by_role("button", name=name).get_attribute("aria-pressed")
    assert done(page, "convolution") == 0  # none of the four is an answer
    write(page, 0, 0, 0, 0, 2, 0, 0, 0, 0)
    assert "answers 200" in status(page, "convolution", "evenly grey area of 100")
    assert done(page, "convolution") == 0
    write(page, 0, 0, 0, 0, 1, 0, 0, 0, 0)
    status(page, "convolution", "Found. This kernel leaves the face as it is")
    write(page, 0, 0, 0, 1, 0, 0, 0, 0, 0)
    status(page, "convolution", "the face one pixel to the right")
    assert done(page, "convolution") == 1
    write(page, 0, 0, 0, 0, 0, 1, 0, 0, 0)
    status(page, "convolution", "Found. This kernel moves the face")
    write(page, "−1/9", 0, 0, 0, 0, 0, 0, 0, "1/9")
    status(page, "convolution", "it answers 0")
    assert done(page, "convolution") == 3


def test_weights_change_by_keys_and_buttons_and_nonsense_is_refused(visitor, here):
    page = visitor(here)
    mine = place(page, "convolution")
    middle = mine.get_by_role("spinbutton", name="weight, middle centre")
    middle.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert middle.input_value() == "2"
    mine.get_by_role("button", name="− 1, weight, middle centre").click()
    assert middle.get_attribute("aria-valuetext") == "1"
    for nonsense in ("one", "1/0"):
        middle.fill(nonsense)
        middle.press("Enter")
        status(page, "convolution", "A weight is a number from −99 to 99")
        assert middle.input_value() == "1"
        mine.get_by_role("button", name="+ 1").click()
        mine.get_by_role("button", name="− 1").click()
        status(page, "convolution", "evenly grey")


# --- the patch that a unit sees -------------------------------------------------------


def test_the_page_knows_the_receptive_fields_of_the_chapter(
    visitor, here, folder, taught
):
    page = visitor(here)
    plan = handed(folder, "receptive-field")["plan"]
    assert [name for name, *_ in plan][-1] == "pool3"
    rng, stacks = np.random.default_rng(0), [plan]
    for _ in range(20):  # with padding, a window always fits
        drawn = rng.choice([1, 2, 3, 5, 7], 5), rng.choice([1, 2, 3], 5)
        layers = enumerate(zip(*np.array(drawn).tolist(), strict=True))
        stacks.append([(f"layer{k}", *numbers, "same") for k, numbers in layers])
    for stack in stacks:
        found = page.evaluate(
            """stack => explore.fields(stack.map(([, kernel, stride, padding]) =>
                 ({ kernel, stride, same: padding === "same" })), 64)""",
            stack,
        )
        mine = taught["receptive_fields"](stack, 64)
        theirs = [(one["size"], one["step"], one["start"]) for one in found]
        assert theirs == list(mine.values())


def test_it_opens_on_the_last_layer_and_its_unit_moves(visitor, here):
    page = visitor(here)
    mine = place(page, "receptive-field")
    lines = mine.locator("tbody tr").all()
    seen = [line.locator("td").nth(-2).text_content() for line in lines]
    assert [one.rpartition(" ")[2] for one in seen] == [
        "1",
        "5",
        "7",
        "15",
        "19",
        "35",
        "43",
    ]
    assert seen[-1] == "35 + 1 · 8 = 43"
    caption = mine.locator("figcaption")
    assert caption.text_content().startswith("pool3: 4 × 4 units, 16 pixels apart")
    face = mine.get_by_role("slider")
    face.focus()
    page.keyboard.press("ArrowRight")
    told = status(page, "receptive-field", "rows 19 to 61, columns 19 to 61")
    assert face.get_attribute("aria-valuetext") + "." == told
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    told = status(page, "receptive-field", "rows 35 to 77")
    assert "border" in told
    mine.get_by_role("button", name="conv1").click()
    assert caption.text_content().startswith("conv1: 32 × 32 units, 2 pixels apart")
    box = face.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.up()
    status(page, "receptive-field", "conv1 sees rows −1 to 3, columns −1 to 3")


def test_layers_of_ones_own_are_found(visitor, here):
    page = visitor(here, 390)
    mine = place(page, "receptive-field")
    mine.get_by_label("window of pool3").select_option("7")
    assert status(page, "receptive-field", "This unit of pool3")  # 35 + 6 * 8 = 83
    assert done(page, "receptive-field") == 1
    mine.get_by_label("stride of conv1").select_option("3")
    mine.get_by_label("stride of pool2").select_option("3")
    status(page, "receptive-field", "No window of 7 fits on what reaches pool3")
    mine.get_by_role("button", name="Reset").click()
    status(page, "receptive-field", "This unit of pool3")
    assert done(page, "receptive-field") == 1
    for _ in range(5):
        mine.get_by_role("button", name="Remove the last").click()
    assert mine.get_by_role("button", name="Remove the last").is_disabled()
    mine.get_by_label("window of conv1").select_option("3")
    mine.get_by_label("stride of conv1").select_option("1")
    for _ in range(2):
        mine.get_by_role("button", name="Add a layer").click()
    status(page, "receptive-field", "✓ Found. This unit of layer3 sees")
    assert done(page, "receptive-field") == 2
    for _ in range(5):
        mine.get_by_role("button", name="Add a layer").click()
    assert mine.get_by_role("button", name="Add a layer").is_disabled()


# --- all of them -------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_without_scripts_or_with_broken_data_the_figure_stays(
    visitor, here, folder, tmp_path, name
):
    still = visitor(here, java_script_enabled=False)
    figures = still.locator(".cell_output img, .cell_output svg")
    assert figures.count() == len(NAMES)
    assert all(one.is_visible() for one in figures.all())
    shutil.copytree(folder, tmp_path / "html")
    index = tmp_path / "html" / "index.html"
    words = index.read_text("utf-8")
    data = json.dumps(handed(folder, name), separators=(",", ":"))
    assert data in words
    index.write_text(words.replace(data, "{}"), "utf-8")
    with served(tmp_path / "html") as address:
        page = visitor(f"{address}/index.html")
        cell = page.locator(".cell_output", has=place(page, name))
        assert cell.locator("img, svg").first.is_visible()
        page.close()
    assert len(visitor.faults) == 1  # said on the console
    visitor.faults.clear()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_they_keep_nobody_out(visitor, here, width, theme):
    page = visitor(here, width, color_scheme=theme)
    page.evaluate(Axe().axe_script)
    assert page.evaluate(AUDIT) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for name in NAMES:
        small = (
            place(page, name)
            .locator("button, select, input")
            .evaluate_all(
                """all => all.map(one => [one.textContent || one.ariaLabel,
                 one.getBoundingClientRect()])
               .filter(([, box]) => box.height < 44 || box.width < 44)
               .map(([words]) => words)"""
            )
        )
        assert small == []
        letters = place(page, name).locator("span, text, figcaption, input")
        sizes = letters.evaluate_all(
            """all => all.filter(one => one.textContent).map(one => {
              const by = one.getScreenCTM?.().a ?? 1;
              return by * parseFloat(getComputedStyle(one).fontSize); })"""
        )
        assert min(sizes) >= 9
