"""Every model on the apex frames of people it has never seen.

The networks trained with seed 0 are the ones that ship.
"""

import numpy as np
from tqdm import tqdm

from emolib.datasets import load
from emolib.evaluation import evaluate
from emolib.export import add_onnx
from emolib.models.baselines import BASELINES, fit_baseline
from emolib.models.inference import predict
from emolib.models.registry import build, save_model
from emolib.recipes.cards import counts, teaching_card
from emolib.recipes.plain import NETWORKS
from studies.study import Bench, Study
from studies.tables import row


def measure(bench: Bench) -> dict:
    """Fit the baselines, train each network with each seed, test all of them."""
    dataset = load("synthface")
    test, apex = dataset.part("test").apex(), dataset.part("train").apex()
    rows = []
    for name in tqdm(bench.settings["baselines"], desc="baselines"):
        answers = fit_baseline(name, apex).predict_proba(test.images)
        rows.append(row(name, None, evaluate(test.labels, answers, test.groups)))
    for architecture, network in bench.settings["networks"].items():
        train = apex if network["frames"] == "apex" else dataset.part("train")
        sets = (train, dataset.part("validation").apex())
        for seed in bench.settings["seeds"]:
            model = build(architecture, seed)
            history = bench.train(model, seed, sets, network["fit"], architecture)
            result = evaluate(test.labels, predict(model, test.images), test.groups)
            more = {
                "parameters": int(model.count_params()),
                "best_epoch": history.best_epoch,
                "history": history.frame.round(4).to_dict(orient="list"),
            }
            rows.append(row(network["title"], seed, result, **more))
            if seed == 0:
                card = teaching_card(
                    network["title"],
                    architecture,
                    {"frames": network["frames"], **counts(*sets)},
                    {**network["fit"], "seed": seed, "command": STUDY.command},
                    result,
                )
                save_model(model, network["ships_as"], card)
                add_onnx(network["ships_as"])
    return {"images": len(test), "subjects": len(np.unique(test.groups)), "rows": rows}


STUDY = Study(
    "by-subject-apex",
    measure,
    {"networks": NETWORKS, "baselines": BASELINES, "seeds": [0, 1, 2]},
    canary=(
        "corpus", "crop", "augmentation", "plain_cnn", "small_cnn", "baselines",
        "evaluation",
    ),
    ships=("plain-cnn", "small-cnn"),
)  # fmt: skip
