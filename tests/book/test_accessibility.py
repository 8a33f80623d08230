"""Every page for everybody: axe-core in light and dark, the keyboard, colours of code.

axe must find no serious and no critical fault. It looks at code without its colours,
which takes seconds instead of minutes; they are few, and measured here one by one.
"""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

GRAVE = {"serious", "critical"}
#: (rule, part of the page's name): why a fault stays.
KNOWN: dict[tuple[str, str], str] = {}
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
DESK = {"width": 1280, "height": 900}


def opened(browser, address, name, theme="light"):
    """Open a page in a context of its own and wait until its widgets are drawn."""
    context = browser.new_context(
        viewport=DESK, color_scheme=theme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{address}/{name}", wait_until="load")
    if page.locator('script[type="application/vnd.jupyter.widget-view+json"]').count():
        page.wait_for_selector(".jupyter-widgets", state="attached", timeout=15_000)
    page.wait_for_timeout(150)
    return page


def grave(page, options) -> list[str]:
    """Return axe's serious and critical findings, with the first places of each."""
    return [
        f"{impact} {rule}: {len(places)} x, {'; '.join(places[:3])}"
        for impact, rule, places in page.evaluate(RUN, options)
        if impact in GRAVE and not any(rule == one and part in page.url
                                       for one, part in KNOWN)
    ]  # fmt: skip


def audit(page) -> list[str]:
    """Return what axe finds in light, and in dark as far as colours go."""
    page.evaluate(FLATTEN)
    page.evaluate(Axe().axe_script)
    found = [f"light: {fault}" for fault in grave(page, OPTIONS)]
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_timeout(50)
    return found + [f"dark: {fault}" for fault in grave(page, COLOURS)]


@pytest.mark.parametrize("part", range(4))
def test_axe_finds_nothing_grave(browser, address, page_names, part):
    faults = []
    for name in page_names[part::4]:
        page = opened(browser, address, name)
        faults += [f"{name}: {fault}" for fault in audit(page)]
        page.context.close()
    assert not faults, "\n".join(faults)


def test_a_bad_page_is_noticed(browser, tmp_path):
    (tmp_path / "bad.html").write_text(
        """<!doctype html><html lang="en" data-theme="light"><title>bad</title><style>
        html[data-theme=dark] p { color: #777; background: #555 }
        b { color: #abc; background: #abc }</style><main><h1>a</h1>
        <img src="x.png"><p>words</p><input><b>nothing</b></main>""",
        "utf-8",
    )
    page = opened(browser, tmp_path.as_uri(), "bad.html")
    found = " | ".join(audit(page))
    page.context.close()
    for fault in (
        "critical image-alt",
        "critical label",
        "dark: serious color-contrast",
        "light: critical color-contrast: 1 x, b",
    ):
        assert fault in found


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
    chapter = next(name for name in page_names if "/04-" in name)
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
    chapter = next(name for name in page_names if "/04-" in name)
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
