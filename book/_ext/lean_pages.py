"""A Sphinx extension: what a page does not use is not loaded with it.

MathJax stays on pages that have formulas themselves: Sphinx also loads it on every page
whose chapters have some, the landing page among them. Thebe, which starts kernels from
pages and which this book does not offer, goes from all of them. The index of all words,
which the theme puts on every page for results while one types, stays on the page that
searches. And of the two thousand icons of Font Awesome, which come as a script, as
rules and as three fonts, half a megabyte on each page, those stay that a page shows.
"""

import base64
import io
import re
from importlib.resources import files
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

ICONS = "_static/scripts/fontawesome.js"
STYLES = "_static/styles/pydata-sphinx-theme.css"
FONTS = "_static/vendor/fontawesome/webfonts"
#: name: [width, height, [aliases], "code", "path" or ["path", "path"]]
ENTRY = re.compile(
    r'(?:"([\w-]+)"|([A-Za-z_$][\w$]*)):\[\d+,\d+,\[([^\]]*)\],"[0-9a-f]+",'
    r'(?:"[^"]*"|\["[^"]*","[^"]*"\])\],?'
)
#: .fa-search:before,.fa-magnifying-glass:before{content:"\f002"}
RULE = re.compile(r'((?:\.fa-[\w-]+::?before,?)+)\{(?:content|--fa):"[^"]*"\}')
CODE = re.compile(r"\\([ef][0-9a-f]{3})\b")
FACE = re.compile(
    r"(@font-face\{[^}]*?src:)[^}]*?/([\w-]+)\.woff2[^;}]*\.ttf\)[^;}]*([^}]*\})"
)
SEARCH = re.compile(
    r'\s*<script src="[^"]*(?:searchtools|language_data|searchindex)\.js"></script>'
)


def drop_needless_scripts(app, pagename, templatename, context, doctree):
    """Take Thebe off every page, and MathJax off a page without a formula."""
    equations = app.env.get_domain("math").data["has_equations"]
    needless = ["thebe"] + ([] if equations.get(pagename) else ["mathjax"])

    def used(file) -> bool:
        body = getattr(file, "attributes", {}).get("body") or ""
        named = f"{getattr(file, 'filename', file)} {body}".lower()
        return not any(name in named for name in needless)

    for kind in ("script_files", "css_files"):
        context[kind] = [one for one in context.get(kind, ()) if used(one)]


def lean_icons(script: str, used: set[str]) -> str:
    """Return Font Awesome's script with only the icons whose name or alias is used."""

    def keep(entry: re.Match) -> str:
        names = {entry[1] or entry[2], *re.findall(r'"([\w-]+)"', entry[3])}
        return entry[0] if names & used else ""

    return ENTRY.sub(keep, script)


def lean_rules(styles: str, used: set[str]) -> str:
    """Return the theme's styles without the rules of icons that no page shows.

    Examples
    --------
    >>> lean_rules('.fa-sun:before{content:"a"}.fa-moon:before{content:"b"}', {"sun"})
    '.fa-sun:before{content:"a"}'
    """

    def keep(rule: re.Match) -> str:
        names = set(re.findall(r"\.fa-([\w-]+):", rule[1]))
        return rule[0] if names & used else ""

    return RULE.sub(keep, styles)


def lean_font(font: bytes, codes: set[int]) -> bytes:
    """Return a font as WOFF, with the glyphs of these characters where it has them."""
    options = Options(hinting=False, name_IDs=[1, 2], notdef_outline=True)
    glyphs = TTFont(io.BytesIO(font))
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(glyphs)
    glyphs.flavor = "woff"
    glyphs.save(written := io.BytesIO())
    return written.getvalue()


def drop_needless_icons(out: Path, used: set[str]) -> None:
    """Write the theme's script and styles of icons anew, the fonts in the styles.

    There they also reach who opens the pages as files: browsers load no font from one.
    """
    theme = files("pydata_sphinx_theme") / "theme" / "pydata_sphinx_theme"
    source = {name: theme / name.replace("_", "", 1) for name in (ICONS, STYLES, FONTS)}
    script = source[ICONS].read_text("utf-8")
    (out / ICONS).write_text(lean_icons(script, used), "utf-8")
    styles = lean_rules(source[STYLES].read_text("utf-8"), used)
    others = [path for path in out.glob("_static/**/*.css") if path != out / STYLES]
    written = "".join([styles, *(path.read_text("utf-8") for path in others)])
    codes = {int(code, 16) for code in CODE.findall(written)}

    def embed(face: re.Match) -> str:
        font = lean_font((source[FONTS] / f"{face[2]}.ttf").read_bytes(), codes)
        data = base64.b64encode(font).decode()
        return f'{face[1]}url(data:font/woff;base64,{data}) format("woff"){face[3]}'

    (out / STYLES).write_text(FACE.sub(embed, styles), "utf-8")
    for file in (out / FONTS).glob("fa-*"):
        file.unlink()


def drop_needless_files(app, error):
    """Take what no page needs out of the pages that were built."""
    out = Path(app.outdir)
    if error or app.builder.name != "html" or not (out / ICONS).is_file():
        return
    used = set()
    for path in [*out.rglob("*.html"), *out.glob("_static/**/*.js")]:
        text = path.read_text("utf-8")
        if path != out / ICONS:
            used |= set(re.findall(r"\bfa-([\w-]+)", text))
        if path.suffix == ".html" and path != out / "search.html":
            path.write_text(SEARCH.sub("", text), "utf-8")
    drop_needless_icons(out, used)


def setup(app):
    """Register the extension; it runs after Sphinx and myst-nb added their scripts."""
    app.connect("html-page-context", drop_needless_scripts, priority=900)
    app.connect("build-finished", drop_needless_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
