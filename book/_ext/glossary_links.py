"""A Sphinx extension: link the terms of a chapter to the glossary.

On every chapter the first occurrence of each term leads to its entry. The sources stay
plain text. Code, headings, links, formulas and raw HTML are left alone.

Some terms are ordinary words too, so that a match would often be a wrong one: those are
linked from the chapter that introduces them onwards, and terms of the renderer only on
the page about it.
"""

import re
from pathlib import Path

from chapters import chapter_numbers
from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

GLOSSARY = "book/back-matter/glossary"
FACES = "book/back-matter/how-these-faces-are-made"
#: Terms that are words of every day as well.
EVERYDAY = {
    "activation", "apex", "attention", "bias", "channel", "class", "clip", "confidence",
    "emotion", "expression", "feature", "flatten", "fold", "held-out", "intensity",
    "interval", "kernel", "label", "momentum", "parameter", "precision", "recall",
    "score", "seed", "split", "subject", "unit", "weight",
}  # fmt: skip
#: Other words for a term, as patterns.
ALSO = {
    "data leakage": "[Ll]eak(?:s|ed|y|age)?",
    "expected calibration error": "[Cc]alibration error",
    "F1 score": "(?:[Mm]acro )?F1",
    "initialisation": "[Ii]nitial weights",
    "McNemar's test": "McNemar",
    "near-duplicate": r"[Nn]ear[-\s]cop(?:y|ies)",
    "nearest neighbour": "[Nn]earest (?:copy|copies|picture|image)",
    "percentage point": r"(?:(?<=\d )|(?<=two )|(?<=few )|(?<=three ))points",
    "quantisation": "[Qq]uantis(?:ed?|es|ing)",
    "residual connection": "[Ss]hortcuts?",
    "test set": "[Tt]est (?:people|subjects|images)",
    "training set": "[Tt]raining (?:people|subjects|images)",
    "validation set": "[Vv]alidation (?:people|subjects|images)",
}
#: What must not stand before a term: Jupyter has kernels of another kind, and code
#: has expressions.
NOT_AFTER = {"expression": ("regular ",), "kernel": ("running ", "without a ")}
#: Where no term is linked.
CLOSED = (
    nodes.title,
    nodes.literal,
    nodes.literal_block,
    nodes.reference,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.thead,
    nodes.caption,
    nodes.topic,
    nodes.footnote,
    nodes.citation,
    nodes.Invisible,
)
#: Options become buttons, which hold no links.
CLOSED_CLASSES = {"cell_output", "options"}


class Term:
    """An entry of the glossary.

    Attributes
    ----------
    name, anchor : str
        The term and the id of its entry.
    about : str
        Its definition, as plain text.
    home : str
        ``"Chapter N"``, or the title of the page that introduces the term.
    """

    def __init__(self, name: str, anchor: str, definition: str):
        self.name, self.anchor = name, anchor
        found = re.search(r"\s*(Chapter \d+|How these faces are made)\.$", definition)
        self.home = found[1] if found else ""
        self.about = definition[: found.start()] if found else definition

    @property
    def chapter(self) -> int | None:
        """The number of the chapter that introduces the term."""
        number = self.home.removeprefix("Chapter ")
        return int(number) if number.isdigit() else None

    def spellings(self) -> list[str]:
        """Return patterns: the term, also as a plural, and its abbreviation."""
        words = re.escape(self.name).replace(r"\ ", r"\s+").replace(r"\-", r"[-\s]")
        words = re.sub("['’]", "['’]", words)
        if words.endswith("y"):
            words = words[:-1] + "(?:y|ie)"
        if words[0].islower():  # a sentence may begin with it
            words = f"[{words[0]}{words[0].upper()}]{words[1:]}"
        for before in NOT_AFTER.get(self.name, ()):
            words = f"(?<!{before}){words}"
        short = re.search(r"\b([A-Z]{2,}) for short", self.about)
        found = [words + "(?:s|es)?", ALSO.get(self.name.replace("’", "'"), "")]
        found.append(short[1] + "s?" if short else "")
        return [one for one in found if one]

    def belongs_on(self, page: str, numbers: dict[str, int]) -> bool:
        """Whether the term may be linked on a page; `numbers` are the chapters'."""
        chapter = numbers.get(page)
        if page == FACES:
            return self.name not in EVERYDAY
        if not chapter or self.chapter is None:
            return False
        return self.name not in EVERYDAY or chapter >= self.chapter


def read_terms(doctree) -> list[Term]:
    """Return the entries of the glossary page."""
    found = []
    for item in doctree.findall(nodes.definition_list_item):
        terms = [child for child in item if isinstance(child, nodes.term)]
        definition = " ".join(item.children[-1].astext().split())
        found += [Term(term.astext(), term["ids"][0], definition) for term in terms]
    return found


def pattern(terms: list[Term]) -> tuple[re.Pattern, dict[str, Term]]:
    """Return one pattern for all terms, longest first, and who its groups are."""
    terms = sorted(terms, key=lambda term: len(term.name), reverse=True)
    spelt = [(one, term) for term in terms for one in term.spellings()]
    parts = "|".join(f"(?P<g{k}>{one})" for k, (one, _) in enumerate(spelt))
    owners = {f"g{k}": term for k, (_, term) in enumerate(spelt)}
    return re.compile(rf"(?<![\w-])(?:{parts})(?![\w-])"), owners


class LinkGlossary(SphinxPostTransform):
    """Link terms to the glossary."""

    default_priority = 900  # after all other links have been made
    formats = ("html",)

    def run(self, **kwargs):
        """Treat one page."""
        if GLOSSARY not in self.env.found_docs:
            return
        page, numbers = self.env.docname, chapter_numbers(Path(self.app.srcdir))
        if page == FACES or page in numbers:
            self.link_terms(page, numbers)

    def terms(self) -> list[Term]:
        """Return the entries of the glossary; it is read once a build."""
        builder = self.app.builder
        if not hasattr(builder, "glossary_terms"):
            builder.glossary_terms = read_terms(self.env.get_doctree(GLOSSARY))
        return builder.glossary_terms

    def reference(self, target: str, anchor: str, text: str, title: str | None = None):
        """Return a link inside the book."""
        return make_refnode(
            self.app.builder,
            self.env.docname,
            target,
            anchor,
            nodes.Text(text),
            title,
        )

    def link_terms(self, page: str, numbers: dict[str, int]) -> None:
        """Link the first occurrence of each term."""
        left = [term for term in self.terms() if term.belongs_on(page, numbers)]
        regex, owners = pattern(left)
        done = set()
        for text in list(self.document.findall(nodes.Text)):
            if self.closed(text):
                continue
            pieces, end = [], 0
            for found in regex.finditer(text):
                term = owners[found.lastgroup]
                if term.name in done:
                    continue
                done.add(term.name)
                link = self.reference(GLOSSARY, term.anchor, found[0], term.about)
                link["classes"].append("glossary-word")
                pieces += [nodes.Text(text[end : found.start()]), link]
                end = found.end()
            if pieces:
                rest = nodes.Text(text[end:])
                text.parent.replace(text, [one for one in (*pieces, rest) if one])

    @staticmethod
    def closed(text) -> bool:
        """Whether a text stands where nothing is linked."""
        node = text.parent
        while node is not None:
            classes = set(node.get("classes", ()))
            if isinstance(node, CLOSED) or classes & CLOSED_CLASSES:
                return True
            node = node.parent
        return False


def chapters_too(app, env, added, changed, removed):
    """Read the chapters again after a change of the glossary."""
    if GLOSSARY not in added | changed | removed:
        return []
    return [page for page in (FACES, *chapter_numbers(Path(app.srcdir)))
            if page in env.found_docs]  # fmt: skip


def setup(app):
    """Register the extension."""
    app.add_post_transform(LinkGlossary)
    app.connect("env-get-outdated", chapters_too)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
