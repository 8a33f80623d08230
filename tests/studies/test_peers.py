"""The comparison with other packages, as far as it needs no network or photograph."""

import argparse
import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emolib.emotions import EMOTIONS
from emolib.results import load_results
from studies.peers import bench as bench_of_peers

WORKERS = Path(bench_of_peers.__file__).parent
COUNT = 24
LABELS = np.arange(COUNT) % 6

#: A network that says of a crop what its first pixel is; of one in several, wrongly.
WORKER = """
import sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from protocol import serve

def classify(crops):
    said = crops[:, 0, 0].astype(int)
    said = np.where(np.arange(len(said)) % int(sys.argv[2]), said, (said + 1) % 6)
    classes = int(sys.argv[3])
    return (np.eye(classes)[said] + 0.01) / (1 + 0.01 * classes)

serve(classify)
"""


@pytest.fixture
def script():
    return bench_of_peers


@pytest.fixture
def crops():
    images = np.zeros((COUNT, 8, 9), np.uint8)
    images[:, 0, 0] = LABELS
    return images


@pytest.fixture
def bench(script, crops, tmp_path, monkeypatch, no_canary):
    """Run the command with small processes in the place of ours and of two peers."""
    monkeypatch.setenv("EMOLIB_DATA", str(tmp_path))
    (tmp_path / "worker.py").write_text(WORKER)
    weights = tmp_path / "weights"
    weights.write_bytes(b"12345")

    def command(wrong: int, classes: int = 7) -> list[str]:
        worker = [sys.executable, str(tmp_path / "worker.py")]
        return [*worker, str(WORKERS), str(wrong), str(classes)]

    peer = type(script.PEERS[0])
    monkeypatch.setattr(script, "PEERS", script.PEERS[:2])
    monkeypatch.setattr(peer, "command", lambda self: command(2 + len(self.name) % 3))
    monkeypatch.setattr(peer, "weights_file", lambda self: weights)
    monkeypatch.setattr(script, "install", lambda tool: None)
    monkeypatch.setattr(script, "originals", lambda path, images: images)
    faces = argparse.Namespace(images=crops, labels=LABELS)
    monkeypatch.setattr(
        type(faces), "__len__", lambda self: len(self.images), raising=False
    )
    monkeypatch.setattr(script, "photographs", lambda *_: ("pictures", faces))
    ours = {
        "name": "ours", "model": "m", "weights": "w1", "licence": "CC0-1.0",
        "parameters": 3, "bytes": 9, "date": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip
    monkeypatch.setattr(script, "own_facts", lambda model: dict(ours))
    real = script.Worker

    def worker(order: list[str]):
        return real(command(5, 6) if "ours.py" in order[1] else order)

    monkeypatch.setattr(script, "Worker", worker)

    few = script.STUDY.settings | {"rounds": 2, "singles": 3, "starts": 1}
    monkeypatch.setattr(script, "STUDY", replace(script.STUDY, settings=few))

    def run(*more: str) -> int:
        return script.main(["--fer2013", str(tmp_path), *more])

    run.ours = ours
    return run


def test_the_record_holds_both_sides_and_it_was_counted(bench, tmp_path, capsys):
    assert bench() == 0
    shown = capsys.readouterr().out
    assert "evaluation 1 of 3" in shown
    assert "accuracy gained" in shown
    results = tmp_path / "results"
    record = json.loads((results / "peers.json").read_text())
    assert record["command"] == "make bench-peers"
    rows = load_results("peers")["rows"]
    assert [row["name"] for row in rows] == ["ours", "fer", "human-models"]
    for row in rows:
        assert row["low"] <= row["accuracy"] <= row["high"]
        assert list(row["recall"]) == list(EMOTIONS)
        assert 0 < row["single_ms"] <= row["single_p95_ms"]
        assert row["start_ms"] > row["single_ms"]
    against = rows[1]["against_ours"]
    gained = rows[0]["accuracy"] - rows[1]["accuracy"]
    assert against["accuracy"]["difference"] == pytest.approx(gained)
    assert against["single"]["rounds"] == 2
    assert against["weights"] == "w1"
    evaluated = json.loads((results / "public-test.jsonl").read_text())
    assert evaluated["accuracy"] == rows[0]["accuracy"]
    assert str(tmp_path) not in json.dumps(record)


def test_without_an_evaluation_left_nothing_is_measured(
    bench, script, tmp_path, monkeypatch, capsys
):
    (tmp_path / "results").mkdir()
    taken = json.dumps({"model": "m", "weights": "w0"}) + "\n"
    (tmp_path / "results" / "public-test.jsonl").write_text(3 * taken)
    monkeypatch.setattr(script, "measure", lambda *_: pytest.fail("measured"))
    assert bench() == 2
    assert "m has had all 3 evaluations" in capsys.readouterr().err


@pytest.mark.parametrize("more", [["--peers-only"], ["--slice", "validation"]])
def test_other_runs_cost_none_and_leave_the_results_alone(
    bench, script, tmp_path, monkeypatch, more
):
    monkeypatch.setattr(script, "BUILD", tmp_path / "build")
    assert bench(*more) == 0
    assert not (tmp_path / "results").exists()
    (written,) = (tmp_path / "build").glob("*.json")
    rows = json.loads(written.read_text())["results"]["rows"]
    assert ("against_ours" in rows[-1]) == ("validation" in more)


def test_an_absent_peer_s_row_is_kept_with_its_date(
    bench, script, tmp_path, monkeypatch, capsys
):
    assert bench() == 0
    path = tmp_path / "results" / "peers.json"
    record = json.loads(path.read_text())
    before = record["results"]["rows"][2]
    before["date"] = "2026-02-03T00:00:00+00:00"
    path.write_text(json.dumps(record))

    def install(tool: str) -> None:
        if tool == "node":
            raise script.UnavailableError("no node here")

    monkeypatch.setattr(script, "install", install)
    assert bench() == 0
    shown = capsys.readouterr().out
    assert "human-models is skipped; kept as measured on 2026-02-03: no node" in shown
    rows = load_results("peers")["rows"]
    assert rows[2] == before
    monkeypatch.setattr(script, "own_facts", lambda _: {**bench.ours, "weights": "w2"})
    assert bench() == 0
    rows = load_results("peers")["rows"]
    assert "against_ours" not in rows[2]  # that was about other weights of ours
    assert "against_ours" in rows[1]


def test_a_kept_row_must_be_about_the_same(script, tmp_path):
    peer = script.PEERS[0]
    path = tmp_path / "peers.json"
    assert script.kept(path, peer, "pictures", None) is None
    row = {"name": "fer", "version": peer.version, "accuracy": 0.5}
    for data, version in (("others", peer.version), ("pictures", "1.0")):
        rows = [{**row, "version": version}]
        path.write_text(json.dumps({"results": {"data": data, "rows": rows}}))
        assert script.kept(path, peer, "pictures", None) is None
    path.write_text(json.dumps({"results": {"data": "pictures", "rows": [row]}}))
    assert script.kept(path, peer, "pictures", None) == row


def test_when_nothing_can_be_measured_none_is_taken(
    bench, script, tmp_path, monkeypatch, capsys
):
    (tmp_path / "worker.py").write_text("raise SystemExit('broken')")
    assert bench() == 2
    assert "its process ended: broken" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


def test_a_program_that_is_not_there_is_named(script):
    with pytest.raises(script.UnavailableError, match="no such-a-node: No such file"):
        script.Worker(["/nowhere/such-a-node", "tfjs.js"])


def test_six_reorders_and_leaves_neutral_out(script):
    classes = script.PEERS[2].classes
    assert classes[0] == "neutral"
    outputs = np.zeros((2, 7), np.float32)
    outputs[0, classes.index("disgust")] = 0.1
    outputs[0, 0] = 0.9
    outputs[1, 0] = 1
    shares = script.six(outputs, classes)
    assert shares[0].tolist() == [0, 1, 0, 0, 0, 0]
    assert shares[1] == pytest.approx(np.full(6, 1 / 6))
    with pytest.raises(script.UnavailableError, match="not 6 numbers"):
        script.six(outputs, EMOTIONS)
    for peer in script.PEERS:
        assert set(peer.classes) == {*EMOTIONS, "neutral"}


def test_rounds_are_paired(script):
    ours = [[1.0, 2.0, 30.0], [10.0], [1.0]]
    peer = [[4.0], [10.0], [1.0, 1.0, 0.1]]
    assert script.paired(ours, peer) == {
        "ratio": 1.0, "low": 0.5, "high": 1.0, "rounds": 3,
    }  # fmt: skip
    with pytest.raises(ValueError, match="shorter"):
        script.paired(ours, peer[:2])


def test_originals_are_found_in_the_order_asked_for(script, tmp_path):
    from emolib.faces import to_canonical

    images = np.random.default_rng(0).integers(0, 256, (6, 48, 48), dtype=np.uint8)
    path = tmp_path / "fer2013_train.npz"
    names = np.array([*EMOTIONS, "neutral"])
    np.savez(path, images=images, labels=np.arange(6), label_names=names)
    asked = [4, 0, 5]
    made = np.stack([to_canonical(images[k]) for k in asked])
    assert (script.originals(path, made) == images[asked]).all()


def test_no_photographs_no_measurement(script, tmp_path, capsys):
    absent = str(tmp_path / "nowhere")
    assert script.main(["--peers-only", "--fer2013", absent]) == 2
    assert "make bench-peers FER2013=PATH" in capsys.readouterr().err


def test_processes_keep_the_protocol(script, tmp_path, crops, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(WORKERS))
    from protocol import serve

    sizes = []

    def classify(part: np.ndarray) -> np.ndarray:
        sizes.append(len(part))
        return np.zeros((len(part), 7))

    np.save(tmp_path / "crops.npy", crops)
    where = {"crops": str(tmp_path / "crops.npy")}
    answers = str(tmp_path / "answers.npy")
    orders = (
        {"do": "classify", **where, "answers": answers},
        {"do": "time", **where, "size": 2 * COUNT, "calls": 2},
    )
    lines = "".join(json.dumps(order) + "\n" for order in orders)
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    serve(classify)
    said, timed = map(json.loads, capsys.readouterr().out.splitlines())
    assert said == {"images": COUNT}
    assert np.load(answers).dtype == np.float32
    assert len(timed["ms"]) == 2
    assert sizes == [COUNT, 48, 48, 48]  # the first of three does not count
