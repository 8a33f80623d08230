"""Look at real photographs: score a model on FER2013's PublicTest, and write it down.

Every look at real photographs makes the next choice a little less honest, so there
are `BUDGET` of them per model and each one is appended to ``data/results/looks.jsonl``.
Images that also occur in FER2013's Training part, and neutral ones, are left out.
"""

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from emolib.datasets import FaceDataset, load
from emolib.emotions import EMOTIONS
from emolib.evaluation import evaluate
from emolib.paths import data_folder
from emolib.recognizer import EmotionRecognizer

BUDGET = 3


def public_test(path: Path) -> FaceDataset:
    """Load the six classes of PublicTest without what Training holds too.

    `path` is what ``load("fer2013", path)`` takes, or the npz file of PublicTest with
    that of Training beside it.
    """
    whole = path.parent if path.suffix == ".npz" else path
    # neutral ones leave last: a copy may be called neutral in Training
    faces = load("fer2013", whole, drop_duplicates=True)
    faces.part("train")  # without it no duplicate could have been found
    return faces.part("validation").labelled()


def looks_so_far(journal: Path, model: str) -> list[dict]:
    """Return the looks that were taken with a model."""
    lines = journal.read_text().splitlines() if journal.exists() else []
    return [one for one in map(json.loads, lines) if one["model"] == model]


def commit() -> str:
    """Name the commit that is looked with; "+" marks changes on top of it."""
    command = ["git", "describe", "--always", "--abbrev=12", "--dirty=+"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=data_folder())
    return done.stdout.strip() or "unknown"


def main(arguments: list[str] | None = None) -> int:
    """Take one look; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("path", type=Path, help="FER2013 with Training and PublicTest")
    parser.add_argument("--model", default="synthface")
    options = parser.parse_args(arguments)
    journal = data_folder() / "results" / "looks.jsonl"
    taken = looks_so_far(journal, options.model)
    if len(taken) >= BUDGET:
        print(f"{options.model}: all {BUDGET} looks are taken", file=sys.stderr)
        return 2
    recognizer = EmotionRecognizer(options.model)
    faces = public_test(options.path)
    result = evaluate(faces.labels, recognizer.predict_proba(faces.images))
    look = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "model": options.model,
        "weights": recognizer.card["sha256"],
        "data": "FER2013 PublicTest, six classes, without duplicates of Training",
        "images": result.n,
        "accuracy": result.accuracy,
        "interval_over_images": list(result.interval),  # optimistic: no subjects
        "recall": result.per_class["recall"].round(4).to_dict(),
    }
    journal.parent.mkdir(parents=True, exist_ok=True)
    with journal.open("a") as file:  # before anybody sees the figure
        file.write(json.dumps(look) + "\n")
    print(f"look {len(taken) + 1} of {BUDGET}: {options.model}, {look['data']}")
    print(result)
    print("\nrows: the label; columns: the answer")
    print(pd.DataFrame(result.confusion, index=EMOTIONS, columns=EMOTIONS).to_string())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
