"""What the files weigh that a page reads the networks from, and what rounding costs."""

import gzip

import numpy as np

from emolib.datasets import load
from emolib.evaluation import evaluate
from emolib.export import PRECISIONS, rounded, to_page
from emolib.models.inference import predict
from emolib.models.registry import load_model, model_card
from studies.study import Bench, Study
from studies.tables import row

NETWORKS = ("plain-cnn", "small-cnn", "synthface", "real-faces")


def measure(bench: Bench) -> dict:
    """Export each network in each precision, and ask it about the test people."""
    test = load("synthface").part("test").apex()
    rows = []
    for name in bench.settings["networks"]:
        model, card = load_model(name), model_card(name)
        trained = predict(model, test.images)
        for precision in bench.settings["precisions"]:
            text = to_page(model, precision, card).encode()
            with rounded(model, precision):
                answers = predict(model, test.images)
            result = evaluate(test.labels, answers, test.groups)
            moved = np.abs(answers - trained)
            more = {
                "precision": precision,
                "parameters": int(model.count_params()),
                "bytes": len(text),
                "bytes_gzip": len(gzip.compress(text, 9, mtime=0)),
                "largest_move": float(moved.max()),
                "mean_move": float(moved.mean()),
                "answers_changed": int(
                    (answers.argmax(axis=1) != trained.argmax(axis=1)).sum()
                ),
            }
            rows.append(row(name, None, result, **more))
    return {"images": len(test), "subjects": len(np.unique(test.groups)), "rows": rows}


STUDY = Study(
    "page-networks",
    measure,
    {"networks": NETWORKS, "precisions": list(PRECISIONS)},
    canary=("corpus", "evaluation", "shipped", "page"),
    data=(
        "synthface/corpus.json",
        *(f"models/{name}/weights.weights.h5" for name in NETWORKS),
    ),
    after=("by-subject-apex", "synthface-model"),
)
