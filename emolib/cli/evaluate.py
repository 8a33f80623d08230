"""Score a network on the apex images of a data set."""

import argparse
from pathlib import Path

from emolib.cli.options import add_data, check_folder_of, load


def add_options(command: argparse.ArgumentParser) -> None:
    """Add to `command` the options of `run`."""
    add_data(command)
    command.add_argument("--model", required=True, metavar="NAME_OR_FOLDER")
    parts = ("train", "validation", "test", "all")
    told = "default: test, else validation, else all"
    command.add_argument("--part", choices=parts, help=told)
    command.add_argument("--json", type=Path, metavar="FILE", help="save the result")


def run(options: argparse.Namespace) -> None:
    """Print the result, and save it where `options` say."""
    from emolib.evaluation import evaluate
    from emolib.models.inference import predict
    from emolib.models.registry import load_model

    if options.json:
        check_folder_of(options.json)
    model = load_model(options.model)
    dataset = load(options)
    parts = set(dataset.meta["split"])
    there = [part for part in ("test", "validation") if part in parts]
    part = options.part or next(iter(there), "all")
    if part != "all":
        dataset = dataset.part(part)
    dataset = dataset.labelled().apex()
    result = evaluate(dataset.labels, predict(model, dataset.images), dataset.groups)
    print(f"{options.model} on {dataset.name}, part {part}, apex images\n{result}")
    if options.json:
        result.save(options.json)
