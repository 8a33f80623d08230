"""Where the data of the course are, in a checkout and in a wheel. Used everywhere."""

import os
from pathlib import Path

from emolib.errors import EmolibError


class DataFolderError(EmolibError, FileNotFoundError):
    """No data folder was found; the message lists the places looked at."""


def data_folder() -> Path:
    """Return the folder of ``synthface/``, ``head/``, ``models/`` and ``results/``.

    The first of: the environment variable ``EMOLIB_DATA``, the ``data/`` folder of the
    checkout around this package, the copy inside an installed wheel.

    Raises
    ------
    DataFolderError
        If none of the three exists, or if ``EMOLIB_DATA`` names no folder.
    """
    if override := os.environ.get("EMOLIB_DATA"):
        folder = Path(override).expanduser()
        if not folder.is_dir():
            raise DataFolderError(
                f"EMOLIB_DATA names {folder}, which is not a folder; correct it or "
                "unset it to use the data that ship with emolib."
            )
        return folder
    package = Path(__file__).resolve().parent
    checkout = package.parent / "data"
    if checkout.is_dir() and (package.parent / "pyproject.toml").is_file():
        return checkout
    packaged = package / "_data"
    if packaged.is_dir():
        return packaged
    raise DataFolderError(
        f"No data folder: looked at EMOLIB_DATA (not set), {checkout} and {packaged}. "
        "Install emolib again, or set EMOLIB_DATA to the data/ folder of a checkout."
    )
