"""Reading the committed measurements."""

import json

import numpy as np
import pytest

from emolib.paths import data_folder
from emolib.results import ResultsError, environment, load_results, percent


def test_the_project_s_measurements_are_listed_and_readable():
    names = {path.stem for path in (data_folder() / "results").glob("*.json")}
    assert {"by-subject-apex", "four-splits", "synthface-model"} <= names
    rows = load_results("by-subject-apex")["rows"]
    assert all(0 <= row["accuracy"] <= 1 for row in rows)


def test_a_missing_measurement_names_those_there_are(data):
    folder = data / "results"
    folder.mkdir()
    (folder / "one.json").write_text(json.dumps({"results": {"images": 3}}))
    assert load_results("one") == {"images": 3}
    with pytest.raises(ResultsError, match=r"'two'; there are: one\..*make help"):
        load_results("two")
    with pytest.raises(ResultsError, match="Did you mean 'one'"):
        load_results("on")


@pytest.mark.parametrize("text", ["{", "{}", "[]"])
def test_a_damaged_file_is_named(data, text):
    (data / "results").mkdir()
    (data / "results" / "one.json").write_text(text)
    with pytest.raises(ResultsError, match=r"one\.json is damaged .*make help"):
        load_results("one")


def test_the_environment_names_what_was_asked_for():
    found = environment("numpy", "pandas")
    assert list(found) == ["python", "machine", "numpy", "pandas"]
    assert found["numpy"] == np.__version__
    assert found["python"].split(".")[0] == "3"


def test_percent_is_written_as_in_the_book():
    blank = "\N{NO-BREAK SPACE}"
    assert percent(0.836) == f"84{blank}%"
    assert percent(0.773, 0.89, digits=1) == f"77.3 to 89.0{blank}%"
    assert percent(np.float32(0)) == f"0{blank}%"
