"""A Sphinx extension: what search engines, messengers and browsers read of a page.

Title, description and picture for previews of a shared link (Open Graph, which Twitter
reads too), and the icon as PNG for what does not take the SVG. Previews need full
addresses; they follow the repository's in ``_config.yml``.
"""

import re
from html import escape, unescape
from pathlib import Path

from docutils import nodes
from PIL import Image

PICTURE_ALT = (
    "Title of the course over six rendered faces: anger, disgust, fear, happiness, "
    "sadness and surprise."
)
LONGEST = 200  # letters of a description that previews show
#: Pictures among the assets that ``scripts/make_pictures.py`` draws.
PREVIEW, ICON, TOUCH_ICON = "social.jpg", "favicon-32.png", "apple-touch-icon.png"
REPOSITORY = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)/?$")


def pages_address(repository: str) -> str:
    """Return the address at which GitHub Pages publishes a repository's book.

    Examples
    --------
    >>> pages_address("https://github.com/Someone/faces")
    'https://someone.github.io/faces'
    >>> pages_address("https://github.com/Someone/someone.github.io")
    'https://someone.github.io'
    """
    owner, name = REPOSITORY.match(repository).groups()
    host = f"{owner.lower()}.github.io"
    return f"https://{host}" if name.lower() == host else f"https://{host}/{name}"


def address(app) -> str:
    """Return the address at which this book is published."""
    return pages_address(app.config.html_theme_options["repository_url"])


def size(app, name: str) -> tuple[int, int]:
    """Return width and height in pixels of a picture among the assets."""
    with Image.open(Path(app.srcdir) / app.config.html_static_path[0] / name) as image:
        return image.size


def description(doctree) -> str:
    """Return the beginning of the first proper paragraph, up to a whole word."""
    for paragraph in doctree.findall(nodes.paragraph) if doctree else ():
        text = " ".join(paragraph.astext().split())
        if len(text) > 60:
            if len(text) > LONGEST:
                text = text[: LONGEST - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"
            return text
    return ""


def metadata(app, title: str, about: str, page: str) -> str:
    """Return the meta tags of a page as HTML."""
    base = address(app)
    picture = f"{base}/_static/{PREVIEW}"
    width, height = size(app, PREVIEW)
    properties = {
        "og:type": "website" if page == "index" else "article",
        "og:site_name": app.config.html_title,
        "og:title": title,
        "og:description": about,
        "og:url": f"{base}/" if page == "index" else f"{base}/{page}.html",
        "og:image": picture,
        "og:image:width": width,
        "og:image:height": height,
        "og:image:alt": PICTURE_ALT,
    }
    names = {
        "description": about,
        "twitter:card": "summary_large_image",
        "twitter:title": title,
        "twitter:description": about,
        "twitter:image": picture,
        "twitter:image:alt": PICTURE_ALT,
    }
    tags = [
        f'<meta {kind}="{key}" content="{escape(str(value))}" />'
        for kind, group in (("property", properties), ("name", names))
        for key, value in group.items()
        if value
    ]
    return "\n    ".join(tags)


def icons(app, static: str) -> str:
    """Return the links to the icons as PNG; `static` leads to the assets."""
    width, height = size(app, ICON)
    return (
        f'<link rel="icon" type="image/png" sizes="{width}x{height}" '
        f'href="{static}/{ICON}" />\n    '
        f'<link rel="apple-touch-icon" href="{static}/{TOUCH_ICON}" />'
    )


def add_head(app, pagename, templatename, context, doctree):
    """Add the tags to a page that is about to be written."""
    title = unescape(re.sub(r"<[^>]+>", "", context.get("title") or ""))
    title = title or app.config.html_title
    static = "../" * pagename.count("/") + "_static"
    context["metatags"] = "\n    ".join(
        [
            context.get("metatags") or "",
            metadata(app, title, description(doctree), pagename),
            icons(app, static),
        ]
    )


def add_head_to_the_redirect(app, exception):
    """Give the address of the whole book, which leads on, a preview and a language."""
    index = Path(app.outdir) / "index.html"
    start = app.config.root_doc
    if exception or start == "index" or not index.is_file():
        return
    redirect = index.read_text("utf-8").strip()
    if not redirect.startswith("<meta"):
        return
    book = app.config.html_title
    about = description(app.env.get_doctree(start))
    tags = metadata(app, book, about, "index")
    index.write_text(
        f'<!DOCTYPE html>\n<html lang="{app.config.language}">\n  <head>\n    '
        f'<meta charset="utf-8" />\n    <title>{escape(book)}</title>\n    '
        f"{redirect}\n    {tags}\n    {icons(app, '_static')}\n  </head>\n  <body>"
        f'<a href="{start}.html">{escape(book)}</a></body>\n</html>\n',
        "utf-8",
    )


def setup(app):
    """Register the extension."""
    app.connect("html-page-context", add_head)
    app.connect("build-finished", add_head_to_the_redirect, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
