"""A Sphinx extension: what the landing page shows that a script has computed.

``{moving-face} EMOTION`` is a face whose expression changes, beside what a network
answers to each frame; without scripts it is the apex of that emotion. Frames and
answers are those of ``scripts/make_pictures.py``; ``moving-face.js``, among the assets,
moves them.
``{accuracy}`NAME: ROW` `` is the mean accuracy of the rows of that name in the
measurement ``data/results/NAME.json``, which has one for each seed.
"""

import json
from html import escape
from pathlib import Path
from statistics import fmean

from docutils import nodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

from emolib.emotions import EMOTIONS, get_emotion
from emolib.paths import data_folder
from emolib.results import load_results, percent

SCRIPT = "moving-face.js"
#: Among the assets: a row of frames for each emotion, from rest to apex; what a network
#: answers to them.
FRAMES, ANSWERS = "faces/moving.avif", "faces/moving.json"


class MovingFace(SphinxDirective):
    """The figure with the face and its six bars."""

    required_arguments = 1

    def run(self):
        """Return the figure; it is read again when the frames have changed."""
        emotion = get_emotion(self.arguments[0]).name
        assets = Path(self.env.srcdir) / self.config.html_static_path[0]
        for name in (FRAMES, ANSWERS):
            self.env.note_dependency(str(assets / name))
        read = json.loads((assets / ANSWERS).read_text("utf-8"))
        static = "../" * self.env.docname.count("/") + "_static"
        figure = nodes.container("", is_div=True, classes=["moving-face"])
        figure += nodes.raw("", markup(read, emotion, static), format="html")
        return [figure]


def markup(read: dict, emotion: str, static: str) -> str:
    """Return the HTML of face, bars and answers; `static` leads to the assets."""
    apex = read["answers"][emotion][-1]
    bars = "".join(bar(*one) for one in zip(EMOTIONS, apex, strict=True))
    data = json.dumps(read | {"shown": emotion}, separators=(",", ":"))
    return f"""<div class="stage">
<img src="{static}/faces/{emotion}.webp" width="240" height="240"
 alt="A rendered face at the height of {emotion}.">
</div>
<div class="answers">
<p class="shown">Shown: <strong>{emotion}</strong></p>
<p class="asked">The network answers</p>
<ul>{bars}</ul>
</div>
<script type="application/json" data-frames="{static}/{FRAMES}">{data}</script>"""


def bar(emotion: str, share: float) -> str:
    """Return one of the six bars; `share` is a probability."""
    return (
        f'<li style="--emotion: var(--emotion-{emotion}); --share: {share:.3f}">'
        f'<span class="name">{escape(emotion)}</span>'
        '<span class="track" aria-hidden="true"></span>'
        f'<span class="share">{percent(share)}</span></li>'
    )


class Accuracy(SphinxRole):
    """A measured accuracy, in whole per cent."""

    def run(self):
        """Return the number; a measurement that is missing fails the build."""
        name, _, row = self.text.partition(": ")
        self.env.note_dependency(str(data_folder() / "results" / f"{name}.json"))
        rows = [one for one in load_results(name)["rows"] if one["name"] == row]
        if not rows:
            there = sorted({one["name"] for one in load_results(name)["rows"]})
            message = f"{name} has no row {row!r}, but {', '.join(there)}."
            problem = self.inliner.reporter.error(message, line=self.lineno)
            return [], [problem]
        mean = fmean(one["accuracy"] for one in rows)
        return [nodes.strong("", percent(mean))], []


def add_script(app, pagename, templatename, context, doctree):
    """Load the script with the pages that have a moving face."""
    if doctree and any(
        "moving-face" in one["classes"] for one in doctree.findall(nodes.container)
    ):
        app.add_js_file(SCRIPT, loading_method="defer")


def setup(app):
    """Register directive and role."""
    app.add_directive("moving-face", MovingFace)
    app.add_role("accuracy", Accuracy())
    app.connect("html-page-context", add_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
