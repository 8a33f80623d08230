"""Add the ONNX form to a model, which emolib predict reads."""

import argparse

from emolib.cli.messages import printable
from emolib.cli.places import add_force, check_file


def add_options(command: argparse.ArgumentParser) -> None:
    """Add to `command` the options of `run`."""
    told = "a shipped model, or the folder that emolib train wrote"
    command.add_argument("model", metavar="NAME_OR_FOLDER", help=told)
    add_force(command)


def run(options: argparse.Namespace) -> None:
    """Write the graph beside the weights of the model in `options`."""
    from emolib.models.registry import ONNX, model_folder

    check_file(model_folder(options.model) / ONNX, force=options.force)
    from emolib.export import add_onnx

    print(f"wrote {printable(add_onnx(options.model))}")
