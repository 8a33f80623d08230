"""Can people read the rendered faces? Draw numbered sheets, then score the answers.

``sheet`` draws faces at the apex of a clip, as the corpus' plan varies them but with
no occluder other than glasses, in random order. The key goes to another folder, so
that whoever rates does not see it::

    python tests/tools/blind_rating.py sheet rating --key keys/key.json --seed 1
    python tests/tools/blind_rating.py score keys/key.json answers.txt

Answers are lines such as ``7 fear`` or ``7 fe``. Ends in 0, or in 2 with one line on
the standard error stream.
"""

import argparse
import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from emolib.emotions import EMOTIONS, UnknownEmotionError, emotion_index, get_emotion

#: People of the rating; those of the corpora have smaller seeds.
FIRST_PERSON = 700_000
COLUMNS, ROWS = 5, 4
#: Below this share read right an emotion is not clear enough.
CLEAR = 0.8


def draw_faces(count: int, seed: int, size: int):
    """Yield (emotion, person's seed, picture (size, size) uint8) in random order."""
    from emolib.paths import data_folder
    from emolib.synthesis import Difficulty, draw_clip, random_identity, render

    plan = json.loads((data_folder() / "synthface/difficulty.json").read_text())
    bare = {"sunglasses": 0.0, "mask": 0.0, "hand": 0.0}
    difficulty = replace(Difficulty(**plan["difficulty"]), **bare)
    rng = np.random.default_rng([seed, 21])
    for k in rng.permutation(count):
        person_seed = FIRST_PERSON + 1000 * seed + int(k)
        person = random_identity(person_seed, spread=difficulty.identity_spread)
        emotion = EMOTIONS[k % len(EMOTIONS)]
        sentence = int(rng.integers(1, plan["sentences"] + 1))
        clip = draw_clip(person, emotion, sentence, difficulty, frames=plan["frames"])
        apex = max(clip, key=lambda frame: frame.intensity)
        image = render(person, apex.expression, apex.scene, size=size)
        yield emotion, person_seed, image


def write_sheets(folder: Path, key: Path, count: int, seed: int, size: int) -> None:
    """Write ``sheet-1.png`` ... into `folder` and the right answers to `key`.

    Raises
    ------
    ValueError
        If `count` is no positive multiple of 6, or the key would lie beside the
        sheets, or old sheets are in the way.
    """
    if count < 1 or count % len(EMOTIONS):
        raise ValueError(f"--faces must be a multiple of 6; received {count}.")
    if folder.resolve() in key.resolve().parents:
        raise ValueError(f"The key {key} must not lie in the sheets' folder {folder}.")
    if list(folder.glob("sheet-*.png")):
        raise ValueError(f"{folder} holds sheets already; choose a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    key.parent.mkdir(parents=True, exist_ok=True)
    cell, band, page = size + 6, 16, COLUMNS * ROWS
    answers, sheet = [], None
    for k, (emotion, person, image) in enumerate(draw_faces(count, seed, size)):
        row, column = divmod(k % page, COLUMNS)
        if k % page == 0:
            sheet = Image.new("L", (COLUMNS * cell, ROWS * (cell + band)), 255)
        x, y = column * cell + 3, row * (cell + band)
        ImageDraw.Draw(sheet).text((x + 2, y + 2), str(k + 1), fill=0)
        sheet.paste(Image.fromarray(image), (x, y + band))
        answers.append({"number": k + 1, "emotion": emotion, "person": person})
        if k % page == page - 1 or k == count - 1:
            sheet.save(folder / f"sheet-{k // page + 1}.png")
    key.write_text(json.dumps({"seed": seed, "faces": answers}, indent=1) + "\n")


def read_answers(text: str, numbers: set[int]) -> dict[int, str]:
    """Read lines "number emotion"; every fault is named in one ValueError."""
    answers, faults, seen = {}, [], Counter()
    for line in filter(None, (line.strip() for line in text.splitlines())):
        number, _, emotion = line.partition(" ")
        if not number.isdecimal() or int(number) not in numbers:
            faults.append(f"no face has the number in {line!r}")
            continue
        seen[int(number)] += 1
        try:
            answers[int(number)] = get_emotion(emotion).name
        except UnknownEmotionError as error:
            faults.append(f"face {number}: {error}")
    faults += [f"face {n} is answered {k} times" for n, k in seen.items() if k > 1]
    if missing := sorted(numbers - set(seen)):
        faults.append(f"no answer for {', '.join(map(str, missing))}")
    if faults:
        raise ValueError("; ".join(faults))
    return answers


def score(key: dict, text: str) -> dict:
    """Compare the answers with the key: confusion (shown, read) and shares right."""
    shown = {face["number"]: face["emotion"] for face in key["faces"]}
    answers = read_answers(text, set(shown))
    confusion = np.zeros((len(EMOTIONS), len(EMOTIONS)), int)
    for number, emotion in shown.items():
        confusion[emotion_index(emotion), emotion_index(answers[number])] += 1
    right = np.diag(confusion) / np.maximum(confusion.sum(axis=1), 1)
    return {
        "n": len(shown),
        "right": float(np.trace(confusion) / len(shown)),
        "right_by_emotion": dict(zip(EMOTIONS, right.tolist(), strict=True)),
        "unclear": [name for name, r in zip(EMOTIONS, right, strict=True) if r < CLEAR],
        "confusion": confusion.tolist(),
    }


def report(result: dict) -> str:
    """Return the result as text."""
    codes = [get_emotion(name).code for name in EMOTIONS]
    lines = ["shown \\ read " + "".join(f"{code:>5}" for code in codes) + "  right"]
    for name, row in zip(EMOTIONS, result["confusion"], strict=True):
        share = result["right_by_emotion"][name]
        counts = "".join(f"{n:5}" for n in row)
        lines.append(f"{name:<13}{counts}  {share:5.0%}")
    lines.append(f"{result['right']:.1%} of {result['n']} faces read right")
    lines.append(f"below {CLEAR:.0%}: {', '.join(result['unclear']) or 'none'}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run ``sheet`` or ``score`` and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, dest="command")
    command = commands.add_parser("sheet", help="draw numbered faces and their key")
    command.add_argument("folder", type=Path)
    command.add_argument("--key", type=Path, required=True, help="in another folder")
    command.add_argument("--faces", type=int, default=60)
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--size", type=int, default=128, help="pixels of a face")
    command = commands.add_parser("score", help="compare answers with the key")
    command.add_argument("key", type=Path)
    command.add_argument("answers", type=Path)
    command.add_argument("--json", type=Path, help="save the result")
    options = parser.parse_args(arguments)
    try:
        if options.command == "sheet":
            write_sheets(
                options.folder, options.key, options.faces, options.seed, options.size
            )
            return 0
        key = json.loads(options.key.read_text())
        result = score(key, options.answers.read_text())
        print(report(result))
        if options.json:
            options.json.write_text(json.dumps(result, indent=1) + "\n")
    except (ValueError, KeyError, OSError) as error:
        print(f"blind_rating: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
