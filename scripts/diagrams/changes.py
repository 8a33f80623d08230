"""One thing changed in a face, and what is left of an emotion behind what is worn."""

import numpy as np

from diagrams.pen import Drawing, embedded, per_cent, signed
from emolib import EMOTIONS
from emolib.datasets import FaceDataset, load
from emolib.emotions import get_emotion

#: Action units of brows and eyes, and those of nose, mouth and chin.
UPPER = (1, 2, 4, 5, 6, 7)
LOWER = tuple(
    sorted({u for name in EMOTIONS for u in get_emotion(name).action_units} - {*UPPER})
)


def acted(emotion: str) -> FaceDataset:
    """Return a test person's clip of an emotion: five frames."""
    test = load("synthface").part("test")
    wanted = {"subject": "s050", "emotion": emotion, "sentence": 1}
    return test.subset(
        np.logical_and.reduce([test.meta[k] == v for k, v in wanted.items()])
    )


def middle(emotion: str) -> FaceDataset:
    """Return the middle frame of that clip: one image."""
    clip = acted(emotion)
    return clip.subset((clip.meta["frame"] == 2).to_numpy())


def one_change() -> Drawing:
    """Draw two frames that differ in what is worn: settings, pictures, answers."""
    from emolib.recognizer import EmotionRecognizer
    from emolib.robustness import counterfactual

    face = middle("happiness")
    made = [counterfactual(face, occluder=worn) for worn in ("none", "mask")]
    meta = face.meta.iloc[0]
    settings = (
        ("person", f"seed {meta['seed']}"),
        ("expression", meta["emotion"]),
        ("head", f"turned by {signed(meta['yaw'])}°"),
        ("lamp", f"{signed(meta['light_elevation'])}° above the eyes"),
        ("noise", f"{meta['noise']:.1f} grey levels"),
        ("worn", "nothing"),
    )
    answers = EmotionRecognizer("small-cnn").predict_proba(
        np.concatenate([one.images for one in made])
    )
    d = Drawing(442)
    lefts, width = (92, 236), 134
    for k, (name, value) in enumerate(settings):
        y = 30 + 21 * k
        d.text(10, y, name, "quiet")
        for left, words in zip(lefts, (value, value), strict=True):
            last = k == len(settings) - 1
            words = "a mask" if last and left == lefts[1] else words
            if last:
                d.rect(left, y - 14, width, 20, "on-warm")
            d.text(left + width / 2, y, words, "mid head alert" if last else "mid")
    d.text(10, 200, "rendered")
    for left, one in zip(lefts, made, strict=True):
        d.path(f"M{left + width / 2} 144V164", "line", "")
        d.image(left + 7, 170, 120, 120, embedded(one.images[0]))
        d.path(f"M{left + width / 2} 296V316", "line", "")
    d.text(10, 216, "again", "")
    d.text(10, 312, "small-cnn", "head")
    for k, name in enumerate(EMOTIONS):
        y = 338 + 18 * k
        d.text(10, y, name)
        for left, shares in zip(lefts, answers, strict=True):
            share = float(shares[k])
            d.rect(left, y - 10, max(1, 92 * share), 12, name)
            d.text(left + 6 + 92 * share, y, per_cent(share), "note quiet")
    return d


def units_left() -> Drawing:
    """Draw which action units each emotion has left behind a mask or glasses."""
    from emolib.robustness import counterfactual

    worn = {
        name: embedded(counterfactual(middle("happiness"), occluder=name).images[0])
        for name in ("sunglasses", "mask")
    }
    d = Drawing(268)
    top, sides = 112, {"sunglasses": 13, "mask": 17}
    starts = {"sunglasses": 82, "mask": 88 + sides["sunglasses"] * len(UPPER)}
    groups = {"sunglasses": UPPER, "mask": LOWER}
    counts = {"mask": 338, "sunglasses": 367}
    places = {}
    for name, units in groups.items():
        left, side = starts[name], sides[name]
        wide = side * len(units)
        d.rect(left - 1, top - 20, wide, 20 + 22 * len(EMOTIONS), "on-raised")
        d.image(left + wide / 2 - 28, 24, 56, 56, worn[name])
        words = "brows, eyes" if name == "sunglasses" else "nose, mouth, chin"
        d.text(left + wide / 2, 16, words, "mid head")
        for k, unit in enumerate(units):
            places[unit] = left + side * k + side / 2 - 1
            d.text(places[unit], top - 5, unit, "note mid quiet")
    d.text(352, 16, "left", "mid head")
    for name, x in counts.items():
        d.image(x - 13, 54, 26, 26, worn[name])
    for row, emotion in enumerate(EMOTIONS):
        y = top + 22 * row
        d.text(10, y + 14, emotion)
        own = get_emotion(emotion).action_units
        for unit, x in places.items():
            look = emotion if unit in own else "thin"
            size = 11 if unit in own else 3
            d.rect(x - size / 2, y + 9.5 - size / 2, size, size, look)
        for name, x in counts.items():
            seen = sum(unit not in groups[name] for unit in own)
            d.text(x, y + 14, f"{seen}/{len(own)}", "mid")
    d.text(10, 262, "action units of each prototype, and those left to see", "quiet")
    return d
