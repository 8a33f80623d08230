"""Do the exercises test what the chapters teach?

Each solution is run with just the cells it depends on: once as printed, where it must
pass, and once with a fault put into the code that it is about, where it must fail.
And what a chapter builds by hand must equal what `emolib` offers under that name.
"""

import ast
from functools import cache

import matplotlib
import nbformat
import pytest
from project_inputs import PROJECT

CHAPTERS = {
    path.stem[:2]: path
    for path in sorted((PROJECT / "book" / "part-1-the-system").glob("*.ipynb"))
}

#: Chapter, exercise, a line that is taught, and the same line broken.
FAULTS = [
    ("01", 1, "change[:border].sum()", "change[border:].sum()"),
    ("01", 2, "set(first) & set(second)", "set(first) | set(second)"),
    ("04", 1, "softmax(x @ w) - y", "softmax(x @ w) + y"),
    ("04", 2, "/ 6", "/ 5"),
    ("04", 3, "hidden > 0", "hidden <= 0"),
]


@cache
def code(chapter: str) -> tuple[str, ...]:
    """The code cells of a chapter but for the set-up cell, which needs IPython."""
    notebook = nbformat.read(CHAPTERS[chapter], as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return ("import emolib", *cells[1:])


def is_solution(source: str) -> bool:
    return source.startswith("# Solution of exercise")


def solution(chapter: str, exercise: int) -> int:
    """The number of the cell that solves an exercise."""
    start = f"# Solution of exercise {exercise}"
    return next(k for k, one in enumerate(code(chapter)) if one.startswith(start))


def names(source: str) -> tuple[set[str], set[str]]:
    """The names that a cell binds or changes, and those that it reads."""
    bound, read = set(), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(one.asname or one.name).split(".")[0] for one in node.names}
        if isinstance(node, ast.Assign | ast.AugAssign):
            targets = getattr(node, "targets", None) or [node.target]
            for target in targets:
                while isinstance(target, ast.Subscript | ast.Attribute):
                    target = target.value
                if isinstance(target, ast.Name):
                    bound.add(target.id)
    return bound, read | bound


def needed(cells: tuple[str, ...], last: int) -> list[int]:
    """The cells that cell `last` depends on, in order, itself included."""
    wanted, chosen = names(cells[last])[1], {last}
    for k in reversed(range(last)):
        bound, read = names(cells[k])
        if bound & wanted and not is_solution(cells[k]):
            chosen.add(k)
            wanted |= read
    return sorted(chosen)


def run(cells: list[str]) -> dict:
    """Run cells one after another in a world of their own."""
    matplotlib.use("agg")
    world = {"__name__": "__main__", "display": lambda *_: None}
    for source in cells:
        exec(compile(source, "<cell>", "exec"), world)
    matplotlib.pyplot.close("all")
    return world


@pytest.mark.parametrize(
    ("chapter", "exercise", "taught", "broken"),
    FAULTS,
    ids=[f"{chapter}-{exercise}" for chapter, exercise, _, _ in FAULTS],
)
def test_a_solution_notices_a_fault_in_what_it_is_about(
    chapter, exercise, taught, broken
):
    cells = code(chapter)
    chosen = needed(cells, solution(chapter, exercise))
    sources = [cells[k] for k in chosen]
    places = [k for k, source in enumerate(sources[:-1]) if taught in source]
    assert places, f"{taught!r} is in no cell that exercise {exercise} needs"
    run(sources)
    sources[places[0]] = sources[places[0]].replace(taught, broken)
    with pytest.raises((AssertionError, ValueError)):
        run(sources)


def test_each_chapter_has_a_fault_planted():
    assert {chapter for chapter, *_ in FAULTS} == set(CHAPTERS)


def test_slices_take_what_a_cell_needs_and_no_more():
    cells = (
        "import math", "a = [1]", "a[0] = 2", "b = a[0]", "print(b)",
        "# Solution of exercise 1\nb = 7", "c = b + 1",
    )  # fmt: skip
    assert needed(cells, 6) == [1, 2, 3, 6]
    assert run([cells[k] for k in needed(cells, 6)])["c"] == 3
