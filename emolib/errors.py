"""What every error of the package has in common, and the hint at the nearest name.

Used everywhere.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class EmolibError(Exception):
    """Something a user can put right; the message says what came and what to do.

    The errors of the package derive from it and from the built-in exception that fits
    (`ValueError`, `FileNotFoundError`, ...), so that one ``except`` catches them all.
    """


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return a hint at the known name that is nearest to a mistyped one.

    Parameters
    ----------
    given : str
        What the user wrote.
    known : iterable of str
        The names there are.

    Returns
    -------
    str
        Such as ``" Did you mean 'synthface'?"``, to end a message with; empty where no
        name is near.

    Examples
    --------
    >>> did_you_mean("sintface", ["fer2013", "synthface"])
    " Did you mean 'synthface'?"
    >>> did_you_mean("mnist", ["fer2013", "synthface"])
    ''
    """
    names = {name.lower(): name for name in known}
    near = get_close_matches(str(given).lower(), names, n=1, cutoff=0.5)
    return f" Did you mean {names[near[0]]!r}?" if near else ""
