import pytest

from emolib.cli import options
from emolib.datasets import DatasetError, load
from emolib.datasets.image_folder import report
from emolib.datasets.layouts import LAYOUTS, class_name, did_you_mean_layout, part_name
from emolib.emotions import EMOTIONS, UnknownEmotionError
from emolib.errors import ArgumentError
from tests.datasets.trees import ck48, draw, jaffe, kdef, numbered, plant

RAF = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
AFFECTNET = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger")


def test_the_command_line_knows_all():
    assert tuple(LAYOUTS) == options.LAYOUTS


class TestKnownSets:
    def test_ck48(self, tmp_path):
        faces = load("image_folder", plant(tmp_path, ck48(5)), layout="ck48")
        assert set(faces.meta["emotion"]) == set(EMOTIONS)
        assert set(faces.groups) == {"S010", "S011", "S012", "S013", "S014"}
        told = faces.meta.attrs
        assert told["read"] == len(faces) == 30
        assert told["skipped"]["left out: contempt"] == 5
        assert told["hidden"] > 0
        assert "30 read" in report(faces)
        assert "5 (left out: contempt)" in report(faces)

    def test_ck48_contempt_may_be_read_as_another(self, tmp_path):
        folder = plant(tmp_path, ck48(), litter=False)
        faces = load(
            "image_folder", folder, layout="ck48", classes={"Contempt": "disgust"}
        )
        assert (faces.meta["emotion"] == "disgust").sum() == 6

    @pytest.mark.parametrize(
        ("layout", "first", "order"), [("rafdb", 1, RAF), ("affectnet", 0, AFFECTNET)]
    )
    def test_numbers(self, tmp_path, layout, first, order):
        names = numbered(range(first, first + 7))
        faces = load("image_folder", plant(tmp_path, names), layout=layout)
        assert dict(faces.meta["split"].value_counts()) == {"train": 14, "test": 14}
        found = dict(zip(faces.meta["file"], faces.meta["emotion"], strict=True))
        for name in names:
            assert found[name] == order[int(name.split("/")[2]) - first]

    def test_affectnet_without_contempt_and_with_words(self, tmp_path):
        faces = load(
            "image_folder",
            plant(tmp_path / "a", numbered(range(8))),
            layout="affectnet",
        )
        assert faces.meta.attrs["skipped"]["left out: 7"] == 4
        words = [f"Train/{w}/{w}1.png" for w in ("Happy", "Neutral", "Contempt")]
        faces = load("image_folder", plant(tmp_path / "b", words), layout="affectnet")
        assert sorted(faces.meta["emotion"]) == ["happiness", "neutral"]

    def test_jaffe(self, tmp_path):
        faces = load("image_folder", plant(tmp_path, jaffe()), layout="jaffe")
        assert len(faces) == 42
        assert set(faces.groups) == {"KA", "KL", "YM"}
        row = faces.meta.set_index("file").loc["jaffedbase/KL.SU2.12.tiff"]
        assert (row["subject"], row["emotion"]) == ("KL", "surprise")

    def test_jaffe_flat_and_in_lower_case(self, tmp_path):
        draw(tmp_path / "ka.ne1.26.TIFF")
        faces = load("image_folder", tmp_path, layout="jaffe")
        assert (faces.groups[0], faces.labels[0]) == ("KA", -1)

    def test_kdef_straight_views_by_default(self, tmp_path):
        names = [*kdef(), "KDEF/AM31/AM31H.JPG"]  # one is misnamed in the real set
        faces = load("image_folder", plant(tmp_path, names), layout="kdef")
        assert len(faces) == 28
        assert set(faces.meta["view"]) == {"S"}
        assert set(faces.groups) == {"F01", "M31"}
        row = faces.meta.set_index("file").loc["KDEF/BF01/BF01AFS.JPG"]
        assert (row["emotion"], row["session"]) == ("fear", "B")
        skipped = faces.meta.attrs["skipped"]
        assert skipped["left out: FL"] == skipped["left out: HR"] == 28
        assert skipped["not named as in KDEF"] == 1

    def test_kdef_with_half_profiles(self, tmp_path):
        folder = plant(tmp_path, kdef(("F02",)), litter=False)
        faces = load("image_folder", folder, layout="kdef", skip=["FL", "fr"])
        assert set(faces.meta["view"]) == {"HL", "S", "HR"}
        assert len(load("image_folder", folder, layout="kdef", skip=[])) == 70

    def test_a_set_of_another_name_says_what_was_expected(self, tmp_path):
        folder = plant(tmp_path, ["a/me.png", "b/you.png"])
        with pytest.raises(DatasetError, match=r"2 \(not named as in JAFFE\)"):
            load("image_folder", folder, layout="jaffe")


class TestHints:
    @pytest.mark.parametrize(
        ("names", "layout"),
        [
            (ck48(), "ck48"),
            (numbered(range(1, 8)), "rafdb"),
            (numbered(range(8)), "affectnet"),
            (jaffe(), "jaffe"),
            ([name.rpartition("/")[2] for name in jaffe()], "jaffe"),
            (kdef(), "kdef"),
        ],
        ids=["ck48", "rafdb", "affectnet", "jaffe", "flat jaffe", "kdef"],
    )
    def test_a_known_set_is_named_not_guessed(self, tmp_path, names, layout):
        folder = plant(tmp_path, names)
        with pytest.raises(DatasetError) as caught:
            load("image_folder", folder)
        said = str(caught.value)
        assert f"layout='{layout}' (--layout {layout})" in said
        assert said.count("pass layout=") == 1

    def test_numbers_of_several_sets(self):
        said = did_you_mean_layout(map(str, range(7)), [])
        assert "layout='affectnet'" in said
        assert "FER2013 (0 anger, 1 disgust" in said
        assert "rafdb" not in said
        assert did_you_mean_layout(["1", "happy"], []) == ""
        assert did_you_mean_layout(["11"], []) == ""

    def test_a_layout_is_no_data_set(self):
        with pytest.raises(
            DatasetError, match=r"load\('image_folder', path, layout='ra"
        ):
            load("rafdb")

    def test_an_unknown_layout(self, tmp_path):
        with pytest.raises(ArgumentError, match="Did you mean 'rafdb'"):
            load("image_folder", tmp_path, layout="raf")


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("anger", "anger"), ("Angry", "anger"), ("an", "anger"),
        ("disgusted", "disgust"), ("FEARFUL", "fear"), ("happy", "happiness"),
        ("sad", "sadness"), ("surprised", "surprise"), ("Neutral", "neutral"),
        ("0_angry", "anger"), ("01-happy", "happiness"), ("3. Fear", "fear"),
        ("7neutral", "neutral"), (" sad ", "sadness"),
    ],
)  # fmt: skip
def test_class_names(folder, name):
    assert class_name(folder) == name


@pytest.mark.parametrize("folder", ["", "0", "7", "1_", "_", "contempt", "happyish"])
def test_no_class_names(folder):
    with pytest.raises(UnknownEmotionError):
        class_name(folder)


@pytest.mark.parametrize(
    ("folder", "part"),
    [
        ("train", "train"), ("Training", "train"), ("TRAIN", "train"),
        ("train_set", "train"), ("0-train", "train"), ("PublicTest", "validation"),
        ("PrivateTest", "test"), ("dev", "validation"), ("Val", "validation"),
        ("eval", "eval"), ("Testing", "test"), ("happy", None), ("contest", None),
        ("1", None), ("喜び", None),
    ],
)  # fmt: skip
def test_part_names(folder, part):
    assert part_name(folder) == part
