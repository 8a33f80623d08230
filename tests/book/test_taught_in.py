"""The lines of the API page that say where a name is taught and who uses it."""

import json
import re

import pytest
from bs4 import BeautifulSoup
from project_inputs import PROJECT
from taught_in import code_of, home, names_used, sentence, uses

CODE = """
import emolib
from emolib import plots as figures
from emolib.datasets import load

faces = load("synthface")
figures.contact_sheet(faces)
emolib.models.predict(faces)
faces.apex().plots.nothing
"""


def test_names_are_followed_through_imports():
    assert names_used(CODE) == {
        "emolib",
        "emolib.plots",
        "emolib.plots.contact_sheet",
        "emolib.datasets.load",
        "emolib.models",
        "emolib.models.predict",
    }


def test_a_name_is_at_home_where_it_is_defined():
    assert home("emolib.datasets.FaceDataset") == (
        "emolib.datasets.face_dataset.FaceDataset"
    )
    assert home("emolib.EMOTIONS") == "emolib.emotions.EMOTIONS"
    assert home("emolib.faces.CROP.size") == "emolib.faces.crop.CROP"
    assert home("emolib.datasets.splits") is None
    with pytest.raises(AttributeError, match="nonsense"):
        home("emolib.datasets.nonsense")


def test_magics_are_no_code(tmp_path):
    cells = [
        {"cell_type": "markdown", "source": ["# A chapter"]},
        {"cell_type": "code", "source": ["try:\n", "    %pip install x\n", "except"]},
        {"cell_type": "code", "source": ["!ls"]},
    ]
    path = tmp_path / "02-tiny.ipynb"
    path.write_text(json.dumps({"cells": cells}), "utf-8")
    assert code_of(path) == "try:\n    pass\nexcept\npass"


def test_the_line_names_chapters_pages_and_others():
    numbers = {"book/part-1-a/b": 2, "book/part-1-a/c": 5}
    assert sentence([*numbers, "the widgets"], numbers) == (
        "Taught in chapters :doc:`2 </book/part-1-a/b>` and "
        ":doc:`5 </book/part-1-a/c>`; used by the widgets."
    )
    assert sentence(["book/back-matter/faces"], numbers) == (
        "Taken apart in :doc:`/book/back-matter/faces`."
    )


def test_no_room_counts_as_a_user_of_itself():
    found = uses(PROJECT)
    assert found["emolib.datasets.load"][0].endswith("/dataset-inspection")
    assert "the command line" in found["emolib.datasets.load"]
    explorer = found["emolib.widgets.explorer.PredictionExplorer"]
    assert "the widgets" not in explorer


def test_the_api_page_links_the_chapters(html):
    text = (html / "book" / "back-matter" / "api.html").read_text("utf-8")
    page = BeautifulSoup(text, "html.parser")
    entry = page.find(id="emolib.datasets.load").find_next_sibling("dd")
    line = entry.find(string=re.compile("^Taught in chapter")).parent
    assert line.find("a")["href"].endswith("/dataset-inspection.html")
    assert len(page.find_all(string=re.compile("^Taught in chapter"))) > 40
