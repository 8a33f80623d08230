"""What the text of the conclusion says about its numbers, held against the numbers."""

import pytest


@pytest.fixture(scope="module")
def chapter(chapter) -> dict:
    """Return what the cells of the chapter leave behind, without its solutions."""
    return chapter("conclusion")


def test_who_reaches_the_published_figure(chapter):
    lines = chapter["lines"]
    four = lines["84 %?"].iloc[:4]
    assert list(four.index[four == "above"]) == ["small CNN", "synthface"]
    assert set(four.drop(["small CNN", "synthface"])) == {"cannot tell"}
    runs = chapter["new_people"]
    runs = runs[runs["name"] == "plain CNN"]
    assert (runs["accuracy"] > 0.84).all()
    assert (runs["low"] < 0.84).any()
    assert lines.loc["HOG + logistic regression", "mean"] < 0.84


def test_what_the_division_does(chapter):
    lines = chapter["lines"]
    verdicts = lines["84 %?"]
    assert verdicts["random frame (leaks), not augmented"] == "above"
    assert verdicts["by subject, not augmented"] == "below"
    assert (verdicts == "above").sum() == 3


def test_each_contest_has_one_test_on_either_side_of_the_line(chapter):
    contests = chapter["contests"]
    for lower, upper in zip(contests[::2], contests[1::2], strict=True):
        assert lower[0] == upper[0]
        assert lower[4] < 0.84 < upper[3]  # with the whole interval
    assert 0.43 < chapter["other"] < 0.84


def test_photographs_are_harder_and_smiles_are_read_best(chapter):
    photographs = chapter["photographs"]
    assert list(photographs) == ["synthface", "real-faces"]
    first, second = photographs.values()
    assert first["interval_over_images"][1] < second["interval_over_images"][0]
    assert first["images"] == second["images"]
    for one in photographs.values():
        assert max(one["recall"], key=one["recall"].get) == "happiness"


def test_the_small_cnn_is_not_shown_to_beat_the_plain_one(chapter):
    """The answer to question 2."""
    from emolib.datasets import load
    from emolib.evaluation import paired_bootstrap
    from emolib.models import load_model, predict

    test = load("synthface").part("test").apex()
    answers = [
        predict(load_model(name), test.images) for name in ("plain-cnn", "small-cnn")
    ]
    low, high = paired_bootstrap(test.labels, *answers, test.groups).interval
    assert low < 0 < high


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
