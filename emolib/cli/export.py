"""Add the ONNX form to a model, which emolib predict reads."""

import argparse


def add_options(command: argparse.ArgumentParser) -> None:
    """Add to `command` the options of `run`."""
    command.add_argument("model", metavar="NAME_OR_FOLDER")


def run(options: argparse.Namespace) -> None:
    """Write the graph beside the weights of the model in `options`."""
    from emolib.export import add_onnx

    print(f"wrote {add_onnx(options.model)}")
