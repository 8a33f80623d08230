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


@pytest.mark.parametrize("change", ALTERED)
def test_a_slightly_changed_picture_is_found(change):
    faces = _faces(60)
    order = np.random.default_rng(0).permutation(60)
    changed = np.stack([ALTERED[change](face) for face in faces[order]])
    assert (copies(changed, faces) == order).mean() >= 0.98


def test_two_people_are_never_one():
    faces = corpus()
    who = faces.meta["subject"]
    half = who.isin(who.unique()[::2]).to_numpy()
    assert (copies(faces.images[half], faces.images[~half]) == -1).all()


def test_few_neighbouring_frames_of_a_clip_are_one_picture():
    clips = corpus().clips()
    pairs = clips.images[:300, :2]
    found = [int(copies(one[None], two[None])[0]) for one, two in pairs]
    assert 0.02 < np.mean(np.array(found) >= 0) < 0.25


def test_plain_pictures_are_like_each_other_only():
    plain = np.zeros((2, 64, 64), np.uint8)
    plain[1] = 200
    face = _faces(1)
    assert copies(plain, face).tolist() == [-1, -1]
    assert copies(face, plain).tolist() == [-1]
    assert (copies(plain, plain) >= 0).all()


def test_none_among_none():
    none = np.zeros((0, 64, 64), np.uint8)
    assert copies(_faces(2), none).tolist() == [-1, -1]
    assert copies(none, _faces(2)).tolist() == []


def test_more_than_a_block():
    faces = np.random.default_rng(0).integers(0, 256, (2500, 8, 8), dtype=np.uint8)
    faces = faces.repeat(8, axis=1).repeat(8, axis=2)
    assert (copies(faces, faces[::-1]) == np.arange(2500)[::-1]).all()


def test_the_earliest_of_equal_images():
    images = np.array([3, 1, 3, 1, 2], np.uint8)[:, None]
    assert earliest(images).tolist() == [0, 1, 0, 1, 4]
