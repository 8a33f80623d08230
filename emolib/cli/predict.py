"""Find the faces in pictures and name the posed expressions that they resemble."""

import argparse
from pathlib import Path

from emolib.cli.options import CAUTION, CommandError
from emolib.cli.pictures import check_picture, find_pictures, save_picture
from emolib.emotions import EMOTIONS


def add_options(command: argparse.ArgumentParser) -> None:
    """Add to `command` the options of `run`."""
    add = command.add_argument
    add("--model", default="real-faces", metavar="NAME_OR_FOLDER")
    add("--crops", action="store_true", help="the pictures are ready crops of one face")
    add("--json", action="store_true", help="print JSON")
    add("--annotate", type=Path, metavar="FILE", help="draw the faces of one picture")
    add("pictures", nargs="+", type=Path, metavar="PICTURE_OR_FOLDER")


def run(options: argparse.Namespace) -> None:
    """Print what is found in the pictures of `options`, then what cannot be read."""
    import json

    from emolib.faces import PictureError, read_picture, to_canonical
    from emolib.recognizer import EmotionRecognizer, annotate

    paths = find_pictures(options.pictures)
    if options.annotate:
        check_picture(options.annotate)
        if len(paths) != 1 or options.crops:
            raise CommandError("--annotate takes one picture, and not --crops.")
    recognizer = EmotionRecognizer(options.model)
    report, problems = [], []
    for path in paths:
        try:
            image = read_picture(path)
        except PictureError as error:
            problems.append(str(error))
            report.append({"file": str(path), "error": str(error)})
            continue
        if options.crops:
            shares = recognizer.predict_proba(to_canonical(image)[None])
            faces = [_answer(recognizer, one) for one in shares]
        else:
            found, faces = recognizer.recognize(image), []
            for one in found:
                box = [round(float(value), 1) for value in one.face.box]
                place = {"box": box, "score": round(one.face.score, 4)}
                faces.append(place | _answer(recognizer, one.probabilities))
            if options.annotate:
                save_picture(annotate(image, found), options.annotate)
        report.append({"file": str(path), "faces": faces})
        if not options.json:
            print(_text(path, faces))
    if options.json:
        print(json.dumps({"caution": CAUTION, "pictures": report}, indent=1))
    elif len(problems) < len(paths):
        print(CAUTION)
    if problems:
        told = f"{len(problems)} of {len(paths)} pictures could not be read: "
        more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
        raise CommandError(f"{told}{' '.join(problems[:3])}{more}")


def _answer(recognizer, shares) -> dict:
    """Return what an `EmotionRecognizer` says of one face, (6,)."""
    rounded = [round(float(share), 4) for share in shares]
    return {
        "label": EMOTIONS[int(shares.argmax())],
        "unsure": recognizer.unsure(shares),
        "probabilities": dict(zip(EMOTIONS, rounded, strict=True)),
    }


def _text(path: Path, faces: list[dict]) -> str:
    """Return what is printed about one picture."""
    lines = [str(path) if faces else f"{path}: no face found"]
    for face in faces:
        place = ""
        if "box" in face:
            x, y, width, height = (round(value) for value in face["box"])
            place = f"face {width} x {height} at ({x}, {y}): "
        answer = f"unsure, perhaps {face['label']}" if face["unsure"] else face["label"]
        lines.append(f"  {place}{answer}")
        shares = sorted(face["probabilities"].items(), key=lambda one: -one[1])
        lines.append("    " + ", ".join(f"{name} {p:.0%}" for name, p in shares))
    return "\n".join(lines)
