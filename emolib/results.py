"""The committed measurements in ``data/results``, and how their shares are written."""

import json
import os
import platform
from importlib.metadata import version

from emolib.errors import EmolibError, did_you_mean
from emolib.paths import data_folder


class ResultsError(EmolibError, ValueError):
    """A measurement is missing or damaged; the message says what to do."""


def _measured() -> list[str]:
    """Return the names of the measurements there are, sorted."""
    return sorted(path.stem for path in (data_folder() / "results").glob("*.json"))


def load_results(name: str) -> dict:
    """Return what a command measured, as it wrote it; accuracies are shares, 0 to 1.

    Parameters
    ----------
    name : str
        Such as ``"by-subject-apex"``; the error about another name lists them.

    Raises
    ------
    ResultsError
        If there is no such measurement, or its file is damaged.
    """
    path = data_folder() / "results" / f"{name}.json"
    if not path.is_file():
        raise ResultsError(
            f"There is no measurement {name!r}; there are: {', '.join(_measured())}."
            f"{did_you_mean(name, _measured())} Make it with one of the commands that "
            "`make help` lists."
        )
    try:
        return json.loads(path.read_text(encoding="utf-8"))["results"]
    except (ValueError, KeyError, TypeError) as error:
        raise ResultsError(
            f"{path} is damaged ({error!r}); delete it and measure again with one of "
            "the commands that `make help` lists."
        ) from error


def percent(*shares: float, digits: int = 0) -> str:
    r"""Return a share, or the ends of a range of shares, in percent as the book does.

    Parameters
    ----------
    *shares : float
        One or two, 1 for all.
    digits : int, default 0
        Decimals.

    Examples
    --------
    >>> percent(0.84) == "84\N{NO-BREAK SPACE}%"
    True
    >>> percent(0.773, 0.89, digits=1).split()
    ['77.3', 'to', '89.0', '%']
    """
    return (
        " to ".join(f"{100 * one:.{digits}f}" for one in shares) + "\N{NO-BREAK SPACE}%"
    )


def environment(*packages: str) -> dict[str, str]:
    """Return what a measurement was made with, for its file or a model's card.

    Versions of Python and of the installed `packages`, kind and number of processors.
    """
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        **{name: version(name) for name in packages},
    }
