"""Where a command writes: checked before its work, and never over what is there."""

import argparse
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from emolib.cli.messages import why
from emolib.cli.options import CommandError

_TRIAL = 2**20  # bytes written, and removed, to see whether there is room


def add_force(command: argparse.ArgumentParser) -> None:
    """Add to `command` the one option that allows it to replace something."""
    told = "replace what is there; without it nothing is"
    command.add_argument("--force", action="store_true", help=told)


def check_file(path: Path, *, force: bool, inputs: Iterable[Path] = ()) -> None:
    """Refuse a file that could not be written after the work, or would replace another.

    Not even `force` allows it to replace one of `inputs`, under this or another name.
    """
    if not path.name or path.is_dir():
        raise CommandError(f"{path} cannot be written: it is a folder; name a file.")
    if os.path.lexists(path):
        for source in inputs:
            if path.exists() and source.exists() and path.samefile(source):
                raise CommandError(
                    f"{path} is what is read ({source}), and never replaced; name "
                    "another file."
                )
        if not force:
            raise CommandError(
                f"{path} exists; name another file, or replace it with --force."
            )
        if path.exists() and not path.is_file():
            raise CommandError(f"{path} is not an ordinary file; name another.")
    parent = path.absolute().parent
    if not parent.exists():
        raise CommandError(f"The folder of {path} does not exist; create it.")
    _try_writing(path)


def check_model_folder(folder: Path, *, force: bool) -> None:
    """Refuse, before training, a folder that a model could or may not be saved in."""
    from emolib.models.registry import check_replaceable

    choose = "choose a new --output"
    if folder.name in ("", "..") or folder.is_symlink():
        raise CommandError(f"{folder} is not the name of a new folder; {choose}.")
    check_replaceable(folder)
    if not force and folder.is_dir() and any(folder.iterdir()):
        raise CommandError(
            f"{folder} holds a model; {choose}, or replace it with --force."
        )
    _try_writing(folder)


def check_folder(folder: Path) -> None:
    """Refuse, before the work, a folder that could not be made, or not written in."""
    _try_writing(folder, inside=True)


def _try_writing(path: Path, *, inside: bool = False) -> None:
    """Write beside `path` or inside it, as will be written, and remove all again.

    Trying finds what permissions do not tell: a disk that is full or read-only.
    """
    place = path.absolute() / "trial" if inside else path.absolute()
    trial = place.with_name(f".{place.name}.{os.getpid()}.partial")  # as files has it
    made = []
    try:
        for parent in reversed(place.parents):
            if not os.path.lexists(parent):
                parent.mkdir()
                made.append(parent)
        with trial.open("xb") as file:
            file.write(bytes(_TRIAL))
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {why(error)}.") from error
    finally:
        with suppress(OSError):
            trial.unlink()
        for parent in reversed(made):
            with suppress(OSError):
                parent.rmdir()
