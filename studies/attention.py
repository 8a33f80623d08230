"""What attention brings to a small network, at equal parameters and multiply-adds.

Each kind of attention is put into the small CNN, whose stages are made narrower so that
it costs the same; a vision transformer of that size stands beside them. Measured on
people nobody has learnt from, with and without something before the face; where the
networks attend is held against what their answers depend on. About an hour on two
cores; each training is kept.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from scipy.stats import rankdata

from emolib.datasets import FaceDataset, load
from emolib.evaluation import evaluate
from emolib.explain import grad_cam, occlusion_sensitivity
from emolib.export import to_onnx
from emolib.models import predict
from emolib.models.registry import build
from emolib.onnx_session import open_session
from emolib.recipes.plain import NETWORKS
from emolib.training import augment, fit
from emolib.training.checkpoint import digest_of_faces
from emolib.training.targets import targets_of
from studies.robustness import chosen, rendered
from studies.seeds import better_by, over_seeds
from studies.study import Bench, Study
from studies.synthface_model import large_set
from studies.tables import row

#: Name in the book -> architecture. All learn with the recipe of the small CNN; its
#: step size was also the best of three for the transformer, on validation people.
ATTENTION = {
    "small CNN": "small_cnn",
    "squeeze and excitation": "se_cnn",
    "CBAM": "cbam_cnn",
    "self-attention": "self_attention_cnn",
    "attention pooling": "attention_pooling_cnn",
    "vision transformer": "vision_transformer",
}
#: Epochs that take about as long as twelve of the small CNN.
AS_LONG = {"squeeze and excitation": 10, "CBAM": 9, "self-attention": 10}
TESTS: dict[str, dict] = {
    "nothing worn": {"occluder": "none"},
    "mask": {"occluder": "mask"},
    "hand": {"occluder": "hand"},
    "sunglasses": {"occluder": "sunglasses"},
}
#: Layers whose attention is over places, by architecture.
OVER_PLACES = {
    "cbam_cnn": "stage2_attention_places",
    "self_attention_cnn": "attention",
    "attention_pooling_cnn": "average",
    "vision_transformer": "look3",
}
#: Layers whose attention can be replaced by another one, at the end of training.
REPLACEABLE = {
    "se_cnn": ["stage1_attention", "stage2_attention"],
    "cbam_cnn": [
        "stage1_attention_channels", "stage1_attention_places",
        "stage2_attention_channels", "stage2_attention_places",
    ],
    "attention_pooling_cnn": ["average"],
}  # fmt: skip
#: Parts of a face in the map of 8 x 8 places: rows.
REGIONS = {"brows and eyes": (2, 4), "nose": (4, 5), "mouth": (5, 8)}


def measure(bench: Bench) -> dict:
    """Train, test, time and look into every network."""
    settings, dataset = bench.settings, load("synthface")
    sets = dataset.part("train"), dataset.part("validation").apex()
    test, frames = dataset.part("test").apex(), chosen(settings["people"])
    covered = rendered(bench, frames, "test faces", settings["tests"])
    pictures = {"as they come": test, **covered}
    recipe = NETWORKS["small_cnn"]["fit"]
    models: dict[str, list[keras.Model]] = {}
    about: dict[str, dict] = {}
    for name, architecture in settings["networks"].items():
        runs = {name: recipe}
        if name in settings["as_long"]:
            runs[f"{name}, as long"] = recipe | {"epochs": settings["as_long"][name]}
        for title, how in runs.items():
            models[title], checked = [], []
            for seed in settings["seeds"]:
                model = build(architecture, seed)
                history = bench.train(model, seed, sets, how, title.replace(",", ""))
                models[title].append(model)
                checked.append(history.frame["val_accuracy"].max())
            about[title] = {
                "architecture": architecture,
                "parameters": int(model.count_params()),
                "epochs": how["epochs"],
                "validation_accuracy": np.round(checked, 5).tolist(),
            }
    answers = {
        title: {
            condition: [predict(model, faces.images) for model in seeds]
            for condition, faces in pictures.items()
        }
        for title, seeds in models.items()
    }
    firsts = {title: seeds[0] for title, seeds in models.items() if ", " not in title}
    milliseconds = timed(firsts)
    training = timed_training(settings["networks"], recipe, sets[1], times=5)
    base = answers["small CNN"]
    people = {name: (faces.labels, faces.groups) for name, faces in pictures.items()}
    for title, seeds in answers.items():
        about[title]["accuracy"] = {
            condition: over_seeds(*who, seeds[condition])
            | {"better_by": better_by(*who, base[condition], seeds[condition])}
            for condition, who in people.items()
        }
        if title in firsts:
            about[title] |= {
                "milliseconds": milliseconds[title],
                "training_milliseconds": training[title],
                "multiply_adds": multiply_adds(firsts[title]),
            }
    looked = covered["nothing worn"]
    for title in firsts:
        kind = about[title]["architecture"]
        if layer := OVER_PLACES.get(kind):
            about[title]["maps"] = maps(
                models[title], kind, layer, looked, settings["people_shown"]
            )
        if kind in REPLACEABLE:
            about[title]["replaced"] = replaced(
                models[title], REPLACEABLE[kind], looked
            )
    return {
        "images": len(test),
        "people": len(np.unique(test.groups)),
        "rendered": len(frames),
        "networks": about,
    }


def timed(models: Mapping[str, keras.Model], times: int = 300) -> dict[str, float]:
    """Return the median time of one face under onnxruntime, milliseconds, one thread.

    The networks take turns, so that a busy machine slows all of them.
    """
    sessions = {name: open_session(to_onnx(model)) for name, model in models.items()}
    face = np.random.default_rng(0).uniform(0, 255, (1, 64, 64, 1)).astype(np.float32)
    taken: dict[str, list[float]] = {name: [] for name in sessions}
    for _ in range(times):
        for name, session in sessions.items():
            begin = time.perf_counter()
            session.run(None, {"face": face})
            taken[name].append(time.perf_counter() - begin)
    return {name: round(1e3 * float(np.median(t)), 4) for name, t in taken.items()}


def timed_training(
    networks: Mapping[str, str], recipe: Mapping, faces: FaceDataset, times: int
) -> dict[str, float]:
    """Return the median time of one face in training, milliseconds.

    The networks take turns. Each time a new one learns for two epochs, of which the
    second is timed: the first one also builds the graph.
    """
    taken: dict[str, list[float]] = {name: [] for name in networks}
    how = {**recipe, "epochs": 2}
    for seed in range(times):
        for name, architecture in networks.items():
            model = build(architecture, seed)
            history = fit(model, faces, faces, **how, seed=seed, progress=False)
            taken[name].append(history.frame["seconds"].iloc[-1] / len(faces))
    return {name: round(1e3 * float(np.median(t)), 4) for name, t in taken.items()}


def multiply_adds(model: keras.Model) -> int:
    """Return how many multiply-adds a face takes: half of TensorFlow's operations."""
    shape = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)
    answer = tf.function(lambda face: model(face, training=False))
    profiler = tf.compat.v1.profiler
    options = profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    graph = answer.get_concrete_function(shape).graph
    return profiler.profile(graph=graph, options=options).total_float_ops // 2


def maps(
    models: list[keras.Model], architecture: str, layer: str, faces: FaceDataset,
    shown: int,
) -> dict:  # fmt: skip
    """Compare where networks attend with what their answers depend on.

    All maps are of 8 x 8 places. What an answer depends on is `occlusion_sensitivity`.

    Returns
    -------
    dict
        ``agreement``: of attention with occlusion sensitivity, with Grad-CAM, with the
        attention of a network of random weights, and with the attention of the same
        network to another face; of Grad-CAM with occlusion sensitivity. Medians over
        images of the rank correlation of the 64 places, one for each seed.
        ``regions``: the share of attention in parts of the face, a mean over images and
        seeds; an even spread has 1 / 8 a row.
        ``mean``: the mean map of each seed. ``faces``: the attention and the occlusion
        map of some faces under seed 0.
    """
    agreement: dict[str, list[float]] = {}
    means, examples = [], {}
    rows = np.linspace(0, len(faces) - 1, shown).astype(int)
    for seed, model in enumerate(models):
        own = attended(model, layer, faces.images)
        random = attended(build(architecture, 100 + seed), layer, faces.images)
        ask = partial(predict, model)
        said = ask(faces.images).argmax(axis=1)
        missed = shrunk(occlusion_sensitivity(ask, faces.images, said))
        classes = shrunk(grad_cam(model, faces.images, said))
        found = {
            "occlusion sensitivity": (own, missed),
            "Grad-CAM": (own, classes),
            "random weights": (own, random),
            "another face": (own, own[::-1]),
            "Grad-CAM and occlusion sensitivity": (classes, missed),
        }
        for name, (one, other) in found.items():
            agreement.setdefault(name, []).append(round(likeness(one, other), 4))
        means.append(own.mean(axis=0).round(5).tolist())
        if seed == 0:
            examples = {
                "rows": rows.tolist(),
                "attention": own[rows].round(5).tolist(),
                "occlusion": missed[rows].round(4).tolist(),
            }
    mean = np.mean(means, axis=0)
    return {
        "agreement": agreement,
        "regions": {
            name: round(float(mean[top:end].sum()), 4)
            for name, (top, end) in REGIONS.items()
        },
        "mean": means,
        "faces": examples,
    }


def attended(model: keras.Model, layer: str, images: np.ndarray) -> np.ndarray:
    """Return how much each of 8 x 8 places is attended to, (n, 8, 8), sums of 1.

    Where places look at places, that is the mean over those that look, and over heads.
    """
    place = model.get_layer(layer)
    before = keras.Model(model.input, place.input)
    parts = []
    for start in range(0, len(images), 128):
        features = before(images[start : start + 128, ..., None].astype(np.float32))
        found = np.asarray(place.attention(features))
        if found.ndim == 4:  # (n, heads, from, to)
            found = found.mean(axis=(1, 2)).reshape(-1, 8, 8)
        parts.append(found / found.sum(axis=(1, 2), keepdims=True))
    return np.concatenate(parts)


def shrunk(full: np.ndarray) -> np.ndarray:
    """Return maps (n, 64, 64) as means of 8 x 8 places, (n, 8, 8)."""
    return full.reshape(-1, 8, 8, 8, 8).mean(axis=(2, 4))


def likeness(first: np.ndarray, second: np.ndarray) -> float:
    """Return the median over images of the rank correlation of two maps (n, 8, 8)."""
    ranks = [rankdata(one.reshape(len(one), -1), axis=1) for one in (first, second)]
    ranks = [one - one.mean(axis=1, keepdims=True) for one in ranks]
    spread = np.sqrt([(one**2).sum(axis=1) for one in ranks]).prod(axis=0)
    return float(
        np.median((ranks[0] * ranks[1]).sum(axis=1) / np.maximum(spread, 1e-9))
    )


def replaced(models: list[keras.Model], names: list[str], faces: FaceDataset) -> dict:
    """Put other weights in the place of attention, and see whether answers change.

    After Jain & Wallace (2019): if quite another attention gives the same answers, the
    attention does not explain them.

    Returns
    -------
    dict
        ``even`` (all places or channels alike), ``the mean of all faces`` and ``of
        another face`` -> ``accuracy`` and ``same`` (share of answers that stay), of
        each seed.
    """
    ways: dict[str, Callable] = {
        "even": lambda weights: 0 * weights + _mean_of_each(weights),
        "the mean of all faces": lambda weights: 0 * weights + weights.mean(axis=0),
        "of another face": lambda weights: weights[::-1],
    }
    result: dict[str, dict[str, list[float]]] = {}
    for model in models:
        before = answered(model, faces.images)
        for way, change in ways.items():
            with other_attention(model, names, change):
                after = answered(model, faces.images)
            row = result.setdefault(way, {"accuracy": [], "same": []})
            row["accuracy"].append(round(float((after == faces.labels).mean()), 5))
            row["same"].append(round(float((after == before).mean()), 5))
    return result


def answered(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return the most probable classes, asked in one batch: who is who matters."""
    return np.asarray(model(images[..., None].astype(np.float32))).argmax(axis=1)


@contextmanager
def other_attention(
    model: keras.Model, names: list[str], change: Callable
) -> Iterator[None]:
    """Have layers weigh with what `change` makes of their attention."""
    found = [model.get_layer(name) for name in names]
    for layer in found:
        own = layer.attention
        layer.attention = lambda *given, own=own: ops.convert_to_tensor(
            change(np.asarray(own(*given)))
        )
    try:
        yield
    finally:
        for layer in found:
            del layer.attention  # the class has the real one


def _mean_of_each(weights: np.ndarray) -> np.ndarray:
    axes = tuple(range(1, weights.ndim))
    return weights.mean(axis=axes, keepdims=True)


@dataclass(frozen=True, eq=False)
class Crowd:
    """As many pictures an epoch, of however many people: a `Feed` of `fit`."""

    faces: FaceDataset
    pictures: int
    seed: int

    def __call__(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Return pictures and targets of an epoch."""
        rng = np.random.default_rng([self.seed, epoch, 60])
        order = np.resize(rng.permutation(len(self.faces)), self.pictures)
        images = augment(self.faces.images[order], [self.seed, epoch, 61])
        return images, targets_of(self.faces, soft=True)[order]

    def identity(self) -> dict:
        """Return digests and settings by which a checkpoint knows this feed."""
        known = {"pictures": self.pictures, "seed": self.seed}
        return known | {"training data": digest_of_faces(self.faces)}


def by_people(bench: Bench) -> dict:
    """Train on ever more people of the large set, for as many steps each time."""
    settings, large = bench.settings, large_set()
    train, validation = large.part("train"), large.part("validation")
    test = load("synthface").part("test").apex()
    people = np.unique(train.groups)
    order = np.random.default_rng(0).permutation(people)
    rows = []
    for name, how in settings["trainings"].items():
        for count in how["people"]:
            few = train.subset(np.isin(train.groups, order[:count]))
            for seed in how["seeds"]:
                model = build(how["architecture"], seed)
                sets = Crowd(few, settings["pictures"], seed), validation
                title = f"{name.replace(',', '')} {count}"
                frame = bench.train(model, seed, sets, how["fit"], title).frame
                result = evaluate(test.labels, predict(model, test.images), test.groups)
                learnt = frame.loc[frame["val_accuracy"].idxmax(), "accuracy"]
                more = {"training_people": count, "learnt": round(float(learnt), 5)}
                rows.append(row(name, seed, result, **more))
                del rows[-1]["evaluation"]
    return {
        "images": len(test),
        "people": len(np.unique(test.groups)),
        "pictures_a_person": len(train) // len(people),
        "rows": rows,
    }


STUDY = Study(
    "attention",
    measure,
    {
        "networks": ATTENTION,
        "recipe": NETWORKS["small_cnn"],
        "as_long": AS_LONG,
        "seeds": [0, 1, 2, 3, 4],
        "people": 24,
        "tests": TESTS,
        "people_shown": 6,
    },
    canary=(
        "corpus", "crop", "augmentation", "small_cnn", "attention", "rendering",
        "robustness", "evaluation",
    ),
)  # fmt: skip
#: Few large steps, then twelve times as many small ones.
_SHORT = {"epochs": 8, "batch_size": 128, "learning_rate": 2e-3, "soft_targets": True}
_LONGER = _SHORT | {"epochs": 24, "batch_size": 32}
_CROWDS = {"people": [72, 275, 1100, 2200], "seeds": [0, 1, 2], "fit": _SHORT}
PEOPLE = Study(
    "attention-people",
    by_people,
    {
        "trainings": {
            "small CNN": _CROWDS | {"architecture": "small_cnn"},
            "vision transformer": _CROWDS | {"architecture": "vision_transformer"},
            "vision transformer, longer": {
                "architecture": "vision_transformer",
                "people": [72, 275, 2200], "seeds": [0], "fit": _LONGER,
            },
            "small CNN, longer": {
                "architecture": "small_cnn",
                "people": [72, 2200], "seeds": [0], "fit": _LONGER,
            },
        },
        "pictures": 17_600,
    },
    canary=("corpus", "crop", "augmentation", "small_cnn", "attention", "evaluation"),
    data=("synthface/corpus.json", "synthface/large.json"),
)  # fmt: skip
