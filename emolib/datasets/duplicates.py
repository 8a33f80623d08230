"""The same picture twice: what one data set has of another's pictures."""

import numpy as np

from emolib.files import sha256

#: Two pictures are the same if, at `_SIDE` x `_SIDE` and with brightness and contrast
#: set equal, they correlate by more than `ALIKE` and differ nowhere by more than
#: `APART` standard deviations. Among FER2013's photographs this finds nearly all copies
#: saved as JPEG of quality 20 or more, resized down to a half, or made brighter by 20
#: grey levels, but not those cut or turned differently. In SynthFace no two people pass
#: for one (of 94 million pairs), nor two clips of one person; of neighbouring frames of
#: a clip, 14 % are the same.
ALIKE, APART = 0.97, 0.6

_COARSE, _SIDE = 8, 16
_MOST = 2**22  # so many comparisons are held in memory at a time


def copies(images: np.ndarray, which: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Find the pictures that occur, exactly or nearly, among others of the same set.

    Each is compared with the one most like it; the time grows as n times m (10,000 and
    10,000: about a second).

    Parameters
    ----------
    images : ndarray, uint8, (k, 64, 64)
    which, among : ndarray of int, (n,) and (m,)
        Positions in `images`: whose copies are searched, and where.

    Returns
    -------
    ndarray, int64, (n,)
        The position of the same picture, one of `among`, or -1.
    """
    found = np.full(len(which), -1)
    if len(among) == 0:
        return found
    known = _standardised(images, among, _COARSE).T
    step = max(1, _MOST // len(among))
    for start in range(0, len(which), step):
        block = which[start : start + step]
        likeness = _standardised(images, block, _COARSE) @ known
        best = among[np.argmax(likeness, axis=1)]
        one = _standardised(images, block, _SIDE)
        other = _standardised(images, best, _SIDE)
        alike = np.sum(one * other, axis=1)
        apart = np.abs(one - alike[:, None] * other).max(axis=1) * _SIDE
        same = (alike > ALIKE) & (apart < APART)
        found[start : start + step][same] = best[same]
    return found


def earliest(images: np.ndarray) -> np.ndarray:
    """Return where the equal of each image, uint8 (n, ...), comes first, int64 (n,)."""
    seen: dict[str, int] = {}
    keys = (sha256(image.tobytes()) for image in images)
    places = [seen.setdefault(key, k) for k, key in enumerate(keys)]
    return np.array(places, dtype=np.int64)


def _standardised(images: np.ndarray, which: np.ndarray, side: int) -> np.ndarray:
    """Shrink to side x side, mean 0, length 1, float32 (n, side * side).

    Plain pictures, which have no contrast, are all one: orthogonal to the others.
    """
    small = np.empty((len(which), side * side), np.float32)
    step = images.shape[1] // side
    for start in range(0, len(which), 1024):  # else a copy of all pictures
        block = images[which[start : start + 1024]]
        cells = block.reshape(len(block), side, step, side, step)
        means = cells.mean(axis=(2, 4), dtype=np.float32)
        small[start : start + 1024] = means.reshape(len(block), -1)
    small -= small.mean(axis=1, keepdims=True)
    small[np.abs(small).max(axis=1) < 0.5] = 1.0
    return small / np.linalg.norm(small, axis=1, keepdims=True)
