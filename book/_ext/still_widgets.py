"""A Sphinx extension: a widget is a picture on the page, for there is no kernel.

Without one its sliders would move and change nothing, and what draws them weighs a
megabyte. The page gets the pictures that the widget showed when the notebook ran, taken
from its stored state, and a sentence that says how to run it.
"""

import json
import re

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

VIEW = re.compile(
    r'<script type="application/vnd\.jupyter\.widget-view\+json">(.*)</script>', re.S
)
STATE = "ipywidgets_state"  # the name myst-nb gives the state among a page's scripts
LOG = logging.getLogger(__name__)


def pictures(models: dict, model_id: str) -> list[str]:
    """Return the ``<img>`` elements that a widget and those within it show, in order.

    A lab that has drawn one for the page, ``class="emolib-still"``, shows only that.

    Parameters
    ----------
    models : dict
        The stored state of a notebook's widgets by model id.
    model_id : str
        The widget shown.

    Examples
    --------
    >>> models = {
    ...     "a": {"state": {"children": ["IPY_MODEL_b"]}},
    ...     "b": {"state": {"value": '<p>A face: <img alt="a face" src="x"></p>'}},
    ... }
    >>> pictures(models, "a")
    ['<img alt="a face" src="x">']
    """
    state = models.get(model_id, {}).get("state", {})
    found = re.findall(r"<img\b[^>]*>", str(state.get("value", "")))
    for child in state.get("children", ()):
        found += pictures(models, child.removeprefix("IPY_MODEL_"))
    return [one for one in found if 'class="emolib-still"' in one] or found


class StillWidgets(SphinxTransform):
    """Put pictures and a sentence in the place of widgets."""

    default_priority = 500

    def apply(self, **kwargs):
        """Treat one page."""
        page = getattr(self.env, "nb_metadata", {}).get(self.env.docname, {})
        scripts = page.get("js_files", {})
        _, state = scripts.pop(STATE, (None, {"body": "{}"}))
        models = json.loads(state["body"]).get("state", {})
        for raw in list(self.document.findall(nodes.raw)):
            view = VIEW.fullmatch(raw.astext())
            if view is None:
                continue
            shown = pictures(models, json.loads(view[1])["model_id"])
            if not shown:
                LOG.warning(
                    "A widget without a picture: give it an HTML widget with an <img>, "
                    "which the page can show without a kernel.",
                    location=raw,
                )
            raw.parent.replace(raw, self.still(shown))

    def still(self, shown: list[str]) -> list[nodes.Node]:
        """Return the pictures, and the sentence that says how to run the page."""
        options = self.config.html_theme_options
        file = self.env.doc2path(self.env.docname, base=False)
        colab = options["launch_buttons"]["colab_url"]
        repository = options["repository_url"].removeprefix("https://github.com/")
        branch = options["repository_branch"]
        link = f"{colab}/github/{repository}/blob/{branch}/{file}"
        sheets = "".join(f'<div class="paper">{one}</div>' for one in shown)
        sentence = nodes.paragraph("", "This is a picture. ", classes=["still"])
        sentence += nodes.Text("Run this page in ")
        sentence += nodes.reference("", "Colab", refuri=link)
        sentence += nodes.Text(" or Jupyter to use it.")
        return [nodes.raw("", sheets, format="html"), sentence]


def setup(app):
    """Register the extension."""
    app.add_transform(StillWidgets)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
