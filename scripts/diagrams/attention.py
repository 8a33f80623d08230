"""What attention is: features weighed by themselves, in three ways, and one by hand."""

import numpy as np

from diagrams.changes import smiling
from diagrams.pen import Drawing, embedded, per_cent
from emolib.datasets import load
from emolib.robustness import counterfactual

#: Two features of each place, made up: how much of a smile, how much of a frown.
PLACES = ("brows", "nose", "mouth")
SMILE = np.array([[0, 0], [1, 0], [3, 0]])
FROWN = np.array([[0, 3], [0, 1], [0, 2]])


def softmax(scores: np.ndarray) -> np.ndarray:
    """Return shares that sum to 1 along the last axis."""
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


def pair(values: np.ndarray, decimals: int = 0) -> str:
    """Return two numbers in brackets."""
    return f"({values[0]:.{decimals}f}, {values[1]:.{decimals}f})"


def frowning() -> np.ndarray:
    """Return the same person's anger, nothing worn: one crop."""
    test = load("synthface").part("test")
    wanted = {"subject": "s050", "emotion": "anger", "sentence": 1, "frame": 2}
    face = test.subset(
        np.logical_and.reduce([test.meta[k] == v for k, v in wanted.items()])
    )
    return counterfactual(face, occluder="none").images[0]


def weighed() -> Drawing:
    """Draw two faces whose places are averaged, plainly and by their own weights."""
    faces = counterfactual(smiling(), occluder="none").images[0], frowning()
    d = Drawing(340)
    lefts = 84, 238
    for left, image in zip(lefts, faces, strict=True):
        d.image(left + 16, 8, 84, 84, embedded(image))
    d.text(10, 66, "(smile,")
    d.text(10, 82, " frown)")
    for left, features in zip(lefts, (SMILE, FROWN), strict=True):
        weights = softmax(features.sum(axis=1))
        for k, (one, share) in enumerate(zip(features, weights, strict=True)):
            y = 120 + 34 * k
            if left == lefts[0]:
                d.text(10, y + 4.5, PLACES[k])
            d.text(left, y + 4.5, pair(one))
            d.rect(left + 42, y - 8, max(1.5, 60 * share), 16, "full-accent")
            d.text(left + 48 + 60 * share, y + 4.5, per_cent(share), "accent note")
        d.path(f"M{left + 54} 208V228", "line", "")
        plain, own = features.mean(axis=0), weights @ features
        d.text(left, 252, pair(plain, 1), "quiet")
        d.rect(left - 6, 266, 78, 24, "on-tint")
        d.text(left, 283, pair(own, 1), "head accent")
    d.text(10, 252, "average", "quiet")
    d.text(10, 283, "attention", "head accent")
    d.text(10, 314, "two made-up features of three places; what they add up to", "note")
    d.text(10, 330, "decides the weight: e to that power, divided by the sum", "note")
    return d


def kinds() -> Drawing:
    """Draw what is weighed: channels, places, or places for each place."""
    rng = np.random.default_rng(3)
    d = Drawing(232)
    d.text(66, 18, "which channels", "mid head")
    d.text(190, 18, "which places", "mid head")
    d.text(314, 18, "who looks where", "mid head")
    for k, gate in reversed(list(enumerate((0.9, 0.2, 0.7, 0.35, 1.0)))):
        x, y = 18 + 11 * k, 78 - 11 * k
        d.rect(x, y, 52, 52, "thin on-paper")
        d.rect(x, y, 52, 52, "full-accent", opacity=f"{gate:.2f}")
    centre = np.exp(-(((np.arange(8) - 3.5) / 2.2) ** 2))
    shares = np.outer(np.roll(centre, 1), centre) * rng.uniform(0.6, 1, (8, 8))
    for (r, c), share in np.ndenumerate(shares):
        d.rect(142 + 12 * c, 34 + 12 * r, 12, 12, "full-accent", opacity=f"{share:.2f}")
    d.rect(142, 34, 96, 96, "thin")
    for r, c in np.ndindex(8, 8):
        d.rect(266 + 12 * c, 34 + 12 * r, 12, 12, "thin")
    start = 266 + 12 * 4.5, 34 + 12 * 6.5
    for r, c, look in ((1, 2, "thick"), (1, 5, "thick"), (4, 4, ""), (6, 1, "")):
        end = 266 + 12 * (c + 0.5), 34 + 12 * (r + 0.5)
        d.path(f"M{start[0]} {start[1]}L{end[0]} {end[1]}", f"accent-line {look}")
        d.circle(*end, 4, "full-accent")
    d.circle(*start, 5, "full-alert")
    rows = (
        ("one weight for", "each channel", "each place", "each pair"),
        ("of a map (8, 8, 96)", "(96,)", "(8, 8)", "(64, 64)"),
        ("", "squeeze and", "CBAM's second", "self-attention"),
        ("", "excitation", "half; pooling", "(each head)"),
    )
    for k, (_, *words) in enumerate(rows):
        for x, one in zip((66, 190, 314), words, strict=True):
            d.text(x, 158 + 20 * k, one, "mid head accent" if k == 1 else "mid")
    return d


def query_key_value() -> Drawing:
    """Draw one place that looks at three: scores, shares, and what it takes."""
    query = np.array([1, 2])
    keys = np.array([[2, 0], [0, 1], [1, 1]])
    values = np.array([[4, 0], [0, 4], [2, 2]])
    scores = keys @ query
    shares = softmax(scores / np.sqrt(2))
    d = Drawing(262)
    for x, words in (
        (96, "key"), (166, "query · key"), (244, "weight"), (316, "value"),
    ):  # fmt: skip
        d.text(x, 84, words, "mid quiet")
    d.text(254, 62, "÷ √2, softmax", "mid quiet")
    d.rect(10, 14, 172, 34, "on-warm")
    d.text(20, 36, "the mouth's query", "alert")
    d.text(174, 36, pair(query), "head alert end")
    d.path("M182 31H196V66", "alert-line", "alert")
    for k, name in enumerate(PLACES):
        y = 112 + 34 * k
        d.text(10, y + 4.5, name)
        d.text(96, y + 4.5, pair(keys[k]), "mid")
        d.text(166, y + 4.5, scores[k], "mid")
        d.path(f"M182 {y}H206", "line", "")
        d.rect(214, y - 11, 60, 22, "thin on-paper")
        d.rect(214, y - 11, 60 * shares[k], 22, "on-tint")
        d.text(244, y + 4.5, per_cent(shares[k]), "mid head accent")
        d.text(316, y + 4.5, pair(values[k]), "mid")
    d.path("M316 200V218", "line", "")
    d.text(10, 240, "what the mouth takes: the values, weighed")
    d.text(366, 240, pair(shares @ values), "end head accent")
    return d
