"""What the text of "eNTERFACE'05" says about its numbers, held against the numbers."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def chapter(chapter) -> dict:
    """Return what the cells of the chapter leave behind, without its solutions."""
    pytest.importorskip("av")
    return chapter("enterface05")


def test_two_thirds_of_the_names_follow_the_rule(chapter):
    assert 0.6 < chapter["follow"] / len(chapter["videos"]) < 0.72


def test_each_loader_loses_whom_the_text_says(chapter):
    codes = {emotion[:2] for emotion in chapter["EMOTIONS"]}
    label, subject = chapter["label_by_name"], chapter["subject_of"]
    lost = {subject[one] for one in chapter["videos"] if label(one) not in codes}
    assert lost == {"3", "6"}
    assert {int(one) for one in chapter["test"] if int(one) <= 40} == {5, 6, 8}
    assert chapter["numbers"] - chapter["speakers"] == {"11"}
    assert len(chapter["flat"]) == len(chapter["videos"]) - 6
    named = [chapter["subject_of"][one] for one in chapter["namesakes"]]
    assert named == ["11", "12"]  # the second is copied over the first


def test_no_clip_of_the_stand_in_is_wrong_or_lost(chapter):
    truth = pd.read_csv(chapter["source"] / "truth.csv").set_index("path")
    told = truth.loc[truth["usable"], ["subject", "emotion", "sentence"]]
    places = {file: list(chapter["place"](file)) for file in told.index}
    assert places == dict(zip(told.index, told.to_numpy().tolist(), strict=True))
    clips = chapter["survey"].clips
    assert {one.file: [one.subject, one.emotion, one.sentence] for one in clips} == (
        places
    )


def test_what_the_detector_does(chapter):
    assert 1000 < sum(chapter["windows"]) < 10_000
    counts = chapter["counts"]
    assert counts[0] > 5 * counts[-1] == 5
    contrast = chapter["contrast"]
    assert contrast[1] > 1.1 * contrast[0]
    assert chapter["hits"] == 4
    assert chapter["worst"] == "sunglasses"
    found = chapter["found"]
    assert (found["hand"] < found["none"]).all()
    table = chapter["table"]
    assert set(table["faces"]) == {40}
    assert table["found"].between(table["low"] - 1e-9, table["high"] + 1e-9).all()
    widest = (table["high"] - table["low"]).max()
    assert 0.15 < widest < 0.3  # only large differences count
    compared = {one["name"]: one for one in chapter["measured"]["comparison"]}
    assert compared["LBP cascade"]["box_on_face"] < compared["MTCNN"]["box_on_face"]


def test_the_report_names_what_was_spoilt(chapter):
    failures = chapter["report"]["failures"].values()
    assert {one["file"] for one in failures} == set(chapter["spoilt"])
    assert len(failures) == 4
    lines = chapter["report_text"](chapter["report"]).splitlines()
    assert "168 frames, 168 of them with a face" in lines[0]


def test_everyone_is_tested_once_and_folds_differ(chapter):
    assert np.allclose(chapter["answers"].sum(axis=1), 1, atol=1e-5)
    assert (chapter["group"] > 0).all()
    assert chapter["each"].groupby("fold").size().sum() == 10
    ends = chapter["low"], chapter["high"]
    assert np.allclose(ends, chapter["result"].interval, atol=0.03)
    assert np.ptp(chapter["by_fold"]) > 0.2
