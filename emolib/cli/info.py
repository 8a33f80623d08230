"""List the data sets, the models and the versions of what is installed."""

import argparse

import emolib


def add_options(command: argparse.ArgumentParser) -> None:
    """Add nothing to `command`: there is nothing to choose."""


def run(options: argparse.Namespace) -> None:
    """Print what there is; `options` are empty."""
    from emolib.datasets import DATASETS
    from emolib.models.registry import available, model_card
    from emolib.paths import data_folder

    emolib.show_versions()
    print(f"data folder: {data_folder()}")
    print(f"data sets: {', '.join(DATASETS)}")
    print("models:" if available() else "models: none")
    for name in available():
        card = model_card(name)
        print(f"  {name}: {card['architecture']}, {card['parameters']:,} parameters")
