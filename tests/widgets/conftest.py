"""What the tests of the labs share: events as a browser sends them."""

from datetime import datetime

import numpy as np
import pytest


@pytest.fixture
def walk():
    """Give a function that yields a widget and all within it."""

    def walk(widget):
        yield widget
        for child in getattr(widget, "children", ()):
            yield from walk(child)

    return walk


@pytest.fixture
def move():
    """Give a function that moves sliders of a panel as a browser does."""

    def move(panel, settled=True, **values):
        panel.set_state({"values": panel.values | values, "settled": settled})

    return move


@pytest.fixture
def give():
    """Give a function that hands a file to a `FileUpload` of either ipywidgets."""

    def give(upload, name, content):
        about = {"name": name, "type": "", "size": len(content)}
        if isinstance(upload.value, dict):
            upload.metadata, upload.data = [about | {"lastModified": 0}], [content]
            upload._counter += 1
        else:
            upload.value = (
                about | {"content": content, "last_modified": datetime(2026, 1, 1)},
            )

    return give


@pytest.fixture(scope="session")
def random_face():
    """Give a function that draws a face with all set that the controls can set."""
    from emolib.synthesis import lab_controls
    from emolib.widgets.lab_face import LabFace

    told = lab_controls()

    def at(one, rng):
        steps = round((one["most"] - one["least"]) / one["step"])
        return round(one["least"] + one["step"] * int(rng.integers(steps + 1)), 2)

    def random_face(rng: np.random.Generator) -> LabFace:
        face = LabFace(int(rng.choice(told["people"])))
        if rng.random() < 0.5:
            face = face.in_skin(round(float(rng.random()), 2))
        pulled = rng.choice(list(told["groups"]), 4, replace=False)
        face = face.pulled({str(one): at(told["strength"], rng) for one in pulled})
        scene = {name: at(one, rng) for name, one in told["scene"].items()}
        scene["occluder"] = str(rng.choice(list(told["occluders"])))
        places = list(told["backgrounds"].values())
        scene["background"] = places[rng.integers(len(places))]
        return face.placed(**scene)

    return random_face
