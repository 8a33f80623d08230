"""What moves in chapter "Training": three ways downhill on a map of the loss."""

import nbformat
import numpy as np
import pytest

CHAPTER = "training"


@pytest.fixture
def descent(explorable):
    """Open the map."""
    return explorable(CHAPTER, "descent")


@pytest.fixture
def taught(project, descent) -> dict:
    """Run the chapter's own functions on the data of the page."""
    path = project / f"book/part-1-the-system/{CHAPTER}.ipynb"
    names = ("corner", "happy", "start", "lowest")
    given = {name: np.array(descent.data[name], dtype=float) for name in names}
    world = {"np": np, **given}
    for cell in nbformat.read(path, as_version=4).cells:
        if "def pair_loss" in cell.source:
            exec(cell.source[cell.source.index("def pair_loss") :], world)
        if cell.source.startswith(("def sgd(", "def adam(")):
            exec(cell.source, world)
        if cell.source.startswith("def walk("):
            exec(cell.source.partition("\n\n\n")[0], world)
    return world


WALK = """([name, settings, steps, start, faces]) => {
  const path = explore.walk(name, settings, steps, start, faces);
  return { path, losses: path.map((w) => explore.pairLoss(w, faces)) };
}"""


def test_steps_and_losses_are_those_of_the_chapter(descent, taught):
    faces = {name: descent.data[name] for name in ("corner", "happy")}
    assert len(faces["corner"]) == len(faces["happy"]) > 300
    for name, rate in [*descent.data["rates"].items(), ("sgd", 300.0), ("adam", 20.0)]:
        for start in ([-4.0, -5.0], [8.0, 12.5]):
            asked = [name, {"rate": rate}, 60, start, faces]
            found = descent.page.evaluate(WALK, asked)
            mine = taught["walk"](taught[name], rate, 60, start)
            assert np.allclose(found["path"], mine, rtol=1e-6, atol=1e-6)
            assert np.allclose(found["losses"], taught["pair_loss"](mine), atol=1e-8)


def test_it_opens_on_the_three_paths_of_the_figure(descent, taught, project):
    told = descent.status("60 steps later")
    floor = taught["pair_loss"](taught["lowest"])
    words = {"sgd": "SGD", "momentum": "momentum", "adam": "Adam"}
    for name, rate in descent.data["rates"].items():
        end = taught["walk"](taught[name], rate, 60, taught["start"])[-1]
        assert f"{words[name]} {taught['pair_loss'](end) - floor:.4f}" in told
    assert descent.element.locator(".map .path").count() == 3
    assert descent.element.locator(".map .mark").count() == 3 * 61


def test_the_contours_are_those_of_the_loss(descent, taught):
    """Ends of their pieces lie at the level."""
    paths = descent.element.locator(".map path.thin")
    levels = descent.data["levels"]
    assert paths.count() == len(levels)
    floor = taught["pair_loss"](taught["lowest"])
    for k, level in enumerate(levels):
        ends = paths.nth(k).get_attribute("d").replace("L", "M").split("M")[1:]
        places = np.array([one.split(",") for one in ends], dtype=float)
        weights = np.stack(
            [
                -15 + (places[:, 0] - 52) * 24 / (380 - 12 - 52),
                -6 + (304 - 44 - places[:, 1]) * 19 / (304 - 44 - 10),
            ],
            axis=1,
        )
        heights = taught["pair_loss"](weights) - floor
        assert len(places) > 20
        assert np.median(np.abs(heights / level - 1)) < 0.05


def set_slider(explorable, name, value):
    slider = explorable.element.get_by_label(name)
    slider.evaluate(
        """(one, value) => {
          one.value = value;
          one.dispatchEvent(new Event("input"));
          one.dispatchEvent(new Event("change"));
        }""",
        value,
    )


def test_the_start_moves_by_keys_and_pointer_and_stays_on_the_map(descent):
    start = descent.element.get_by_role("slider", name="The start")
    assert start.evaluate("one => getComputedStyle(one).touchAction") == "none"
    before = descent.status("60 steps later")
    start.press("ArrowUp")
    start.press("ArrowRight")
    assert start.get_attribute("aria-valuetext").startswith("−3.5, −4.5: 0.")
    descent.page.wait_for_timeout(500)
    assert descent.status("60 steps later") != before
    descent.drag(start, (0.5, 0.5), (2, -1))
    assert start.get_attribute("aria-valuetext").startswith("9.0, 13.0: ")
    descent.press("Reset")
    descent.page.wait_for_timeout(500)
    assert descent.status("60 steps later") == before


def test_steps_are_counted_run_and_taken_one_by_one(descent, explorable):
    set_slider(descent, "steps", 0)
    assert "Adam 0.4114" in descent.status("; 0 steps later")
    descent.press("Step")
    descent.status("; 1 step later")
    descent.press("Run")  # this reader wants no motion: it jumps
    descent.status("60 steps later")
    moving = explorable(CHAPTER, "descent", reduced_motion="no-preference")
    moving.press("Run")
    counted = moving.element.get_by_label("steps")
    assert int(counted.input_value()) < 30
    moving.press("Stop")
    kept = counted.input_value()
    moving.press("Run")
    moving.status("60 steps later")
    assert int(kept) < 60


def test_what_leaves_the_map_is_said_to(descent):
    set_slider(descent, "learning rate of SGD", 49)
    assert "SGD left the map, momentum 0." in descent.status("SGD left the map")


def test_what_was_asked_is_found_and_nothing_else(descent):
    for place, rate in ((37, "50"), (39, "80")):
        set_slider(descent, "learning rate of SGD", place)
        label = descent.element.get_by_label("learning rate of SGD")
        assert label.get_attribute("aria-valuetext") == rate
        descent.page.wait_for_timeout(500)
        assert descent.found() == 0
    set_slider(descent, "learning rate of SGD", 38)  # 60
    descent.status("✓ Found.")
    descent.press("Reset")
    descent.press("momentum")
    set_slider(descent, "share kept by momentum", 0.95)
    descent.status("momentum 0.0111")
    assert descent.found() == 1
    set_slider(descent, "share kept by momentum", 0.75)
    descent.status("✓ Found.")
    assert descent.found() == 2
    descent.press("Reset")
    descent.status("momentum 0.0004")
    start = descent.element.get_by_role("slider", name="The start")
    descent.drag(start, (0.5, 0.5), (0.79, 0.08))
    descent.status("✓ Found.")
    assert descent.found() == 3
