"""From photographs, or ready face crops, to the six probabilities; no TensorFlow.

The detector of `emolib.faces` finds the faces, a network in ONNX form reads them.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from emolib.emotions import EMOTIONS, get_emotion
from emolib.errors import ArgumentError
from emolib.faces import Face, FaceDetector, read_picture, to_canonical
from emolib.models.inference import both_ways
from emolib.models.registry import onnx_graph
from emolib.onnx_session import open_session

if TYPE_CHECKING:
    from PIL import Image

_BATCH = 128  # crops at a time, each read twice; bounds the memory


@dataclass(frozen=True, eq=False)
class Recognition:
    """What a network says of one face in a picture.

    Attributes
    ----------
    face : Face
        Box, score and five points, in pixels of the picture.
    probabilities : ndarray, float32, (6,)
        In the order of ``EMOTIONS``, sum 1: how much the face resembles *posed*
        expressions.
    label, unsure : str, bool
        The most probable emotion; whether it is too improbable to be worth an answer.
    """

    face: Face
    probabilities: np.ndarray
    label: str
    unsure: bool

    def __str__(self) -> str:
        """Return such as ``"fear 61%"`` or ``"unsure (fear 31%)"``."""
        share = f"{self.label} {self.probabilities.max():.0%}"
        return f"unsure ({share})" if self.unsure else share


class EmotionRecognizer:
    """A trained network that reads faces.

    It says how much a face resembles *posed* expressions, not what the person feels. Do
    not judge people by it.

    Parameters
    ----------
    model : str or Path, default "real-faces"
        A shipped model (see `emolib.models.available`), or the folder of one of your
        own to which ``emolib export`` has added the ONNX form. The default has learnt
        from photographs; the others have seen rendered faces only.

    Attributes
    ----------
    card : ModelCard
        Training data, results, intended use, limits, known failures; print it.
    unsure_below : float
        Smallest top probability that is an answer; 0 where the card names none.

    Raises
    ------
    ModelFileError
        If there is no such model, it has no ONNX form, or its files are damaged.
    """

    def __init__(self, model: str | Path = "real-faces"):
        graph, self.card = onnx_graph(model)
        self.unsure_below = self.card.unsure_below or 0.0
        self._session = open_session(graph)

    @cached_property
    def _detector(self) -> FaceDetector:
        return FaceDetector()

    def recognize(
        self, picture: "str | Path | bytes | Image.Image | np.ndarray"
    ) -> tuple[Recognition, ...]:
        """Return a tuple of `Recognition`, one for each face, best score first.

        Parameters
        ----------
        picture : str, Path, bytes, PIL image or ndarray
            What `emolib.faces.read_picture` reads (else `PictureError`), or an array,
            uint8 (height, width) or (height, width, 3), RGB (else `ValueError`).
        """
        image = picture if isinstance(picture, np.ndarray) else read_picture(picture)
        faces = self._detector.detect(image)
        if not faces:
            return ()
        crops = np.stack([face.crop(image) for face in faces])
        return tuple(
            Recognition(face, shares, EMOTIONS[shares.argmax()], self.unsure(shares))
            for face, shares in zip(faces, self.predict_proba(crops), strict=True)
        )

    def unsure(self, probabilities: np.ndarray) -> bool | np.ndarray:
        """Tell whether the largest of (6,) or (n, 6) is below `unsure_below`."""
        low = np.asarray(probabilities).max(axis=-1) < self.unsure_below
        return low if low.ndim else bool(low)

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Return the six probabilities, float32 (n, 6), in the order of ``EMOTIONS``.

        The mean of the answers to the crop and its mirror image; rows sum to 1. On
        photographs it errs less than either (measured in chapter 11).

        Parameters
        ----------
        images : ndarray, uint8, (n, height, width)
            Grey crops of any size, 0-255, with the eyes about where `emolib.faces.CROP`
            has them; other arrays raise `ValueError`.
        """
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.ndim != 3 or 0 in images.shape[1:]:
            raise ArgumentError(
                "Expected grey face crops, uint8 of shape (n, height, width), 0-255; "
                f"received {images.dtype} of shape {images.shape}. For one picture "
                "pass image[None]; for colour, emolib.faces.to_canonical(image)[None]."
            )
        answers = np.empty((len(images), len(EMOTIONS)), np.float32)
        for start in range(0, len(images), _BATCH):
            part = images[start : start + _BATCH]
            faces = np.stack([to_canonical(image) for image in part])
            answers[start : start + _BATCH] = both_ways(self._answer, faces)
        return answers

    def _answer(self, faces: np.ndarray) -> np.ndarray:
        inputs = {"face": faces[..., None].astype(np.float32)}
        return self._session.run(["probabilities"], inputs)[0]


def annotate(image: np.ndarray, recognitions: "tuple[Recognition, ...]") -> np.ndarray:
    """Draw boxes and answers into a copy of a picture, uint8 (height, width, 3).

    Parameters
    ----------
    image : ndarray, uint8, (height, width, 3)
    recognitions : tuple of Recognition
        What `EmotionRecognizer.recognize` returned for it; grey where unsure.
    """
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.fromarray(image).convert("RGB")
    draw = ImageDraw.Draw(picture)
    thick = max(2, round(max(picture.size) / 300))
    font = ImageFont.load_default(8 * thick)
    for one in recognitions:
        colour = "#666666" if one.unsure else get_emotion(one.label).colour
        x, y, width, height = one.face.box
        draw.rectangle((x, y, x + width, y + height), outline=colour, width=thick)
        text = draw.textbbox((x, max(0, y - 10 * thick)), str(one), font=font)
        draw.rectangle(text, fill=colour)
        draw.text(text[:2], str(one), fill="white", font=font, anchor="lt")
    return np.array(picture)
