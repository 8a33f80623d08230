"""AVI files made in a test: pictures that follow one another, people in a room."""

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np

WIDTH, HEIGHT, RATE = 400, 240, 25
EMPTY = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)


@cache
def person(seed: int, emotion: str = "happiness", side: int = 160) -> np.ndarray:
    """Return a rendered face, uint8 (side, side, 3); not to be written to."""
    from emolib.synthesis import Scene, express, random_identity, render

    shown = express(emotion, 1.0, seed=1)
    size = {"size": side, "colour": True}
    return render(random_identity(seed), shown, Scene(), **size)


def room(*people: tuple[np.ndarray, int, int]) -> np.ndarray:
    """Return a frame with faces, each at its left and top, uint8 (240, 400, 3)."""
    frame = EMPTY.copy()
    for face, left, top in people:
        frame[top : top + len(face), left : left + len(face)] = face
    return frame


def film(path: Path, frames: Iterable[np.ndarray], rate: int = RATE) -> Path:
    """Write frames of one size into an AVI file, one after another; return `path`."""
    import av

    with av.open(str(path), "w", format="avi") as file:
        track = None
        for k, picture in enumerate(frames):
            if track is None:
                track = file.add_stream("mpeg4", rate=rate)
                track.height, track.width = picture.shape[:2]
                track.pix_fmt, track.bit_rate = "yuv420p", 2_000_000
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = k, Fraction(1, rate)
            file.mux(track.encode(frame))
        file.mux(track.encode())
    return path
