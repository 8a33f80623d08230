import io
from functools import cache

import numpy as np
import pytest
from PIL import Image

from emolib.datasets import load
from emolib.datasets.duplicates import copies, earliest
from emolib.faces import to_canonical

corpus = cache(lambda: load("synthface"))


def _faces(count: int) -> np.ndarray:
    """Return crops of `count` rendered people, one each."""
    faces = corpus()
    first = ~faces.meta["subject"].duplicated()
    return faces.images[first.to_numpy()][:count]


def _as_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.array(Image.open(file))


def _resized(image: np.ndarray, side: int) -> np.ndarray:
    return to_canonical(np.array(Image.fromarray(image).resize((side, side))))


ALTERED = {
    "equal": lambda image: image,
    "JPEG": lambda image: _as_jpeg(image, 75),
    "poor JPEG": lambda image: _as_jpeg(image, 30),
    "smaller": lambda image: _resized(image, 48),
    "half": lambda image: _resized(image, 32),
    "larger": lambda image: _resized(image, 100),
    "brighter": lambda image: np.clip(image + 15.0, 0, 255).astype(np.uint8),
    "darker": lambda image: (image * 0.85).astype(np.uint8),
    "noise": lambda image: np.clip(
        image + np.random.default_rng(1).normal(0, 4, image.shape), 0, 255
    ).astype(np.uint8),
}


def _copies(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return where each of some images is among others, or a negative number."""
    k, n = len(one), len(one) + len(other)
    return copies(np.concatenate([one, other]), np.arange(k), np.arange(k, n)) - k


@pytest.mark.parametrize("change", ALTERED)
def test_a_slightly_changed_picture_is_found(change):
    faces = _faces(60)
    order = np.random.default_rng(0).permutation(60)
    changed = np.stack([ALTERED[change](face) for face in faces[order]])
    assert (_copies(changed, faces) == order).mean() >= 0.98


def test_two_people_are_never_one():
    who = corpus().meta["subject"]
    half = who.isin(who.unique()[::2]).to_numpy()
    one, other = np.flatnonzero(half), np.flatnonzero(~half)
    assert (copies(corpus().images, one, other) == -1).all()


def test_few_neighbouring_frames_of_a_clip_are_one_picture():
    pairs = corpus().clips().images[:300, :2]
    found = [copies(pair, np.array([0]), np.array([1]))[0] == 1 for pair in pairs]
    assert 0.02 < np.mean(found) < 0.25


def test_plain_pictures_are_like_each_other_only():
    plain = np.zeros((2, 64, 64), np.uint8)
    plain[1] = 200
    assert (_copies(plain, _faces(1)) < 0).all()
    assert (_copies(_faces(1), plain) < 0).all()
    assert (_copies(plain, plain) >= 0).all()


def test_none_among_none():
    none = np.zeros((0, 64, 64), np.uint8)
    assert (_copies(_faces(2), none) < 0).all()
    assert _copies(none, _faces(2)).tolist() == []


def test_more_than_a_block():
    faces = np.random.default_rng(0).integers(0, 256, (2500, 8, 8), dtype=np.uint8)
    faces = faces.repeat(8, axis=1).repeat(8, axis=2)
    assert (_copies(faces, faces[::-1]) == np.arange(2500)[::-1]).all()


def test_the_earliest_of_equal_images():
    images = np.array([3, 1, 3, 1, 2], np.uint8)[:, None]
    assert earliest(images).tolist() == [0, 1, 0, 1, 4]
