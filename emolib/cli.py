"""The command line: info, datasets, train, export, evaluate, predict and render.

Every command ends in 0, or in 2 with one line on the standard error stream. Heavy
libraries are imported by the command that needs them, so that ``--help`` is fast.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import emolib
from emolib.emotions import EMOTIONS

if TYPE_CHECKING:
    import numpy as np

    from emolib.datasets import FaceDataset

CAUTION = (
    "These are resemblances to posed expressions, not what the person feels. Do not "
    "judge people by them."
)

#: What ``emolib predict`` looks for in a folder.
READABLE = (
    ".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff",
)  # fmt: skip
#: What ``emolib render`` saves.
PICTURES = (".png", ".jpg", ".jpeg", ".webp")
#: Options of ``emolib render`` that are fields of `synthesis.Scene`.
SCENE_OPTIONS = (
    "yaw", "pitch", "roll", "light_azimuth", "light_elevation", "light_contrast",
    "occluder", "background",
)  # fmt: skip

SOURCES = ("synthface", "image_folder", "fer2013", "enterface05")


class CommandError(ValueError):
    """The command cannot be carried out as it was given."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0, 2 (error) or 130 (interrupted).

    Taught in chapters 4, 5, 6 and 12.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default is what the shell passed.
    """
    options = _parser().parse_args(arguments)
    if not hasattr(options, "run"):
        _parser().print_help()
        return 0
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        options.run(options)
    except KeyboardInterrupt:
        print("emolib: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output, such as head, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError, ImportError, RuntimeError) as error:
        print(f"emolib: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="emolib", description="Facial emotion recognition: the course's tools."
    )
    parser.add_argument(
        "--version", action="version", version=f"emolib {emolib.__version__}"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    command = commands.add_parser("info", help="list data sets, models and versions")
    command.add_argument(
        "model",
        nargs="?",
        metavar="NAME_OR_FOLDER",
        help="print a model's card instead",
    )
    command.set_defaults(run=_info)

    _add_datasets(commands)

    command = commands.add_parser("train", help="train a network and save it")
    _add_data(command)
    command.add_argument(
        "--model",
        default="small_cnn",
        choices=("plain_cnn", "small_cnn", "contrast_cnn"),
    )
    command.add_argument("--epochs", type=_positive, default=20)
    command.add_argument("--batch-size", type=_positive, default=32)
    command.add_argument("--learning-rate", type=float, default=1e-3)
    command.add_argument("--limit", type=_positive, help="use only so many images")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument(
        "--augment", default="light", choices=("light", "strong", "none")
    )
    command.add_argument(
        "--soft-targets", action="store_true", help="weight targets by intensity"
    )
    recipe = command.add_argument_group("the recipe of the shipped networks")
    recipe.add_argument(
        "--recipe", choices=("real-faces",), help="instead of the options above"
    )
    recipe.add_argument("--fer2013", type=Path, metavar="PATH", help="your FER2013")
    recipe.add_argument(
        "--minutes", type=float, default=135.0, help="stop here, go on next time"
    )
    command.add_argument("--output", type=Path, required=True, metavar="FOLDER")
    command.add_argument("--quiet", action="store_true", help="no progress bar")
    command.set_defaults(run=_train)

    command = commands.add_parser("evaluate", help="score a network on test images")
    _add_data(command)
    command.add_argument("--model", required=True, metavar="NAME_OR_FOLDER")
    command.add_argument(
        "--part",
        choices=("train", "validation", "test", "all"),
        help="default: test, else validation, else all",
    )
    command.add_argument("--json", type=Path, metavar="FILE", help="save the result")
    command.set_defaults(run=_evaluate)

    command = commands.add_parser("export", help="add the ONNX form to a model")
    command.add_argument("model", metavar="NAME_OR_FOLDER")
    command.set_defaults(run=_export)

    command = commands.add_parser("predict", help="find and read faces in pictures")
    command.add_argument("--model", default="real-faces", metavar="NAME_OR_FOLDER")
    command.add_argument(
        "--crops", action="store_true", help="the pictures are ready crops of one face"
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument(
        "--annotate", type=Path, metavar="FILE", help="draw the faces of one picture"
    )
    command.add_argument("pictures", nargs="+", type=Path, metavar="PICTURE_OR_FOLDER")
    command.set_defaults(run=_predict)

    command = commands.add_parser(
        "render",
        help="draw a synthetic face",
        epilog="example: emolib render --unit browDown=0.8 --unit AU24=0.6 --yaw 15 "
        "--size 256 --colour -o angry.png",
    )
    shown = command.add_argument_group("expression: an emotion, or action units")
    shown.add_argument("--emotion", metavar="NAME", help="default: happiness")
    shown.add_argument("--intensity", type=float, help="0 to 1; default: 1")
    shown.add_argument(
        "--expression-seed",
        type=_seed,
        metavar="SEED",
        help="which way to show the emotion; default: the identity's seed",
    )
    shown.add_argument(
        "--unit",
        action="append",
        dest="units",
        metavar="NAME=WEIGHT",
        help="such as browDown=0.8, mouthSmileLeft=1 or AU4=0.8; repeatable",
    )
    taken = command.add_argument_group("person and picture")
    taken.add_argument("--identity", type=_seed, default=0, metavar="SEED")
    for name, meaning in (
        ("yaw", "degrees; > 0 turns to the right of the picture"),
        ("pitch", "degrees; > 0 raises the chin"),
        ("roll", "degrees; > 0 tilts clockwise"),
        ("light-azimuth", "degrees; > 0 is right in the picture"),
        ("light-elevation", "degrees above the eyes"),
        ("light-contrast", "0 (flat) to 1 (hard)"),
    ):
        taken.add_argument(f"--{name}", type=float, metavar="VALUE", help=meaning)
    taken.add_argument("--occluder", metavar="NAME", help="such as glasses or mask")
    taken.add_argument("--background", type=_seed, metavar="SEED")
    taken.add_argument("--size", type=int, default=64, help="pixels, 16 to 256")
    taken.add_argument("--colour", action="store_true")
    taken.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    command.set_defaults(run=_render)
    return parser


def _add_datasets(commands) -> None:
    group = commands.add_parser("datasets", help="make data sets of your own files")
    tasks = group.add_subparsers(title="tasks", metavar="TASK", required=True)
    task = tasks.add_parser("prepare", help="turn a corpus of videos into faces")
    names = task.add_subparsers(title="corpora", metavar="NAME", required=True)
    command = names.add_parser(
        "enterface05",
        help="eNTERFACE'05, from its official zip or a folder",
        description="Cut the faces out of the videos of eNTERFACE'05. If it is "
        "interrupted, the same command goes on where it stopped.",
        epilog="afterwards: load('enterface05', DEST), or emolib train --data "
        "enterface05 --path DEST",
    )
    command.add_argument("source", type=Path, metavar="SOURCE", help="zip or folder")
    command.add_argument("dest", type=Path, metavar="DEST", help="a new folder")
    command.add_argument(
        "--frames", type=_positive, default=10, help="per clip; default: 10"
    )
    command.add_argument(
        "--policy",
        default="middle",
        choices=("middle", "whole"),
        help="part of a clip that frames come from; default: its middle half",
    )
    command.add_argument(
        "--smallest",
        type=_positive,
        default=80,
        metavar="PIXELS",
        help="smallest face to look for; default: 80",
    )
    command.add_argument(
        "--workers", type=_positive, help="processes; default: one per core, up to 4"
    )
    command.add_argument("--quiet", action="store_true", help="no progress bar")
    command.set_defaults(run=_prepare)


def _add_data(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", default="synthface", choices=SOURCES)
    command.add_argument("--path", type=Path, help="where your own data are")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a positive number, not {text!r}")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected 0 or more, not {text!r}")
    return int(text)


def _load(options: argparse.Namespace) -> "FaceDataset":
    """Load a data set; of FER2013, without its duplicates."""
    from emolib import datasets

    extra = {"drop_duplicates": True} if options.data == "fer2013" else {}
    return datasets.load(options.data, options.path, **extra)


def _info(options: argparse.Namespace) -> None:
    from emolib.datasets import DATASETS
    from emolib.models.registry import available, model_card
    from emolib.paths import data_folder

    if options.model:
        print(model_card(options.model))
        return
    emolib.show_versions()
    print(f"data folder: {data_folder()}")
    print(f"data sets: {', '.join(DATASETS)}")
    print("models:" if available() else "models: none")
    for name in available():
        card = model_card(name)
        print(f"  {name}: {card.architecture}, {card.parameters:,} parameters")


def _prepare(options: argparse.Namespace) -> None:
    from emolib.datasets.enterface05.prepare import Settings, prepare, report_text

    report = prepare(
        options.source,
        options.dest,
        Settings(options.frames, options.policy, options.smallest),
        workers=options.workers,
        progress=not options.quiet,
    )
    print(report_text(report))
    print(f"the data set and report.json are in {options.dest}")


def _train(options: argparse.Namespace) -> None:
    if options.recipe:
        _train_real_faces(options)
        return
    from emolib.export import add_onnx
    from emolib.models.registry import build, save_model
    from emolib.training.loop import fit

    _check_output(options.output)
    everything = _load(options)
    dataset = everything if options.soft_targets else everything.labelled().apex()
    train, validation, how = _divide(dataset, options.seed)
    if options.limit:
        train = _some(train, options.limit, options.seed)
    print(f"training on {len(train):,} images; {how}", flush=True)
    model = build(options.model, options.seed)
    history = fit(
        model,
        train,
        validation,
        epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        augment=False if options.augment == "none" else options.augment,
        soft_targets=options.soft_targets,
        seed=options.seed,
        progress=not options.quiet,
    )
    print(history)
    card = {
        "title": f"{options.output.name}: {options.model} trained on {everything.name}",
        "training_data": {"name": everything.name, "images": len(train), "split": how},
        "recipe": {
            "command": "emolib train",
            "epochs": options.epochs,
            "batch_size": options.batch_size,
            "learning_rate": options.learning_rate,
            "augment": options.augment,
            "soft_targets": options.soft_targets,
            "seed": options.seed,
        },
        "limits": CAUTION,
    }
    print(f"saved in {save_model(model, options.output, card)}")
    add_onnx(options.output)


def _train_real_faces(options: argparse.Namespace) -> None:
    from emolib.recipes.real_faces import train_real_faces

    if options.fer2013 is None:
        raise CommandError("--recipe real-faces needs --fer2013 PATH.")
    _check_output(options.output)
    saved = train_real_faces(
        options.fer2013,
        options.output,
        minutes=options.minutes,
        seed=options.seed,
        progress=not options.quiet,
    )
    if saved:
        print(f"saved in {saved}")
    else:
        print("saved how far it is; run again to go on")


def _check_output(folder: Path) -> None:
    """Refuse before training what could not be written after it."""
    from emolib.models.registry import CARD

    free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if not free and not (folder / CARD).is_file():
        raise CommandError(
            f"{folder} exists and is no model folder; choose a new --output."
        )


def _divide(
    dataset: "FaceDataset", seed: int
) -> tuple["FaceDataset", "FaceDataset", str]:
    """Return training and validation images, and how they were divided."""
    from emolib.datasets.splits import hold_out

    parts = set(dataset.meta["split"].dropna())
    if {"train", "validation", "test"} <= parts:
        train, validation = dataset.part("train"), dataset.part("validation")
        return train, validation, f"the source's own {len(validation):,} for validation"
    if "train" in parts:  # what the source keeps for tests stays untouched
        dataset = dataset.part("train")
    train, validation = hold_out(dataset, 0.1, seed)
    unit = "image: subjects are unknown, so the score is optimistic"
    if dataset.groups is not None:
        unit = "subject"
    return train, validation, f"{len(validation):,} set aside for validation by {unit}"


def _some(dataset: "FaceDataset", count: int, seed: int) -> "FaceDataset":
    import numpy as np

    return dataset.subset(np.random.default_rng(seed).permutation(len(dataset))[:count])


def _evaluate(options: argparse.Namespace) -> None:
    from emolib.evaluation import evaluate
    from emolib.models.inference import predict
    from emolib.models.registry import load_model

    if options.json and not options.json.absolute().parent.is_dir():
        raise CommandError(f"The folder of {options.json} does not exist; create it.")
    model = load_model(options.model)
    dataset = _load(options)
    parts = set(dataset.meta["split"].dropna())
    part = options.part or next(
        (p for p in ("test", "validation") if p in parts), "all"
    )
    if part != "all":
        dataset = dataset.part(part)
    dataset = dataset.labelled().apex()
    result = evaluate(dataset.labels, predict(model, dataset.images), dataset.groups)
    print(f"{options.model} on {dataset.name}, part {part}, apex images\n{result}")
    if options.json:
        result.save(options.json)


def _export(options: argparse.Namespace) -> None:
    from emolib.export import add_onnx

    print(f"wrote {add_onnx(options.model)}")


def _predict(options: argparse.Namespace) -> None:
    import json

    from emolib.faces import PictureError, read_picture, to_canonical
    from emolib.recognizer import EmotionRecognizer, annotate

    paths = _pictures(options.pictures)
    if options.annotate:
        _check_picture(options.annotate)
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
            faces = [{**_answer(recognizer, one)} for one in shares]
        else:
            found = recognizer.recognize(image)
            faces = [
                {
                    "box": [round(float(v), 1) for v in one.face.box],
                    "score": round(one.face.score, 4),
                    **_answer(recognizer, one.probabilities),
                }
                for one in found
            ]
            if options.annotate:
                _save_picture(annotate(image, found), options.annotate)
        report.append({"file": str(path), "faces": faces})
        if not options.json:
            print(_report(path, faces))
    if options.json:
        print(json.dumps({"caution": CAUTION, "pictures": report}, indent=1))
    elif len(problems) < len(paths):
        print(CAUTION)
    if problems:
        more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
        raise CommandError(
            f"{len(problems)} of {len(paths)} pictures could not be read: "
            f"{' '.join(problems[:3])}{more}"
        )


def _pictures(paths: list[Path]) -> list[Path]:
    """Replace folders by the pictures in them, sorted."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in READABLE)
        if not inside:
            raise CommandError(f"{path} holds no pictures ({', '.join(READABLE)}).")
        found += inside
    return found


def _answer(recognizer, shares: "np.ndarray") -> dict:
    return {
        "label": EMOTIONS[int(shares.argmax())],
        "unsure": recognizer.unsure(shares),
        "probabilities": {
            name: round(float(share), 4)
            for name, share in zip(EMOTIONS, shares, strict=True)
        },
    }


def _report(path: Path, faces: list[dict]) -> str:
    """What is printed about one picture."""
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


def _render(options: argparse.Namespace) -> None:
    _check_picture(options.output)
    from emolib import synthesis

    if options.units:
        if (options.emotion, options.intensity, options.expression_seed) != (None,) * 3:
            raise CommandError(
                "--unit sets the face by itself; drop --emotion, --intensity and "
                "--expression-seed."
            )
        expression = dict(map(_unit, options.units))
    else:
        seed = options.expression_seed
        expression = synthesis.express(
            options.emotion or "happiness",
            1.0 if options.intensity is None else options.intensity,
            seed=options.identity if seed is None else seed,
        )
    given = {name: getattr(options, name) for name in SCENE_OPTIONS}
    scene = synthesis.Scene(**{k: v for k, v in given.items() if v is not None})
    image = synthesis.render(
        synthesis.random_identity(options.identity),
        expression,
        scene,
        size=options.size,
        colour=options.colour,
    )
    _save_picture(image, options.output)
    print(f"saved {options.output}")


def _unit(text: str) -> tuple[str, float]:
    """Split ``NAME=WEIGHT``."""
    name, _, weight = text.partition("=")
    try:
        return name, float(weight)
    except ValueError:
        raise CommandError(
            f"--unit expects NAME=WEIGHT, such as browDown=0.8; got {text!r}."
        ) from None


def _check_picture(path: Path) -> None:
    """Refuse before drawing what could not be saved after it."""
    if path.suffix.lower() not in PICTURES:
        raise CommandError(f"{path} must end in one of {', '.join(PICTURES)}.")
    if not path.absolute().parent.is_dir():
        raise CommandError(f"The folder of {path} does not exist; create it.")


def _save_picture(image: "np.ndarray", path: Path) -> None:
    """Write beside the target and rename, so that no half picture is ever left."""
    from PIL import Image

    part = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        Image.fromarray(image).save(part)
        part.replace(path)
    except OSError as error:
        raise CommandError(
            f"{path} cannot be written ({error.strerror or error})."
        ) from error
    finally:
        part.unlink(missing_ok=True)


if __name__ == "__main__":
    raise SystemExit(main())
