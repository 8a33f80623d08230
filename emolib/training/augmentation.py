"""Augmentation: each face once more, as another photograph might show it."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import product

import numpy as np

from emolib.arguments import check_number, check_whole
from emolib.errors import ArgumentError, unknown
from emolib.faces import triangle_weights
from emolib.faces.scale import check_images
from emolib.models._backend import keras
from emolib.training.targets import check_targets

STRENGTHS = ("light", "strong")

#: How far "light" jitters the canonical crop: the range of emolib.faces.CROP.
ROLL_DEGREES, SCALE, SHIFT = 10.0, 0.10, 0.08
CONTRAST, BRIGHTNESS = 0.25, 25.0

_CHUNK = 2048  # images augmented at a time, to bound memory
_SMALL_CHUNK = 128  # the same for "strong", which makes many passes: fits the cache


def augment(
    images: np.ndarray, seed: int | Sequence[int] = 0, strength: str = "light"
) -> np.ndarray:
    """Return each image once more, as another photograph might show the same face.

    What comes in from outside repeats the border.

    Parameters
    ----------
    images : ndarray, uint8, (n, 64, 64)
        Grey values 0-255.
    seed : int or sequence of int, default 0
        0 or more.
    strength : {"light", "strong"}
        *light*: mirrored in half of the cases, turned by up to 10 degrees, scaled by
        up to 10 %, shifted by up to 8 % of the side, with other contrast and
        brightness (Krizhevsky et al. 2012). *strong* adds what separates a rendered
        face from a photograph: stretched, sheared, in perspective, other gamma, light
        from one side; and in part of the cases a patch covered (DeVries & Taylor 2017,
        arXiv:1708.04552), blurred or brought down to 32 pixels and back, sharpened,
        noisy, compressed as JPEG.

    Raises
    ------
    ArgumentError
        If the images have another shape, or another scale, such as 0-1; if a seed is
        no whole number; if `strength` is neither.
    """
    if strength not in STRENGTHS:
        raise ArgumentError(unknown("strength", strength, STRENGTHS))
    images = check_images(images)
    for one in seed if isinstance(seed, Sequence | np.ndarray) else [seed]:
        check_whole("seed", one)
    vary = _augment_lightly if strength == "light" else _augment_strongly
    return vary(images, seed)


def mixup(
    images: np.ndarray, targets: np.ndarray, alpha: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Mix each picture with another, and their targets alike.

    Zhang et al. 2018, arXiv:1710.09412. The larger share is the picture's own. Keras'
    `MixUp` mixes within a batch; an interrupted run could not repeat it.

    Parameters
    ----------
    images : ndarray, uint8, (n, 64, 64)
    targets : ndarray, float32, (n, 6)
    alpha : float
        Above 0; shares are drawn from Beta(alpha, alpha): the larger, the more even.
    rng : numpy.random.Generator

    Raises
    ------
    ArgumentError
        If images or targets are of another form or scale, or `alpha` is not above 0.
    """
    images = check_images(images)
    targets = check_targets(targets, len(images))
    check_number("alpha", alpha, 0, ends="(]")
    share = rng.beta(alpha, alpha, len(images)).astype(np.float32)
    share = np.maximum(share, 1 - share)
    other, mixed = rng.permutation(len(images)), np.empty_like(images)
    for start in range(0, len(images), 2048):  # bounds the memory
        part = slice(start, start + 2048)
        own = share[part, None, None]
        mixed[part] = np.rint(own * images[part] + (1 - own) * images[other[part]])
    share = share[:, None]
    return mixed, share * targets + (1 - share) * targets[other]


def _augment_lightly(images: np.ndarray, seed: int | Sequence[int]) -> np.ndarray:
    rng = np.random.default_rng(seed)
    n, side = images.shape[:2]
    geometry = _random_transforms(n, side, rng)  # (n, 8)
    gain = rng.uniform(1 - CONTRAST, 1 + CONTRAST, (n, 1, 1)).astype(np.float32)
    offset = rng.uniform(-BRIGHTNESS, BRIGHTNESS, (n, 1, 1)).astype(np.float32)
    result = np.empty_like(images)
    for start in range(0, n, _CHUNK):
        part = slice(start, start + _CHUNK)
        faces = _warp(images[part], geometry[part])
        middle = faces.mean(axis=(1, 2), keepdims=True)
        faces = (faces - middle) * gain[part] + middle + offset[part]
        result[part] = np.clip(np.rint(faces), 0, 255)
    return result


def _warp(images: np.ndarray, transforms: np.ndarray) -> np.ndarray:
    """Move pixels by maps (n, 8); returns float32 (n, side, side)."""
    moved = keras.ops.image.affine_transform(
        images[..., None].astype(np.float32), transforms, fill_mode="nearest"
    )
    return np.asarray(moved)[..., 0]


def _random_transforms(n: int, side: int, rng: np.random.Generator) -> np.ndarray:
    """Draw n affine maps as Keras wants them: output pixel -> input pixel, (n, 8)."""
    angle = np.radians(rng.uniform(-ROLL_DEGREES, ROLL_DEGREES, n))
    zoom = 1 / rng.uniform(1 - SCALE, 1 + SCALE, n)
    mirror = rng.choice([-1.0, 1.0], n)
    shift_x, shift_y = rng.uniform(-SHIFT, SHIFT, (2, n)) * side
    cos, sin = zoom * np.cos(angle), zoom * np.sin(angle)
    centre = (side - 1) / 2
    a, b, d, e = mirror * cos, -sin, mirror * sin, cos
    c = centre - a * (centre + shift_x) - b * (centre + shift_y)
    f = centre - d * (centre + shift_x) - e * (centre + shift_y)
    zero = np.zeros(n)
    return np.stack([a, b, c, d, e, f, zero, zero], axis=1).astype(np.float32)


def _augment_strongly(images: np.ndarray, seed: int | Sequence[int]) -> np.ndarray:
    """Augment chunk by chunk on all cores; each chunk has a seed of its own."""
    seeds, result = np.atleast_1d(seed).tolist(), np.empty_like(images)

    def one(start: int) -> None:
        rng = np.random.default_rng([*seeds, start])
        chunk = images[start : start + _SMALL_CHUNK]
        faces = _warp(chunk, _strong_transforms(*chunk.shape[:2], rng))
        faces = _relit(np.clip(faces / 255, 0, 1), rng)
        _cover_a_patch(faces, rng)
        faces = _as_a_camera_stores(faces, rng)
        result[start : start + _SMALL_CHUNK] = np.clip(np.rint(faces * 255), 0, 255)

    with ThreadPoolExecutor(os.cpu_count()) as threads:  # NumPy frees the GIL
        list(threads.map(one, range(0, len(images), _SMALL_CHUNK)))
    return result


def _strong_transforms(n: int, side: int, rng: np.random.Generator) -> np.ndarray:
    """Draw n perspective maps, output pixel -> input pixel, (n, 8)."""

    def matrices(**entries):
        made = np.tile(np.eye(3), (n, 1, 1))
        for place, value in entries.items():
            made[:, int(place[1]), int(place[2])] = value
        return made

    angle = np.radians(rng.uniform(-12, 12, n))
    zoom, narrow = rng.uniform(0.85, 1.15, n), rng.uniform(-0.12, 0.12, n)
    mirror = rng.choice([-1.0, 1.0], n)
    shift_x, shift_y = rng.uniform(-0.08, 0.08, (2, n)) * side
    lean = rng.uniform(-0.2, 0.2, (2, n)) / side  # the far side is a tenth smaller
    cos, sin = np.cos(angle), np.sin(angle)
    centre = (side - 1) / 2
    whole = (
        matrices(m02=centre, m12=centre)
        @ matrices(m00=mirror / zoom / (1 + narrow), m11=1 / zoom / (1 - narrow))
        @ matrices(m01=rng.uniform(-0.08, 0.08, n))
        @ matrices(m00=cos, m01=-sin, m10=sin, m11=cos)
        @ matrices(m20=lean[0], m21=lean[1])
        @ matrices(m02=-centre - shift_x, m12=-centre - shift_y)
    )
    whole /= whole[:, 2:, 2:]
    return whole.reshape(n, 9)[:, :8].astype(np.float32)


def _relit(faces: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change gamma, light from one side, contrast and exposure of faces, 0 to 1."""
    n, side, _ = faces.shape
    gamma = np.exp(rng.uniform(np.log(0.5), np.log(1.8), (n, 1, 1)))
    faces = np.exp(gamma.astype(np.float32) * np.log(faces + np.float32(1e-3)))
    place = np.linspace(-1, 1, side, dtype=np.float32)
    slope = rng.normal(0, 0.25, (2, n, 1)).astype(np.float32)
    bow = rng.normal(0, 0.1, (2, n, 1)).astype(np.float32)
    # exp(a + b) = exp(a) * exp(b): two short factors instead of a field each
    light = np.exp(slope * place + bow * place**2)  # (2, n, side)
    faces *= light[0][:, None, :]
    faces *= light[1][:, :, None]
    middle = faces.mean(axis=(1, 2), keepdims=True)
    gain = rng.uniform(0.7, 1.35, (n, 1, 1)).astype(np.float32)
    wanted = rng.uniform(0.3, 0.7, (n, 1, 1)).astype(np.float32)
    return (faces - middle) * gain + (middle + wanted) / 2  # halfway to another mean


def _cover_a_patch(faces: np.ndarray, rng: np.random.Generator) -> None:
    """Lay a rectangle of one grey, with or without grain, over some faces, in place."""
    n, side, _ = faces.shape
    for k in np.flatnonzero(rng.random(n) < 0.3):
        height, width = rng.integers(side // 8, side * 3 // 8, 2)
        top, left = rng.integers(0, side - height), rng.integers(0, side - width)
        coarse = rng.uniform(0, 0.2)
        grain = coarse * rng.standard_normal((height, width), dtype=np.float32)
        faces[k, top : top + height, left : left + width] = rng.uniform(0, 1) + grain


def _as_a_camera_stores(faces: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Lose detail, sharpen, add noise and compress, each in part of the cases."""
    n, side, _ = faces.shape
    losses = _detail_losses(side)
    lossy = rng.integers(0, len(losses), n) * (rng.random(n) < 0.75)
    faces = _along_both_sides(losses[lossy], faces)
    sharp = np.flatnonzero(rng.random(n) < 0.35)
    amount = rng.uniform(0.3, 1.5, (len(sharp), 1, 1)).astype(np.float32)
    soft = _along_both_sides(_blur(side, 1.2), faces[sharp])
    faces[sharp] += amount * (faces[sharp] - soft)
    faces = np.clip(faces, 0, 1)
    # in proportion to the contrast, or a dim face would drown
    contrast = faces.std(axis=(1, 2), keepdims=True)
    noise = rng.uniform(0, 0.25, (n, 1, 1)) * (rng.random((n, 1, 1)) < 0.6)
    grain = rng.standard_normal(faces.shape, dtype=np.float32)
    faces += contrast * noise.astype(np.float32) * grain
    packed = np.flatnonzero(rng.random(n) < 0.3)
    coarse = rng.uniform(0.1, 0.8, len(packed)).astype(np.float32)
    faces[packed] = _compressed(faces[packed], coarse)
    return faces


def _along_both_sides(matrix: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Apply a linear map of rows, (side, side) or one per face, to rows and columns."""
    return matrix @ faces @ np.swapaxes(matrix, -1, -2)


@cache
def _detail_losses(side: int) -> np.ndarray:
    """Return maps that shrink and blur, (ways, side, side); the first loses nothing."""
    sizes = range(side, side // 2 - 1, -4)  # 64 down to 32
    shrunk = [triangle_weights(k, side) @ triangle_weights(side, k) for k in sizes]
    blurs = [_blur(side, spread) for spread in (0.0, 0.5, 0.9)]
    return np.stack([first @ then for first, then in product(shrunk, blurs)])


def _blur(side: int, spread: float) -> np.ndarray:
    """Weights of a Gaussian blur of `spread` pixels, float32 (side, side)."""
    distance = np.arange(side)[:, None] - np.arange(side)
    weights = np.exp(-0.5 * (distance / max(spread, 1e-3)) ** 2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _compressed(faces: np.ndarray, coarse: np.ndarray) -> np.ndarray:
    """Round the cosines of 8x8 blocks, as JPEG does; `coarse` is (n,), 0 to 1."""
    cosines = _block_cosines(faces.shape[1])
    frequency = np.arange(faces.shape[1]) % 8
    # coarser steps for finer waves, roughly as in JPEG's usual table
    steps = 0.02 + 0.025 * (frequency[:, None] + frequency)  # of grey 0 to 1
    steps = coarse[:, None, None] * steps.astype(np.float32)
    waves = _along_both_sides(cosines, faces - np.float32(0.5))
    rounded = np.rint(waves / steps) * steps
    return _along_both_sides(cosines.T, rounded) + np.float32(0.5)


@cache
def _block_cosines(side: int) -> np.ndarray:
    """Return the orthonormal cosine transform of blocks of 8, float32 (side, side)."""
    k, x = np.arange(8)[:, None], np.arange(8)
    block = np.cos(np.pi * (2 * x + 1) * k / 16) * np.where(k == 0, 0.5**0.5, 1) / 2
    return np.kron(np.eye(side // 8), block).astype(np.float32)
