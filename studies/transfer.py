"""Train on rendered faces, on photographs and on both, and see what carries over.

Two to three hours on two idle cores, resumable: what has been measured is kept in
``build/studies``, and each training continues from its checkpoint there. Everything is
measured on the tenth of FER2013's Training part that is held out, and on SynthFace's
validation people; PublicTest is not touched.

All trainings are short, and those with few photographs a quarter as long as the others:
they can be compared with each other, at one number of photographs, and not with the
network that ships.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, replace

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emolib.datasets import FaceDataset, load
from emolib.evaluation import evaluate
from emolib.files import write_json
from emolib.models import predict
from emolib.models._backend import keras
from emolib.recipes.real_faces import Stage, photographs, train_stage
from studies.study import Bench, Study

PICTURES = 160_000  # shown in one training
FEW = (500, 2000)  # photographs; these trainings are a quarter as long
BASE = Stage("real_cnn", ema_decay=0.99)
FINE_TUNING = 1e-3  # step size, a third of the usual one

#: What is changed in the recipe, one choice at a time. "as it is" learns from both.
CHOICES = {
    "no mixup": {"mixup": 0.0},
    "no label smoothing": {"label_smoothing": 0.0},
    "no strong augmentation": {"strong_share": 0.0},
    "a teacher": {"distillation_weight": 0.7},
}


def measure(bench: Bench) -> dict:
    """Train what is missing and measure it."""
    school = School(bench)
    path = bench.scratch / "rows.json"
    rows = json.loads(path.read_text())["rows"] if path.exists() else []
    for part in (transfer, choices):
        for seed in bench.settings["seeds"]:
            key = {"part": part.__name__, "seed": seed}
            if not any(key.items() <= row.items() for row in rows):
                rows += [key | row for row in part(school, seed)]
                write_json(path, {"rows": rows})
    people = len(np.unique(school.people.groups))
    return {
        "real": f"{len(school.real)} photographs of FER2013's Training part, held out "
        "by image, six emotions; interval over images",
        "rendered": f"{len(school.people)} apex frames of {people} SynthFace people; "
        "interval over people",
        "rows": rows,
    }


class School:
    """The data, and trainings that are remembered."""

    def __init__(self, bench: Bench):
        self.pictures = bench.settings["pictures"]
        self.train, validation = photographs(bench.fer2013)
        self.rendered = load("synthface").part("train")
        self.people = load("synthface").part("validation").apex()
        self.real = validation.labelled()
        self.watched = validation.subset(np.arange(0, len(validation), 10))
        self.build = bench.scratch

    def fit(
        self,
        name: str,
        seed: int,
        stage: Stage,
        train: FaceDataset,
        pictures: int,
        **networks: keras.Model,
    ) -> keras.Model:
        """Train for as many epochs as show `pictures` pictures.

        Nothing is chosen by the curves: a tenth of the validation images draws them.
        """
        epoch = stage.rendered + len(train) * stage.photographs
        stage = replace(stage, epochs=max(1, round(pictures / epoch)))
        key = hashlib.sha256(json.dumps([asdict(stage), len(train)]).encode())
        folder = self.build / f"{name.replace(' ', '-')}-{seed}-{key.hexdigest()[:8]}"
        print(f"{name}, seed {seed}: {stage.epochs} epochs", flush=True)
        run = train_stage(
            stage, train, self.watched, self.rendered, folder / "state.npz",
            seed=seed, **networks,
        )  # fmt: skip
        if run.history.interrupted:
            raise KeyboardInterrupt
        return run.model

    def row(
        self,
        name: str,
        shown: int,
        predict_proba: Callable[[np.ndarray], np.ndarray],
    ) -> dict:
        """Score answers on both kinds of faces."""
        line = {"name": name, "photographs": shown}
        for world, faces in (("real", self.real), ("rendered", self.people)):
            result = evaluate(faces.labels, predict_proba(faces.images), faces.groups)
            line[world] = result.accuracy
            line[f"{world}_interval"] = list(result.interval)
        print(f"  real {line['real']:.3f}, rendered {line['rendered']:.3f}", flush=True)
        return line


def transfer(school: School, seed: int) -> list[dict]:
    """Train on either kind of faces, on one after the other, and on frozen features."""
    rows, whole = [], len(school.train)

    def add(name: str, shown: int, model: keras.Model) -> keras.Model:
        rows.append(school.row(name, shown, lambda faces: predict(model, faces)))
        return model

    only = replace(BASE, photographs=False, rendered=len(school.rendered))
    first = school.fit("rendered", seed, only, school.train, school.pictures)
    add("rendered only", 0, first)
    features = _body(first)
    for count in (*FEW, whole):
        few = _some(school.train, count)
        length = school.pictures if count == whole else school.pictures // 4
        alone = replace(BASE, rendered=0)
        tuned = replace(alone, learning_rate=FINE_TUNING)
        for name, stage, start in (
            ("photographs only", alone, None),
            ("rendered, then photographs", tuned, first),
        ):
            model = school.fit(f"{name} {count}", seed, stage, few, length, start=start)
            add(name, count, model)
        known = few.labelled()
        head = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
        head.fit(predict(features, known.images), known.labels)

        def frozen(faces: np.ndarray, head=head) -> np.ndarray:
            return head.predict_proba(predict(features, faces))

        rows.append(school.row("rendered, frozen; new head", count, frozen))
    return rows


def choices(school: School, seed: int) -> list[dict]:
    """Both kinds of faces together, and what each part of the recipe adds."""
    rows, whole = [], len(school.train)
    teacher = None
    for name, change in {"both together": {}, **CHOICES}.items():
        stage = replace(BASE, **change)
        if stage.distillation_weight:
            wide = replace(BASE, architecture="wide_cnn")
            teacher = school.fit("wide", 0, wide, school.train, school.pictures)
        model = school.fit(
            name, seed, stage, school.train, school.pictures,
            teacher=teacher if stage.distillation_weight else None,
        )  # fmt: skip
        rows.append(school.row(name, whole, lambda faces, m=model: predict(m, faces)))
    return rows


def _body(model: keras.Model) -> keras.Model:
    """Return a network without its last layer."""
    return keras.Model(model.input, model.get_layer("average").output)


def _some(faces: FaceDataset, count: int) -> FaceDataset:
    """Return `count` of the photographs, the same ones for every seed."""
    order = np.random.default_rng(0).permutation(len(faces))
    return faces.subset(np.sort(order[:count]))


STUDY = Study(
    "transfer",
    measure,
    {
        "pictures": PICTURES,
        "few": FEW,
        "stage": asdict(BASE),
        "fine_tuning_rate": FINE_TUNING,
        "choices": CHOICES,
        "seeds": [0, 1, 2],
    },
    canary=("corpus", "crop", "augmentation", "real_cnn", "evaluation"),
    needs_fer2013=True,
    command="make results-transfer",
)
