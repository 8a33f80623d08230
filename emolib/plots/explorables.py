"""What a figure hands to the page, so that readers of the HTML can move it."""

import base64
import json

import numpy as np
from IPython.display import HTML

from emolib.errors import ArgumentError

_DIGITS = 6  # significant ones; more than a pixel of any screen shows


def explorable(name: str, **data) -> HTML:
    """Hand what a figure was drawn from to the script that makes it movable.

    The figure above it in the output of the same cell is what Jupyter, Colab, print and
    a browser without scripts show. On the page, ``book/assets/explorables/<name>.js``
    puts something to move in its place.

    Parameters
    ----------
    name : str
        The script: letters and hyphens.
    **data
        What it gets, as JSON: numbers, strings, lists, mappings, and arrays. Arrays of
        uint8 (pictures) go as base64 with their shape, others as nested lists, floats
        with six significant digits.

    Returns
    -------
    HTML
        An empty place with the data in it, for ``display``.

    Raises
    ------
    ArgumentError
        If `name` is not made of letters and hyphens, or a number is not finite.
    """
    if not name.replace("-", "").isalpha():
        raise ArgumentError(
            f"The name of an explorable has letters and hyphens. Received: {name!r}"
        )
    try:
        text = json.dumps(_plain(data), allow_nan=False, separators=(",", ":"))
    except ValueError:
        raise ArgumentError(
            f"The data of the explorable {name!r} hold a number that is not finite, "
            "which JSON has no word for. Leave it out, or give None."
        ) from None
    text = text.replace("</", "<\\/")  # or it would end the element
    return HTML(
        f'<div class="explorable" data-name="{name}">'
        f'<script type="application/json">{text}</script></div>'
    )


def _plain(value):
    """Return what JSON knows of numbers, arrays and what holds them."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray) and value.dtype == np.uint8:
        text = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"shape": list(value.shape), "bytes": text}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        short = float(f"{value:.{_DIGITS}g}")
        return int(short) if short.is_integer() else short
    return value
