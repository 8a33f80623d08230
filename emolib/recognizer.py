"""From ready face crops of any size to the six probabilities, with shipped weights.

Taught in chapter 11. TensorFlow is imported when the first recogniser is made.
"""

from typing import TYPE_CHECKING

import numpy as np

from emolib.faces import CROP, to_canonical

if TYPE_CHECKING:
    from pathlib import Path


class EmotionRecognizer:
    """A trained network that reads crops of faces.

    It says how much a face resembles *posed* expressions, not what the person feels.

    Parameters
    ----------
    model : str or Path, default "synthface"
        A shipped model (see `emolib.models.available`), or the folder of one of your
        own. The default has seen rendered faces only.

    Attributes
    ----------
    card : dict
        The model's card: training data, results, intended use, limits.

    Raises
    ------
    ModelFileError
        If there is no such model (the nearest name is suggested), or its files are
        damaged.

    Examples
    --------
    >>> EmotionRecognizer().predict_proba(photos).argmax(axis=1)  # doctest: +SKIP
    array([3, 0])
    """

    def __init__(self, model: "str | Path" = "synthface"):
        from emolib.models.registry import load_model, model_card

        self.card = model_card(model)
        self._network = load_model(model)

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Return the six probabilities of each face.

        The answer is the mean over the picture and its mirror image, which differ in
        nothing that matters.

        Parameters
        ----------
        images : ndarray, uint8, (n, height, width)
            Grey crops of any size, 0-255, whose eyes lie about where
            `emolib.faces.CROP` has them, as in FER2013.

        Returns
        -------
        ndarray, float32, (n, 6)
            Rows sum to 1, columns in the order of ``EMOTIONS``.

        Raises
        ------
        ValueError
            If the array is not a stack of grey images of bytes.
        """
        from emolib.models.inference import predict_both_ways

        images = np.asarray(images)
        if images.dtype != np.uint8 or images.ndim != 3 or 0 in images.shape[1:]:
            raise ValueError(
                "Expected grey face crops, uint8 of shape (n, height, width), 0-255; "
                f"received {images.dtype} of shape {images.shape}. For one picture "
                "pass image[None]; for colour, emolib.faces.to_canonical(image)[None]."
            )
        faces = np.empty((len(images), CROP.size, CROP.size), np.uint8)
        for k, image in enumerate(images):
            faces[k] = to_canonical(image)
        return predict_both_ways(self._network, faces)
