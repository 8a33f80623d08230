"""From photographs, videos or ready face crops to the six probabilities; no TensorFlow.

The detector of `emolib.faces` finds the faces, a network in ONNX form reads them.
"""

import math
from copy import copy
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from emolib.emotions import EMOTIONS, get_emotion
from emolib.errors import ArgumentError
from emolib.faces import Face, FaceDetector, read_picture, to_canonical
from emolib.faces.crop import as_picture, check_picture
from emolib.faces.detection import WINDOW
from emolib.faces.following import follow
from emolib.faces.picture import read_at_least
from emolib.faces.video import sample_frames
from emolib.models.cards import ModelFileError
from emolib.models.inference import both_ways
from emolib.models.registry import onnx_graph
from emolib.onnx_session import open_session
from emolib.results import percent

if TYPE_CHECKING:
    from PIL import Image

#: Faces in a picture of more pixels than this are sought in a copy that has as many, so
#: that time and memory are bounded. Crops are cut from the picture itself.
MOST_SEARCHED = 13_000_000

#: Side in pixels of the smallest face that is sought unless told otherwise.
SMALLEST = 40

#: `annotate` draws a picture of more pixels than this smaller.
MOST_DRAWN = 20_000_000

#: `predict_clip` looks at no more frames of a video than this.
MOST_FRAMES = 600

_THUMBNAIL = 200  # pixels of the longer side of the frames that it keeps
_BATCH = 128  # crops at a time, each read twice; bounds the memory
_READY = 256  # a ready crop of a face is no wider; no photograph of people is as small
_LEAST = 20  # a face of fewer pixels is worth no answer
_SURE = 0.9  # score of a face that is worth a hint: small windows deceive
_TURNS = ("90 degrees to the left", "by 180 degrees", "90 degrees to the right")


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
        """Return such as ``"fear 61 %"`` or ``"unsure (fear 31 %)"``."""
        share = f"{self.label} {percent(self.probabilities.max())}"
        return f"unsure ({share})" if self.unsure else share


@dataclass(frozen=True, eq=False)
class ClipRecognition:
    """What a network says of one face through a video.

    Attributes
    ----------
    times : ndarray, float64, (t,)
        Of the frames that were looked at, seconds from the beginning.
    probabilities : ndarray, float32, (t, 6)
        As those of `Recognition`; NaN where the face was not found.
    boxes : ndarray, float64, (t, 4)
        Of the face: x, y, width, height in pixels of the video; NaN where not found.
    faces : ndarray, int64, (t,)
        How many faces each frame shows; only one of them is followed.
    pictures : ndarray, uint8, (t, height, width, 3)
        The frames, RGB, with at most 200 pixels on the longer side.
    size : (width, height)
        Of the video, in pixels.
    answer : ndarray, float32, (6,)
        The mean of `probabilities` where there is a face; NaN if there is none.
    label : str or None
        The most probable emotion of `answer`; None if there is no face.
    unsure : bool
        Whether it is too improbable to be worth an answer, as for a single picture, or
        there is no face.
    reason : str
        Why there is no face, as far as trying tells; empty if there is one.
    total : int
        Number of frames that the video has.
    """

    times: np.ndarray
    probabilities: np.ndarray
    boxes: np.ndarray
    faces: np.ndarray
    pictures: np.ndarray
    size: tuple[int, int]
    answer: np.ndarray
    label: str | None
    unsure: bool
    reason: str
    total: int

    @property
    def found(self) -> np.ndarray:
        """Whether each frame shows the face, bool (t,)."""
        return ~np.isnan(self.boxes[:, 0])

    def __str__(self) -> str:
        """Return such as ``"fear 61 %, mean of 58 of 60 frames"``."""
        if self.label is None:
            return f"no face in {_number_of(len(self.times), 'frame')}"
        share = f"{self.label} {percent(self.answer.max())}"
        share = f"unsure ({share})" if self.unsure else share
        whole = _number_of(len(self.times), "frame")
        return f"{share}, mean of {int(self.found.sum())} of {whole}"


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
    min_face : int, optional
        Side in pixels of the smallest face to look for, at least 12. By default 40, in
        a picture of more than `MOST_SEARCHED` pixels more, as its sides: 78 at 50
        million. A number of your own holds there too, down to 12 pixels of the copy
        that is searched (24 at 50 million); halving it takes four times as long.

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

    def __init__(
        self, model: str | Path = "real-faces", *, min_face: int | None = None
    ):
        if min_face is not None and not min_face >= WINDOW:
            raise ArgumentError(
                f"min_face must be at least {WINDOW} pixels; received {min_face}."
            )
        graph, self.card = onnx_graph(model)
        self.unsure_below = self.card.unsure_below or 0.0
        self.min_face, self._name = min_face, str(model)
        self._session = open_session(graph)

    @cached_property
    def _detector(self) -> FaceDetector:
        return FaceDetector()

    def recognize(
        self, picture: "str | Path | bytes | Image.Image | np.ndarray"
    ) -> tuple[Recognition, ...]:
        """Return a tuple of `Recognition`, one for each face, the largest first.

        Parameters
        ----------
        picture : str, Path, bytes, PIL image or ndarray
            What `emolib.faces.read_picture` reads (else `PictureError`), and JPEG of up
            to 250 million pixels; or an array, uint8 (height, width) or (height, width,
            3), RGB (else `ValueError`).
        """
        image, zoom = _read(picture)
        crops = self._crops(image, zoom)
        if not crops:
            return ()
        answers = self.predict_proba(np.stack(list(crops.values())))
        return tuple(
            Recognition(
                _scaled(face, zoom),
                shares,
                EMOTIONS[shares.argmax()],
                self.unsure(shares),
            )
            for face, shares in zip(crops, answers, strict=True)
        )

    def predict_clip(
        self, video: str | Path | bytes, *, frames: int = 60, progress: bool = False
    ) -> "ClipRecognition":
        """Read one face through an AVI video, and answer for the whole of it.

        Frames are taken at equal distances; of several people one is followed
        (`emolib.faces.following.follow`). The answer is the mean of the answers to the
        frames that show a face: the order of the frames does not matter to it. Frames
        are read one after another, so the memory does not grow with the video.

        Parameters
        ----------
        video : str, Path or bytes
            What `emolib.faces.video.sample_frames` reads of an own video: AVI, up to
            full HD, ``OWN_FRAMES`` frames. Otherwise, or if it is cut short,
            `VideoError`; without PyAV `MissingPackageError`.
        frames : int, default 60
            How many are looked at, 1 to `MOST_FRAMES` (else `ValueError`); of a video
            that has fewer all, even a single one.
        progress : bool, default False
            Whether to show a bar on the standard error stream.
        """
        if not 1 <= frames <= MOST_FRAMES:
            raise ArgumentError(
                f"frames must lie in 1 to {MOST_FRAMES}; received {frames}."
            )
        size = (0, 0)

        def look(image: np.ndarray) -> tuple[dict[Face, np.ndarray], np.ndarray]:
            nonlocal size
            size = image.shape[1::-1]
            crops = self._crops(image, 1.0)
            bar.update()
            return crops, _smaller(image, max(1.0, max(size) / _THUMBNAIL))

        shown = {"total": frames, "unit": "frame", "delay": 1, "leave": False}
        with tqdm(**shown, disable=not progress) as bar:
            sampled = sample_frames(video, frames, "whole", look=look, own=True)
        found, pictures = zip(*sampled.images, strict=True)
        chosen = follow([tuple(one) for one in found], sampled.times, size[::-1])
        boxes = np.full((len(chosen), 4), np.nan)
        shares = np.full((len(chosen), len(EMOTIONS)), np.nan, np.float32)
        answer, label, unsure, reason = np.full(len(EMOTIONS), np.nan), None, True, ""
        if there := [k for k, face in enumerate(chosen) if face]:
            boxes[there] = [chosen[k].box for k in there]
            crops = np.stack([found[k][chosen[k]] for k in there])
            shares[there] = self.predict_proba(crops)
            answer = shares[there].mean(axis=0)
            label, unsure = EMOTIONS[answer.argmax()], self.unsure(answer)
        else:
            middle = sample_frames(video, 1, "whole", own=True).images[0]
            reason = f"In the middle of the video: {self.why_no_face(middle)}"
        return ClipRecognition(
            sampled.times, shares, boxes, np.array([len(one) for one in found]),
            np.stack(pictures), size, answer.astype(np.float32), label, unsure, reason,
            sampled.total,
        )  # fmt: skip

    def why_no_face(
        self, picture: "str | Path | bytes | Image.Image | np.ndarray"
    ) -> str:
        """Return in a sentence why `recognize` found no face, as far as trying tells.

        Smaller faces are sought, and the picture is turned. `picture` is that of
        `recognize`.
        """
        image, zoom = _read(picture)
        shrink = _shrink(image, MOST_SEARCHED)
        image, zoom = _smaller(image, shrink), zoom * shrink
        sought = round(zoom * self._smallest(zoom))
        longest, shortest = sorted(image.shape[1::-1], reverse=True)
        small = [
            max(face.box[2:])
            for face in self._detector_of(min(_LEAST, sought / zoom)).detect(image)
            if face.score >= _SURE
        ]
        ready = longest <= _READY and longest <= 1.3 * shortest
        if ready and (not small or max(small) > shortest / 3):
            return (
                "The picture looks like a ready crop of a face: try --crops (in Python "
                "predict_proba)."
            )
        found = {  # some faces are found on their sides, but surer upright
            way: self._search(np.rot90(image, quarters), zoom)
            for quarters, way in enumerate(_TURNS, 1)
        }
        best = {k: max((one.score for one in v), default=0) for k, v in found.items()}
        way = max(best, key=best.get)
        if best[way] >= _SURE:
            return f"The face is turned: turn the picture {way} and try again."
        if small:
            least = max(WINDOW, int(0.8 * zoom * max(small)))
            return (
                f"The face is smaller than {sought} pixels: try --min-face {least} (in "
                f"Python min_face={least})."
            )
        return (
            f"No face of {sought} pixels or more looks at the camera: it may be seen "
            "from the side, covered or blurred."
        )

    def _crops(self, image: np.ndarray, zoom: float) -> dict[Face, np.ndarray]:
        """Return the crop of each face in such a picture, the largest face first."""
        shrink = _shrink(image, MOST_SEARCHED)
        found = self._search(_smaller(image, shrink), zoom * shrink)
        found = sorted(found, key=lambda face: -face.box[2] * face.box[3])
        faces = [_scaled(face, shrink) for face in found]
        return {face: face.crop(image) for face in faces}

    def _search(self, image: np.ndarray, zoom: float) -> tuple[Face, ...]:
        """Find faces in a picture that was `zoom` times as large when it came."""
        return self._detector_of(self._smallest(zoom)).detect(image)

    def _smallest(self, zoom: float) -> float:
        """Return the side of the smallest face to seek in it, pixels of `image`."""
        return max(WINDOW, self.min_face / zoom) if self.min_face else SMALLEST

    def _detector_of(self, smallest: float) -> FaceDetector:
        detector = copy(self._detector)  # the networks are shared
        detector.smallest = smallest
        return detector

    def unsure(self, probabilities: np.ndarray) -> bool | np.ndarray:
        """Tell whether the largest of (6,) or (n, 6) is below `unsure_below`.

        NaN, or another last axis, raises `ValueError`.
        """
        probabilities = np.asarray(probabilities)
        if probabilities.shape[-1:] != (len(EMOTIONS),):
            raise ArgumentError(
                f"Expected probabilities of shape (6,) or (n, 6); received shape "
                f"{probabilities.shape}."
            )
        if np.isnan(probabilities).any():
            raise ArgumentError(
                "The probabilities hold NaN, which is no answer: neither sure nor "
                "unsure. Look at what made them."
            )
        low = probabilities.max(axis=-1) < self.unsure_below
        return low if low.ndim else bool(low)

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Return the six probabilities, float32 (n, 6), in the order of ``EMOTIONS``.

        The mean of the answers to the crop and its mirror image; rows sum to 1. On
        photographs it errs less than either (``data/results/public-test.jsonl``).

        Parameters
        ----------
        images : ndarray, uint8, (n, height, width)
            Grey crops of any size, 0-255, with the eyes about where `emolib.faces.CROP`
            has them; other arrays raise `ValueError`, a network that answers NaN
            `ModelFileError`.
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
        if np.isnan(answers).any():
            raise ModelFileError(
                f"The network {self._name} answers NaN: its training has diverged, or "
                "its weights are damaged. Train it again, or take a shipped one."
            )
        return answers

    def _answer(self, faces: np.ndarray) -> np.ndarray:
        inputs = {"face": faces[..., None].astype(np.float32)}
        return self._session.run(["probabilities"], inputs)[0]


def annotate(image: np.ndarray, recognitions: "tuple[Recognition, ...]") -> np.ndarray:
    """Draw boxes and answers into a copy of a picture, uint8 (height, width, 3).

    Several are numbered in their order. Of more than `MOST_DRAWN` pixels, the copy is
    smaller and has about as many: drawing takes memory.

    Parameters
    ----------
    image : ndarray, uint8, (height, width) or (height, width, 3)
        Other arrays raise `ValueError`.
    recognitions : tuple of Recognition
        What `EmotionRecognizer.recognize` returned for it; grey where unsure.
    """
    from PIL import ImageDraw, ImageFont

    shrink = _shrink(check_picture(image), MOST_DRAWN)
    picture = as_picture(_smaller(image, shrink), "RGB")
    draw = ImageDraw.Draw(picture)
    thick = max(2, round(max(picture.size) / 300))
    font = ImageFont.load_default(8 * thick)
    for number, one in enumerate(recognitions, 1):
        colour = "#666666" if one.unsure else get_emotion(one.label).colour
        x, y, width, height = _scaled(one.face, 1 / shrink).box
        draw.rectangle((x, y, x + width, y + height), outline=colour, width=thick)
        words = f"{number} {one}" if len(recognitions) > 1 else str(one)
        words = words.replace("\N{NO-BREAK SPACE}", " ")  # which the font has not
        text = draw.textbbox((x, max(0, y - 10 * thick)), words, font=font)
        draw.rectangle(text, fill=colour)
        draw.text(text[:2], words, fill="white", font=font, anchor="lt")
    return read_picture(picture)  # with less memory than np.array


def _number_of(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _read(
    picture: "str | Path | bytes | Image.Image | np.ndarray",
) -> tuple[np.ndarray, float]:
    """Return a picture, and how many times as large it was when it came."""
    if isinstance(picture, np.ndarray):
        return check_picture(picture), 1.0
    image, size = read_at_least(picture, MOST_SEARCHED)
    return image, max(size) / max(image.shape[:2])


def _shrink(image: np.ndarray, most: int) -> float:
    """Return by what to divide the sides of `image` to have `most` pixels, or 1."""
    return max(1.0, math.sqrt(image.shape[0] * image.shape[1] / most))


def _smaller(image: np.ndarray, shrink: float) -> np.ndarray:
    """Return a copy with shorter sides, made strip by strip; for 1 `image` itself."""
    if shrink == 1:
        return image
    from PIL import Image

    height, width = (max(1, round(side / shrink)) for side in image.shape[:2])
    step, parts = image.shape[0] / height, []
    for top in range(0, height, 128):
        bottom = min(top + 128, height)
        start, end = top * step, min(bottom * step, image.shape[0])
        first = math.floor(start)
        part = Image.fromarray(image[first : math.ceil(end)])
        box = (0, start - first, image.shape[1], end - first)
        parts.append(part.resize((width, bottom - top), Image.Resampling.BOX, box=box))
    return np.concatenate([np.asarray(part) for part in parts])


def _scaled(face: Face, by: float) -> Face:
    """Return a face as it is in the picture after its sides have become `by` times."""
    if by == 1:
        return face
    places = (field.name for field in fields(face) if field.name != "score")
    scaled = {name: tuple(by * one for one in getattr(face, name)) for name in places}
    return replace(face, **scaled)
