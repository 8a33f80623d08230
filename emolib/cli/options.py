"""Options that several commands share."""

import argparse
import math
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from emolib.errors import EmolibError
from emolib.faces.formats import FORMATS

if TYPE_CHECKING:
    from emolib.datasets import FaceDataset

CAUTION = (
    "These are resemblances to posed expressions, not what the person feels. Do not "
    "judge people by them."
)
SOURCES = ("synthface", "image_folder", "fer2013", "enterface05")
VOTES = "of FER2013, take the labels of this crowd: FER+'s fer2013new.csv"
#: The names of `emolib.datasets.layouts.LAYOUTS`, known before pandas is loaded.
LAYOUTS = ("ck48", "rafdb", "affectnet", "jaffe", "kdef")
_OF_FOLDERS = ("layout", "classes", "skip", "subject")


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
video_frames = _whole_number(1, 600)  # as recognizer.MOST_FRAMES, which needs numpy
step_size = _number("above 0", lambda value: value > 0)
minutes = _number("0 or more", lambda value: value >= 0)


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        told = f"not a regular expression ({error}): {text!r}"
        raise argparse.ArgumentTypeError(told) from None
    return text


def _class(text: str) -> tuple[str, str]:
    folder, sign, emotion = text.rpartition("=")
    if not (folder and sign and emotion):
        told = f"expected FOLDER=EMOTION, such as alegria=happiness, not {text!r}"
        raise argparse.ArgumentTypeError(told)
    return folder, emotion


def add_data(command: argparse.ArgumentParser) -> None:
    """Add to `command` the options that `load` reads."""
    told = "whose faces; default: synthface, which ships with the course"
    command.add_argument("--data", default="synthface", choices=SOURCES, help=told)
    command.add_argument("--path", type=Path, help="where your own data are")
    command.add_argument("--votes", type=Path, help=VOTES)
    add = command.add_argument_group(
        "for --data image_folder",
        "PATH holds one folder per emotion, maybe in train, val and test, of pictures "
        f"that end in {', '.join(FORMATS)}.",
    ).add_argument
    add("--layout", choices=LAYOUTS, help="a known data set: its names and numbers")
    told = "what other folders stand for, such as alegria=happiness"
    add("--classes", nargs="+", type=_class, metavar="FOLDER=EMOTION", help=told)
    told = "folders to leave out; without names, not even what the layout leaves out"
    add("--skip", nargs="*", metavar="FOLDER", help=told)
    told = r"where a file's name tells the person: a regular expression, as '^(S\d+)_'"
    add("--subject", type=_pattern, metavar="PATTERN", help=told)


def load(options: argparse.Namespace) -> "FaceDataset":
    """Load the data set that `options` name, without its duplicates.

    What an image folder holds, and what is wrong with it, is told on the standard error
    stream.
    """
    names = [name for name in _OF_FOLDERS if getattr(options, name) is not None]
    if names and options.data != "image_folder":
        raise CommandError(
            f"--{names[0]} is for --data image_folder; with --data {options.data} it "
            "has no meaning. Drop it, or give --data image_folder --path FOLDER."
        )
    if options.votes and options.data != "fer2013":
        raise CommandError(
            f"--votes goes with --data fer2013, not {options.data}. Drop it, or give "
            "--data fer2013 --path PATH."
        )
    from emolib import datasets
    from emolib.datasets.fer_plus import with_crowd_labels
    from emolib.datasets.image_folder import report

    extra = {name: getattr(options, name) for name in names}
    if "classes" in extra:
        extra["classes"] = dict(extra["classes"])
    if options.data in ("fer2013", "image_folder"):
        extra["drop_duplicates"] = True
    if options.votes:
        extra["votes"] = options.votes
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        dataset = datasets.load(options.data, options.path, **extra)
    if options.data == "image_folder":
        print(f"{options.path}: {report(dataset)}", file=sys.stderr)
    for one in caught:
        print(f"warning: {one.message}", file=sys.stderr)
    return with_crowd_labels(dataset) if options.votes else dataset
