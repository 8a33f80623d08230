"""List the data sets, the models and the versions, or print the card of a model."""

import argparse

import emolib


def add_options(command: argparse.ArgumentParser) -> None:
    """Add to `command` the options of `run`."""
    told = "print a model's card instead"
    command.add_argument("model", nargs="?", metavar="NAME_OR_FOLDER", help=told)


def run(options: argparse.Namespace) -> None:
    """Print what there is, or the one card that `options` name."""
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
