"""A photograph in a lab: samples, the reader's own, its faces, and their eye marks.

Plain values and functions; nothing is written anywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError, unknown
from emolib.faces import CROP, Face, PictureError, align
from emolib.faces.picture import is_animation, read_at_least
from emolib.recognizer import EmotionRecognizer, Recognition, annotate
from emolib.results import percent
from emolib.synthesis import lab_controls
from emolib.widgets.easel import FINE, Easel
from emolib.widgets.lab_face import LabFace

#: Pictures that come with the lab, in words.
SAMPLES = {
    "astronaut": "A photograph: an astronaut (NASA, public domain)",
    "smile": "Rendered: happiness",
    "fear": "Rendered: fear",
    "rest": "Rendered: a face at rest",
    "mask": "Rendered: surprise behind a mask",
    "people": "Rendered: four people",
}
#: A picture of more pixels is read smaller, so that faces are found in a second.
MOST_READ = 2_000_000
#: Longer side of the picture that is shown, in pixels.
SHOWN = 560
#: What is no larger than this, and nearly square, may be a crop without a margin.
SMALL, NEARLY_SQUARE = 256, 1.3
#: Eyes nearer to each other than this, in pixels, are fewer than a crop has.
NEAR = 0.8 * CROP.size * CROP.interocular
#: Trials of eye marks that are moved at random.
TRIALS = 100


@dataclass(frozen=True, eq=False)
class Photo:
    """A picture and the faces that were found in it.

    Attributes
    ----------
    image : ndarray, uint8, (h, w, 3)
        RGB, 0-255.
    faces : tuple of Face
        The largest first.
    told : str
        What was found, or why nothing was and what to do.
    own : bool
        Whether it is the reader's own, of which nothing is kept.
    """

    image: np.ndarray
    faces: tuple[Face, ...]
    told: str
    own: bool


@dataclass(frozen=True)
class Marks:
    """How far the eye marks are moved from where they were found.

    Attributes
    ----------
    left_x, left_y, right_x, right_y : float
        To the right and down, in percent of the distance between the eyes; left and
        right are those of the picture.
    """

    left_x: float = 0.0
    left_y: float = 0.0
    right_x: float = 0.0
    right_y: float = 0.0

    def of(self, face: Face) -> np.ndarray:
        """Return the marks on a face, left and right, float64 (2, 2): x and y."""
        moves = np.array([[self.left_x, self.left_y], [self.right_x, self.right_y]])
        return eyes_of(face) + moves / 100 * apart(face)


def sample(name: str) -> np.ndarray:
    """Return a picture that comes with the lab, RGB, uint8 (h, w, 3).

    Parameters
    ----------
    name : str
        A key of `SAMPLES`; another raises `ArgumentError`.
    """
    if name not in SAMPLES:
        raise ArgumentError(unknown("sample", name, SAMPLES))
    if name == "astronaut":
        from skimage.data import astronaut

        return astronaut()
    face = LabFace()
    faces = {
        "smile": [face.posing("happiness")],
        "fear": [face.posing("fear")],
        "rest": [face],
        "mask": [face.posing("surprise").placed(occluder="mask")],
        "people": [
            face.of(seed).posing(emotion)
            for seed, emotion in zip(
                lab_controls()["people"][:4], EMOTIONS[1:5], strict=True
            )
        ],
    }[name]
    easel = Easel()
    return np.hstack([easel.colour(one.face(), FINE) for one in faces])


def read_photo(source: str | Path | bytes) -> tuple[np.ndarray, str]:
    """Read the reader's own picture.

    Parameters
    ----------
    source : str, Path or bytes
        What `emolib.faces.read_picture` reads, and JPEG of up to 250 million pixels.

    Returns
    -------
    image : ndarray, uint8, (h, w, 3)
        RGB, upright, of at most `MOST_READ` pixels.
    told : str
        What the reader should know of it, if anything.

    Raises
    ------
    PictureError
        If it cannot be read; the message calls a file's content "Your file" and says
        what to do.
    """
    try:
        image, _ = read_at_least(source, MOST_READ)
        moves = is_animation(source)
    except PictureError as error:
        words = str(error)
        if isinstance(source, bytes):
            words = f"Your file{words.removeprefix('The picture')}"
        raise PictureError(words) from error
    told = (
        "It is an animation, of which the first picture is read; for another, save "
        "that one as PNG."
    )
    shrink = np.sqrt(image.shape[0] * image.shape[1] / MOST_READ)
    return _smaller(image, 1 / shrink), told if moves else ""


def find_faces(recognizer: EmotionRecognizer, image: np.ndarray, own: bool) -> Photo:
    """Find the faces in a picture and say what was found.

    A small, nearly square picture without a face that is found is taken for a crop.

    Parameters
    ----------
    recognizer : EmotionRecognizer
    image : ndarray, uint8, (h, w, 3)
        RGB.
    own : bool
        As in `Photo`.
    """
    faces = tuple(one.face for one in recognizer.recognize(image))
    if len(faces) == 1:
        return Photo(image, faces, "One face was found.", own)
    if faces:
        told = (
            f"{len(faces)} faces were found, and the largest is read. Press another "
            "below to read that one."
        )
        return Photo(image, faces, told, own)
    short, long = sorted(image.shape[:2])
    if long <= SMALL and long <= NEARLY_SQUARE * short:
        told = (
            "No face was found. The picture is small and nearly square, so it is read "
            "as a ready crop; move the marks if the eyes are elsewhere."
        )
        return Photo(image, (_whole(image),), told, own)
    why = recognizer.why_no_face(image)
    told = (
        f"No face was found. {why} Or cut the picture so that the face fills it, and "
        "choose it again."
    )
    return Photo(image, (), told, own)


def eyes_of(face: Face) -> np.ndarray:
    """Return where the pupils are, left and right, float64 (2, 2): x and y, pixels."""
    return np.array([face.left_eye, face.right_eye], float)


def apart(face: Face) -> float:
    """Return how far the pupils are from each other, in pixels."""
    return float(np.hypot(*np.diff(eyes_of(face), axis=0)[0]))


def cut(image: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Cut the crop at eye marks (2, 2), as of `Marks.of`, out: uint8 (64, 64)."""
    left, right = (tuple(map(float, one)) for one in marks)
    return align(image, left, right)


def drawn(
    photo: Photo, answers: np.ndarray, line: float, marks: np.ndarray | None
) -> np.ndarray:
    """Return the picture with boxes, answers and eye marks, uint8 (h, w, 3).

    Parameters
    ----------
    photo : Photo
    answers : ndarray of float, (faces, 6)
        To each of its faces.
    line : float
        Smallest top probability that is an answer.
    marks : ndarray of float, (2, 2), or None
        Of the face that is read, in pixels of the picture.
    """
    scale = min(1.0, SHOWN / max(photo.image.shape[:2]))
    small = _smaller(photo.image, scale)
    told = tuple(
        Recognition(
            replace(face, box=tuple(scale * one for one in face.box)),
            shares, EMOTIONS[shares.argmax()], bool(shares.max() < line),
        )
        for face, shares in zip(photo.faces, answers, strict=True)
    )  # fmt: skip
    image = Image.fromarray(annotate(small, told))
    draw = ImageDraw.Draw(image)
    for x, y in [] if marks is None else scale * marks:
        for reach, width, colour in ((6, 4, "black"), (5, 2, "white")):
            draw.line((x - reach, y, x + reach, y), colour, width)
            draw.line((x, y - reach, x, y + reach), colour, width)
    return np.asarray(image)


def why_unsure(shares: np.ndarray, line: float, face: Face, network: str) -> str:
    """Say why an answer to a photograph is unsure, as far as can be told; else "".

    Parameters
    ----------
    shares, line
        As in `emolib.widgets.answers.answer_words`.
    face : Face
        The face that was read.
    network : str
        The name of the network.
    """
    if np.max(shares) >= line:
        return ""
    first, second = np.argsort(-shares, kind="stable")[:2]
    why = [
        f"Why unsure? {EMOTIONS[first].capitalize()} has {percent(shares[first])} and "
        f"{EMOTIONS[second]} {percent(shares[second])}; none reaches the line at "
        f"{percent(line)}. A face at rest, a mixture of poses or a covered face ends "
        "here."
    ]
    if apart(face) < NEAR:
        why.append(
            f"The face is small: {apart(face):.0f} pixels between the eyes, where a "
            f"crop has {CROP.size * CROP.interocular:.0f}."
        )
    if network != "real-faces":
        why.append(
            "This network may never have seen a photograph; real-faces has learnt from "
            "them."
        )
    return " ".join(why)


def spread(
    read_all: Callable[[np.ndarray], np.ndarray],
    photo: Photo,
    marks: np.ndarray,
    percents: float,
) -> np.ndarray:
    """Move each eye mark at random, `TRIALS` times, and return the answers.

    Parameters
    ----------
    read_all : callable
        Crops, uint8 (n, 64, 64) -> probabilities (n, 6).
    photo : Photo
    marks : ndarray of float, (2, 2)
        From where they are moved.
    percents : float
        By how much at most, sideways and up or down, in percent of their distance.

    Returns
    -------
    ndarray of float, (TRIALS, 6)
        The same each time.
    """
    between = np.hypot(*(marks[1] - marks[0]))
    reach = percents / 100 * between
    moves = np.random.default_rng(0).uniform(-reach, reach, (TRIALS, 2, 2))
    # No crop leaves a square of six times the distance around the eyes.
    last = np.array(photo.image.shape[1::-1]) - 1
    corner = np.clip(marks.mean(axis=0) - 3 * between, 0, last).astype(int)
    right, bottom = (corner + np.ceil(6 * between)).astype(int)
    part = photo.image[corner[1] : bottom, corner[0] : right]
    crops = [cut(part, marks + move - corner) for move in moves]
    return read_all(np.stack(crops))


def spread_in_words(
    answers: np.ndarray, shares: np.ndarray, line: float, percents: float
) -> str:
    """Say what moving the marks does to an answer.

    Parameters
    ----------
    answers : ndarray of float, (n, 6)
        What `spread` returned.
    shares : ndarray of float, (6,)
        The answer with the marks as they are.
    line : float
        Smallest top probability that is an answer; what is below it is unsure.
    percents : float
        As in `spread`.
    """
    names = (*EMOTIONS, "unsure")
    every = np.vstack([shares, answers])
    said = np.where(every.max(axis=1) < line, -1, every.argmax(axis=1))
    answer, said = said[0], said[1:]
    top = int(np.argmax(shares))
    low, high = np.percentile(answers[:, top], [5, 95])
    others = [names[k] for k in np.unique(said) if k != answer]
    ends = (
        f"In {np.sum(said != answer)} of {len(said)} the answer is another one: "
        f"{', '.join(others)}."
        if others
        else "The answer stays the same in all."
    )
    return (
        f"The marks moved at random by up to {percents:g}\N{NO-BREAK SPACE}% of the "
        f"distance between the eyes, {len(said)} times: nine in ten answers give "
        f"{EMOTIONS[top]} {percent(low, high)}. {ends}"
    )


def _smaller(image: np.ndarray, scale: float) -> np.ndarray:
    """Return a picture with its sides `scale` times as long, if that is less."""
    if scale >= 1:
        return image
    size = [max(1, int(scale * side)) for side in image.shape[1::-1]]
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))


def _whole(image: np.ndarray) -> Face:
    """Return the face of a picture that is a crop: its eyes are where `CROP` has them.

    Its mouth is unknown, and not asked for.
    """
    height, width = image.shape[:2]
    left, right = ((x * width, y * height) for x, y in CROP.eyes(size=1))
    nowhere = (np.nan, np.nan)
    return Face((0, 0, width, height), 0.0, left, right, nowhere, nowhere, nowhere)
