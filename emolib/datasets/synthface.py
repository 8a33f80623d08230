"""SynthFace, the rendered corpus that ships with the course.

``make data`` renders it again, as ``data/synthface/difficulty.json`` says.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from emolib.datasets.corpus import read_corpus
from emolib.datasets.face_dataset import FaceDataset
from emolib.datasets.stills import RECORD as STILLS
from emolib.datasets.stills import read_stills
from emolib.paths import data_folder

if TYPE_CHECKING:
    from emolib.synthesis import Difficulty, Scene


def load(path: str | Path | None = None) -> FaceDataset:
    """Load SynthFace, the open twin of eNTERFACE'05, or the corpus folder at `path`.

    Rendered people who show six emotions in clips that rise from near neutral to an
    apex and fall again; subject, emotion, sentence and clip are those of eNTERFACE'05
    (Martin et al. 2006, doi:10.1109/ICDEW.2006.145). ``meta`` holds the ground truth of
    every frame: intensity, pose, occluder, eye positions, a column ``au_...`` for each
    action unit, and a ``split`` by subject. `path` may also be the large set of stills
    that ``make data-large`` renders into ``build/synthface-large``. A file that is
    missing, cut short or altered is a `DatasetError`.
    """
    folder = data_folder() / "synthface" if path is None else Path(path)
    return (read_stills if (folder / STILLS).is_file() else read_corpus)(folder)


def plan_path() -> Path:
    """Return where the frozen plan of the corpus is."""
    return data_folder() / "synthface" / "difficulty.json"


def read_plan(path: Path) -> "tuple[dict, Difficulty]":
    """Return a frozen plan, and the difficulty in it; needs the extra ``synthesis``."""
    from emolib.synthesis import Difficulty

    plan = json.loads(path.read_text(encoding="utf-8"))
    ranges = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in plan["difficulty"].items()
    }
    return plan, Difficulty(**ranges)


def scene_record(scene: "Scene", truth: dict) -> dict:
    """Return a table's columns about how a picture was taken, without seeds."""
    values = asdict(scene) | truth
    for name in ("background", "occluder_seed", "noise_seed"):
        del values[name]
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in values.items()
    }


def unit_record(expression: Mapping[str, float]) -> dict[str, float]:
    """Return a table's columns about the action units of a face."""
    from emolib.synthesis import UNITS

    return {f"au_{unit}": round(expression.get(unit, 0.0), 3) for unit in UNITS}
