"""What moves in chapter "Building the CNN": a kernel over a face, a unit's patch."""

import re

import nbformat
import numpy as np
import pytest

CHAPTER = "building-the-cnn"


@pytest.fixture
def convolution(explorable):
    """Open the kernel over a face."""
    return explorable(CHAPTER, "convolution")


@pytest.fixture
def fields(explorable):
    """Open the patch that a unit sees."""
    return explorable(CHAPTER, "receptive-field")


@pytest.fixture(scope="module")
def taught(project) -> dict:
    """Run the chapter's own functions, without the rest of the chapter."""
    path = project / f"book/part-1-the-system/{CHAPTER}.ipynb"
    world = {"np": np}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.source.startswith(("def convolve(", "def places(", "def receptive_")):
            exec(re.split(r"\n\n\n?(?=\w+ = |print)", cell.source)[0], world)
    return world


# --- a kernel over a face ----------------------------------------------------------

MAP = """([face, kernel, stride]) => {
  const { shape, data } = explore.convolve(explore.bytes(face), kernel, stride);
  return { shape, data: [...data] };
}"""


def test_the_page_computes_the_maps_of_the_chapter(convolution, taught):
    data, page = convolution.data, convolution.page
    pixels = page.evaluate("face => [...explore.bytes(face).data]", data["face"])
    face = np.array(pixels).reshape(64, 64)
    assert len(data["kernels"]) == 4
    for kernel in map(np.array, data["kernels"].values()):
        for stride in (1, 2):
            asked = [data["face"], kernel.ravel().tolist(), stride]
            found = page.evaluate(MAP, asked)
            mine = taught["convolve"](face, kernel, stride)
            assert found["shape"] == list(mine.shape)
            assert np.allclose(found["data"], mine.ravel())


def test_it_opens_on_the_window_of_the_drawing_and_arrows_move_it(convolution):
    assert convolution.element.locator(".sum strong").text_content() == "−30"
    window = convolution.element.get_by_role("slider")
    window.press("ArrowRight")
    told = convolution.status("row 47, column 21")
    assert "−144" in told  # the second sum of the drawing
    assert window.get_attribute("aria-valuetext") in told
    convolution.press("stride 2")
    window.press("ArrowUp")
    convolution.status("row 46, column 22")


def test_dragging_moves_the_window_and_not_the_page(explorable):
    convolution = explorable(CHAPTER, "convolution", width=390, has_touch=True)
    over = convolution.element.get_by_role("slider")
    assert over.evaluate("one => getComputedStyle(one).touchAction") == "none"
    convolution.drag(over, (0.5, 0.5), (0.9, 0.3), (2, -0.2))
    convolution.status("row 0, column 61")  # it stays on the face


def test_a_place_of_the_map_shows_its_window(convolution):
    answer = convolution.element.locator(".over").nth(1)
    convolution.press("stride 2")
    convolution.drag(answer, (10.5 / 64, 21.5 / 64))  # the map begins at 1 / 64
    convolution.status("row 40, column 18")


def write(explorable, *weights):
    """Type nine weights."""
    fields = explorable.element.get_by_role("spinbutton").all()
    for field, weight in zip(fields, weights, strict=True):
        field.fill(str(weight))
    fields[-1].press("Enter")


def test_a_kernel_is_found_when_it_does_what_was_asked(convolution):
    for name in ("left to right", "blur", "spots", "top to bottom"):
        convolution.press(name)
        pressed = convolution.element.get_by_role("button", pressed=True)
        assert name in pressed.all_text_contents()
        convolution.status("evenly grey area of 100")
    assert convolution.found() == 0  # none of the four is an answer
    write(convolution, 0, 0, 0, 0, 2, 0, 0, 0, 0)
    convolution.status("evenly grey area of 100 it answers 200")
    assert convolution.found() == 0
    write(convolution, 0, 0, 0, 0, 1, 0, 0, 0, 0)
    convolution.status("✓ Found. This kernel leaves the face as it is")
    write(convolution, 0, 0, 0, 1, 0, 0, 0, 0, 0)
    convolution.status("This kernel moves the face one pixel to the right")
    assert convolution.found() == 1
    write(convolution, 0, 0, 0, 0, 0, 1, 0, 0, 0)
    convolution.status("✓ Found. This kernel moves the face one pixel to the left")
    write(convolution, "−1/9", 0, 0, 0, 0, 0, 0, 0, "1/9")
    convolution.status("it answers 0")
    assert convolution.found() == 3


def test_weights_change_by_keys_and_buttons_and_nonsense_is_refused(convolution):
    middle = convolution.element.get_by_role("spinbutton", name="middle centre")
    middle.press("ArrowUp")
    middle.press("ArrowUp")
    assert middle.input_value() == "2"
    convolution.press("− 1, weight, middle centre")
    assert middle.get_attribute("aria-valuetext") == "1"
    for nonsense in ("one", "1/0"):
        middle.fill(nonsense)
        middle.press("Enter")
        convolution.status("A weight is a number from −99 to 99")
        assert middle.input_value() == "1"
        convolution.press("stride 1")
        convolution.status("Stride 1: 62 × 62 sums")


# --- the patch that a unit sees ----------------------------------------------------

SEES = """stack => explore.fields(stack.map(([, kernel, stride, padding]) =>
  ({ kernel, stride, same: padding === "same" })), 64)"""


def test_the_page_knows_the_receptive_fields_of_the_chapter(fields, taught):
    plan = fields.data["plan"]
    assert [name for name, *_ in plan][-1] == "pool3"
    rng, stacks = np.random.default_rng(0), [plan]
    for _ in range(20):  # with padding, a window always fits
        drawn = rng.choice([1, 2, 3, 5, 7], 5), rng.choice([1, 2, 3], 5)
        layers = enumerate(zip(*np.array(drawn).tolist(), strict=True))
        stacks.append([(f"layer{k}", *numbers, "same") for k, numbers in layers])
    for stack in stacks:
        found = fields.page.evaluate(SEES, stack)
        theirs = [(one["size"], one["step"], one["start"]) for one in found]
        assert theirs == list(taught["receptive_fields"](stack, 64).values())


def test_it_opens_on_the_last_layer_and_its_unit_moves(fields):
    lines = fields.element.locator("tbody tr").all()
    seen = [line.locator("td").nth(-2).text_content() for line in lines]
    sizes = [one.rpartition(" ")[2] for one in seen]
    assert sizes == ["1", "5", "7", "15", "19", "35", "43"]
    assert seen[-1] == "35 + 1 · 8 = 43"
    caption = fields.element.locator("figcaption")
    assert caption.text_content().startswith("pool3: 4 × 4 units, 16 pixels apart")
    face = fields.element.get_by_role("slider")
    face.press("ArrowRight")
    told = fields.status("rows 19 to 61, columns 19 to 61")
    assert face.get_attribute("aria-valuetext") + "." == told
    for _ in range(5):
        face.press("ArrowDown")
    assert "border" in fields.status("rows 35 to 77")
    fields.press("conv1")
    assert caption.text_content().startswith("conv1: 32 × 32 units, 2 pixels apart")
    fields.drag(face, (0.5, 0.5), (0.02, 0.02))
    fields.status("conv1 sees rows −1 to 3, columns −1 to 3")


def test_layers_of_ones_own_are_found(explorable):
    fields = explorable(CHAPTER, "receptive-field", width=390)
    fields.element.get_by_label("window of pool3").select_option("7")
    fields.status("✓ Found. This unit of pool3")  # 35 + 6 * 8 = 83
    fields.element.get_by_label("stride of conv1").select_option("3")
    fields.element.get_by_label("stride of pool2").select_option("3")
    fields.status("No window of 7 fits on what reaches pool3")
    fields.press("Reset")
    fields.status("This unit of pool3")
    assert fields.found() == 1
    less = fields.element.get_by_role("button", name="Remove the last")
    for _ in range(5):
        less.click()
    assert less.is_disabled()
    fields.element.get_by_label("window of conv1").select_option("3")
    fields.element.get_by_label("stride of conv1").select_option("1")
    more = fields.element.get_by_role("button", name="Add a layer")
    more.click()
    more.click()
    fields.status("✓ Found. This unit of layer3 sees")
    assert fields.found() == 2
    for _ in range(5):
        more.click()
    assert more.is_disabled()
