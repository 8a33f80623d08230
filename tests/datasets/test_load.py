import json

import numpy as np
import pytest
from PIL import Image

from emolib.datasets import DATASETS, DatasetError, load
from emolib.paths import DataFolderError, data_folder


def test_names():
    assert set(DATASETS) == {"synthface", "fer2013", "image_folder", "enterface05"}


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(DatasetError, match="Did you mean 'fer2013'"):
        load("fer-2013")


def test_an_unknown_name_lists_the_known():
    with pytest.raises(DatasetError, match="'synthface', 'fer2013', 'image_folder'"):
        load("zzz")


@pytest.mark.parametrize(
    ("name", "says"),
    [("fer2013", r"kaggle.*fer2013\.csv"), ("image_folder", r"path/happiness/1\.png")],
)
def test_a_missing_path_says_what_to_pass(name, says):
    with pytest.raises(DatasetError, match=says):
        load(name)


def test_options_reach_the_source_even_one_called_name(tmp_path):
    (tmp_path / "happy").mkdir()
    Image.new("L", (48, 48)).save(tmp_path / "happy" / "1.png")
    assert load("image_folder", path=tmp_path, name="mine").name == "mine"


class TestSynthface:
    def test_another_corpus_folder(self, tiny, tiny_corpus):
        faces = load("synthface", str(tiny_corpus))
        assert (faces.images == tiny.images).all()
        assert faces.name == "tiny"

    def test_the_default_lies_in_the_data_folder(
        self, tiny_corpus, tmp_path, monkeypatch
    ):
        (tmp_path / "synthface").symlink_to(tiny_corpus)
        monkeypatch.setenv("EMOLIB_DATA", str(tmp_path))
        assert len(load("synthface")) == 288

    def test_a_bad_data_folder(self, monkeypatch, tmp_path):
        monkeypatch.setenv("EMOLIB_DATA", str(tmp_path / "none"))
        with pytest.raises(DataFolderError, match="EMOLIB_DATA"):
            load("synthface")

    def test_a_data_folder_without_the_corpus(self, monkeypatch, tmp_path):
        monkeypatch.setenv("EMOLIB_DATA", str(tmp_path))
        with pytest.raises(DatasetError, match=r"synthface does not exist.*make data"):
            load("synthface")


@pytest.fixture(scope="module")
def faces():
    return load("synthface")


class TestShippedCorpus:
    """What the course ships, and not a stand-in."""

    def test_is_balanced_and_large_enough(self, faces):
        assert faces.meta["subject"].nunique() >= 60
        assert len(set(np.bincount(faces.labels))) == 1

    def test_parts_have_no_subject_in_common(self, faces):
        parts = faces.meta.groupby("subject")["split"].nunique()
        assert (parts == 1).all()
        assert set(faces.meta["split"]) == {"train", "validation", "test"}

    def test_clips_rise_and_fall(self, faces):
        meta = faces.meta
        last = meta["frame"].max()
        mean = meta.groupby("frame")["intensity"].mean()
        assert mean.idxmax() not in (0, last)
        assert mean.max() > 0.7 > mean[0]

    def test_fits_its_budget(self, faces):
        folder = data_folder() / "synthface"
        size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
        assert size <= 8e6
        record = json.loads((folder / "corpus.json").read_text())
        assert record["frames"] == len(faces)
