"""How a network learns and is tested: descent, splits, bootstrap, witnesses, bins."""

import warnings
from itertools import pairwise

import numpy as np
import pandas as pd

from diagrams.pen import Drawing, number, per_cent, signed
from emolib import EMOTIONS
from emolib.datasets import FaceDataset, splits
from emolib.evaluation import reliability
from emolib.results import load_results


def gradient_descent() -> Drawing:
    """Draw three steps with a good rate, and three with one too large."""

    def loss(w: float) -> float:
        return 0.5 * (w - 3) ** 2

    d = Drawing(336)
    panels = (
        (10, 0.3, "*η* = 0.3: downhill", "accent"),
        (200, 2.1, "*η* = 2.1: too large", "alert"),
    )
    for x0, rate, title, look in panels:
        steps = [0.0]
        for _ in range(3):
            steps.append(steps[-1] - rate * (steps[-1] - 3))

        def place(w: float, height: float | None = None, x0: float = x0) -> tuple:
            height = loss(w) if height is None else height
            return x0 + 29 + w * 17.5, 184 - height * 14

        d.text(x0, 20, title, f"head {look}")
        d.path(f"M{x0} 34V190H{x0 + 170}", "thin")
        d.curve([place(w) for w in np.linspace(-1.2, 7.2, 60)], "line")
        for before, after in pairwise(steps):
            (x, y), (x2, y2) = place(before), place(after)
            slope = before - 3
            reach = 0.9 / np.hypot(1, 0.8 * slope)
            ends = [place(before + e * reach, loss(before) + e * reach * slope)
                    for e in (-1, 1)]  # fmt: skip
            d.curve(ends, f"{look}-line thick")
            d.path(f"M{number(x)} {number(y)}H{number(x2)}V{number(y2)}",
                   f"{look}-line dashed")  # fmt: skip
        for k, w in enumerate(steps):
            x, y = place(w)
            d.circle(x, y, 4.5, f"{look}-line on-paper")
            right = w > 3 or k == len(steps) - 1  # where the curve is not
            d.text(x + (12 if right else -13), y + 5, k, "note mid")
        for w in (0, 3):
            d.text(place(w)[0], 205, w, "note mid quiet")
        d.text(x0 + 168, 205, "*w*", "end")
        d.text(x0 + 6, 44, "loss", "note quiet")
        for x, words in ((52, "*w*"), (108, "slope *g*"), (165, "−*η* *g*")):
            d.text(x0 + x, 236, words, "note end quiet")
        for k, w in enumerate(steps):
            y = 257 + 20 * k
            d.text(x0, y, k, "note quiet")
            d.text(x0 + 52, y, signed(w, 2), "end")
            if k < 3:
                d.text(x0 + 108, y, signed(w - 3, 2), "end")
                d.text(x0 + 165, y, signed(-rate * (w - 3), 2), f"end {look}")
    return d


def split_map() -> Drawing:
    """Draw frames, clips and people, and what each of the four splits divides."""
    people, clips, frames = "ABCDE", 3, 4
    rows = [(who, f"{who}{clip}", clip, frame) for who in people
            for clip in range(clips) for frame in range(frames)]  # fmt: skip
    meta = pd.DataFrame(rows, columns=["subject", "clip", "sentence", "frame"])
    tiny = FaceDataset("tiny", np.zeros((len(rows), 64, 64), np.uint8),
                       np.full(len(rows), EMOTIONS.index("fear")), meta)  # fmt: skip
    d = Drawing(496)
    told = {"random_frame": "known clips", "random_clip": "known people, new clips",
            "by_subject": "new people",
            "by_subject_and_sentence": "new people and sentences"}  # fmt: skip
    parts = {"train": "full-accent", "validation": "accent-line on-tint",
             "test": "alert-line on-warm", "": "thin dashed"}  # fmt: skip
    cell, high, block = 19, 15, 74
    top = 66
    for name, asked in told.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            split = getattr(splits, name)(tiny, seed=1)
        part = np.full(len(rows), "", object)
        for one in ("train", "validation", "test"):
            part[getattr(split, one)] = one
        d.text(10, top - 8, name, "code")
        leak = "alert" if split.leaks else "accent"
        d.text(370, top - 8, asked, f"note end {leak}")
        for (who, _, clip, frame), one in zip(rows, part, strict=True):
            x = 10 + block * people.index(who) + (cell + 2) * clip
            y = top + high * frame
            d.rect(x + 0.5, y + 0.5, cell - 1, high - 2, parts[one])
            if one == "test":
                d.circle(x + cell / 2, y + high / 2 - 0.5, 2.5, "full-alert")
        top += 98
    d.text(10, 20, "a block: a person", "note")
    d.text(125, 20, "a column: a clip", "note")
    d.text(232, 20, "a cell: a frame", "note")
    d.comment("Legend.")
    x = 10
    for one, words in (("train", "training"), ("validation", "validation"),
                       ("test", "test"), ("", "left out")):  # fmt: skip
        d.rect(x + 0.5, 464.5, cell - 1, high - 2, parts[one])
        if one == "test":
            d.circle(x + cell / 2, 464 + high / 2 - 0.5, 2.5, "full-alert")
        d.text(x + 24, 476, words, "note")
        x += {"training": 88, "validation": 102, "test": 66}.get(words, 0)
    return d


def two_reports() -> Drawing:
    """Draw what two reports on the same network claim, and what both leave out."""
    four = load_results("four-splits-plain")
    rows = pd.DataFrame(four["rows"])
    claims = rows.groupby("name", sort=False)["accuracy"].mean()
    d = Drawing(176)
    for k, split in enumerate(("random frame (leaks)", "by subject")):
        x, share = 10 + 190 * k, claims[split]
        d.rect(x, 10, 170, 156, "thin")
        d.text(x + 12, 34, f"report {'AB'[k]}", "head")
        told = ("plain CNN, ten epochs", f"{four['training_images']:,} training images",
                "tested on other images")  # fmt: skip
        for line, words in enumerate(told):
            d.text(x + 12, 56 + 18 * line, words, "note")
        d.text(x + 12, 122, "accuracy", "note quiet")
        d.text(x + 158, 122, per_cent(share), "head end")
        d.rect(x + 12, 130, 146, 10, "on-raised")
        d.rect(x + 12, 130, 146 * share, 10, "full-accent")
        d.text(x + 12, 158, "images divided by", "note quiet")
        d.text(x + 158, 158, "?", "head alert end")
    return d


def bootstrap() -> Drawing:
    """Draw six people, three draws of six with replacement, and 2,000 of them."""
    right, each = np.array([9, 8, 10, 4, 9, 7]), 10
    names = "ABCDEF"
    rng = np.random.default_rng(0)
    drawn = rng.integers(6, size=(2000, 6))
    accuracy = right[drawn].sum(axis=1) / (6 * each)
    low, high = np.percentile(accuracy, [2.5, 97.5])
    d = Drawing(470)
    d.text(10, 20, "six test people, ten pictures each", "head")
    for k, hits in enumerate(right):
        x = 10 + 42 * k
        for p in range(each):
            look = "full-accent" if p < hits else "thin on-paper"
            d.rect(x + 15 * (p % 2) + 0.5, 92.5 - 13 * (p // 2), 12, 10, look)
        d.text(x + 14, 122, names[k], "mid head")
        d.text(x + 14, 138, hits, "mid note quiet")
    d.text(370, 68, "right", "note end quiet")
    d.text(370, 90, f"{right.sum()} of 60", "end")
    d.text(370, 108, per_cent(right.mean() / each), "end head")
    d.path("M10 152H370", "thin")
    d.text(10, 174, "draw six of them, with replacement", "head")
    for k, draw in enumerate(drawn[:3]):
        y = 186 + 36 * k
        for place, one in enumerate(np.sort(draw)):
            twice = (draw == one).sum() > 1
            d.table(10 + 42 * place, y, [[f"{names[one]} {right[one]}"]], 36, 26,
                    "on-tint" if twice else "on-paper")  # fmt: skip
        d.text(
            370, y + 17.5, f"{right[draw].sum()} of 60: {per_cent(accuracy[k])}", "end"
        )
    d.path("M10 300H370", "thin")
    d.text(10, 322, "2,000 such draws", "head")
    sums, counts = np.unique(right[drawn].sum(axis=1), return_counts=True)

    def across(share: float) -> float:
        return 16 + (share - 0.45) / 0.55 * 346

    for hits, count in zip(sums, counts, strict=True):
        inside = low <= hits / 60 <= high
        tall = count / counts.max() * 78
        d.rect(across(hits / 60) - 4.6, 422 - tall, 9.2, tall,
               "full-accent" if inside else "full-quiet")  # fmt: skip
    d.path("M16 422H364", "thin")
    for share in (0.6, 0.7, 0.8, 0.9):
        d.text(across(share), 438, per_cent(share), "note mid quiet")
    d.path(
        f"M{number(across(low))} 446v6H{number(across(high))}v-6", "accent-line thick"
    )
    d.text((across(low) + across(high)) / 2, 467,
           f"95\N{NO-BREAK SPACE}% of them: {per_cent(low)} to {per_cent(high)}",
           "mid accent")  # fmt: skip
    return d


def witnesses() -> Drawing:
    """Draw two tests with the same accuracy, whose mistakes fall differently."""
    clips = 30
    tests = (("mistakes spread over all", (25, 26, 25, 25, 25)),
             ("mistakes in one person", (30, 30, 30, 30, 6)))  # fmt: skip
    d = Drawing(300)
    for x0, (title, right) in zip((10, 200), tests, strict=True):
        hits = np.array(right)
        rng = np.random.default_rng(7)
        drawn = rng.integers(5, size=(2000, 5))
        low, high = np.percentile(hits[drawn].mean(axis=1) / clips, [2.5, 97.5])
        d.text(x0, 20, title, "head")
        for k, count in enumerate(hits):
            wrong = rng.permutation(clips)[count:]
            y = 34 + 36 * k
            d.text(x0, y + 18, "ABCDE"[k], "quiet")
            for clip in range(clips):
                x = x0 + 18 + 10 * (clip % 15)
                look = "alert-line on-warm" if clip in wrong else "full-accent"
                d.rect(x + 0.5, y + 14 * (clip // 15) + 0.5, 8, 11, look)
        d.text(x0, 234, f"{hits.sum()} of {5 * clips} right:")
        d.text(x0 + 168, 234, per_cent(hits.mean() / clips), "end head")
        d.text(x0, 256, "95\N{NO-BREAK SPACE}% interval over the five")
        d.text(x0, 272, f"people: {per_cent(low)} to {per_cent(high)}",
               "alert" if high - low > 0.2 else "accent")  # fmt: skip
    d.rect(10.5, 284.5, 8, 11, "full-accent")
    d.text(24, 295, "a clip, answer right", "note")
    d.rect(200.5, 284.5, 8, 11, "alert-line on-warm")
    d.text(214, 295, "a clip, answer wrong", "note")
    return d


def calibration_bins() -> Drawing:
    """Draw answers in bins by their top probability, and what each bin keeps."""
    right = [0.31, 0.38, 0.47, 0.51, 0.58, 0.63, 0.71, 0.74, 0.79, 0.82, 0.88, 0.91,
             0.95, 0.985]  # fmt: skip
    wrong = [0.24, 0.28, 0.34, 0.43, 0.55, 0.66, 0.77, 0.85, 0.93, 0.97]
    top = np.array(sorted(right + wrong))
    hit = np.isin(top, right)
    shares = np.repeat((1 - top)[:, None] / 5, 6, axis=1)
    shares[:, 0] = top
    labels = np.where(hit, 0, 1)
    table = reliability(labels, shares, bins=5)
    distances = (table["confidence"] - table["accuracy"]).abs()
    error = np.average(distances, weights=table["n"])

    def across(p: float) -> float:
        return 78 + (p - 0.2) / 0.8 * 292

    def up(share: float) -> float:
        return 318 - 196 * share

    d = Drawing(440)
    d.text(10, 20, f"{len(top)} answers, sorted by their top probability", "head")
    for edge in (0.2, 0.4, 0.6, 0.8, 1.0):
        d.path(f"M{number(across(edge))} 34V318", "thin dashed")
        d.text(across(edge), 335, f"{edge:g}", "note mid quiet")
    d.circle(16, 48, 5, "full-accent")
    d.text(27, 52.5, "right", "note")
    d.path("M12 64l8 8m0 -8l-8 8", "alert-line thick")
    d.text(27, 72.5, "wrong", "note")
    for k, (p, ok) in enumerate(zip(top, hit, strict=True)):
        x, y = across(p), 48 + 20 * (k % 3)
        if ok:
            d.circle(x, y, 5, "full-accent")
        else:
            d.path(f"M{number(x - 4)} {y - 4}l8 8m0 -8l-8 8", "alert-line thick")
    d.comment("The reliability diagram over the same axis.")
    d.path(f"M78 {up(1)}V318H370", "thin")
    d.path(f"M78 {number(up(0.2))}L370 {number(up(1))}", "line dashed")
    for share in (0, 0.5, 1):
        d.text(72, up(share) + 4, f"{share:g}", "note end quiet")
    d.text(10, 108, "share right", "note")
    d.text(88, 150, "claims too little", "note halo")
    d.text(362, 300, "claims too much", "note halo end")
    for row in table.itertuples():
        x = across(row.confidence)
        d.path(f"M{number(x)} {number(up(row.confidence))}V{number(up(row.accuracy))}",
               "alert-line thick")  # fmt: skip
        d.circle(x, up(row.accuracy), 5.5, "accent-line on-tint")
        gap = abs(row.confidence - row.accuracy)
        cells = (
            (row.n, "mid quiet"),
            (f"{row.confidence:.2f}", "mid"),
            (f"{row.accuracy:.2f}", "mid accent"),
            (f"{gap:.2f}", "mid alert"),
        )
        for line, (words, look) in enumerate(cells):
            d.text(across(row.bin.mid), 357 + 18 * line, words, look)
    for line, words in enumerate(("answers", "claimed", "right", "distance")):
        look = ("quiet", "", "accent", "alert")[line]
        d.text(10, 357 + 18 * line, words, f"note {look}")
    d.text(370, 432, f"mean distance, by answers: ECE = {error:.2f}", "alert end")
    return d
