"""What `save_model` cannot know of the networks that ship, for their `ModelCard`.

And who is in the faces that they learnt from, for the datasheet of SynthFace.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from emolib.datasets import FaceDataset
from emolib.emotions import EMOTIONS
from emolib.evaluation import Evaluation
from emolib.files import write_json
from emolib.models.cards import ModelCard
from emolib.models.registry import CARD, available, model_card, model_folder
from emolib.results import percent

_PROHIBITED_USE = (
    "Judging anyone: no use on people at work or in education (EU AI Act, Article "
    "5(1)(f)), in hiring, policing, health or surveillance, and none on people who "
    "have not agreed."
)
_TRYING_OUT = (
    "Teaching, and trying out on your own picture: how much a face resembles posed "
    "expressions of six emotions."
)
_NOT_FEELINGS = (
    "It compares a picture with posed expressions and does not tell what a person "
    "feels."
)
_NO_NEUTRAL = (
    "There is no class for neutral or any other expression: such faces should read as "
    "unsure, and not all do."
)
_RENDERED = {
    "licence": "CC0-1.0",
    "terms": "none: every face is rendered, and the data set is given away",
}
_TEST_PEOPLE = {
    "data": "SynthFace, apex frames of the test people",
    "split": "by subject: nobody in the test is in training or validation",
}
_BOTH_WAYS = {"asked": "each picture and its mirror image; the mean is the answer"}

#: What a teaching network is, for its title, and what it does with a face at rest.
_TEACHING = {
    "plain_cnn": (
        "convolution, max-pooling, dense layers",
        "It learnt from hard labels and has no class for neutral: a face at rest gets "
        "one of the six, often with a high probability.",
    ),
    "small_cnn": ("residual blocks and soft targets", _NO_NEUTRAL),
}
#: Of what a card says which costs most, and the factors that are compared. Not roll:
#: `emolib.faces.align` levels the eyes before a network sees a face.
_KINDS = {
    "occluders": ("occluder",),
    "lights": ("light_azimuth", "light_elevation", "light_contrast", "rim", "exposure"),
    "poses": ("yaw", "pitch"),
}
#: The comments around the table of people in a datasheet.
_PEOPLE = "<!-- people, counted by scripts/complete_cards.py -->", "<!-- /people -->"


def counts(train: FaceDataset, validation: FaceDataset) -> dict[str, int]:
    """Count the images and people of `train`, and the people of `validation`."""
    return {
        "images": len(train),
        "subjects": len(np.unique(train.groups)),
        "validation_subjects": len(np.unique(validation.groups)),
    }


def failures(result: Evaluation, what: str = "images") -> list[str]:
    """Say which emotion is missed most, and which two are confused most often."""
    recall = result.per_class["recall"]
    confused = result.confusion - np.diag(np.diag(result.confusion))
    shown, read_as = np.unravel_index(confused.argmax(), confused.shape)
    weakest = recall.idxmin().capitalize()
    return [
        f"{weakest} is recognised least often: recall {recall.min():.2f}.",
        f"{EMOTIONS[shown].capitalize()} read as {EMOTIONS[read_as]} is the most "
        f"frequent mistake: {confused.max():,} of {result.n:,} {what}.",
    ]


def teaching_card(
    title: str, architecture: str, training: dict, recipe: dict, result: Evaluation
) -> dict:
    """Describe a network that ships to be taken apart: ``plain_cnn`` or ``small_cnn``.

    `training` holds `counts` and ``frames``; `recipe` settings, seed and command;
    `result` is on the test people.
    """
    about, limit = _TEACHING[architecture]
    return {
        "title": f"{title}: {about}",
        "training_data": {
            "name": "SynthFace, second edition: rendered faces, no real person",
            **training,
            **_RENDERED,
        },
        "recipe": recipe,
        "results": {**_TEST_PEOPLE, **_scores(result)},
        "intended_use": "Teaching: to show how such a network is built, measured and "
        "where it fails.",
        "prohibited_use": _PROHIBITED_USE,
        "limits": f"Trained and tested on rendered faces only. {_NOT_FEELINGS} {limit}",
        "known_failures": failures(result),
        "licence": "CC0-1.0",
    }


def synthface_card(training: dict, recipe: dict, rows: list[dict], chosen: int) -> dict:
    """Describe the network that has seen very many rendered people, and nobody else.

    `rows` are those of ``synthface-model.json``, one per seed; `chosen` is shipped.
    """
    result = Evaluation.from_dict(rows[chosen]["evaluation"])
    covered = [one for one in rows[chosen]["by_occlusion"] if one["n"]]
    hardest = min(covered, key=lambda one: one["accuracy"])
    measured = ("seed", "accuracy", "low", "high", "by_occlusion")
    measured += ("neutral_median_top_probability", "validation_loss")
    return {
        "title": "synthface: trained on rendered faces only, for strange cameras and "
        "light",
        "training_data": {
            "name": "SynthFace, large set (make data-large): rendered faces, no real "
            "person",
            **training,
            "real_photographs": 0,
            **_RENDERED,
        },
        "recipe": {
            **recipe,
            "targets": "intensity * one-hot + (1 - intensity) / 6; resting faces 1 / 6",
            "seeds": [one["seed"] for one in rows],
            "seed": rows[chosen]["seed"],
            "chosen_by": "lowest loss on the validation people of the large set",
        },
        "results": {
            **_TEST_PEOPLE,
            **_scores(result),
            **_BOTH_WAYS,
            "seeds": [{name: one[name] for name in measured} for one in rows],
        },
        "intended_use": _TRYING_OUT,
        "prohibited_use": _PROHIBITED_USE,
        "limits": f"{_NOT_FEELINGS} It needs a face crop in the canonical geometry. "
        f"{_NO_NEUTRAL} Figures here are on rendered faces. On photographs it is far "
        "weaker: data/results/public-test.jsonl has every evaluation, with recall by "
        "emotion. It has never seen children, or anything else that the renderer "
        "cannot draw.",
        "known_failures": [
            *failures(result),
            f"It is weakest with {hardest['bin']} before the face: accuracy "
            f"{hardest['accuracy']:.2f} over {hardest['n']} images.",
        ],
        "licence": "CC0-1.0",
    }


def real_faces_card(
    training: dict,
    recipe: dict,
    result: Evaluation,
    doubt: dict[str, float],
    voted: bool,
) -> dict:
    """Describe the network that has learnt from photographs.

    `result` is on validation photographs of the six emotions; of `doubt`,
    ``accuracy_answered`` is over those that get an answer, and ``neutral_unsure`` is
    the share of neutral ones that get none. `voted`: the labels are the crowd's.
    """
    crowd = (
        {
            "labels": "the votes of FER+ (Barsoum et al. 2016, arXiv:1608.01041): "
            "targets are their distribution, results count the crowd's favourite"
        }
        if voted
        else {}
    )
    return {
        "title": "real-faces: trained on photographs (FER2013) and rendered faces "
        "(SynthFace)",
        "training_data": {
            "name": "FER2013, part Training, each picture once, neutral ones with a "
            "uniform target; and rendered frames of SynthFace's training people",
            **training,
            **crowd,
            "subjects": "unknown: FER2013 names nobody",
            "licence": "none that covers the photographs; SynthFace: CC0-1.0",
            "terms": "FER2013 (Goodfellow et al. 2013, arXiv:1307.0414) was given out "
            "for a competition; the rights in its photographs are unresolved. It is "
            "not part of this package.",
        },
        "recipe": recipe,
        "results": {
            "data": "validation photographs of FER2013's part Training, six emotions. "
            "PublicTest: see data/results/public-test.jsonl",
            "split": "by image: FER2013 names no subjects, so the same person may be "
            "on both sides. Temperature and threshold were chosen on these "
            "photographs, the weights were not",
            **_scores(result),
            **_BOTH_WAYS,
            "accuracy_answered": doubt["accuracy_answered"],
            "neutral_unsure": doubt["neutral_unsure"],
        },
        "intended_use": _TRYING_OUT,
        "prohibited_use": _PROHIBITED_USE,
        "limits": "It compares a picture with the labels that strangers gave to "
        "photographs, and does not tell what a person feels. Those labels are noisy. "
        f"{_NO_NEUTRAL}",
        "known_failures": [
            *failures(result, "validation photographs"),
            f"{percent(1 - doubt['neutral_unsure'])} of neutral faces get an answer.",
        ],
        "licence": "MIT; what the photographs' owners could claim is open",
        "temperature": doubt["temperature"],
        "unsure_below": doubt["unsure_below"],
    }


def _scores(result: Evaluation) -> dict:
    """Return the numbers of a card's ``results``."""
    return {
        "images": result.n,
        "subjects": "unknown" if result.optimistic else result.n_groups,
        "accuracy": result.accuracy,
        "interval": list(result.interval),
        "interval_over": "images, optimistic" if result.optimistic else "subjects",
        "calibration_error": result.calibration_error,
        "recall": result.per_class["recall"].round(4).to_dict(),
    }


def complete_cards(measured: Mapping) -> None:
    """Write audit and failures into the cards of shipped networks, each whole.

    Parameters
    ----------
    measured : mapping
        The results of the study "robustness", which calls this at its end. Classifiers
        in it that do not ship are left alone, and so are networks that it lacks.
    """
    for name in available():
        if name not in measured["classifiers"]:
            continue
        card = audited(model_card(name), name, measured)
        write_json(model_folder(name) / CARD, card.to_dict())


def audited(card: ModelCard, name: str, measured: Mapping) -> ModelCard:
    """Return the card of a network with its audit, and what fails the same faces.

    Entries that an earlier measurement left are replaced.

    Parameters
    ----------
    card : ModelCard
    name : str
        Of the network among the ``classifiers`` of `measured`.
    measured : mapping
        The results of the study "robustness".
    """
    own = measured["classifiers"][name]
    tables: dict[str, list[dict]] = {}
    for factor, rows in own["audits"].items():
        for measure in dict.fromkeys(row["measure"] for row in rows):
            if measure == "unsure" and not own["unsure_below"]:
                continue  # it answers every face
            compared = [row for row in rows if row["measure"] == measure]
            key = measure.replace(" ", "_")
            tables.setdefault(key, []).append(_largest(factor, compared))
    audit = {
        "data": "SynthFace, middle frames of the test people's clips, each rendered "
        "again with every change, all else equal; told is the change that makes the "
        "largest difference",
        "note": "rendered people audit the method, not the world. Of people drawn "
        "again, the calibration error is larger, so its interval may lie above it. "
        "p holm is corrected for all comparisons by the same factor",
        "images": measured["images"],
        "subjects": measured["people"],
        "interval_over": "subjects",
        **tables,
        "accuracy_behind": [
            {"occluder": row["severity"], "value": _ends(row, "accuracy")}
            for row in own["factors"]["occluder"]
        ],
    }
    openings = tuple(f"Of {kind}, " for kind in _KINDS)
    kept = [one for one in card.known_failures if not one.startswith(openings)]
    found = _costliest(own["factors"], measured["factors"])
    return replace(card, audit=audit, known_failures=kept + found)


def _largest(factor: str, rows: list[dict]) -> dict:
    """Return the row of an audit that is farthest from its reference, the first."""
    first, *others = rows
    far = max(others, key=lambda row: abs(row["difference"]))
    before, after = first["group"], far["group"]
    if isinstance(before, str):  # "male" says what it is, 0.05 does not
        change = f"{before} to {after}"
    else:
        change = f"{factor.replace('_', ' ')} {before:g} to {after:g}"
    return {
        "change": change,
        "reference": _ends(first, "value"),
        "difference": _ends(far, "difference", "difference_"),
        "p_holm": far["p_holm"],
    }


def _ends(row: dict, name: str, prefix: str = "") -> list[float]:
    """Return a number of a row and the ends of its interval."""
    return [row[name], row[f"{prefix}low"], row[f"{prefix}high"]]


def _costliest(factors: Mapping, units: Mapping) -> list[str]:
    """Say which occluder, which light and which pose costs most accuracy."""
    said = []
    for kind, names in _KINDS.items():
        curves = {name: factors[name] for name in names if name in factors}
        if not curves:
            continue
        rows = [(row, name) for name, curve in curves.items() for row in curve]
        worst, name = min(rows, key=lambda found: found[0]["difference"])
        if worst["difference"] == 0:
            continue
        first, value = curves[name][0], worst["severity"]
        if name == "occluder":
            change, before = value, f"with {first['severity']}"
        else:
            change = f"{name.replace('_', ' ')} {value:g} ({units[name]})"
            before = f"at {first['severity']:g}"
        said.append(
            f"Of {kind}, {change} costs most: accuracy {worst['accuracy']:.2f} "
            f"({worst['low']:.2f} to {worst['high']:.2f}), {before} it is "
            f"{first['accuracy']:.2f}."
        )
    return said


def with_people(datasheet: str, subjects: pd.DataFrame) -> str:
    """Return a datasheet whose table of people, between two comments, is up to date.

    Parameters
    ----------
    datasheet : str
        Markdown.
    subjects : DataFrame
        A row per person: ``split``, ``sex``, ``age`` (years), ``skin_tone`` (0 to 1)
        and ``glasses`` (bool).
    """
    age, tone = subjects["age"], subjects["skin_tone"]
    light = tone < 0.5  # the middle of the scale
    lines = {"people": tone.notna()}
    for sex in ("female", "male"):
        lines[sex] = subjects["sex"] == sex
    for low, high in pairwise((18, 30, 45, 60, 76)):
        lines[f"age {low} to {high - 1}"] = (low <= age) & (age < high)
    for low, high in pairwise((0, 0.25, 0.5, 0.75, 1)):
        inside = (low <= tone) & ((tone < high) | (high == 1))
        lines[f"skin tone {low:g} to {high:g}"] = inside
    for sex in ("female", "male"):
        lines[f"{sex}, skin tone below 0.5"] = light & lines[sex]
        lines[f"{sex}, skin tone of 0.5 and more"] = ~light & lines[sex]
    lines["with glasses"] = subjects["glasses"]
    parts = {
        part: subjects["split"] == part for part in ("train", "validation", "test")
    }
    parts["all"] = tone.notna()
    rows = [("", *parts), ("---",) * (1 + len(parts))]
    for name, of in lines.items():
        rows.append((name, *(f"{(of & part).sum()}" for part in parts.values())))
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    between = re.compile(f"(?<={_PEOPLE[0]}).*(?={_PEOPLE[1]})", re.DOTALL)
    return between.sub(f"\n\n{table}\n\n", datasheet)
