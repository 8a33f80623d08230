"""The pages for looking things up and for teaching: glossary, notation, guide."""

import re
from itertools import pairwise

import nbformat
import pytest
from project_inputs import PROJECT

BACK = PROJECT / "book" / "back-matter"
LINK = r"\[(?:chapters? )?\d+\]\(\.\./part-[\w/-]+\.ipynb\)"
GUIDE = (BACK / "instructors-guide.md").read_text("utf-8")


def glossary() -> dict[str, str]:
    """Return the terms and their definitions, each in one line, in the page's order."""
    text = (BACK / "glossary.md").read_text("utf-8")
    (body,) = re.findall(r"^```\{glossary\}\n(.*?)^```", text, re.S | re.M)
    blocks = [block.split("\n") for block in body.strip().split("\n\n")]
    terms = [block[0] for block in blocks]
    assert len(set(terms)) == len(terms)
    return {block[0]: " ".join(map(str.strip, block[1:])) for block in blocks}


def sections(text: str, level: str) -> dict[str, str]:
    parts = re.split(rf"^{level} (.+)$", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(text: str) -> list[list[str]]:
    """Return the cells of a page's tables, without heads and rules."""
    lines = re.findall(r"^\|(.+)\|$", text, re.M)
    rules = {k for k, line in enumerate(lines) if re.fullmatch(r"[\s|:-]+", line)}
    kept = [k for k in range(len(lines)) if k not in rules and k + 1 not in rules]
    return [[cell.strip() for cell in lines[k].split("|")] for k in kept]


def test_the_glossary_is_in_alphabetical_order():
    terms = list(glossary())
    assert terms == sorted(terms, key=str.casefold)


@pytest.mark.parametrize("term", glossary())
def test_a_definition_is_short_and_says_where_it_belongs(term):
    definition = glossary()[term]
    home = r" \*\[(Chapter \d+|How these faces are made)\]\([\w./-]+\.ipynb\)\.\*$"
    assert re.search(home, definition)
    assert 30 < len(re.sub(r"\]\(.*?\)", "", definition)) < 400
    singular = term.endswith(("ss", "bias", "corpus", "radius")) or not term.endswith(
        "s"
    )
    assert singular


def test_the_minutes_of_each_session_follow_on_and_sum_to_90():
    found = {
        title: [row[0] for row in rows(text) if re.fullmatch(r"\d+-\d+", row[0])]
        for title, text in sections(GUIDE, "##").items()
        if title.startswith("Session")
    }
    assert len(found) == 7
    for title, spans in found.items():
        ends = [tuple(map(int, span.split("-"))) for span in spans]
        assert ends[0][0] == 0, title
        assert ends[-1][1] == 90, title
        assert all(a[1] == b[0] for a, b in pairwise(ends)), title


def test_the_guide_lists_the_minutes_that_each_chapter_says():
    found = rows(sections(GUIDE, "##")["At a glance"])
    assert len(found) == 7
    for _, what, minutes in found:
        (link,) = re.findall(r"\((\.\./part-[\w/-]+\.ipynb)\)", what)
        opening = nbformat.read(BACK / link, as_version=4).cells[0].source
        said = re.search(r"Minutes to read: (\d+)", opening)[1]
        assert minutes == said, f"{link} says {said} minutes"


def test_the_points_of_each_rubric_sum_to_20():
    assignments = sections(sections(GUIDE, "##")["Assignments"], "###")
    assert len(assignments) == 4
    for title, text in assignments.items():
        assert sum(int(row[1]) for row in rows(text)) == 20, title


def test_misconceptions_come_with_a_question_and_a_place():
    table = rows(sections(GUIDE, "##")["Misconceptions to expect"])
    assert len(table) >= 12
    for row in table:
        assert "?" in row[1]
        assert re.fullmatch(rf"{LINK}( and {LINK})?", row[2])


def test_every_symbol_names_its_chapter():
    page = sections((BACK / "notation.md").read_text("utf-8"), "##")
    tables = [page[name] for name in page if name != "Letters that serve twice"]
    symbols = [row for text in tables for row in rows(text) if len(row) == 4]
    assert len(symbols) >= 40
    assert all(re.fullmatch(LINK, row[3]) for row in symbols)
