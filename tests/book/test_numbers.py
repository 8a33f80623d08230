"""The numbers of chapters follow ``_toc.yml``, wherever a reader meets one."""

import json
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup
from chapters import BARE, chapters, numbered, pages, set_numbers

NUMBERS = {"book/part-1/one": 1, "book/part-1/two": 2, "book/part-2/three": 3}


@pytest.fixture
def book(tmp_path):
    """Two chapters, and a page that speaks of them with yesterday's numbers."""
    part = tmp_path / "book" / "part-1"
    part.mkdir(parents=True)
    toc = "root: book/intro\nparts:\n  - chapters:\n"
    files = [f"    - file: book/part-1/{name}\n" for name in ("new", "one", "two")]
    (tmp_path / "_toc.yml").write_text(toc + "".join(files), "utf-8")
    for name in ("new", "one", "two"):
        old = {"new": "# New", "one": "# 1. One", "two": "# 2. Two"}[name]
        cells = [
            {"cell_type": "markdown", "source": [old]},
            {"cell_type": "markdown", "source": ["As in [chapter 1](one.ipynb)\n"]},
            {"cell_type": "code", "source": ["a = '[chapter 1](one.ipynb)'"]},
        ]
        text = json.dumps({"cells": cells}, indent=1, ensure_ascii=False) + "\n"
        (part / f"{name}.ipynb").write_text(text, "utf-8")
    intro = "| 1 | [One](part-1/one.ipynb) |\n\n[Chapters 1](part-1/one.ipynb#a), [2]("
    (tmp_path / "book" / "intro.md").write_text(intro + "part-1/two.ipynb)\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[chapter 7](one.ipynb)", "[chapter 1](one.ipynb)"),
        ("[Chapters 7](two.ipynb#x) to [9](../part-2/three.ipynb)",
         "[Chapters 2](two.ipynb#x) to [3](../part-2/three.ipynb)"),
        ("a\n| 9 | [Two: 84 %](two.ipynb) |", "a\n| 2 | [Two: 84 %](two.ipynb) |"),
        ("[10 questions](two.ipynb)", "[10 questions](two.ipynb)"),
        ("[7](https://example.org)", "[7](https://example.org)"),
    ],
)  # fmt: skip
def test_links_to_chapters_are_numbered_and_nothing_else(text, expected):
    assert numbered(text, "book/part-1", NUMBERS) == expected


def test_a_new_chapter_is_one_line(book):
    assert len(set_numbers(book)) == 4
    assert (book / "book" / "intro.md").read_text("utf-8") == (
        "| 2 | [One](part-1/one.ipynb) |\n\n"
        "[Chapters 2](part-1/one.ipynb#a), [3](part-1/two.ipynb)\n"
    )
    for number, name in enumerate(("new", "one", "two"), start=1):
        path = book / "book" / "part-1" / f"{name}.ipynb"
        title, text, code = json.loads(path.read_text("utf-8"))["cells"]
        assert title["source"] == [f"# {number}. {name.capitalize()}"]
        assert text["source"] == ["As in [chapter 2](one.ipynb)\n"]
        assert code["source"] == ["a = '[chapter 1](one.ipynb)'"]
    assert set_numbers(book) == []


def test_looking_changes_nothing(book):
    before = [path.read_bytes() for path in pages(book)]
    assert len(set_numbers(book, write=False)) == 4
    assert [path.read_bytes() for path in pages(book)] == before


def test_the_numbers_of_the_book_are_right(project):
    script = project / "scripts" / "chapters.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_no_number_is_without_a_link(project):
    found = []
    for path in pages(project):
        text = path.read_text("utf-8")
        if path.suffix == ".ipynb":
            cells = json.loads(text)["cells"]
            text = "\n".join("".join(cell["source"]) for cell in cells)
        found += [f"{path.name}: {text[one.start() - 30 : one.end() + 30]!r}"
                  for one in BARE.finditer(text)]  # fmt: skip
    assert not found, found


def test_titles_and_tabs_carry_the_number(html):
    for number, page in chapters():
        soup = BeautifulSoup((html / f"{page}.html").read_text("utf-8"), "html.parser")
        assert soup.title.text.strip().startswith(f"{number}. ")
        assert soup.h1.text.strip().startswith(f"{number}. ")
        current = soup.select_one(".bd-docs-nav li.current > a")
        assert current.text.strip().startswith(f"{number}. ")
