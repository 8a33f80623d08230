"""The networks: shapes, size, seeds, range of the input."""

import numpy as np
import pytest

from emolib.models import contrast_cnn, plain_cnn, predict, predict_both_ways, small_cnn
from emolib.models.cnn import ImageStandardisation, LocalContrast, keras

NETWORKS = {
    "plain_cnn": plain_cnn,
    "small_cnn": small_cnn,
    "contrast_cnn": contrast_cnn,
}


@pytest.fixture(scope="module")
def faces():
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (5, 64, 64), dtype=np.uint8)


@pytest.mark.parametrize("name", NETWORKS)
def test_network_maps_faces_to_probabilities(name, faces):
    model = NETWORKS[name]()
    shares = predict(model, faces)
    assert model.name == name
    assert model.input_shape == (None, 64, 64, 1)
    assert shares.shape == (5, 6)
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)


def test_networks_have_the_size_that_their_documentation_says():
    assert plain_cnn().count_params() == 188_230
    assert small_cnn().count_params() <= 200_000
    assert contrast_cnn().count_params() == 173_558


@pytest.mark.parametrize("name", NETWORKS)
def test_seed_decides_the_initial_weights(name):
    first, same, other = (NETWORKS[name](seed).get_weights() for seed in (3, 3, 4))
    assert all((a == b).all() for a, b in zip(first, same, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


def test_building_leaves_the_global_random_state_alone():
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    small_cnn(seed=5)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_equal_layers_start_with_different_weights():
    kernels = [w for w in plain_cnn().get_weights() if w.shape == (3, 3, 64, 64)]
    assert len(kernels) == 1
    for network in (small_cnn, contrast_cnn):
        twice = [w for w in network().get_weights() if w.ndim == 4]
        assert len({w.tobytes() for w in twice}) == len(twice)


def test_standardisation_removes_brightness_and_contrast(faces):
    layer = ImageStandardisation()
    images = faces[..., None].astype(np.float32)
    plain, dim = layer(images), layer(images * 0.5 + 20)
    np.testing.assert_allclose(plain, dim, atol=1e-3)


def test_standardisation_keeps_a_blank_image_blank():
    blank = np.full((1, 64, 64, 1), 90, np.float32)
    assert np.abs(ImageStandardisation()(blank)).max() == 0


def test_standardisation_refuses_a_floor_of_zero():
    with pytest.raises(ValueError, match="floor=0"):
        ImageStandardisation(floor=0)


def standard_contrast(images):
    """What the convolutions of `contrast_cnn` see."""
    return np.asarray(LocalContrast()(ImageStandardisation()(images)))


@pytest.fixture(scope="module")
def disc():
    """A face-like blob with eyes and a mouth, float32 (1, 64, 64, 1)."""
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


@pytest.mark.parametrize("wrong", [{"window": 0}, {"floor": -1}])
def test_local_contrast_refuses_what_makes_no_sense(wrong):
    with pytest.raises(ValueError, match="must be positive"):
        LocalContrast(**wrong)


def test_both_ways_treats_a_face_and_its_mirror_image_alike(faces):
    model = contrast_cnn()
    there, back = (predict_both_ways(model, f) for f in (faces, faces[:, :, ::-1]))
    np.testing.assert_allclose(there, back, atol=1e-6)
    np.testing.assert_allclose(there.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("network", [small_cnn, contrast_cnn])
def test_network_can_be_built_again_from_its_configuration(network, faces):
    model = network()
    clone = keras.Model.from_config(model.get_config())
    clone.set_weights(model.get_weights())
    np.testing.assert_allclose(predict(clone, faces), predict(model, faces), atol=1e-6)


def test_predict_takes_one_image_a_channel_axis_and_nothing(faces):
    model = plain_cnn()
    all_at_once = predict(model, faces)
    np.testing.assert_allclose(predict(model, faces[0]), all_at_once[:1], atol=1e-5)
    np.testing.assert_allclose(
        predict(model, faces[..., None], batch_size=2), all_at_once, atol=1e-5
    )
    assert predict(model, faces[:0]).shape == (0, 6)


@pytest.mark.parametrize("shape", [(2, 48, 48), (2, 64, 64, 3), (64,)])
def test_predict_names_a_wrong_shape_and_the_remedy(shape):
    with pytest.raises(ValueError, match="to_canonical"):
        predict(plain_cnn(), np.zeros(shape, np.uint8))
