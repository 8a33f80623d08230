"""Every page in a real browser: phone and desk, light and dark, served and as a file.

Needs Chromium (or Chrome) on PATH. Without one the tests skip, unless
``EMOLIB_REQUIRE_BROWSER=1`` says that a missing browser is a failure. Screenshots of
what was seen are in ``_build/screenshots``, cut where a page is very long.
"""

import re

import pytest
from project_inputs import PROJECT

SCREENSHOTS = PROJECT / "_build" / "screenshots"
# Harmless, and the theme's own; anything else is an error.
KNOWN = re.compile("'?THEBE_JS_URL'? has already been declared|Got invalid theme mode")
SIZES = {390: 844, 1280: 900}
# Chromium cannot always draw more at once: the API page would be 560 MB of pixels.
SCREENSHOT_PIXELS = 40_000_000
THEMES = ("light", "dark")
LOOK = """() => ({
    theme: document.documentElement.dataset.theme,
    headings: [...document.querySelectorAll('h1')]
        .filter(e => e.checkVisibility()).length,
    overflow: document.documentElement.scrollWidth - window.innerWidth,
    wide: [...document.querySelectorAll('article *')]
        .filter(e => e.getBoundingClientRect().right > window.innerWidth + 1)
        .filter(e => !e.closest('pre, table, .cell_output'))
        .slice(0, 3).map(e => e.tagName + '.' + e.className),
    images: [...document.querySelectorAll('main img')].map(e => [
        e.getAttribute('src'), e.complete && e.naturalWidth > 0, e.alt]),
    maths: document.querySelectorAll('.math').length,
    typeset: document.querySelectorAll('.math mjx-container').length,
    views: document.querySelectorAll(
        'script[type="application/vnd.jupyter.widget-view+json"]').length,
    widgets: document.querySelectorAll('.jupyter-widgets').length,
})"""


def visit(browser, base: str, name: str, width: int, theme: str, picture=None) -> list:
    """Open a page and return everything that is wrong with it."""
    faults = []
    context = browser.new_context(
        viewport={"width": width, "height": SIZES[width]}, color_scheme=theme
    )
    page = context.new_page()

    def hear(message):
        if message.type == "error" and not KNOWN.search(message.text):
            faults.append(f"console: {message.text}")

    def fail(error):
        if not KNOWN.search(str(error)):
            faults.append(f"error: {error}")

    def request(event):
        if not event.url.startswith((base, "data:", "blob:")):
            faults.append(f"request to another place: {event.url}")

    page.on("console", hear)
    page.on("pageerror", fail)
    page.on("request", request)
    page.on("requestfailed", lambda event: faults.append(f"not loaded: {event.url}"))
    page.goto(f"{base}/{name}", wait_until="load")
    page.evaluate("""() => {
        for (const image of document.querySelectorAll('img[loading=lazy]'))
            image.loading = 'eager';
        return window.MathJax?.startup?.promise;
    }""")
    if page.locator('script[type="application/vnd.jupyter.widget-view+json"]').count():
        page.wait_for_selector(".jupyter-widgets", state="attached", timeout=15_000)
    page.wait_for_timeout(150)
    seen = page.evaluate(LOOK)
    if picture:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        length = page.evaluate("document.documentElement.scrollHeight")
        height = min(length, SCREENSHOT_PIXELS // width)
        page.screenshot(
            path=SCREENSHOTS / picture,
            full_page=True,
            clip={"x": 0, "y": 0, "width": width, "height": height},
        )
    context.close()

    if seen["headings"] != 1 and name != "search.html":
        faults.append(f"{seen['headings']} headings of the first level")
    if seen["overflow"] > 0 or seen["wide"]:
        faults.append(f"wider than the screen by {seen['overflow']} px: {seen['wide']}")
    if seen["theme"] not in (theme, None):
        faults.append(f"theme {seen['theme']} instead of {theme}")
    for source, loaded, alt in seen["images"]:
        if not loaded:
            faults.append(f"image not loaded: {source}")
        if not alt or alt.endswith((".png", ".svg")):
            faults.append(f"image without alt text: {source}")
    if seen["typeset"] != seen["maths"]:
        faults.append(f"{seen['maths'] - seen['typeset']} formulas are not typeset")
    if seen["views"] and not seen["widgets"]:
        faults.append("the widgets are not drawn")
    return faults


def report(faults: dict[str, list[str]]) -> str:
    """Return one line for each fault."""
    return "\n".join(
        f"{name}: {fault}" for name, found in faults.items() for fault in found
    )


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", SIZES)
def test_served_pages(browser, page_names, address, width, theme):
    faults = {}
    for name in page_names:
        picture = f"{name.removesuffix('.html').replace('/', '-')}-{width}-{theme}.png"
        found = visit(browser, address, name, width, theme, picture)
        if found:
            faults[name] = found
    assert not faults, report(faults)


def test_pages_opened_as_files(browser, html, page_names):
    faults = {}
    for name in page_names:
        found = visit(browser, html.resolve().as_uri(), name, 1280, "light")
        if found:
            faults[name] = found
    assert not faults, report(faults)


def test_a_bad_page_is_noticed(browser, tmp_path):
    (tmp_path / "bad.html").write_text(
        """<!doctype html><title>bad</title><h1>a</h1><h1>b</h1><main>
        <img src="missing.png"><div style="width:3000px">wide</div></main>
        <script src="https://example.com/x.js"></script>
        <article><p style="width:2000px">wide</p></article>
        <script>console.error("no such face"); nothing.here;</script>""",
        "utf-8",
    )
    found = " | ".join(visit(browser, tmp_path.as_uri(), "bad.html", 390, "light"))
    for fault in (
        "2 headings",
        "image not loaded",
        "without alt text",
        "wider than the screen",
        "another place",
        "console: no such face",
        "nothing is not defined",
    ):
        assert fault in found
