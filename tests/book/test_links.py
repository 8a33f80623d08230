"""Links of the built book: inside it, to Colab, and from pages to what they need."""

import re
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import set_address
from bs4 import BeautifulSoup
from project_inputs import PROJECT
from run_notebooks import notebooks

OWN = re.compile(r"^(?!_static|_sources|_modules).*\.html$")


@cache
def parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


@cache
def anchors(path: Path) -> set[str]:
    return {tag["id"] for tag in parsed(path).find_all(id=True)}


def pages(html: Path) -> list[Path]:
    return [
        path
        for path in sorted(html.rglob("*.html"))
        if OWN.match(path.relative_to(html).as_posix())
    ]


@pytest.fixture(scope="module")
def tracked() -> set[str]:
    done = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a git checkout, so there is no list of tracked files")
    return set(done.stdout.splitlines())


def test_links_inside_the_book_lead_somewhere(html):
    dead = []
    for page in pages(html):
        for link in parsed(page).select("a[href], img[src], script[src], link[href]"):
            target = link.get("href") or link.get("src")
            parts = urlsplit(target)
            if parts.scheme or parts.netloc or target == "#":
                continue
            file = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if not file.is_file():
                dead.append(f"{page.name}: {target}")
                continue
            anchor = unquote(parts.fragment)
            if anchor and file.suffix == ".html" and anchor not in anchors(file):
                dead.append(f"{page.name}: {target} (no such anchor)")
    assert dead == []


def test_colab_opens_notebooks_that_are_tracked(html, tracked):
    prefix = set_address.repository().replace(
        "https://github.com/", "https://colab.research.google.com/github/"
    )
    opened = set()
    for page in pages(html):
        for link in parsed(page).select('a[href*="colab.research.google.com"]'):
            start, _, path = link["href"].partition("/blob/main/")
            assert start == prefix, f"{page.name}: {link['href']}"
            assert path in tracked, f"{page.name}: {path} is not tracked"
            opened.add(path)
    chapters = {path.relative_to(PROJECT).as_posix() for path in notebooks()}
    assert opened == chapters, "chapters without a Colab button"


def test_readme_links_lead_somewhere(tracked):
    text = (PROJECT / "README.md").read_text("utf-8")
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)\s#]+)", text):
        path = PROJECT / target
        assert path.exists(), f"README.md: {target}"


def test_large_scripts_are_only_where_they_are_needed(html):
    for page in pages(html):
        soup = parsed(page)
        scripts = " ".join(tag.get("src", "") for tag in soup.find_all("script"))
        has_maths = soup.select_one(".math") is not None
        assert ("mathjax" in scripts) == has_maths, page.name
        assert "thebe" not in scripts, page.name


def test_no_page_has_a_control_that_needs_a_kernel(html):
    stills = 0
    for page in pages(html):
        soup = parsed(page)
        assert not soup.find(type=re.compile("jupyter.widget")), page.name
        for sentence in soup.select(".cell_output p.still"):
            assert sentence.text.endswith("in Colab or Jupyter to use it."), page.name
            assert sentence.parent.select_one(".paper img[alt]"), page.name
            stills += 1
    assert stills >= 2


def test_pages_name_no_folder_of_the_machine_they_were_built_on(html):
    for page in pages(html):
        assert str(PROJECT) not in page.read_text("utf-8"), page.name
