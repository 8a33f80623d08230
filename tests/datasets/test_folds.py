"""Folds over subjects: everybody is tested once, and never by who trained on them."""

import numpy as np
import pytest

from emolib.datasets import DatasetError, FaceDataset, NoSubjectsError
from emolib.datasets.folds import subject_folds


@pytest.mark.parametrize("count", [3, 4, 6])
def test_every_image_is_tested_exactly_once(tiny, count):
    folds = list(subject_folds(tiny, count))
    assert len(folds) == count
    tested = np.concatenate([fold.test for fold in folds])
    assert np.array_equal(np.sort(tested), np.arange(len(tiny)))


@pytest.mark.parametrize("seed", range(5))
def test_nobody_is_in_two_parts(tiny, seed):
    who = tiny.groups
    for fold in subject_folds(tiny, 3, seed):
        parts = [set(who[p]) for p in (fold.train, fold.validation, fold.test)]
        assert all(parts)
        assert not parts[0] & parts[1]
        assert not parts[0] & parts[2]
        assert not parts[1] & parts[2]
        assert fold.left_out == 0
        assert fold.leaks == ()
        assert sum(len(p) for p in (fold.train, fold.validation, fold.test)) == len(
            tiny
        )


def test_seeds_decide_who_is_together(tiny):
    def groups(seed):
        return [tuple(fold.test) for fold in subject_folds(tiny, 3, seed)]

    assert groups(1) == groups(1)
    assert len({tuple(groups(seed)) for seed in range(6)}) > 1


def test_as_many_folds_as_subjects_leave_one_out(tiny):
    folds = subject_folds(tiny, 6)
    assert all(len(set(tiny.groups[fold.test])) == 1 for fold in folds)


@pytest.mark.parametrize("count", [0, 2, 7])
def test_impossible_numbers_of_folds_are_refused(tiny, count):
    with pytest.raises(DatasetError, match=f"3 to 6.*received {count}"):
        next(subject_folds(tiny, count))


def test_without_subjects_there_are_no_folds():
    nobody = FaceDataset("x", np.zeros((9, 64, 64), np.uint8), np.zeros(9, int))
    with pytest.raises(NoSubjectsError, match="does not say who"):
        next(subject_folds(nobody))
