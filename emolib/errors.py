"""What all errors have in common, and the hint at the nearest name. Used everywhere."""

from collections.abc import Iterable
from difflib import get_close_matches


class EmolibError(Exception):
    """Something a user can put right; the message says what came and what to do.

    Each error also derives from the built-in exception that fits, such as `ValueError`.
    """


class ArgumentError(EmolibError, ValueError):
    """A function was called with a value that it cannot use."""


class MissingPackageError(EmolibError, ImportError):
    """A package that is only needed for this is not installed."""


class WorkerError(EmolibError, RuntimeError):
    """A process that worked beside this one has crashed."""


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return a hint at the nearest name, to end a message with; empty if none is near.

    Only slips of the pen are near: a wrong hint is worse than none.

    >>> did_you_mean("sintface", ["fer2013", "synthface"])
    " Did you mean 'synthface'?"
    """
    names = {name.lower(): name for name in known}
    near = get_close_matches(str(given).lower(), names, n=1, cutoff=0.7)
    return f" Did you mean {names[near[0]]!r}?" if near else ""


def unknown(what: str, given: object, known: Iterable[str]) -> str:
    """Return the message about a name that is none of those known.

    >>> unknown("model", "smalcnn", ["plain_cnn", "small_cnn"])
    "Unknown model 'smalcnn'; expected one of 'plain_cnn', 'small_cnn'. Did you mean \
'small_cnn'?"
    """
    names = list(known)
    expected = ", ".join(map(repr, names))
    hint = did_you_mean(str(given), names)
    return f"Unknown {what} {given!r}; expected one of {expected}.{hint}"
