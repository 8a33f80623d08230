"""A clip for a lab: its frames, and under each of them the six probabilities."""

import base64
import html
from collections.abc import Sequence

import numpy as np

from emolib.emotions import EMOTIONS, get_emotion
from emolib.results import percent
from emolib.widgets.pictures import png

#: Frames that stand side by side; of a longer clip they are taken evenly.
COLUMNS = 8

_SIDE = 64  # CSS pixels of a frame
_HIGH = 22  # of a bar at 100 %
_NAME = "text-align: left; font-weight: normal; padding-right: 0.5em"


def clip_table(
    images: np.ndarray,
    shares: np.ndarray,
    names: Sequence[str],
    chosen: int | None,
    line: float,
) -> str:
    """Return a clip as an HTML table: a column for each frame, a row for each emotion.

    Every probability is a bar and a number, and the largest of a frame is bold where
    it is an answer.

    Parameters
    ----------
    images : ndarray, uint8, (t, 64, 64)
        In temporal order.
    shares : ndarray of float, (t, 6)
        In the order of ``EMOTIONS``.
    names : sequence of str
        What to call each frame, such as its number.
    chosen : int or None
        Which of them is marked, from 0.
    line : float
        Smallest top probability that is an answer.
    """
    columns = _columns(len(images), chosen)
    tops = [shares[k].max() if shares[k].max() >= line else np.inf for k in columns]
    heads = "".join(_head(images[k], names[k], k == chosen) for k in columns)
    rows = []
    for place, emotion in enumerate(EMOTIONS):
        colour = get_emotion(emotion).colour
        cells = "".join(
            _cell(shares[k, place], colour, line, shares[k, place] == top)
            for k, top in zip(columns, tops, strict=True)
        )
        name = f'<th scope="row" style="{_NAME}">{emotion}</th>'
        rows.append(f"<tr>{name}{cells}</tr>")
    look = "border-collapse: separate; border-spacing: 0; font-size: 12px"
    return (
        '<div role="region" tabindex="0" aria-label="Probabilities from frame to frame"'
        f' style="overflow-x: auto"><table style="{look}; line-height: 1.2"><thead>'
        f'<tr><th scope="row" style="{_NAME}">frame</th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _columns(count: int, chosen: int | None) -> list[int]:
    """Return which frames are shown: all, or evenly, the chosen one always."""
    if count <= COLUMNS:
        return list(range(count))
    evenly = np.rint(np.linspace(0, count - 1, COLUMNS)).astype(int)
    if chosen is not None:
        evenly[np.abs(evenly - chosen).argmin()] = chosen
    return evenly.tolist()


def _head(image: np.ndarray, name: str, chosen: bool) -> str:
    source = base64.b64encode(png(image)).decode("ascii")
    edge = "currentColor" if chosen else "transparent"
    weight, mark = ("bold", ' aria-current="true"') if chosen else ("normal", "")
    return (
        f'<th scope="col"{mark} style="text-align: center; font-weight: {weight}; '
        f'padding: 2px; border: 2px solid {edge}"><img alt="" width="{_SIDE}" '
        f'height="{_SIDE}" style="display: block" '
        f'src="data:image/png;base64,{source}">{html.escape(name)}</th>'
    )


def _cell(share: float, colour: str, line: float, answer: bool) -> str:
    """Return a bar that stands on its number, in percent."""
    track = (
        f"display: block; position: relative; height: {_HIGH}px; width: {_SIDE}px; "
        "margin: 0 auto; background: rgba(128, 128, 128, 0.18)"
    )
    flat = "position: absolute; left: 0; right: 0"
    bar = f"{flat}; bottom: 0; height: {100 * share:.0f}%; background: {colour}"
    mark = f"{flat}; bottom: {100 * line:.0f}%; border-top: 1px solid currentColor"
    weight = "bold" if answer else "normal"
    return (
        f'<td style="text-align: center; padding: 2px; font-weight: {weight}">'
        f'<span aria-hidden="true" style="{track}"><span style="{bar}"></span>'
        f'<span style="{mark}"></span></span>{percent(share)}</td>'
    )
