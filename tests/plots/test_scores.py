"""Curves and intervals: every row of a table is drawn."""

import pandas as pd
from matplotlib.colors import to_hex

from emolib import plots


def test_six_learning_curves_are_all_drawn_in_different_styles():
    names = ["plain CNN", "HOG + logistic regression", "a", "b", "c", "d"]
    table = pd.DataFrame(
        [
            {"name": name, "people": people, "accuracy": (k + people) / 100}
            for k, name in enumerate(names)
            for people in (9, 18)
            for _ in range(2)  # seeds
        ]
    )
    (ax,) = plots.learning_curves(table).axes
    lines = {line.get_label(): line for line in ax.lines}
    assert set(names) <= set(lines)
    drawn = [lines[name] for name in names]
    assert [list(line.get_ydata()) for line in drawn] == [
        [(k + 9) / 100, (k + 18) / 100] for k in range(6)
    ]
    assert len({to_hex(line.get_color()) for line in drawn}) == 6
    assert len({line.get_marker() for line in drawn}) == 6
    styles = plots.series_styles(names)
    for name, line in zip(names, drawn, strict=True):
        assert to_hex(line.get_color()) == styles[name]["color"]


def test_intervals_have_the_colours_of_the_curves():
    names = ["plain CNN", "small CNN", "HOG + logistic regression"]
    table = pd.DataFrame({"name": names, "accuracy": 0.5, "low": 0.4, "high": 0.6})
    ax = plots.intervals(table).axes[0]
    drawn = [to_hex(line.get_color()) for line in ax.lines[: len(names)]]
    looks = plots.series_styles(names)
    assert drawn == [looks[name]["color"] for name in names]


def test_what_a_dot_is_stands_in_the_legend():
    one = pd.DataFrame({"name": ["a"], "accuracy": 0.5, "low": 0.4, "high": 0.6})
    for table, told in ((one, "accuracy, 95"), (pd.concat([one, one]), "one seed, 95")):
        (legend,) = plots.intervals(table).legends
        assert any(text.get_text().startswith(told) for text in legend.get_texts())
    once = pd.DataFrame({"name": ["a", "a"], "people": [9, 18], "accuracy": 0.5})
    for table, count in ((once, 0), (pd.concat([once, once]), 1)):
        (legend,) = plots.learning_curves(table).legends
        texts = [text.get_text() for text in legend.get_texts()]
        assert texts.count("one seed") == count


def test_chance_is_marked_as_chance():
    table = pd.DataFrame(
        [{"name": "plain CNN", "accuracy": 0.8, "low": 0.7, "high": 0.9}]
    )
    (ax,) = plots.intervals(table).axes
    marked = {line.get_label(): line.get_xdata()[0] for line in ax.lines[2:]}
    assert marked == {"chance": 1 / 6}
