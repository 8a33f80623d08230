"""A network leaves Keras: graph and numbers, the border of zeros, steps of weights."""

import numpy as np

from diagrams.changes import acted
from diagrams.pen import Drawing, embedded, per_cent, signed

#: Middles of the boxes of `port`, and the sides of its list and its strip.
_LIST, _STRIP = (10, 196), (262, 306)


def _answer() -> tuple[np.ndarray, np.ndarray]:
    """Return the middle frame of a test person's smile, and what the plain CNN says."""
    from emolib.models import load_model, predict

    face = acted("happiness").images[2]
    return face, predict(load_model("plain-cnn"), face)[0]


def port() -> Drawing:
    """Draw a network as graph and numbers, as two files, and at work in a page."""
    from emolib.emotions import EMOTIONS
    from emolib.models import load_model

    model = load_model("plain-cnn")
    face, answer = _answer()
    d = Drawing(462)
    d.comment("The graph: a list of layers. The numbers: a strip that they point into.")
    d.text(10, 18, "Python, once", "head")
    d.text(_LIST[0], 40, "graph", "quiet note")
    d.text(_STRIP[0], 40, "numbers", "quiet note")
    rows = [
        ("conv1", "5 × 5, by 2, same"), ("pool1", "2 × 2"),
        ("conv2", "3 × 3, same"), ("pool2", "2 × 2"),
        ("conv3", "3 × 3, same"), ("pool3", "2 × 2"),
        ("dense", "ReLU"), ("emotion", "softmax"),
    ]  # fmt: skip
    counts = {name: model.get_layer(name).count_params() for name, _ in rows}
    tops = np.array([48 + 23 * k for k in range(len(rows))])
    share = {name: np.sqrt(count) for name, count in counts.items()}
    length, y = 23 * len(rows), 48.0
    for (name, words), top in zip(rows, tops, strict=True):
        d.rect(_LIST[0], top, _LIST[1] - _LIST[0], 23, "thin on-tint")
        d.text(_LIST[0] + 8, top + 15.5, name, "code")
        d.text(_LIST[1] - 8, top + 15.5, words, "note end quiet")
        if not counts[name]:
            continue
        part = length * share[name] / sum(share.values())
        d.rect(_STRIP[0], y, _STRIP[1] - _STRIP[0], part, "thin on-raised")
        middle = y + part / 2
        d.path(
            f"M{_LIST[1]} {top + 11.5}C{_LIST[1] + 34} {top + 11.5} "
            f"{_STRIP[0] - 34} {middle} {_STRIP[0] - 2} {middle}",
            "accent-line", "accent",
        )  # fmt: skip
        d.text(_STRIP[1] + 8, middle + 4.5, f"{counts[name]:,}", "note")
        y += part

    d.comment("Two files of the same two things.")
    end = 48 + length
    for x, file, runs in ((10, "model.onnx", "onnxruntime"),
                          (200, "network.json", "network.js, in a page")):  # fmt: skip
        d.path(f"M{x + 85} {end + 4}V{end + 20}", "line", "")
        d.rect(x, end + 22, 170, 44, "line on-paper", rx=6)
        d.text(x + 85, end + 40, file, "code mid")
        d.text(x + 85, end + 57, f"for {runs}", "note mid quiet")

    d.comment("The line between the machines: the network crosses it, no face does.")
    line = end + 98
    d.path(f"M10 {line}H370", "alert-line dashed")
    d.path(f"M285 {end + 66}V{line + 34}", "line", "")
    d.text(10, line - 8, "the network comes down", "note")
    d.text(10, line + 18, "the reader's machine", "head")
    top = line + 34
    d.image(10, top + 4, 72, 72, embedded(face))
    d.text(10, top + 94, "no picture goes up", "note alert")
    d.path(f"M86 {top + 40}H106", "line", "")
    d.rect(108, top, 190, 80, "accent-line on-tint", rx=6)
    d.text(118, top + 22, "for each layer:", "note")
    for k, words in enumerate(
        ("take what it is from", "compute", "keep what it gives")
    ):
        d.text(130, top + 38 + 16 * k, words, "note quiet")
    d.path(f"M300 {top + 40}H316", "line", "")
    for k, (name, value) in enumerate(zip(EMOTIONS, answer, strict=True)):
        d.rect(320, top + 4 + 13 * k, max(1.5, 50 * value), 9, name)
    best = int(answer.argmax())
    words = f"{EMOTIONS[best]} {per_cent(answer[best])}"
    d.text(370, top + 94, words, "note end")
    return d


def same_padding() -> Drawing:
    """Draw where windows of five stand, moved by two, under two borders of zeros."""
    side, size, stride, cell, left = 8, 5, 2, 26, 60
    outputs = -(-side // stride)
    extra = (outputs - 1) * stride + size - side
    d = Drawing(304)

    def across(place: float) -> float:
        return left + cell * (place + 2)

    borders = (
        (24, '"same", as Keras has it', extra // 2, extra - extra // 2, "accent"),
        (174, "half a kernel on either side", size // 2, size // 2, "alert"),
    )
    for top, words, before, after, look in borders:
        d.comment(words)
        d.text(10, top, words, "head")
        y = top + 14
        for place in range(-before, side + after):
            inside = 0 <= place < side
            d.rect(
                across(place), y, cell, cell, f"thin {'on-raised' if inside else ''}"
            )
            word = str(place + 1) if inside else "0"
            d.text(across(place) + cell / 2, y + 17.5, word,
                   "mid" if inside else f"mid {look}")  # fmt: skip
        for k in range(outputs):
            first = k * stride - before
            low = y + cell + 10 + 17 * k
            d.path(
                f"M{across(first) + 2} {low - 5}V{low}H{across(first + size) - 2}"
                f"V{low - 5}",
                f"{look}-line",
            )
            d.circle(across(first + size / 2), low, 4, f"full-{look}")
            d.text(10, low + 4, f"sum {k + 1}", "note")
    return d


def quantise() -> Drawing:
    """Draw two filters on their steps of three bits, and on steps for both."""
    filters = ((-0.9, -0.42, -0.1, 0.25, 0.62), (-0.14, -0.08, 0.03, 0.06, 0.11))
    most, middle, unit = 3, 232, 138
    d = Drawing(328)
    largest = [max(map(abs, one)) for one in filters]
    ways = (("a scale for each filter", largest, "accent"),
            ("one scale for the layer", [max(largest)] * 2, "alert"))  # fmt: skip
    for half, (words, sizes, look) in enumerate(ways):
        d.comment(words)
        start = 20 + 164 * half
        d.text(10, start, words, "head")
        for row, (one, size) in enumerate(zip(filters, sizes, strict=True)):
            y = start + 52 + 62 * row
            step = size / most
            d.text(10, y - 8, f"filter {row + 1}")
            d.text(10, y + 8, f"step {step:.2f}", "note quiet")
            d.path(f"M{middle - unit} {y}H{middle + unit}", "thin")
            for k in range(-most, most + 1):
                x = middle + unit * k * step
                d.path(f"M{x} {y - 5}V{y + 5}", f"{look}-line")
                if step > 0.1:
                    d.text(x, y + 20, signed(k), "mid note")
            for weight in one:
                x, end = middle + unit * weight, round(weight / step) * step
                d.path(f"M{x} {y - 24}L{middle + unit * end} {y - 5}", "thin")
                d.circle(x, y - 27, 3.5, "full-ink")
                d.circle(middle + unit * end, y, 4, f"full-{look}")
    return d
