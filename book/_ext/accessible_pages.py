"""A Sphinx extension: mend what the builders leave unreadable for some readers.

A quote that begins with **Predict.** gets a class of its own and an id, the options in
it and in a quiz a class: ``book/assets/predictions.js`` makes buttons of them. A figure
gets a sheet of paper to lie on and a least width at which its words can be read, a
table a box to scroll in, and the marks that mislead a screen reader go. What only
scripts draw is mended in ``book/assets/page.js``; ``tests/book/test_accessibility.py``
checks the whole.
"""

import hashlib
import re
from pathlib import Path

from docutils import nodes
from sphinx.transforms import SphinxTransform

#: The size of words in a figure, in hundredths of a unit; sizes in pixels: the smallest
#: that can be read, and what a phone 390 wide leaves a figure on a dark page.
WORDS = re.compile(r"scale\(([\d.]+) -\1\)")
LEAST_TEXT, PHONE = 9, 342
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
        r"^<img [^>]*_images/[0-9a-f]{64}\.(?:png|svg)[^>]*>$",
        r'<div class="paper">\g<0></div>',
        body,
        flags=re.M,
    )
    # pandas: as the theme does for other tables, with a stop for the keyboard
    return re.sub(
        r'<table [^>]*class="(?:dataframe|designed)">.*?</table>',
        r'<div class="pst-scrollable-table-container">\g<0></div>',
        body,
        flags=re.S,
    )


def least_width(svg: str) -> float:
    """Return how wide a figure must be shown for its smallest words to be read.

    Parameters
    ----------
    svg : str
        As matplotlib writes it: words are outlines, a hundredth of their size in the
        units of the view box.

    Examples
    --------
    >>> least_width('<svg viewBox="0 0 600 9"><g transform="scale(0.08 -0.08)">')
    675.0
    """
    sizes = [100 * float(one) for one in WORDS.findall(svg)]
    width = float(re.search(r'viewBox="\S+ \S+ (\S+)', svg)[1])
    return LEAST_TEXT / min(sizes) * width if sizes else 0.0


def fit_figures(body: str, read) -> str:
    """Have figures that are too wide for a phone scroll, instead of words vanish.

    `read` returns the text of a figure by the name of its file.
    """

    def fitted(sheet: re.Match) -> str:
        width = least_width(read(sheet[2]))
        if width <= PHONE:
            return sheet[0]
        box = 'class="paper wide-figure" role="group" aria-label="Figure" tabindex="0"'
        return f'<div {box}>{sheet[1]} style="min-width: {width:.0f}px"'

    figures = r'<div class="paper">(<img [^>]*_images/(\w+\.svg)")'
    return re.sub(figures, fitted, body)


def mend_page(app, pagename, templatename, context, doctree):
    """Mend a page that is about to be written."""
    if "body" in context:
        sources = {name: source for source, name in app.builder.images.items()}

        def read(name: str) -> str:
            return Path(app.srcdir, sources[name]).read_text("utf-8")

        context["body"] = fit_figures(mend(context["body"]), read)


def setup(app):
    """Register the extension."""
    app.add_transform(MarkPredictions)
    app.connect("html-page-context", mend_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
