"""Grey values are 0-255, and everything that takes images says so."""

import numpy as np
import pytest

from emolib import plots
from emolib.datasets import DatasetError, FaceDataset
from emolib.errors import ArgumentError
from emolib.explain import grad_cam
from emolib.faces.scale import check_images, check_scale
from emolib.models import fit_baseline, plain_cnn, predict, predict_both_ways
from emolib.models._backend import keras
from emolib.training import augment, mixup

FACES = np.random.default_rng(3).integers(0, 256, (4, 64, 64), dtype=np.uint8)
EVEN = np.full((4, 6), 1 / 6, np.float32)

#: Images of another scale, and what the message says of them.
WRONG = {
    "0-1": (FACES / 255, r"float64 .*, 0 to 1\. .*multiply by 255"),
    "0-1, 32 bits": (np.float32(FACES / 255), "float32.*multiply by 255"),
    "0-1, 16 bits": (np.float16(FACES / 255), "float16.*multiply by 255"),
    "0-1, resized": (np.clip(FACES / 255, 0, 1) * 1.02, "0 to 1.02.*multiply by 255"),
    "all 1": (np.ones((4, 64, 64)), "1 to 1.*multiply by 255"),
    "0-1, whole": ((FACES > 99).astype(int), "0 to 1.*multiply by 255"),
    "-1 to 1": (FACES / 127.5 - 1, r"-1 to 1\. .*127\.5 \* \(images \+ 1\)"),
    "standardised": ((FACES - FACES.mean()) / FACES.std(), "neither moved nor scaled"),
    "NaN": (np.where(FACES > 9, FACES, np.nan), "with NaN or infinity"),
    "infinite": (np.where(FACES > 9, FACES, np.inf), "with NaN or infinity"),
    "true and false": (FACES > 99, r"received bool.*Multiply by np\.uint8\(255\)"),
    "16 bits": (FACES.astype(np.uint16) * 257, r"uint16.*65535\..*by 257"),
    "12 bits": (FACES.astype(np.uint16) * 16, r"4080\..*by 16"),
    "too bright": (FACES.astype(int) + 2, "2 to 257"),
    "too dark": (FACES.astype(int) - 1, "-1 to 254"),
    "complex": (FACES.astype(complex), "complex128"),
}


def predict_proba(images):
    labels = np.array([0, 1, 2, 3])
    baseline = fit_baseline("pixel 1-NN", FaceDataset("few", FACES, labels))
    return baseline.predict_proba(images)


TAKE_IMAGES = {
    "predict": lambda images: predict(plain_cnn(), images),
    "predict_both_ways": lambda images: predict_both_ways(plain_cnn(), images),
    "grad_cam": lambda images: grad_cam(plain_cnn(), images),
    "predict_proba": predict_proba,
    "augment": augment,
    "augment strongly": lambda images: augment(images, 0, "strong"),
    "mixup": lambda images: mixup(images, EVEN, 0.2, np.random.default_rng(0)),
    "contact_sheet": plots.contact_sheet,
    "overlay": lambda images: plots.overlay(images, np.zeros((4, 64, 64))),
    "probabilities": lambda images: plots.probabilities(images, EVEN),
}


@pytest.mark.parametrize("name", WRONG)
def test_another_scale_is_refused_with_the_range_and_the_remedy(name):
    images, told = WRONG[name]
    with pytest.raises(ArgumentError, match=told):
        check_images(images)


@pytest.mark.parametrize("name", TAKE_IMAGES)
def test_whatever_takes_images_refuses_another_scale(name):
    take = TAKE_IMAGES[name]
    for kind in ("0-1", "-1 to 1", "NaN", "16 bits", "true and false"):
        with pytest.raises(ArgumentError, match="Expected grey values of 0-255; rec"):
            take(WRONG[kind][0])
    take(FACES.astype(np.float32))  # floats of 0-255 are what training feeds


@pytest.mark.parametrize("name", [one for one in WRONG if one != "complex"])
def test_a_data_set_holds_uint8_and_names_what_came(name):
    with pytest.raises(DatasetError, match=r"uint8 .*; received .* of shape \(4, 64"):
        FaceDataset("mine", WRONG[name][0], np.zeros(4, int))


@pytest.mark.parametrize(
    "images",
    [
        FACES,
        FACES[0],
        FACES[..., None],
        FACES[:0],
        FACES.astype(np.int64),
        FACES.astype(np.float32) * 0.5,
        FACES - 0.25,  # as interpolation leaves it
        np.zeros((4, 64, 64)),
        np.zeros((4, 64, 64), np.uint8),
        (FACES > 99).astype(np.uint8),  # nobody looks at the values of uint8
        FACES.tolist(),
        keras.ops.convert_to_tensor(FACES),
    ],
)
def test_images_of_0_to_255_pass_unchanged(images):
    found = check_images(images)
    assert found.shape[1:] == (64, 64)
    assert (found.ravel() == np.asarray(images).ravel()).all()


@pytest.mark.parametrize(
    ("images", "told"),
    [
        (FACES[:, None], r"\(4, 1, 64, 64\).*channels come first: give images\[:, 0\]"),
        (np.stack([FACES] * 3, 1), r"\(4, 3, 64, 64\).*to_canonical.*channels come l"),
        (np.stack([FACES] * 3, -1), r"\(4, 64, 64, 3\).*grey or colour"),
        (FACES[0, ..., None], r"\(64, 64, 1\).*give image\[None\]"),
        (FACES[:, :48, :48], r"\(4, 48, 48\).*to_canonical"),
        (FACES[:, :48, :48] / 255, r"\(4, 48, 48\), 0 to 1\."),
        ([], r"\(0,\)"),
        (None, r"object of shape \(\)"),
        ([FACES[0], FACES[0, :9]], "images of several.*to_canonical"),
        (np.array(["a.png"]), "<U5"),
    ],
)
def test_another_shape_is_refused_with_the_remedy(images, told):
    with pytest.raises(ArgumentError, match=told):
        check_images(images)


def test_the_values_of_uint8_are_not_looked_at():
    class Unread(np.ndarray):
        def min(self, *_, **__):
            raise AssertionError("was read")

    check_scale(np.zeros((2, 9, 9), np.uint8).view(Unread))
