"""FER+'s votes beside FER2013's pictures, on made-up ones and, if there, the real."""

import gzip
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emolib.datasets import DatasetError, FaceDataset, load
from emolib.datasets.fer2013 import CLASSES, USAGE
from emolib.datasets.fer_plus import (
    CHOICES,
    COLUMNS,
    favourite,
    votes_of,
    with_crowd_labels,
)
from emolib.emotions import EMOTIONS
from emolib.faces import to_canonical

HEADER = (
    "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,"
    "unknown,NF"
)
PARTS = ("Training", "Training", "Training", "PublicTest", "PrivateTest")
#: By row of HEADER: happy, a tie, dropped by FER+, neutral, none of these.
VOTES = (
    ("fer0000007.png", 1, 8, 0, 0, 1, 0, 0, 0, 0, 0),
    ("fer0000002.png", 0, 0, 0, 5, 5, 0, 0, 0, 0, 0),
    ("", 0, 0, 0, 0, 0, 0, 0, 0, 0, 10),
    ("fer0000100.png", 6, 0, 0, 0, 0, 0, 0, 4, 0, 0),
    ("fer0000001.png", 3, 0, 0, 0, 0, 0, 0, 0, 7, 0),
)
LABELS = (0, 4, 2, 3, 5)
CROWD = ["happiness", None, None, "neutral", None]


@pytest.fixture
def pixels():
    return np.random.default_rng(9).integers(0, 256, (5, 48, 48), dtype=np.uint8)


@pytest.fixture
def votes(tmp_path):
    return write_votes(tmp_path / "fer2013new.csv")


def write_votes(path, rows=VOTES, usages=PARTS, header=HEADER):
    lines = [header]
    for usage, row in zip(usages, rows, strict=True):
        lines.append(",".join(map(str, (usage, *row))))
    path.write_text("\n".join(lines) + "\n")
    return path


def write_csv(path, pixels, usages=PARTS):
    lines = ["emotion,pixels,Usage"]
    for label, image, usage in zip(LABELS, pixels, usages, strict=True):
        lines.append(f"{label},{' '.join(map(str, image.ravel()))},{usage}")
    path.write_text("\n".join(lines) + "\n")
    return path


def write_npz(folder, pixels, part="train"):
    """Write pictures, and votes in an order of columns of their own."""
    np.savez(
        folder / f"fer2013_{part}.npz", images=pixels,
        labels=np.array(LABELS, np.int8)[: len(pixels)], label_names=CLASSES,
    )  # fmt: skip
    names = HEADER.split(",")[2:]
    counts = np.array([row[1:] for row in VOTES], np.int8)[: len(pixels)]
    counts[2:3] = 0  # dropped by FER+
    np.savez(folder / f"ferplus_{part}.npz", votes=counts, columns=names)


def check(meta, dropped=False):
    """Compare the columns with VOTES; `dropped`: the file says so of the third row."""
    assert list(meta["crowd"].where(meta["crowd"].notna(), None)) == CROWD
    np.testing.assert_array_equal(meta["agreement"], [0.8, *[np.nan] * 2, 0.6, np.nan])
    assert list(meta.filter(like="votes_")) == list(COLUMNS)
    assert meta[list(COLUMNS)].loc[0].to_dict() == {
        **dict.fromkeys(COLUMNS, 0), "votes_neutral": 1, "votes_happiness": 8,
        "votes_anger": 1,
    }  # fmt: skip
    third = {**dict.fromkeys(COLUMNS, 0), "votes_nf": 10}
    third = [*third.values()] if dropped else [np.nan] * 10
    np.testing.assert_array_equal(meta.loc[2, list(COLUMNS)].astype(float), third)
    assert list(meta["votes_contempt"].drop(2)) == [0, 0, 4, 0]
    assert list(meta["votes_unknown"].drop(2)) == [0, 0, 0, 7]


class TestMatching:
    @pytest.mark.parametrize("packed", [False, True])
    def test_rows_of_the_original_csv(self, tmp_path, pixels, votes, packed):
        if packed:
            votes = tmp_path / "fer2013new.csv.gz"
            votes.write_bytes(gzip.compress((tmp_path / "fer2013new.csv").read_bytes()))
        path = write_csv(tmp_path / "fer2013.csv", pixels)
        faces = load("fer2013", path, votes=votes)
        check(faces.meta, dropped=True)
        assert [*faces.meta["emotion"]] == [CLASSES[k] for k in LABELS]  # FER2013's own
        plain = load("fer2013", path)
        assert (plain.labels == faces.labels).all()
        assert (plain.images == faces.images).all()
        assert "crowd" not in plain.meta
        check(
            load("fer2013", tmp_path, votes=tmp_path).meta, dropped=True
        )  # both folders

    def test_duplicates_leave_with_their_votes(self, tmp_path, pixels, votes):
        pixels[1] = pixels[0]
        path = write_csv(tmp_path / "fer2013.csv", pixels)
        meta = load("fer2013", path, votes=votes, drop_duplicates=True).meta
        assert meta["votes_happiness"].tolist()[0] == 8
        assert meta["votes_neutral"].tolist() == [1, 0, 6, 3]
        assert list(meta["crowd"].dropna()) == ["happiness", "neutral"]

    def test_pictures_in_class_folders_by_their_names(self, tmp_path, pixels, votes):
        rows = zip(LABELS, pixels, VOTES, strict=True)
        for label, image, (name, *_) in rows:
            folder = tmp_path / "pictures" / "train" / CLASSES[label]
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(folder / (name or "fer0000999.png"))
        meta = load("fer2013", tmp_path / "pictures", votes=votes).meta
        order = [f"train/{CLASSES[one]}/" for one in LABELS]
        order = [meta.index[meta["file"].str.startswith(one)][0] for one in order]
        check(meta.loc[order].reset_index(drop=True))

    def test_the_folders_of_fer_plus_have_the_crowd_s_labels(
        self, tmp_path, pixels, votes
    ):
        folders = ("FER2013Train", "FER2013Train", "", "FER2013Valid", "FER2013Test")
        for folder, image, (name, *_) in zip(folders, pixels, VOTES, strict=True):
            if name:
                (tmp_path / "fp" / folder).mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).save(tmp_path / "fp" / folder / name)
                (tmp_path / "fp" / folder / "label.csv").write_text("x")
        with pytest.raises(DatasetError, match=r"no labels.*votes='fer2013new\.csv'"):
            load("fer2013", tmp_path / "fp")
        faces = load("fer2013", tmp_path / "fp", votes=votes)
        assert list(faces.labels) == [-1, 3, -1, -1]
        emotions = ["undecided", "happiness", "neutral", "undecided"]
        assert list(faces.meta["emotion"]) == emotions
        assert list(faces.meta["split"]) == ["train", "train", "validation", "test"]
        assert (faces.images[1] == to_canonical(pixels[0])).all()

    def test_npz_files_part_by_part(self, tmp_path, pixels):
        write_npz(tmp_path, pixels)
        one = load(
            "fer2013", tmp_path / "fer2013_train.npz",
            votes=tmp_path / "ferplus_train.npz",
        )  # fmt: skip
        check(one.meta)
        write_npz(tmp_path, pixels[:2], "public_test")
        both = load("fer2013", tmp_path, votes=tmp_path).meta
        check(both.loc[:4])
        assert both["votes_happiness"].tolist()[5:] == [8, 0]

    @pytest.mark.parametrize("shuffled", [False, True])
    def test_rows_in_another_order_are_doubted(self, tmp_path, shuffled):
        labels = np.random.default_rng(1).integers(0, 7, 600)
        np.savez(
            tmp_path / "fer2013_train.npz", label_names=CLASSES,
            images=np.zeros((600, 48, 48), np.uint8), labels=labels,
        )  # fmt: skip
        said = np.roll(labels, 1) if shuffled else labels
        votes = 10 * np.eye(10, dtype=int)[said]
        columns = [*CLASSES, "contempt", "unknown", "NF"]
        np.savez(tmp_path / "ferplus_train.npz", votes=votes, columns=columns)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            load("fer2013", tmp_path, votes=tmp_path)
        doubts = [
            one for one in caught if "may be in another order" in str(one.message)
        ]
        assert len(doubts) == shuffled


class TestRefusals:
    def refused(self, *arguments, **options) -> str:
        with pytest.raises(DatasetError) as refusal:
            load("fer2013", *arguments, **options)
        return str(refusal.value)

    def test_no_such_file(self, tmp_path, pixels):
        path = write_csv(tmp_path / "fer2013.csv", pixels)
        text = self.refused(path, votes=tmp_path / "none.csv")
        assert "none.csv do not exist" in text
        assert "github.com/microsoft/FERPlus" in text
        assert "fer2013new.csv" in self.refused(path, votes=tmp_path)

    def test_rows_that_do_not_fit(self, tmp_path, pixels, votes):
        path = write_csv(
            tmp_path / "fer2013.csv", pixels[:5], (*PARTS[:2], *PARTS[3:], PARTS[3])
        )
        text = self.refused(path, votes=votes)
        assert "fer2013new.csv is matched" in text
        assert "line 4 is train, where line 4 of the pictures is validation" in text

    def test_another_number_of_rows(self, tmp_path, pixels, votes):
        path = write_csv(tmp_path / "fer2013.csv", pixels)
        path.write_text("\n".join(path.read_text().splitlines()[:-1]))
        text = self.refused(path, votes=votes)
        assert "it has 5 rows, the pictures have 4" in text
        assert "Use the whole fer2013.csv" in text

    def test_names_that_fer_plus_does_not_know(self, tmp_path, pixels, votes):
        folder = tmp_path / "pictures" / "happy"
        folder.mkdir(parents=True)
        Image.fromarray(pixels[0]).save(folder / "Training_7.png")
        text = self.refused(tmp_path / "pictures", votes=votes)
        assert "knows none of the 1 pictures" in text
        assert "Training_7.png, and FER+ calls them fer0000007.png" in text

    @pytest.mark.parametrize(
        ("row", "says"),
        [
            (("a.png", *[1] * 9, "x"), "line 2: expected a Usage"),
            (("a.png", *[1] * 9, -1), "line 2: expected a Usage"),
            (("a.png", *[1] * 9, 1.5), "line 2: expected a Usage"),
        ],
    )
    def test_a_damaged_row(self, tmp_path, pixels, row, says):
        path = write_csv(tmp_path / "fer2013.csv", pixels)
        votes = write_votes(tmp_path / "v.csv", [row, *VOTES[1:]])
        assert says in self.refused(path, votes=votes)

    def test_columns_missing(self, tmp_path, pixels):
        path = write_csv(tmp_path / "fer2013.csv", pixels)
        header = HEADER.replace("contempt", "scorn")
        votes = write_votes(tmp_path / "v.csv", header=header)
        assert "v.csv lacks the columns contempt" in self.refused(path, votes=votes)
        assert "pixels" in self.refused(path, votes=path)  # the pictures themselves

    def test_votes_of_another_form_than_the_pictures(self, tmp_path, pixels, votes):
        write_npz(tmp_path, pixels)
        arrays = tmp_path / "fer2013_train.npz"
        assert "goes with fer2013.csv" in self.refused(arrays, votes=votes)
        path = write_csv(tmp_path / "fer2013.csv", pixels)
        text = self.refused(path, votes=tmp_path / "ferplus_train.npz")
        assert "ferplus_train.npz holds 0 CSV files" in text

    def test_npz_files_that_do_not_fit(self, tmp_path, pixels):
        write_npz(tmp_path, pixels)
        np.savez(tmp_path / "short.npz", votes=np.ones((4, 10), int), columns=CHOICES)
        arrays = tmp_path / "fer2013_train.npz"
        text = self.refused(arrays, votes=tmp_path / "short.npz")
        assert "for the 5 pictures of fer2013_train.npz" in text
        (tmp_path / "ferplus_train.npz").unlink()
        text = self.refused(arrays, votes=tmp_path)
        assert "ferplus_train.npz is missing" in text

    def test_one_name_twice(self, tmp_path, pixels):
        folder = tmp_path / "pictures" / "happy"
        folder.mkdir(parents=True)
        Image.fromarray(pixels[0]).save(folder / "fer0000007.png")
        votes = write_votes(tmp_path / "v.csv", [VOTES[0], VOTES[0], *VOTES[2:]])
        text = self.refused(tmp_path / "pictures", votes=votes)
        assert "line 3: fer0000007 is there twice" in text


def test_the_favourite_leads_alone_and_is_a_class():
    votes = np.zeros((6, 10))
    votes[0, 2], votes[0, 9] = 6, 4
    votes[1, [1, 3]] = 5
    votes[2, [7, 0]] = 6, 4
    votes[3, [6, 8]] = 5, 4  # nine votes
    votes[4, [0, 8]] = 5
    votes[5] = np.nan
    crowd, agreement = favourite(votes)
    assert list(crowd) == ["fear", None, None, "neutral", None, None]
    np.testing.assert_allclose(agreement, [0.6, *[np.nan] * 2, 5 / 9, *[np.nan] * 2])


def test_crowd_labels_replace_those_where_votes_are_known(tmp_path, pixels, votes):
    faces = load("fer2013", write_csv(tmp_path / "fer2013.csv", pixels), votes=votes)
    heard = with_crowd_labels(faces)
    emotions = ["happiness", *["undecided"] * 2, "neutral", "undecided"]
    assert list(heard.meta["emotion"]) == emotions
    assert list(heard.labels) == [3, -1, -1, -1, -1]
    assert list(heard.meta["fer2013"]) == list(faces.meta["emotion"])
    np.testing.assert_array_equal(
        heard.meta["intensity"], [np.nan, np.nan, np.nan, 0, np.nan]
    )
    assert "crowd" in heard.name
    assert with_crowd_labels(heard) is heard
    np.testing.assert_array_equal(votes_of(heard), votes_of(faces))
    write_npz(tmp_path, pixels)
    arrays = load("fer2013", tmp_path / "fer2013_train.npz", votes=tmp_path)
    assert list(with_crowd_labels(arrays).meta["emotion"])[2] == "fear"  # as it was
    black = FaceDataset("black", np.zeros((1, 64, 64), np.uint8), np.array([0]))
    assert votes_of(black) is None
    with pytest.raises(DatasetError, match="'black' has no votes"):
        with_crowd_labels(black)


def test_the_real_votes():
    """The figures that are known of FER+: reading and matching are right."""
    default = Path(__file__).parents[3] / "shared" / "data"
    path = Path(os.environ.get("EMOLIB_FER2013", default))
    if not (path / "ferplus_train.npz").exists():
        pytest.skip(f"{path} holds no ferplus_train.npz (set EMOLIB_FER2013)")
    meta = load("fer2013", path, votes=path).meta
    known = meta.dropna(subset="votes_anger")
    for part, unmatched, seven, clear in (
        ("train", 149, 0.645, 0.658), ("validation", 10, 0.638, 0.654),
    ):  # fmt: skip
        own = known[known["split"] == part]
        assert (meta["split"] == part).sum() - len(own) == unmatched
        named = own[[f"votes_{name}" for name in CLASSES]].idxmax(axis=1)
        assert (named == "votes_" + own["emotion"]).mean() == pytest.approx(
            seven, abs=5e-4
        )
        decided = own.dropna(subset="crowd")
        same = (decided["crowd"] == decided["emotion"]).mean()
        assert same == pytest.approx(clear, abs=5e-4)
        assert set(decided["crowd"]) == {*EMOTIONS, "neutral"}


def test_parts_are_those_of_fer2013():
    assert list(USAGE.values()) == ["train", "validation", "test"]
