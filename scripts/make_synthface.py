"""Render the SynthFace corpus into ``data/synthface`` (``make data``).

What is rendered is frozen in ``data/synthface/difficulty.json``; this script only
carries it out, on all cores: `emolib.synthesis.people` draws the persons,
`emolib.synthesis.clips` what each frame of a clip shows, `emolib.synthesis.renderer`
its pixels, and `emolib.datasets.corpus` stores them. The old corpus stays in place
until the new one is complete and has been read back. The committed corpus is the truth:
another machine may render a pixel one grey level off.
"""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from operator import itemgetter
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from emolib.datasets.corpus import write_corpus
from emolib.datasets.synthface import plan_path, read_plan, scene_record, unit_record
from emolib.emotions import EMOTIONS, get_emotion
from emolib.files import sha256, write_whole
from emolib.parallel import process_map
from emolib.paths import data_folder
from emolib.recipes.cards import with_people
from emolib.synthesis import (
    draw_clip,
    random_identity,
    render_with_truth,
)

FOLDER = data_folder() / "synthface"


def split_subjects(plan: dict) -> list[str]:
    """Assign each subject to train, validation or test, by a fixed shuffle."""
    names = [name for name, count in plan["split"].items() for _ in range(count)]
    order = np.random.default_rng(plan["first_seed"]).permutation(len(names))
    return [names[k] for k in order]


def render_subject(task: tuple) -> tuple[np.ndarray, dict, list[dict]]:
    """Return a subject's sheet, its row of the subjects' table and its frames'."""
    subject, seed, split, plan, difficulty = task
    person = random_identity(seed, spread=difficulty.identity_spread)
    about = asdict(person)
    about |= person.ancestry._asdict()
    about["hair_dyed"] = about.pop("hair_dye") is not None
    about = {  # a table holds single values
        name: round(value, 3) if isinstance(value, float) else value
        for name, value in about.items()
        if not isinstance(value, tuple)
    }
    clips, rows = [], []
    for emotion in EMOTIONS:
        for sentence in range(1, plan["sentences"] + 1):
            frames = draw_clip(
                person, emotion, sentence, difficulty, frames=plan["frames"]
            )
            clip = f"{subject}_{get_emotion(emotion).code}_{sentence}"
            tiles = []
            for number, frame in enumerate(frames):
                image, truth = render_with_truth(person, frame.expression, frame.scene)
                tiles.append(image)
                place = {
                    "subject": subject,
                    "emotion": emotion,
                    "sentence": sentence,
                    "clip": clip,
                    "frame": number,
                    "intensity": round(frame.intensity, 4),
                }
                told = scene_record(frame.scene, truth) | unit_record(frame.expression)
                rows.append(place | told)
            clips.append(np.hstack(tiles))
    return np.vstack(clips), {"subject": subject, "split": split, **about}, rows


def render_all(
    render_one: Callable[[tuple], tuple], tasks: list[tuple], processes: int
) -> list[tuple]:
    """Render all subjects on several cores, with a progress bar."""
    done = process_map(render_one, tasks, processes)
    bar = tqdm(done, total=len(tasks), unit="subject")
    return [rendered for _, rendered in sorted(bar, key=itemgetter(0))]


def main() -> None:
    """Render every subject, then replace the corpus."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--output", type=Path, default=FOLDER)
    parser.add_argument("--plan", type=Path, default=plan_path())
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    plan, difficulty = read_plan(arguments.plan)
    tasks = [
        (f"s{number:03d}", plan["first_seed"] + number, split, plan, difficulty)
        for number, split in enumerate(split_subjects(plan), start=1)
    ]
    try:
        results = render_all(render_subject, tasks, arguments.processes)
    except KeyboardInterrupt:
        sys.exit(f"Interrupted; {arguments.output} is as it was.")
    sheets = [(about["subject"], sheet) for sheet, about, _ in results]
    subjects = [about for _, about, _ in results]
    frames = [row for _, _, rows in results for row in rows]
    info = {
        "name": "synthface",
        "edition": plan["edition"],
        "licence": "CC0-1.0",
        "plan_sha256": sha256(arguments.plan),
    }
    write_corpus(
        arguments.output,
        sheets,
        pd.DataFrame(subjects),
        pd.DataFrame(frames),
        info,
        quality=plan["webp_quality"],
    )
    sheet = arguments.output / "README.md"
    if sheet.is_file():
        told = with_people(sheet.read_text("utf-8"), pd.DataFrame(subjects))
        write_whole(sheet, told)
    size = sum(f.stat().st_size for f in arguments.output.rglob("*") if f.is_file())
    print(f"{len(frames)} frames in {arguments.output}, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
