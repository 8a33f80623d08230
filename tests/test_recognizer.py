"""The recogniser: any size of crop, one kind of answer, and clear refusals."""

import subprocess
import sys

import numpy as np
import pytest

from emolib.faces import to_canonical
from emolib.models import ModelFileError, contrast_cnn, predict, save_model
from emolib.recognizer import EmotionRecognizer


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An untrained model, saved."""
    where = tmp_path_factory.mktemp("models") / "untrained"
    return save_model(contrast_cnn(seed=3), where, {"licence": "CC0-1.0"})


@pytest.fixture(scope="module")
def recognizer(folder):
    return EmotionRecognizer(folder)


def crops(*shape):
    return np.random.default_rng(2).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("size", [(48, 48), (64, 64), (190, 131), (1, 1)])
def test_crops_of_any_size_become_probabilities(recognizer, size):
    shares = recognizer.predict_proba(crops(3, *size))
    assert shares.shape == (3, 6)
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)


def test_the_answer_is_the_mean_over_a_face_and_its_mirror_image(recognizer):
    faces = crops(2, 90, 90)
    ready = np.stack([to_canonical(face) for face in faces])
    model = contrast_cnn(seed=3)
    expected = (predict(model, ready) + predict(model, ready[:, :, ::-1])) / 2
    np.testing.assert_allclose(recognizer.predict_proba(faces), expected, atol=1e-6)


def test_a_batch_gives_what_single_faces_give(recognizer):
    faces = crops(4, 48, 48)
    each = [recognizer.predict_proba(face[None])[0] for face in faces]
    np.testing.assert_allclose(recognizer.predict_proba(faces), each, atol=1e-5)


def test_no_faces_give_no_answers(recognizer):
    shares = recognizer.predict_proba(np.zeros((0, 48, 48), np.uint8))
    assert (shares.shape, shares.dtype) == ((0, 6), np.float32)


@pytest.mark.parametrize(
    "images",
    [
        crops(48, 48),
        crops(2, 48, 48, 3),
        crops(2, 48, 48) / 255.0,
        crops(2, 48, 48).astype(np.int64),
        np.zeros((2, 0, 48), np.uint8),
        [],
    ],
)
def test_other_arrays_are_refused_with_a_remedy(recognizer, images):
    with pytest.raises(ValueError, match=r"uint8 of shape \(n, height, width\)"):
        recognizer.predict_proba(images)


def test_unknown_model_names_the_nearest(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_DATA", str(tmp_path))
    save_model(contrast_cnn(), "synthface", {})
    with pytest.raises(ModelFileError, match="Did you mean 'synthface'"):
        EmotionRecognizer("synthfaces")
    assert EmotionRecognizer().card["architecture"] == "contrast_cnn"


def test_importing_it_needs_no_tensorflow():
    code = "import emolib.recognizer, sys; assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
