import gzip
import io
import os
import tarfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emolib.datasets import DatasetError, NoSubjectsError, load, splits
from emolib.datasets.fer2013 import CLASSES
from emolib.faces import to_canonical

USAGES = ("Training", "PublicTest", "PrivateTest")
PARTS = ("train", "validation", "test")
FOLDERS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


@pytest.fixture
def pixels():
    """One image for each part and class, (3, 7, 48, 48)."""
    return np.random.default_rng(8).integers(0, 256, (3, 7, 48, 48), dtype=np.uint8)


def _line(label, image, usage) -> str:
    return f"{label},{' '.join(map(str, image.ravel()))},{usage}"


def _csv(path, pixels, header="emotion,pixels,Usage") -> Path:
    lines = [header]
    for usage, images in zip(USAGES, pixels, strict=True):
        lines += [_line(label, image, usage) for label, image in enumerate(images)]
    path.write_text("\n".join(lines) + "\n")
    return path


def _icml(path, pixels) -> Path:
    lines = ["emotion, Usage, pixels"]
    for usage, images in zip(USAGES, pixels, strict=True):
        for label, image in enumerate(images):
            lines.append(f"{label},{usage}, {' '.join(map(str, image.ravel()))}")
    path.write_text("\n".join(lines) + "\n")
    return path


def _npz(path, images, labels=range(7), names=CLASSES) -> Path:
    labels = np.array(list(labels), dtype=np.int8)
    np.savez(path, images=images, labels=labels, label_names=np.array(names))
    return path


def _in_order(faces) -> np.ndarray:
    """Images by part and class, neutral last, (parts, 7, 64, 64)."""
    kinds = np.where(faces.labels == -1, 6, faces.labels)
    parts = faces.meta["split"].map({name: k for k, name in enumerate(PARTS)})
    return faces.images[np.lexsort((kinds, parts))].reshape(-1, 7, 64, 64)


class TestForms:
    @pytest.mark.parametrize("form", ["fer2013.csv", "icml_face_data.csv", "in folder"])
    def test_csv(self, tmp_path, pixels, form):
        write = _icml if form.startswith("icml") else _csv
        path = write(
            tmp_path / ("fer2013.csv" if form == "in folder" else form), pixels
        )
        faces = load("fer2013", tmp_path if form == "in folder" else path)
        assert list(faces.labels) == [0, 1, 2, 3, 4, 5, -1] * 3
        assert list(faces.meta["split"]) == [part for part in PARTS for _ in range(7)]
        expected = [to_canonical(image) for image in pixels.reshape(-1, 48, 48)]
        assert (faces.images == np.stack(expected)).all()

    def test_folders(self, tmp_path, pixels):
        for part, images in zip(PARTS, pixels, strict=True):
            for name, image in zip(FOLDERS, images, strict=True):
                (tmp_path / part / name).mkdir(parents=True)
                Image.fromarray(image).save(tmp_path / part / name / "1.png")
        faces = load("fer2013", tmp_path)
        csv = load("fer2013", _csv(tmp_path.parent / "f.csv", pixels))
        assert (_in_order(faces) == _in_order(csv)).all()

    def test_folder_of_npz_files(self, tmp_path, pixels):
        _npz(tmp_path / "fer2013_train.npz", pixels[0])
        _npz(tmp_path / "fer2013_public_test.npz", pixels[1])
        faces = load("fer2013", tmp_path)
        assert list(faces.meta["split"]) == ["train"] * 7 + ["validation"] * 7
        assert (faces.part("validation").images[3] == to_canonical(pixels[1, 3])).all()

    def test_one_npz_with_its_own_order_of_names(self, tmp_path, pixels):
        path = _npz(tmp_path / "own.npz", pixels[0], names=FOLDERS[::-1])
        faces = load("fer2013", str(path))
        assert list(faces.labels) == [-1, 5, 4, 3, 2, 1, 0]
        assert faces.meta["split"].isna().all()

    def test_one_npz_knows_its_part_by_name(self, tmp_path, pixels):
        path = _npz(tmp_path / "fer2013_train.npz", pixels[0])
        assert set(load("fer2013", path).meta["split"]) == {"train"}


class TestSavedBySpreadsheetsAndScripts:
    """What people have, though the competition never gave it out."""

    @pytest.mark.parametrize(
        "write",
        [
            lambda values: str(values),
            lambda values: f'"{values}"',
            lambda values: f'"{tuple(values)}"',
            lambda values: f"\"'{values}'\"",
            lambda values: '"' + ",".join(map(str, values)) + '"',
            lambda values: ",".join(map(str, values)),
            lambda values: "\t".join(map(str, values)),
            lambda values: "  ".join(map(str, values)) + "   ",
            lambda values: " ".join(f"{value}.0" for value in values),
            lambda values: '"' + str([float(value) for value in values]) + '"',
            lambda values: '"' + str(np.array(values)) + '"',
            lambda values: " ".join(f"{value:03d}" for value in values),
        ],
        ids=[
            "list as cells", "list", "tuple", "quoted twice", "commas", "cells", "tabs",
            "blanks", "decimals", "list of floats", "numpy", "zeros",
        ],
    )  # fmt: skip
    def test_pixels(self, tmp_path, pixels, write):
        with np.printoptions(threshold=10_000):
            text = write(pixels[0, 3].ravel().tolist())
        path = tmp_path / "f.csv"
        path.write_text(f"emotion,pixels,Usage\n3,{text},Training\n")
        assert (load("fer2013", path).images == to_canonical(pixels[0, 3])).all()

    @pytest.mark.parametrize("label", ["3", "3.0", " 3 ", "happy", "Happiness"])
    def test_classes(self, tmp_path, pixels, label):
        line = _line(label, pixels[0, 0], "Training")
        (tmp_path / "f.csv").write_text(f"emotion,pixels,Usage\n{line}\n")
        assert list(load("fer2013", tmp_path / "f.csv").labels) == [3]

    @pytest.mark.parametrize(
        "header",
        ["Emotion, Pixels,usage", " emotion , pixels , Usage", "EMOTION,PIXELS,USAGE"],
    )
    def test_headers(self, tmp_path, pixels, header):
        path = _csv(tmp_path / "f.csv", pixels, header)
        assert list(load("fer2013", path).labels) == [0, 1, 2, 3, 4, 5, -1] * 3

    def test_an_index_in_front_and_usage_in_other_letters(self, tmp_path, pixels):
        line = _line(3, pixels[0, 3], "publictest")
        (tmp_path / "f.csv").write_text(f",emotion,pixels,Usage\n0,{line}\n")
        assert set(load("fer2013", tmp_path / "f.csv").meta["split"]) == {"validation"}

    def test_a_blank_tail(self, tmp_path, pixels):
        path = _csv(tmp_path / "f.csv", pixels)
        path.write_text(path.read_text() + ",,\r\n" * 500 + "\n \n, ,\n")
        assert len(load("fer2013", path)) == 21

    def test_the_train_csv_of_the_competition_is_the_training_part(self, tmp_path):
        line = "3," + "7 " * 2304
        for name, part in (("train.csv", "train"), ("icml_face_data.csv", None)):
            (tmp_path / name).write_text(f"emotion,pixels\n{line}\n")
            if part:
                assert set(load("fer2013", tmp_path).meta["split"]) == {part}
        with pytest.raises(DatasetError, match="lacks the columns Usage"):
            load("fer2013", tmp_path)

    def test_a_labelled_test_csv_is_the_test_part(self, tmp_path):
        path = tmp_path / "test_with_emotions.csv"
        path.write_text("emotion,pixels\n3," + "7 " * 2304 + "\n")
        assert set(load("fer2013", path).meta["split"]) == {"test"}

    def test_the_test_csv_of_the_competition_has_no_labels(self, tmp_path):
        (tmp_path / "test.csv").write_text("pixels\n" + "7 " * 2304 + "\n")
        with pytest.raises(DatasetError, match=r"test\.csv has pictures and no labels"):
            load("fer2013", tmp_path / "test.csv")

    @pytest.mark.parametrize(
        "name", ["fer2013.csv.gz", "fer2013.tar.gz", "FER2013.csv"]
    )
    def test_a_folder_with_a_packed_file(self, tmp_path, pixels, name):
        content = _csv(tmp_path / "f.csv", pixels).read_bytes()
        (tmp_path / "f.csv").unlink()
        if name == "fer2013.tar.gz":
            with tarfile.open(tmp_path / name, "w:gz") as archive:
                info = tarfile.TarInfo("fer2013/fer2013.csv")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        else:
            packed = gzip.compress(content) if name.endswith(".gz") else content
            (tmp_path / name).write_bytes(packed)
        assert len(load("fer2013", tmp_path)) == len(load("fer2013", tmp_path / name))

    def test_what_the_tar_unpacks_to(self, tmp_path, pixels):
        (tmp_path / "fer2013").mkdir()
        _csv(tmp_path / "fer2013" / "fer2013.csv", pixels)
        assert len(load("fer2013", tmp_path)) == 21

    @pytest.mark.parametrize(
        ("pixels", "says"),
        [
            ("7 " * 2303, "= 2304 pixels, not 2303"),
            ("7 " * 2304 + "x", "pixels, not 'x'"),
            ("[7 7 7 ... 7 7 7]", r"pixels, not '\.\.\.'"),
            ("nan " * 2304, "expected whole values 0 to 255"),
            ("-1 " + "7 " * 2303, "not -1 to 7"),
            ("0.5 " * 2304, r"not 0\.5 to 0\.5\. Multiply them by 255"),
            ("7.5 " * 2304, r"not 7\.5 to 7\.5"),
            ("9" * 30 + " 7" * 2303, "expected whole values"),
            ("", "not 0"),
        ],
    )
    def test_pixels_that_are_none_are_refused_with_their_line(
        self, tmp_path, pixels, says
    ):
        good = "3," + "7 " * 2304 + ",Training"
        text = f"emotion,pixels,Usage\n{good}\n\n,,\n3,{pixels},Training\n"
        (tmp_path / "f.csv").write_text(text)
        with pytest.raises(DatasetError, match=says) as refusal:
            load("fer2013", tmp_path / "f.csv")
        assert f"{tmp_path / 'f.csv'}, line 5: " in str(refusal.value)
        assert "download the file again" in str(refusal.value)

    def test_memory_does_not_follow_the_length_of_the_text(self, tmp_path):
        """Of 6,000 rows, 70 MB as lists of floats, hardly more than the pictures."""
        line = f'3,"{[200.0] * 2304}",Training\n'
        (tmp_path / "f.csv").write_text("emotion,pixels,Usage\n" + line * 6000)
        tracemalloc.start()
        try:
            assert len(load("fer2013", tmp_path / "f.csv")) == 6000
            assert tracemalloc.get_traced_memory()[1] < 6000 * (48**2 + 64**2) * 1.3
        finally:
            tracemalloc.stop()


class TestOptions:
    def test_neutral_is_outside_the_six_and_may_be_left_out(self, tmp_path, pixels):
        kept = load("fer2013", _csv(tmp_path / "fer2013.csv", pixels))
        left = kept.labelled()
        assert (kept.meta.emotion == "neutral").sum() == (kept.labels == -1).sum() == 3
        assert set(kept.meta["intensity"][kept.labels == -1]) == {0.0}
        assert len(left) == 18
        assert left.labels.min() == 0

    def test_duplicates(self, tmp_path, pixels):
        pixels[0, 5] = pixels[0, 2]  # twice in training: the first stays
        pixels[1, 3] = pixels[0, 4]  # validation image that stands in training
        pixels[2, 1] = pixels[2, 0]  # twice in the test part only: both stay
        pixels[2, 2] = pixels[1, 1]  # in validation and test: both stay
        path = _csv(tmp_path / "fer2013.csv", pixels)
        faces = load("fer2013", path, drop_duplicates=True)
        counts = {"train": 1, "validation": 1, "test": 0}
        assert faces.meta.attrs["duplicates_dropped"] == counts
        assert len(faces) == 19
        assert list(faces.part("train").labels) == [0, 1, 2, 3, 4, -1]
        assert list(faces.part("validation").labels) == [0, 1, 2, 4, 5, -1]
        assert len(load("fer2013", path)) == 21

    def test_nobody_knows_the_subjects(self, tmp_path, pixels):
        faces = load("fer2013", _csv(tmp_path / "fer2013.csv", pixels))
        assert faces.groups is None
        with pytest.raises(NoSubjectsError, match=r"official.*random_frame"):
            splits.by_subject(faces)
        assert len(splits.official(faces).test) == 7


class TestBadInput:
    def test_nothing_there(self, tmp_path):
        with pytest.raises(DatasetError, match=r"none\.csv does not exist.*kaggle"):
            load("fer2013", tmp_path / "none.csv")

    def test_something_else(self, tmp_path):
        (tmp_path / "fer2013.tar.gz").touch()
        with pytest.raises(DatasetError, match=r"tar\.gz cannot be read as CSV.*empty"):
            load("fer2013", tmp_path / "fer2013.tar.gz")

    def test_a_csv_cut_short(self, tmp_path, pixels):
        path = _csv(tmp_path / "fer2013.csv", pixels)
        path.write_text(path.read_text()[:-5000])
        with pytest.raises(DatasetError, match=r"line 22: .*cut short or altered"):
            load("fer2013", path)

    @pytest.mark.parametrize("label", ["7", "-1", "x", ""])
    def test_a_class_that_does_not_exist(self, tmp_path, pixels, label):
        line = _line(label, pixels[0, 0], "Training")
        path = tmp_path / "fer2013.csv"
        path.write_text(f"emotion,pixels,Usage\n{line}\n")
        with pytest.raises(DatasetError, match="line 2: expected a class 0 to 6"):
            load("fer2013", path)

    def test_a_pixel_above_255(self, tmp_path):
        path = tmp_path / "fer2013.csv"
        path.write_text(
            "emotion,pixels,Usage\n" + _line(0, np.full(2304, 256), "Training")
        )
        with pytest.raises(DatasetError, match="values 0 to 255"):
            load("fer2013", path)

    def test_columns_missing(self, tmp_path, pixels):
        path = _csv(tmp_path / "train.csv", pixels, header="emotion,pixels,part")
        with pytest.raises(DatasetError, match="lacks the columns Usage"):
            load("fer2013", path)

    def test_an_empty_csv(self, tmp_path):
        (tmp_path / "fer2013.csv").touch()
        with pytest.raises(DatasetError, match="cannot be read as CSV"):
            load("fer2013", tmp_path)

    def test_a_csv_of_no_rows(self, tmp_path):
        (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n")
        with pytest.raises(DatasetError, match="holds no images"):
            load("fer2013", tmp_path)

    @pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
    def test_an_npz_cut_short(self, tmp_path, pixels, keep):
        path = _npz(tmp_path / "fer2013_train.npz", pixels[0])
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * keep)])
        with pytest.raises(DatasetError, match=r"fer2013_train\.npz is cut short"):
            load("fer2013", tmp_path)

    def test_an_npz_of_other_arrays(self, tmp_path):
        np.savez(tmp_path / "x.npz", images=np.zeros((1, 48, 48), np.uint8))
        with pytest.raises(DatasetError, match=r"x\.npz lacks an array"):
            load("fer2013", tmp_path / "x.npz")

    def test_an_npz_of_other_classes(self, tmp_path, pixels):
        names = (*CLASSES[:-1], "contempt")
        path = _npz(tmp_path / "x.npz", pixels[0], names=names)
        with pytest.raises(DatasetError, match=r"label_names: .*'contempt'"):
            load("fer2013", path)

    @pytest.mark.parametrize("labels", [range(6), [0, 1, 2, 3, 4, 5, 7]])
    def test_an_npz_that_does_not_fit(self, tmp_path, pixels, labels):
        path = _npz(tmp_path / "x.npz", pixels[0], labels=labels)
        with pytest.raises(DatasetError, match="count label_names from 0"):
            load("fer2013", path)

    def test_an_empty_folder(self, tmp_path):
        with pytest.raises(DatasetError, match="holds no class folders"):
            load("fer2013", tmp_path)


def test_the_real_files():
    default = Path(__file__).parents[3] / "shared" / "data"
    path = Path(os.environ.get("EMOLIB_FER2013", default))
    if not path.exists():
        pytest.skip(f"EMOLIB_FER2013 is not set and {default} does not exist")
    faces = load("fer2013", path, drop_duplicates=True)
    train = faces.part("train")
    dropped = faces.meta.attrs["duplicates_dropped"]
    assert len(train) + dropped["train"] == 28_709
    assert 1_000 < dropped["train"] < 1_500
    assert 0 < (train.labels == 1).sum() <= 436
    assert np.bincount(train.labels + 1).argmax() == 4  # happiness is the largest
    if "validation" in set(faces.meta["split"]):
        assert dropped["validation"] == 280
        assert len(faces.part("validation")) == 3_589 - 280
