"""Colours, icons, previews of shared links, and what the landing page says."""

import base64
import io
import re
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import make_pictures
import nbformat
import page_head
import pandas as pd
import pytest
import set_address
from accessible_pages import fit_figures, mend
from bs4 import BeautifulSoup
from chapters import chapters
from fontTools.ttLib import TTFont
from PIL import Image
from project_inputs import PROJECT

from emolib import EMOTIONS, plots
from emolib.emotions import get_emotion

ASSETS = PROJECT / "book" / "assets"
STYLES = (ASSETS / "custom.css").read_text("utf-8")
INTRO = (PROJECT / "book" / "intro.md").read_text("utf-8")


def variable(name: str) -> str:
    """Return the first value of a variable in the styles: that of the light theme."""
    return re.search(rf"--{name}: (#\w+)", STYLES)[1].lower()


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_emotions_have_the_colours_of_the_figures(emotion):
    assert variable(f"emotion-{emotion}") == get_emotion(emotion).colour.lower()


def test_the_page_has_the_paper_and_the_accent_of_the_figures():
    assert variable("look-page") == plots.PAPER
    assert variable("look-accent") == plots.ACCENT
    assert f"background-color: {plots.PAPER}" in STYLES  # their card in the dark


def test_styles_ask_for_nothing_from_elsewhere():
    assert not re.search(r"@import|@font-face|https?:", STYLES)


def test_previews_and_icons_have_the_sizes_that_are_asked_for():
    social = ASSETS / "social.jpg"
    assert Image.open(social).size == make_pictures.SOCIAL == (1200, 630)
    assert social.stat().st_size < 300_000
    for name, size in make_pictures.ICONS.items():
        assert Image.open(ASSETS / name).size == (size, size)


def test_the_faces_stand_in_the_order_of_the_labels():
    assert tuple(make_pictures.CAST) == EMOTIONS
    shown = re.findall(
        r"^- !\[.{20,}\]\(assets/faces/(\w+)\.webp\)\n  (\w+)$", INTRO, re.M
    )
    assert shown == [(emotion, emotion) for emotion in EMOTIONS]


@pytest.mark.parametrize(
    "name", ["index.html", "book/intro.html", "book/back-matter/api.html"]
)
def test_pages_carry_a_preview_and_icons(html, name):
    page = BeautifulSoup((html / name).read_text("utf-8"), "html.parser").head
    tags = page.find_all("meta")
    meta = {tag.get("property") or tag.get("name"): tag.get("content") for tag in tags}
    for key in ("og:title", "og:description", "description", "og:image:alt"):
        assert len(meta[key]) > 10, key
    assert len(meta["og:description"]) <= 200
    assert meta["twitter:card"] == "summary_large_image"
    base = page_head.pages_address(set_address.repository())
    for key in ("og:image", "twitter:image", "og:url"):
        assert meta[key].startswith(f"{base}/"), key
    picture = urlsplit(meta["og:image"]).path.partition("/_static/")[2]
    assert (html / "_static" / picture).is_file()
    kinds = set()
    for link in page.select('link[rel="icon"], link[rel="apple-touch-icon"]'):
        path = Path(urlsplit(link["href"]).path)
        assert ((html / name).parent / path).resolve().is_file(), link
        kinds.add(path.suffix)
    assert ".png" in kinds


def test_predictions_are_set_apart(html):
    for path in sorted(html.glob("book/part-*/*.html")):
        page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
        asked = page.find_all("strong", string="Predict.")
        quotes = page.select("blockquote.predict")
        assert len(quotes) == len(
            [one for one in asked if one.find_parent("blockquote")]
        )


def rows() -> list[tuple[str, str, str, str]]:
    """Return number, title, file and minutes of the chapters on the landing page."""
    return re.findall(
        r"^\| (\d+) \| \[(.+?)\]\((part-[\w-]+/.+?\.ipynb)\) \| .+ \| (\d+) \|$",
        INTRO,
        re.M,
    )


def test_the_landing_page_lists_the_chapters():
    listed = [(int(row[0]), f"book/{row[2]}".removesuffix(".ipynb")) for row in rows()]
    assert listed == chapters()


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[1])
def test_titles_and_minutes_are_those_of_the_chapters(row):
    number, title, file, minutes = row
    path = PROJECT / "book" / file
    opening = nbformat.read(path, as_version=4).cells[0].source
    assert opening.splitlines()[0] == f"# {number}. {title}"
    assert re.search(r"Minutes to read: (\d+)", opening)[1] == minutes


def test_numbers_on_the_landing_page_are_arithmetic_or_cited():
    percentages = set(re.findall(r"(\d+(?:\.\d+)?)(?: |&nbsp;)%", INTRO))
    assert percentages == {"84", f"{100 / len(EMOTIONS):.1f}"}


def test_of_the_icons_only_those_are_loaded_that_pages_show(html):
    script = (html / "_static/scripts/fontawesome.js").read_text("utf-8")
    assert len(script) < 150_000  # all of them: 1.5 million
    for name in ("book/intro.html", "book/part-1-the-system/introduction.html"):
        page = (html / name).read_text("utf-8")
        for icon in set(re.findall(r"\bfa-(?:solid|brands) fa-([\w-]+)", page)):
            assert f'"{icon}":[' in script or f"{icon}:[" in script, icon


KINDS = {
    "fa-solid": "solid", "fas": "solid", "fa-brands": "brands", "fab": "brands",
    "fa-regular": "regular", "far": "regular",
}  # fmt: skip


def test_every_icon_on_a_page_has_its_glyph_in_the_fonts(html, page_names):
    """Font Awesome's fonts hold what pages show, also where its script has not run."""
    original = files("pydata_sphinx_theme") / "theme" / "pydata_sphinx_theme"
    styles = "static/styles/pydata-sphinx-theme.css"
    codes = {
        name: int(code, 16)
        for names, code in re.findall(
            r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}',
            (original / styles).read_text("utf-8"),
        )
        for name in re.findall(r"\.fa-([\w-]+):", names)
    }
    written = (html / "_static/styles/pydata-sphinx-theme.css").read_text("utf-8")
    fonts = {}
    for family, weight, data in re.findall(
        r"font-family:([^;]+);[^}]*?font-weight:(\d+);src:url\(data:font/woff;base64,"
        r"([^)]+)\)",
        written,
    ):
        font = TTFont(io.BytesIO(base64.b64decode(data)))
        kind = {"900": "solid", "400": "regular"}[weight]
        fonts["brands" if "Brands" in family else kind] = font.getBestCmap()
    assert set(fonts) == {"solid", "regular", "brands"}
    assert "webfonts" not in written
    seen = set()
    for path in [*(html / name for name in page_names), *html.glob("_static/**/*.js")]:
        if path.name != "fontawesome.js":
            text = path.read_text("utf-8")
            seen |= set(re.findall(rf"({'|'.join(KINDS)}) fa-([\w-]+)", text))
    assert {"sun", "moon", "github", "xmark"} <= {name for _, name in seen}
    without = [
        (kind, name) for kind, name in seen if codes[name] not in fonts[KINDS[kind]]
    ]
    assert not without
    assert f'.fa-sun:before{{content:"\\{codes["sun"]:x}"}}' in written
    used = {int(code, 16) for code in re.findall(r'"\\(f[0-9a-f]{3})"', written)}
    assert used <= set().union(*fonts.values())


def test_the_index_of_words_is_loaded_where_one_searches(html, page_names):
    loading = {
        name for name in page_names if "searchindex.js" in (html / name).read_text()
    }
    assert loading == {"search.html"}


def test_a_figure_too_wide_for_a_phone_scrolls_and_another_does_not():
    figures = {
        "a" * 64 + ".svg": '<svg viewBox="0 0 300 9"><g transform="scale(0.09 -0.09)">',
        "b" * 64 + ".svg": '<svg viewBox="0 0 500 90"><g transform="scale(0.1 -0.1)"/>'
        '<g transform="translate(1 2) rotate(-90) scale(0.08 -0.08)"/>',
        "c" * 64 + ".svg": '<svg viewBox="0 0 500 90"><path d="M0 0"/>',
    }
    body = "\n".join(f'<img alt="x" src="../_images/{name}" />' for name in figures)
    sheets = BeautifulSoup(
        fit_figures(mend(body), figures.__getitem__), "html.parser"
    ).select(".paper")
    assert [sheet.img.get("style") for sheet in sheets] == [
        None,
        "min-width: 562px",
        None,
    ]
    assert [sheet.get("tabindex") for sheet in sheets] == [None, "0", None]


def test_tables_of_the_book_scroll_in_a_box_of_their_own():
    table = plots.table(pd.DataFrame({"people": [24]}), caption="Who").to_html()
    page = BeautifulSoup(mend(table), "html.parser")
    assert page.select_one(".pst-scrollable-table-container > table.designed caption")
