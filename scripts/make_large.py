"""Render the large set of stills into ``build/synthface-large`` (``make data-large``).

What is rendered is frozen in ``data/synthface/large.json``. The set is not committed:
it takes some minutes on all cores, and only weights trained on it ship. No person in
it is in the corpus. An older set stays in place until the new one is complete.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from make_synthface import render_all, split_subjects

from emolib.datasets.stills import write_stills
from emolib.datasets.synthface import read_plan, scene_record
from emolib.emotions import EMOTIONS
from emolib.files import sha256
from emolib.paths import data_folder
from emolib.synthesis import draw_still, random_identity, render_with_truth

PLAN = data_folder() / "synthface" / "large.json"
FOLDER = data_folder().parent / "build" / "synthface-large"


def draw_intensity(plan: dict, rng: np.random.Generator) -> float:
    """Draw how strong an expression is, from one of the plan's ranges."""
    kinds = plan["intensity"]
    kind = kinds[rng.choice(len(kinds), p=[one["share"] for one in kinds])]
    return float(rng.uniform(*kind["range"]))


def render_person(task: tuple) -> tuple[np.ndarray, list[dict]]:
    """Return a person's stills, uint8 (stills, 64, 64), and their rows of the table."""
    number, split, plan, difficulty = task
    seed = plan["first_seed"] + number
    person = random_identity(seed, spread=difficulty.identity_spread)
    rng = np.random.default_rng([seed, 12])
    images, rows = [], []
    for k in range(plan["stills"]):
        # counting on from person to person keeps the six emotions in balance
        emotion = EMOTIONS[(number * plan["stills"] + k) % len(EMOTIONS)]
        intensity = draw_intensity(plan, rng)
        still = draw_still(person, emotion, intensity, difficulty, seed=k)
        image, truth = render_with_truth(person, still.expression, still.scene)
        images.append(image)
        place = {
            "subject": f"L{number:05d}",
            "split": split,
            "emotion": emotion if intensity > 0 else "neutral",
            "intensity": round(intensity, 4),
        }
        rows.append(place | scene_record(still.scene, truth))
    return np.stack(images), rows


def main() -> None:
    """Render every person, then replace the set."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--output", type=Path, default=FOLDER)
    parser.add_argument("--plan", type=Path, default=PLAN)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    plan, difficulty = read_plan(arguments.plan)
    tasks = [
        (number, split, plan, difficulty)
        for number, split in enumerate(split_subjects(plan))
    ]
    try:
        results = render_all(render_person, tasks, arguments.processes)
    except KeyboardInterrupt:
        sys.exit(f"Interrupted; {arguments.output} is as it was.")
    images = np.concatenate([images for images, _ in results])
    stills = pd.DataFrame([row for _, rows in results for row in rows])
    info = {
        "name": "synthface-large",
        "edition": plan["edition"],
        "licence": "CC0-1.0",
        "plan_sha256": sha256(arguments.plan),
    }
    write_stills(arguments.output, images, stills, info)
    print(f"{len(images):,} stills of {len(tasks):,} people in {arguments.output}")


if __name__ == "__main__":
    main()
