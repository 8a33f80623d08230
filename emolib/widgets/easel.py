"""Draws faces for a lab, and nothing twice."""

import numpy as np

from emolib.synthesis import FaceState, Scene
from emolib.synthesis.renderer import render_with_truth

#: Sides of the pictures in colour: while something moves, and when it has settled.
QUICK, FINE = 128, 256


class Easel:
    """Draw faces; the last picture of each kind is kept.

    So another network reads the picture that is there, and a step that changes nothing
    draws nothing. The renderer itself keeps the last people, in all their clothes.
    """

    def __init__(self):
        self._kept: dict[object, tuple[object, np.ndarray]] = {}

    def grey(self, face: FaceState, metered: Scene | None = None) -> np.ndarray:
        """Return what a network sees, uint8 (64, 64).

        Parameters
        ----------
        face : FaceState
        metered : Scene, optional
            As in `render_with_truth`.
        """
        return self._picture("grey", face, metered, {})

    def colour(
        self, face: FaceState, size: int, metered: Scene | None = None
    ) -> np.ndarray:
        """Return the face in colour, uint8 (size, size, 3); see `grey`."""
        how = {"size": size, "colour": True}
        return self._picture(f"colour {size}", face, metered, how)

    def _picture(self, kind: str, face: FaceState, metered, how: dict) -> np.ndarray:
        asked = face, metered
        if kind not in self._kept or self._kept[kind][0] != asked:
            image, _ = render_with_truth(
                face.identity, face.units, face.scene, metered=metered, **how
            )
            self._kept[kind] = asked, image
        return self._kept[kind][1]
