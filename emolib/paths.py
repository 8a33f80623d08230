"""Where the data of the course are: one resolver for checkout, wheel and override.

Used everywhere; the chapters read ``data_folder() / "results"``.
"""

import os
from pathlib import Path


class DataFolderError(FileNotFoundError):
    """No data folder was found; the message lists the places looked at."""


def data_folder() -> Path:
    """Return the folder of ``synthface/``, ``head/``, ``models/`` and ``results/``.

    Looked for in this order: the environment variable ``EMOLIB_DATA``, the ``data/``
    folder of the checkout this package lies in, the copy inside an installed wheel.

    Raises
    ------
    DataFolderError
        If none of the three exists, or if ``EMOLIB_DATA`` names no folder.
    """
    override = os.environ.get("EMOLIB_DATA")
    if override:
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
