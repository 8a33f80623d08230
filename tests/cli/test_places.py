"""Where a command writes: nothing is replaced, and faults are found before the work."""

import errno
import os
from pathlib import Path

import pytest

from emolib.cli.options import CommandError
from emolib.cli.places import check_file, check_folder, check_model_folder
from emolib.models.cards import ModelFileError


@pytest.fixture
def photograph(tmp_path) -> Path:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"a photograph")
    return path


def same_by(kind: str, path: Path) -> Path:
    """Return another spelling of a path."""
    other = path.with_name("b.jpg")
    if kind == "dots":
        return path.parent / "." / "x" / ".." / path.name
    if kind == "symlink":
        other.symlink_to(path)
    elif kind == "symlinked folder":
        link = path.parent / "link"
        link.symlink_to(path.parent)
        return link / path.name
    elif kind == "hard link":
        other.hardlink_to(path)
    return path if kind == "same" else other


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    "kind", ["same", "dots", "symlink", "symlinked folder", "hard link"]
)
def test_what_is_read_is_never_replaced(photograph, kind, force):
    (photograph.parent / "x").mkdir()
    with pytest.raises(CommandError, match=r"what is read .*name another"):
        check_file(same_by(kind, photograph), force=force, inputs=[photograph])


def test_what_exists_is_replaced_by_force_alone(photograph, tmp_path):
    with pytest.raises(CommandError, match=r"a\.jpg exists.*--force"):
        check_file(photograph, force=False)
    check_file(photograph, force=True)
    dangling = tmp_path / "dangling.png"
    dangling.symlink_to(tmp_path / "gone")
    with pytest.raises(CommandError, match="exists"):
        check_file(dangling, force=False)
    with pytest.raises(CommandError, match="not an ordinary file"):
        check_file(Path(os.devnull), force=True)
    assert photograph.read_bytes() == b"a photograph"


def test_a_file_that_could_not_be_written_is_found_before(photograph, tmp_path):
    with pytest.raises(CommandError, match="is a folder"):
        check_file(tmp_path, force=True)
    with pytest.raises(CommandError, match=r"gone/x\.png does not exist; create"):
        check_file(tmp_path / "gone" / "x.png", force=False)
    with pytest.raises(CommandError, match=r"cannot be written: .*is a file"):
        check_file(photograph / "x.png", force=False)
    with pytest.raises(CommandError, match="shorter name"):
        check_file(tmp_path / f"{'x' * 245}.png", force=False)
    check_file(tmp_path / "new.png", force=False)
    assert [one.name for one in tmp_path.iterdir()] == ["a.jpg"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a Linux /proc")
def test_a_folder_where_not_even_root_may_write_is_found_before():
    for check in (check_model_folder, check_file):
        with pytest.raises(CommandError, match=r"/proc/mine.* cannot be written"):
            check(Path("/proc/mine.png"), force=False)
    with pytest.raises(CommandError, match="cannot be written"):
        check_folder(Path("/proc/mine"))


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.ENOSPC, "free some space"), (errno.EROFS, "can be written to")],
)
def test_a_full_or_read_only_disk_is_found_before(
    tmp_path, monkeypatch, number, remedy
):
    def fail(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "open", fail)
    for check in (check_file, check_model_folder):
        with pytest.raises(CommandError, match=f"new.*cannot be written.*{remedy}"):
            check(tmp_path / "new", force=False)
    assert not any(tmp_path.iterdir())


def test_a_model_folder_is_new_empty_or_replaced_by_force(photograph, tmp_path):
    new = tmp_path / "deep" / "er" / "model"
    check_model_folder(new, force=False)
    assert not (tmp_path / "deep").exists()
    new.mkdir(parents=True)
    check_model_folder(new, force=False)
    (new / "thesis.txt").touch()
    for force in (False, True):
        with pytest.raises(ModelFileError, match="other files and no model"):
            check_model_folder(new, force=force)
    (new / "card.json").touch()
    with pytest.raises(CommandError, match=r"holds a model; .*--force"):
        check_model_folder(new, force=False)
    check_model_folder(new, force=True)
    with pytest.raises(ModelFileError, match="is a file"):
        check_model_folder(photograph, force=True)
    with pytest.raises(CommandError, match="cannot be written"):
        check_model_folder(photograph / "model", force=False)
    (tmp_path / "link").symlink_to(new)
    for name in (Path("."), Path(""), Path(".."), tmp_path / "link"):
        with pytest.raises(CommandError, match="choose a new --output"):
            check_model_folder(name, force=True)
    assert sorted(path.name for path in new.iterdir()) == ["card.json", "thesis.txt"]
