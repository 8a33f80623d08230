"""List the data sets, the models and the versions, or print the card of a model."""

import argparse
import sys

import emolib
from emolib.cli.messages import describe, printable

_REMEDY = "Restore it with `git checkout data/models`, or remove its folder."


def add_options(command: argparse.ArgumentParser) -> None:
    """Add to `command` the options of `run`."""
    told = "print the card of this model instead: a shipped name, or your folder"
    command.add_argument("model", nargs="?", metavar="NAME_OR_FOLDER", help=told)


def run(options: argparse.Namespace) -> int:
    """Print what there is, or the one card that `options` name; 2 if one is broken."""
    from emolib.datasets import DATASETS
    from emolib.models.registry import available, model_card
    from emolib.paths import data_folder

    if options.model:
        print(model_card(options.model))
        return 0
    emolib.show_versions()
    print(f"data folder: {printable(data_folder())}")
    print(f"data sets: {', '.join(DATASETS)}")
    print("models:" if available() else "models: none")
    broken = []
    for name in available():
        try:
            card = model_card(name)
            about = f"{card.architecture}, {card.parameters:,} parameters"
        except Exception as error:  # whatever one file holds, the others are listed
            if options.debug:
                raise
            fault = describe(error)
            if "git checkout" not in fault:
                fault = f"The model {name!r}: {fault} {_REMEDY}"
            broken.append(fault)
            about = "broken, see below"
        print(f"  {printable(name)}: {about}")
    for fault in broken:
        print(f"emolib: {fault}", file=sys.stderr)
    return 2 if broken else 0
