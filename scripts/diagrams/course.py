"""The path of the course: chapters in their order, and what each of them uses."""

import json

from chapters import TITLE, chapters
from project_inputs import PROJECT

from diagrams.pen import Drawing

#: What each chapter uses, by the columns below; a star: built or trained there.
USES = {
    "introduction": "faces synthface",
    "dataset-inspection": "faces",
    "building-the-cnn": "faces plain* small*",
    "training": "faces plain*",
    "evaluation": "faces plain small",
    "sample-predictions": "faces photographs plain small synthface",
    "conclusion": "plain small synthface",
    "occlusion-and-lighting": "faces photographs plain small synthface real",
    "attention": "faces small",
    "sequences": "faces videos small real detector",
    "real-faces": "faces photographs synthface real detector",
    "enterface05": "faces videos detector",
    "into-the-browser": "faces plain small synthface real",
    "responsible-use": "faces plain small synthface real",
}  # fmt: skip
COLUMNS = {
    "faces": "rendered faces", "photographs": "photographs", "videos": "videos",
    "plain": "plain-cnn", "small": "small-cnn", "synthface": "synthface",
    "real": "real-faces", "detector": "detector",
}  # fmt: skip


def course() -> Drawing:
    """Draw the chapters in their order, and the data and the networks of each."""
    pages = [(number, PROJECT / f"{page}.ipynb") for number, page in chapters()]
    across = {name: 176 + 24 * k for k, name in enumerate(COLUMNS)}
    top, pitch = 128, 34
    d = Drawing(top + pitch * len(pages) + 26)
    uses = [USES[page.stem].split() for _, page in pages]
    for name, words in COLUMNS.items():
        x = across[name]
        rows = [
            k for k, used in enumerate(uses) if name in [one.strip("*") for one in used]
        ]
        look = "accent" if name in ("faces", "photographs", "videos") else "alert"
        d.path(
            f"M{x} {top + pitch * rows[0]}V{top + pitch * rows[-1]}",
            f"{look}-line thick",
        )
        d.text(
            x + 4, top - 16, words, "note", transform=f"rotate(-60 {x + 4} {top - 16})"
        )
        for k in rows:
            y = top + pitch * k
            made = f"{name}*" in uses[k]
            d.circle(x, y, 6, f"{look}-line thick on-paper" if made else f"full-{look}")
    for k, (number, page) in enumerate(pages):
        title = "".join(json.loads(page.read_text("utf-8"))["cells"][0]["source"])
        title = TITLE.sub("", title.splitlines()[0]).split(":")[0]
        title = title.replace(" from the raw videos", "")
        y = top + pitch * k
        d.text(10, y + 4.5, number, "head accent")
        d.text(34, y + 4.5, title)
    y = top + pitch * len(pages) + 4
    legend = (
        (34, "full-accent", "data"),
        (96, "full-alert", "network"),
        (178, "alert-line thick on-paper", "built or trained here"),
    )
    for x, look, words in legend:
        d.circle(x + 6, y, 6, look)
        d.text(x + 18, y + 4.5, words, "note")
    return d
