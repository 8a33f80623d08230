"""A Sphinx extension: the scripts of explorables, on the pages that have some.

An explorable is an output of `emolib.plots.explorable` below a figure. Its script is
``book/assets/explorables/<name>.js``; a name without one is an error of the build.
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError

PLACE = re.compile(r'<div class="explorable" data-name="([\w-]+)">')
#: What they all stand on, in this order.
BASE = ("lab/page/parts.js", "lab/page/answers.js", "explorables/base.js")
STYLES = ("lab/lab.css", "explorables/explorables.css")


def names(doctree: nodes.document) -> list[str]:
    """Return the explorables of a page, each once, in their order."""
    found = []
    for raw in doctree.findall(nodes.raw):
        found += PLACE.findall(raw.astext())
    return list(dict.fromkeys(found))


def add_files(app, pagename, templatename, context, doctree):
    """Load base, scripts and styles with the pages that have an explorable."""
    found = names(doctree) if doctree else []
    if not found:
        return
    scripts = [f"explorables/{name}.js" for name in found]
    assets = Path(app.srcdir) / app.config.html_static_path[0]
    if missing := [one for one in scripts if not (assets / one).is_file()]:
        raise ExtensionError(
            f"{pagename} has an explorable without a script. Write {missing[0]} in "
            f"{app.config.html_static_path[0]}, or correct its name in the notebook."
        )
    for script in (*BASE, *scripts):
        app.add_js_file(script, loading_method="defer")
    for styles in STYLES:
        app.add_css_file(styles)


def setup(app):
    """Register it."""
    app.connect("html-page-context", add_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
