"""Finding faces in a picture: MTCNN (Zhang, Zhang, Li & Qiao 2016).

Points are (x, y) in pixels from the top left corner of the top left pixel; "left" and
"right" are those of the picture. The weights are in ``data/detector``.
"""

import json
from dataclasses import dataclass

import numpy as np
from PIL import Image

from emolib.errors import ArgumentError, EmolibError
from emolib.faces.crop import align, as_picture
from emolib.files import verified_bytes
from emolib.onnx_session import open_session
from emolib.paths import data_folder

#: The networks, and the side in pixels of what the second and third look at.
NETWORKS = ("pnet", "rnet", "onet")
WINDOW, STRIDE = 12, 2  # of the first network, which slides over the picture
SIDES = {"rnet": 24, "onet": 48}

#: Each level of the picture pyramid is smaller by this factor.
SHRINK = 0.709

#: Windows that overlap more than this are one face: within a level of the pyramid,
#: between levels, after the second stage (intersection over union), and after the
#: third (intersection over the smaller).
OVERLAPS = (0.5, 0.7, 0.7, 0.7)

#: How pictures are made smaller for the pyramid, and windows for the later stages.
RESAMPLE_LEVEL, RESAMPLE_WINDOW = Image.Resampling.BOX, Image.Resampling.BILINEAR

_BATCH = 128  # windows that a network sees at once, which bounds the memory
_STRIP = 60_000  # pixels of a level that the first network sees at once, as well
_GREY = 128  # beyond the edge of the picture
_MIRRORED = (1, 0, 2, 4, 3)  # which point is which in the mirror image
_REMEDY = "restore it with `git checkout data/detector`, or install emolib again"


class DetectorError(EmolibError, ValueError):
    """The detector's files are missing or altered; the message says what to do."""


@dataclass(frozen=True)
class Face:
    """One face that was found; left and right are those of the picture.

    Attributes
    ----------
    box : (x, y, width, height)
        In pixels; may reach beyond the edge of the picture.
    score : float
        How sure the last network is that this is a face, 0 to 1.
    left_eye, right_eye, nose, left_mouth, right_mouth : (x, y)
        Pupils, tip of the nose, corners of the mouth, in pixels.
    """

    box: tuple[float, float, float, float]
    score: float
    left_eye: tuple[float, float]
    right_eye: tuple[float, float]
    nose: tuple[float, float]
    left_mouth: tuple[float, float]
    right_mouth: tuple[float, float]

    def crop(self, image: np.ndarray) -> np.ndarray:
        """Cut this face out of `image`, its picture, as the crop, uint8 (64, 64)."""
        return align(image, self.left_eye, self.right_eye)


@dataclass(frozen=True, eq=False)
class CascadeStage:
    """What the stage "proposal", "refinement" or "output" keeps, best score first.

    `boxes` (n, 4) are x, y, width, height in pixels, `scores` (n,) 0 to 1, `points` (n,
    5, 2) those of `Face`, NaN before the last stage; all float64.
    """

    name: str
    boxes: np.ndarray
    scores: np.ndarray
    points: np.ndarray


class FaceDetector:
    """Finds faces and their five points: MTCNN, a cascade of three small networks.

    Zhang, Zhang, Li & Qiao 2016, doi:10.1109/LSP.2016.2603342.

    Parameters
    ----------
    smallest : int, default 40
        Side in pixels of the smallest face to look for, at least 12.
    thresholds : (float, float, float)
        Scores that a window has to exceed in each stage, 0 to 1; by default the
        authors'. What others gain and cost is in ``data/results/detection.json``.
    mirror : bool, default True
        Whether the last network looks at the mirror image too, and the mean counts: a
        tenth more time, better points on turned faces.

    Raises
    ------
    DetectorError, ValueError
        If files in ``data/detector`` are missing or altered; if a setting is wrong.

    Examples
    --------
    >>> import numpy as np
    >>> FaceDetector().detect(np.zeros((90, 120), np.uint8))
    ()
    """

    def __init__(
        self,
        smallest: int = 40,
        thresholds: tuple[float, float, float] = (0.6, 0.7, 0.7),
        mirror: bool = True,
    ):
        if not smallest >= WINDOW:
            raise ArgumentError(
                f"smallest must be at least {WINDOW} pixels; received {smallest}."
            )
        if len(thresholds) != 3 or not all(0 <= one <= 1 for one in thresholds):
            raise ArgumentError(
                f"thresholds are three numbers from 0 to 1; received {thresholds}."
            )
        self.smallest, self.thresholds = smallest, tuple(thresholds)
        self.mirror = mirror
        self._networks = _load_networks()

    def detect(self, image: np.ndarray) -> tuple[Face, ...]:
        """Return the faces in a picture, a tuple of `Face`, best score first.

        Parameters
        ----------
        image : ndarray, uint8, (height, width) or (height, width, 3)
            Grey or RGB, 0-255; other arrays raise `ValueError`.
        """
        found = self.cascade(image)[-1]
        columns = (part.tolist() for part in (found.boxes, found.scores, found.points))
        return tuple(
            Face(tuple(box), score, *map(tuple, points))
            for box, score, points in zip(*columns, strict=True)
        )

    def cascade(self, image: np.ndarray) -> tuple[CascadeStage, ...]:
        """Return what each of the three stages keeps, a tuple of `CascadeStage`.

        `image` is that of `detect`, and the last stage holds what `detect` returns.
        """
        picture = as_picture(image, "RGB")
        proposed = self._propose(picture)
        refined = self._refine(picture, proposed[0])
        output = self._output(picture, refined[0])
        return (
            _stage("proposal", *proposed),
            _stage("refinement", *refined),
            _stage("output", *output),
        )

    def _propose(self, picture: Image.Image) -> tuple[np.ndarray, np.ndarray]:
        """Slide the first network over the pyramid: boxes (n, 4), scores (n,)."""
        boxes, scores = [np.empty((0, 4))], [np.empty(0)]
        for level in self._pyramid(picture):
            offsets, faces = self._slide(np.asarray(level)[None])
            rows, columns = np.nonzero(faces[0, 1] > self.thresholds[0])
            corner = STRIDE * np.stack([columns, rows] * 2, axis=1)
            corner = corner + np.array([0, 0, WINDOW, WINDOW])
            here = corner + WINDOW * offsets[0][:, rows, columns].T.astype(float)
            zoom = np.array(picture.size) / level.size
            found = faces[0, 1, rows, columns].astype(float)
            keep = _suppress(here, found, OVERLAPS[0])
            boxes.append(here[keep] * np.tile(zoom, 2))
            scores.append(found[keep])
        boxes, scores = np.concatenate(boxes), np.concatenate(scores)
        keep = _suppress(boxes, scores, OVERLAPS[1])
        return boxes[keep], scores[keep]

    def _slide(self, level: np.ndarray) -> list[np.ndarray]:
        """Run the first network over a level, strip by strip: the memory is bounded."""
        rows = max(_STRIP // level.shape[2], WINDOW) // STRIDE * STRIDE
        windows = (level.shape[1] - 1) // STRIDE - 4  # one above another
        parts = [
            self._run("pnet", level[:, top : top + rows + WINDOW - STRIDE])
            for top in range(0, STRIDE * windows, rows)
        ]
        return [np.concatenate(maps, axis=2) for maps in zip(*parts, strict=True)]

    def _pyramid(self, picture: Image.Image):
        """Yield the picture smaller and smaller, until a window no longer fits."""
        scale = WINDOW / self.smallest
        source = picture
        while True:
            size = tuple(round(side * scale) for side in picture.size)
            if min(size) < WINDOW:
                return
            level = source.resize(size, RESAMPLE_LEVEL)
            if source is picture:
                source = level  # from here on smaller pictures make smaller ones
            yield level
            scale *= SHRINK

    def _refine(
        self, picture: Image.Image, boxes: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        """Let the second network look at each box: boxes (n, 4), scores (n,)."""
        squares = _squares(boxes)
        offsets, faces = self._look("rnet", _patches(picture, squares, SIDES["rnet"]))
        scores, boxes = faces[:, 1].astype(float), _moved(squares, offsets)
        kept = np.flatnonzero(scores > self.thresholds[1])
        kept = kept[_suppress(boxes[kept], scores[kept], OVERLAPS[2])]
        return boxes[kept], scores[kept]

    def _output(
        self, picture: Image.Image, boxes: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        """Let the third network look: boxes (n, 4), scores (n,), points (n, 5, 2)."""
        squares = _squares(boxes)
        patches = _patches(picture, squares, SIDES["onet"])
        offsets, points, faces = self._look("onet", patches)
        points = points.reshape(-1, 2, 5).transpose(0, 2, 1)  # x1..x5 y1..y5 to pairs
        if self.mirror:
            other = self._look("onet", patches[:, :, ::-1])
            offsets = (offsets + other[0][:, [2, 1, 0, 3]] * [-1, 1, -1, 1]) / 2
            turned = other[1].reshape(-1, 2, 5).transpose(0, 2, 1)[:, _MIRRORED]
            points = (points + [1, 0] + turned * [-1, 1]) / 2
            faces = (faces + other[2]) / 2
        scores, boxes = faces[:, 1].astype(float), _moved(squares, offsets)
        sides = squares[:, 2] - squares[:, 0]
        points = squares[:, None, :2] + points * sides[:, None, None]
        kept = np.flatnonzero(scores > self.thresholds[2])
        kept = kept[_suppress(boxes[kept], scores[kept], OVERLAPS[3], smaller=True)]
        return boxes[kept], scores[kept], points[kept]

    def _look(self, network: str, patches: np.ndarray) -> list[np.ndarray]:
        """Run a network over windows (n, side, side, 3), batch by batch."""
        parts = [
            self._run(network, patches[start : start + _BATCH])
            for start in range(0, max(len(patches), 1), _BATCH)
        ]
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]

    def _run(self, network: str, images: np.ndarray) -> list[np.ndarray]:
        images = np.ascontiguousarray(images)
        return self._networks[network].run(None, {"images": images})


def main_face(faces: tuple[Face, ...], shape: tuple[int, ...]) -> Face | None:
    """Return the face a picture is about, large and near the middle, or None.

    Parameters
    ----------
    faces : tuple of Face
        Those that score less than nine tenths of the best are not considered.
    shape : (height, width, ...)
        Of the picture.
    """
    if not faces:
        return None
    sure = 0.9 * max(face.score for face in faces)
    height, width = shape[:2]

    def weight(face: Face) -> float:
        x, y, w, h = face.box
        away = np.hypot(x + w / 2 - width / 2, y + h / 2 - height / 2)
        return w * h * (1 - away / np.hypot(width, height))

    return max((face for face in faces if face.score >= sure), key=weight)


def _load_networks() -> dict:
    folder = data_folder() / "detector"
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        sums = {name: card["sha256"][f"{name}.onnx"] for name in NETWORKS}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DetectorError(
            f"{folder / 'card.json'} is missing or not readable ({error}); {_REMEDY}."
        ) from error
    told = {"record": "its card", "error": DetectorError, "remedy": _REMEDY}
    return {
        name: open_session(verified_bytes(folder / f"{name}.onnx", known, **told))
        for name, known in sums.items()
    }


def _stage(name: str, boxes: np.ndarray, scores, points=None) -> CascadeStage:
    if points is None:
        points = np.full((len(boxes), 5, 2), np.nan)
    shaped = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    return CascadeStage(name, shaped, scores, points)


def _squares(boxes: np.ndarray) -> np.ndarray:
    """Return squares around the boxes' middles, (n, 4) corners, as wide as long sides.

    A box that the networks turned inside out becomes one pixel.
    """
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = np.max(boxes[:, 2:] - boxes[:, :2], axis=1, keepdims=True, initial=1) / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def _moved(squares: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Move the corners of squares by offsets, in fractions of the side."""
    return squares + offsets * (squares[:, 2:3] - squares[:, 0:1])


def _patches(picture: Image.Image, squares: np.ndarray, side: int) -> np.ndarray:
    """Cut squares out of a picture, (n, side, side, 3) uint8; grey beyond its edge."""
    patches = np.empty((len(squares), side, side, 3), np.uint8)
    if len(squares) == 0:
        return patches
    over = max(-squares.min(), (squares[:, 2:] - picture.size).max())
    margin = max(0, int(np.ceil(over)) + 1)
    # As if the picture had this margin: Pillow keeps 32 bits of a place from there.
    squares = (squares + margin).astype(np.float32).astype(float) - margin
    low, high = -margin, np.array(picture.size) + margin
    reach = 2 + (squares[:, 2:] - squares[:, :2]).max(axis=1, keepdims=True) // side
    starts = np.maximum(np.floor(squares[:, :2]) - reach, low).astype(int)
    ends = np.minimum(np.ceil(squares[:, 2:]) + reach, high).astype(int)
    for patch, square, start, end in zip(patches, squares, starts, ends, strict=True):
        source = picture
        if (start < 0).any() or (end > picture.size).any():
            source = Image.new("RGB", tuple((end - start).tolist()), (_GREY,) * 3)
            source.paste(picture, tuple((-start).tolist()))
            square = square - np.tile(start, 2)
        box = square.tolist()
        patch[:] = source.resize((side, side), RESAMPLE_WINDOW, box=box)
    return patches


def _suppress(
    boxes: np.ndarray, scores: np.ndarray, overlap: float, smaller: bool = False
) -> np.ndarray:
    """Greedy non-maximum suppression on corners (n, 4): the indices kept, best first.

    The overlap is the intersection over the union, or over the smaller box.
    """
    order, kept = np.argsort(-scores, kind="stable"), []
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    while len(order):
        best, rest = order[0], order[1:]
        kept.append(best)
        low = np.maximum(boxes[best, :2], boxes[rest, :2])
        high = np.minimum(boxes[best, 2:], boxes[rest, 2:])
        shared = np.prod(np.maximum(high - low, 0), axis=1)
        whole = areas[best] + areas[rest] - shared
        if smaller:
            whole = np.minimum(areas[best], areas[rest])
        order = rest[shared <= overlap * whole]
    return np.array(kept, dtype=int)
