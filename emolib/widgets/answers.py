"""What a network answers, for a lab: in words, and as six bars of accessible HTML."""

import numpy as np

from emolib.emotions import EMOTIONS, get_emotion
from emolib.results import percent

_TIGHT = "margin: 0.2em 0; line-height: 1.4"
_ROW = (
    "display: grid; grid-template-columns: 5.5em minmax(6em, 1fr) 3.5em; gap: 0.6em; "
    "align-items: center; line-height: 1.6; margin: 0"
)


def answer_words(shares: np.ndarray, line: float) -> str:
    """Return an answer as `EmotionRecognizer` writes it.

    Parameters
    ----------
    shares : ndarray of float, (6,)
        In the order of ``EMOTIONS``.
    line : float
        Smallest top probability that is an answer; 0, and every answer counts.

    Examples
    --------
    >>> answer_words(np.array([0, 0, 0.75, 0.25, 0, 0]), 0.4).split()
    ['fear', '75', '%']
    """
    best = f"{EMOTIONS[np.argmax(shares)]} {percent(np.max(shares))}"
    return f"unsure ({best})" if np.max(shares) < line else best


def in_words(shares: np.ndarray) -> str:
    """Return six shares (6,), the largest first, such as "fear 75 %, anger 25 %"."""
    ranked = np.argsort(-np.asarray(shares), kind="stable")
    return ", ".join(f"{EMOTIONS[k]} {percent(shares[k])}" for k in ranked)


def six_bars(shares: np.ndarray, line: float) -> str:
    """Return six bars as an HTML list: name, bar with the *unsure* line, share.

    Names and shares are text, and the drawn part says nothing more. Parameters are
    those of `answer_words`.
    """
    ends = np.max(shares) if np.max(shares) >= line else np.inf
    rows = []
    for emotion, share in zip(EMOTIONS, shares, strict=True):
        weight = "bold" if share == ends else "normal"
        rows.append(
            f'<li style="{_ROW}; font-weight: {weight}"><span>{emotion}</span>'
            f"{_bar(0, share, get_emotion(emotion).colour, line)}"
            f'<span style="text-align: right">{percent(share)}</span></li>'
        )
    return _list("Probability of each answer", rows)


def difference_bars(before: np.ndarray, after: np.ndarray) -> str:
    """Return how six shares (6,) have changed, as an HTML list with bars in points."""
    rows = []
    for emotion, one, other in zip(EMOTIONS, before, after, strict=True):
        points = signed_points(one, other)
        middle, end = 0.5, 0.5 + (other - one) / 2
        bar = _bar(*sorted((middle, end)), get_emotion(emotion).colour, middle)
        rows.append(
            f'<li style="{_ROW}"><span>{emotion}</span>{bar}'
            f'<span style="text-align: right">{points}</span></li>'
        )
    return _list("Change of each probability, in points", rows)


def range_bars(low: np.ndarray, high: np.ndarray, line: float) -> str:
    """Return from where to where each of six shares (6,) runs, as an HTML list.

    `line` is that of `answer_words`.
    """
    rows = []
    for emotion, *ends in zip(EMOTIONS, low, high, strict=True):
        bar = _bar(*ends, get_emotion(emotion).colour, line)
        rows.append(
            f'<li style="{_ROW}; grid-template-columns: 5.5em minmax(6em, 1fr) 7em">'
            f"<span>{emotion}</span>{bar}"
            f'<span style="text-align: right">{percent(*ends)}</span></li>'
        )
    return _list("Range of each probability", rows)


def signed_points(before: float, after: float) -> str:
    """Return a change of a share in points, as the percentages are written.

    >>> signed_points(0.25, 0.75), signed_points(0.5, 0.2), signed_points(0.5, 0.5)
    ('+50', '−30', '0')
    """
    points = round(100 * float(after)) - round(100 * float(before))
    return f"{points:+d}".replace("-", "−") if points else "0"


def answer_html(shares: np.ndarray, line: float, own: bool) -> str:
    """Return an answer in words, as bars, and where the line comes from, as HTML.

    Parameters
    ----------
    shares, line
        As in `answer_words`.
    own : bool
        Whether the line is the network's own, and not that of the book.
    """
    said = answer_words(shares, line)
    return (
        f'<p style="{_TIGHT}">The network answers: <b>{said}</b></p>'
        f"{bars_html(shares, line, own)}"
    )


def bars_html(shares: np.ndarray, line: float, own: bool) -> str:
    """Return bars, and where the line comes from; see `answer_html`.

    `shares`, `line` and `own` are those of `answer_html`.
    """
    source = "this book: resting faces have to stay below it"
    source = "the network's own card" if own else source
    return (
        f'{six_bars(shares, line)}<p style="{_TIGHT}"><small>Below the line at '
        f"{percent(line)} an answer counts as unsure. The line comes from {source}."
        "</small></p>"
    )


def why_unsure(shares: np.ndarray, line: float, resting: bool) -> str:
    """Say why an answer to a rendered face is (un)sure, if that needs a word.

    Parameters
    ----------
    shares, line
        As in `answer_words`.
    resting : bool
        Whether no muscle of the face is pulled.
    """
    sure = np.max(shares) >= line
    if resting and not sure:
        return (
            "Why unsure? This face rests, and rest is none of the six answers. Move a "
            "muscle and watch the network change its mind."
        )
    if resting:
        return (
            "No muscle is pulled, and still the network is sure of something: it has "
            "taken this person, this light or this pose for an expression."
        )
    if sure:
        return ""
    return "Several answers share what the network sees, and none reaches the line."


def _bar(start: float, end: float, colour: str, line: float) -> str:
    """Return a track with a bar from one share of its width to another, and a line.

    A line at 0 is not drawn.
    """
    track = "position: relative; height: 1.3em; background: rgba(128, 128, 128, 0.18)"
    bar = (
        f"position: absolute; top: 15%; bottom: 15%; left: {100 * start:.1f}%; "
        f"width: {100 * (end - start):.1f}%; background: {colour}"
    )
    mark = (
        f"position: absolute; top: 0; bottom: 0; left: {100 * line:.1f}%; "
        "border-left: 2px solid currentColor"
    )
    mark = f'<span style="{mark}"></span>' if line > 0 else ""
    return (
        f'<span aria-hidden="true" style="{track}"><span style="{bar}"></span>'
        f"{mark}</span>"
    )


def _list(name: str, rows: list[str]) -> str:
    look = "list-style: none; margin: 0; padding: 0"
    return f'<ul aria-label="{name}" style="{look}">{"".join(rows)}</ul>'
