"""An audit of one network: a person with light and with dark skin, then 24 people."""

import numpy as np
import pandas as pd

from diagrams.pen import Drawing, embedded, per_cent
from emolib import EMOTIONS

#: The frame on show, among those of the first sentence.
SHOWN = 24


def audit() -> Drawing:
    """Draw a counterfactual pair, and the differences of which a p-value is made."""
    from emolib.datasets import load
    from emolib.recognizer import EmotionRecognizer
    from emolib.robustness import counterfactuals

    test = load("synthface").part("test")
    middle = (test.meta["frame"] == 2) & (test.meta["sentence"] == 1)
    faces = test.subset(middle.to_numpy())
    skins = {"light skin": {"skin_tone": 0.05}, "dark skin": {"skin_tone": 0.95}}
    pairs = counterfactuals(faces, skins)
    network = EmotionRecognizer("real-faces")
    answers = {name: network.predict_proba(one.images) for name, one in pairs.items()}
    d = Drawing(424)
    d.text(10, 18, "one frame of one person, rendered twice", "head")
    for y, (name, shares) in zip((28, 148), answers.items(), strict=True):
        d.image(10, y, 92, 92, embedded(pairs[name].images[SHOWN]))
        d.text(10, y + 108, name, "note quiet")
        d.path(f"M106 {y + 46}H140", "line", "")
        d.path(f"M224 {y + 46}H250", "line", "")
        top = shares[SHOWN]
        unsure = bool(network.unsure(top[None])[0])
        words = f"{EMOTIONS[top.argmax()]} {per_cent(top.max())}"
        d.text(258, y + 44, words, f"head{' alert' if unsure else ''}")
        words = f"below {per_cent(network.unsure_below)}: unsure"
        d.text(258, y + 62, words if unsure else "an answer", "note quiet")
    d.rect(146, 28, 74, 212, "accent-line on-tint")
    d.text(183, 130, "the same", "mid")
    d.text(183, 146, "network", "mid")
    d.path("M10 272H370", "thin")
    d.text(10, 292, "24 people: how much more often unsure?", "head")
    light, dark = (network.unsure(one).astype(int) for one in answers.values())
    person = pd.factorize(faces.groups)[0]
    d.path("M10 342H370", "line")
    for k, more in enumerate(np.bincount(person, dark - light).astype(int)):
        x = 13 + 15 * k
        for j in range(abs(more)):
            y = 328 - 14 * j if more > 0 else 344 + 14 * j
            d.rect(x, y, 10, 12, "full-alert" if more > 0 else "full-accent")
        if more == 0:
            d.circle(x + 5, 342, 2.5, "full-quiet")
    d.text(10, 374, "up: a picture more with dark skin; down: with light", "note quiet")
    d.text(10, 398, "Swap light and dark at random for each person,")
    d.text(10, 415, "9,999 times: how often is the sum as far from 0?")
    return d
