"""What the text of the conclusion says about its numbers, held against the numbers."""

import pytest


@pytest.fixture(scope="module")
def chapter(chapter) -> dict:
    """Return what the cells of the chapter leave behind, without its solutions."""
    return chapter("conclusion")


def test_who_reaches_the_published_figure(chapter):
    lines = chapter["lines"]
    assert lines.loc["plain CNN", "mean"] < 0.84
    assert lines.loc["plain CNN", "84 %?"] == "cannot tell"
    runs = chapter["new_people"]
    runs = runs[runs["name"] == "plain CNN"]
    assert (runs["accuracy"] > 0.84).sum() == 1
    five = lines.iloc[:5]
    assert list(five.index[five["84 %?"] == "above"]) == ["small CNN", "synthface"]
    level = lines.loc["HOG + logistic regression", "mean"]
    assert abs(level - lines.loc["plain CNN", "mean"]) < 0.02


def test_what_the_division_does(chapter):
    lines = chapter["lines"]
    assert lines.loc["random frame (leaks), not augmented", "low"] > 0.84
    plain = lines.loc["by subject, not augmented"]
    assert plain["mean"] < 0.84 < plain["high"]
    assert lines.loc["random frame (leaks), augmented", "high"] < 0.84


def test_the_recipe_of_chapter_4_is_not_the_best_that_it_tried(chapter):
    """If it is, the sentences on a handicap have to go."""
    tried = chapter["tried"]
    assert tried.index[0] == "as in this chapter"
    assert tried.idxmax() == "no dropout"
    assert tried.max() > tried.iloc[0]


def test_photographs_are_harder_and_smiles_are_read_best(chapter):
    rows = {row["network"]: row for row in chapter["photographs"]}
    assert list(rows) == ["synthface", "real-faces"]
    rendered, real = (float(row["right"].rstrip("%")) for row in rows.values())
    assert rendered < 50 < real
    assert chapter["card"].results["accuracy"] > 0.95
    assert {row["best recognised"] for row in rows.values()} == {"happiness"}


def test_150_clips_are_worth_what_the_options_say(chapter):
    low, high = chapter["wilson"](0.84, 150)
    assert 0.11 < high - low < 0.13
    assert 126 / 150 == 0.84


def test_no_face_alone_comes_near_and_sound_does(chapter):
    published = chapter["published"]
    assert published["face"].max() < 70
    assert published["voice"].max() < published["both"].min()
    assert ((published["both"] - 84).abs() < 4).sum() >= 4
    assert (published["both"] > 84).sum() >= 4
    assert chapter["in_the_study"] <= {
        (study, kind)
        for kind in ("face", "voice", "both")
        for study in published.loc[published[kind].notna(), "study"]
    }


def test_the_cards_that_ship_are_complete_and_an_own_one_is_not(chapter):
    from emolib.models import available, model_card

    missing = chapter["missing_fields"]
    for name in available():
        card = model_card(name)
        assert missing(card.to_dict()) == card.missing() == []
    assert {"prohibited_use", "results.subjects"} <= set(missing(chapter["own"]))
    assert "architecture" not in missing(chapter["own"])
