import math
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from emolib.faces import CROP, align, to_canonical, triangle_weights
from emolib.faces import crop as cropping

GREY = np.arange(48 * 48, dtype=np.int64).reshape(48, 48) % 256


def _centroid(image: np.ndarray) -> tuple[float, float]:
    """Centre of mass (x, y) of what is brighter than the ground, in pixels."""
    weight = image.astype(float) - np.median(image)
    weight[weight < 20] = 0
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    total = weight.sum()
    return (columns * weight).sum() / total, (rows * weight).sum() / total


def _photograph(eyes, width=500, height=400, radius=1.0) -> np.ndarray:
    """Return a dark picture with a soft bright dot at each of `eyes`."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    picture = np.full((height, width), 30.0)
    for x, y in eyes:
        distance = np.hypot(columns - x, rows - y)
        picture += 200 * np.exp(-((distance / radius) ** 2) / 2)
    return picture.clip(0, 255).astype(np.uint8)


class TestCrop:
    def test_eyes_are_symmetric_and_scale_with_the_side(self):
        (left, y_left), (right, y_right) = CROP.eyes()
        assert left + right == pytest.approx(CROP.size)
        assert y_left == y_right == pytest.approx(CROP.eye_line * CROP.size)
        assert right - left == pytest.approx(CROP.interocular * CROP.size)
        assert np.allclose(CROP.eyes(128), 2 * np.array(CROP.eyes()))


class TestToCanonical:
    def test_the_canonical_size_is_untouched(self):
        image = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
        assert (to_canonical(image) == image).all()

    @pytest.mark.parametrize("shape", [(48, 48), (200, 120), (1, 1), (48, 48, 3)])
    def test_any_size_becomes_64_grey(self, shape):
        image = np.full(shape, 77, np.uint8)
        result = to_canonical(image)
        assert result.shape == (64, 64)
        assert result.dtype == np.uint8
        assert (result == 77).all()

    def test_the_picture_stays_upright_and_in_place(self):
        image = np.zeros((48, 48), np.uint8)
        image[6:12, 30:36] = 200
        x, y = _centroid(to_canonical(image))
        assert (x, y) == pytest.approx((33 / 48 * 64, 9 / 48 * 64), abs=0.2)

    @pytest.mark.parametrize(
        "image",
        [
            np.zeros((64, 64)),
            GREY,
            np.zeros((0, 64), np.uint8),
            np.zeros(64, np.uint8),
            np.zeros((64, 64, 2), np.uint8),
        ],
    )
    def test_what_is_no_image_of_bytes_is_refused(self, image):
        with pytest.raises(ValueError, match="received"):
            to_canonical(image)


class TestAlign:
    @pytest.mark.parametrize("degrees", [-40, -10, 0, 25])
    @pytest.mark.parametrize("distance", [20, 24.64, 60, 150])
    def test_pupils_land_where_the_crop_wants_them(self, degrees, distance):
        angle = math.radians(degrees)
        half = distance / 2 * np.array([math.cos(angle), math.sin(angle)])
        middle = np.array([247.3, 201.8])
        eyes = middle - half, middle + half
        picture = _photograph(eyes, radius=max(1.0, distance / 20))
        crop = align(picture, *map(tuple, eyes))
        assert crop.shape == (64, 64)
        halves = crop[:, :32], crop[:, 32:]
        found = [_centroid(half) for half in halves]
        left, right = CROP.eyes()
        assert found[0] == pytest.approx(left, abs=0.25)
        assert (found[1][0] + 32, found[1][1]) == pytest.approx(right, abs=0.25)

    def test_a_crop_that_is_aligned_already_stays(self):
        image = _photograph(CROP.eyes(), width=64, height=64, radius=3)
        again = align(image, *CROP.eyes())
        assert np.abs(again.astype(int) - image).max() <= 1

    def test_outside_the_picture_the_edge_goes_on(self):
        image = np.full((40, 40), 90, np.uint8)
        assert (align(image, (2.0, 3.0), (30.0, 3.0)) == 90).all()

    @pytest.mark.parametrize("x", [(-9, 12), (3, 7), (20, 60), (-30, -4), (52, 58)])
    @pytest.mark.parametrize("y", [(-3, 60), (0, 48), (-8, -7), (50, 90)])
    def test_a_region_has_the_nearest_pixels_of_the_picture(self, x, y):
        rows, columns = (np.clip(np.arange(*span), 0, 47) for span in (y, x))
        region = np.asarray(
            cropping._region(GREY.astype(np.uint8), range(*x), range(*y))
        )
        assert np.array_equal(region, GREY[rows[:, None], columns])

    def test_the_region_around_the_face_is_as_good_as_the_whole(self, monkeypatch):
        rng = np.random.default_rng(4)
        image = rng.integers(0, 256, (300, 400, 3), dtype=np.uint8)
        eyes = [(rng.uniform(-20, 380, 2), rng.uniform(-0.4, 0.4)) for _ in range(20)]
        pairs = [
            (tuple(m), tuple(m + 90 * np.array([np.cos(a), np.sin(a)])))
            for m, a in eyes
        ]
        whole = [align(image, *pair) for pair in pairs]
        monkeypatch.setattr(cropping, "_CANVAS", 0)
        for pair, crop in zip(pairs, whole, strict=True):
            assert np.array_equal(align(image, *pair), crop)

    def test_a_huge_face_is_shrunk_before_it_is_sampled(self, monkeypatch):
        eyes = ((180.5, 200.2), (330.1, 215.0))
        image = _photograph(eyes, radius=25)
        fine = align(image, *eyes)
        sizes, transform = [], Image.Image.transform
        monkeypatch.setattr(
            Image.Image,
            "transform",
            lambda it, *how: (sizes.append((it.size, how[0])), transform(it, *how))[1],
        )
        monkeypatch.setattr(cropping, "_FINEST", 2)
        assert np.abs(align(image, *eyes).astype(int) - fine).max() <= 3
        assert sizes[0][1] == (128, 128)  # not 448

    def test_a_close_up_takes_no_more_than_its_region(self):
        image = np.zeros((3648, 5472, 3), np.uint8)
        tracemalloc.start()
        align(image, (1900.0, 1500.0), (3300.0, 1540.0))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 3 * image.size / 3

    @pytest.mark.parametrize("eyes", [((30, 20), (10, 20)), ((10, 20), (10, 20))])
    def test_swapped_or_equal_eyes_are_refused(self, eyes):
        with pytest.raises(ValueError, match="left_eye must lie to the left"):
            align(np.zeros((40, 40), np.uint8), *eyes)

    def test_floats_are_refused(self):
        with pytest.raises(ValueError, match="uint8"):
            align(np.zeros((40, 40)), (10, 20), (30, 20))


class TestTriangle:
    def test_weights_sum_to_one(self):
        for source, target in ((64, 48), (48, 64), (7, 7)):
            weights = triangle_weights(source, target)
            assert weights.shape == (target, source)
            assert weights.sum(axis=1) == pytest.approx(1, rel=1e-6)

    @pytest.mark.parametrize("side", [48, 150])
    def test_it_resizes_as_the_crop_does(self, side):
        rng = np.random.default_rng(0)
        image = rng.integers(0, 256, (side, side), dtype=np.uint8)
        weights = triangle_weights(side, CROP.size)
        found = weights @ image @ weights.T
        assert np.abs(found - to_canonical(image)).max() <= 1  # whole grey values
