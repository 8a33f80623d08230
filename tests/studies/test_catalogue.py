"""The committed results hold: their declarations, data, weights and canary."""

import json

import pytest

from emolib.paths import data_folder
from studies.canary import PARTS
from studies.catalogue import STUDIES
from studies.study import changed_parts, recorded_canary, stale_because


@pytest.fixture(scope="module")
def readings():
    """The canary of the code as it is: half a minute where it was never made."""
    return recorded_canary(PARTS)


@pytest.mark.parametrize("name", STUDIES)
def test_the_results_are_those_of_this_code_and_these_data(name, readings):
    study = STUDIES[name]
    record = study.read()
    assert record is not None, f"run `{study.command}`"
    assert not stale_because(study, record), f"run `{study.command}`"
    assert not changed_parts(study, record, readings), (
        "the package computes something else than when this was measured: raise the "
        "study's version and measure again, or `python -m studies accept`"
    )


def test_every_results_file_is_that_of_a_study():
    files = {path.stem for path in (data_folder() / "results").glob("*.json")}
    assert files - STUDIES.keys() == {"blind-rating"}


@pytest.mark.parametrize("name", STUDIES)
def test_a_record_names_its_command_and_its_make(name):
    record = json.loads(STUDIES[name].path.read_text())
    assert record["study"] == name
    assert record["command"] == STUDIES[name].command
    assert record["made"]["with"]["python"]
    assert list(record["canary"]) == list(STUDIES[name].canary)


def test_what_comes_first_is_declared_first():
    seen = set()
    for name, study in STUDIES.items():
        assert set(study.after) <= seen
        assert set(study.canary) <= PARTS.keys()
        seen.add(name)


def test_every_part_of_the_canary_guards_a_study():
    used = {part for study in STUDIES.values() for part in study.canary}
    assert used == PARTS.keys()
