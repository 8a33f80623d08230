"""The model that ships as ``synthface``: three seeds, the best by validation.

Validation people are those of the large set: nothing here sees a photograph. Needs
``make data-large``; about an hour.
"""

import json
from pathlib import Path

import numpy as np

from emolib.datasets import FaceDataset, load
from emolib.evaluation import accuracy_by, evaluate
from emolib.export import add_onnx
from emolib.files import sha256
from emolib.models.inference import predict_both_ways
from emolib.models.registry import build, save_model
from emolib.paths import data_folder
from emolib.recipes.cards import counts, synthface_card
from emolib.recipes.synthface import SYNTHFACE
from studies.resting_faces import resting_faces
from studies.study import Bench, Study, StudyError
from studies.tables import row

PLAN = Path("synthface") / "large.json"


def measure(bench: Bench) -> dict:
    """Train, choose, ship, and measure on the corpus."""
    settings, large = bench.settings, large_set()
    sets = (large.part("train"), large.part("validation"))
    test = load("synthface").part("test").apex()
    resting = resting_faces(settings["resting_faces"])
    rows, networks = [], []
    for seed in settings["seeds"]:
        network = build(settings["network"]["architecture"], seed)
        recipe = settings["network"]["fit"]
        history = bench.train(network, seed, sets, recipe, "synthface")
        best = history.frame.set_index("epoch").loc[history.best_epoch]
        shares = predict_both_ways(network, test.images)
        tops = predict_both_ways(network, resting).max(axis=1)
        more = {
            "validation_loss": float(best["val_loss"]),
            "validation_accuracy": float(best["val_accuracy"]),
            "by_occlusion": by_occlusion(test, shares),
            "neutral_median_top_probability": float(np.median(tops)),
            "best_epoch": history.best_epoch,
            "history": history.frame.round(4).to_dict(orient="list"),
        }
        result = evaluate(test.labels, shares, test.groups)
        rows.append(row("synthface", seed, result, **more))
        networks.append(network)
    chosen = int(np.argmin([one["validation_loss"] for one in rows]))
    recipe = {**settings["network"]["fit"], "command": STUDY.command}
    card = synthface_card(counts(*sets), recipe, rows, chosen)
    save_model(networks[chosen], "synthface", card)
    add_onnx("synthface")
    return {
        "images": len(test),
        "subjects": len(np.unique(test.groups)),
        "neutral_faces": len(resting),
        "training_images": len(sets[0]),
        "training_subjects": len(np.unique(sets[0].groups)),
        "parameters": int(networks[chosen].count_params()),
        "chosen_seed": rows[chosen]["seed"],
        "rows": rows,
    }


def large_set() -> FaceDataset:
    """Load the large set of stills, if it is there and is that of the frozen plan.

    Raises
    ------
    StudyError
        If it is not.
    """
    folder = data_folder().parent / "build" / "synthface-large"
    if not folder.is_dir():
        raise StudyError(f"{folder} does not exist; run `make data-large` first.")
    large = load("synthface", folder)
    if large.meta.attrs.get("plan_sha256") != sha256(data_folder() / PLAN):
        raise StudyError(
            f"{folder} was made from another plan than {PLAN.name}: run "
            "`make data-large` again."
        )
    return large


def by_occlusion(test: FaceDataset, shares: np.ndarray) -> list[dict]:
    """Accuracy without and with something before the face, and by what it is.

    Parameters
    ----------
    test : FaceDataset
        Of SynthFace, n images.
    shares : ndarray of float, (n, 6)
        Probabilities.
    """
    kinds = test.meta["occluder"].to_numpy()
    covered = np.where(kinds == "none", "nothing", "anything")
    rows = []
    for values in (covered, kinds):
        table = accuracy_by(values, test.labels, shares, groups=test.groups)
        rows += json.loads(table.round(6).to_json(orient="records"))
    return [one for one in rows if one["bin"] != "none"]  # that is "nothing"


STUDY = Study(
    "synthface-model",
    measure,
    {"network": SYNTHFACE, "resting_faces": 100, "seeds": [0, 1, 2]},
    canary=(
        "corpus", "crop", "augmentation", "contrast_cnn", "rendering", "evaluation",
    ),
    data=("synthface/corpus.json", "synthface/large.json"),
    ships=("synthface",),
)  # fmt: skip
