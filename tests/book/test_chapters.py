"""What every chapter owes its reader, by its literal marks."""

import re

import nbformat
import pytest
from chapters import chapters
from project_inputs import PROJECT
from run_notebooks import read_stamps, stamp_name

CHAPTERS = [PROJECT / f"{page}.ipynb" for _, page in chapters()]
PART_1 = [path for path in CHAPTERS if path.parent.name == "part-1-the-system"]
TITLES = (
    "Introduction", "Dataset inspection", "Building the CNN", "Training",
    "Evaluation", "Sample predictions", "Conclusion",
)  # fmt: skip

each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def cells(path, kind):
    found = nbformat.read(path, as_version=4).cells
    return [cell for cell in found if cell.cell_type == kind]


def prose(path) -> str:
    return "\n\n".join(cell.source for cell in cells(path, "markdown"))


def test_the_seven_chapters_follow_the_deck():
    wanted = [f"# {k}. {title}" for k, title in enumerate(TITLES, start=1)]
    assert [prose(path).splitlines()[0] for path in PART_1] == wanted


def test_every_notebook_of_a_part_is_a_chapter():
    assert set((PROJECT / "book").glob("part-*/*.ipynb")) == set(CHAPTERS)


@each_chapter
def test_objectives_come_first_and_are_verbs(path):
    opening = cells(path, "markdown")[0].source
    _, _, after = opening.partition("**After this chapter you can**")
    goals = re.findall(r"^- (\S+)", after, re.M)
    assert 3 <= len(goals) <= 6
    assert all(goal.strip("*").islower() for goal in goals), goals
    assert "*Before you start:*" in after
    assert re.search(r"Minutes to read: \d+\.", after)
    assert re.search(r"Seconds to run on two cores: about \d+", after)
    assert "glossary.md" in after


@each_chapter
def test_the_stated_seconds_are_those_of_the_stored_run(path):
    text = prose(path)
    stated = int(re.search(r"Seconds to run on two cores: about (\d+)", text)[1])
    measured = read_stamps()[stamp_name(path)]["seconds"]
    assert stated <= 60
    assert measured <= 3 * stated + 10, f"states {stated} s, ran {measured:.0f} s"


@each_chapter
def test_predictions_come_before_their_cells(path):
    found = nbformat.read(path, as_version=4).cells
    asked = [
        k
        for k, cell in enumerate(found)
        if cell.cell_type == "markdown" and "> **Predict.**" in cell.source
    ]
    assert len(asked) >= 3
    for k in asked:
        later = found[k + 1 : k + 4]
        assert any(cell.cell_type == "code" for cell in later), found[k].source


@each_chapter
def test_three_questions_are_answered_on_the_page(path):
    text = prose(path).partition("## Check yourself")[2]
    parts = re.split(r"\*\*Question (\d)\.\*\*", text)
    assert parts[1::2] == ["1", "2", "3"]
    for answer in parts[2::2]:
        assert "<details><summary>Answer</summary>\n\n" in answer
        assert "</details>" in answer


@each_chapter
def test_each_exercise_has_a_solution_that_ends_in_an_assertion(path):
    asked = re.findall(r"^\*\*Exercise (\d)\.\*\*", prose(path), re.M)
    solved = {
        number: cell.source
        for cell in cells(path, "code")
        for number in re.findall(r"^# Solution of exercise (\d)", cell.source)
    }
    assert len(asked) >= 2
    assert sorted(solved) == asked == [str(k + 1) for k in range(len(asked))]
    for number, source in solved.items():
        last = re.findall(r"^(?!\s|\))(.+)", source, re.M)[-1]
        assert last.startswith("assert"), f"exercise {number} ends in: {last}"


@each_chapter
def test_the_end_looks_back_doubts_and_points_on(path):
    text = prose(path)
    order = ["## Recap", "**Where this breaks.**", "**Further reading.**"]
    places = [text.index(mark) for mark in order]
    assert places == sorted(places)
    reading = text[places[-1] :]
    assert re.search(r"\]\((https://doi\.org/|https://arxiv\.org/|https://)", reading)
    following = CHAPTERS[CHAPTERS.index(path) + 1 :]
    if following and following[0].parent == path.parent:
        assert re.search(rf"^Next: \[.+\]\({following[0].name}\)", text, re.M)
