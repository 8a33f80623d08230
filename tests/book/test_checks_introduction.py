"""What the introduction says of its own cells, and of the law."""

import ast
import re
from datetime import datetime

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
    assert units["fear"] - units["surprise"] == {4, 20, 25}
    assert "to that of surprise: 4, 20 and 25." in PROSE


def test_the_sliders_that_make_the_answer_fear_are_4_and_20():
    from emolib.faces import to_canonical
    from emolib.recognizer import EmotionRecognizer
    from emolib.synthesis import random_identity, render

    network, start = EmotionRecognizer("synthface"), bound("START")
    seed = int(re.search(r"^woman = random_identity\((\d+)\)", CODE, re.M)[1])
    answers = {}
    for unit in start:
        levels = {f"AU{k}": v for k, v in (start | {unit: 1.5}).items()}
        face = render(random_identity(seed), levels, size=192, colour=True)
        shares = network.predict_proba(to_canonical(face)[None])[0]
        answers[unit] = EMOTIONS[shares.argmax()]
    assert {unit for unit, name in answers.items() if name == "fear"} == {4, 20}
    assert answers[12] == "happiness"


def test_in_the_lab_the_mouth_decides_and_the_brows_take_certainty():
    from emolib.widgets import FaceLab

    assert '{"AU12": 1.0, "AU4": 1.5}' in CODE
    lab, sure = FaceLab(), []
    for groups in ({"AU12": 1.0}, {"AU12": 1.0, "AU4": 1.5}):
        lab.set(lab.face.pulled(groups))
        assert EMOTIONS[lab.probabilities.argmax()] == "happiness"
        sure.append(lab.probabilities.max())
    lab.close()
    assert sure[1] < sure[0] - 0.2


def test_the_table_of_uses_holds_the_nine_of_the_slides():
    assert "The slides list nine uses." in PROSE
    rows = re.findall(r"^\| (\*\*.+?) \|", PROSE, re.M)
    assert sum(len(re.findall(r"\*\*.+?\*\*", row)) for row in rows) == 9


def years(day: str) -> float:
    """Years from the beginning of 2025 to a day such as ``2 August 2026``."""
    at = datetime.strptime(day, "%d %B %Y")
    begin = datetime(at.year, 1, 1)
    return at.year - 2025 + (at - begin) / (datetime(at.year + 1, 1, 1) - begin)


def test_the_bars_of_the_law_begin_at_their_dates():
    drawing = (PROJECT / "book" / "diagrams" / "ai-act.svg").read_text("utf-8")
    shown = re.search(r"!\[([^\]]*)\]\(\.\./diagrams/ai-act\.svg\)", PROSE)[1]
    days = re.findall(r'class="head">(\d+ \w+ \d{4})<', drawing)
    bars = re.findall(
        r'<rect class="(\S+).*?" x="([\d.]+)" .*? width="([\d.]+)"', drawing
    )
    today = re.search(r'class="line dashed" d="M([\d.]+)', drawing)[1]
    assert len(days) == len(bars) == 4
    for day, (look, start, width) in zip(days, bars, strict=True):
        assert day in shown
        assert float(start) == pytest.approx(10 + 90 * years(day), abs=0.3)
        assert float(start) + float(width) == pytest.approx(370)
        assert look.startswith("full") == (float(start) < float(today))
    planned = re.search(
        r'class="accent-line dashed" d="M([\d.]+) \S+H([\d.]+)"', drawing
    )
    assert float(planned[1]) == pytest.approx(10 + 90 * years(days[1]), abs=0.3)
    assert planned[2] == bars[2][1]


@pytest.mark.parametrize("unit", [23, 25])
def test_a_unit_without_a_lever_has_a_neighbour_with_one(unit):
    from emolib.synthesis import ACTION_UNITS

    stand_in = bound("STAND_IN")
    numbers = bound("numbers")
    assert unit not in numbers
    assert stand_in[unit] in numbers
    assert set(numbers) <= set(ACTION_UNITS)
    assert len(numbers) == len(bound("spelt_out").split(", ")) == 15
