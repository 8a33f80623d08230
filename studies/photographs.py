"""What the networks make of photographs: the figures of the chapter on real faces.

Everything is measured on the tenth of FER2013's Training part that the weights were
chosen by, never on PublicTest: shares, counts and positions of points, no picture.
About two minutes.
"""

from collections import defaultdict
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emolib.datasets import FaceDataset, load
from emolib.emotions import EMOTIONS
from emolib.evaluation import evaluate, paired_bootstrap, reliability
from emolib.models import load_model, model_card, predict, predict_both_ways
from emolib.models._backend import keras
from emolib.recipes.real_faces import photographs
from studies.study import Bench, Study

NETWORKS = ("synthface", "real-faces")
EACH = 60  # faces of each emotion in the picture of the gap, rendered and real
COVERAGES = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2]


def measure(bench: Bench) -> dict:
    """Measure the gap between both kinds of faces, mirror images, labels, doubt."""
    _, real = photographs(bench.fer2013)
    rendered = load("synthface").part("validation").apex()
    return {
        "photographs": f"{len(real)} of FER2013's Training part, the tenth that the "
        "weights were chosen by, neutral ones among them; duplicates removed; "
        "nobody knows who is in which",
        "rendered": f"{len(rendered)} apex frames of SynthFace's validation people",
        "gap": [gap(name, rendered, real) for name in NETWORKS],
        "mirror": {
            "rendered": mirror(rendered),
            "photographs": mirror(real.labelled()),
        },
        "labels": labels(bench.fer2013, real),
        "doubt": doubt(real),
    }


def gap(name: str, rendered: FaceDataset, real: FaceDataset) -> dict:
    """Where a network puts rendered and real faces, and how far these are apart.

    Returns
    -------
    dict
        ``accuracy`` on either kind; ``told_apart``, the share that logistic regression
        on the features sorts rightly into rendered and real (half is guessing);
        ``points``, the first two principal components.
    """
    model = load_model(name)
    features = keras.Model(model.input, model.get_layer("average").output)
    worlds = {"rendered": rendered, "photographs": real.labelled()}
    accuracy = {
        world: evaluate(faces.labels, predict(model, faces.images)).accuracy
        for world, faces in worlds.items()
    }
    few = {world: _balanced(faces) for world, faces in worlds.items()}
    found = np.concatenate([predict(features, faces.images) for faces in few.values()])
    is_real = np.repeat([False, True], [len(faces) for faces in few.values()])
    judge = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    sorted_as = cross_val_predict(judge, found, is_real, cv=5)
    places = PCA(2, random_state=0).fit_transform(StandardScaler().fit_transform(found))
    points = {
        world: {
            "labels": faces.labels.tolist(),
            "places": places[is_real == (world == "photographs")].round(2).tolist(),
        }
        for world, faces in few.items()
    }
    return {
        "name": name,
        "accuracy": accuracy,
        "told_apart": float((sorted_as == is_real).mean()),
        "points": points,
    }


def _balanced(faces: FaceDataset) -> FaceDataset:
    """Return as many faces of each emotion."""
    rng = np.random.default_rng(0)
    chosen = [
        rng.permutation(np.flatnonzero(faces.labels == k))[:EACH]
        for k in range(len(EMOTIONS))
    ]
    return faces.subset(np.concatenate(chosen))


def mirror(faces: FaceDataset) -> dict:
    """Measure the gain of averaging the answers to a picture and its mirror image.

    Returns
    -------
    dict
        ``same``, how often both get the same label; ``alone`` and ``mean``, accuracy of
        the single answer and of the mean; ``better_by``, the gain and its 95 % interval
        over images.
    """
    model = load_model("real-faces")
    there, back = (predict(model, faces.images[:, :, ::step]) for step in (1, -1))
    mean = predict_both_ways(model, faces.images)
    gain = paired_bootstrap(faces.labels, there, mean)
    return {
        "same": float((there.argmax(axis=1) == back.argmax(axis=1)).mean()),
        "alone": evaluate(faces.labels, there).accuracy,
        "mean": evaluate(faces.labels, mean).accuracy,
        "better_by": [gain.difference, *gain.interval],
    }


def labels(path: Path, real: FaceDataset) -> dict:
    """How often FER2013 contradicts itself, and the network FER2013."""
    whole = load("fer2013", path).part("train")
    copies = defaultdict(list)
    for image, label in zip(whole.images, whole.labels, strict=True):
        copies[image.tobytes()].append(label)
    several = [given for given in copies.values() if len(given) > 1]
    known = real.labelled()
    shares = predict_both_ways(load_model("real-faces"), known.images)
    top, answer = shares.max(axis=1), shares.argmax(axis=1)
    sure = top >= 0.9
    return {
        "training_images": len(whole),
        "pictures_several_times": len(several),
        "of_these_with_two_labels": sum(len(set(given)) > 1 for given in several),
        "sure_from": 0.9,
        "sure": int(sure.sum()),
        "sure_and_contradicted": int((sure & (answer != known.labels)).sum()),
        "confusion": evaluate(known.labels, shares).confusion.tolist(),
    }


def doubt(real: FaceDataset) -> dict:
    """Leave out doubtful answers: what accuracy and neutral faces gain by it."""
    card = model_card("real-faces")
    shares = predict_both_ways(load_model("real-faces"), real.images)
    known = real.labels >= 0
    top = shares.max(axis=1)
    right = shares.argmax(axis=1) == real.labels
    curve = []
    for coverage in COVERAGES:
        threshold = np.quantile(top[known], 1 - coverage)
        answered = known & (top >= threshold)
        curve.append(
            {
                "coverage": coverage,
                "threshold": round(float(threshold), 4),
                "accuracy": float(right[answered].mean()),
                "neutral_answered": float((top[~known] >= threshold).mean()),
            }
        )
    bins = reliability(real.labels[known], shares[known])
    edges = {
        side: [getattr(one, side) for one in bins["bin"]] for side in ("left", "right")
    }
    bins = bins.drop(columns="bin").assign(**edges).round(4)
    return {
        "unsure_below": card.unsure_below,
        "curve": curve,
        "calibration_error": evaluate(
            real.labels[known], shares[known]
        ).calibration_error,
        "reliability": bins.to_dict(orient="list"),
    }


STUDY = Study(
    "photographs",
    measure,
    {"networks": NETWORKS, "faces_each": EACH, "coverages": COVERAGES},
    canary=("corpus", "crop", "shipped", "evaluation"),
    data=(
        "synthface/corpus.json",
        *(f"models/{name}/weights.weights.h5" for name in NETWORKS),
    ),
    needs_fer2013=True,
    command="make results-photographs",
)
