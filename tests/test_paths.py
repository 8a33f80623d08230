from pathlib import Path

import pytest

from emolib import paths
from emolib.paths import DataFolderError, data_folder


def _package(folder: Path, monkeypatch) -> Path:
    """Pretend that emolib lies in `folder`/emolib."""
    package = folder / "emolib"
    package.mkdir(parents=True)
    monkeypatch.setattr(paths, "__file__", str(package / "paths.py"))
    monkeypatch.delenv("EMOLIB_DATA", raising=False)
    return package


def test_the_variable_comes_first(monkeypatch, tmp_path):
    own = tmp_path / "my data"
    own.mkdir()
    monkeypatch.setenv("EMOLIB_DATA", str(own))
    assert data_folder() == own


def test_a_bad_variable_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("EMOLIB_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataFolderError, match=r"EMOLIB_DATA names .*nowhere.*unset it"):
        data_folder()


def test_the_variable_must_not_name_a_file(monkeypatch, tmp_path):
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("EMOLIB_DATA", str(file))
    with pytest.raises(DataFolderError, match="not a folder"):
        data_folder()


def test_a_checkout_in_a_path_with_spaces(monkeypatch, tmp_path):
    checkout = tmp_path / "a check out"
    package = _package(checkout, monkeypatch)
    (package / "_data").mkdir()
    (checkout / "data").mkdir()
    (checkout / "pyproject.toml").touch()
    assert data_folder() == checkout / "data"


def test_a_wheel_uses_its_own_copy(monkeypatch, tmp_path):
    site = tmp_path / "site-packages"
    package = _package(site, monkeypatch)
    (package / "_data").mkdir()
    (site / "data").mkdir()  # another package's folder, not ours
    assert data_folder() == package / "_data"


def test_nothing_found_names_the_three_places(monkeypatch, tmp_path):
    package = _package(tmp_path, monkeypatch)
    with pytest.raises(DataFolderError) as caught:
        data_folder()
    for place in ("EMOLIB_DATA", str(tmp_path / "data"), str(package / "_data")):
        assert place in str(caught.value)
    assert isinstance(caught.value, FileNotFoundError)
