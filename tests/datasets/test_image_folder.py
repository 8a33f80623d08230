import re

import numpy as np
import pytest
from PIL import Image

from emolib.datasets import DatasetError, load
from emolib.datasets.image_folder import class_name
from emolib.faces import to_canonical


def _picture(path, seed=0, size=(48, 48), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)
    Image.fromarray(pixels).save(path, **options)
    return pixels


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("anger", "anger"), ("Angry", "anger"), ("an", "anger"),
        ("disgusted", "disgust"), ("FEARFUL", "fear"), ("happy", "happiness"),
        ("sad", "sadness"), ("surprised", "surprise"), ("Neutral", "neutral"),
    ],
)  # fmt: skip
def test_class_names(folder, name):
    assert class_name(folder) == name


class TestLoad:
    def test_images_labels_and_files(self, tmp_path):
        pixels = _picture(tmp_path / "happy" / "b.png", seed=1)
        _picture(tmp_path / "happy" / "a.PNG", seed=2)
        _picture(tmp_path / "neutral" / "c.png", seed=3)
        faces = load("image_folder", tmp_path)
        assert list(faces.meta["file"]) == [
            "happy/a.PNG",
            "happy/b.png",
            "neutral/c.png",
        ]
        assert list(faces.labels) == [3, 3, -1]
        assert list(faces.meta["emotion"]) == ["happiness", "happiness", "neutral"]
        assert faces.meta["intensity"][2] == 0
        assert faces.meta["intensity"][:2].isna().all()
        assert (faces.images[1] == to_canonical(pixels)).all()
        assert faces.groups is None

    def test_colour_and_other_sizes(self, tmp_path):
        _picture(tmp_path / "fear" / "colour.jpg", size=(120, 90, 3))
        assert load("image_folder", tmp_path).images.shape == (1, 64, 64)

    def test_other_files_are_passed_over(self, tmp_path):
        _picture(tmp_path / "sad" / "1.png")
        (tmp_path / "sad" / "notes.txt").touch()
        (tmp_path / "sad" / ".hidden.png").touch()
        (tmp_path / ".cache").mkdir()
        (tmp_path / "README.md").touch()
        assert len(load("image_folder", tmp_path)) == 1

    def test_split_folders(self, tmp_path):
        for part in ("test", "train", "val"):
            _picture(tmp_path / part / "angry" / "1.png")
        faces = load("image_folder", tmp_path)
        assert list(faces.meta["split"]) == ["train", "validation", "test"]
        assert len(faces.part("validation")) == 1

    def test_a_path_with_spaces_as_text(self, tmp_path):
        _picture(tmp_path / "my own faces" / "sad" / "1.png")
        assert len(load("image_folder", str(tmp_path / "my own faces"))) == 1

    @pytest.mark.parametrize("turned", [1, 6])
    def test_orientation_of_a_camera_is_undone(self, tmp_path, turned):
        exif = Image.Exif()
        exif[0x0112] = turned
        pixels = _picture(tmp_path / "sad" / "1.png", exif=exif)
        upright = np.rot90(pixels, k=-1) if turned == 6 else pixels
        found = load("image_folder", tmp_path).images[0]
        assert (found == to_canonical(np.ascontiguousarray(upright))).all()


class TestSubject:
    @pytest.fixture
    def folder(self, tmp_path):
        for name in ("S010_1.png", "S010_2.png", "S022_1.png"):
            _picture(tmp_path / "happy" / name)
        return tmp_path

    @pytest.mark.parametrize(
        "subject", [r"^(S\d+)_", r"S\d+", re.compile(r"(S\d+)"), r"^.{4}"]
    )
    def test_is_found_in_the_file_name(self, folder, subject):
        faces = load("image_folder", folder, subject=subject)
        assert list(faces.groups) == ["S010", "S010", "S022"]

    def test_that_does_not_match_names_the_file(self, folder):
        _picture(folder / "happy" / "me.png")
        with pytest.raises(DatasetError, match=r"'me\.png' does not match"):
            load("image_folder", folder, subject=r"^S(\d+)")


class TestBadInput:
    def test_a_wrong_class_folder(self, tmp_path):
        _picture(tmp_path / "happy" / "1.png")
        _picture(tmp_path / "suprised" / "1.png")
        with pytest.raises(
            DatasetError, match=r"Did you mean 'surprised'.*Rename it"
        ) as e:
            load("image_folder", tmp_path)
        assert str(tmp_path / "suprised") in str(e.value)

    def test_contempt_is_none_of_the_six(self, tmp_path):
        _picture(tmp_path / "train" / "contempt" / "1.png")
        with pytest.raises(DatasetError, match=r"contempt.* is none of the six"):
            load("image_folder", tmp_path)

    def test_an_empty_folder(self, tmp_path):
        with pytest.raises(DatasetError, match="holds no class folders") as caught:
            load("image_folder", tmp_path)
        assert str(tmp_path) in str(caught.value)

    def test_images_without_class_folders(self, tmp_path):
        _picture(tmp_path / "1.png")
        with pytest.raises(DatasetError, match=r"such as .*happiness"):
            load("image_folder", tmp_path)

    def test_an_empty_class_folder(self, tmp_path):
        _picture(tmp_path / "happy" / "1.png")
        (tmp_path / "sad").mkdir()
        with pytest.raises(DatasetError, match=r"sad is empty.*remove it"):
            load("image_folder", tmp_path)

    def test_split_folders_beside_class_folders(self, tmp_path):
        _picture(tmp_path / "train" / "happy" / "1.png")
        _picture(tmp_path / "happy" / "1.png")
        with pytest.raises(DatasetError, match="mixes split folders"):
            load("image_folder", tmp_path)

    @pytest.mark.parametrize("kind", ["text", "half", "empty", "deep"])
    def test_an_image_that_does_not_decode(self, tmp_path, kind):
        file = tmp_path / "happy" / "broken.png"
        _picture(file)
        data = file.read_bytes()
        if kind == "deep":
            Image.fromarray(np.zeros((9, 9), np.uint16)).save(file)
        else:
            broken = {"text": b"no image", "half": data[:900], "empty": b""}[kind]
            file.write_bytes(broken)
        with pytest.raises(
            DatasetError, match=r"does not decode .*remove it"
        ) as caught:
            load("image_folder", tmp_path)
        assert str(file) in str(caught.value)

    def test_a_file_instead_of_a_folder(self, tmp_path):
        _picture(tmp_path / "1.png")
        with pytest.raises(DatasetError, match=r"1\.png is a file, not a folder"):
            load("image_folder", tmp_path / "1.png")

    def test_no_such_folder(self, tmp_path):
        with pytest.raises(DatasetError, match="does not exist"):
            load("image_folder", tmp_path / "none")
