"""Find the faces in pictures and name the posed expressions that they resemble."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emolib.cli.messages import describe, printable
from emolib.cli.options import CAUTION, CommandError, pixels
from emolib.cli.pictures import (
    WRITABLE,
    Found,
    check_picture,
    find_pictures,
    frames_of,
    save_picture,
    video_fault,
)
from emolib.cli.places import add_force
from emolib.emotions import EMOTIONS
from emolib.errors import EmolibError
from emolib.faces.formats import FORMATS, WITH_PACKAGE
from emolib.results import percent

_NAMED = 3  # files of a kind that is not read, as examples


def add_options(command: argparse.ArgumentParser) -> None:
    """Add to `command` the options of `run`."""
    packages = ", ".join(f"{name} ({need})" for name, need in WITH_PACKAGE.items())
    command.epilog = (
        f"Formats, by what a file holds: {', '.join(FORMATS)}; with a package: "
        f"{packages}. Pictures of up to 50 million pixels are read (JPEG 250 million; "
        "WebP, AVIF and JPEG 2000 less). "
        "Of an animation the first frame is read. Videos are not read "
        "yet: take frames from them first, such as with ffmpeg -i clip.mp4 -vf fps=5 "
        "frames/%04d.png. A folder is searched at any depth; hidden files are passed "
        "over, and so are those that are no pictures, which are listed at the end. "
        "Exit code 2 says that something could not be read. " + CAUTION
    )
    add = command.add_argument
    add("--model", default="real-faces", metavar="NAME_OR_FOLDER",
        help="a shipped model, or the folder of your own; default: real-faces, which "
        "has learnt from photographs")  # fmt: skip
    add("--crops", action="store_true", help="the pictures are ready crops of one face")
    add("--min-face", type=pixels, metavar="PIXELS",
        help="side of the smallest face to look for, 12 or more; default: 40, in a "
        "picture of more than 13 million pixels more")  # fmt: skip
    add("--json", action="store_true", help="print JSON: one document")
    add("--stream", action="store_true",
        help="with --json: an object a line, each picture's as soon as it is read "
        "(JSON Lines)")  # fmt: skip
    add("--annotate", type=Path, metavar="FILE",
        help=f"draw the faces of one picture: a new {', '.join(WRITABLE)}")  # fmt: skip
    add("--quiet", action="store_true", help="no progress bar")
    add_force(command)
    add("pictures", nargs="+", type=_named, metavar="PICTURE_OR_FOLDER",
        help="read in this order, the pictures of a folder by name")  # fmt: skip


def _named(text: str) -> Path:
    if text in ("", "-"):  # which would be the folder here, and the standard input
        told = "expected the path of a picture or a folder"
        raise argparse.ArgumentTypeError(f"{told}, not {text!r}")
    return Path(text)


def run(options: argparse.Namespace) -> int:
    """Print what is found in each picture of `options`; return 2 if one is not read."""
    if options.stream and not options.json:
        raise CommandError("--stream changes what --json prints; add --json.")
    if options.crops and (options.annotate or options.min_face):
        raise CommandError("--annotate and --min-face look for faces; drop --crops.")
    found = find_pictures(options.pictures)
    if options.annotate:
        check_picture(options.annotate, force=options.force, inputs=found.pictures)
        if len(found.pictures) != 1:
            raise CommandError(
                f"--annotate takes one picture; {len(found.pictures)} are named."
            )
    from tqdm import tqdm

    from emolib.recognizer import EmotionRecognizer

    needed = not all(found.pictures.values())
    recognizer = None
    if needed:
        recognizer = EmotionRecognizer(options.model, min_face=options.min_face)
    faults, done = [], 0
    bar = tqdm(
        found.pictures.items(), unit="picture",
        disable=options.quiet or len(found.pictures) == 1 or None,  # None: no terminal
    )  # fmt: skip
    try:
        with _printer(options) as show, bar:
            for path, fault in bar:
                entry, drawn = _read(path, fault, recognizer, options)
                if "error" in entry:
                    faults.append(entry["error"])
                show(entry)
                done += 1
                if drawn is not None:
                    save_picture(drawn, options.annotate)
    finally:  # also if the user, or an error, ends it early
        if len(faults) < done and (options.stream or not options.json):
            print(CAUTION, file=sys.stderr if options.stream else sys.stdout)
        _report(found, faults, done)
    return 2 if faults else 0


def _read(path: Path, fault: str, recognizer, options) -> tuple[dict, object]:
    """Return what is said of one picture, and the drawing if one is asked for."""
    from emolib.faces import PictureError, read_picture, to_canonical
    from emolib.recognizer import annotate

    entry, drawn = {"file": str(path)}, None
    if fault:
        return entry | {"error": fault}, None
    try:
        if options.crops:
            crop = to_canonical(read_picture(path))
            shares = recognizer.predict_proba(crop[None])
            return entry | {"faces": [_answer(recognizer, one) for one in shares]}, None
        # of a path, the recogniser reads no more pixels than it needs
        image = read_picture(path) if options.annotate else path
        found, faces = recognizer.recognize(image), []
        for one in found:
            box = [round(float(value), 1) for value in one.face.box]
            place = {"box": box, "score": round(one.face.score, 4)}
            faces.append(place | _answer(recognizer, one.probabilities))
        entry["faces"] = faces
        if not found:
            entry["reason"] = recognizer.why_no_face(image)
        if options.annotate:
            drawn = annotate(image, found)
    except PictureError as error:
        return entry | {"error": video_fault(path) or str(error)}, None
    except Exception as error:  # one picture is no reason to lose the others
        if options.debug or isinstance(error, EmolibError):
            raise
        return entry | {"error": f"{path}: {describe(error)}"}, None
    return entry, drawn


def _answer(recognizer, shares) -> dict:
    """Return what an `EmotionRecognizer` says of one face, (6,)."""
    rounded = [round(float(share), 4) for share in shares]
    return {
        "label": EMOTIONS[int(shares.argmax())],
        "unsure": recognizer.unsure(shares),
        "probabilities": dict(zip(EMOTIONS, rounded, strict=True)),
    }


@contextmanager
def _printer(options: argparse.Namespace) -> Iterator:
    """Give a function that prints what is said of a picture, at once.

    A JSON document is ended properly whatever ends the block.
    """
    from tqdm import tqdm

    def put(text: str) -> None:
        with tqdm.external_write_mode():  # takes the bar away and draws it again
            sys.stdout.write(text)
            sys.stdout.flush()

    if not options.json:
        yield lambda entry: "error" in entry or put(f"{_text(entry)}\n")
    elif options.stream:
        yield lambda entry: put(f"{json.dumps(entry)}\n")
    else:
        document = json.dumps({"caution": CAUTION, "pictures": []}, indent=1)
        put(document.removesuffix("]\n}"))
        separator = "\n  "

        def show(entry: dict) -> None:
            nonlocal separator
            put(separator + json.dumps(entry, indent=1).replace("\n", "\n  "))
            separator = ",\n  "

        try:
            yield show
        finally:
            put("\n ]\n}\n")


def _text(entry: dict) -> str:
    """Return what is printed about one picture."""
    file, faces = printable(entry["file"]), entry["faces"]
    lines = [file if faces else f"{file}: no face found. {entry['reason']}"]
    for number, face in enumerate(faces, 1):
        place = f"{number}. " if len(faces) > 1 else ""
        if "box" in face:
            x, y, width, height = (round(value) for value in face["box"])
            place += f"face {width} x {height} at ({x}, {y}): "
        answer = f"unsure, perhaps {face['label']}" if face["unsure"] else face["label"]
        lines.append(f"  {place}{answer}")
        shares = sorted(face["probabilities"].items(), key=lambda one: -one[1])
        lines.append("    " + ", ".join(f"{name} {percent(p)}" for name, p in shares))
    return "\n".join(lines)


def _report(found: Found, faults: list[str], done: int) -> None:
    """Say on the standard error stream what was not read, and why."""
    lines = (
        []
        if done == len(found.pictures)
        else [f"{done} of {len(found.pictures)} pictures were looked at"]
    )
    if len(faults) == 1 == len(found.pictures):
        lines += faults
    elif faults:
        lines.append(
            f"{len(faults)} of {len(found.pictures)} pictures could not be read:"
        )
        lines += [f"  {fault}" for fault in faults]
    if found.repeated:
        lines.append(f"{found.repeated} named more than once; each is read once")
    if found.skipped:
        lines.append("files in the folders that are not read:")
        for reason, files in sorted(found.skipped.items(), key=lambda x: -len(x[1])):
            names = ", ".join(path.name for path in files[:_NAMED])
            more = ", ..." if len(files) > _NAMED else ""
            lines.append(f"  {len(files)} x {reason} ({names}{more})")
        videos = (one for files in found.skipped.values() for one in files[:1])
        lines += [f"  {frames_of(str(one))}" for one in videos if video_fault(one)][:1]
    for line in lines:
        indent = "  " if line.startswith("  ") else "emolib: "
        print(f"{indent}{printable(line)}", file=sys.stderr)
