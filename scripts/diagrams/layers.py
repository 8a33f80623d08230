"""What the layers of a network do: kernel, channels, pooling, field, the whole."""

from functools import cache
from typing import NamedTuple

import numpy as np

from diagrams.answers import bars
from diagrams.pen import Drawing, embedded, number, signed, total
from emolib.datasets import load

KERNEL = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])  # the chapter's
ROW, COLUMN = 47, 20  # and the first window that it lies over


@cache
def face() -> np.ndarray:
    """Return the face that the chapter follows, uint8 (64, 64)."""
    people = load("synthface").part("train").apex()
    place = people.meta.query("clip == 's021_ha_2' and frame == 3").index[0]
    return people.images[place]


def convolve(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return the sums of a 3 x 3 kernel at all places, as in the chapter."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3))
    return (windows * kernel).sum(axis=(2, 3))


def kernel() -> Drawing:
    """Draw a window of a face, its nine products and their sum; the next place."""
    patch = face()[ROW : ROW + 4, COLUMN : COLUMN + 5].astype(int)
    window, sums = patch[:3, :3], convolve(patch, KERNEL)
    products = window * KERNEL
    d = Drawing(416)
    d.comment("The face, and the patch that is cut out of it.")
    d.image(10, 10, 128, 128, embedded(face()))
    left, top = 10 + 2 * COLUMN, 10 + 2 * ROW
    d.path(f"M{left + 10} {top}L176 24M{left + 10} {top + 8}L176 136", "thin")
    d.rect(left, top, 10, 8, "alert-line")
    d.text(366, 17, f"rows {ROW} to {ROW + 3}, columns {COLUMN} to {COLUMN + 4}",
           "note end quiet")  # fmt: skip
    d.grey_table(176, 24, patch, 38, 28)
    d.rect(214, 24, 114, 84, "alert-line thick dashed")
    d.rect(176, 24, 114, 84, "accent-line thick")
    d.comment("Nine products.")
    for x, width, title, values, look in (
        (10, 32, "window", window, "on-tint"),
        (132, 26, "kernel", KERNEL, "on-raised"),
        (236, 43, "products", products, "on-paper"),
    ):
        d.text(x + 1.5 * width, 168, title, "head mid")
        d.table(
            x, 176, [[signed(one) for one in row] for row in values], width, 26, look
        )
    d.text(119, 219.5, "×", "mid")
    d.text(223, 219.5, "=", "mid")
    d.comment("Their sum is one number of the result.")
    d.path("M300.5 254V272H104V296", "accent-line", "accent")
    d.text(206, 276, "all nine added up", "accent mid halo")
    d.text(10, 316, "sums", "head")
    d.table(76, 298, [[signed(one) for one in row] for row in sums], 56, 28)
    d.rect(132, 298, 56, 28, "alert-line thick dashed")
    d.rect(76, 298, 56, 28, "accent-line thick")
    for line, words in enumerate(
        ("The window fits", "into 5 × 4 pixels", "at 3 × 2 places.")
    ):
        d.text(258, 311 + 17 * line, words)
    d.text(10, 380, f"{total(products[0])} + 0 + 0 + 0", "accent")
    d.text(10, 397, f"{total([0, *products[2]])[2:]} = {signed(sums[0, 0])}", "accent")
    d.text(370, 397, f"one pixel on: {signed(sums[0, 1])}", "alert end")
    return d


def channels() -> Drawing:
    """Draw a kernel as deep as the stack that it reads: 27 products, one number."""
    grey = face() / 255
    spots = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]])
    names = ("top to bottom", "left to right", "spots")
    stack = np.stack([convolve(grey, one) for one in (KERNEL, KERNEL.T, spots)], axis=2)
    rng = np.random.default_rng(0)  # the dice of the chapter
    bank, bias = rng.normal(size=(3, 3, 3, 4)), rng.normal(size=4)
    window = stack[ROW : ROW + 3, COLUMN : COLUMN + 3]  # (3, 3, 3)
    parts = np.einsum("ijc,ijco->co", window, bank)  # (3, 4)
    values = parts.sum(axis=0) + bias  # (4,)
    d = Drawing(440)
    d.text(10, 20, "window", "head")
    d.text(150, 20, "kernel 1", "head")
    d.text(370, 20, "sum of 9 products", "head end")
    for c, name in enumerate(names):
        y = 46 + 86 * c
        d.text(10, y - 6, f"channel {c + 1}: {name}", "note quiet")
        for x, numbers, look in ((10, window[:, :, c], "on-tint"),
                                 (150, bank[:, :, c, 0], "on-raised")):  # fmt: skip
            rows = [[signed(one, 1) for one in row] for row in numbers]
            d.table(x, y, rows, 36, 20, look, "mid note")
        d.text(134, y + 34, "×", "mid")
        d.path(f"M264 {y + 30}H316", "line", "")
        d.text(370, y + 34.5, signed(parts[c, 0], 2), "end")
    d.comment("The channels are summed over.")
    d.text(370, 303, signed(bias[0], 2), "end")
    d.text(318, 303, "bias", "note quiet end")
    d.path("M322 312H370", "line")
    d.text(370, 332, signed(values[0], 2), "head accent end")
    d.text(312, 332, "27 products and a bias: one number", "accent end")
    d.comment("Four kernels, four maps.")
    for k in range(4):
        x, look = 10 + 94 * k, "accent-line" if k == 0 else "thin"
        for c in (2, 1, 0):
            d.rect(x + 6 * c, 366 - 5 * c, 22, 22, f"{look} on-raised")
        d.path(f"M{x + 38} 377H{x + 50}", "line", "")
        d.rect(x + 53, 363, 26, 26, f"{look} on-paper")
        d.text(x, 406, f"kernel {k + 1}", "note")
        d.text(x, 422, f"map {k + 1}: {signed(values[k], 2)}",
               "note accent" if k == 0 else "note")  # fmt: skip
    return d


def pooling() -> Drawing:
    """Draw sums, their ReLU and the largest number of each 2 x 2 block."""
    sums = convolve(face().astype(int), KERNEL)[50:54, 20:24]
    positive = np.maximum(sums, 0)
    largest = positive.reshape(2, 2, 2, 2).max(axis=(1, 3))
    chosen = positive == np.kron(largest, np.ones((2, 2), int))
    d = Drawing(178)
    for x, width, title, shape, values, marked in (
        (10, 36, "sums", "4 × 4", sums, sums > 0),
        (168, 30, "ReLU: max(0, *x*)", "in blocks of 2 × 2", positive, chosen),
        (308, 31, "pooled", "2 × 2", largest, largest > 0),
    ):
        d.text(x, 20, title, "head")
        d.text(x, 172, shape, "note quiet")
        top = 32 + 15 * (4 - len(values))
        for (r, c), one in np.ndenumerate(values):
            look = "on-tint" if marked[r, c] else "on-paper"
            words = "mid head" if marked[r, c] and x > 10 else "mid note"
            cell = x + width * c, top + 30 * r
            d.table(*cell, [[signed(one)]], width, 30, look, words)
    for r in range(2):
        for c in range(2):
            d.rect(168 + 60 * c, 32 + 60 * r, 60, 60, "accent-line thick")
    d.rect(308, 62, 62, 60, "accent-line thick")
    d.path("M157 92H166", "line", "")
    d.path("M291 92H306", "line", "")
    return d


def receptive_field() -> Drawing:
    """Draw one unit of the last block, what it reads, and so on to the pixels."""

    class Level(NamedTuple):
        name: str
        units: int  # in a row
        size: int  # of the field of each, in pixels
        step: int  # between their fields, in pixels
        middle: float  # of the first one's field, in pixels
        first: int = 0  # unit of the level below that the first one reads, and then
        stride: int = 1  # how much further the next one begins
        window: int = 1  # and how many each reads
        grown: str = ""  # how the size came about

    levels = [Level("pixels", 64, 1, 1, 0.5)]
    for name, k, s, padding in (
        ("conv1", 5, 2, "same"),
        ("pool1", 2, 2, "valid"),
        ("conv2", 3, 1, "same"),
        ("pool2", 2, 2, "valid"),
        ("conv3", 3, 1, "same"),
        ("pool3", 2, 2, "valid"),
    ):
        below = levels[-1]
        same = padding == "same"
        units = -(-below.units // s) if same else (below.units - k) // s + 1
        first = -(max((units - 1) * s + k - below.units, 0) // 2) if same else 0
        size = below.size + (k - 1) * below.step
        middle = below.middle + (first + (k - 1) / 2) * below.step
        grown = f"{below.size} + {k - 1} · {below.step}"
        step = below.step * s
        levels.append(Level(name, units, size, step, middle, first, s, k, grown))

    low = high = 2  # the unit of pool3 that is followed
    read = []  # the first and last unit of each level that it depends on
    for level in reversed(levels):
        read.insert(0, (low, high))
        low = low * level.stride + level.first
        high = high * level.stride + level.first + level.window - 1
    assert read[0][1] - read[0][0] + 1 == levels[-1].size

    scale, y = 282 / 64, [34 + 46 * (6 - k) for k in range(7)]

    def across(level: Level, unit: float) -> float:
        return 88 + scale * (level.middle + unit * level.step)

    d = Drawing(368)
    d.text(10, 14, "layer: pixels seen", "note quiet")
    edges = [
        (across(level, low - 0.5), across(level, high + 0.5))
        for level, (low, high) in zip(levels, read, strict=True)
    ]
    for k in range(6, 0, -1):
        (a, b), (a2, b2) = edges[k], edges[k - 1]
        corners = (a, y[k] + 16), (b, y[k] + 16), (b2, y[k - 1]), (a2, y[k - 1])
        d.curve(corners, "on-tint", close=True)
    for k, (level, (low, high)) in enumerate(zip(levels, read, strict=True)):
        name = f"{level.name}: {level.size}" if k else level.name
        d.text(10, y[k] + 8, name, "head")
        d.text(10, y[k] + 24, level.grown, "note quiet")
        for unit in range(level.units):
            x, width = across(level, unit - 0.5), scale * level.step
            if k:
                look = "accent-line on-tint" if low <= unit <= high else "thin on-paper"
                d.rect(x + 0.7, y[k], width - 1.4, 16, look)
            else:
                d.pixel(x, y[k], width, 16, face()[ROW, unit])
    a, b = edges[0]
    d.path(f"M{number(a)} {y[0] + 22}v6H{number(b)}v-6", "accent-line")
    d.text((a + b) / 2, y[0] + 44, f"{levels[-1].size} of 64 pixels", "accent mid")
    return d


def box(d: Drawing, x: float, y: float, side: float, channels: int) -> tuple:
    """Draw maps to scale, centred on `y`; return the right edge, middle and bottom."""
    depth, rise = 0.5 * channels, 0.14 * channels
    top = y - (side + rise) / 2 + rise
    d.path(f"M{number(x)} {number(top)}l{number(depth)} {number(-rise)}"
           f"h{number(side)}v{number(side)}l{number(-depth)} {number(rise)}",
           "accent-line on-tint")  # fmt: skip
    d.rect(x, top, side, side, "accent-line on-tint")
    d.path(f"M{number(x + side)} {number(top)}l{number(depth)} {number(-rise)}",
           "accent-line")  # fmt: skip
    return x + side + depth, x + (side + depth) / 2, top + side


def undecided_face() -> tuple[np.ndarray, np.ndarray]:
    """Return a face that the plain CNN names with a doubt, and its answer."""
    from emolib.models import load_model, predict

    people = load("synthface").part("validation").apex()
    shares = predict(load_model("plain-cnn"), people.images)
    top = shares.max(axis=1)
    fine = (shares.argmax(axis=1) == people.labels) & (top > 0.6) & (top < 0.7)
    place = np.flatnonzero(fine & (people.meta["occluder"] == "none").to_numpy())[0]
    return people.images[place], shares[place]


def network() -> Drawing:
    """Draw the plain CNN from 64 x 64 grey values to six numbers, maps to scale."""
    from emolib.models import plain_cnn

    layers = plain_cnn().layers
    shape = {one.name: tuple(one.output.shape[1:]) for one in layers}
    settings = {one.name: one.get_config() for one in layers}
    image, answer = undecided_face()

    def line(y: float, name: str, about: str = "") -> None:
        d.text(152, y, name, "head")
        d.text(158 + 8.2 * len(name), y, about, "note quiet")
        d.text(370, y, " × ".join(f"{one:,}" for one in shape[name]), "end")

    scale, y = 1.25, 136  # units for each pixel; the middle of the first block
    d = Drawing(552)
    d.image(10, 8, 64 * scale, 64 * scale, embedded(image))
    line(44, "face")
    d.text(152, 61, "rescaled to −1 to 1", "note quiet")
    arrow = f"M36 92V{y - 26}"
    for block in (1, 2, 3):
        conv, pool = f"conv{block}", f"pool{block}"
        window, stride = settings[conv]["kernel_size"][0], settings[conv]["strides"][0]
        d.path(arrow, "line", "")
        edge, _, _ = box(d, 10, y, shape[conv][0] * scale, shape[conv][2])
        d.path(f"M{number(edge + 4)} {y}h13", "line", "")
        _, middle, low = box(d, edge + 21, y, shape[pool][0] * scale, shape[pool][2])
        line(y - 17, conv, f"stride {stride}" if stride > 1 else "")
        d.text(152, y, f"{shape[conv][2]} kernels of {window} × {window}, ReLU",
               "note quiet")  # fmt: skip
        line(y + 24, pool, "2 × 2")
        y += 80
        arrow = f"M{number(middle)} {number(low + 4)}V{y - 40}H26V{y - 21}"
    d.comment("From maps to a row of numbers: an eighth of a unit for each.")
    y -= 8
    d.path(f"M{number(middle)} {number(low + 4)}V{y - 30}H26V{y - 11}", "line", "")
    d.rect(10, y - 9, shape["flatten"][0] / 8, 12, "accent-line on-tint")
    line(y + 2, "flatten")
    d.path(f"M18 {y + 4}V{y + 28}", "line", "")
    d.rect(10, y + 30, shape["dense"][0] / 8, 12, "accent-line on-tint")
    line(y + 41, "dense", "ReLU")
    d.path(f"M18 {y + 43}V{y + 72}", "line", "")
    line(y + 72, "emotion", "softmax")
    bars(d, y + 80, answer)
    return d
