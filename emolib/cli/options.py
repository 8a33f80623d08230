"""Options that several commands share."""

import argparse
import math
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


class CommandError(EmolibError, ValueError):
    """The command cannot be carried out as it was given."""


#: Seeds that both numpy and Keras take.
LARGEST_SEED = 2**32 - 1


def _whole_number(least: int, most: int = 10**9) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or len(text) > 20 or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(
                f"expected a whole number, {least} or more (up to {most:,}), not "
                f"{text!r}"
            )
        return int(text)

    return read


def _number(described: str, fits: Callable[[float], bool]) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and fits(value)):
            expected = f"expected a number, {described}"
            raise argparse.ArgumentTypeError(f"{expected}, not {text!r}")
        return value

    return read


#: Types of options.
positive, seed = _whole_number(1), _whole_number(0, LARGEST_SEED)
pixels = _whole_number(12, 10_000)  # what the detector's first network looks at
step_size = _number("above 0", lambda value: value > 0)
minutes = _number("0 or more", lambda value: value >= 0)


def add_data(command: argparse.ArgumentParser) -> None:
    """Add to `command` the options that `load` reads."""
    told = "whose faces; default: synthface, which ships with the course"
    command.add_argument("--data", default="synthface", choices=SOURCES, help=told)
    command.add_argument("--path", type=Path, help="where your own data are")


def load(options: argparse.Namespace) -> "FaceDataset":
    """Load the data set that `options` name; of FER2013, without its duplicates."""
    from emolib import datasets

    extra = {"drop_duplicates": True} if options.data == "fer2013" else {}
    return datasets.load(options.data, options.path, **extra)
