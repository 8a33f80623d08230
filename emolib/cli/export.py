"""Add to a model its ONNX form, or the file that a page of the book reads."""

import argparse

from emolib.cli.messages import printable
from emolib.cli.places import add_force, check_file

#: The keys of `emolib.export.PRECISIONS`, known before TensorFlow is loaded.
PRECISIONS = ("float32", "float16", "int8")


def add_options(command: argparse.ArgumentParser) -> None:
    """Add to `command` the options of `run`."""
    add = command.add_argument
    add("model", metavar="NAME_OR_FOLDER",
        help="a shipped model, or the folder that emolib train wrote")  # fmt: skip
    add("--page", action="store_true",
        help="write network.json, which the live lab of the book reads, and not the "
        "ONNX form")  # fmt: skip
    add("--precision", choices=PRECISIONS, default="float16",
        help="of the weights in network.json; default: float16")  # fmt: skip
    add_force(command)


def run(options: argparse.Namespace) -> None:
    """Write the file beside the weights of the model in `options`."""
    from emolib.models.registry import ONNX, PAGE, model_folder

    path = model_folder(options.model) / (PAGE if options.page else ONNX)
    check_file(path, force=options.force)
    from emolib.export import add_onnx, add_page

    if options.page:
        path = add_page(options.model, options.precision)
        print(f"wrote {printable(path)} ({path.stat().st_size / 1000:,.0f} kB)")
    else:
        print(f"wrote {printable(add_onnx(options.model))}")
