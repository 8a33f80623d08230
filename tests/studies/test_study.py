"""When results are out of date, and what is written about them."""

import json
from dataclasses import replace

import pytest

from emolib.files import write_json, write_whole
from studies import __main__ as command
from studies import canary, study
from studies.study import Study, StudyError, find, state


@pytest.fixture
def data(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    write_whole(folder / "corpus.json", "{}")
    monkeypatch.setenv("EMOLIB_DATA", str(folder))
    return folder


@pytest.fixture
def readings(monkeypatch):
    """What the canary says today; change it as a changed package would."""
    today = {"crop": {"size": 64, "mean": 0.5}, "splits": {"train": "12 66"}}

    def recorded(parts, *, measure=True):
        return {part: dict(today[part]) for part in parts}

    monkeypatch.setattr(study, "recorded_canary", recorded)
    monkeypatch.setattr(command, "recorded_canary", recorded)
    return today


@pytest.fixture
def one(data, readings):
    """A study that has been measured."""
    made = Study(
        "one",
        lambda bench: {"seeds": list(bench.settings["seeds"])},
        {"seeds": (0, 1), "fit": {"epochs": 3}},
        canary=("crop",),
        data=("corpus.json",),
    )
    made.run()
    return made


def now(it, readings, others=None):
    return state(it, {part: readings[part] for part in it.canary}, others)


def test_a_file_says_what_it_holds_for(one):
    record = json.loads(one.path.read_text())
    assert record["results"] == {"seeds": [0, 1]}
    assert record["key"]["settings"] == {"seeds": [0, 1], "fit": {"epochs": 3}}
    assert len(record["key"]["data"]["corpus.json"]) == 64
    assert record["canary"] == {"crop": {"size": 64, "mean": 0.5}}
    assert {"date", "with"} <= record["made"].keys()
    assert record["command"] == "make results"


def test_measured_with_this_code_is_current(one, readings):
    assert now(one, readings) == ("current", "")
    assert state(one)[0] == "unverified"


def test_other_settings_make_it_stale_and_are_named(one, readings):
    other = replace(one, settings=one.settings | {"fit": {"epochs": 4}})
    assert now(other, readings) == ("stale", "settings.fit.epochs: 4, was 3")
    assert now(replace(one, version=2), readings) == ("stale", "version: 2, was 1")


def test_other_data_make_it_stale(one, readings, data):
    (data / "corpus.json").write_text("{ }")
    found, why = now(one, readings)
    assert (found, why.split(":")[0]) == ("stale", "data.corpus.json")


def test_a_part_of_the_canary_that_moves_is_named(one, readings):
    readings["crop"]["mean"] += canary.TOLERANCE / 3
    readings["splits"]["train"] = "11 55"  # this study does not rest on it
    assert now(one, readings)[0] == "current"
    readings["crop"]["mean"] = 0.52
    assert now(one, readings) == ("changed", "crop: mean: 0.52, was 0.5")
    readings["crop"] = {"size": 48, "mean": 0.5}
    assert now(one, readings) == ("changed", "crop: size: 48, was 64")


def test_weights_that_are_not_the_ones_it_made_are_noticed(one, readings, data):
    weights = data / "models" / "mine" / "weights.weights.h5"
    write_whole(weights, b"first")
    ships = replace(one, ships=("mine",))
    ships.run()
    assert now(ships, readings)[0] == "current"
    write_whole(weights, b"other")
    assert now(ships, readings) == (
        "stale", "the weights of mine are not the ones that it made",
    )  # fmt: skip


def test_what_comes_first_must_hold_first(one, readings):
    later = replace(one, name="later", after=("one",))
    later.run()
    assert now(later, readings, {"one": one})[0] == "current"
    other = replace(later, canary=("splits",))  # knows nothing of the other's part
    other.run()
    assert now(other, readings, {"one": one})[0] == "current"
    changed = replace(one, version=2)
    assert now(later, readings, {"one": changed}) == ("stale", "one comes first")


def test_a_change_is_accepted_with_a_reason_that_is_kept(one, readings):
    readings["crop"]["mean"] = 0.52
    with pytest.raises(StudyError, match="in a sentence"):
        one.accept("fine")
    assert one.accept("only rounding moved the mean") == ["crop"]
    assert now(one, readings)[0] == "current"
    record = json.loads(one.path.read_text())
    assert record["accepted"][0]["reason"] == "only rounding moved the mean"
    assert record["accepted"][0]["parts"] == ["crop"]
    assert record["results"] == {"seeds": [0, 1]}
    assert one.accept("nothing has moved since") == []
    assert len(json.loads(one.path.read_text())["accepted"]) == 1


def test_what_is_stale_cannot_be_accepted(one):
    with pytest.raises(StudyError, match=r"stale: version.*instead of accepting"):
        replace(one, version=2).accept("I know what I do")
    one.path.unlink()
    with pytest.raises(StudyError, match="missing; run `make results`"):
        one.accept("I know what I do")


def test_photographs_are_asked_for(one):
    needs = replace(one, needs_fer2013=True, command="make results-photographs")
    with pytest.raises(StudyError, match="make results-photographs FER2013=PATH"):
        needs.run()


@pytest.mark.parametrize("text", ["{", "[]", '{"results": {}}'])
def test_a_damaged_file_is_named(one, text):
    one.path.write_text(text)
    with pytest.raises(StudyError, match=r"one\.json .*delete it"):
        state(one)


def test_an_interruption_leaves_the_old_file(one):
    def interrupt(_):
        raise KeyboardInterrupt

    before = one.path.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        replace(one, measure=interrupt, version=2).run()
    assert one.path.read_bytes() == before


def test_an_unknown_study_is_refused_with_the_nearest(one):
    assert find([], {"one": one}) == [one]
    with pytest.raises(StudyError, match="Did you mean 'one'"):
        find(["onne"], {"one": one})


class TestCommands:
    @pytest.fixture(autouse=True)
    def studies(self, one, monkeypatch):
        monkeypatch.setattr(command, "STUDIES", {"one": one})

    def test_check_says_what_differs_and_fails(self, readings, capsys):
        assert command.main(["check"]) == 0
        assert "current" in capsys.readouterr().out
        readings["crop"]["size"] = 48
        assert command.main(["check"]) == 1
        assert "changed     crop: size: 48, was 64" in capsys.readouterr().out

    def test_run_measures_what_is_out_of_date_only(self, one, readings, capsys):
        assert command.main(["run"]) == 0
        assert capsys.readouterr().out == "one: current\n"
        readings["crop"]["size"] = 48
        assert command.main(["run"]) == 0
        assert "one: changed, measuring" in capsys.readouterr().out
        assert now(one, readings)[0] == "current"
        assert command.main(["run", "--force", "one"]) == 0
        assert "wrote one.json" in capsys.readouterr().out

    def test_accept(self, readings, capsys):
        readings["crop"]["size"] = 48
        assert command.main(["accept", "one", "--reason", "a test of mine"]) == 0
        assert capsys.readouterr().out == "one: crop\n"
        assert command.main(["check"]) == 0

    def test_faults_are_said_in_a_line(self, one, monkeypatch, capsys):
        assert command.main(["run", "two"]) == 2
        assert "No study 'two'" in capsys.readouterr().err

        def interrupt(_):
            raise KeyboardInterrupt

        stopped = replace(one, measure=interrupt, version=2)
        monkeypatch.setattr(command, "STUDIES", {"one": stopped})
        assert command.main(["run"]) == 130
        assert "run the command again to go on" in capsys.readouterr().err


def test_a_canary_is_made_once_for_the_same_code(tmp_path, monkeypatch):
    made = []

    def readings(parts):
        made.extend(parts)
        return {part: {"mean": 0.5} for part in parts}

    monkeypatch.setattr(study, "ROOT", tmp_path)
    monkeypatch.setattr(canary, "canary", readings)
    assert study.recorded_canary(["crop"], measure=False) is None
    assert study.recorded_canary(["crop"]) == {"crop": {"mean": 0.5}}
    study.recorded_canary(["crop", "splits"])
    assert made == ["crop", "splits"]
    (file,) = (tmp_path / "build" / "canary").iterdir()
    write_json(file, {})
    assert study.recorded_canary(["crop"], measure=False) is None


def test_nothing_is_measured_with_a_package_that_fails(one, readings):
    readings["crop"] = {canary.RAISED: "KeyError: 'eyes'"}
    with pytest.raises(StudyError, match=r"the canary's part crop fails with KeyError"):
        one.run()
