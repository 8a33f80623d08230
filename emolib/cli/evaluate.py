"""Score a network on the apex images of a data set."""

import argparse
from pathlib import Path

from emolib.cli.messages import printable
from emolib.cli.options import add_data, load
from emolib.cli.places import add_force, check_file


def add_options(command: argparse.ArgumentParser) -> None:
    """Add to `command` the options of `run`."""
    add_data(command)
    add = command.add_argument
    add("--model", required=True, metavar="NAME_OR_FOLDER",
        help="a shipped model, or the folder that emolib train wrote")  # fmt: skip
    add("--part", choices=("train", "validation", "test", "all"),
        help="default: test, else validation, else all")  # fmt: skip
    add("--json", type=Path, metavar="FILE", help="also save the scores, as JSON")
    add_force(command)


def run(options: argparse.Namespace) -> None:
    """Print the result, and save it where `options` say."""
    from emolib.models.registry import model_folder

    if options.json:
        read = [*model_folder(options.model).iterdir()]
        read += [options.path] if options.path else []
        check_file(options.json, force=options.force, inputs=read)
    from emolib.evaluation import evaluate
    from emolib.models.inference import predict
    from emolib.models.registry import load_model

    model = load_model(options.model)
    dataset = load(options)
    parts = set(dataset.meta["split"])
    there = [part for part in ("test", "validation") if part in parts]
    part = options.part or next(iter(there), "all")
    if part != "all":
        dataset = dataset.part(part)
    dataset = dataset.labelled().apex()
    result = evaluate(dataset.labels, predict(model, dataset.images), dataset.groups)
    about = f"{options.model} on {dataset.name}, part {part}, apex images"
    print(f"{printable(about)}\n{result}", flush=True)
    if options.json:
        result.save(options.json)
