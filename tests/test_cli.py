"""The command line, run in this process where TensorFlow is not what is tested."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emolib import cli
from emolib.emotions import EMOTIONS

ROOT = Path(__file__).resolve().parents[1]


def run(capsys, *arguments) -> tuple[int, str, str]:
    code = cli.main([str(one) for one in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def trained(data, tmp_path, capsys):
    folder = tmp_path / "my model"
    code, out, err = run(
        capsys, "train", "--model", "plain_cnn", "--epochs", 1, "--quiet",
        "--output", folder,
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert "72 images" in out
    assert str(folder) in out
    return folder


def test_help_is_fast_because_nothing_heavy_is_imported():
    code = (
        "import sys; from emolib.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'tensorflow', 'keras', 'pandas', 'matplotlib', 'sklearn', 'numpy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    commands = (
        "info", "datasets", "train", "export", "evaluate", "predict", "render",
    )  # fmt: skip
    for command in commands:
        assert command in done.stdout


def test_no_command_prints_the_help(capsys):
    code, out, _ = run(capsys)
    assert code == 0
    assert "usage: emolib" in out


def test_info_lists_data_sets_models_and_versions(data, capsys):
    code, out, _ = run(capsys, "info")
    assert code == 0
    for word in ("emolib", "keras", "synthface", "fer2013", "models: none", str(data)):
        assert word in out


def test_train_evaluate_predict(trained, tmp_path, capsys):
    report = tmp_path / "report.json"
    code, out, err = run(capsys, "evaluate", "--model", trained, "--json", report)
    assert (code, err) == (0, "")
    assert "part test" in out
    assert "2 groups" in out
    assert json.loads(report.read_text())["n"] == 48

    picture = tmp_path / "face.png"
    Image.fromarray(np.full((48, 48), 120, np.uint8)).save(picture)
    code, out, err = run(capsys, "predict", "--crops", "--model", trained, picture)
    assert (code, err) == (0, "")
    assert all(name in out for name in EMOTIONS)
    assert "not what the person feels" in out
    card = json.loads((trained / "card.json").read_text())
    assert card["recipe"]["epochs"] == 1


def test_train_on_a_folder_without_subjects_says_what_the_split_is(
    tiny, tmp_path, capsys
):
    for k, name in enumerate(EMOTIONS):
        (tmp_path / "faces" / name).mkdir(parents=True)
        for i, image in enumerate(tiny.images[tiny.labels == k][:12]):
            Image.fromarray(image).save(tmp_path / "faces" / name / f"{i}.png")
    code, out, err = run(
        capsys, "train", "--data", "image_folder", "--path", tmp_path / "faces",
        "--model", "plain_cnn", "--epochs", 1, "--limit", 40, "--quiet",
        "--output", tmp_path / "out",
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert "40 images" in out
    assert "by image: subjects are unknown" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "--model", "nothing"], "No model 'nothing'"),
        (["train", "--data", "fer2013", "--output", "x"], "needs a path"),
        (
            ["train", "--data", "enterface05", "--output", "x"],
            "emolib datasets prepare enterface05 SOURCE DEST",
        ),
        (
            ["evaluate", "--model", "nothing", "--data", "enterface05"],
            "No model 'nothing'",
        ),
        (["datasets", "prepare", "enterface05", "gone.zip", "x"], "gone.zip does not"),
        (["datasets", "prepare", "enterface05", ".", "x"], "is only read"),
        (
            ["datasets", "prepare", "enterface05", "a", "b", "--frames", "1000"],
            "frames must lie in 1 to 100",
        ),
        (
            ["train", "--data", "image_folder", "--path", "gone", "--output", "x"],
            "gone",
        ),
        (["predict", "--model", "nothing", "gone.png"], "No model 'nothing'"),
        (["predict", "."], "holds no pictures"),
        (["predict", "--annotate", "x.txt", "a.png"], "must end in one of .png"),
        (["predict", "--annotate", "x.png", "a.png", "b.png"], "takes one picture"),
        (["export", "nothing"], "No model 'nothing'"),
        (["render", "--emotion", "hapiness", "-o", "x.png"], "mean 'happiness'"),
        (["render", "--occluder", "hat", "-o", "x.png"], "sunglasses"),
        (["render", "--intensity", "2", "-o", "x.png"], "lie in [0, 1]"),
        (["render", "--unit", "browdown=1", "-o", "x.png"], "mean 'browDown'"),
        (["render", "--unit", "AU99=1", "-o", "x.png"], "mean 'AU9'"),
        (["render", "--unit", "AU4=9", "-o", "x.png"], "AU4 must lie in"),
        (["render", "--unit", "AU4=nan", "-o", "x.png"], "AU4 must lie in"),
        (["render", "--unit", "AU4", "-o", "x.png"], "expects NAME=WEIGHT"),
        (["render", "--unit", "4=1", "--emotion", "fear", "-o", "x.png"], "drop"),
        (["render", "--unit", "4=1", "--intensity", "1", "-o", "x.png"], "drop"),
        (["render", "--yaw", "90", "-o", "x.png"], "yaw must lie in"),
        (["render", "--light-contrast", "3", "-o", "x.png"], "light_contrast must"),
        (["render", "--light-azimuth", "nan", "-o", "x.png"], "light_azimuth must"),
        (["render", "--size", "0", "-o", "x.png"], "size must lie in [16, 256]"),
        (["render", "--size", "10000", "-o", "x.png"], "size must lie in [16, 256]"),
        (["render", "-o", "x.nonsense"], "must end in one of .png"),
        (["render", "-o", "gone/x.png"], "folder of gone/x.png does not exist"),
    ],
)
def test_errors_are_one_line_and_exit_code_2(
    data, tmp_path, monkeypatch, capsys, arguments, message
):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert message in err
    assert err.startswith("emolib: ")
    assert err.count("\n") == 1


@pytest.fixture
def photograph(tmp_path) -> Path:
    """A picture of one rendered face."""
    from emolib.synthesis import Scene, express, random_identity, render

    face = render(
        random_identity(3), express("happiness", 1.0, seed=1), Scene(), size=220,
        colour=True,
    )  # fmt: skip
    folder = tmp_path / "photos" / "inner"
    folder.mkdir(parents=True)
    Image.fromarray(np.pad(face, ((60, 60), (60, 60), (0, 0)), "edge")).save(
        folder / "one.png"
    )
    return folder / "one.png"


def test_a_photograph_is_read_printed_and_annotated(photograph, tmp_path, capsys):
    drawn = tmp_path / "drawn.png"
    code, out, err = run(
        capsys, "predict", "--model", "synthface", "--annotate", drawn, photograph
    )
    assert (code, err) == (0, "")
    assert "face " in out
    assert "not what the person feels" in out
    assert Image.open(drawn).size == Image.open(photograph).size
    assert drawn.read_bytes() != photograph.read_bytes()


def test_a_folder_with_broken_pictures_is_read_to_the_end(photograph, capsys):
    folder = photograph.parent.parent
    (folder / "a.jpg").write_bytes(b"\xff\xd8 not a picture")
    (folder / "z.png").write_bytes(b"")
    (folder / "notes.txt").write_text("no picture")
    code, out, err = run(capsys, "predict", "--model", "synthface", "--json", folder)
    assert code == 2
    assert "2 of 3 pictures could not be read" in err
    assert err.count("\n") == 1
    report = {Path(one["file"]).name: one for one in json.loads(out)["pictures"]}
    assert set(report) == {"a.jpg", "one.png", "z.png"}
    assert "a.jpg" in report["a.jpg"]["error"]
    (face,) = report["one.png"]["faces"]
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert face["label"] in EMOTIONS
    assert isinstance(face["unsure"], bool)
    assert len(face["box"]) == 4


def test_output_that_holds_other_files_is_refused_before_training(
    data, tmp_path, capsys
):
    (tmp_path / "thesis.txt").write_text("years of work")
    code, out, err = run(capsys, "train", "--output", tmp_path)
    assert (code, out) == (2, "")
    assert "choose a new --output" in err


def test_unknown_data_set_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", "--data", "affectnet", "--output", "x"])
    assert stop.value.code == 2
    assert "fer2013" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["prepare"]])
def test_datasets_without_a_task_is_a_usage_error(capsys, words):
    with pytest.raises(SystemExit) as stop:
        cli.main(["datasets", *words])
    assert stop.value.code == 2
    assert "usage: emolib datasets" in capsys.readouterr().err


def test_interruption_ends_quietly(monkeypatch, capsys):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_info", interrupt)
    code, _, err = run(capsys, "info")
    assert (code, err) == (130, "emolib: interrupted\n")


def test_render_saves_a_picture(tmp_path, capsys):
    pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
    path = tmp_path / "face.png"
    code, _, err = run(
        capsys, "render", "--emotion", "happiness", "--identity", 7, "--yaw", 10,
        "--occluder", "mask", "--size", 96, "--colour", "-o", path,
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert Image.open(path).size == (96, 96)
    assert [one.name for one in tmp_path.iterdir()] == ["face.png"]


def test_render_draws_what_the_options_name(tmp_path, capsys):
    synthesis = pytest.importorskip("emolib.synthesis")
    path = tmp_path / "face.png"
    code, _, err = run(
        capsys, "render", "--unit", "AU4=0.8", "--unit", "mouthSmileLeft=1",
        "--identity", 3, "--yaw", -12.5, "--pitch", 4, "--roll", 3,
        "--light-azimuth", 50, "--light-elevation", 10, "--light-contrast", 0.8,
        "--background", 9, "--occluder", "glasses", "-o", path,
    )  # fmt: skip
    assert (code, err) == (0, "")
    expected = synthesis.render(
        synthesis.random_identity(3),
        {"browDown": 0.8, "mouthSmileLeft": 1.0},
        synthesis.Scene(
            yaw=-12.5,
            pitch=4,
            roll=3,
            light_azimuth=50,
            light_elevation=10,
            light_contrast=0.8,
            background=9,
            occluder="glasses",
        ),
    )
    assert np.array_equal(np.asarray(Image.open(path)), expected)


def test_expression_seed_chooses_the_way_and_not_the_person(tmp_path, capsys):
    synthesis = pytest.importorskip("emolib.synthesis")
    path = tmp_path / "face.png"
    run(
        capsys, "render", "--emotion", "an", "--intensity", 0.7, "--identity", 3,
        "--expression-seed", 5, "-o", path,
    )  # fmt: skip
    expected = synthesis.render(
        synthesis.random_identity(3), synthesis.express("anger", 0.7, seed=5)
    )
    assert np.array_equal(np.asarray(Image.open(path)), expected)


def test_a_picture_that_cannot_be_written_leaves_nothing_behind(tmp_path, capsys):
    pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
    (tmp_path / "face.png").mkdir()
    code, out, err = run(capsys, "render", "-o", tmp_path / "face.png")
    assert (code, out) == (2, "")
    assert "face.png cannot be written" in err
    assert err.count("\n") == 1
    assert [one.name for one in tmp_path.iterdir()] == ["face.png"]


def test_rendering_without_the_head_pack_names_the_remedy(tmp_path):
    pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
    done = subprocess.run(
        [sys.executable, "-m", "emolib.cli", "render", "-o", tmp_path / "face.png"],
        env=os.environ | {"EMOLIB_DATA": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "head.npz is missing" in done.stderr
    assert "git checkout data/head" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not any(tmp_path.iterdir())
