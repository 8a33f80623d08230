"""The notebook runner, and that its checks catch what they are there to catch."""

import json
import os
import subprocess
import sys

import nbformat
import pytest
import run_notebooks
import set_address
from nbclient.exceptions import CellExecutionError

INPUTS = "some state of the code and the data"
OTHER_OUTPUTS = "its outputs are not those of that run"
CELLS = (
    "# setup",
    "# NBVAL_CHECK_OUTPUT\nnumbers = [1, 2, 3]\nprint(sum(numbers))",
    "import ipywidgets\n\nipywidgets.IntSlider(description='intensity')",
    "object()",
)


def make_notebook(path, *sources):
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# A chapter"),
            *(nbformat.v4.new_code_cell(source) for source in sources),
        ]
    )
    notebook.cells[-1].metadata["tags"] = ["hide-cell"]
    notebook.cells[-1].metadata["execution"] = {"iopub.execute_input": "today"}
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Return the bytes of a small notebook that the runner wrote, and its stamp."""
    path = make_notebook(tmp_path_factory.mktemp("book") / "02-small.ipynb", *CELLS)
    stamp = run_notebooks.run(path, INPUTS)
    return path.read_bytes(), stamp


@pytest.fixture
def copy(executed, tmp_path):
    """Make a fresh copy of the executed notebook."""
    path = tmp_path / "02-small.ipynb"
    path.write_bytes(executed[0])
    return path


@pytest.fixture
def stamp(executed):
    """Return the stamp of the executed notebook."""
    return executed[1]


@pytest.fixture
def change(copy, stamp):
    """Give a function that edits the copy and returns what is wrong with it then."""

    def run(edit):
        notebook = nbformat.read(copy, as_version=4)
        edit(notebook)
        nbformat.write(notebook, copy)
        return run_notebooks.problems(copy, INPUTS, stamp)

    return run


def test_what_the_runner_writes_has_no_problem(copy, stamp):
    assert run_notebooks.problems(copy, INPUTS, stamp) == []


def test_running_twice_gives_the_same_bytes_and_the_same_stamp(copy, stamp):
    before = copy.read_bytes()
    again = run_notebooks.run(copy, INPUTS)
    assert copy.read_bytes() == before
    assert {**again, "seconds": 0} == {**stamp, "seconds": 0}
    assert again["seconds"] > 0


def test_of_the_looks_of_widgets_only_what_is_set_is_stored(copy):
    widgets = nbformat.read(copy, as_version=4).metadata["widgets"]
    models = widgets["application/vnd.jupyter.widget-state+json"]["state"].values()
    states = {one["model_name"]: one["state"] for one in models}
    assert states["IntSliderModel"]["description"] == "intensity"
    assert states["LayoutModel"]["_view_name"] == "LayoutView"
    assert None not in states["LayoutModel"].values()


def test_set_up_cell_is_filled_in_and_solutions_are_marked(copy):
    cells = nbformat.read(copy, as_version=4).cells
    assert cells[1].source == run_notebooks.setup_cell()
    assert cells[2].source.startswith("numbers")
    assert cells[2].metadata["tags"] == ["nbval-check-output"]
    assert cells[-1].metadata["jupyter"] == {"source_hidden": True}
    assert cells[-1].metadata["cellView"] == "form"
    assert "execution" not in cells[-1].metadata
    assert "at 0x0>" in cells[-1].outputs[0].data["text/plain"]


def test_folded_cells_are_folded_in_jupyter_and_colab_and_say_what_they_hold():
    code, output = nbformat.v4.new_code_cell, nbformat.v4.new_output
    picture = output("display_data", data={"image/png": "aGk="})
    cells = [code("draw()", outputs=[picture]), code("x = 1"), code("y = 1")]
    for cell in cells[:2]:
        cell.metadata["tags"] = ["hide-input"]
    run_notebooks.normalise(nbformat.v4.new_notebook(cells=cells))
    figure, helper, visible = cells
    for cell in (figure, helper):
        assert cell.metadata["jupyter"] == {"source_hidden": True}
        assert cell.metadata["cellView"] == "form"
    assert "mystnb" not in figure.metadata  # as the settings of the book say
    assert helper.metadata["mystnb"] == {"code_prompt_show": "Show the code"}
    assert visible.metadata == {}


def test_another_address_in_the_set_up_cell_keeps_the_outputs(
    copy, stamp, change, monkeypatch
):
    old = run_notebooks.setup_cell()
    new = old.replace("github.com/emolib-course/", "github.com/someone-else/")
    assert new != old
    monkeypatch.setattr(run_notebooks, "setup_cell", lambda: new)

    def move(notebook):
        notebook.cells[1].source = new

    assert change(move) == []


def test_an_older_set_up_cell_is_brought_up_to_date(copy):
    notebook = nbformat.read(copy, as_version=4)
    notebook.cells[1].source = (
        "try:\n    import emolib\nexcept ImportError:\n"
        "    %pip install -q https://x.org/emolib-0.0.1-py3-none-any.whl\n"
        "    import emolib\n\nemolib.show_versions()"
    )
    nbformat.write(notebook, copy)
    assert run_notebooks.read(copy).cells[1].source == run_notebooks.setup_cell()


#: Runs the first cell as a notebook does, where there is no emolib, as in Colab.
IN_COLAB = """
import sys
from importlib.abc import MetaPathFinder
from types import ModuleType

from IPython.core.interactiveshell import InteractiveShell

class Absent(MetaPathFinder):
    def find_spec(self, name, *_):
        if name == "emolib" and not INSTALLED.exists():
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

from pathlib import Path
INSTALLED, sys.executable = Path(sys.argv[1]), sys.argv[2]
sys.modules["google.colab"] = ModuleType("google.colab")
sys.meta_path.insert(0, Absent())
sys.path.insert(0, str(INSTALLED.parent))
InteractiveShell.instance().run_cell(sys.stdin.read())
"""


@pytest.fixture
def in_colab(tmp_path):
    """Give a function that runs the set-up cell with a pip of one's own."""
    installed = tmp_path / "packages" / "emolib"
    installed.parent.mkdir()

    def run(pip):
        python = tmp_path / "python"
        python.write_text(f"#!/bin/sh\n{pip.format(installed=installed)}\n", "utf-8")
        python.chmod(0o755)
        return subprocess.run(
            [sys.executable, "-c", IN_COLAB, installed, python],
            input=run_notebooks.setup_cell(),
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")},
        )

    return run


@pytest.mark.parametrize(
    "pip",
    [
        "echo 'ERROR: HTTP error 404 while getting it' >&2; exit 1",
        "for k in 1 2 3 4; do echo WARNING: Retrying; done; exit 1",
        "echo No module named pip >&2; exit 1",
    ],
)
def test_where_the_release_cannot_be_fetched_one_sentence_says_what_to_do(
    in_colab, pip
):
    done = in_colab(pip)
    shown = done.stdout + done.stderr
    address = set_address.repository()
    assert "emolib could not be fetched: check the network" in shown
    assert f"first run %pip install git+{address}" in shown
    for wall in ("ModuleNotFoundError", "Traceback", "404", "Retrying", "pip>"):
        assert wall not in shown
    assert len(shown.strip().splitlines()) <= 6  # IPython adds how to leave


def test_where_the_release_can_be_fetched_the_first_cell_goes_on(in_colab):
    code = "def show_versions(): print('versions of', __name__)"
    done = in_colab(
        'test "$5" != "${{5%.whl}}" || exit 1\nmkdir "{installed}" && echo '
        f'"{code}" > "{{installed}}/__init__.py"'
    )
    assert done.stdout == "versions of emolib\n", done.stderr
    assert len(run_notebooks.setup_cell().splitlines()) <= 25


def test_a_stored_error_is_found(change):
    error = nbformat.v4.new_output(
        "error", ename="ValueError", evalue="no such face", traceback=[]
    )
    found = change(lambda notebook: notebook.cells[2].outputs.append(error))
    assert found == ["cell 3 holds an error: ValueError", OTHER_OUTPUTS]


def test_a_cell_that_was_never_run_is_found(change):
    def forget(notebook):
        notebook.cells[2].execution_count = None

    assert change(forget) == ["cell 3 was never run"]


def test_cells_run_out_of_order_are_found(change):
    def swap(notebook):
        notebook.cells[2].execution_count, notebook.cells[3].execution_count = 3, 2

    found = change(swap)
    assert len(found) == 2
    assert "out of order" in found[0]


def test_a_changed_cell_or_tag_makes_the_outputs_stale(copy, executed, change):
    def edit(notebook):
        notebook.cells[2].source += "\nprint('more')"

    def tag(notebook):
        notebook.cells[2].metadata["tags"] = ["nbval-skip"]

    assert "changed since it ran" in change(edit)[0]
    copy.write_bytes(executed[0])
    assert "changed since it ran" in change(tag)[0]


def test_changed_code_data_or_pins_make_the_outputs_stale(copy, stamp):
    found = run_notebooks.problems(copy, "another state", stamp)
    assert found == ["its code, emolib, data or the pins changed since it ran"]


def test_a_notebook_from_elsewhere_is_not_trusted(copy):
    found = run_notebooks.problems(copy, INPUTS, None)
    assert found == ["it was not written by `make notebooks`"]


def test_outputs_of_another_run_are_not_trusted(change):
    def correct(notebook):
        notebook.cells[2].outputs[0]["text"] = "7\n"

    assert change(correct) == [OTHER_OUTPUTS]


def test_a_change_of_prose_keeps_the_outputs(change):
    def reword(notebook):
        notebook.cells[0].source = "# A better title"

    assert change(reword) == []


def test_shorthands_are_written_out_without_a_run(copy, stamp, change, monkeypatch):
    stamps = {run_notebooks.stamp_name(copy): stamp}
    monkeypatch.setattr(run_notebooks, "read_stamps", lambda: stamps)
    monkeypatch.setattr(run_notebooks, "notebooks", lambda: [copy])
    monkeypatch.setattr(run_notebooks, "inputs_hash", lambda: INPUTS)
    before = copy.read_bytes()

    def shorten(notebook):
        notebook.cells[1].source = "# setup"

    assert "shorthands" in change(shorten)[0]
    assert run_notebooks.main([]) == 0
    assert copy.read_bytes() == before


def test_missing_widget_state_is_found(change):
    found = change(lambda notebook: notebook.metadata.pop("widgets"))
    assert found == ["cell 4 shows a widget whose state is missing", OTHER_OUTPUTS]


def test_a_failing_notebook_is_left_as_it_was(tmp_path):
    path = make_notebook(
        tmp_path / "03-broken.ipynb", "x = 1", "raise ValueError('no')"
    )
    before = path.read_bytes()
    with pytest.raises(CellExecutionError):
        run_notebooks.run(path, INPUTS)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["03-broken.ipynb"]


def test_the_command_names_the_failing_cell_and_exits_with_an_error(
    tiny_project, run_in
):
    path = tiny_project / "book" / "part-1-the-system" / "02-tiny.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    notebook["cells"][2]["source"] = "print(tinylib.ANSWERS)"
    path.write_text(json.dumps(notebook), "utf-8")
    done = run_in("run_notebooks.py")
    assert done.returncode == 1
    assert "FAILED 02-tiny.ipynb, cell 3: AttributeError" in done.stderr


def test_the_command_runs_what_changed_and_nothing_else(tiny_project, run_in):
    assert "running" in run_in("run_notebooks.py").stdout
    assert run_in("run_notebooks.py").stdout == "02-tiny.ipynb: up to date\n"
    assert run_in("run_notebooks.py", "--check").returncode == 0

    (tiny_project / "emolib" / "tinylib" / "__init__.py").write_text("ANSWER = 2\n")
    check = run_in("run_notebooks.py", "--check")
    assert check.returncode == 1
    assert "changed since it ran" in check.stdout


def test_an_unknown_name_lists_the_notebooks_there_are(run_in):
    done = run_in("run_notebooks.py", "conclusion")
    assert done.returncode == 1
    assert "There are: 02-tiny" in done.stderr
