"""Every page for everybody: the keyboard, and colours of code one by one.

What axe finds on every page is in `test_pages`, with all else that is seen there.
"""

import io
import re

import pytest
from PIL import Image


def opened(browser, address, name, theme="light", width=1280):
    """Open a page in a context of its own and wait until its scripts ran."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=theme,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(f"{address}/{name}", wait_until="load")
    page.wait_for_timeout(150)
    return page


# --- the keyboard ------------------------------------------------------------------

#: What Tab must reach on a chapter.
STOPS = {
    "search": ".search-button-field",
    "contents of the book": ".bd-docs-nav a",
    "theme": ".theme-switch-button",
    "contents of the page": ".bd-sidebar-secondary a",
    "answer": "details:not(.hide) > summary",
    "hidden cell": ".cell details.hide > summary",
    "link to the glossary": "a.glossary-word",
}
FOCUSED = """stops => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const style = getComputedStyle(element);
    return {
        stops: Object.keys(stops).filter(name => element.matches(stops[name])),
        ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        name: element.outerHTML.slice(0, 120),
    };
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_tab_reaches_everything_and_shows_where_it_is(
    browser, address, page_names, theme
):
    chapter = next(name for name in page_names if name.endswith("/training.html"))
    page = opened(browser, address, chapter, theme)
    reached, without_ring = set(), []
    for _ in range(500):
        page.keyboard.press("Tab")
        seen = page.evaluate(FOCUSED, STOPS)
        if seen is None:  # through the page, back to the browser
            break
        reached.update(seen["stops"])
        if not seen["ring"]:
            without_ring.append(seen["name"])
    page.context.close()
    assert set(STOPS) - reached == set()
    assert without_ring == []


@pytest.mark.parametrize(
    "what", ["details:not(.hide) > summary", ".cell details.hide > summary"]
)
def test_enter_opens_answers_and_solutions(browser, address, page_names, what):
    chapter = next(name for name in page_names if name.endswith("/training.html"))
    page = opened(browser, address, chapter)
    summary = page.locator(what).first
    is_open = "summary => summary.parentElement.open"
    assert not summary.evaluate(is_open)
    summary.focus()
    page.keyboard.press("Enter")
    assert summary.evaluate(is_open)
    page.context.close()


def test_the_theme_changes_from_the_keyboard(browser, address, page_names):
    page = opened(browser, address, page_names[0])
    before = page.evaluate("document.documentElement.dataset.mode")
    page.locator(".theme-switch-button").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.dataset.mode") != before
    page.context.close()


# --- code on a phone ------------------------------------------------------------------


def edge(code, side: str) -> tuple[int, int, int]:
    """Return the colour of a code block at one side, where no letter is."""
    with Image.open(io.BytesIO(code.screenshot())) as image:
        x = 1 if side == "left" else image.width - 2
        return image.convert("RGB").getpixel((x, image.height - 6))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_code_shows_on_which_side_there_is_more_of_it(
    browser, address, page_names, theme
):
    chapter = next(name for name in page_names if name.endswith("/training.html"))
    page = opened(browser, address, chapter, theme, width=390)
    blocks = page.locator(".cell_input pre:visible")
    wide = blocks.evaluate_all(
        "all => all.findIndex(one => one.scrollWidth > one.clientWidth + 40)"
    )
    assert wide >= 0
    code = blocks.nth(wide)
    ground = edge(code, "left")
    assert contrast_of(edge(code, "right"), ground) > 1.15
    code.evaluate("one => { one.scrollLeft = one.scrollWidth }")
    assert contrast_of(edge(code, "left"), ground) > 1.15
    assert contrast_of(edge(code, "right"), ground) < 1.05
    page.context.close()


def contrast_of(first, second) -> float:
    """Return the contrast of two colours given as red, green and blue."""
    return contrast(*(f"#{r:02x}{g:02x}{b:02x}" for r, g, b in (first, second)))


# --- the colours of code ------------------------------------------------------------


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours after WCAG, 1 to 21.

    Examples
    --------
    >>> contrast("#000000", "#fff")
    21.0
    """

    def luminance(colour):
        digits = colour.lstrip("#")
        digits = "".join(2 * one for one in digits) if len(digits) == 3 else digits
        parts = [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]
        linear = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in parts
        ]
        return sum(w * x for w, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_code_can_be_read(html, theme):
    styles = (html / "_static" / "pygments.css").read_text("utf-8")
    own = (html / "_static" / "custom.css").read_text("utf-8")
    grounds = re.findall(r"--look-raised: (#\w+)", own)
    ground = dict(zip(("light", "dark"), grounds, strict=True))[theme]
    rules = re.findall(
        rf'html\[data-theme="{theme}"\] \.highlight (\.\w+) {{ color: (#\w+)', styles
    )
    assert len(rules) > 20
    faint = {
        name: round(contrast(colour, ground), 2)
        for name, colour in rules
        if contrast(colour, ground) < 4.5
    }
    assert faint == {}
