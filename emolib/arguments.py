"""Checks of single numbers, so that all functions refuse them in the same words.

Used everywhere.
"""

import math
from numbers import Integral, Real

from emolib.errors import ArgumentError


def check_whole(name: str, value: object, least: int = 0) -> None:
    """Refuse, with an `ArgumentError`, what is no whole number of `least` or more.

    >>> check_whole("seed", -1)
    Traceback (most recent call last):
    emolib.errors.ArgumentError: seed must be a whole number, 0 or more. Received: -1
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or value < least:
        raise ArgumentError(
            f"{name} must be a whole number, {least} or more. Received: {value!r}"
        )


def check_number(
    name: str, value: object, least: float, most: float = math.inf, *, ends: str = "[]"
) -> None:
    """Refuse, with an `ArgumentError`, what is no finite number from `least` to `most`.

    `ends` tells, as mathematics does, whether each end counts: ``"[]"`` both, ``"(]"``
    the upper one.

    >>> check_number("share", 2, 0, 1)
    Traceback (most recent call last):
    emolib.errors.ArgumentError: share must be a number from 0 to 1. Received: 2
    """
    real = isinstance(value, Real) and not isinstance(value, bool)
    low = real and (value >= least if ends[0] == "[" else value > least)
    high = real and (value <= most if ends[1] == "]" else value < most)
    if low and high and math.isfinite(value):
        return
    first = "from" if ends[0] == "[" else "above"
    last = "to" if ends[1] == "]" else "to below"
    words = f"{first} {least:g} {last} {most:g}"
    if most == math.inf:
        words = f"{first} {least:g}, finite".replace("from 0", "of 0 or more")
    raise ArgumentError(f"{name} must be a number {words}. Received: {value!r}")
