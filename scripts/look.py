"""Look at real photographs: score a model on FER2013's PublicTest, and write it down.

Every look at real photographs makes the next choice a little less honest, so there
are `BUDGET` of them per model and each one is appended to ``data/results/looks.jsonl``.
Images that also occur in FER2013's Training part, and neutral ones, are left out.
``bench_peers.py`` takes its looks through here too.
"""

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from emolib.datasets import FaceDataset, load
from emolib.emotions import EMOTIONS
from emolib.evaluation import Evaluation, evaluate
from emolib.paths import data_folder
from emolib.recognizer import EmotionRecognizer

BUDGET = 3
SUREST = 0.8  # share of the images that get an answer
DATA = "FER2013 PublicTest, six classes, without duplicates of Training"


class LookError(ValueError):
    """All looks are taken."""


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


def journal() -> Path:
    """Return the file that holds the looks, one a line."""
    return data_folder() / "results" / "looks.jsonl"


def looks_left(model: str, weights: str) -> int:
    """Return how often a model may still be looked with.

    A look counts where it had the same name or, under another, the same weights
    (their sha256).

    Raises
    ------
    LookError
        If none is left.
    """
    lines = journal().read_text().splitlines() if journal().exists() else []
    taken = [
        look
        for look in map(json.loads, lines)
        if look["model"] == model or look["weights"] == weights
    ]
    if len(taken) >= BUDGET:
        raise LookError(f"{model}: all {BUDGET} looks are taken")
    return BUDGET - len(taken)


def take_look(
    model: str, weights: str, labels: np.ndarray, probabilities: np.ndarray
) -> Evaluation:
    """Score answers to `public_test`, and write that down before anybody sees it.

    Parameters
    ----------
    model, weights : str
        Name of the model, and sha256 of its weights as its card has it.
    labels : ndarray of int, (n,)
    probabilities : ndarray of float, (n, 6)

    Raises
    ------
    LookError
        If no look is left; nothing is scored then.
    """
    left = looks_left(model, weights)
    result = evaluate(labels, probabilities)
    look = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "model": model,
        "weights": weights,
        "data": DATA,
        "images": result.n,
        "accuracy": result.accuracy,
        "interval_over_images": list(result.interval),  # optimistic: no subjects
        "recall": result.per_class["recall"].round(4).to_dict(),
        "calibration_error": result.calibration_error,
        "accuracy_of_surest": {
            "share": SUREST,
            "accuracy": surest(labels, probabilities),
        },
    }
    journal().parent.mkdir(parents=True, exist_ok=True)
    with journal().open("a") as file:
        file.write(json.dumps(look) + "\n")
    print(f"look {BUDGET - left + 1} of {BUDGET}: {model}, {DATA}")
    return result


def surest(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the accuracy over the `SUREST` images with the largest probabilities."""
    top = probabilities.max(axis=1)
    kept = np.argsort(-top, kind="stable")[: round(SUREST * len(top))]
    return float((probabilities[kept].argmax(axis=1) == labels[kept]).mean())


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
    recognizer = EmotionRecognizer(options.model)
    name, weights = Path(options.model).name, recognizer.card.sha256
    try:
        looks_left(name, weights)
        faces = public_test(options.path)
        answers = recognizer.predict_proba(faces.images)
        result = take_look(name, weights, faces.labels, answers)
    except LookError as error:
        print(error, file=sys.stderr)
        return 2
    print(result)
    print("\nrows: the label; columns: the answer")
    print(pd.DataFrame(result.confusion, index=EMOTIONS, columns=EMOTIONS).to_string())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
