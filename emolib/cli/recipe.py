"""Train a shipped network again, with the settings that made it.

A recipe has its own data, network and settings: no option changes them. To train with
settings of your own, see emolib train.
"""

import argparse
from pathlib import Path

from emolib.cli.options import check_model_folder, seed


def add_options(command: argparse.ArgumentParser) -> None:
    """Add to `command` the options of `run`."""
    command.add_argument(
        "name", choices=("real-faces",), metavar="NAME", help="real-faces"
    )
    command.add_argument(
        "--fer2013", type=Path, required=True, metavar="PATH", help="your FER2013"
    )
    command.add_argument(
        "--minutes", type=float, default=135.0, help="stop here, go on next time"
    )
    command.add_argument("--seed", type=seed, default=0)
    command.add_argument("--output", type=Path, required=True, metavar="FOLDER")
    command.add_argument("--quiet", action="store_true", help="no progress bar")


def run(options: argparse.Namespace) -> None:
    """Train until the stage is complete or the minutes in `options` are over."""
    from emolib.recipes.real_faces import train_real_faces

    check_model_folder(options.output)
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
