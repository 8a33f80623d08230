import re
import warnings

import numpy as np
import pytest
from PIL import Image

from emolib.datasets import DatasetError, load
from emolib.datasets.image_folder import report
from emolib.datasets.splits import LeakageWarning
from emolib.errors import ArgumentError
from emolib.faces import read_picture, to_canonical
from tests.datasets.trees import draw, plant


def _picture(path, seed=0, size=(48, 48), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)
    Image.fromarray(pixels).save(path, **options)
    return pixels


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
        for k, part in enumerate(("test", "train", "val")):
            _picture(tmp_path / part / "angry" / "1.png", seed=k)
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


class TestOtherTrees:
    def test_folders_around_and_of_people_within(self, tmp_path):
        names = [
            "Archive/data/Train/HAPPY/ana/1.PNG",
            "Archive/data/Test/sad/bo/x/2.jpg",
        ]
        faces = load("image_folder", plant(tmp_path, names))
        assert list(faces.meta["file"]) == names
        assert list(faces.meta["emotion"]) == ["happiness", "sadness"]
        assert list(faces.meta["split"]) == ["train", "test"]

    @pytest.mark.parametrize(
        ("parts", "found"),
        [
            (("train", "eval"), "validation"),
            (("train", "dev", "eval"), "test"),
            (("train", "eval", "test"), "validation"),
        ],
    )
    def test_eval_is_what_the_other_parts_leave(self, tmp_path, parts, found):
        plant(tmp_path, [f"{part}/fear/{part}.png" for part in parts])
        meta = load("image_folder", tmp_path).meta.set_index("file")
        assert meta["split"]["eval/fear/eval.png"] == found

    def test_fer2013s_names_of_parts(self, tmp_path):
        names = ("Training", "PublicTest", "PrivateTest")
        faces = load("image_folder", plant(tmp_path, [f"{n}/sad/1.png" for n in names]))
        assert list(faces.meta["split"]) == ["train", "validation", "test"]

    def test_loose_pictures_are_counted(self, tmp_path):
        names = ["d/sample.png", "d/train/all.png", "d/train/sad/1.png"]
        told = load("image_folder", plant(tmp_path, names)).meta.attrs
        assert told["read"] == 1
        assert told["skipped"]["not in a class folder"] == 2

    def test_links_to_folders_are_followed_but_not_in_circles(self, tmp_path):
        plant(tmp_path / "elsewhere", ["sad/1.png", "happy/2.png"], litter=False)
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "train").symlink_to(tmp_path / "elsewhere")
        (tmp_path / "elsewhere" / "sad" / "up").symlink_to(tmp_path / "elsewhere")
        faces = load("image_folder", tmp_path / "mine")
        assert list(faces.meta["file"]) == ["train/happy/2.png", "train/sad/1.png"]

    @pytest.mark.parametrize(
        ("names", "says"),
        [
            (["happy/1.png", "old/happy/1.png"], "more than one place"),
            (["ana/happy/1.png", "bo/happy/1.png"], "more than one place"),
            (["sad/happy/1.png"], "names two classes, sadness and happiness"),
            (["train/sad/test/1.png"], "is in two parts"),
            (["train/sad/1.png", "extra/1.png"], "extra is none of the six"),
            (["d/train/sad/1.png", "d/train/fury/1.png"], "d/train/fury is none of"),
        ],
    )
    def test_what_is_not_clear_is_refused(self, tmp_path, names, says):
        with pytest.raises(DatasetError, match=says):
            load("image_folder", plant(tmp_path, names, litter=False))


class TestNames:
    @pytest.fixture
    def folder(self, tmp_path):
        names = [
            f"{w}/{k}.png" for w in ("Alegria", "IRA", "old", "sad") for k in (1, 2)
        ]
        return plant(tmp_path, names, litter=False)

    def test_classes_and_skip(self, folder):
        classes = {"alegria": "happy", "Ira": "anger"}
        faces = load("image_folder", folder, classes=classes, skip=["OLD"])
        kinds = ["happiness"] * 2 + ["anger"] * 2 + ["sadness"] * 2
        assert list(faces.meta["emotion"]) == kinds
        assert faces.meta.attrs["skipped"] == {"left out: old": 2}

    def test_all_unknown_are_named_with_both_ways_out(self, folder):
        with pytest.raises(DatasetError) as caught:
            load("image_folder", folder)
        said = str(caught.value)
        for name in ("Alegria", "IRA", "old"):
            assert str(folder / name) in said
        assert 'classes={"Alegria": "<emotion>"} (--classes Alegria=<emotion>)' in said
        assert "Did you mean" not in said

    @pytest.mark.parametrize("accent", ["Col\u00e8re", "Cole\u0300re"])
    def test_accents_as_any_system_writes_them(self, tmp_path, accent):
        draw(tmp_path / accent / "1.png")
        faces = load("image_folder", tmp_path, classes={"col\u00e8re": "anger"})
        assert list(faces.labels) == [0]

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ({"classes": {"alegria": "hapiness"}}, "Did you mean 'happiness'"),
            ({"classes": ["alegria"]}, "classes must be like"),
            ({"skip": 3}, "skip must be a list"),
            ({"subject": "("}, "not a regular expression"),
            ({"subject": 3}, "not a regular expression"),
            ({"layout": "jaffe", "classes": {"old": "sad"}}, "leave out classes"),
            ({"clases": {}}, "Did you mean 'classes'"),
        ],
    )
    def test_senseless_options(self, folder, options, says):
        with pytest.raises(ArgumentError, match=says):
            load("image_folder", folder, **options)

    @pytest.mark.parametrize(
        "options", [{"skip": ["odl"]}, {"classes": {"odl": "fear"}}], ids=str
    )
    def test_names_of_nothing_are_slips(self, tmp_path, options):
        draw(tmp_path / "sad" / "1.png")
        (tmp_path / "logs").mkdir()
        with pytest.raises(ArgumentError, match=r"Nothing in .* is called 'odl'"):
            load("image_folder", tmp_path, **options)
        assert len(load("image_folder", tmp_path, skip=["logs"])) == 1

    def test_options_of_another_source(self):
        with pytest.raises(ArgumentError, match="option of 'synthface' 'layout'"):
            load("synthface", layout="ck48")


class TestDecoding:
    """Training sees a picture as prediction does."""

    def test_transparent_is_white(self, tmp_path):
        pixels = np.zeros((48, 48, 4), np.uint8)
        pixels[8:40, 8:40] = (90, 120, 150, 255)
        (tmp_path / "sad").mkdir()
        file = tmp_path / "sad" / "1.png"
        Image.fromarray(pixels).save(file)
        crop = load("image_folder", tmp_path).images[0]
        assert crop[0, 0] == 255
        assert (crop == to_canonical(read_picture(file))).all()

    def test_sixteen_bits(self, tmp_path):
        (tmp_path / "sad").mkdir()
        file = tmp_path / "sad" / "1.png"
        deep = np.linspace(0, 65535, 48 * 48).reshape(48, 48).astype(np.uint16)
        Image.fromarray(deep).save(file)
        crop = load("image_folder", tmp_path).images[0]
        assert (crop == to_canonical(read_picture(file))).all()
        assert crop[0].mean() < 20 < 235 < crop[-1].mean()

    def test_postscript_called_png_is_not_run(self, tmp_path):
        (tmp_path / "sad").mkdir()
        text = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n"
        (tmp_path / "sad" / "1.png").write_bytes(text)
        with pytest.raises(DatasetError, match=r"1\.png.*cannot be read"):
            load("image_folder", tmp_path)

    def test_other_shapes_are_counted(self, tmp_path):
        draw(tmp_path / "sad" / "1.png", size=(60, 40))
        draw(tmp_path / "sad" / "2.png", size=(60, 55))
        faces = load("image_folder", tmp_path)
        assert faces.meta.attrs["not_square"] == 1
        assert "1 not square" in report(faces)


class TestDuplicates:
    @pytest.fixture
    def folder(self, tmp_path):
        """Return one with an exact and a near copy of training pictures in test."""
        parts = {"train": 8, "val": 3, "test": 4}
        for part, count in parts.items():
            plant(tmp_path, [f"{part}/sad/{k}.png" for k in range(count)], litter=False)
        train = tmp_path / "train" / "sad"
        (tmp_path / "test" / "sad" / "x.png").write_bytes(
            (train / "1.png").read_bytes()
        )
        with Image.open(train / "2.png") as image:
            image.resize((40, 40)).save(tmp_path / "test" / "sad" / "y.jpg", quality=75)
        (train / "z.png").write_bytes((train / "0.png").read_bytes())
        return tmp_path

    def test_across_parts_are_named_in_one_warning(self, folder):
        with pytest.warns(LeakageWarning) as caught:
            faces = load("image_folder", folder)
        assert len(caught) == 1
        said = str(caught[0].message)
        assert "test/sad/x.png = train/sad/1.png" in said
        assert "test/sad/y.jpg = train/sad/2.png" in said
        assert ": 2 pictures occur" in said
        assert len(faces) == 18

    def test_are_dropped_as_from_fer2013(self, folder):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            faces = load("image_folder", folder, drop_duplicates=True)
        dropped = {"train": 1, "validation": 0, "test": 2}
        assert faces.meta.attrs["duplicates_dropped"] == dropped
        kept = set(faces.meta["file"])
        assert {"train/sad/0.png", "train/sad/1.png", "train/sad/2.png"} <= kept
        assert not {"train/sad/z.png", "test/sad/x.png", "test/sad/y.jpg"} & kept
        assert "3 duplicates dropped" in report(faces)

    def test_without_parts(self, tmp_path):
        for name in ("sad/1.png", "sad/2.png", "fear/3.png"):
            draw(
                tmp_path / name,
                seed=len(name) + (name > "sad/1.png" and name[0] == "f"),
            )
        faces = load("image_folder", tmp_path, drop_duplicates=True)
        assert faces.meta.attrs["duplicates_dropped"] == {"all": 1}
        assert list(faces.meta["file"]) == ["fear/3.png", "sad/1.png"]

    def test_under_two_labels(self, tmp_path):
        plant(tmp_path, ["sad/1.png", "sad/2.png", "fear/3.png"], litter=False)
        with Image.open(tmp_path / "sad" / "2.png") as image:
            image.save(tmp_path / "fear" / "same.jpg", quality=85)
        with pytest.warns(
            UserWarning, match=r": 1 pictures occur.* in two classes"
        ) as caught:
            load("image_folder", tmp_path)
        assert "fear/same.jpg = sad/2.png" in str(caught[0].message)


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

    def test_may_be_the_name_of_a_folder(self, tmp_path):
        plant(tmp_path, ["sad/ana/1.png", "sad/bo/1.png"], litter=False)
        faces = load("image_folder", tmp_path, subject="/([^/]+)/[^/]+$")
        assert list(faces.groups) == ["ana", "bo"]

    def test_goes_before_that_of_the_layout(self, tmp_path):
        draw(tmp_path / "fear" / "S010_004_00000017.png")
        faces = load("image_folder", tmp_path, layout="ck48", subject=r"S0(\d\d)")
        assert list(faces.groups) == ["10"]

    def test_an_empty_match_is_none(self, folder):
        with pytest.raises(DatasetError, match="does not match"):
            load("image_folder", folder, subject=r"(x)?S")

    def test_that_does_not_match_names_the_file(self, folder):
        _picture(folder / "happy" / "me.png")
        with pytest.raises(DatasetError, match=r"'me\.png' does not match"):
            load("image_folder", folder, subject=r"^S(\d+)")


class TestBadInput:
    def test_a_wrong_class_folder(self, tmp_path):
        _picture(tmp_path / "happy" / "1.png")
        _picture(tmp_path / "suprised" / "1.png")
        with pytest.raises(
            DatasetError, match=r"Did you mean 'surprise'.*Rename it"
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

    @pytest.mark.parametrize("kind", ["text", "half", "empty"])
    def test_an_image_that_does_not_decode(self, tmp_path, kind):
        file = tmp_path / "happy" / "broken.png"
        _picture(file)
        data = file.read_bytes()
        file.write_bytes({"text": b"no image", "half": data[:900], "empty": b""}[kind])
        with pytest.raises(DatasetError, match=r"cannot be read.*remove") as caught:
            load("image_folder", tmp_path)
        assert str(file) in str(caught.value)

    def test_all_damaged_pictures_are_found_in_one_pass(self, tmp_path):
        plant(tmp_path, [f"sad/{k:02}.png" for k in range(20)], litter=False)
        for k in range(3, 11):
            (tmp_path / "sad" / f"{k:02}.png").write_bytes(b"broken")
        with pytest.raises(DatasetError) as caught:
            load("image_folder", tmp_path)
        said = str(caught.value)
        assert all(f"{k:02}.png" in said for k in range(3, 8))
        assert "and 3 more: 8 of 20 pictures cannot be read" in said

    def test_a_file_instead_of_a_folder(self, tmp_path):
        _picture(tmp_path / "1.png")
        with pytest.raises(DatasetError, match=r"1\.png is a file, not a folder"):
            load("image_folder", tmp_path / "1.png")

    def test_no_such_folder(self, tmp_path):
        with pytest.raises(DatasetError, match="does not exist"):
            load("image_folder", tmp_path / "none")
