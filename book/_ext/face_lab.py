"""A Sphinx extension: ``{face-lab}``, the live face lab over its poster.

The page holds a picture of the face on which the lab opens and what the network answers
to it, so that it is complete without scripts; ``book/assets/lab/lab.js`` adds the
button that loads the rest. Script and styles come with the pages that have a lab, and
with no other. Picture and answer are those of ``scripts/make_pictures.py --lab``.

Chapters are plain Markdown: there, a picture of the poster that leads to the lab's page
becomes the lab itself, and stays a picture with a link in Jupyter and Colab.
"""

import gzip
import json
import re
from pathlib import Path

from docutils import nodes
from landing_page import bar
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective

from emolib.paths import data_folder
from emolib.results import percent

SCRIPT, STYLES = "lab/lab.js", "lab/lab.css"
POSTER, ANSWER = "lab/poster.webp", "lab/poster.json"
#: The groups of names in lab.js that say what is loaded.
LOADED = re.compile(r"const SCRIPTS = \[(.*?)\];", re.S)
WITHOUT = (
    "The lab needs JavaScript, which is off. Its face is above, as the lab opens on "
    "it; the book reads on without it."
)


def controls() -> dict:
    """Return what `emolib.synthesis.lab_controls` does, without what draws faces."""
    return json.loads((data_folder() / "lab" / "controls.json").read_text("utf-8"))


def place_of_the_lab(env) -> nodes.container:
    """Return the poster, the place of the lab; read again when it has changed."""
    assets = Path(env.srcdir) / env.config.html_static_path[0]
    for path in (assets / ANSWER, *loaded(assets)):
        env.note_dependency(str(path))
    answer = json.loads((assets / ANSWER).read_text("utf-8"))["answer"]
    static = "../" * env.docname.count("/") + "_static"
    html = markup(answer, controls()["unsure_below"], size(assets), static)
    place = nodes.container("", is_div=True, classes=["face-lab-place"])
    place += nodes.raw("", html, format="html")
    return place


class FaceLab(SphinxDirective):
    """The lab where the directive stands."""

    def run(self):
        """Return the place."""
        return [place_of_the_lab(self.env)]


class PostersBecomeLabs(SphinxTransform):
    """The lab in the place of a paragraph that shows its poster."""

    default_priority = 200  # before the link is resolved and the picture collected

    def apply(self, **kwargs):
        """Treat one page."""
        for image in list(self.document.findall(nodes.image)):
            if not image["uri"].endswith(f"assets/{POSTER}"):
                continue
            paragraph = image.parent
            while not isinstance(paragraph, nodes.paragraph):
                paragraph = paragraph.parent
            paragraph.replace_self(place_of_the_lab(self.env))


def loaded(assets: Path) -> list[Path]:
    """Return the files that opening the lab loads, in the order of ``lab.js``."""
    script = (assets / SCRIPT).read_text("utf-8")
    names = re.findall(r'"([\w/-]+)"', LOADED.search(script)[1])
    first = controls()["people"][0]
    names += ["people/shared", f"people/{first}", "networks/synthface"]
    return [assets / "lab" / f"{name}.js" for name in names]


def size(assets: Path) -> str:
    """Return how much that is, compressed as a server sends it."""
    sent = sum(len(gzip.compress(path.read_bytes())) for path in loaded(assets))
    return f"{sent / 1e6:.1f} MB"


def markup(answer: dict[str, float], line: float, loads: str, static: str) -> str:
    """Return the HTML of the poster; `static` leads to the assets."""
    bars = "".join(bar(emotion, share) for emotion, share in answer.items())
    return f"""<div class="face-lab" data-size="{loads}">
<div class="lab-poster">
<img src="{static}/{POSTER}" width="480" height="480"
 alt="A rendered woman of middle age with a resting face, before a grey panel.">
<div>
<p>The lab opens on this face. It rests, and the network answers:</p>
<ul class="lab-bars" style="--line: {line}">{bars}</ul>
<p class="lab-small">None of the six reaches the line at {percent(line)}, so the answer
counts as unsure.</p>
</div>
</div>
<noscript><p>{WITHOUT}</p></noscript>
</div>"""


def add_files(app, pagename, templatename, context, doctree):
    """Load script and styles with the pages that have a lab."""
    if doctree and any(
        "face-lab-place" in one["classes"] for one in doctree.findall(nodes.container)
    ):
        app.add_js_file(SCRIPT, loading_method="defer")
        app.add_css_file(STYLES)


def setup(app):
    """Register directive and transform."""
    app.add_directive("face-lab", FaceLab)
    app.add_transform(PostersBecomeLabs)
    app.connect("html-page-context", add_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
