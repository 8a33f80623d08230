import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emolib.datasets import load
from emolib.paths import data_folder

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_synthface.py"


def command(output, plan):
    options = ["--output", str(output), "--plan", str(plan), "--processes", "1"]
    return [sys.executable, str(SCRIPT), *options]


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
    process = subprocess.Popen(
        command(output, plan), stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    shown = ""
    while "0/3" not in shown:  # the progress bar: rendering has begun
        shown += process.stderr.read(1)
    os.killpg(process.pid, signal.SIGINT)
    _, message = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "is as it was" in message
    assert {path.name: path.read_bytes() for path in output.glob("*.*")} == before
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []
