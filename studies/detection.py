"""How many faces are found, and how well their eyes are placed.

Real people are in it only where there is a copy of FER2013.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from emolib.datasets import load
from emolib.datasets.synthface import plan_path, read_plan
from emolib.emotions import EMOTIONS
from emolib.faces import CROP, Face, FaceDetector
from emolib.synthesis import (
    OCCLUDERS,
    Scene,
    draw_still,
    express,
    framed_face,
    random_identity,
)
from studies.study import Bench, Study

#: Sides in pixels of the square with the face, which the eyes are 0.385 of apart.
SIZES = (110, 256)
FRAME = (720, 576)

DETECTION = {
    "yaws": [0, 15, 25, 35],
    "people": 40,
    "sizes": SIZES,
    "frame": FRAME,
    "population": 400,
    "photographs": 200,
    "cascade_people": 10,
    "third_thresholds": [0.6, 0.7, 0.8],
    "eye_tolerance": 0.25,
}
CRITERIA = {
    "found": "both eyes lie within 25 % of the distance between the true eyes",
    "misplaced": "its box lies on the face, but an eye does not",
    "box_on_face": "the box's middle is no further from that of the face than the eyes "
    "of a frontal face are apart, and it is 1 to 4 times as wide as that",
    "false_alarm": "the box lies on no face",
    "eye_error": "median over the faces found of the mean distance of both eyes from "
    "the true ones, as a share of the distance between these",
}
#: Photographs without a face that come with scikit-image.
SCENES = (
    "brick.png", "cell.png", "chelsea.png", "clock_motion.png", "coffee.png",
    "coins.png", "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png",
    "moon.png", "motorcycle_left.png", "motorcycle_right.png", "retina.jpg",
    "rocket.jpg",
)  # fmt: skip

#: A frame, the true eyes (2, 2), the middle of the face (2,), and the distance between
#: the eyes of a frontal face of this size, in pixels.
Framed = tuple[np.ndarray, np.ndarray, np.ndarray, float]


def measure(bench: Bench) -> dict:
    """Look for faces by pose and occluder, in a population, and in photographs."""
    # Every face that the lowest third threshold keeps; the others are subsets.
    detector = FaceDetector()
    low = min(DETECTION["third_thresholds"])
    generous = FaceDetector(thresholds=(*detector.thresholds[:2], low))
    limit = detector.thresholds[2]

    cells, everything = [], []
    for yaw in DETECTION["yaws"]:
        for occluder in OCCLUDERS:
            outcomes = [
                judge(generous.detect(framed[0]), framed)
                for framed in tqdm(cell(yaw, occluder), desc=f"{yaw} {occluder}")
            ]
            summary = summarised([above(limit, one) for one in outcomes])
            cells.append({"yaw": yaw, "occluder": occluder, **summary})
            everything += [(yaw, one) for one in outcomes]
    alarms = false_alarms(generous)
    return {
        "criteria": CRITERIA,
        "detector": {
            "smallest": detector.smallest,
            "thresholds": detector.thresholds,
            "mirror": detector.mirror,
        },
        "frames": len(everything),
        "cells": cells,
        "false_alarms_per_frame": float(
            np.mean([above(limit, one)["false_alarms"] for _, one in everything])
        ),
        "thresholds": [
            {
                "third": third,
                "found_to_25_degrees": share(
                    above(third, one)["found"] for yaw, one in everything if yaw <= 25
                ),
                "false_alarms_on_photographs": int((alarms > third).sum()),
                "photographs": 2 * len(SCENES),
            }
            for third in DETECTION["third_thresholds"]
        ],
        "population": population(detector),
        "comparison": comparison(detector),
        "photographs": fer2013_faces(detector, bench.fer2013),
    }


def timed(call: Callable, *arguments) -> tuple:
    """Return what a call returns, and the seconds it took."""
    start = time.perf_counter()
    result = call(*arguments)
    return result, time.perf_counter() - start


def cell(yaw: int, occluder: str) -> Iterator[Framed]:
    """Frames of people turned by `yaw`, one half to the left, with one occluder."""
    for k in range(DETECTION["people"]):
        seed = 700_000 + k
        rng = np.random.default_rng([seed, yaw, OCCLUDERS.index(occluder)])
        scene = Scene(
            yaw=float(yaw * (-1) ** k),
            pitch=float(rng.normal(0, 6)),
            roll=float(rng.normal(0, 3)),
            light_azimuth=float(rng.uniform(-60, 60)),
            occluder=occluder,
            occluder_seed=int(rng.integers(2**31)),
            background=int(rng.integers(2**31)),
            noise=3.0,
            noise_seed=k,
        )
        shown = express(EMOTIONS[k % len(EMOTIONS)], 0.8, seed=seed)
        yield placed(seed, shown, scene, rng)


def placed(
    seed: int, shown: dict[str, float], scene: Scene, rng: np.random.Generator
) -> Framed:
    """Put a person at a random place and size into a frame."""
    size = int(rng.integers(SIZES[0], SIZES[1] + 1))
    corner = tuple(int(rng.integers(0, side - size + 1)) for side in FRAME)
    image, truth = framed_face(
        random_identity(seed), shown, scene, size=size, corner=corner, frame=FRAME
    )
    left, right, mouth = (
        np.array([truth[f"{name}_x"], truth[f"{name}_y"]])
        for name in ("left_eye", "right_eye", "mouth")
    )
    middle = ((left + right) / 2 + mouth) / 2
    return image, np.stack([left, right]), middle, CROP.interocular * size * scene.scale


def on_face(box: tuple[float, float, float, float], framed: Framed) -> bool:
    """Tell whether a box lies on the face, as `CRITERIA` says."""
    x, y, width, height = box
    _, _, middle, distance = framed
    away = np.hypot(*(np.array([x + width / 2, y + height / 2]) - middle))
    return bool(away <= distance and 1 <= width / distance <= 4)


def judge(faces: tuple[Face, ...], framed: Framed) -> dict:
    """Score of the face that was found and the error of its eyes; what else was."""
    _, eyes, _, _ = framed
    distance = np.hypot(*(eyes[1] - eyes[0]))
    outcome: dict = {"score": 0.0, "error": np.nan, "misplaced": [], "alarms": []}
    for face in faces:  # best first
        errors = np.linalg.norm([face.left_eye, face.right_eye] - eyes, axis=1)
        if errors.max() <= DETECTION["eye_tolerance"] * distance:
            if not outcome["score"]:
                outcome["score"] = face.score
                outcome["error"] = float(errors.mean() / distance)
        elif on_face(face.box, framed):
            outcome["misplaced"].append(face.score)
        else:
            outcome["alarms"].append(face.score)
    return outcome


def above(limit: float, outcome: dict) -> dict:
    """Return the outcome if the third threshold were `limit`."""
    found = outcome["score"] > limit
    return {
        "found": found,
        "error": outcome["error"] if found else np.nan,
        "misplaced": not found and any(one > limit for one in outcome["misplaced"]),
        "false_alarms": sum(one > limit for one in outcome["alarms"]),
    }


def summarised(outcomes: list[dict]) -> dict:
    """Shares of faces found and misplaced, and the median error of the eyes."""
    errors = np.array([one["error"] for one in outcomes])
    return {
        "faces": len(outcomes),
        "found": share(one["found"] for one in outcomes),
        "misplaced": share(one["misplaced"] for one in outcomes),
        "eye_error": None
        if np.isnan(errors).all()
        else round(float(np.nanmedian(errors)), 5),
    }


def population(detector: FaceDetector) -> dict:
    """Stills of people as varied as SynthFace's: its poses, light and occluders."""
    _, difficulty = read_plan(plan_path())
    rows = []
    for k in tqdm(range(DETECTION["population"]), desc="population"):
        seed = 800_000 + k
        rng = np.random.default_rng([seed, 12])
        person = random_identity(seed, spread=difficulty.identity_spread)
        emotion = EMOTIONS[k % len(EMOTIONS)]
        still = draw_still(person, emotion, float(rng.random()), difficulty, seed=1)
        framed = placed(seed, still.expression, still.scene, rng)
        outcome = judge(detector.detect(framed[0]), framed)
        outcome = above(detector.thresholds[2], outcome)
        rows.append((still.scene.occluder, abs(still.scene.yaw), outcome))
    return {
        "everybody": summarised([o for _, _, o in rows]),
        "to_25_degrees": summarised([o for _, yaw, o in rows if yaw <= 25]),
        "by_occluder": [
            {"occluder": kind, **summarised([o for one, _, o in rows if one == kind])}
            for kind in OCCLUDERS
            if any(one == kind for one, _, _ in rows)
        ],
        "false_alarms_per_frame": float(np.mean([o["false_alarms"] for *_, o in rows])),
    }


def false_alarms(detector: FaceDetector) -> np.ndarray:
    """Scores of what is found in photographs without a face, at 1 and 2 times size."""
    from skimage.data import data_dir

    scores = []
    for name in SCENES:
        with Image.open(Path(data_dir) / name) as image:
            picture = image.convert("RGB")
        for times in (1, 2):
            size = (picture.width * times, picture.height * times)
            pixels = np.array(picture.resize(size, Image.Resampling.BICUBIC))
            scores += [face.score for face in detector.detect(pixels)]
    return np.array(scores)


def comparison(detector: FaceDetector) -> list[dict]:
    """Compare the detector with an older way, a cascade of local binary patterns.

    Boxes alone are compared, for the older way has no eyes. Both search for faces of
    the same sizes in the same frames, one thread each.
    """
    from skimage.data import lbp_frontal_face_cascade_filename
    from skimage.feature import Cascade

    cascade = Cascade(lbp_frontal_face_cascade_filename())

    def patterns(image: np.ndarray) -> list[tuple]:
        found = cascade.detect_multi_scale(
            img=image,
            scale_factor=1.2,
            step_ratio=1,
            min_size=(detector.smallest,) * 2,
            max_size=(min(FRAME),) * 2,
        )
        return [(one["c"], one["r"], one["width"], one["height"]) for one in found]

    def networks(image: np.ndarray) -> list[tuple]:
        return [face.box for face in detector.detect(image)]

    ways: dict[str, Callable] = {"MTCNN": networks, "LBP cascade": patterns}
    seconds, alarms = dict.fromkeys(ways, 0.0), dict.fromkeys(ways, 0)
    rows = []  # name, whether uncovered and turned by 25 degrees at most, whether found
    for yaw in DETECTION["yaws"]:
        for occluder in OCCLUDERS:
            easy = occluder == "none" and yaw <= 25
            for framed in islice(cell(yaw, occluder), DETECTION["cascade_people"]):
                for name, way in ways.items():
                    boxes, spent = timed(way, framed[0])
                    right = [on_face(box, framed) for box in boxes]
                    seconds[name] += spent
                    alarms[name] += right.count(False)
                    rows.append((name, easy, any(right)))
    frames = len(rows) // len(ways)
    return [
        {
            "name": name,
            "frames": frames,
            "time_relative_to_mtcnn": round(seconds[name] / seconds["MTCNN"], 1),
            "box_on_face": share(hit for one, _, hit in rows if one == name),
            "box_on_face_uncovered_to_25_degrees": share(
                hit for one, easy, hit in rows if one == name and easy
            ),
            "false_alarms_per_frame": alarms[name] / frames,
        }
        for name in ways
    ]


def share(answers: Iterable[bool]) -> float:
    """Return the share of answers that are yes."""
    return float(np.mean(list(answers)))


def fer2013_faces(detector: FaceDetector, path: Path | None) -> dict | None:
    """Look for FER2013's training faces, if there is a copy."""
    if path is None or not path.exists():
        print("  no photographs: say where FER2013 is (FER2013=PATH)")
        return None
    faces = load("fer2013", path, drop_duplicates=True).part("train")
    rng = np.random.default_rng(12)
    found = alarms = 0
    chosen = rng.choice(len(faces), DETECTION["photographs"], replace=False)
    for image in faces.images[np.sort(chosen)]:
        size = int(rng.integers(SIZES[0], SIZES[1] + 1))
        x, y = (int(rng.integers(0, side - size + 1)) for side in FRAME)
        frame = np.full(FRAME[::-1], 128, np.uint8)
        large = Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC)
        frame[y : y + size, x : x + size] = large
        distance = CROP.interocular * size
        middle = np.array([x + 0.5 * size, y + 0.55 * size])
        framed = (frame, np.zeros((2, 2)), middle, distance)
        right = [on_face(one.box, framed) for one in detector.detect(frame)]
        found += any(right)
        alarms += right.count(False)
    return {
        "source": "FER2013, training part without duplicates (Goodfellow et al. 2013, "
        "doi:10.1007/978-3-642-42051-1_16): 48x48 pixels, enlarged, on a grey panel",
        "faces": len(chosen),
        "box_on_face": found / len(chosen),
        "false_alarms": alarms,
    }


STUDY = Study(
    "detection",
    measure,
    DETECTION,
    canary=("crop", "rendering", "detection"),
    data=("detector/card.json", "synthface/difficulty.json", "synthface/corpus.json"),
)
