"""What reads a clip: a chain and a pool, the way back through time, gates, reach."""

import numpy as np

from diagrams.pen import Drawing, embedded, signed
from emolib.datasets import load

#: Middles of the five frames of a clip.
ACROSS = (98, 160, 222, 284, 346)
_CELLS = 6  # features drawn of each frame
_SHUFFLED = (3, 0, 4, 1, 2)


def _clip() -> tuple[np.ndarray, np.ndarray]:
    """Return the frames of a test person's happiness, and six of their features, 0-1.

    The features are those that differ most between the frames.
    """
    from emolib.models import encode, load_model

    test = load("synthface").part("test")
    wanted = {"subject": "s050", "emotion": "happiness", "sentence": 1}
    clips = test.subset(
        np.logical_and.reduce([test.meta[k] == v for k, v in wanted.items()])
    ).clips()
    features = encode(load_model("small-cnn"), clips)[0]  # (5, 96)
    most = np.sort(np.argsort(np.ptp(features, axis=0))[-_CELLS:])
    shown = features[:, most]
    return clips.images[0], (shown - shown.min(0)) / np.ptp(shown, axis=0)


def _column(d: Drawing, x: float, y: float, values: np.ndarray) -> None:
    """Draw the features of a frame as cells, darker where they are larger."""
    for k, value in enumerate(values):
        d.rect(x - 9, y + 9 * k, 18, 9, "thin on-paper")
        if value >= 0.05:
            d.rect(x - 9, y + 9 * k, 18, 9, "full-accent", fill_opacity=value)


def sequence() -> Drawing:
    """Draw a clip, the features of its frames, and two ways to read them."""
    frames, features = _clip()
    d = Drawing(480)
    d.comment("Frames, the network that is the same for all, and their features.")
    d.text(10, 44, "frames")
    d.text(10, 60, "in time", "quiet note")
    for x, frame, values in zip(ACROSS, frames, features, strict=True):
        d.image(x - 26, 16, 52, 52, embedded(frame))
        d.path(f"M{x} 70V84", "line", "")
        d.path(f"M{x} 110V124", "line", "")
        _column(d, x, 127, values)
    d.rect(68, 86, 304, 24, "alert-line on-warm", rx=6)
    d.text(220, 102, "small-cnn, without its last layer", "mid note")
    d.text(10, 103, "encoder")
    d.text(10, 152, "features")
    d.text(10, 168, "once", "quiet note")

    d.comment("A chain reads them in order.")
    d.text(10, 212, "in order", "head")
    d.text(10, 228, "state", "quiet note")
    for k, x in enumerate(ACROSS):
        d.path(f"M{x} 183V201", "accent-line", "accent")
        d.circle(x, 217, 14, "accent-line thick on-tint")
        d.text(x, 221.5, f"*h*{k + 1}", "mid note")
        if k:
            d.path(f"M{ACROSS[k - 1] + 15} 217H{x - 16}", "accent-line", "accent")
    d.path("M346 232V248", "accent-line", "accent")
    d.text(346, 263, "answer", "mid head")

    d.comment("A pool sees the same columns in any order.")
    d.text(10, 308, "in any", "head")
    d.text(10, 324, "order", "head")
    d.rect(68, 274, 210, 70, "thin on-raised", rx=10)
    for place, k in enumerate(_SHUFFLED):
        _column(d, 92 + 40 * place, 282, features[k])
    d.path("M280 309H300", "line", "")
    d.text(337, 305, "mean", "mid note")
    d.text(337, 320, "or max", "mid note")
    d.path("M337 328V344", "line", "")
    d.text(337, 359, "answer", "mid head")

    d.comment("A shorter clip is padded, and the padding changes nothing.")
    d.text(10, 404, "shorter")
    d.text(10, 420, "clip", "")
    for k, x in enumerate(ACROSS):
        real = k < 3
        if real:
            _column(d, x, 376, features[k])
            d.path(f"M{x} 432V444", "accent-line", "accent")
        else:
            d.rect(x - 9, 376, 18, 54, "thin dashed on-paper")
            d.text(x, 408, "0", "mid quiet")
        d.circle(x, 459, 14, f"accent-line {'thick on-tint' if real else 'dashed'}")
        d.text(x, 463.5, f"*h*{min(k, 2) + 1}", "mid note")
        if k:
            look = "accent-line" if real else "accent-line dashed"
            d.path(f"M{ACROSS[k - 1] + 15} 459H{x - 16}", look, "accent")
    d.text(10, 463, "masked", "quiet note")
    return d


def unrolled() -> Drawing:
    """Draw a recurrent layer unrolled, forwards and back through time."""
    d = Drawing(252)
    across = (60, 148, 236, 324)
    names = ("1", "2", "3", "4")
    d.comment("Forwards: the same three arrays at every step.")
    for k, (x, name) in enumerate(zip(across, names, strict=True)):
        d.rect(x - 26, 66, 52, 34, "accent-line on-tint", rx=6)
        d.text(x, 88, f"*h*{name}", "mid")
        d.path(f"M{x} 214V103", "accent-line", "accent")
        d.rect(x - 22, 216, 44, 28, "accent-line on-paper", rx=6)
        d.text(x, 235, f"*x*{name}", "mid")
        d.text(x + 6, 203, "w", "code")
        if k:
            d.path(f"M{across[k - 1] + 26} 76H{x - 28}", "accent-line", "accent")
            d.text(x - 44, 70, "u", "code mid")
    d.path("M8 83H32", "accent-line", "accent")
    d.text(12, 77, "0", "code")
    d.path("M324 66V42", "accent-line", "accent")
    d.text(324, 34, "loss", "mid")

    d.comment("Back: the gradient passes every step, and leaves a share at each.")
    for k, x in enumerate(across):
        if k:
            left = across[k - 1]
            d.path(f"M{x - 26} 92H{left + 28}", "alert-line thick", "alert")
            d.text(x - 44, 111, "@ u.T", "code mid alert")
        d.path(f"M{x - 12} 100V144", "alert-line", "alert")
        d.rect(x - 34, 146, 44, 24, "alert-line on-warm", rx=6)
        d.text(x - 12, 162, "d_u", "code mid")
    d.path("M338 40V64", "alert-line thick", "alert")
    d.text(10, 18, "forwards", "head accent")
    d.text(84, 18, "and back", "head alert")
    return d


def gates() -> Drawing:
    """Draw how a gate of a GRU mixes the old state with a new one."""
    old, new = 0.8, -0.4
    d = Drawing(196)
    left, right = 190, 352

    def place(value: float) -> float:
        return left + (value - new) / (old - new) * (right - left)

    d.text(10, 22, "gate *z*", "head")
    d.text(70, 22, "what the unit holds next", "head")
    d.text(place(new), 44, f"new {signed(new, 1)}", "mid note alert")
    d.text(place(old), 44, f"old {signed(old, 1)}", "mid note accent")
    for row, gate in enumerate((0.0, 0.5, 0.9, 1.0)):
        y = 72 + 32 * row
        value = gate * old + (1 - gate) * new
        d.text(10, y + 4, f"{gate:.1f}")
        d.text(58, y + 4, f"{gate:.1f}·old + {1 - gate:.1f}·new", "note")
        d.path(f"M{left} {y}H{right}", "thin")
        d.path(f"M{left} {y - 6}V{y + 6}M{right} {y - 6}V{y + 6}", "thin")
        d.path(f"M{left} {y}H{place(value)}", "accent-line thick")
        d.path(f"M{place(value)} {y}H{right}", "alert-line thick")
        d.circle(place(value), y, 6, "full-ink")
        words = signed(value, 2)
        side = "end" if gate == 1 else ""
        shift = -10 if gate == 1 else 10
        d.text(place(value) + shift, y - 7, words, f"note {side}")
    return d


def reach() -> Drawing:
    """Draw how far back three causal layers see, one, two and four frames apart."""
    steps = (1, 2, 4)
    count, pitch, last = 15, 25, 366
    rows = {0: 178, 1: 134, 2: 90, 3: 46}
    d = Drawing(222)

    def across(k: int) -> float:
        return last - pitch * k

    seen, lines = {0}, []
    for layer in (3, 2, 1):
        apart = steps[layer - 1]
        below = set()
        for k in sorted(seen):
            for back in range(3):
                below.add(k + apart * back)
                lines.append((layer, k, k + apart * back))
        seen = below
        if layer == 1:
            assert seen == set(range(count))
    for layer, k, far in lines:
        d.path(
            f"M{across(far)} {rows[layer - 1]}L{across(k)} {rows[layer]}", "accent-line"
        )
    used = {(0, k) for k in range(count)} | {(3, 0)}
    used |= {(layer, k) for layer, k, _ in lines}
    for layer, y in rows.items():
        for k in range(count):
            look = "full-accent" if (layer, k) in used else "thin on-paper"
            d.circle(across(k), y, 5, look)
    for layer, apart in enumerate(steps, start=1):
        words = f"{apart} apart" if apart > 1 else "neighbours"
        d.text(8, rows[layer] - 12, f"layer {layer}: {words}", "note halo")
    d.text(8, 204, f"frames: the newest output has seen {count} of them", "note")
    return d
