"""A rendered face somewhere in a video frame, for trying detectors out."""

import numpy as np

from emolib.errors import ArgumentError
from emolib.synthesis.people.identity import Identity
from emolib.synthesis.renderer import render_with_truth
from emolib.synthesis.scene import Scene

#: Width and height of eNTERFACE'05's frames, and the grey of the panel.
FRAME = (720, 576)
PANEL = 128


def framed_face(
    identity: Identity,
    expression: dict[str, float] | None = None,
    scene: Scene | None = None,
    *,
    size: int = 200,
    corner: tuple[int, int] | None = None,
    frame: tuple[int, int] = FRAME,
) -> tuple[np.ndarray, dict[str, float]]:
    """Draw one face and put it on a grey panel, and say where it is.

    Parameters
    ----------
    identity : Identity
        Who, from `random_identity`.
    expression : dict of str to float, optional
        As in `render`.
    scene : Scene, optional
        As in `render`.
    size : int
        Side in pixels of the square with the face, 16 to 512; the eyes are 0.385 of
        it apart.
    corner : (x, y), optional
        Where its top left corner goes; the middle of the frame by default.
    frame : (width, height)
        Size of the frame in pixels, at least `size`.

    Returns
    -------
    image : ndarray, uint8, (height, width, 3)
        RGB, 0-255.
    truth : dict
        As from `render_with_truth`, but eyes and mouth in pixels of the frame.

    Raises
    ------
    ValueError
        If the square is not within the frame, or `render` refuses.
    """
    face, truth = render_with_truth(identity, expression, scene, size=size, colour=True)
    width, height = frame
    x, y = ((width - size) // 2, (height - size) // 2) if corner is None else corner
    if not (0 <= x <= width - size and 0 <= y <= height - size):
        raise ArgumentError(
            f"A face of {size} pixels at {(x, y)} does not lie within a frame of "
            f"{width} x {height} pixels; choose another corner, size or frame."
        )
    image = np.full((height, width, 3), PANEL, np.uint8)
    image[y : y + size, x : x + size] = face
    start = {"x": x, "y": y}
    pixels = {
        name: start[name[-1]] + value * size if name[-2:] in ("_x", "_y") else value
        for name, value in truth.items()
    }
    return image, pixels
