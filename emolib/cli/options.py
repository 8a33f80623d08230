"""Options that several commands share, and checks of what they name."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from emolib.errors import EmolibError

if TYPE_CHECKING:
    from emolib.datasets import FaceDataset

CAUTION = (
    "These are resemblances to posed expressions, not what the person feels. Do not "
    "judge people by them."
)
SOURCES = ("synthface", "image_folder", "fer2013", "enterface05")
VOTES = "of FER2013, take the labels of this crowd: FER+'s fer2013new.csv"


class CommandError(EmolibError, ValueError):
    """The command cannot be carried out as it was given."""


def _whole_number(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(
                f"expected a whole number, {least} or more, not {text!r}"
            )
        return int(text)

    return read


#: Types of options.
positive, seed = _whole_number(1), _whole_number(0)


def add_data(command: argparse.ArgumentParser) -> None:
    """Add to `command` the options that `load` reads."""
    command.add_argument("--data", default="synthface", choices=SOURCES)
    command.add_argument("--path", type=Path, help="where your own data are")
    command.add_argument("--votes", type=Path, help=VOTES)


def load(options: argparse.Namespace) -> "FaceDataset":
    """Load the data set that `options` name; of FER2013, without its duplicates."""
    from emolib import datasets
    from emolib.datasets.fer_plus import with_crowd_labels

    if options.votes and options.data != "fer2013":
        raise CommandError(f"--votes goes with --data fer2013, not {options.data}.")
    extra = {}
    if options.data == "fer2013":
        extra = {"drop_duplicates": True, "votes": options.votes}
    faces = datasets.load(options.data, options.path, **extra)
    return faces if options.votes is None else with_crowd_labels(faces)


def check_folder_of(path: Path) -> None:
    """Refuse, before the work, a `path` that could not be written after it."""
    if not path.absolute().parent.is_dir():
        raise CommandError(f"The folder of {path} does not exist; create it.")


def check_model_folder(folder: Path) -> None:
    """Refuse, before training, a folder that a model may not replace."""
    from emolib.models.registry import CARD

    free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if not free and not (folder / CARD).is_file():
        fault = "exists and is no model folder; choose a new --output."
        raise CommandError(f"{folder} {fault}")
