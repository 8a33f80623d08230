"""Every page in a real browser: phone and desk, light and dark, served and as a file.

A page is opened on a phone in light, at a desk in dark, and as a file; each time it is
then looked at in the other width, too. axe looks for faults that keep somebody out, and
must find no serious and no critical one. It looks at code without its colours, which
takes seconds instead of minutes; they are few, and `test_accessibility` measures them
one by one.

Needs Chromium (or Chrome) on PATH. Without one the tests skip, unless
``EMOLIB_REQUIRE_BROWSER=1`` says that a missing browser is a failure. Screenshots of
pages with a fault are in ``_build/screenshots``, cut where a page is very long; with
``EMOLIB_SCREENSHOTS=1``, of all pages.
"""

import os
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from project_inputs import PROJECT

SCREENSHOTS = PROJECT / "_build" / "screenshots"
SIZES = {390: 844, 1280: 900}
# Chromium cannot always draw more at once: the API page would be 560 MB of pixels.
SCREENSHOT_PIXELS = 40_000_000
PARTS = 4
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
})"""

# --- axe ---------------------------------------------------------------------------

GRAVE = {"serious", "critical"}
#: (rule, part of the page's name): why a fault stays.
KNOWN_TO_AXE: dict[tuple[str, str], str] = {}
#: All rules, and those whose outcome depends on the colours.
OPTIONS = {"preload": False, "resultTypes": ["violations", "incomplete"]}
COLOURS = {**OPTIONS, "runOnly": ["color-contrast", "link-in-text-block"]}
FLATTEN = """() => {
    for (const code of document.querySelectorAll('.highlight pre, .sig em, code'))
        code.textContent = code.textContent;
    // reference and index have one form, hundreds of times over
    for (const entry of ['dl.py', '.indextable li'])
        for (const one of [...document.querySelectorAll(entry)].slice(60))
            one.remove();
}"""
#: axe calls text in the very colour of its ground "incomplete"; it is a fault.
RUN = """options => axe.run(document, options).then(found => {
    const listed = fault => [fault.impact, fault.id,
                             fault.nodes.map(node => node.target.join(' '))];
    const unseen = found.incomplete.filter(fault => fault.id === 'color-contrast')
        .map(fault => ({...fault, impact: 'critical', nodes: fault.nodes.filter(
            node => node.any.some(one => one.data?.messageKey === 'equalRatio'))}));
    return [...found.violations, ...unseen.filter(fault => fault.nodes.length)]
        .map(listed);
})"""


def audit(page, theme: str) -> list[str]:
    """Return axe's serious and critical findings, with the first places of each.

    Everything is looked at in light, what depends on colours in dark. The code of the
    page has no colours afterwards.
    """
    page.evaluate(FLATTEN)
    page.evaluate(Axe().axe_script)
    found = page.evaluate(RUN, OPTIONS if theme == "light" else COLOURS)
    return [
        f"{theme}: {impact} {rule}: {len(places)} x, {'; '.join(places[:3])}"
        for impact, rule, places in found
        if impact in GRAVE and not any(rule == one and part in page.url
                                       for one, part in KNOWN_TO_AXE)
    ]  # fmt: skip


# --- a visit -----------------------------------------------------------------------


def visit(browser, address, widths=(390, 1280), theme="light", axe=True) -> list[str]:
    """Open a page and return everything that is wrong with it.

    The page is loaded at the first of the widths and then made as wide as the others;
    `axe` says whether it is audited at the last of them.
    """
    faults = []
    context = browser.new_context(
        viewport={"width": widths[0], "height": SIZES[widths[0]]},
        color_scheme=theme,
        reduced_motion="reduce",
    )
    page = context.new_page()
    base = address[: address.index("/", len("http://"))]

    def hear(message):
        if message.type == "error":
            faults.append(f"console: {message.text}")

    def fail(error):
        faults.append(f"error: {error}")

    def request(event):
        if not event.url.startswith((base, "data:", "blob:")):
            faults.append(f"request to another place: {event.url}")

    page.on("console", hear)
    page.on("pageerror", fail)
    page.on("request", request)
    page.on("requestfailed", lambda event: faults.append(f"not loaded: {event.url}"))
    page.goto(address, wait_until="load")
    page.evaluate("""() => {
        for (const image of document.querySelectorAll('img[loading=lazy]'))
            image.loading = 'eager';
        return window.MathJax?.startup?.promise;
    }""")
    for width in widths:
        page.set_viewport_size({"width": width, "height": SIZES[width]})
        page.wait_for_timeout(150)
        found = look(page, theme)
        faults += [f"{width} px, {theme}: {fault}" for fault in found]
        if faults or os.environ.get("EMOLIB_SCREENSHOTS") == "1":
            photograph(page, width, theme)
    if axe:
        faults += audit(page, theme)
    context.close()
    return faults


def look(page, theme: str) -> list[str]:
    """Return what is wrong with a page as it stands in the browser."""
    faults = []
    seen = page.evaluate(LOOK)
    if seen["headings"] != 1 and not page.url.endswith("/search.html"):
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
    return faults


def photograph(page, width: int, theme: str) -> None:
    """Save what a page looks like."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    length = page.evaluate("document.documentElement.scrollHeight")
    name = re.sub(r"\W+", "-", page.url.partition("://")[2].partition("/")[2])
    page.screenshot(
        path=SCREENSHOTS / f"{name}-{width}-{theme}.jpg",
        full_page=True,
        quality=80,
        clip={
            "x": 0,
            "y": 0,
            "width": width,
            "height": min(length, SCREENSHOT_PIXELS // width),
        },
    )


def report(faults: dict[str, list[str]]) -> str:
    """Return one line for each fault."""
    return "\n".join(
        f"{name}: {fault}" for name, found in faults.items() for fault in found
    )


@pytest.mark.parametrize("part", range(PARTS))
def test_served_pages_on_a_phone_and_at_a_desk(browser, address, page_names, part):
    faults = {}
    for name in page_names[part::PARTS]:
        faults[name] = [
            *visit(browser, f"{address}/{name}", (390, 1280), "light"),
            *visit(browser, f"{address}/{name}", (1280, 390, 1280), "dark"),
        ]
    assert not any(faults.values()), report(faults)


def test_pages_opened_as_files(browser, html, page_names):
    folder = html.resolve().as_uri()
    faults = {
        name: visit(browser, f"{folder}/{name}", (1280,), axe=False)
        for name in page_names
    }
    assert not any(faults.values()), report(faults)


def test_a_bad_page_is_noticed(browser, tmp_path):
    (tmp_path / "bad.html").write_text(
        """<!doctype html><title>bad</title><h1>a</h1><h1>b</h1><main>
        <img src="missing.png"><div style="width:3000px">wide</div></main>
        <script src="https://example.com/x.js"></script>
        <article><p style="width:2000px">wide</p></article>
        <script>console.error("no such face"); nothing.here;</script>""",
        "utf-8",
    )
    address = f"{tmp_path.as_uri()}/bad.html"
    found = " | ".join(visit(browser, address, (390,), axe=False))
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


def test_a_page_too_wide_for_a_phone_alone_is_noticed(browser, tmp_path):
    (tmp_path / "wide.html").write_text(
        '<!doctype html><title>a</title><h1>a</h1><p style="width:600px">wide</p>',
        "utf-8",
    )
    address = f"{tmp_path.as_uri()}/wide.html"
    (fault,) = visit(browser, address, (1280, 390), "dark", axe=False)
    assert fault.startswith("390 px, dark: wider than the screen by 2")


def test_a_page_that_keeps_people_out_is_noticed(browser, tmp_path):
    (tmp_path / "bad.html").write_text(
        """<!doctype html><html lang="en"><title>bad</title><style>
        @media (prefers-color-scheme: dark) { p { color: #777; background: #555 } }
        b { color: #abc; background: #abc }</style><main><h1>a</h1>
        <img src="x.png"><p>words</p><input><b>nothing</b></main>""",
        "utf-8",
    )
    address = f"{tmp_path.as_uri()}/bad.html"
    light = " | ".join(visit(browser, address, (1280,), "light"))
    dark = " | ".join(visit(browser, address, (1280,), "dark"))
    for fault in (
        "critical image-alt",
        "critical label",
        "light: critical color-contrast: 1 x, b",
    ):
        assert fault in light
    assert "dark: serious color-contrast" in dark
