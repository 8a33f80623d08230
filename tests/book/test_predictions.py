"""Predictions one commits to and quizzes that answer, in a browser and in the marks.

A small page of its own, so that no chapter has to stay as it is.
"""

import re

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from headless import served
from project_inputs import PROJECT

NOTEBOOKS = sorted((PROJECT / "book").rglob("*.ipynb"))
NUMBER = re.compile(r"Your guess: a number from \S+ to \S+?(?: \(.+\))?\.")
OPTIONS = """# A small chapter

> **Predict.** Which bar is the *tallest*?
>
> - anger
> - [fear](https://example.org), of course
> - happiness
"""
NUMBERED = """> **Predict.** How often is it right?
>
> Your guess: a number from 0 to 1,200 (people).
"""
SECOND = """> **Predict.** And how often *on a Monday*?
>
> Your guess: a number from 0 to 100 (%).
"""
OPEN = """> **Predict.** Sketch the curve.
"""
QUIZ = """## Check yourself

**Question 1.** What is a kernel?

- a) a seed
- b) a small grid of weights
- c) a bird

<details><summary>Answer</summary>

**b.** A small grid.

</details>

**Question 2.** And why?

<details><summary>Answer</summary>

Because.

</details>
"""


def printing(text: str):
    """Return a code cell that has printed something."""
    output = nbformat.v4.new_output("stream", name="stdout", text=text)
    return nbformat.v4.new_code_cell(f"print({text!r})", outputs=[output])


@pytest.fixture(scope="module")
def small(build_page):
    markdown, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    solution = printing("a solution")
    solution.metadata["tags"] = ["hide-cell"]
    cells = [markdown(OPTIONS), solution, code("x = 1"), printing("the bars")]
    cells += [markdown(NUMBERED), markdown(OPEN), printing("a count"), markdown(QUIZ)]
    cells[5:5] = [markdown(SECOND)]
    with served(build_page(nbformat.v4.new_notebook(cells=cells))) as address:
        yield f"{address}/index.html"


@pytest.fixture
def opened(browser, small):
    """Give a function that opens the small page; nothing may leave the browser."""
    contexts, sent = [], []

    def open_page(width=1280, blocked=False, **settings):
        viewport = {"width": width, "height": 900}
        context = browser.new_context(viewport=viewport, **settings)
        contexts.append(context)
        if blocked:
            context.add_init_script(
                "Object.defineProperty(window, 'localStorage', {get() {"
                " throw new DOMException('denied', 'SecurityError'); }});"
            )
        page = context.new_page()
        page.goto(small)
        page.on("request", lambda request: sent.append(request.url))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [one for one in sent if not one.startswith(small.rpartition("/")[0])] == []


def pressed(page) -> list[str]:
    return page.locator(".choices [aria-pressed=true]").all_inner_texts()


def said(page) -> list[str]:
    return page.locator(".said strong").all_inner_texts()


def test_a_choice_is_kept_and_shown_beside_the_result(opened):
    page = opened()
    box = page.locator("blockquote.predict").first
    assert box.locator("button").all_inner_texts() == [
        "anger",
        "fear, of course",
        "happiness",
    ]
    assert said(page) == []
    box.get_by_role("button", name="fear, of course").click()
    box.get_by_role("button", name="happiness").click()
    assert pressed(page) == ["happiness"]
    assert "in this browser only" in box.get_by_role("status").inner_text()
    page.reload()
    assert pressed(page) == said(page) == ["happiness"]
    above = page.locator(".said:has(strong)").evaluate(
        "one => one.previousElementSibling.innerText"
    )
    assert above.strip() == "the bars"  # not below the solution that is folded away
    kept = page.evaluate("Object.entries(localStorage)")
    assert [value for key, value in kept if key.startswith("emolib-predict-")] == ["2"]


def test_a_choice_is_changed_and_cleared_from_beside_the_result(opened):
    page = opened()
    page.get_by_role("button", name="anger").click()
    page.get_by_role("button", name="Change").click()
    assert page.evaluate("document.activeElement.innerText") == "anger"
    page.get_by_role("button", name="happiness").click()
    assert said(page) == ["happiness"]
    page.get_by_role("button", name="Clear").click()
    assert said(page) == pressed(page) == []
    page.reload()
    assert said(page) == pressed(page) == []


def test_pressing_a_choice_again_takes_it_back(opened):
    page = opened()
    page.get_by_role("button", name="anger").click()
    page.get_by_role("button", name="anger").click()
    assert said(page) == pressed(page) == []


def test_a_number_is_kept_if_it_is_in_the_range(opened):
    page = opened()
    field = page.get_by_label("Your guess: a number from 0 to 1,200 (people).")
    for refused in ("1201", "-1", ""):
        field.fill(refused)
        page.get_by_role("button", name="Keep").first.click()
        assert said(page) == []
    field.fill("1200")
    field.press("Enter")
    page.reload()
    assert said(page) == ["1200 people"]
    assert field.input_value() == "1200"
    above = page.locator(".said:has(strong)").evaluate(
        "one => one.previousElementSibling.innerText"
    )
    assert above.strip() == "a count"
    page.get_by_role("button", name="Clear").click()
    page.reload()
    assert said(page) == []
    assert field.input_value() == ""


def test_two_answers_at_one_result_say_to_which_question(opened):
    page = opened()
    for field, guess in zip(page.get_by_label("Your guess").all(), "78", strict=True):
        field.fill(guess)
        field.press("Enter")
    page.reload()
    shown = page.locator(".said p").all_inner_texts()
    assert [one.partition(" Change")[0] for one in shown] == [
        "How often is it right? You said: 7 people",
        "And how often on a Monday? You said: 8 %",
    ]


def test_a_question_without_options_stays_as_it_is(opened):
    box = opened().locator("blockquote.predict").nth(3)
    assert box.inner_text().endswith("Sketch the curve.")
    assert box.locator("button, input").count() == 0


def test_a_kept_choice_that_is_no_longer_offered_counts_for_nothing(opened):
    page = opened()
    page.evaluate(
        "localStorage.setItem(`emolib-${document.querySelector('.predict').id}`, '9')"
    )
    page.reload()
    assert said(page) == pressed(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("key", ["Space", "Enter"])
def test_the_keyboard_chooses_and_shows_where_it_is(opened, theme, key):
    page = opened(color_scheme=theme)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == "anger":
            break
    ring = page.evaluate("parseFloat(getComputedStyle(document.activeElement)"
                         ".outlineWidth)")  # fmt: skip
    assert ring >= 2
    page.keyboard.press(key)
    assert pressed(page) == said(page) == ["anger"]
    page.keyboard.press("Tab")
    page.keyboard.press(key)
    assert pressed(page) == said(page) == ["fear, of course"]


def test_where_storage_is_forbidden_choices_last_until_one_leaves(opened):
    page = opened(blocked=True)
    page.get_by_role("button", name="anger").click()
    assert pressed(page) == said(page) == ["anger"]
    status = page.locator("blockquote.predict").first.get_by_role("status")
    assert status.inner_text() == "Noted until you leave this page."
    page.reload()
    assert pressed(page) == said(page) == []


def test_without_a_script_the_page_reads_as_written(opened):
    page = opened(java_script_enabled=False)
    boxes = page.locator("blockquote.predict")
    assert boxes.first.locator("li").all_inner_texts()[0] == "anger"
    assert "a number from 0 to 1,200 (people)." in boxes.nth(1).inner_text()
    assert page.locator("article .choices, article button").count() == 0
    assert page.get_by_text("b) a small grid of weights").is_visible()


def test_quizzes_answer_in_words_and_open_the_answer(opened):
    page = opened()
    answers = page.get_by_role("group", name="Answers")
    assert answers.count() == 1  # the second question has no options
    details = page.locator("section > details").first
    assert not details.evaluate("one => one.open")
    answers.get_by_role("button", name="c) a bird").click()
    verdict = page.locator(".choices[data-verdict] + .verdict")
    assert verdict.inner_text() == "✗ Not c: the answer is b."
    assert details.evaluate("one => one.open")
    answers.get_by_role("button", name="b) a small grid of weights").click()
    assert verdict.inner_text() == "✓ Right: b."
    assert pressed(page) == ["b) a small grid of weights"]
    assert verdict.get_attribute("role") == "status"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_buttons_fit_a_phone_and_keep_nobody_out(opened, theme):
    page = opened(width=390, color_scheme=theme)
    page.get_by_role("button", name="happiness").click()
    page.get_by_label("Your guess").first.fill("12")
    page.get_by_role("button", name="Keep").first.click()
    page.get_by_role("button", name="a) a seed").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    low = "all => all.filter(one => one.getBoundingClientRect().height < 44).length"
    assert page.locator(".choices button").evaluate_all(low) == 0
    found = Axe().run(page, context="article").response["violations"]
    assert [
        one["id"] for one in found if one["impact"] in ("serious", "critical")
    ] == []


# --- the marks in the chapters ------------------------------------------------------


def markdown_of(path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(one.source for one in cells if one.cell_type == "markdown")


def wrong_marks(text: str) -> list[str]:
    """Return what the script would not understand in the predictions and the quiz."""
    found = []
    for box in re.findall(r"^> \*\*Predict\.\*\*.*(?:\n>.*)*", text, re.M):
        options = re.findall(r"^> [-*] ", box, re.M)
        if options and not 2 <= len(options) <= 4:
            found.append(f"{len(options)} options: {box}")
        found += [
            f"no number from A to B (unit): {line}"
            for line in re.findall(r"^> (Your guess.*)", box, re.M)
            if options or not NUMBER.fullmatch(line)
        ]
    for quiz in re.split(r"^(?=\*\*Question \d\.)", text, flags=re.M)[1:]:
        options = re.findall(r"^- ([a-z])\) ", quiz, re.M)
        right = re.search(r"<summary>Answer</summary>\n\n\*\*([a-z])\.\*\*", quiz)
        if options and (right is None or right[1] not in options):
            found.append(f"no right letter among {options}: {quiz[:60]}")
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_options_and_answers_are_marked_as_the_script_reads_them(path):
    assert wrong_marks(markdown_of(path)) == []


@pytest.mark.parametrize(
    "path",
    [path for path in NOTEBOOKS if path.parent.name.startswith("part-")],
    ids=lambda path: path.stem,
)
def test_every_prediction_and_every_question_can_be_answered(path):
    text = markdown_of(path)
    boxes = re.findall(r"^> \*\*Predict\.\*\*.*(?:\n>.*)*", text, re.M)
    offer = re.compile(r"^> (?:[-*] |Your guess)", re.M)
    assert [one for one in boxes if not offer.search(one)] == []
    questions = re.split(r"^(?=\*\*Question \d\.)", text, flags=re.M)[1:]
    assert [one[:60] for one in questions if not re.search(r"^- a\) ", one, re.M)] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("> - anger\n> - [fear](https://example.org), of course\n", ""),
        ("a number from 0 to 1,200 (people).", "something from 0 to 1,200."),
        ("**b.** A small", "A small"),
        ("**b.** A small", "**d.** A small"),
    ],
)
def test_wrong_marks_are_noticed(old, new):
    text = "\n".join([OPTIONS, NUMBERED, OPEN, QUIZ])
    assert wrong_marks(text) == []
    assert old in text
    assert len(wrong_marks(text.replace(old, new))) == 1
