"""A Sphinx extension: the drawings of ``book/diagrams`` become part of the page.

Chapters show them as ordinary images, which Jupyter and GitHub display. A picture in
``<img>`` cannot see the theme of the page, so that the HTML gets the SVG itself, with
the text of the image's description as its name and with ids of its own.
``book/assets/drawing.css`` is its style there, and ``custom.css`` has the colours.
"""

import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

FOLDER = "book/diagrams/"
#: Where a drawing speaks of one of its own ids.
REFERENCE = re.compile(r'(\bid="|url\(#|\bhref="#)([\w-]+)')


def inline(svg: str, alt: str, prefix: str) -> str:
    """Return a drawing's SVG as it stands in a page.

    Parameters
    ----------
    svg : str
        The text of the file.
    alt : str
        What is to be seen in it, for those who do not see it.
    prefix : str
        Put before each id; no other drawing of the page may have the same.

    Examples
    --------
    >>> svg = '<?xml version="1.0"?><svg viewBox="0 0 2 2"><path id="tip"/></svg>'
    >>> inline(svg, "A tip.", "d1-")
    '<svg role="img" aria-label="A tip." viewBox="0 0 2 2"><path id="d1-tip"/></svg>'
    """
    start = svg.index("<svg")
    body = re.sub(r"\s*<style>.*?</style>", "", svg[start:], flags=re.S)
    body = re.sub(r"\s*<!--.*?-->", "", body, flags=re.S)
    body = REFERENCE.sub(rf"\g<1>{prefix}\g<2>", body)
    name = f'<svg role="img" aria-label="{escape(alt)}"'
    return body.replace("<svg", name, 1).strip()


class InlineDiagrams(SphinxPostTransform):
    """Put the SVG in the place of an image that shows a drawing."""

    default_priority = 100  # before images are collected: these need not be copied
    formats = ("html",)

    def run(self, **kwargs):
        """Treat one page."""
        images = list(self.document.findall(nodes.image))
        drawings = [one for one in images if one["uri"].startswith(FOLDER)]
        for number, image in enumerate(drawings, start=1):
            file = Path(self.app.srcdir) / image["uri"]
            prefix = f"drawing-{number}-"
            svg = inline(file.read_text("utf-8"), image.get("alt", ""), prefix)
            image.replace_self(nodes.raw("", svg, format="html"))


def setup(app):
    """Register the extension."""
    app.add_post_transform(InlineDiagrams)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
