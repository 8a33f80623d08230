"""Which of the faces in the frames of a video is the person that it is about."""

from collections.abc import Sequence

import numpy as np

from emolib.faces.detection import Face, main_face

#: Seconds for which a face that is gone is waited for. Then another may take its place.
PATIENCE = 1.0


def follow(
    frames: Sequence[Sequence[Face]], times: Sequence[float], shape: tuple[int, ...]
) -> list[Face | None]:
    """Return the face of one person in each frame, or None.

    It begins in the frame whose `main_face` is the largest, and goes on from there to
    both ends: to the face that is nearest to the last one, less than its width away and
    at most twice as large or as small. In frames without one there is none; after
    ``PATIENCE`` without one the main face of a frame is taken, so that frames which are
    far apart in time need not show it in the same place.

    Parameters
    ----------
    frames : sequence of sequences of Face
        Those that were found in each frame.
    times : sequence of float
        Of the frames, in seconds, ascending.
    shape : (height, width, ...)
        Of all frames.
    """
    mains = [main_face(tuple(faces), shape) for faces in frames]
    chosen: list[Face | None] = [None] * len(frames)
    if not any(mains):
        return chosen
    areas = [face.box[2] * face.box[3] if face else 0 for face in mains]
    start = int(np.argmax(areas))
    for way in (range(start, len(frames)), range(start, -1, -1)):
        last, seen = mains[start], times[start]
        for k in way:
            face = _nearest(last, frames[k])
            if face is None and abs(times[k] - seen) > PATIENCE:
                face = mains[k]
            if face is not None:
                chosen[k] = last = face
                seen = times[k]
    return chosen


def _nearest(last: Face, faces: Sequence[Face]) -> Face | None:
    """Return the one of `faces` that may be `last` a moment later or earlier."""
    x, y, width, height = last.box

    def away(face: Face) -> float:
        left, top, wide, high = face.box
        return float(
            np.hypot(left + wide / 2 - x - width / 2, top + high / 2 - y - height / 2)
        )

    near = [
        face
        for face in faces
        if away(face) < width and width / 2 <= face.box[2] <= 2 * width
    ]
    return min(near, key=away, default=None)
