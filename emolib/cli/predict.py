"""Find the faces in pictures and videos and name the expressions that they resemble."""

import argparse
import json
import math
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emolib.cli.messages import describe, printable
from emolib.cli.options import CAUTION, CommandError, pixels, video_frames
from emolib.cli.pictures import (
    WRITABLE,
    Found,
    as_avi,
    check_picture,
    find_pictures,
    is_video,
    save_picture,
    video_fault,
)
from emolib.cli.places import add_force
from emolib.emotions import EMOTIONS
from emolib.errors import EmolibError, MissingPackageError
from emolib.faces.formats import FORMATS, WITH_PACKAGE
from emolib.results import percent

_DPI = 200  # of a timeline, in dots per inch
_NAMED = 3  # files of a kind that is not read, as examples


def add_options(command: argparse.ArgumentParser) -> None:
    """Add to `command` the options of `run`."""
    packages = ", ".join(f"{name} ({need})" for name, need in WITH_PACKAGE.items())
    command.epilog = (
        f"Formats, by what a file holds: {', '.join(FORMATS)}; with a package: "
        f"{packages}. Pictures of up to 50 million pixels are read (JPEG 250 million; "
        "WebP, AVIF and JPEG 2000 less). "
        "Of an animation the first frame is read. Of a video (AVI, up to full HD and "
        "250,000 frames; needs pip install 'emolib[video]') --frames are read, "
        "at equal distances, and the answer is the mean of the answers to those that "
        "show a face: of several people the one with the largest face is followed. An "
        "hour takes some minutes. Convert others first: ffmpeg -i clip.mp4 -c:v mpeg4 "
        "-q:v 2 clip.avi. A folder is searched at any depth; hidden files are passed "
        "over, and so are those of another kind, which are listed at the end. "
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
        help="with --json: an object a line, each file's as soon as it is read "
        "(JSON Lines)")  # fmt: skip
    add("--annotate", type=Path, metavar="FILE",
        help="draw the faces of one picture, or the timeline of one video: a new "
        f"{', '.join(WRITABLE)}")  # fmt: skip
    add("--frames", type=video_frames, default=60, metavar="NUMBER",
        help="how many frames of a video are read, up to 600; default: 60, or all that "
        "a short one has")  # fmt: skip
    add("--quiet", action="store_true", help="no progress bar")
    add_force(command)
    add("pictures", nargs="+", type=_named, metavar="PICTURE_VIDEO_OR_FOLDER",
        help="read in this order, the files of a folder by name")  # fmt: skip


def _named(text: str) -> Path:
    if text in ("", "-"):  # which would be the folder here, and the standard input
        told = "expected the path of a picture, a video or a folder"
        raise argparse.ArgumentTypeError(f"{told}, not {text!r}")
    return Path(text)


def run(options: argparse.Namespace) -> int:
    """Print what is found in each file of `options`; return 2 if one is not read."""
    if options.stream and not options.json:
        raise CommandError("--stream changes what --json prints; add --json.")
    if options.crops and (options.annotate or options.min_face):
        raise CommandError("--annotate and --min-face look for faces; drop --crops.")
    found = find_pictures(options.pictures)
    if options.annotate:
        check_picture(options.annotate, force=options.force, inputs=found.pictures)
        if (count := len(found.pictures)) != 1:
            raise CommandError(
                f"--annotate takes one picture or video; {count} are named."
            )
    from tqdm import tqdm

    from emolib.recognizer import EmotionRecognizer

    needed = not all(found.pictures.values())
    recognizer = None
    if needed:
        recognizer = EmotionRecognizer(options.model, min_face=options.min_face)
    faults, done = [], 0
    bar = tqdm(
        found.pictures.items(), unit="file",
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
    """Return what is said of one file, and the drawing if one is asked for."""
    from emolib.faces import PictureError, read_picture, to_canonical
    from emolib.faces.video import VideoError
    from emolib.recognizer import annotate

    entry, drawn = {"file": str(path)}, None
    if fault:
        return entry | {"error": fault}, None
    try:
        if is_video(path):
            told, drawn = _read_video(path, recognizer, options)
            return entry | told, drawn
        if options.crops:
            crop = to_canonical(read_picture(path))
            shares = recognizer.predict_proba(crop[None])
            return entry | {"faces": [_answer(recognizer, one) for one in shares]}, None
        # of a path, the recogniser reads no more pixels than it needs
        image = read_picture(path) if options.annotate else path
        found, faces = recognizer.recognize(image), []
        for one in found:
            box, score = _rounded(one.face.box, 1), round(one.face.score, 4)
            faces.append(
                {"box": box, "score": score} | _answer(recognizer, one.probabilities)
            )
        entry["faces"] = faces
        if not found:
            entry["reason"] = recognizer.why_no_face(image)
        if options.annotate:
            drawn = annotate(image, found)
    except PictureError as error:
        return entry | {"error": video_fault(path) or str(error)}, None
    except (VideoError, MissingPackageError) as error:
        return entry | {"error": str(error)}, None
    except Exception as error:  # one picture is no reason to lose the others
        if options.debug or isinstance(error, EmolibError):
            raise
        return entry | {"error": f"{path}: {describe(error)}"}, None
    return entry, drawn


def _read_video(path: Path, recognizer, options) -> tuple[dict, object]:
    """Return what is said of one video, and its timeline if one is asked for."""
    if options.crops:
        place = shlex.quote(str(path))
        fault = (
            f"{path} is a video, and --crops reads pictures; take its frames first: "
            f"mkdir frames && ffmpeg -i {place} -vf fps=5 frames/%04d.png"
        )
        return {"error": fault}, None
    progress = not options.quiet and sys.stderr.isatty()
    clip = recognizer.predict_clip(path, frames=options.frames, progress=progress)
    moments = zip(clip.times, clip.faces, clip.boxes, clip.probabilities, strict=True)
    entry = {
        "label": clip.label,
        "unsure": clip.unsure,
        "probabilities": None if clip.label is None else _shares(clip.answer),
        "frames_of_video": clip.total,
        "frames": len(clip.times),
        "frames_with_face": int(clip.found.sum()),
        "frames_with_several": int((clip.faces > 1).sum()),
        "timeline": [_moment(*one) for one in moments],
    }
    if clip.label is None:
        entry["reason"] = clip.reason
    return entry, _timeline(clip, recognizer) if options.annotate else None


def _moment(time, faces, box, probabilities) -> dict:
    """Return what a `ClipRecognition` says of one frame."""
    entry = {"time": round(float(time), 3), "faces": int(faces)}
    if math.isnan(box[0]):
        return entry | {"box": None, "probabilities": None}
    return entry | {"box": _rounded(box, 1), "probabilities": _shares(probabilities)}


def _timeline(clip, recognizer) -> object:
    """Draw a `ClipRecognition`: uint8 (height, width, 3)."""
    import io

    import matplotlib as mpl

    mpl.use("agg")  # opens no window
    from emolib.faces import read_picture
    from emolib.plots import timeline

    zoom = clip.pictures.shape[2] / clip.size[0]
    figure = timeline(
        clip.times, clip.probabilities, clip.pictures, clip.boxes * zoom,
        unsure_below=recognizer.unsure_below, title=str(clip),
    )  # fmt: skip
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=_DPI)
    return read_picture(content.getvalue())


def _answer(recognizer, shares) -> dict:
    """Return what an `EmotionRecognizer` says of one face, (6,)."""
    return {
        "label": EMOTIONS[int(shares.argmax())],
        "unsure": recognizer.unsure(shares),
        "probabilities": _shares(shares),
    }


def _shares(probabilities) -> dict[str, float]:
    return dict(zip(EMOTIONS, _rounded(probabilities, 4), strict=True))


def _rounded(values, digits: int) -> list[float]:
    return [round(float(value), digits) for value in values]


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
    """Return what is printed about one picture or video."""
    file = printable(entry["file"])
    if "reason" in entry:
        return f"{file}: no face found. {entry['reason']}"
    lines, faces = [file], entry.get("faces", [entry])
    for number, face in enumerate(faces, 1):
        place = f"{number}. " if len(faces) > 1 else ""
        if "box" in face:
            x, y, width, height = (round(value) for value in face["box"])
            place += f"face {width} x {height} at ({x}, {y}): "
        if "timeline" in face:
            place += f"face in {face['frames_with_face']} of {face['frames']} frames"
            several = face["frames_with_several"]
            place += f", several faces in {several}: " if several else ": "
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
        else [f"{done} of {len(found.pictures)} files were looked at"]
    )
    if len(faults) == 1 == len(found.pictures):
        lines += faults
    elif faults:
        lines.append(f"{len(faults)} of {len(found.pictures)} files could not be read:")
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
        lines += [f"  {as_avi(one)}" for one in videos if video_fault(one)][:1]
    for line in lines:
        indent = "  " if line.startswith("  ") else "emolib: "
        print(f"{indent}{printable(line)}", file=sys.stderr)
