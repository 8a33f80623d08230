import warnings

import numpy as np
import pandas as pd
import pytest

from emolib.datasets import DatasetError, FaceDataset, NoSubjectsError, splits
from emolib.datasets.splits import (
    LeakageWarning,
    Split,
    divide,
    hold_out,
    subject_folds,
)

LEAKY = (splits.random_frame, splits.random_clip)
CLEAN = (splits.by_subject, splits.by_subject_and_sentence)


def _corpus(subjects=20, sentences=3, frames=2) -> FaceDataset:
    """Make a corpus without pictures worth seeing: only its metadata matter."""
    rows = [
        (f"p{who}", emotion, sentence, f"p{who}_{emotion}_{sentence}", frame)
        for who in range(subjects)
        for emotion in ("anger", "fear", "surprise")
        for sentence in range(sentences)
        for frame in range(frames)
    ]
    columns = ["subject", "emotion", "sentence", "clip", "frame"]
    meta = pd.DataFrame(rows, columns=columns)
    labels = meta["emotion"].map({"anger": 0, "fear": 2, "surprise": 5}).to_numpy()
    return FaceDataset("made", np.zeros((len(rows), 64, 64), np.uint8), labels, meta)


@pytest.fixture(scope="module")
def corpus():
    return _corpus()


@pytest.fixture(scope="module")
def stills():
    """Twenty single images of unknown people."""
    return FaceDataset("stills", np.zeros((20, 64, 64), np.uint8), np.arange(20) % 2)


def _make(function, dataset, seed=0) -> Split:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LeakageWarning)
        return function(dataset, seed)


def _shared(dataset, split, column) -> set:
    values = dataset.meta[column]
    held_out = np.concatenate([split.validation, split.test])
    return set(values[split.train]) & set(values[held_out])


@pytest.mark.parametrize("function", [*LEAKY, *CLEAN])
@pytest.mark.parametrize("seed", range(12))
class TestEverySplit:
    def test_parts_are_disjoint_and_complete(self, corpus, function, seed):
        split = _make(function, corpus, seed)
        together = np.concatenate([split.train, split.validation, split.test])
        assert len(np.unique(together)) == len(together)
        assert len(together) + split.left_out == len(corpus)
        assert min(map(len, (split.train, split.validation, split.test))) > 0

    def test_equal_seeds_give_equal_splits(self, corpus, function, seed):
        one, two = _make(function, corpus, seed), _make(function, corpus, seed)
        other = _make(function, corpus, seed + 100)
        assert (one.train == two.train).all()
        assert (one.test == two.test).all()
        assert not np.array_equal(one.test, other.test)

    def test_classes_keep_their_proportions(self, corpus, function, seed):
        split = _make(function, corpus, seed)
        for part in (split.train, split.test):
            counts = np.bincount(corpus.labels[part])[[0, 2, 5]]
            assert len(set(counts)) == 1


class TestLeakage:
    @pytest.mark.parametrize("seed", range(12))
    def test_people_stay_on_one_side(self, corpus, seed):
        for function in CLEAN:
            split = _make(function, corpus, seed)
            assert not _shared(corpus, split, "subject")
            assert split.leaks == ()

    @pytest.mark.parametrize("seed", range(12))
    def test_clips_stay_on_one_side(self, corpus, seed):
        split = _make(splits.random_clip, corpus, seed)
        assert not _shared(corpus, split, "clip")
        assert _shared(corpus, split, "subject")
        assert split.leaks == ("subject",)

    @pytest.mark.parametrize("seed", range(12))
    def test_sentences_of_the_test_are_unheard_in_training(self, corpus, seed):
        split = _make(splits.by_subject_and_sentence, corpus, seed)
        meta = corpus.meta
        pairs = meta["emotion"] + meta["sentence"].astype(str)
        assert not set(pairs[split.train]) & set(pairs[split.test])
        assert not set(pairs[split.validation]) & set(pairs[split.test])
        # 14 people without a third, 4 with only a third: 6 * 14 / 3 + 4 * 12 and 2 * 6
        assert split.left_out == 14 * 6 + 2 * 6 + 4 * 12

    def test_frames_leak_both(self, corpus):
        split = _make(splits.random_frame, corpus)
        assert split.leaks == ("clip", "subject")

    @pytest.mark.parametrize("function", LEAKY)
    def test_the_name_says_so_and_a_warning_comes(self, corpus, function):
        with pytest.warns(LeakageWarning, match="no estimate for new people") as caught:
            split = function(corpus)
        assert split.name.endswith("(leaks)")
        assert caught[0].filename == __file__

    @pytest.mark.parametrize("function", CLEAN)
    def test_a_clean_split_is_silent(self, corpus, function):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert "leaks" not in function(corpus).name

    def test_unknown_subjects_count_as_a_leak(self, stills):
        with pytest.warns(LeakageWarning, match=r"subject\?"):
            split = splits.random_frame(stills)
        assert split.leaks == ("subject?",)
        assert split.name == "random frame (leaks)"


class TestNoSubjects:
    @pytest.mark.parametrize("function", CLEAN)
    def test_names_the_alternatives(self, stills, function):
        with pytest.raises(NoSubjectsError, match=r"'stills'.*official.*random_frame"):
            function(stills)

    def test_no_clips(self, stills):
        with pytest.raises(DatasetError, match="single images, not clips"):
            splits.random_clip(stills)

    def test_no_official_split(self, stills):
        with pytest.raises(DatasetError, match=r"no complete split .*none.*by_subject"):
            splits.official(stills)

    def test_one_sentence_cannot_be_held_out(self):
        with pytest.raises(DatasetError, match=r"1 sentences for 'anger'.*by_subject"):
            splits.by_subject_and_sentence(_corpus(sentences=1))


class TestOfficial:
    def test_is_that_of_the_source(self, tiny):
        split = splits.official(tiny)
        assert split.name == "official"
        assert split.leaks == ()
        for part in ("train", "validation", "test"):
            assert set(tiny.meta["split"][getattr(split, part)]) == {part}

    def test_one_held_out_part_is_enough(self, tiny):
        held = tiny.subset(tiny.meta["split"] != "test")
        split = splits.official(held)
        assert (len(split.validation), len(split.test)) == (48, 0)

    def test_that_leaks_says_so(self, tiny):
        meta = tiny.meta
        meta.loc[0, "split"] = "test"
        leaky = FaceDataset("leaky", tiny.images, tiny.labels, meta)
        with pytest.warns(LeakageWarning, match="clip, subject"):
            assert splits.official(leaky).name == "official (leaks)"


class TestFractions:
    def test_are_kept(self, corpus):
        split = splits.by_subject(corpus)
        people = corpus.meta["subject"]
        parts = (split.train, split.validation, split.test)
        assert [people[part].nunique() for part in parts] == [14, 2, 4]

    @pytest.mark.parametrize(
        ("people", "expected"),
        [(3, (1, 1, 1)), (4, (2, 1, 1)), (8, (5, 1, 2)), (10, (7, 1, 2))],
    )
    def test_from_three_people_on_every_part_has_one(self, people, expected):
        faces = _corpus(subjects=people)
        split, who = splits.by_subject(faces), faces.meta["subject"]
        parts = (split.train, split.validation, split.test)
        assert tuple(who[part].nunique() for part in parts) == expected

    def test_too_few_people(self):
        with pytest.raises(DatasetError, match="0 for validation and test"):
            splits.by_subject(_corpus(subjects=2))

    def test_a_rare_class_is_trained_on(self):
        labels = [0] * 40 + [1] * 2
        faces = FaceDataset("rare", np.zeros((42, 64, 64), np.uint8), labels)
        assert {40, 41} & set(_make(splits.random_frame, faces).train)


class TestLimit:
    @pytest.mark.parametrize("n_train", [3, 60, 100])
    def test_keeps_proportions_and_held_out_parts(self, corpus, n_train):
        split = splits.by_subject(corpus)
        small = split.limit(n_train, corpus.labels, seed=4)
        assert len(small.train) == n_train
        assert set(small.train) <= set(split.train)
        assert (small.test == split.test).all()
        assert np.ptp(np.bincount(corpus.labels[small.train])[[0, 2, 5]]) <= 1
        assert small.left_out == len(split.train) - n_train

    def test_depends_on_the_seed_alone(self, corpus):
        split = splits.by_subject(corpus)
        picks = [split.limit(30, corpus.labels, seed).train for seed in (1, 1, 2)]
        assert (picks[0] == picks[1]).all()
        assert not np.array_equal(picks[0], picks[2])

    def test_of_all_changes_nothing(self, corpus):
        split = splits.by_subject(corpus)
        same = split.limit(len(split.train), corpus.labels)
        assert (same.train == split.train).all()

    @pytest.mark.parametrize("n_train", [0, 10_000])
    def test_of_more_than_there_is(self, corpus, n_train):
        with pytest.raises(DatasetError, match="n_train must lie in 1 to 252"):
            splits.by_subject(corpus).limit(n_train, corpus.labels)


class TestSplit:
    def test_an_image_in_two_parts(self):
        with pytest.raises(DatasetError, match="an image in two parts"):
            Split("x", [0, 1], [], [1])

    def test_nothing_held_out(self):
        with pytest.raises(DatasetError, match="0 for validation and test"):
            Split("x", [0, 1], [], [])

    def test_is_frozen(self):
        split = Split("x", [1, 0], [], [2])
        assert list(split.train) == [0, 1]
        with pytest.raises(ValueError, match="read-only"):
            split.train[0] = 3
        with pytest.raises(AttributeError):
            split.name = "y"

    def test_text_counts(self, corpus):
        text = str(splits.by_subject_and_sentence(corpus))
        assert text.startswith("by subject and sentence: 168 train")
        assert "144 left out" in text


def test_hold_out_keeps_subjects_apart(tiny):
    train, validation = hold_out(tiny, 0.3)
    assert not set(train.groups) & set(validation.groups)
    assert len(train) + len(validation) == len(tiny)


def test_hold_out_keeps_copies_together():
    rng = np.random.default_rng(0)
    images = np.repeat(rng.integers(0, 256, (40, 64, 64), dtype=np.uint8), 2, axis=0)
    train, validation = hold_out(FaceDataset("x", images, np.zeros(80, int)), 0.25)
    assert (len(train), len(validation)) == (60, 20)
    known = {image.tobytes() for image in train.images}
    assert not any(image.tobytes() in known for image in validation.images)


def test_hold_out_needs_two():
    one = FaceDataset("x", np.zeros((3, 64, 64), np.uint8), np.zeros(3, int))
    with pytest.raises(DatasetError, match="at least two"):
        hold_out(one)


def test_divide_takes_the_parts_of_the_source(tiny):
    train, validation, how = divide(tiny)
    assert set(train.meta["split"]) == {"train"}
    assert set(validation.meta["split"]) == {"validation"}
    assert how == "the source's own 48 for validation"


def test_divide_leaves_test_images_alone(tiny):
    rest = tiny.subset(tiny.meta["split"] != "validation")
    train, validation, how = divide(rest, seed=3)
    assert set(train.meta["split"]) == set(validation.meta["split"]) == {"train"}
    assert not set(train.groups) & set(validation.groups)
    assert len(train) + len(validation) == 144
    assert how == "48 set aside for validation by subject"


def test_divide_says_where_subjects_are_unknown():
    images = np.random.default_rng(2).integers(0, 256, (40, 64, 64), dtype=np.uint8)
    train, validation, how = divide(FaceDataset("x", images, np.zeros(40, int)))
    assert (len(train), len(validation)) == (36, 4)
    assert how.startswith("4 set aside for validation by image: subjects are unknown")


class TestFolds:
    """Everybody is tested once, and never by a network that knows them."""

    @pytest.mark.parametrize("count", [3, 4, 6])
    def test_every_image_is_tested_exactly_once(self, tiny, count):
        folds = list(subject_folds(tiny, count))
        assert len(folds) == count
        tested = np.concatenate([fold.test for fold in folds])
        assert np.array_equal(np.sort(tested), np.arange(len(tiny)))

    @pytest.mark.parametrize("count", [3, 4, 6])
    def test_the_fold_tested_next_is_the_validation_part(self, tiny, count):
        folds = list(subject_folds(tiny, count))
        for fold, following in zip(folds, [*folds[1:], folds[0]], strict=True):
            assert np.array_equal(fold.validation, following.test)

    @pytest.mark.parametrize("seed", range(5))
    def test_nobody_is_in_two_parts(self, tiny, seed):
        who = tiny.groups
        for fold in subject_folds(tiny, 3, seed):
            parts = [set(who[p]) for p in (fold.train, fold.validation, fold.test)]
            assert [len(part) for part in parts] == [2, 2, 2]
            assert len(set.union(*parts)) == 6
            assert fold.left_out == 0
            assert fold.leaks == ()
            sizes = map(len, (fold.train, fold.validation, fold.test))
            assert sum(sizes) == len(tiny)

    def test_seeds_decide_who_is_together(self, tiny):
        def groups(seed):
            return [tuple(fold.test) for fold in subject_folds(tiny, 3, seed)]

        assert groups(1) == groups(1)
        assert len({tuple(groups(seed)) for seed in range(6)}) > 1

    def test_as_many_folds_as_subjects_leave_one_out(self, tiny):
        folds = subject_folds(tiny, 6)
        assert all(len(set(tiny.groups[fold.test])) == 1 for fold in folds)

    @pytest.mark.parametrize("count", [0, 2, 7])
    def test_impossible_numbers_of_folds_are_refused(self, tiny, count):
        with pytest.raises(DatasetError, match=f"3 to 6.*received {count}"):
            next(subject_folds(tiny, count))

    def test_without_subjects_there_are_no_folds(self, stills):
        with pytest.raises(NoSubjectsError, match="does not say who"):
            next(subject_folds(stills))
