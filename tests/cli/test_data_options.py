"""Which data a command reads, and what it says of them."""

import pytest
from PIL import Image

from emolib.cli import options
from emolib.faces.formats import FORMATS
from tests.datasets.trees import ck48, draw, numbered, plant


@pytest.fixture
def load(monkeypatch, run):
    """Load the data set that options name, as `train` and `evaluate` do."""
    from emolib.cli import train

    def load_data(*arguments, data=("--data", "image_folder")):
        found = []
        monkeypatch.setattr(
            train, "run", lambda given: found.append(options.load(given))
        )
        code, out, err = run("train", "--output", "x", *data, *arguments)
        assert out == ""
        return (found or [code])[0], err

    return load_data


def test_a_layout(tmp_path, load):
    faces, err = load("--path", plant(tmp_path, ck48()), "--layout", "ck48")
    assert len(faces) == 18
    assert set(faces.groups) == {"S010", "S011", "S012"}
    assert err.count("\n") == 1
    assert "18 read" in err
    assert "3 (left out: contempt)" in err


def test_classes_skip_and_subject(tmp_path, load):
    plant(tmp_path, ["Alegria/ana_1.png", "ira/bo_1.png", "old/1.png", "x/2.png"])
    faces, _ = load(
        "--path", tmp_path, "--classes", "alegria=happiness", "ira=anger",
        "--skip", "old", "X", "--subject", "^([a-z]+)_",
    )  # fmt: skip
    assert list(faces.meta["emotion"]) == ["happiness", "anger"]
    assert list(faces.groups) == ["ana", "bo"]


def test_skip_without_names_leaves_out_nothing(tmp_path, load):
    draw(tmp_path / "F01" / "AF01ANFL.JPG")
    faces, _ = load("--path", tmp_path, "--layout", "kdef", "--skip")
    assert len(faces) == 1


def test_duplicates_are_dropped_and_named(tmp_path, load):
    plant(tmp_path, [f"train/sad/{k}.png" for k in range(3)], litter=False)
    (tmp_path / "test" / "fear").mkdir(parents=True)
    with Image.open(tmp_path / "train" / "sad" / "1.png") as image:
        image.save(tmp_path / "test" / "fear" / "9.jpg", quality=80)
    faces, err = load("--path", tmp_path)
    assert len(faces) == 3
    assert "1 duplicates dropped (test/fear/9.jpg = train/sad/1.png)" in err
    assert "warning: " in err
    assert "in two classes" in err
    assert ".py:" not in err


def test_unknown_folders_are_one_line_with_the_remedy(tmp_path, load):
    code, err = load("--path", plant(tmp_path, numbered(range(1, 8))))
    assert code == 2
    assert err.count("\n") == 1
    assert "--layout rafdb" in err
    assert "--classes" in err


@pytest.mark.parametrize("command", ["train", "evaluate"])
@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--subject", "("], "--subject: not a regular expression"),
        (["--classes", "alegria"], "expected FOLDER=EMOTION"),
        (["--classes", "=fear"], "expected FOLDER=EMOTION"),
        (["--layout", "raf"], "invalid choice: 'raf'"),
        (["--classes"], "expected at least one argument"),
    ],
)
def test_bad_arguments(command, given, says, refused):
    path = {"train": "--output", "evaluate": "--model"}[command]
    assert says in refused(command, path, "x", "--data", "image_folder", *given)


@pytest.mark.parametrize("source", ["synthface", "fer2013", "enterface05", None])
@pytest.mark.parametrize(
    "given", [["--layout", "ck48"], ["--skip", "x"], ["--subject", "S"], ["--skip"]]
)
def test_another_source_does_not_ignore_them(source, given, load):
    code, err = load(*given, data=["--data", source] if source else [])
    assert code == 2
    assert f"{given[0]} is for --data image_folder" in err


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_help_lists_formats_and_layouts(command, capsys, run):
    with pytest.raises(SystemExit):
        run(command, "--help")
    said = capsys.readouterr().out
    for word in (*FORMATS, *options.LAYOUTS):
        assert word in said
