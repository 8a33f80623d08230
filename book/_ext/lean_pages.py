"""A Sphinx extension: what a page does not use is not loaded with it.

MathJax stays on pages that have formulas themselves: Sphinx also loads it on every page
whose chapters have some, the landing page among them. And of the two thousand icons of
Font Awesome, which are half a megabyte on each page, those stay that a page shows.
"""

import re
from importlib.resources import files
from pathlib import Path

ICONS = "_static/scripts/fontawesome.js"
#: name: [width, height, [aliases], "code", "path" or ["path", "path"]]
ENTRY = re.compile(
    r'(?:"([\w-]+)"|([A-Za-z_$][\w$]*)):\[\d+,\d+,\[([^\]]*)\],"[0-9a-f]+",'
    r'(?:"[^"]*"|\["[^"]*","[^"]*"\])\],?'
)


def drop_needless_mathjax(app, pagename, templatename, context, doctree):
    """Take MathJax off a page without a formula."""
    equations = app.env.get_domain("math").data["has_equations"]
    if not equations.get(pagename, False) and "script_files" in context:
        context["script_files"] = [
            script
            for script in context["script_files"]
            if "mathjax" not in str(getattr(script, "filename", script)).lower()
            and "window.MathJax"
            not in getattr(script, "attributes", {}).get("body", "")
        ]


def lean_icons(script: str, used: set[str]) -> str:
    """Return Font Awesome's script with only the icons whose name or alias is used."""

    def keep(entry: re.Match) -> str:
        names = {entry[1] or entry[2], *re.findall(r'"([\w-]+)"', entry[3])}
        return entry[0] if names & used else ""

    return ENTRY.sub(keep, script)


def drop_needless_icons(app, error):
    """Write the script of icons anew, for the pages that were built."""
    target = Path(app.outdir) / ICONS
    if error or app.builder.name != "html" or not target.is_file():
        return
    pages = [
        *Path(app.outdir).rglob("*.html"),
        *Path(app.outdir, "_static").glob("*.js"),
    ]
    used = set()
    for page in pages:
        used |= set(re.findall(r"\bfa-([\w-]+)", page.read_text("utf-8")))
    theme = files("pydata_sphinx_theme") / "theme" / "pydata_sphinx_theme"
    script = (theme / "static" / "scripts" / "fontawesome.js").read_text("utf-8")
    target.write_text(lean_icons(script, used), "utf-8")


def setup(app):
    """Register the extension; it runs after Sphinx and myst-nb added their scripts."""
    app.connect("html-page-context", drop_needless_mathjax, priority=900)
    app.connect("build-finished", drop_needless_icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
