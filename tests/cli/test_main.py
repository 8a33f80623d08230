"""The commands together: help, exit codes, errors in one line."""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from emolib import cli
from emolib.cli.options import SOURCES
from emolib.datasets import DATASETS
from emolib.faces.picture import LIMITS

ROOT = Path(__file__).resolve().parents[2]


def test_help_is_fast_because_nothing_heavy_is_imported():
    code = (
        "import sys; from emolib.cli import COMMANDS, main\n"
        "for words in ([], *([name] for name in COMMANDS)):\n"
        "    try: main([*words, '--help'])\n"
        "    except SystemExit: pass\n"
        "heavy = {'tensorflow', 'keras', 'pandas', 'matplotlib', 'sklearn', 'numpy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    for command in cli.COMMANDS:
        assert f"    {command} " in done.stdout
        assert f"usage: emolib {command} " in done.stdout


def test_the_module_runs_like_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "emolib.cli", "--version"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith("emolib ")


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_option_is_explained(command):
    def silent(parser: argparse.ArgumentParser) -> list[str]:
        found = []
        for action in parser._actions:
            inner = getattr(action, "choices", None)
            if isinstance(action, argparse._SubParsersAction):
                for name, sub in inner.items():
                    found += silent(sub) if name in words else []
            elif not action.help:
                found.append("/".join(action.option_strings) or action.dest)
        return found

    words = [command, "prepare", "enterface05"]
    assert silent(cli._parser([command])) == []


def test_help_says_formats_and_limits(run, capsys):
    assert "50 million pixels" in LIMITS
    assert "250 million" in LIMITS
    told = {
        "predict": [
            ".heic (pillow-heif)",
            ".jpg",
            "ffmpeg -i",
            "default: 40",
            "--force",
        ],
        "train": ["above 0", "default: 20", "--force"],
        "render": ["16 to 512", ".webp"],
    }
    for command, words in told.items():
        with pytest.raises(SystemExit):
            run(command, "--help")
        text = " ".join(capsys.readouterr().out.split())
        assert [word for word in words if word not in text] == []


def test_every_source_can_be_chosen():
    assert set(SOURCES) == set(DATASETS)


def pages() -> dict[str, str]:
    """Return what may name a command: pages, docstrings, cards; by path."""
    paths = [
        *ROOT.glob("*.md"),
        *(ROOT / "book").rglob("*.md"),
        *(ROOT / "emolib").rglob("*.py"),
        *(ROOT / "data" / "models").glob("*/card.json"),
    ]
    texts = {str(path): path.read_text(encoding="utf-8") for path in paths}
    for path in (ROOT / "book").rglob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts[str(path)] = "\n".join("".join(cell["source"]) for cell in cells)
    return texts


def test_options_that_pages_name_exist(run, capsys):
    named = set()
    for path, text in pages().items():
        for command, rest in re.findall(
            rf"emolib ({'|'.join(cli.COMMANDS)})\b([^`\"\n]*)", text
        ):
            options = re.findall(r"(?<!\S)--[a-z0-9-]+", rest)
            named |= {(command, option, path) for option in options}
    assert {command for command, *_ in named} >= {"train", "recipe", "predict"}
    for command, option, path in named:
        corpus = ["prepare", "enterface05"] if command == "datasets" else []
        with pytest.raises(SystemExit):
            run(command, *corpus, "--help")
        assert re.search(rf"{option}\b", capsys.readouterr().out), (command, path)


def test_no_command_prints_the_help(run):
    code, out, _ = run()
    assert code == 0
    assert "usage: emolib" in out


def test_info_lists_data_sets_models_and_versions(data, run):
    code, out, _ = run("info")
    assert code == 0
    for word in ("emolib", "keras", "synthface", "fer2013", "models: none", str(data)):
        assert word in out


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
        (["predict", "empty"], "holds no pictures"),
        (["predict", "--annotate", "x.txt", "a.png"], "must end in one of .png"),
        (["predict", "--annotate", "x.png", "a.png", "b.png"], "takes one picture"),
        (["predict", "--stream", "a.png"], "add --json"),
        (["predict", "--crops", "--min-face", "20", "a.png"], "drop --crops"),
        (["train", "--output", "/dev/null/model"], "cannot be written"),
        (["train", "--output", "data/models/mine"], "shipped models"),
        (["train", "--output", "."], "choose a new --output"),
        (["recipe", "real-faces", "--fer2013", "x", "--output", "data"], "other files"),
        (["datasets", "prepare", "enterface05", "a", "/dev/null/b"], "cannot be"),
        (["evaluate", "--model", "nothing", "--json", "gone/x"], "No model 'nothing'"),
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
        (["render", "--size", "0", "-o", "x.png"], "size must lie in [16, 512]"),
        (["render", "--size", "10000", "-o", "x.png"], "size must lie in [16, 512]"),
        (["render", "-o", "x.nonsense"], "must end in one of .png"),
        (["render", "-o", "gone/x.png"], "folder of gone/x.png does not exist"),
    ],
)
def test_errors_are_one_line_and_exit_code_2(
    data, tmp_path, monkeypatch, run, arguments, message
):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert message in err
    assert err.startswith("emolib: ")
    assert err.count("\n") == 1


def test_unknown_data_set_is_a_usage_error(refused):
    assert "fer2013" in refused("train", "--data", "affectnet", "--output", "x")


@pytest.mark.parametrize("words", [[], ["-"], ["a.png", "-"], [""], ["--json"]])
def test_predict_needs_the_names_of_pictures(refused, words):
    message = refused("predict", *words)
    assert "usage: emolib predict" in message
    assert "PICTURE_VIDEO_OR_FOLDER" in message.splitlines()[-1]


@pytest.mark.parametrize("words", [[], ["prepare"]])
def test_datasets_without_a_task_is_a_usage_error(refused, words):
    assert "usage: emolib datasets" in refused("datasets", *words)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["train", "--recipe", "real-faces"], "--recipe real-faces"),
        (["train", "--fer2013", "faces.csv"], "--fer2013 faces.csv"),
        (["train", "--minutes", "5"], "--minutes 5"),
        (["recipe", "real-faces", "--fer2013", "f", "--epochs", "2"], "--epochs 2"),
        (["recipe", "real-faces", "--fer2013", "f", "--data", "x"], "--data x"),
        (["recipe", "real-faces", "--fer2013", "f", "--limit", "9"], "--limit 9"),
        (["recipe", "real-faces", "--fer2013", "f", "--model", "m"], "--model m"),
        (["evaluate", "--model", "synthface", "--epochs", "2"], "--epochs 2"),
    ],
)
def test_an_option_that_does_not_apply_is_refused_by_name(
    refused, tmp_path, arguments, named
):
    output = [] if arguments[0] == "evaluate" else ["--output", tmp_path / "new"]
    message = refused(*arguments, *output)
    assert f"usage: emolib {arguments[0]} " in message
    assert f"unrecognized arguments: {named}\n" in message
    assert not (tmp_path / "new").exists()


def test_a_recipe_needs_its_photographs(refused):
    assert "required: --fer2013" in refused("recipe", "real-faces", "--output", "x")
    message = refused("recipe", "magic", "--fer2013", "f", "--output", "x")
    assert "'magic'" in message
    assert "real-faces" in message


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        *(("epochs", value, "1 or more") for value in ("0", "-1", "two", "1.5", "")),
        *(
            ("seed", value, "0 or more")
            for value in ("-1", "1e3", str(2**32), "9" * 99)
        ),
        *(
            ("learning-rate", value, "above 0")
            for value in ("0", "-1", "-1e-3", "nan", "inf", "-inf", "abc", "1e999")
        ),
        ("batch-size", "-5", "1 or more"),
        ("limit", "0", "1 or more"),
    ],
)
def test_a_number_out_of_range_is_a_usage_error(refused, option, value, expected):
    message = refused("train", f"--{option}", value, "--output", "x")
    assert f"argument --{option}: expected a" in message
    assert expected in message
    assert value in message


def test_minutes_cannot_be_negative(refused):
    words = ["recipe", "real-faces", "--fer2013", "f", "--output", "x", "--minutes"]
    for value in ("-1", "-.5", "inf"):
        message = refused(*words, value)
        assert "argument --minutes: expected a number, 0 or more" in message


def test_interruption_ends_quietly(monkeypatch, run):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("emolib.cli.info.run", interrupt)
    code, _, err = run("info")
    assert (code, err) == (130, "emolib: interrupted\n")


@pytest.mark.parametrize(
    "error", [MemoryError(), KeyError("x"), ValueError("a\nb"), ZeroDivisionError("z")]
)
def test_whatever_goes_wrong_is_one_line_and_debug_shows_where(monkeypatch, run, error):
    def fail(_):
        raise error

    monkeypatch.setattr("emolib.cli.info.run", fail)
    code, out, err = run("info")
    assert (code, out) == (2, "")
    assert err.startswith(f"emolib: {type(error).__name__}")
    assert err.count("\n") == 1
    for words in (["--debug", "info"], ["info", "--debug"]):
        code, _, err = run(*words)
        assert code == 2
        assert "Traceback" in err
        assert "in fail" in err


def test_a_file_called_debug_is_a_file(data, run):
    code, _, err = run("predict", "--model", "nothing", "--", "--debug")
    assert (code, "No model 'nothing'" in err, "Traceback" in err) == (2, True, False)


def test_one_broken_card_hides_no_other_model(data, run):
    models = data / "models"
    for name in ("plain-cnn", "real-faces", "synthface"):
        shutil.copytree(ROOT / "data" / "models" / name, models / name)
    for content in (b"{", b"[]", b"\xff\xfe", b"[" * 10**5):
        (models / "real-faces" / "card.json").write_bytes(content)
        code, out, err = run("info")
        assert code == 2
        assert "plain-cnn: plain_cnn, " in out
        assert "synthface: contrast_cnn, " in out
        assert "real-faces: broken" in out
        assert "real-faces" in err
        assert "git checkout data/models" in err
        assert "Traceback" not in err


ENCODINGS = ("ascii", "cp1252", "cp932", "latin-1", "utf-8", "utf-16")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_encoding_of_the_streams_stops_a_command(encoding, data, run_in, tmp_path):
    for words in ([], *([name] for name in cli.COMMANDS)):
        code, out, _ = run_in(encoding, *words, "--help")
        assert code == 0
        assert "usage: emolib" in out
    code, out, err = run_in(encoding, "info")
    assert (code, err) == (0, "")
    assert str(data) in out
    code, out, err = run_in(encoding, "info", "jos\xe9 \u9854 \udcff")
    assert (code, out) == (2, "")
    assert err.startswith("emolib: No model 'jos")
    code, _, err = run_in(encoding, "train", "--output", "x", "--\xe9\udcff")
    assert code == 2
    assert "unrecognized arguments: --" in err


def test_a_locale_without_utf8_stops_nothing(tmp_path):
    name = b"jos\xe9 \xe9\xa1\x94.png"
    env = os.environ | {
        "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0",
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    command = [sys.executable, "-m", "emolib.cli", "predict", "--json", name]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True)
    assert done.returncode == 2
    (one,) = json.loads(done.stdout)["pictures"]
    assert os.fsencode(one["file"]) == name
    assert b"does not exist" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_behind_the_output_is_told_in_one_line():
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "emolib.cli", "info"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 2
    assert done.stderr.startswith(
        "emolib: A file or the output: No space left on device"
    )
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_is_no_error(unbuffered):
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{sys.executable} -m emolib.cli info | true"],
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, b"")
