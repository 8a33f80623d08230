"""What severities do: nothing at 0, ever more after it, and what they say."""

import numpy as np
import pytest

from emolib.errors import ArgumentError
from emolib.recognizer import EmotionRecognizer
from emolib.robustness import PERTURBATIONS, accuracy_curve, meaning, perturb
from emolib.robustness.perturbations import FACE

#: The network evens out brightness and contrast, so these hardly hurt it.
HARMLESS = {"underexposure", "contrast"}


@pytest.fixture(scope="module")
def network():
    return EmotionRecognizer("small-cnn")


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_severity_0_is_the_identity(middle, name):
    images = middle.images[:3]
    same = perturb(images, name, 0, seed=4)
    assert same.tobytes() == images.tobytes()
    assert same is not images
    assert meaning(name, 0) == "unchanged"


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_dtype_shape_and_seed_are_kept(middle, name):
    images = middle.images[:4]
    for severity in (0.01, 0.5, 1.0):
        for given in (images, images[..., None], images[0], images[:0]):
            changed = perturb(given, name, severity)
            assert changed.dtype == np.uint8
            assert changed.shape == given.shape
    assert (perturb(images, name, 1) == perturb(images, name, 1)).all()
    assert (perturb(images, name, 1) != images).any(axis=(1, 2)).all()
    assert images.tobytes() == middle.images[:4].tobytes()


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_pictures_move_ever_further_away(middle, name):
    images = middle.images[:20].astype(float)
    far = [
        np.abs(perturb(middle.images[:20], name, one) - images).mean()
        for one in (0, 0.1, 0.4, 0.7, 1)
    ]
    assert far == sorted(far)
    assert far[-1] > 3


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_damage_grows_on_a_shipped_network(middle, network, name):
    few = middle.subset(np.arange(0, 432, 4))
    table = accuracy_curve(network.predict_proba, few, name, (0, 1 / 3, 2 / 3, 1))
    accuracy = table["accuracy"].to_numpy()
    if name in HARMLESS:
        assert np.abs(accuracy - accuracy[0]).max() < 0.05
        return
    assert accuracy[-1] < accuracy[0] - 0.03
    # patches over a mouth have the worst of it before they cover the whole cheek
    assert (np.diff(accuracy) < (0.12 if "patch" in name else 0.04)).all()
    assert table["difference_high"].iloc[-1] < 0.02


@pytest.mark.parametrize("name", [one for one in PERTURBATIONS if "patch" in one])
def test_a_patch_covers_the_share_that_it_says(middle, name):
    y, x = (np.mgrid[:64, :64] + 0.5) / 64
    (at_x, at_y), (half_x, half_y) = FACE
    face = ((x - at_x) / half_x) ** 2 + ((y - at_y) / half_y) ** 2 <= 1
    image = np.add.outer(np.arange(64), 2 * np.arange(64)).astype(np.uint8)
    for severity in (0.25, 0.5, 1):
        said = float(meaning(name, severity).split()[1]) / 100
        found = (perturb(image, name, severity) != image)[face].mean()
        assert found == pytest.approx(said, abs=0.035)


def test_what_is_said_is_what_happens():
    grey = np.full((64, 64), 100, np.uint8)
    assert meaning("underexposure", 1) == "3.0 stops less light"
    darker = perturb(grey, "underexposure", 1 / 3)  # half the light
    assert np.unique(darker) == np.rint(100 * 0.5 ** (1 / 2.2))
    assert np.unique(perturb(grey, "overexposure", 1 / 3)) == np.rint(
        100 * 2 ** (1 / 2.2)
    )
    noise = perturb(grey, "noise", 0.5)
    assert meaning("noise", 0.5) == "noise of 15 grey levels (standard deviation)"
    assert noise.std() == pytest.approx(15, abs=0.5)
    sides = (perturb(grey, "side light", 0.2) / 255.0) ** 2.2  # one stop
    assert np.log2(sides[0, 48] / sides[0, 16]) == pytest.approx(1, abs=0.1)
    checks = np.kron([[50, 150], [150, 50]], np.ones((32, 32))).astype(np.uint8)
    assert meaning("contrast", 1) == "leaves 10\N{NO-BREAK SPACE}% of the contrast"
    assert np.ptp(perturb(checks, "contrast", 1)) == 10
    assert meaning("low resolution", 1) == "4 pixels between the eyes"
    assert len(np.unique(perturb(grey, "low resolution", 1))) == 1


@pytest.mark.parametrize("severity", [-0.1, 1.1, np.nan, "much", None])
def test_a_severity_outside_the_scale_is_refused(severity):
    with pytest.raises(ArgumentError, match="severity must be a number from 0 to 1"):
        perturb(np.zeros((1, 64, 64), np.uint8), "blur", severity)


def test_unknown_names_and_wrong_images_are_refused():
    face = np.full((1, 64, 64), 9, np.uint8)
    with pytest.raises(ArgumentError, match="Did you mean 'contrast'"):
        perturb(face, "contrastt", 0.5)
    with pytest.raises(ArgumentError, match="Unknown perturbation 'fog'"):
        meaning("fog", 0.5)
    with pytest.raises(ArgumentError, match="uint8"):
        perturb(face.astype(float), "blur", 0.5)
    with pytest.raises(ArgumentError, match="64, 64"):
        perturb(face[:, :32], "blur", 0.5)
    with pytest.raises(ArgumentError, match="seed"):
        perturb(face, "noise", 0.5, seed=-1)
