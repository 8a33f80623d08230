"""Files that appear whole or not at all."""

import os
from pathlib import Path

import pytest

from emolib.errors import EmolibError, did_you_mean
from emolib.files import (
    open_regular,
    sha256,
    verified_bytes,
    whole_file,
    whole_folder,
    write_json,
    write_whole,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "deep" / "one.txt"
    write_whole(path, "old")
    assert write_whole(path, "new ä\n").read_bytes() == "new ä\n".encode()
    write_json(path, {"a": "ä"})
    assert path.read_text(encoding="utf-8") == '{\n "a": "ä"\n}\n'
    assert names(path.parent) == ["one.txt"]


@pytest.mark.parametrize("fault", [KeyboardInterrupt, OSError, ValueError])
def test_a_fault_leaves_the_old_file(tmp_path, fault):
    path = write_whole(tmp_path / "one.txt", "old")

    def fail():
        with whole_file(path) as partial:
            partial.write_text("half")
            raise fault

    with pytest.raises(fault):
        fail()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["one.txt"]


def test_the_content_is_on_the_disk_before_the_name_changes(tmp_path, monkeypatch):
    done = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(descriptor):
        done.append("fsync")
        real_fsync(descriptor)

    def replace(old, new):
        done.append("rename")
        real_replace(old, new)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    write_whole(tmp_path / "one.txt", "new")
    assert done == ["fsync", "rename", "fsync"]


def test_the_name_to_write_to_has_the_same_ending(tmp_path):
    with whole_file(tmp_path / "face.weights.h5") as partial:
        assert partial.name.endswith(".h5")
        assert partial.parent == tmp_path
        partial.write_bytes(b"")


def test_devices_and_pipes_are_not_opened_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(OSError, match="a device or a pipe"):
            open_regular(path)
    (tmp_path / "file").write_bytes(b"held")
    with open_regular(tmp_path / "file") as file:
        assert file.read() == b"held"


def test_a_folder_is_replaced_and_others_files_are_kept(tmp_path):
    folder = tmp_path / "set"
    (folder / "notes").mkdir(parents=True)
    for name in ("a.txt", "mine.txt", "notes/b.txt"):
        (folder / name).write_text("old")
    with whole_folder(folder) as fresh:
        assert names(fresh) == []
        (fresh / "a.txt").write_text("new")
    assert (folder / "a.txt").read_text() == "new"
    assert (folder / "mine.txt").read_text() == "old"
    assert (folder / "notes" / "b.txt").read_text() == "old"
    assert names(tmp_path) == ["set"]


def test_a_fault_leaves_the_old_folder(tmp_path):
    folder = tmp_path / "set"
    write_whole(folder / "a.txt", "old")

    def fail():
        with whole_folder(folder) as fresh:
            (fresh / "a.txt").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert (folder / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["set"]


def test_a_kill_between_the_two_renames_is_mended(tmp_path):
    write_whole(tmp_path / ".set.previous" / "a.txt", "old")
    with pytest.raises(ValueError, match="no"), whole_folder(tmp_path / "set"):
        raise ValueError("no")
    assert (tmp_path / "set" / "a.txt").read_text() == "old"


def test_a_file_that_is_not_the_recorded_one_is_named(tmp_path):
    class FaultError(EmolibError):
        pass

    def read(expected):
        return verified_bytes(
            path, expected, record="its card", error=FaultError, remedy="make it again"
        )

    path = tmp_path / "one.bin"
    with pytest.raises(FaultError, match=r"one\.bin is missing; make it again\."):
        read("0")
    path.write_bytes(b"abc")
    assert read(sha256(b"abc")) == b"abc"
    assert sha256(path) == sha256(b"abc")
    with pytest.raises(FaultError, match=r"altered.*its card says 000;.*again"):
        read("000")
    path.unlink()
    path.mkdir()
    with pytest.raises(FaultError, match="cannot be read"):
        read("0")


def test_the_nearest_name_keeps_its_spelling():
    assert did_you_mean("BROWDOWN", ["browDown", "jawOpen"]) == (
        " Did you mean 'browDown'?"
    )
    assert did_you_mean("", ["browDown"]) == ""
