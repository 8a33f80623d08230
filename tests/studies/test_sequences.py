"""Clips: what differs between them, what is kept, and what is found."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from emolib.emotions import emotion_index
from emolib.models.recurrent import SEQUENCES
from emolib.models.registry import build
from emolib.robustness import FACTORS
from studies import sequences
from studies.sequences import IN_TURN, POOLS, WORLDS, frame_answers, taught, turning
from studies.study import Bench


@pytest.fixture
def numbers(monkeypatch):
    """The features of a frame are its place in the corpus and in its clip."""

    def encode(encoder, clips):
        means = clips.images.mean(axis=(2, 3))
        places = np.broadcast_to(np.arange(means.shape[1]), means.shape)
        return np.stack([means, places], axis=-1).astype(np.float32)

    monkeypatch.setattr(sequences, "encode", encode)


def test_what_is_declared_is_there():
    assert set(POOLS) < SEQUENCES.keys()
    assert set(sequences.STUDY.settings["kinds"]) == SEQUENCES.keys()
    for change in WORLDS.values():
        assert change.keys() <= FACTORS.keys()


@pytest.mark.usefixtures("numbers")
class TestInTurn:
    """Fear that turns into happiness, and the other way round."""

    def test_two_clips_of_one_pair_hold_the_same_frames(self, tiny):
        clips, labels, people = turning(None, tiny)
        assert clips.shape == (24, 7, 2)  # 6 people, 2 sentences, 2 orders
        assert len(labels) == len(people) == 24
        first, second = clips[::2], clips[1::2]
        assert_array_equal(first[:, :3], second[:, 3:6])
        assert_array_equal(first[:, 3:6], second[:, :3])
        assert_array_equal(first[:, 6], second[:, 6])
        assert (first[:, :3] != second[:, :3]).any(axis=(1, 2)).all()

    def test_the_label_says_what_comes_first(self, tiny):
        clips, labels, _ = turning(None, tiny)
        assert labels.tolist() == [emotion_index(name) for name in IN_TURN] * 12
        own = tiny.clips()
        fear = own.images[own.labels == emotion_index("fear")].mean(axis=(2, 3))
        assert_allclose(clips[::2, :3, 0], fear[:, 1:4], rtol=1e-5)
        assert_allclose(clips[::2, 6, 0], fear[:, 0], rtol=1e-5)

    def test_a_clip_is_of_one_person_and_one_sentence(self, tiny):
        _, _, people = turning(None, tiny)
        assert (people[::2] == people[1::2]).all()
        assert np.unique(people, return_counts=True)[1].tolist() == [4] * 6


def test_frames_are_answered_in_their_clips(tiny, monkeypatch, bar):
    monkeypatch.setattr(sequences, "predict", bar)
    answers = frame_answers(None, tiny)
    clips = tiny.clips()
    assert answers.shape == (72, 4, 6)
    assert_array_equal(answers[7, 2], bar(None, clips.images[7, 2:3])[0])


def test_a_training_is_kept_and_taken_from_there(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    part = rng.normal(size=(24, 3, 4)).astype(np.float32), np.arange(24) % 6
    sets = {"train": part, "validation": part}
    fit = {"epochs": 2, "batch_size": 8, "learning_rate": 1e-2}
    bench = Bench({"fit": fit}, tmp_path)
    model, best = taught(bench, "a task", "GRU", sets, 1)
    monkeypatch.setattr(sequences, "fit_clips", lambda *_, **__: pytest.fail("again"))
    again, same = taught(bench, "a task", "GRU", sets, 1)
    assert same == best
    assert_array_equal(again(part[0]), model(part[0]))
    for other in (("another", "GRU", 1), ("a task", "mean", 1), ("a task", "GRU", 2)):
        task, kind, seed = other
        with pytest.raises(pytest.fail.Exception, match="again"):
            taught(bench, task, kind, sets, seed)


def test_the_study_measures(data, tmp_path, monkeypatch, hidden):
    """In seconds: five kinds, one seed, one epoch, an encoder that learnt nothing."""
    monkeypatch.setattr(sequences, "load_model", lambda _: build("small_cnn", 0))
    monkeypatch.setattr(sequences, "rendered", hidden)
    monkeypatch.setattr(sequences, "CUTS", {"onset": [0, 1], "apex": [2]})
    settings = sequences.STUDY.settings | {
        "kinds": [*POOLS, "GRU"],
        "fit": {"epochs": 1},
        "seeds": [0],
        "sentence_kept_back": 2,
    }
    found = sequences.measure(Bench(settings, tmp_path))
    json.dumps(found)
    assert found["frames_a_clip"] == 4
    assert found["clips"]["test"] == 12 * found["people"]
    emotions = found["emotions"]
    assert emotions["best_pool"] in POOLS
    assert emotions["kinds"][emotions["best_pool"]]["better_by"] == [0, 0, 0]
    mean = emotions["kinds"]["mean"]["ways"]
    for way in ("backwards", "shuffled"):
        assert mean[way]["accuracy"] == mean["as they are"]["accuracy"]
        assert mean[way]["certainty"] == pytest.approx(mean["as they are"]["certainty"])
    assert {"first 1", "first 3", "onset", "apex"} < mean.keys()
    assert set(found["speech"]) == set(WORLDS)
    for kinds in found["speech"].values():
        assert kinds.keys() == {*POOLS, "GRU"}
        assert kinds["GRU"].keys() == {"same sentences", "another sentence"}
    assert found["in_turn"]["mean"]["accuracy"] <= 0.5  # of pairs one at most
    assert found["in_turn"]["mean"]["better_by"] == [0, 0, 0]


def test_the_sentence_kept_back_is_learnt_from_by_nobody(tiny, tmp_path, monkeypatch):
    """What is learnt is one sentence, and the other is asked about by itself."""

    def encode(encoder, clips):
        return np.float32(clips.meta["sentence"])[:, None, None].repeat(4, axis=1)

    asked = []

    def learn(bench, task, kind, sets, seed):
        assert (sets["train"][0] == 1).all()
        assert (sets["validation"][0] == 1).all()

        def answer(clips):
            asked.append(np.unique(clips).tolist())
            return np.eye(6)[np.zeros(len(clips), int)]

        return answer, 0.0

    monkeypatch.setattr(sequences, "encode", encode)
    monkeypatch.setattr(sequences, "taught", learn)
    settings = {"sentence_kept_back": 2, "kinds": ["mean"], "seeds": [0]}
    parts = dict.fromkeys(("train", "validation", "test"), tiny)
    found = sequences.speech(Bench(settings, tmp_path), "a world", None, parts)
    assert asked == [[1], [2]]
    assert found["mean"]["another sentence"]["accuracy"] == pytest.approx(1 / 6, 1e-4)
