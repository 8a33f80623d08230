"""No dead control: on a page without a kernel, a widget is a picture and a sentence."""

import nbformat
import pytest
import still_widgets
from bs4 import BeautifulSoup

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
FACE = (
    '<p>Guess:</p><img alt="a face" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'
)


def notebook(value: str):
    """Return a notebook with a box that holds a slider and some HTML."""

    def model(name, **state):
        module = "@jupyter-widgets/controls"
        return {
            "model_module": module,
            "model_module_version": "2.0.0",
            "model_name": name,
            "state": state,
        }

    shown = nbformat.v4.new_output(
        "execute_result",
        data={VIEW: {"model_id": "box", "version_major": 2}, "text/plain": "VBox()"},
        execution_count=1,
    )
    made = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# A small chapter"),
            nbformat.v4.new_code_cell("box", outputs=[shown], execution_count=1),
        ]
    )
    children = ["IPY_MODEL_slider", "IPY_MODEL_words"]
    models = {
        "box": model("VBoxModel", children=children),
        "slider": model("FloatSliderModel", value=0.5),
        "words": model("HTMLModel", value=value),
    }
    made.metadata["widgets"] = {
        STATE: {"version_major": 2, "version_minor": 0, "state": models}
    }
    return made


def test_a_widget_is_its_picture_and_how_to_run_it(build_page):
    text = (build_page(notebook(FACE)) / "index.html").read_text("utf-8")
    soup = BeautifulSoup(text, "html.parser")
    output = soup.select_one(".cell_output")
    assert [image["alt"] for image in output.select(".paper img")] == ["a face"]
    sentence = output.select_one("p.still")
    assert sentence.text == (
        "This is a picture. Run this page in Colab or Jupyter to use it."
    )
    assert sentence.a["href"] == (
        "https://colab.research.google.com/github/someone/small/blob/main/index.ipynb"
    )
    assert "Guess:" not in output.text
    for trace in ("jupyter.widget", "requirejs", "require.min", "html-manager"):
        assert trace not in text


def test_a_widget_without_a_picture_stops_the_build(build_page):
    with pytest.raises(AssertionError, match="A widget without a picture"):
        build_page(notebook("<p>words</p>"))


def test_pictures_of_widgets_come_in_their_order():
    models = {
        "a": {"state": {"children": ["IPY_MODEL_c", "IPY_MODEL_gone", "IPY_MODEL_b"]}},
        "b": {"state": {"value": '<img src="b"> and <img src="d">'}},
        "c": {"state": {"value": '<img src="c">'}},
    }
    assert still_widgets.pictures(models, "a") == [
        '<img src="c">',
        '<img src="b">',
        '<img src="d">',
    ]


def test_of_a_lab_only_the_picture_for_the_page_is_shown():
    still = '<img class="emolib-still" alt="all of it" src="s">'
    models = {
        "a": {"state": {"children": ["IPY_MODEL_b", "IPY_MODEL_c"]}},
        "b": {"state": {"value": '<img src="b">'}},
        "c": {"state": {"value": still}},
    }
    assert still_widgets.pictures(models, "a") == [still]
