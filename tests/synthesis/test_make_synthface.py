import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from emolib.datasets import load
from emolib.paths import data_folder

SCRIPTS = Path(__file__).parents[2] / "scripts"


def command(output, plan, script="make_synthface.py"):
    options = ["--output", str(output), "--plan", str(plan), "--processes", "1"]
    return [sys.executable, str(SCRIPTS / script), *options]


def interrupt(command, sign):
    """Start a command, press Ctrl-C when `sign` shows, return its last words."""
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # a job in the background of a script ignores Ctrl-C, and so do its children
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    shown = ""
    while sign not in shown and process.poll() is None:
        shown += process.stderr.read(1)
    os.killpg(process.pid, signal.SIGINT)
    _, message = process.communicate(timeout=60)
    assert process.returncode == 1, shown + message
    return message


@pytest.fixture
def plan(tmp_path):
    frozen = json.loads((data_folder() / "synthface/difficulty.json").read_text())
    frozen |= {"sentences": 1, "frames": 3}
    frozen["split"] = {"train": 1, "validation": 1, "test": 1}
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(frozen))
    return path


def test_a_corpus_is_made_and_an_interruption_leaves_it_whole(tmp_path, plan):
    output = tmp_path / "corpus"
    subprocess.run(command(output, plan), check=True, capture_output=True)
    faces = load("synthface", output)
    assert len(faces) == 3 * 6 * 3
    assert faces.meta["split"].nunique() == 3

    before = {path.name: path.read_bytes() for path in output.glob("*.*")}
    longer = json.loads(plan.read_text()) | {"sentences": 40}
    plan.write_text(json.dumps(longer))
    message = interrupt(command(output, plan), "0/3")  # rendering has begun
    assert "is as it was" in message
    assert {path.name: path.read_bytes() for path in output.glob("*.*")} == before
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_large_set_is_made_and_an_interruption_leaves_it_whole(tmp_path):
    frozen = json.loads((data_folder() / "synthface/large.json").read_text())
    plan = tmp_path / "plan.json"
    small = {"split": {"train": 2, "validation": 1}, "stills": 8}
    plan.write_text(json.dumps(frozen | small))
    output = tmp_path / "large"
    making = command(output, plan, "make_large.py")
    subprocess.run(making, check=True, capture_output=True)
    faces = load("synthface", output)
    assert len(faces) == 24
    assert len(set(faces.groups)) == 3
    assert set(faces.part("train").groups).isdisjoint(faces.part("validation").groups)
    assert ((faces.meta["intensity"] == 0) == (faces.labels == -1)).all()
    assert faces.meta["occluder"].notna().all()
    before = {path.name: path.read_bytes() for path in output.iterdir()}
    plan.write_text(json.dumps(frozen))
    message = interrupt(making, "0/2400")
    assert "is as it was" in message
    assert {path.name: path.read_bytes() for path in output.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["large", "plan.json"]


def test_people_of_the_large_set_are_nobody_else():
    folder = data_folder() / "synthface"
    large = json.loads((folder / "large.json").read_text())
    corpus = json.loads((folder / "difficulty.json").read_text())
    people = sum(large["split"].values())
    assert people >= 1000
    assert people * large["stills"] >= 20_000
    assert corpus["first_seed"] + sum(corpus["split"].values()) < large["first_seed"]
    assert large["first_seed"] > 900_000 + 10_000  # where resting faces are drawn
    assert sum(kind["share"] for kind in large["intensity"]) == pytest.approx(1)
