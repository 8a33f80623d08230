"""A Sphinx extension: mend what the builders leave unreadable for some readers.

A quote that begins with **Predict.** gets a class of its own and an id, the options in
it and in a quiz a class: ``book/assets/predictions.js`` makes buttons of them. A figure
gets a sheet of paper to lie on, a data frame a box to scroll in, and the marks that
mislead a screen reader go. What only scripts draw is mended in
``book/assets/page.js``; ``tests/book/test_accessibility.py`` checks the whole.
"""

import hashlib
import re

from docutils import nodes
from sphinx.transforms import SphinxTransform

#: How the options of a quiz begin.
LETTERED = re.compile(r"[a-h]\) ")


class MarkPredictions(SphinxTransform):
    """Tell the questions before an experiment from other quotes, options from lists."""

    default_priority = 500

    def apply(self, **kwargs):
        """Add the class ``predict`` and an id to the quotes that begin so.

        The id follows from page and words, so that an answer that a browser has kept
        belongs to the question as it reads.
        """
        for quote in self.document.findall(nodes.block_quote):
            strong = next(iter(quote.findall(nodes.strong)), None)
            if strong is None or strong.astext() != "Predict.":
                continue
            quote["classes"].append("predict")
            told = f"{self.env.docname}\0{quote.astext()}".encode()
            quote["ids"].append(f"predict-{hashlib.sha256(told).hexdigest()[:10]}")
            for listed in quote.findall(nodes.bullet_list):
                listed["classes"].append("options")
        for listed in self.document.findall(nodes.bullet_list):
            if all(LETTERED.match(item.astext()) for item in listed):
                listed["classes"].append("options")


def mend(body: str) -> str:
    """Return the HTML of a page's text with the builders' faults mended.

    Examples
    --------
    >>> mend('<th></th>')
    '<td></td>'
    """
    # sphinxcontrib-bibtex: a list whose children are no items, with a withdrawn role
    body = body.replace('<div role="list" class="citation-list">', "<div>")
    body = body.replace(' role="doc-biblioentry"', "")
    # myst-nb: a name that differs from the words one sees on the toggle
    body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    # pandas and myst: a header cell without a word is none
    body = re.sub(r"<th(?: class=\"head\")?>(?:<p></p>)?</th>", "<td></td>", body)
    # figures of cells: something for custom.css to lay under them
    body = re.sub(
        r"^<img [^>]*_images/[0-9a-f]{64}\.png[^>]*>$",
        r'<div class="paper">\g<0></div>',
        body,
        flags=re.M,
    )
    # pandas: as the theme does for other tables, with a stop for the keyboard
    return re.sub(
        r'<table border="1" class="dataframe">.*?</table>',
        r'<div class="pst-scrollable-table-container">\g<0></div>',
        body,
        flags=re.S,
    )


def mend_page(app, pagename, templatename, context, doctree):
    """Mend a page that is about to be written."""
    if "body" in context:
        context["body"] = mend(context["body"])


def setup(app):
    """Register the extension."""
    app.add_transform(MarkPredictions)
    app.connect("html-page-context", mend_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
