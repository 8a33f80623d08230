"""Train a shipped network again, with the settings that made it.

No option changes its network and settings; for your own, see emolib train. With --votes
the photographs have the crowd's labels; the network that ships was trained without.
"""

import argparse
from pathlib import Path

from emolib.cli.options import check_model_folder, seed


def add_options(command: argparse.ArgumentParser) -> None:
    """Add to `command` the options of `run`."""
    add = command.add_argument
    add("name", choices=("real-faces",), metavar="NAME", help="real-faces")
    add("--fer2013", type=Path, required=True, metavar="PATH", help="your FER2013")
    add("--votes", type=Path, metavar="PATH", help="its crowd: FER+'s fer2013new.csv")
    add("--minutes", type=float, default=135.0, help="stop here, go on next time")
    add("--seed", type=seed, default=0)
    add("--output", type=Path, required=True, metavar="FOLDER")
    add("--quiet", action="store_true", help="no progress bar")


def run(options: argparse.Namespace) -> None:
    """Train until the stage is complete or the minutes in `options` are over."""
    from emolib.recipes.real_faces import train_real_faces

    check_model_folder(options.output)
    saved = train_real_faces(
        options.fer2013, options.output, minutes=options.minutes, seed=options.seed,
        progress=not options.quiet, votes=options.votes,
    )  # fmt: skip
    print(f"saved in {saved}" if saved else "saved how far it is; run again to go on")
