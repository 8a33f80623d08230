"""Augmentation: what changes, how far, and what must not."""

import numpy as np
import pytest

from emolib.training import augmentation
from emolib.training.augmentation import STRENGTHS, augment, mixup


@pytest.fixture
def faces():
    return np.random.default_rng(0).integers(0, 256, (7, 64, 64), dtype=np.uint8)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_augment_keeps_form_and_input(faces, strength):
    before = faces.copy()
    varied = augment(faces, 1, strength)
    assert varied.shape == faces.shape
    assert varied.dtype == np.uint8
    assert (faces == before).all()
    assert (varied == augment(faces, 1, strength)).all()
    assert (varied != augment(faces, 2, strength)).any()
    assert augment(faces[:0], 1, strength).shape == (0, 64, 64)


def test_strong_does_not_depend_on_how_chunks_are_spread(faces, monkeypatch):
    many = np.repeat(faces, 60, axis=0)
    expected = augment(many, [4, 2], "strong")
    monkeypatch.setattr(augmentation.os, "cpu_count", lambda: 1)
    assert (augment(many, [4, 2], "strong") == expected).all()
    assert (expected[:128] != expected[128:256]).any()


def test_augment_moves_a_mark_no_further_than_it_says():
    face = np.full((64, 64), 60, np.uint8)
    face[30:34, 30:34] = 220
    varied = augment(np.repeat(face[None], 200, axis=0)).astype(float)
    weight = varied - varied.min(axis=(1, 2), keepdims=True)
    weight[weight < weight.max(axis=(1, 2), keepdims=True) / 2] = 0
    total = weight.sum(axis=(1, 2))
    rows = (weight.sum(axis=2) * np.arange(64)).sum(axis=1) / total
    columns = (weight.sum(axis=1) * np.arange(64)).sum(axis=1) / total
    limit = augmentation.SHIFT * 64 + 1
    for found in (rows, columns):
        assert np.abs(found - 31.5).max() < limit
        assert found.std() > 1.5


@pytest.mark.parametrize("strength", STRENGTHS)
def test_augment_mirrors_half_of_the_faces(strength):
    face = np.zeros((64, 64), np.uint8)
    face[:, 40:] = 200
    varied = augment(np.repeat(face[None], 200, axis=0), 0, strength)
    left_is_bright = varied[:, :, :16].mean((1, 2)) > varied[:, :, 48:].mean((1, 2))
    assert 70 < left_is_bright.sum() < 130


@pytest.mark.parametrize("strength", STRENGTHS)
def test_augment_never_turns_a_face_over_or_into_its_negative(strength):
    """The bright mouth stays in the lower half, and stays bright."""
    face = np.full((64, 64), 60, np.uint8)
    face[44:52, 16:48] = 220
    varied = augment(np.repeat(face[None], 300, axis=0), 0, strength).astype(float)
    below = varied[:, 40:56, 20:44].mean((1, 2))
    above = varied[:, 8:24, 20:44].mean((1, 2))
    # a patch may lie on the mouth, and light may come from above
    assert (below > above).mean() > 0.9


def test_strong_keeps_what_the_eye_needs():
    """Few pictures lose their contrast; all together have the original's layout."""
    rows, columns = np.mgrid[:64, :64]
    face = (90 + 90 * (np.hypot(rows - 34, columns - 32) < 25)).astype(np.uint8)
    face[22:28, 16:26] = face[22:28, 38:48] = face[46:50, 22:42] = 30
    varied = augment(np.repeat(face[None], 400, axis=0), 3, "strong").astype(float)
    assert (varied.std(axis=(1, 2)) > 12).mean() > 0.95
    alike = np.corrcoef(varied.mean(axis=0).ravel(), face.ravel())[0, 1]
    assert alike > 0.75
    assert 60 < varied.mean() < 190


def test_resize_and_blur_keep_a_flat_face_flat():
    for matrix in augmentation._detail_losses(64):
        np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(augmentation._detail_losses(64)[0], np.eye(64))


def test_compression_is_mild_and_changes_blocks_only_within_themselves():
    face = np.random.default_rng(1).uniform(0.2, 0.8, (1, 64, 64)).astype(np.float32)
    other = face.copy()
    other[0, :8, :8] = 0.5
    first, second = (
        augmentation._compressed(f, np.ones(1, np.float32)) for f in (face, other)
    )
    np.testing.assert_allclose(first[0, 8:], second[0, 8:], atol=1e-6)
    assert 0.01 < np.abs(first - face).mean() < 0.15


def test_unknown_strength_is_named(faces):
    with pytest.raises(ValueError, match="Unknown strength 'harsh'"):
        augment(faces, strength="harsh")


def test_mixup_keeps_targets_and_pictures_together():
    rng = np.random.default_rng(0)
    values = np.repeat([0, 200], 50).astype(np.uint8)
    images = np.tile(values[:, None, None], (1, 64, 64))
    targets = np.eye(6)[np.where(values == 0, 0, 3)]
    mixed, soft = mixup(images, targets, 0.5, rng)
    np.testing.assert_allclose(mixed[:, 0, 0] / 200, soft[:, 3], atol=0.01)
    np.testing.assert_allclose(soft.sum(axis=1), 1, atol=1e-6)
    assert ((soft[:, 0] > 0.01) & (soft[:, 0] < 0.99)).any()
    np.testing.assert_array_equal(soft.argmax(axis=1), targets.argmax(axis=1))
