"""The canary notices what matters and nothing else: edits planted on a copy.

Each is a line of today's code with another in its place. If a line is not found any
more, plant another edit of the same kind.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from studies.canary import PARTS, RAISED, canary, differences
from studies.study import recorded_canary

ROOT = Path(__file__).resolve().parents[2]

#: Nothing that the package computes depends on these.
HARMLESS = (
    # a local renamed
    ("datasets/splits.py", "members", "everyone"),
    # a type hint
    ("training/loop.py", "progress: bool = True", "progress: object = True"),
    # another error text
    ("datasets/corpus.py", "is missing", "was not found"),
    # a comment
    ("faces/crop.py", "# sample finely, then shrink", "# finely, then shrink"),
    # a helper that nothing uses
    ("models/cnn.py", "\nlayers, ops =", "\n_SPARE = list(range(3))\nlayers, ops ="),
)

#: What differs afterwards, and a part that does not.
HARMFUL = {
    "the eye line moves": (
        ("faces/crop.py", "eye_line=0.37", "eye_line=0.42"), {"crop"}, {"splits"},
    ),
    "the crop has fewer pixels": (
        ("faces/crop.py", "size=64", "size=48"), {"crop", "corpus"}, {"evaluation"},
    ),
    "two classes swap their names": (
        ("emotions.py", '"fear"', '"frightened"'), {"corpus"}, {"crop"},
    ),
    "light is a third as strong": (
        (
            "synthesis/renderer.py", "(scene.light_contrast",
            "(scene.light_contrast / 3",
        ),
        {"rendering"}, {"crop"},
    ),
    "networks draw other first weights": (
        ("models/registry.py", "builder(seed)", "builder(seed + 1)"),
        {"plain_cnn"}, {"crop"},
    ),
}  # fmt: skip


def planted(tmp_path, *edits) -> Path:
    """A copy of the package and the studies with some lines changed."""
    for name in ("emolib", "studies"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for file, old, new in edits:
        path = tmp_path / "emolib" / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} holds no {old!r}: plant another edit"
        path.write_text(text.replace(old, new), encoding="utf-8")
    return tmp_path


def readings(folder: Path, parts) -> dict:
    code = (
        "import json, sys; from studies.canary import canary; "
        "json.dump(canary(sys.argv[1:]), sys.stdout)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *parts], cwd=folder, text=True, check=True,
        stdout=subprocess.PIPE,
        env=os.environ | {"EMOLIB_DATA": f"{ROOT}/data", "PYTHONPATH": str(folder)},
    )  # fmt: skip
    return json.loads(done.stdout)


def changed(before: dict, now: dict) -> set[str]:
    return {part for part in now if differences(before[part], now[part])}


def test_harmless_edits_change_nothing(tmp_path):
    now = readings(planted(tmp_path, *HARMLESS), PARTS)
    assert changed(recorded_canary(PARTS), now) == set()


@pytest.mark.parametrize("name", HARMFUL)
def test_a_harmful_edit_changes_its_part(tmp_path, name):
    edit, hit, spared = HARMFUL[name]
    now = readings(planted(tmp_path, edit), hit | spared)
    assert changed(recorded_canary(hit | spared), now) == hit


def test_numbers_are_compared_with_a_tolerance_and_texts_without():
    assert differences({"a": 1.0, "b": "x"}, {"a": 1.001, "b": "x"}) == []
    assert differences({"a": 1.0}, {"a": 1.02}) == ["a: 1.02, was 1.0"]
    assert differences({"n": 3}, {"n": 4}) == ["n: 4, was 3"]
    assert differences({"b": "x"}, {"b": "y", "c": 1}) == [
        "b: y, was x", "c: 1, was nothing",
    ]  # fmt: skip
    assert differences({"a": 1.0}, {"a": float("nan")})


def test_a_part_that_fails_is_a_part_that_differs(monkeypatch):
    def fail():
        raise KeyError("eyes")

    monkeypatch.setitem(PARTS, "crop", fail)
    assert canary(["crop"]) == {"crop": {RAISED: "KeyError: 'eyes'"}}
