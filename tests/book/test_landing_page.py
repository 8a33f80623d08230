"""The landing page: a face that moves, bars that are true, a result above the fold."""

import json
import re
from statistics import fmean

import make_pictures
import numpy as np
import pytest
from measure_pages import measure_page
from PIL import Image
from project_inputs import PROJECT

from emolib.emotions import EMOTIONS
from emolib.faces import to_canonical
from emolib.recognizer import EmotionRecognizer
from emolib.results import load_results

PAGE = "book/intro.html"
FACES = PROJECT / "book" / "assets" / "faces"
READ = json.loads((FACES / "moving.json").read_text("utf-8"))
LAST = len(READ["intensities"]) - 1
SCREENS = [(1280, 900), (390, 844)]
#: What the bars say: their numbers, and how much of each is filled.
BARS = """() => [...document.querySelectorAll('.moving-face li')].map(bar => [
    bar.querySelector('.name').textContent,
    parseInt(bar.querySelector('.share').textContent),
    parseFloat(bar.style.getPropertyValue('--share'))])"""
SHOWN = "document.querySelector('.moving-face').dataset.shown"


@pytest.fixture
def landing(browser, address):
    """Give a function that opens the landing page, where its face can move."""
    contexts = []

    def open_page(motion="no-preference", size=SCREENS[0], place=address, **options):
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height},
            reduced_motion=motion,
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{place}/{PAGE}", wait_until="load")
        if options.get("java_script_enabled", True):
            page.wait_for_selector(".moving-face canvas")
        return page

    yield open_page
    for context in contexts:
        context.close()


def shown(page) -> tuple[str, int]:
    """Return emotion and step of the frame on show."""
    emotion, step = page.evaluate(SHOWN).split()
    return emotion, int(step)


def picture(page) -> str:
    return page.evaluate("document.querySelector('.moving-face canvas').toDataURL()")


def assert_bars(page, emotion, step):
    answers = READ["answers"][emotion][step]
    seen = page.evaluate(BARS)
    assert [name for name, _, _ in seen] == list(EMOTIONS)
    assert [share for _, _, share in seen] == pytest.approx(answers, abs=5e-4)
    percent = [number / 100 for _, number, _ in seen]
    assert percent == pytest.approx(answers, abs=0.0051)


# --- what a reader sees --------------------------------------------------------------


def test_the_face_moves_and_a_button_stops_it(landing):
    page = landing()
    frames, pictures = set(), set()
    for _ in range(24):
        page.wait_for_timeout(100)
        frames.add(shown(page))
        pictures.add(picture(page))
    assert len(frames) > 6
    assert len(pictures) > 6
    button = page.get_by_role("button", name="Pause")
    button.click()
    page.wait_for_timeout(50)
    before = shown(page), picture(page)
    page.wait_for_timeout(600)
    assert (shown(page), picture(page)) == before
    assert_bars(page, *before[0])
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(f"{SHOWN} !== '{before[0][0]} {before[0][1]}'")


def test_it_moves_from_a_file_too(landing, html):
    page = landing(place=html.resolve().as_uri())
    before = page.evaluate(SHOWN)
    page.wait_for_function(f"{SHOWN} !== '{before}'")


def test_where_less_motion_is_asked_for_it_waits(landing):
    page = landing(motion="reduce")
    before = shown(page)
    assert before[1] == LAST
    assert_bars(page, *before)
    page.wait_for_timeout(800)
    assert shown(page) == before
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(f"{SHOWN} !== '{before[0]} {before[1]}'")


def test_without_scripts_it_is_a_picture_with_its_bars(landing):
    page = landing(java_script_enabled=False)
    still = page.locator(".moving-face img")
    assert still.is_visible()
    assert still.evaluate("image => image.naturalWidth") == make_pictures.FACE
    (emotion,) = re.findall(r"\b(\w+)\.webp", still.get_attribute("src"))
    assert emotion in still.get_attribute("alt")
    assert page.locator(".moving-face .shown").inner_text() == f"Shown: {emotion}"
    assert_bars(page, emotion, LAST)
    for part in (".moving-face", ".face-strip"):
        assert page.locator(f"{part} :is(button, input)").count() == 0


def test_each_bar_is_the_answer_to_the_frame_on_show(landing):
    page = landing(motion="reduce")
    slider = page.get_by_role("slider", name="Strength of the expression")
    pictures = set()
    for emotion in EMOTIONS:
        page.get_by_role("button", name=emotion).click()
        assert shown(page) == (emotion, LAST)
        for step in range(LAST, -1, -1):
            assert shown(page) == (emotion, step)
            assert_bars(page, emotion, step)
            pictures.add(picture(page))
            slider.press("ArrowLeft")
        assert emotion in slider.get_attribute("aria-valuetext")
    assert len(pictures) == len(EMOTIONS) * (LAST + 1)


def test_a_face_of_the_strip_leads_to_its_expression_while_it_moves(landing):
    page = landing()
    page.get_by_role("button", name="disgust").click()
    page.wait_for_function(f"{SHOWN} === 'disgust {LAST}'")
    assert page.get_by_role("button", name="Pause").is_visible()
    page.get_by_role("slider").focus()  # what moves by itself would be read out
    assert page.get_by_role("button", name="Play").is_visible()


@pytest.mark.parametrize("size", SCREENS, ids=str)
def test_the_result_and_the_moving_face_are_above_the_fold(landing, size):
    page = landing(size=size)
    for part in (".moving-face canvas", ".moving-face ul", ".controls", ".results"):
        box = page.locator(part).bounding_box()
        assert box["y"] + box["height"] <= size[1], part
        assert box["width"] > 100, part
    slider = page.locator(".controls input").bounding_box()
    assert slider["width"] > 80


def test_the_page_is_light(browser, address):
    assert measure_page(browser, f"{address}/{PAGE}")["kilobytes"] <= 400


def test_the_result_is_the_measured_one(landing):
    numbers = landing(motion="reduce").locator(".results strong").all_inner_texts()
    rows = load_results("four-splits-plain")["rows"]
    expected = [
        fmean(row["accuracy"] for row in rows if row["name"] == name)
        for name in ("random frame (leaks)", "by subject")
    ]
    assert [int(number.split()[0]) for number in numbers] == [
        pytest.approx(100 * one, abs=0.5) for one in expected
    ]


# --- what the committed frames are ---------------------------------------------------


def frames() -> np.ndarray:
    """Return the committed frames, uint8, (emotions, steps, side, side, 3)."""
    side = READ["side"]
    with Image.open(FACES / "moving.avif") as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    there = pixels.reshape(len(EMOTIONS), side, LAST + 1, side, 3)
    return there.swapaxes(1, 2)


def test_the_answers_are_those_of_the_network_to_these_frames():
    crops = np.stack([to_canonical(one) for row in frames() for one in row])
    answers = EmotionRecognizer(READ["model"]).predict_proba(crops)
    committed = np.array([READ["answers"][name] for name in EMOTIONS])
    assert answers == pytest.approx(committed.reshape(answers.shape), abs=0.02)


def test_the_frames_are_rendered_from_rest_to_apex():
    pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
    assert READ["intensities"][0] == 0
    assert READ["intensities"][-1] == make_pictures.PEAK
    for row, step in ((1, LAST), (5, 0), (2, 4)):
        emotion, intensity = EMOTIONS[row], READ["intensities"][step]
        seed = make_pictures.CAST[emotion]
        assert seed in make_pictures.CANDIDATES[emotion]
        face = make_pictures.face(emotion, seed, READ["side"], intensity)
        off = np.abs(np.asarray(face).astype(int) - frames()[row, step])
        assert off.mean() < 4


def test_the_page_says_of_the_bars_what_they_do():
    rest = np.array([READ["answers"][name][0] for name in EMOTIONS])
    assert rest.max() < 0.4  # "a sixth for each", nearly
    leading = np.argmax(READ["answers"]["surprise"], axis=1)
    changes = [EMOTIONS[k] for k in leading if EMOTIONS[k] in ("fear", "surprise")]
    assert changes[0] == "fear"
    assert changes[-1] == "surprise"


def test_files_of_the_moving_face_are_light():
    size = sum((FACES / name).stat().st_size for name in ("moving.avif", "moving.json"))
    assert size < 120_000
