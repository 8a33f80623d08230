"""Train on rendered faces, on photographs and on both, and see what carries over.

Run as ``make results-transfer FER2013=PATH``: two to three hours on two idle cores,
resumable. Rows that ``data/results/transfer.json`` has from the same settings, versions
and number of faces are kept (delete the file to measure everything anew), and each
training continues from its checkpoint in ``build/transfer``. Everything is measured on
the tenth of FER2013's Training part that is held out, and on SynthFace's validation
people; PublicTest is not touched.

All trainings are short, and those with few photographs a quarter as long as the others:
they can be compared with each other, at one number of photographs, and not with the
network that ships.
"""

import argparse
import hashlib
import json
import platform
import sys
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
from records import write_json
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emolib.datasets import DatasetError, FaceDataset, load
from emolib.evaluation import evaluate
from emolib.models import predict
from emolib.models._backend import keras
from emolib.paths import data_folder
from emolib.recipes.real_faces import Stage, photographs, train_stage
from emolib.training import TrainingError

SEEDS = 3
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


def main(arguments: list[str] | None = None) -> int:
    """Train what is missing, measure and write; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--fer2013", type=Path, required=True, help="its path")
    parser.add_argument("--pictures", type=int, default=PICTURES, help="to try out")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    options = parser.parse_args(arguments)
    path = data_folder() / "results/transfer.json"
    try:
        bench = Bench(options.fer2013, options.pictures)
        rows = bench.known(path)
        for part in (transfer, choices):
            for seed in range(options.seeds):
                key = {"part": part.__name__, "seed": seed}
                if any(key.items() <= row.items() for row in rows):
                    continue
                rows += [key | row for row in part(bench, seed)]
                write_json(path, bench.record(rows))
    except (DatasetError, TrainingError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


class Bench:
    """The data, and trainings that are remembered."""

    def __init__(self, fer2013: Path, pictures: int):
        self.pictures = pictures
        self.train, validation = photographs(fer2013)
        self.rendered = load("synthface").part("train")
        self.people = load("synthface").part("validation").apex()
        self.real = validation.labelled()
        self.watched = validation.subset(np.arange(0, len(validation), 10))
        self.build = data_folder().parent / "build" / "transfer"

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

    def row(self, name: str, shown: int, predict_proba) -> dict:
        """Score answers on both kinds of faces."""
        line = {"name": name, "photographs": shown}
        for world, faces in (("real", self.real), ("rendered", self.people)):
            result = evaluate(faces.labels, predict_proba(faces.images), faces.groups)
            line[world] = result.accuracy
            line[f"{world}_interval"] = list(result.interval)
        print(f"  real {line['real']:.3f}, rendered {line['rendered']:.3f}", flush=True)
        return line

    def known(self, path: Path) -> list[dict]:
        """Return the rows of a file that is like this run's in everything else."""
        if not path.exists():
            return []
        old = json.loads(path.read_text(encoding="utf-8"))
        rows = old["results"]["rows"]
        return rows if old == json.loads(json.dumps(self.record(rows))) else []

    def record(self, rows: list[dict]) -> dict:
        """Return what is written."""
        packages = ("numpy", "scikit-learn", "tensorflow", "keras")
        return {
            "command": "make results-transfer",
            "config": {
                "pictures": self.pictures,
                "few": FEW,
                "stage": asdict(BASE),
                "fine_tuning_rate": FINE_TUNING,
                "choices": CHOICES,
            },
            "versions": {
                "python": platform.python_version(),
                **{name: version(name) for name in packages},
            },
            "results": {
                "real": f"{len(self.real)} photographs of FER2013's Training part, "
                "held out by image, six emotions; interval over images",
                "rendered": f"{len(self.people)} apex frames of "
                f"{len(np.unique(self.people.groups))} SynthFace people; interval over "
                "people",
                "rows": rows,
            },
        }


def transfer(bench: Bench, seed: int) -> list[dict]:
    """Rendered only, photographs only, both, one after the other, and frozen."""
    rows, whole = [], len(bench.train)

    def add(name: str, shown: int, model: keras.Model) -> keras.Model:
        rows.append(bench.row(name, shown, lambda faces: predict(model, faces)))
        return model

    only = replace(BASE, photographs=False, rendered=len(bench.rendered))
    first = bench.fit("rendered", seed, only, bench.train, bench.pictures)
    add("rendered only", 0, first)
    features = _body(first)
    for count in (*FEW, whole):
        few = _some(bench.train, count)
        length = bench.pictures if count == whole else bench.pictures // 4
        alone = replace(BASE, rendered=0)
        tuned = replace(alone, learning_rate=FINE_TUNING)
        for name, stage, start in (
            ("photographs only", alone, None),
            ("rendered, then photographs", tuned, first),
        ):
            model = bench.fit(f"{name} {count}", seed, stage, few, length, start=start)
            add(name, count, model)
        known = few.labelled()
        head = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
        head.fit(predict(features, known.images), known.labels)

        def frozen(faces: np.ndarray, head=head) -> np.ndarray:
            return head.predict_proba(predict(features, faces))

        rows.append(bench.row("rendered, frozen; new head", count, frozen))
    return rows


def choices(bench: Bench, seed: int) -> list[dict]:
    """Both kinds of faces together, and what each part of the recipe adds."""
    rows, whole = [], len(bench.train)
    teacher = None
    for name, change in {"both together": {}, **CHOICES}.items():
        stage = replace(BASE, **change)
        if stage.distillation_weight:
            wide = replace(BASE, architecture="wide_cnn")
            teacher = bench.fit("wide", 0, wide, bench.train, bench.pictures)
        model = bench.fit(
            name, seed, stage, bench.train, bench.pictures,
            teacher=teacher if stage.distillation_weight else None,
        )  # fmt: skip
        rows.append(bench.row(name, whole, lambda faces, m=model: predict(m, faces)))
    return rows


def _body(model: keras.Model) -> keras.Model:
    """Return a network without its last layer."""
    return keras.Model(model.input, model.get_layer("average").output)


def _some(faces: FaceDataset, count: int) -> FaceDataset:
    """Return `count` of the photographs, the same ones for every seed."""
    order = np.random.default_rng(0).permutation(len(faces))
    return faces.subset(np.sort(order[:count]))


if __name__ == "__main__":
    raise SystemExit(main())
