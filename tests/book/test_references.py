"""The bibliography: well formed, sorted, and complete for whatever the course cites."""

import re

import nbformat
import pytest
from project_inputs import PROJECT
from pybtex.database import parse_file

FILE = PROJECT / "book" / "references.bib"
ENTRIES = parse_file(str(FILE)).entries  # raises where a key stands twice
DOI = re.compile(r"(?:doi\.org/|doi:\s*)(10\.\d{4,9}/[^\s)\]>`\"'|]+)", re.I)
ARXIV = re.compile(r"(?:arxiv\.org/(?:abs|pdf)/|arxiv:\s*)(\d{4}\.\d{4,5})", re.I)
LINK = re.compile(r"\[([^\]]+)\]\((https://(?:doi|arxiv)\.org/[^\s)]+)\)")
CITE = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")


def texts() -> dict[str, str]:
    """Return what readers meet: prose and code of the book, docstrings, datasheets."""
    found = {}
    for pattern in ("book/**/*.md", "data/**/*.md", "emolib/**/*.py", "README.md"):
        for path in sorted(PROJECT.glob(pattern)):
            found[path.relative_to(PROJECT).as_posix()] = path.read_text("utf-8")
    for path in sorted((PROJECT / "book").rglob("*.ipynb")):
        if ".ipynb_checkpoints" not in path.parts:
            cells = nbformat.read(path, as_version=4).cells
            name = path.relative_to(PROJECT).as_posix()
            found[name] = "\n\n".join(cell.source for cell in cells)
    return found


TEXTS = texts()


def identifiers(pattern, text) -> list[str]:
    return [found.rstrip(".,;:").lower() for found in pattern.findall(text)]


def entries_by_identifier() -> dict[str, str]:
    """Return the key of the entry that holds each DOI and each arXiv number."""
    keys = {}
    for key, entry in ENTRIES.items():
        fields = entry.fields
        own = [fields["doi"].lower()] if "doi" in fields else []
        own += [fields["eprint"]] if "eprint" in fields else []
        own += identifiers(ARXIV, fields.get("note", ""))
        for one in own:
            assert one not in keys, f"{key} and {keys[one]} are the same work: {one}"
            keys[one] = key
    return keys


def mismatch(text: str, link: str) -> str | None:
    """Return what is wrong with the text of a link to a work, if anything."""
    (work,) = identifiers(DOI, link) + identifiers(ARXIV, link)
    key = entries_by_identifier().get(work)
    if key is None:
        return None  # what is not listed is another test's business
    entry = ENTRIES[key]
    year = re.search(r"\b(?:19|20)\d\d\b", text)
    if year is None:
        return None  # a title or a word, no name and year
    name = "".join(entry.persons["author"][0].last_names).replace("{", "")
    if year[0] != entry.fields["year"]:
        return f"{text}: the entry says {entry.fields['year']}"
    if re.sub(r"\W|\\.", "", name) not in re.sub(r"\W", "", text):
        return f"{text}: the entry begins with {name}"
    return None


def test_entries_are_sorted_and_say_how_they_were_checked():
    keys = list(ENTRIES)
    assert keys == sorted(keys)
    found = {entry.fields.get("status") for entry in ENTRIES.values()}
    assert found == {"R", "R2", "P"}
    assert all(re.fullmatch(r"[a-z0-9_]+", key) for key in keys)


def test_the_page_shows_each_status_once():
    page = TEXTS["book/back-matter/bibliography.md"]
    filters = re.findall(r":filter: (.+)", page)
    shown = re.findall(r'status == "(\w+)"', " ".join(filters))
    assert sorted(shown) == ["P", "R", "R2"]


@pytest.mark.parametrize("key", ENTRIES)
def test_an_entry_is_well_formed(key):
    fields = ENTRIES[key].fields
    assert fields["title"]
    if "year" in fields:
        assert re.fullmatch(r"(19|20)\d\d", fields["year"])
    if "doi" in fields:
        assert re.fullmatch(r"10\.\d{4,9}/[^\s{}]*[^\s{}.,;]", fields["doi"])
    if "eprint" in fields:
        assert re.fullmatch(r"\d{4}\.\d{4,5}", fields["eprint"])
        assert fields["archiveprefix"] == "arXiv"
    if "pages" in fields:
        assert re.fullmatch(r"[\w-]+?(--[\w-]+)?", fields["pages"])
        assert not re.search(r"\d-\d", fields["pages"]), "a range takes two hyphens"


def test_no_work_stands_here_twice():
    assert entries_by_identifier()
    titles = [re.sub(r"\W", "", e.fields["title"]).lower() for e in ENTRIES.values()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_cited_is_listed(name):
    known = entries_by_identifier()
    text = TEXTS[name]
    cited = identifiers(DOI, text) + identifiers(ARXIV, text)
    assert [one for one in cited if one not in known] == []
    keys = [key.strip() for found in CITE.findall(text) for key in found.split(",")]
    assert [key for key in keys if key not in ENTRIES] == []


@pytest.mark.parametrize("name", TEXTS)
def test_links_name_the_author_and_the_year_of_the_entry(name):
    wrong = [mismatch(text, link) for text, link in LINK.findall(TEXTS[name])]
    assert [one for one in wrong if one] == []


def test_mistakes_are_noticed():
    text = "[A](https://doi.org/10.1234/nothing.5). doi:10.1/x, arXiv:2101.00001."
    assert identifiers(DOI, text) == ["10.1234/nothing.5"]
    assert identifiers(ARXIV, text) == ["2101.00001"]
    link = "https://doi.org/10.1177/1529100619832930"
    assert mismatch("Barrett et al., 2019", link) is None
    assert "2019" in mismatch("Barrett et al., 2018", link)
    assert "Barrett" in mismatch("Ekman, 2019", link)
