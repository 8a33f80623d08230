"""The five networks: shapes, size, seeds, range of the input."""

import re

import numpy as np
import pytest

from emolib.models import plain_cnn, predict, small_cnn
from emolib.models._backend import keras
from emolib.models.cnn import NETWORKS


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


@pytest.mark.parametrize(
    ("name", "size"),
    {
        "plain_cnn": 188_230,
        "small_cnn": 133_374,
        "contrast_cnn": 173_558,
        "real_cnn": 189_398,
    }.items(),
)
def test_networks_have_the_size_that_their_documentation_says(name, size):
    assert NETWORKS[name]().count_params() == size
    words = re.sub(r"\s+", " ", NETWORKS[name].__doc__)
    assert f"{size:,} parameters" in words


def test_the_teacher_has_about_1_2_million_parameters():
    assert 1_150_000 < NETWORKS["wide_cnn"]().count_params() < 1_250_000


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
    for name in ("small_cnn", "contrast_cnn", "real_cnn"):
        twice = [w for w in NETWORKS[name]().get_weights() if w.ndim == 4]
        assert len({w.tobytes() for w in twice}) == len(twice)


@pytest.mark.parametrize("name", ["small_cnn", "contrast_cnn", "real_cnn"])
def test_network_can_be_built_again_from_its_configuration(name, faces):
    model = NETWORKS[name]()
    clone = keras.Model.from_config(model.get_config())
    clone.set_weights(model.get_weights())
    np.testing.assert_allclose(predict(clone, faces), predict(model, faces), atol=1e-6)


@pytest.mark.parametrize("name", ["small_cnn", "contrast_cnn", "real_cnn", "wide_cnn"])
def test_brightness_and_contrast_do_not_matter(name, faces):
    model = NETWORKS[name](seed=1)
    dim = (faces * 0.5 + 20).astype(np.float32)
    np.testing.assert_allclose(
        predict(model, dim), predict(model, faces.astype(np.float32)), atol=1e-3
    )
