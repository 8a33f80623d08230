"""Evaluate a model on FER2013's PublicTest: rationed, and written down.

Every evaluation on test photographs makes the next choice a little less honest. So a
model has `BUDGET` of them, and each is appended to
``data/results/public-test.jsonl``. Images that also occur in FER2013's Training part,
and neutral ones, are left out. The comparison with peers counts as one, too.

    python -m studies.public_test PATH --model real-faces
"""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from emolib.datasets import FaceDataset, load
from emolib.emotions import EMOTIONS
from emolib.errors import EmolibError
from emolib.evaluation import Evaluation, evaluate
from emolib.paths import data_folder
from emolib.recognizer import EmotionRecognizer
from studies.study import commit

BUDGET = 3
SUREST = 0.8  # share of the images that get an answer
DATA = "FER2013 PublicTest, six classes, without duplicates of Training"


class BudgetError(EmolibError, ValueError):
    """A model has had all its evaluations."""


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
    """Return the file that holds the evaluations, one a line."""
    return data_folder() / "results" / "public-test.jsonl"


def evaluations_left(model: str, weights: str) -> int:
    """Return how often a model may still be evaluated.

    An evaluation counts where the model had the same name or, under another, the same
    weights (their SHA-256).

    Raises
    ------
    BudgetError
        If none is left.
    """
    lines = journal().read_text().splitlines() if journal().exists() else []
    had = [
        one
        for one in map(json.loads, lines)
        if one["model"] == model or one["weights"] == weights
    ]
    if len(had) >= BUDGET:
        raise BudgetError(
            f"{model} has had all {BUDGET} evaluations on PublicTest; measure it on "
            "photographs that no choice was made by."
        )
    return BUDGET - len(had)


def evaluate_once(
    model: str, weights: str, labels: np.ndarray, probabilities: np.ndarray
) -> Evaluation:
    """Score answers to `public_test`, and write that down before it is shown.

    Parameters
    ----------
    model, weights : str
        Name of the model, and sha256 of its weights as its card has it.
    labels : ndarray of int, (n,)
    probabilities : ndarray of float, (n, 6)

    Raises
    ------
    BudgetError
        If no evaluation is left; nothing is scored then.
    """
    left = evaluations_left(model, weights)
    result = evaluate(labels, probabilities)
    record = {
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
        file.write(json.dumps(record) + "\n")
    print(f"evaluation {BUDGET - left + 1} of {BUDGET}: {model}, {DATA}")
    return result


def surest(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the accuracy over the `SUREST` images with the largest probabilities."""
    top = probabilities.max(axis=1)
    kept = np.argsort(-top, kind="stable")[: round(SUREST * len(top))]
    return float((probabilities[kept].argmax(axis=1) == labels[kept]).mean())


def main(arguments: list[str] | None = None) -> int:
    """Evaluate once; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("path", type=Path, help="FER2013 with Training and PublicTest")
    parser.add_argument("--model", default="synthface")
    options = parser.parse_args(arguments)
    recognizer = EmotionRecognizer(options.model)
    name, weights = Path(options.model).name, recognizer.card.sha256
    try:
        evaluations_left(name, weights)
        faces = public_test(options.path)
        answers = recognizer.predict_proba(faces.images)
        result = evaluate_once(name, weights, faces.labels, answers)
    except BudgetError as error:
        print(error, file=sys.stderr)
        return 2
    print(result)
    print("\nrows: the label; columns: the answer")
    print(pd.DataFrame(result.confusion, index=EMOTIONS, columns=EMOTIONS).to_string())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
