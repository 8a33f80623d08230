"""The layers that Keras does not have."""

import numpy as np
import pytest

from emolib.faces import to_canonical, triangle_weights
from emolib.models._backend import keras
from emolib.models.layers import ImageStandardisation, LocalContrast, Shrink

FACES = np.random.default_rng(0).integers(0, 256, (3, 64, 64), dtype=np.uint8)


def test_standardisation_removes_brightness_and_contrast():
    layer = ImageStandardisation()
    images = FACES[..., None].astype(np.float32)
    plain, dim = layer(images), layer(images * 0.5 + 20)
    np.testing.assert_allclose(plain, dim, atol=1e-3)


def test_standardisation_keeps_a_blank_image_blank():
    blank = np.full((1, 64, 64, 1), 90, np.float32)
    assert np.abs(ImageStandardisation()(blank)).max() == 0


def standard_contrast(images):
    """Return what the convolutions of `contrast_cnn` see."""
    return np.asarray(LocalContrast()(ImageStandardisation()(images)))


@pytest.fixture(scope="module")
def disc():
    """Return a face-like blob with eyes and a mouth, float32 (1, 64, 64, 1)."""
    rows, columns = np.mgrid[:64, :64]
    face = 90 + 70 * (np.hypot(rows - 32, columns - 32) < 27)
    for row, column, width in ((24, 20, 4), (24, 44, 4), (46, 32, 9)):
        face[row - 2 : row + 2, column - width : column + width] = 40
    return face[None, ..., None].astype(np.float32)


def test_local_contrast_ignores_gain_and_offset(disc):
    np.testing.assert_allclose(
        standard_contrast(disc), standard_contrast(disc * 0.4 + 70), atol=1e-3
    )


def test_local_contrast_hardly_notices_light_from_one_side(disc):
    ramp = np.linspace(-50, 50, 64, dtype=np.float32)[:, None]
    plain, lit = disc, disc + ramp
    inner = (slice(None), slice(12, 52), slice(12, 52))

    def change(see):
        before, after = (np.asarray(see(image))[inner] for image in (plain, lit))
        return np.abs(before - after).mean() / before.std()

    assert change(standard_contrast) < 0.25 * change(ImageStandardisation())


def test_local_contrast_makes_dark_and_bright_halves_alike(disc):
    half = disc.copy()
    half[:, :, 32:] = half[:, :, 32:] * 0.4
    seen = standard_contrast(half)[0, ..., 0]
    ratio = seen[20:28, 40:48].std() / seen[20:28, 16:24].std()
    assert 0.6 < ratio < 1.6
    raw = half[0, 20:28, 40:48].std() / half[0, 20:28, 16:24].std()
    assert raw < 0.45


def test_local_contrast_keeps_a_blank_image_blank_and_noise_small():
    blank = np.full((1, 64, 64, 1), 90, np.float32)
    assert np.abs(standard_contrast(blank)).max() == 0
    layer = LocalContrast()
    weak = np.random.default_rng(0).normal(0, 0.01, (1, 64, 64, 1))
    assert np.abs(layer(weak.astype(np.float32))).max() < 0.5


@pytest.mark.parametrize("side", [48, 40, 64])
def test_shrinking_gives_back_what_was_enlarged(side):
    small = FACES[:, :side, :side]
    crops = np.stack([to_canonical(face) for face in small])[..., None]
    found = np.asarray(Shrink(side)(crops.astype(np.float32)))[..., 0]
    off = np.abs(found - small)  # crops have whole grey values
    assert off.max() < 4
    assert off.mean() < 1


def test_shrinking_others_is_the_best_fit():
    """No picture of 48 pixels, enlarged, comes nearer to a crop than the one found."""
    faces = FACES.astype(np.float32)
    found = np.asarray(Shrink(48)(faces[..., None]))[..., 0]
    enlarge = triangle_weights(48, 64)
    left = faces - enlarge @ found @ enlarge.T
    gradient = enlarge.T @ left @ enlarge
    assert np.abs(gradient).max() < 0.01 * np.abs(left).max()


def test_shrinking_to_nothing_is_refused():
    with pytest.raises(ValueError, match="at least 8"):
        Shrink(4)


@pytest.mark.parametrize("layer", [ImageStandardisation(), LocalContrast(), Shrink(40)])
def test_a_layer_is_built_again_from_its_settings(layer):
    record = keras.layers.serialize(layer)
    again = keras.layers.deserialize(record)
    images = FACES[..., None].astype(np.float32) / 90
    np.testing.assert_array_equal(again(images), layer(images))
