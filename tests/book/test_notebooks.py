"""Every stored notebook: executed, fresh, small, accessible, readable anywhere."""

import re
import statistics
from itertools import compress

import nbformat
import pytest
import yaml
from project_inputs import PROJECT, inputs_hash
from run_notebooks import notebooks, problems, read_stamps, setup_cell, stamp_name

NOTEBOOKS = notebooks()
MYST = {
    "directive": re.compile(r"^\s*(`{3,}|~{3,}|:{3,})\s*\{", re.M),
    "role": re.compile(r"\{[a-z][\w:+-]*\}`"),
    "target": re.compile(r"^\([\w-]+\)=\s*$", re.M),
    "labelled equation": re.compile(r"\$\$\s*\([\w:-]+\)"),
    "substitution": re.compile(r"\{\{.*?\}\}"),
}

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def inputs() -> str:
    return inputs_hash()


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook) -> str:
    cells = (cell for cell in notebook.cells if cell.cell_type == "markdown")
    return "\n\n".join(cell.source for cell in cells)


def test_the_table_of_contents_lists_exactly_the_notebooks_there_are():
    contents = yaml.safe_load((PROJECT / "_toc.yml").read_text("utf-8"))
    entries = [entry for part in contents["parts"] for entry in part["chapters"]]
    listed = {f"{entry['file']}.ipynb" for entry in entries}
    found = {path.relative_to(PROJECT).as_posix() for path in NOTEBOOKS}
    assert found <= listed


@each_notebook
def test_outputs_are_complete_and_fresh(path, inputs):
    assert problems(path, inputs, read_stamps().get(stamp_name(path))) == []


@each_notebook
def test_first_cell_is_the_set_up_cell(path):
    first = code_cells(nbformat.read(path, as_version=4))[0]
    assert first.source == setup_cell()
    assert "nbval-check-output" not in first.metadata.get("tags", [])


@each_notebook
def test_every_picture_has_alt_text(path):
    notebook = nbformat.read(path, as_version=4)
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "markdown":
            for alt in re.findall(r"!\[([^\]]*)\]\(", cell.source):
                assert len(alt) > 10, f"cell {number}: image without alt text"
            continue
        images = [
            data
            for output in cell.outputs
            for kind, data in output.get("data", {}).items()
            if kind.startswith("image/")
        ]
        if images:
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt) > 10, f"cell {number}: figure without alt text"
        for image in images:
            assert len(image) < 140_000, f"cell {number}: figure of {len(image)} bytes"


@each_notebook
def test_file_and_cells_are_small(path):
    assert path.stat().st_size < 1_000_000
    cells = code_cells(nbformat.read(path, as_version=4))
    lengths = [len(cell.source.splitlines()) for cell in cells]
    assert max(lengths) <= 25
    # What is folded draws, sets up or solves; what is open is read.
    folds = {"hide-input", "hide-cell"}
    is_open = [not folds & set(cell.metadata.get("tags", [])) for cell in cells]
    assert statistics.median(compress(lengths, is_open)) <= 7


@each_notebook
def test_markdown_is_plain(path):
    text = prose(nbformat.read(path, as_version=4))
    found = {name for name, pattern in MYST.items() if pattern.search(text)}
    assert not found, f"MyST {found}: Colab and Jupyter would show it raw"


@each_notebook
def test_solutions_are_collapsed_and_end_in_an_assertion(path):
    notebook = nbformat.read(path, as_version=4)
    solutions = 0
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code":
            continue
        hidden = "hide-cell" in cell.metadata.get("tags", [])
        if re.match(r"#\s*(@title\s+)?solution", cell.source, re.I):
            assert hidden, f"cell {number}: a solution without the tag hide-cell"
            solutions += 1
        if hidden:
            assert cell.metadata["jupyter"]["source_hidden"] is True
            assert cell.metadata["cellView"] == "form"
            assert "assert" in cell.source, f"cell {number}: nothing is asserted"
    exercises = len(re.findall(r"^\W*exercise \d", prose(notebook), re.I | re.M))
    assert solutions >= exercises


@each_notebook
def test_cited_works_are_in_the_bibliography(path):
    text = prose(nbformat.read(path, as_version=4))
    known = (PROJECT / "book" / "references.bib").read_text("utf-8").lower()
    cited = re.findall(r"doi\.org/(10\.\d+/[^\s)\]>]+)", text)
    missing = [doi for doi in cited if doi.lower().rstrip(".,") not in known]
    assert not missing


@each_notebook
def test_outputs_name_no_folder_of_the_machine_they_ran_on(path):
    notebook = nbformat.read(path, as_version=4)
    outputs = str([cell.outputs for cell in code_cells(notebook)])
    assert not re.search(r"(?<![\w.:/])/(home|root|Users|work|tmp|private)/\w", outputs)
