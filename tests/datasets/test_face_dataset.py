import numpy as np
import pandas as pd
import pytest

from emolib.datasets import DatasetError, FaceDataset
from emolib.datasets.face_dataset import META_COLUMNS


def _faces(n=6, **columns) -> FaceDataset:
    images = np.arange(n, dtype=np.uint8)[:, None, None] * np.ones((64, 64), np.uint8)
    meta = pd.DataFrame(columns) if columns else None
    return FaceDataset("some", images, np.arange(n) % 6, meta)


class TestAtTheDoor:
    @pytest.mark.parametrize(
        "images",
        [
            np.zeros((2, 64, 64)),
            np.zeros((2, 48, 48), np.uint8),
            np.zeros((64, 64), np.uint8),
            np.zeros((2, 64, 64, 1), np.uint8),
        ],
    )
    def test_images_of_another_form(self, images):
        with pytest.raises(DatasetError, match=r"uint8 of shape .*to_canonical"):
            FaceDataset("x", images, np.zeros(2, int))

    @pytest.mark.parametrize("labels", [[0], [[0, 1]], [0.0, np.nan], ["a", "b"]])
    def test_labels_of_another_form(self, labels):
        with pytest.raises(DatasetError, match="whole numbers of shape"):
            FaceDataset("x", np.zeros((2, 64, 64), np.uint8), labels)

    @pytest.mark.parametrize("labels", [[0, 6], [-2, 0]])
    def test_labels_outside_the_six(self, labels):
        with pytest.raises(DatasetError, match="0 to 5"):
            FaceDataset("x", np.zeros((2, 64, 64), np.uint8), labels)

    def test_meta_of_another_kind(self):
        black = np.zeros((2, 64, 64), np.uint8)
        with pytest.raises(DatasetError, match=r"meta must be a DataFrame; .* a dict"):
            FaceDataset("x", black, [0, 1], {"subject": ["a", "b"]})
        with pytest.raises(DatasetError, match=r"intensity must be .*'high' in row 1"):
            _faces(2, intensity=[1.0, "high"])
        with pytest.raises(DatasetError, match=r"frame must be numbers.*'last' in"):
            _faces(2, frame=["last", None])

    def test_meta_of_another_length(self):
        with pytest.raises(DatasetError, match="3 rows for 6 images"):
            _faces(subject=["a", "b", "c"])

    def test_meta_that_contradicts_the_labels(self):
        with pytest.raises(DatasetError, match=r"row 1: 'fear' but label 1 \(disgust"):
            _faces(2, emotion=["anger", "fear"])

    def test_subjects_known_in_part(self):
        with pytest.raises(DatasetError, match="missing in 1 of 2 rows"):
            _faces(2, subject=["a", None])

    def test_a_split_of_another_name(self):
        with pytest.raises(DatasetError, match="'dev'"):
            _faces(2, split=["train", "dev"])

    @pytest.mark.parametrize("intensity", [[0.5, 1.2], [-0.1, 1.0]])
    def test_an_intensity_out_of_range(self, intensity):
        with pytest.raises(DatasetError, match="intensity must lie in 0 to 1"):
            _faces(2, intensity=intensity)


class TestImmutable:
    def test_arrays_are_read_only(self, tiny):
        for array in (tiny.images, tiny.labels, tiny.subset([1, 2]).images):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0

    def test_fields_cannot_be_set(self, tiny):
        with pytest.raises(AttributeError):
            tiny.labels = np.zeros(3)

    def test_the_callers_array_is_copied(self):
        images = np.zeros((1, 64, 64), np.uint8)
        faces = FaceDataset("x", images, [0])
        images[:] = 9
        assert faces.images.max() == 0

    def test_changing_the_meta_does_not_reach_the_data_set(self, tiny):
        meta = tiny.meta
        meta.loc[:, "split"] = "train"
        assert set(tiny.meta["split"]) == {"train", "validation", "test"}


class TestMeta:
    def test_missing_columns_are_added_in_order(self):
        faces = _faces(2, file=["a.png", "b.png"])
        assert tuple(faces.meta.columns) == (*META_COLUMNS, "file")
        assert list(faces.meta["emotion"]) == ["anger", "disgust"]
        assert faces.meta["subject"].isna().all()
        assert faces.groups is None

    def test_a_class_outside_the_six_keeps_its_name(self):
        images = np.zeros((2, 64, 64), np.uint8)
        meta = pd.DataFrame({"emotion": ["neutral", "anger"]})
        faces = FaceDataset("x", images, [-1, 0], meta)
        assert list(faces.meta["emotion"]) == ["neutral", "anger"]
        assert list(faces.labelled().labels) == [0]
        assert "neutral 1" in repr(faces)

    def test_groups_are_the_subjects(self, tiny):
        assert list(np.unique(tiny.groups)) == [f"s00{k}" for k in range(1, 7)]

    def test_repr_counts(self, tiny):
        text = repr(tiny)
        assert "288 images 64x64, 6 subjects, 72 clips" in text
        assert "train 144, validation 48, test 96" in text
        assert "anger 48" in text


class TestSubset:
    def test_mask_and_positions_agree(self, tiny):
        mask = tiny.labels == 3
        one, two = tiny.subset(mask), tiny.subset(np.flatnonzero(mask))
        assert len(one) == 48
        assert (one.images == two.images).all()
        pd.testing.assert_frame_equal(one.meta, two.meta)
        assert list(one.meta.index) == list(range(48))

    def test_order_is_that_of_the_positions(self, tiny):
        chosen = tiny.subset([200, 3])
        assert (chosen.images == tiny.images[[200, 3]]).all()
        assert list(chosen.meta["clip"]) == list(tiny.meta["clip"][[200, 3]])

    def test_nothing(self, tiny):
        assert len(tiny.subset([])) == len(tiny.subset(np.zeros(288, bool))) == 0

    @pytest.mark.parametrize("which", [[288], [-1], [0.5], [True, False], [[0, 1]]])
    def test_what_does_not_exist(self, tiny, which):
        with pytest.raises(DatasetError, match="received"):
            tiny.subset(which)

    def test_part_is_the_sources_own_split(self, tiny):
        assert set(tiny.part("test").groups) == {"s005", "s006"}

    def test_part_of_another_name(self, tiny):
        with pytest.raises(DatasetError, match="received 'val'"):
            tiny.part("val")

    def test_part_without_images(self, tiny):
        with pytest.raises(DatasetError, match=r"no test images \(it has: train\)"):
            tiny.part("train").part("test")

    def test_apex(self, tiny):
        assert set(tiny.apex().meta["intensity"]) == {0.8, 1.0}
        assert len(tiny.apex(0.0)) == len(tiny)

    def test_apex_keeps_the_threshold_itself(self):
        faces = _faces(3, intensity=[0.6999, 0.7, 0.7001]).apex()
        assert list(faces.meta["intensity"]) == [0.7, 0.7001]
        assert len(_faces(3, intensity=[0.4, 0.5, 1.0]).apex(0.5)) == 2

    def test_apex_keeps_images_of_unknown_intensity(self):
        assert len(_faces(3, intensity=[0.2, np.nan, 1.0]).apex()) == 2


class TestClips:
    def test_frames_are_in_temporal_order_and_padded(self, tiny):
        shuffled = np.random.default_rng(3).permutation(len(tiny))
        shuffled = shuffled[shuffled != 1]  # the second frame of the first clip
        faces = tiny.subset(shuffled)
        clips = faces.clips()
        assert clips.images.shape == (72, 4, 64, 64)
        assert sorted(clips.lengths)[:2] == [3, 4]
        short = int(np.argmin(clips.lengths))
        assert clips.meta["clip"][short] == "s001_an_1"
        assert (clips.images[short, :3] == tiny.images[[0, 2, 3]]).all()
        assert (clips.images[short, 3] == 0).all()

    def test_every_clip_holds_its_own_frames(self, tiny):
        clips, meta = tiny.clips(), tiny.meta
        for k, name in enumerate(clips.meta["clip"]):
            own = (meta["clip"] == name).to_numpy()
            assert (clips.images[k] == tiny.images[own]).all()
            assert set(tiny.labels[own]) == {clips.labels[k]}
            assert clips.meta["subject"][k] == name[:4]

    def test_single_images_have_no_clips(self):
        with pytest.raises(DatasetError, match="belong to no clip"):
            _faces().clips()

    def test_a_clip_of_two_emotions(self):
        with pytest.raises(DatasetError, match="'c' has frames of more than one"):
            _faces(2, clip=["c", "c"], frame=[0, 1]).clips()
