"""The links between chapters and glossary, which a Sphinx extension makes."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from chapters import chapters
from glossary_links import Term, pattern

GLOSSARY = "book/back-matter/glossary.html"
#: Terms that no chapter's text links, and why. One that is linked may stay for a while.
NOWHERE = {
    "action unit prototype": "the chapters say prototype, after 'action unit'",
    "activation": "for looking up: Keras and other books use the word",
    "flatten": "stands in code only",
    "gradient check": "a heading and its verb, to nudge",
    "hyperparameter": "for looking up: other books use the word",
    "identity": "for looking up: a name in emolib",
    "in-the-wild": "for looking up: papers on data sets use the word",
    "learning curve over people": "stands in figures only",
    "local contrast normalisation": "the chapters say that contrast is normalised",
    "loss surface": "the chapters say map and valley",
    "negative log-likelihood": "for looking up: another name of the cross-entropy",
    "one-hot": "stands in a formula",
    "paired bootstrap": "stands in code and in figures",
    "temperature scaling": "stands in code and in the notation",
}


def read(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


@pytest.fixture(scope="module")
def entries(html) -> dict[str, str]:
    """Return the terms of the built glossary, by the id of their entry."""
    found = read(html / GLOSSARY).select("dl.glossary dt")
    return {
        term["id"]: term.find(string=True).strip().replace("’", "'") for term in found
    }


@pytest.fixture(scope="module")
def links(html, page_names) -> dict[str, list]:
    """Return the links to the glossary on each page that has some."""
    found = {name: read(html / name).select("a.glossary-word") for name in page_names}
    return {name: tags for name, tags in found.items() if tags}


def test_every_term_is_linked_or_says_why_not(entries, links):
    linked = {
        entries[tag["href"].partition("#")[2]]
        for tags in links.values()
        for tag in tags
    }
    assert set(entries.values()) - linked - set(NOWHERE) == set()
    assert set(NOWHERE) <= set(entries.values()), "no such terms"


def test_links_lead_to_entries_and_carry_their_definition(html, entries, links):
    for name, tags in links.items():
        for tag in tags:
            target, _, anchor = tag["href"].partition("#")
            assert ((html / name).parent / target).resolve() == html / GLOSSARY
            assert anchor in entries, f"{name}: {tag}"
            assert len(tag["title"]) > 20


def test_every_chapter_links_each_term_once(links):
    chapters = [name for name in links if "/part-" in name]
    assert len(chapters) >= 6
    for name in chapters:
        targets = [tag["href"] for tag in links[name]]
        assert len(targets) >= 10, name
        assert len(set(targets)) == len(targets), name


def test_nothing_is_linked_where_it_would_disturb(links):
    closed = ["pre", "code", "summary", "thead", "h1", "h2", "h3", "figcaption"]
    for name, tags in links.items():
        for tag in tags:
            assert tag.find_parent(closed) is None, f"{name}: {tag}"
            assert tag.find_parent("a") is None, f"{name}: {tag}"
            assert tag.find_parent(class_=["math", "cell_output"]) is None, name


def test_the_notebooks_themselves_stay_plain(project):
    for path in (project / "book").rglob("*.ipynb"):
        assert "glossary.html" not in path.read_text("utf-8"), path.name


def test_entries_lead_to_their_chapters(html):
    homes = {number: Path(name).name for number, name in chapters()}
    page = read(html / GLOSSARY)
    for term in page.select("dl.glossary dt"):
        note = term.find_next_sibling("dd").select("em")[-1]
        text = " ".join(note.text.split())
        home = re.fullmatch(r"Chapter (\d+)\.|How these faces are made\.", text)
        assert home, term["id"]
        link = note.find("a")
        assert link, f"{term['id']}: {home[0]}"
        page = homes[int(home[1])] if home[1] else "how-these-faces-are-made"
        assert Path(link["href"]).stem == page


def found_in(text: str, *names: str) -> list[str]:
    terms = [Term(name, f"term-{name}", "A definition. Chapter 4.") for name in names]
    regex, owners = pattern(terms)
    return [owners[one.lastgroup].name for one in regex.finditer(text)]


def test_terms_are_found_in_their_forms_and_longest_first():
    assert found_in("Feature maps hold features.", "feature", "feature map") == [
        "feature map", "feature",
    ]  # fmt: skip
    assert found_in("Max pooling, one\nhot, accuracies", "max-pooling", "accuracy") == [
        "max-pooling", "accuracy",
    ]  # fmt: skip
    assert found_in("McNemar’s test", "McNemar's test") == ["McNemar's test"]
    assert found_in("a pre-batch, batched, minibatch", "batch") == []
    assert found_in("a running kernel, a kernel", "kernel") == ["kernel"]
    assert found_in("a regular expression", "expression") == []
    assert found_in("adam", "Adam") == []


def test_an_abbreviation_counts_as_the_term():
    text = "Gradient descent, SGD for short, in steps. Chapter 4."
    term = Term("stochastic gradient descent", "x", text)
    assert term.chapter == 4
    assert pattern([term])[0].search("a step of SGD")


def test_everyday_words_wait_for_their_chapter():
    everyday = Term("bias", "x", "A number. Chapter 3.")
    numbers = {"book/part-1/two": 2, "book/part-1/three": 3}
    assert not everyday.belongs_on("book/part-1/two", numbers)
    assert everyday.belongs_on("book/part-1/three", numbers)
    technical = Term("overfitting", "x", "Too much. Chapter 4.")
    assert technical.belongs_on("book/part-1/two", numbers)
    renderer = Term("normal", "x", "A direction. How these faces are made.")
    assert not renderer.belongs_on("book/part-1/three", numbers)
    assert renderer.belongs_on("book/back-matter/how-these-faces-are-made", numbers)
