"""Train a shipped network again, with the settings that made it.

No option changes its network and settings; for your own, see emolib train. With --votes
the photographs have the crowd's labels; the network that ships was trained without.
"""

import argparse
from pathlib import Path

from emolib.cli.messages import printable
from emolib.cli.options import minutes, seed
from emolib.cli.places import add_force, check_folder, check_model_folder


def add_options(command: argparse.ArgumentParser) -> None:
    """Add to `command` the options of `run`."""
    command.epilog = (
        "It saves how far it is in FOLDER-stages; the same command goes on from there."
    )
    add = command.add_argument
    add("name", choices=("real-faces",), metavar="NAME", help="real-faces")
    add("--fer2013", type=Path, required=True, metavar="PATH",
        help="your FER2013: the CSV, or its folder")  # fmt: skip
    add("--votes", type=Path, metavar="PATH",
        help="its crowd: FER+'s fer2013new.csv")  # fmt: skip
    add("--minutes", type=minutes, default=135.0,
        help="begin no epoch after so many; go on next time; default: 135")  # fmt: skip
    add("--seed", type=seed, default=0, help="of all that is drawn; default: 0")
    add("--output", type=Path, required=True, metavar="FOLDER",
        help="a new folder for the model")  # fmt: skip
    add("--quiet", action="store_true", help="no progress bar")
    add_force(command)


def run(options: argparse.Namespace) -> None:
    """Train until the stage is complete or the minutes in `options` are over."""
    check_model_folder(options.output, force=options.force)
    check_folder(options.output.with_name(f"{options.output.name}-stages"))
    from emolib.recipes.real_faces import train_real_faces

    saved = train_real_faces(
        options.fer2013, options.output, minutes=options.minutes, seed=options.seed,
        progress=not options.quiet, votes=options.votes,
    )  # fmt: skip
    how_far = "saved how far it is; run again to go on"
    print(f"saved in {printable(saved)}" if saved else how_far)
