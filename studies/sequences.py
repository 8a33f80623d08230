"""What the order of frames is worth: networks that read clips against those that pool.

The frames' features are those of the shipped small CNN; the networks over them are of
one size. Measured on the clips of people nobody has learnt from; on clips played
backwards, shuffled or cut; on two tasks where what is to be learnt is known: resting
faces that speak the sentences of an emotion, and two expressions that differ only in
which comes first. About half an hour on two cores, half of it rendering;
each training is kept.
"""

from collections.abc import Mapping

import keras
import numpy as np

from emolib.datasets import FaceDataset, load
from emolib.emotions import emotion_index
from emolib.files import whole_file
from emolib.models import encode, load_model, predict, sequence_network
from emolib.models.recurrent import SEQUENCES
from emolib.training import fit_clips
from studies.robustness import rendered
from studies.seeds import better_by, over_seeds
from studies.study import Bench, Study

#: Kinds that do not see the order of frames.
POOLS = ["last", "mean", "max", "temporal attention"]
#: The last frames of the corpus' clips: 0 and 1 rise, 2 is the apex, 3 and 4 fall.
CUTS = {"onset": [0, 1], "apex": [2], "offset": [3, 4]}
#: Clips in which the sentence may give the emotion away: resting faces that speak, more
#: distinctly than in the corpus; those of the corpus; and the same, silent.
WORLDS: dict[str, dict] = {
    "at rest, speaking": {"peak": 0, "speech": 1},
    "as in the corpus": {},
    "silent": {"speech": 0},
}
#: What comes first and second; both then rest.
IN_TURN = ("fear", "happiness")

Labelled = tuple[np.ndarray, np.ndarray]


def measure(bench: Bench) -> dict:
    """Train every kind on every task, with every seed."""
    dataset, encoder = load("synthface"), load_model(bench.settings["encoder"])
    parts = {name: dataset.part(name) for name in ("train", "validation", "test")}
    clips = {name: part.clips() for name, part in parts.items()}
    features = {name: encode(encoder, one) for name, one in clips.items()}
    sets = {name: (features[name], clips[name].labels) for name in parts}
    people = clips["test"].meta["subject"].to_numpy()
    frames = frame_answers(encoder, parts["test"])
    worlds = {
        name: {
            part: rendered(bench, faces, f"{name} {part}", {"": change})[""]
            if change
            else faces
            for part, faces in parts.items()
        }
        for name, change in bench.settings["worlds"].items()
    }
    return {
        "clips": {name: len(labels) for name, (_, labels) in sets.items()},
        "frames_a_clip": features["test"].shape[1],
        "people": len(np.unique(people)),
        "emotions": emotions(bench, sets, frames, people),
        "speech": {
            name: speech(bench, name, encoder, world) for name, world in worlds.items()
        },
        "in_turn": in_turn(bench, encoder, parts),
    }


def frame_answers(encoder: keras.Model, faces: FaceDataset) -> np.ndarray:
    """Return the answers to the frames of clips of one length, (n, t, 6)."""
    clips = faces.clips()
    answers = predict(encoder, clips.images.reshape(-1, *clips.images.shape[2:]))
    return answers.reshape(*clips.images.shape[:2], -1)


def emotions(
    bench: Bench, sets: Mapping[str, Labelled], frames: np.ndarray, people: np.ndarray
) -> dict:
    """Compare the kinds on the corpus' own task, and ask them about other clips.

    Returns
    -------
    dict
        ``kinds`` -> kind -> ``parameters``, ``seeds`` (accuracy), ``validation``, and
        for each way to show a clip the mean ``accuracy`` with its interval over people;
        ``better_by``: the difference from the best pool, chosen on validation people,
        which ``best_pool`` names; ``better_by_than_surest``: that from the surest of
        the frame network's answers. ``frames``: these answers, pooled.
    """
    test, labels = sets["test"]
    length, rng = test.shape[1], np.random.default_rng(0)
    orders = np.stack([rng.permutation(length) for _ in labels])
    ways = {
        "as they are": test,
        "backwards": test[:, ::-1],
        "shuffled": np.take_along_axis(test, orders[..., None], axis=1),
        **{f"first {k}": test[:, :k] for k in range(1, length)},
        **{name: test[:, places] for name, places in CUTS.items()},
    }
    answers: dict[str, dict[str, list[np.ndarray]]] = {}
    kinds: dict[str, dict] = {}
    for kind in bench.settings["kinds"]:
        answers[kind] = {way: [] for way in ways}
        kinds[kind] = {"validation": []}
        for seed in bench.settings["seeds"]:
            model, best = taught(bench, "emotions", kind, sets, seed)
            kinds[kind]["validation"].append(round(best, 5))
            for way, shown in ways.items():
                answers[kind][way].append(
                    np.asarray(model(np.ascontiguousarray(shown)))
                )
        kinds[kind]["parameters"] = int(model.count_params())
    pooled = {
        "mean of the answers": frames.mean(axis=1),
        "surest answer": frames[
            np.arange(len(frames)), frames.max(axis=2).argmax(axis=1)
        ],
        "apex alone": frames[:, length // 2],
        "last frame": frames[:, -1],
    }
    best_pool = max(POOLS, key=lambda kind: np.mean(kinds[kind]["validation"]))
    reference = answers[best_pool]["as they are"]
    for kind, told in answers.items():
        kinds[kind] |= {
            "ways": {way: scored(labels, people, found) for way, found in told.items()},
            "better_by": better_by(labels, people, reference, told["as they are"]),
            "better_by_than_surest": better_by(
                labels, people, [pooled["surest answer"]] * len(reference),
                told["as they are"],
            ),
        }  # fmt: skip
    return {
        "kinds": kinds,
        "best_pool": best_pool,
        "frames": {
            name: scored(labels, people, [found]) for name, found in pooled.items()
        },
    }


def speech(
    bench: Bench, task: str, encoder: keras.Model, faces: Mapping[str, FaceDataset]
) -> dict[str, dict]:
    """Learn without one sentence of each emotion, and test with the others and with it.

    What falls from those to this is what the sentence gave away: for resting faces that
    speak it is everything that can be learnt, for silent ones nothing.

    Returns
    -------
    dict
        Kind -> ``same sentences``, ``another sentence`` -> accuracy with its interval.
    """
    kept = bench.settings["sentence_kept_back"]
    sets, aside = {}, {}
    for name, one in faces.items():
        clips = one.clips()
        made = encode(encoder, clips)
        other = clips.meta["sentence"].to_numpy() == kept
        sets[name] = made[~other], clips.labels[~other]
        people = clips.meta["subject"].to_numpy()
        aside[name] = made[other], clips.labels[other], people[other], people[~other]
    far, far_labels, far_people, people = aside["test"]
    result = {}
    for kind in bench.settings["kinds"]:
        near_answers, far_answers = [], []
        for seed in bench.settings["seeds"]:
            model, _ = taught(bench, task, kind, sets, seed)
            near_answers.append(np.asarray(model(sets["test"][0])))
            far_answers.append(np.asarray(model(far)))
        result[kind] = {
            "same sentences": scored(sets["test"][1], people, near_answers),
            "another sentence": scored(far_labels, far_people, far_answers),
        }
    return result


def in_turn(
    bench: Bench, encoder: keras.Model, parts: Mapping[str, FaceDataset]
) -> dict[str, dict]:
    """Tell fear that turns into happiness from happiness that turns into fear.

    Both clips hold the same frames and end with the same face at rest: what differs is
    their course. Returns kind -> accuracy with its interval, and ``better_by``: the
    difference from the mean over frames. Guessing has a half.
    """
    made = {name: turning(encoder, part) for name, part in parts.items()}
    sets = {name: (clips, labels) for name, (clips, labels, _) in made.items()}
    test, labels, people = made["test"]
    told = {
        kind: [
            np.asarray(taught(bench, "in turn", kind, sets, seed)[0](test))
            for seed in bench.settings["seeds"]
        ]
        for kind in bench.settings["kinds"]
    }
    return {
        kind: scored(labels, people, answers)
        | {"better_by": better_by(labels, people, told["mean"], answers)}
        for kind, answers in told.items()
    }


def turning(
    encoder: keras.Model, faces: FaceDataset
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features (n, 7, d) of two expressions in turn, labels and people."""
    clips = faces.clips()
    features = encode(encoder, clips)
    index = clips.meta.reset_index().set_index(["subject", "emotion", "sentence"])
    found, labels, people = [], [], []
    for (subject, emotion, sentence), row in index["index"].items():
        if emotion != IN_TURN[0]:
            continue
        first = features[row][1:4]
        second = features[index.loc[(subject, IN_TURN[1], sentence), "index"]][1:4]
        rest = features[row][:1]
        for label, halves in enumerate(([first, second], [second, first])):
            found.append(np.concatenate([*halves, rest]))
            labels.append(emotion_index(IN_TURN[label]))
            people.append(subject)
    return np.stack(found), np.array(labels), np.array(people)


def taught(
    bench: Bench, task: str, kind: str, sets: Mapping[str, Labelled], seed: int
) -> tuple[keras.Model, float]:
    """Return a trained network of clips, and its best accuracy on validation people.

    Its weights are kept in the study's folder, and taken from there the next time.
    """
    model = sequence_network(kind, sets["train"][0].shape[-1], seed)
    path = bench.scratch / f"{task} {kind} {seed}.npz"
    if not path.is_file():
        log = fit_clips(
            model, sets["train"], sets["validation"], **bench.settings["fit"], seed=seed
        )
        with whole_file(path) as partial:
            np.savez(partial, *model.get_weights(), best=log["val_accuracy"].max())
    with np.load(path) as kept:
        model.set_weights([kept[f"arr_{k}"] for k in range(len(model.weights))])
        best = float(kept["best"])
    return model, best


def scored(labels: np.ndarray, people: np.ndarray, answers: list[np.ndarray]) -> dict:
    """Return accuracy over seeds and people, and the mean of the top probabilities."""
    top = np.max(answers, axis=-1).mean()
    return over_seeds(labels, people, answers) | {"certainty": round(float(top), 5)}


STUDY = Study(
    "sequences",
    measure,
    {
        "encoder": "small-cnn",
        "kinds": list(SEQUENCES),
        "fit": {"epochs": 30, "batch_size": 32, "learning_rate": 2e-3},
        "seeds": [0, 1, 2, 3, 4],
        "sentence_kept_back": 3,
        "worlds": WORLDS,
        "in_turn": IN_TURN,
    },
    canary=(
        "corpus", "crop", "rendering", "shipped", "robustness", "recurrent",
        "evaluation",
    ),
    data=("synthface/corpus.json", "models/small-cnn/weights.weights.h5"),
    after=("by-subject-apex",),
)  # fmt: skip
