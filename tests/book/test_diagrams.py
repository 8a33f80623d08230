"""The drawings: readable, self-contained, described, and set into the pages."""

import re
import xml.etree.ElementTree as ET
from collections import Counter
from functools import cache
from pathlib import Path

import draw_diagrams
import nbformat
import pytest
from bs4 import BeautifulSoup
from diagrams.pen import SHOWN, STYLE, WIDTH, set_style
from inline_diagrams import inline
from project_inputs import PROJECT

FILES = sorted((PROJECT / "book" / "diagrams").glob("*.svg"))
PAGES = [*(PROJECT / "book").rglob("*.ipynb"), *(PROJECT / "book").rglob("*.md")]
USE = re.compile(r"!\[([^\]]*)\]\((?:\.\./)?diagrams/([\w-]+\.svg)\)")
SVG = "{http://www.w3.org/2000/svg}"
PHONE = 358  # pixels of a page's column in a window of 390
RULES = re.sub(r"/\*.*?\*/", "", STYLE.read_text("utf-8"), flags=re.S)
GROUNDS = ("paper", "raised", "tint", "warm")

each_drawing = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def test_there_are_at_least_fourteen():
    assert len(FILES) >= 14


@each_drawing
def test_a_drawing_is_plain_svg_that_needs_nothing_else(file):
    root = ET.parse(file).getroot()
    assert root.tag == f"{SVG}svg"
    assert root.get("class") == "drawing"
    assert re.fullmatch(rf"0 0 {WIDTH} \d+", root.get("viewBox"))
    assert root.get("width") == str(SHOWN)  # alone; a page shrinks it to its column
    assert "height" not in root.attrib
    allowed = {"svg", "style", "defs", "marker", "g", "path", "rect", "circle", "text",
               "tspan", "image"}  # fmt: skip
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in allowed
        for name, value in element.attrib.items():
            assert not name.startswith("on"), f"{name} is a script"
            assert not re.search(r"\b(?:https?|file|javascript):", value)
            if name.endswith("href"):
                assert value.startswith("data:image/webp;base64,")
            for target in re.findall(r"url\(([^)]*)\)", value):
                assert root.find(f".//*[@id='{target[1:]}']") is not None
    assert not re.search(r"@import|url\(", root.find(f"{SVG}style").text)


@each_drawing
def test_the_style_of_a_drawing_is_that_of_the_book(file):
    text = file.read_text("utf-8")
    assert set_style(text) == text, "run python scripts/draw_diagrams.py"


@each_drawing
def test_words_are_large_enough_on_a_phone(file):
    default = float(re.search(r"text \{[^}]*font-size: ([\d.]+)px", RULES)[1])
    sizes = {
        name: float(size)
        for name, size in re.findall(
            r"\.drawing \.([\w-]+) \{[^}]*font-size: ([\d.]+)px", RULES
        )
    }
    for element in ET.parse(file).iter():
        if element.tag not in (f"{SVG}text", f"{SVG}tspan"):
            continue
        assert "font-size" not in element.attrib
        assert "scale" not in element.get("transform", "")
        named = [sizes[one] for one in element.get("class", "").split() if one in sizes]
        assert min(named, default=default) * PHONE / WIDTH >= 11, element.text


def test_every_look_is_in_the_style():
    known = set(re.findall(r"\.([a-z][\w-]+)", RULES))
    for file in FILES:
        used = re.findall(r'class="([^"]*)"', file.read_text("utf-8"))
        assert {one for look in used for one in look.split()} <= known, file.name


def uses() -> list[tuple[str, str, str]]:
    """Return page, description and file of each use of a drawing."""
    found = []
    for page in PAGES:
        if ".ipynb_checkpoints" in page.parts:
            continue
        text = page.read_text("utf-8")
        if page.suffix == ".ipynb":
            cells = nbformat.reads(text, as_version=4).cells
            text = "\n\n".join(one.source for one in cells if one.cell_type != "code")
        found += [(page.name, alt, name) for alt, name in USE.findall(text)]
        assert text.count("diagrams/") == len(USE.findall(text)), page.name
    return found


def test_each_drawing_is_shown_and_described():
    shown = uses()
    assert {name for _, _, name in shown} == {file.name for file in FILES}
    for page, alt, name in shown:
        assert len(alt) > 100, f"{page}: {name} is described in {len(alt)} letters"
        assert alt.endswith("."), f"{page}: {name}"


# --- Contrast ---------------------------------------------------------------------


def luminance(colour: str) -> float:
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def palette(theme: str) -> dict[str, str]:
    """Return the colours that the page of a theme gives its drawings."""
    styles = (STYLE.parent / "custom.css").read_text("utf-8")
    (block,) = [
        body
        for body in re.findall(rf'html\[data-theme="{theme}"\] \{{([^}}]*)\}}', styles)
        if "--draw-ink" in body
    ]
    values = dict(re.findall(r"--([\w-]+): ([^;]+);", block))
    return {
        name.removeprefix("draw-"): values.get(
            value.removeprefix("var(--").rstrip(")"), value
        )
        for name, value in values.items()
        if name.startswith("draw-")
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_alone_a_drawing_has_the_colours_of_the_page(theme):
    blocks = re.findall(r"--paper: var\(--draw-paper, (#\w+)\)", RULES)
    assert blocks == [palette("light")["paper"], palette("dark")["paper"]]
    alone = re.findall(r"--(\w+): var\(--draw-\1, (#\w+)\)", RULES)
    half = len(alone) // 2
    assert dict(alone[:half] if theme == "light" else alone[half:]) == palette(theme)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_and_strokes_stand_out(theme):
    colours = palette(theme)
    for name in ("ink", "quiet", "accent", "alert"):
        for ground in GROUNDS:
            found = contrast(colours[name], colours[ground])
            assert found >= 4.5, f"{name} on {ground}: {found:.2f}"
    strokes = set(re.findall(r"stroke: var\(--(\w+)\)", RULES)) - {"paper"}
    assert strokes == {"ink", "line", "accent", "alert"}
    for name in strokes:
        found = contrast(colours[name], colours["paper"])
        assert found >= 3, f"{name}: {found:.2f}"


def test_numbers_on_pixels_stand_out():
    written = 0
    for file in FILES:
        ground = None
        for element in ET.parse(file).iter():
            if element.tag == f"{SVG}rect":
                ground = element.get("fill")
            kind = re.search(r"on-(dark|light)", element.get("class", ""))
            if kind and element.tag == f"{SVG}text":
                words = re.search(rf"on-{kind[1]} \{{ fill: (#\w+)", RULES)[1]
                assert contrast(words, ground) >= 4.5, (file.name, element.text)
                written += 1
    assert written >= 20


# --- Numbers ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", sorted(set(draw_diagrams.DRAWINGS) - {"photograph", "audit"})
)
def test_a_computed_drawing_is_what_the_script_draws(name):
    """All but the rendered ones, whose renderer takes long to compile."""
    stored = (PROJECT / "book" / "diagrams" / f"{name}.svg").read_text("utf-8")
    drawn = set_style(draw_diagrams.DRAWINGS[name]().svg())
    pictures = r"base64,[\w+/=]+"  # Pillow's bytes differ from version to version
    assert re.sub(pictures, "", drawn) == re.sub(pictures, "", stored)


def test_the_unit_and_the_layer_are_worked_out_correctly():
    text = (PROJECT / "book" / "diagrams" / "unit-and-layer.svg").read_text("utf-8")
    inputs = [float(one) for one in re.findall(r'x="26"[^>]*>([\d.]+)<', text)]
    assert inputs[:4] == inputs[4:]
    weights = [
        float(one.replace("−", "-")) for one in re.findall(r"× (−?0\.\d)<", text)
    ]
    products = [x * w for x, w in zip(inputs[:4], weights, strict=True)]
    terms = re.search(r">([^<]*) = ([\d.]+)<", text)
    written = [float(one) for one in terms[1].replace("− ", "+ -").split(" + ")]
    assert written == pytest.approx([*products, 0.1])
    assert sum(written) == pytest.approx(float(terms[2]))
    assert int(re.search(r"\(4 \+ 1\) · 3 = (\d+)", text)[1]) == (4 + 1) * 3


# --- In the pages -------------------------------------------------------------------


def test_two_drawings_on_a_page_share_no_id():
    with_tips = [file for file in FILES if 'id="tip"' in file.read_text("utf-8")][:2]
    page = BeautifulSoup(
        "".join(
            inline(file.read_text("utf-8"), 'A "tip" & more.', f"drawing-{k}-")
            for k, file in enumerate(with_tips)
        ),
        "html.parser",
    )
    for svg in page.find_all("svg"):
        assert svg["aria-label"] == 'A "tip" & more.'
        assert svg["role"] == "img"
        assert svg.find("style") is None
    check_ids(page)


def check_ids(page) -> None:
    ids = Counter(tag["id"] for tag in page.find_all(id=True))
    assert max(ids.values()) == 1, [name for name, n in ids.items() if n > 1]
    for svg in page.select("svg.drawing"):
        targets = re.findall(r"url\(#([\w-]+)\)", str(svg))
        assert targets == [one for one in targets if svg.find(id=one)]


def test_the_pages_hold_the_drawings_themselves(html):
    shown = Counter(page.rsplit(".", 1)[0] for page, _, _ in uses())
    checked = 0
    for path in (html / "book").rglob("*.html"):
        if path.stem not in shown or "_sources" in path.parts:
            continue
        page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
        assert len(page.select("svg.drawing")) == shown[path.stem], path.name
        assert not page.select('img[src*="diagrams"]')
        names = {file.name for file in FILES}
        shown_as_files = [Path(image["src"]).name for image in page.select("img[src]")]
        assert not names & set(shown_as_files)
        check_ids(page)
        assert page.select('link[href*="drawing.css"]')
        checked += 1
    assert checked


WORDS = """svg => {
    const paper = svg.getBoundingClientRect();
    const words = [...svg.querySelectorAll("text")].map(text => ({
        box: text.getBoundingClientRect(), what: text.textContent,
        straight: !text.hasAttribute("transform")
    }));
    const cut = words.filter(({box}) => box.left < paper.left || box.top < paper.top
        || box.right > paper.right + .5 || box.bottom > paper.bottom + .5);
    const straight = words.filter(word => word.straight), over = [];
    straight.forEach((one, k) => straight.slice(k + 1).forEach(other => {
        const a = one.box, b = other.box;
        // a line's box is higher than its letters
        if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
            && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4)
            over.push(one.what + " / " + other.what);
    }));
    return [cut.map(word => word.what), over];
}"""


@cache
def sheet(theme: str) -> str:
    """Return a page with all drawings in a phone's column."""
    styles = RULES + (STYLE.parent / "custom.css").read_text("utf-8")
    drawings = "".join(
        f'<div style="width: {PHONE}px">'
        + inline(file.read_text("utf-8"), file.stem, f"drawing-{k}-")
        + "</div>"
        for k, file in enumerate(FILES)
    )
    return (
        f'<!doctype html><html data-theme="{theme}"><style>{styles}</style>'
        f'<body class="bd-article">{drawings}</body></html>'
    )


def test_no_word_is_cut_off_or_written_over_another(browser):
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.set_content(sheet("light"))
    found = {
        svg.get_attribute("aria-label"): svg.evaluate(WORDS)
        for svg in page.query_selector_all("svg.drawing")
    }
    page.close()
    assert len(found) == len(FILES)
    assert {name: one for name, one in found.items() if one != [[], []]} == {}


def test_words_that_are_cut_off_or_overwritten_are_found(browser):
    page = browser.new_page()
    page.set_content(
        '<svg viewBox="0 0 380 60" width="380"><text x="10" y="20">one</text>'
        '<text x="16" y="22">two</text><text x="370" y="50">three</text></svg>'
    )
    found = page.query_selector("svg").evaluate(WORDS)
    page.close()
    assert found == [["three"], ["one / two"]]


def test_a_drawing_follows_the_theme_of_the_page(browser):
    seen = []
    for theme in ("light", "dark"):
        page = browser.new_page(color_scheme="light")
        page.set_content(sheet(theme))
        seen.append(
            page.evaluate("getComputedStyle(document.querySelector('svg text')).fill")
        )
        page.close()
    expected = [palette(theme)["ink"] for theme in ("light", "dark")]
    channels = [[int(c[k : k + 2], 16) for k in (1, 3, 5)] for c in expected]
    assert [[int(x) for x in re.findall(r"\d+", one)] for one in seen] == channels
