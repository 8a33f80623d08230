"""What the introduction says about its own cells: letters, prototypes, units."""

import ast
import re

import nbformat
import numpy as np
import pytest
from project_inputs import PROJECT

from emolib import EMOTIONS
from emolib.emotions import get_emotion

CHAPTER = PROJECT / "book" / "part-1-the-system" / "introduction.ipynb"
CELLS = nbformat.read(CHAPTER, as_version=4).cells
PROSE = "\n\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
CODE = "\n\n".join(
    cell.source
    for cell in CELLS
    if cell.cell_type == "code" and not cell.source.startswith("try:")
)


def bound(name: str):
    """Return the literal that the chapter binds to a name."""
    for node in ast.walk(ast.parse(CODE)):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    raise LookupError(name)


def test_the_first_answer_offered_for_the_six_faces_is_the_right_one():
    seed = int(re.search(r"default_rng\((\d+)\)\.permutation\(6\)", CODE)[1])
    order = np.random.default_rng(seed).permutation(6)
    shown = dict(zip("ABCDEF", np.array(EMOTIONS)[order], strict=True))
    assert (shown["C"], shown["E"]) == ("fear", "surprise")
    offered = re.findall(r"^> - (\w) is afraid, (\w) is surprised", PROSE, re.M)
    assert ("C", "E") in offered
    assert len(offered) == 3


def table_of_prototypes() -> dict[str, list[set[int]]]:
    rows = re.findall(rf"^\| ({'|'.join(EMOTIONS)}) \| (.+) \|$", PROSE, re.M)
    return {
        name: [
            {int(unit) for unit in re.findall(r"\d+", re.sub(r"\(.*?\)", "", cell))}
            for cell in cells.split("|")
        ]
        for name, cells in rows
    }


def test_exercise_2_takes_the_units_of_the_table():
    table = table_of_prototypes()
    assert tuple(table) == EMOTIONS
    sources = bound("sources")
    for column, text in enumerate(sources.values()):
        units = [set(map(int, row.split())) for row in text.split(", ")]
        assert units == [table[name][column] for name in EMOTIONS]


def test_the_prose_about_shared_units_holds_for_the_prototypes_of_the_package():
    units = {name: set(get_emotion(name).action_units) for name in EMOTIONS}
    assert units["fear"] & units["surprise"] == {1, 2, 5}
    assert not units["anger"] & units["disgust"]
    assert {4, 20} <= units["fear"] - units["surprise"]


@pytest.mark.parametrize("unit", [23, 25])
def test_a_unit_without_a_lever_has_a_neighbour_with_one(unit):
    from emolib.synthesis import ACTION_UNITS

    stand_in = bound("STAND_IN")
    numbers = bound("numbers")
    assert unit not in numbers
    assert stand_in[unit] in numbers
    assert set(numbers) <= set(ACTION_UNITS)
    assert len(numbers) == len(bound("spelt_out").split(", ")) == 15
