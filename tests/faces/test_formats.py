"""What a file is: by its name in a folder, and by its content when it is opened."""

import os
from pathlib import Path

import pytest

from emolib.faces.formats import list_pictures, what_instead, why_unread
from emolib.faces.picture import PictureError, read_picture


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.JPG", None),
        ("a.mp4", ".mp4: a video"),
        ("a.NEF", ".nef: the raw data of a camera"),
        ("a.pdf", ".pdf: a PDF"),
        ("a.svg", ".svg: a drawing, not a photograph"),
        ("a.psd", ".psd: of a format that is not read"),
        ("labels.csv", ".csv: not a picture"),
        ("README", "no ending: not a picture"),
    ],
)
def test_why_a_file_of_a_folder_is_not_read(name, words):
    assert why_unread(Path(name)) == words


def test_content_counts_more_than_the_name(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"\x1aE\xdf\xa3" + bytes(40))
    with pytest.raises(PictureError, match="it is a video; take pictures out of it"):
        read_picture(path)


def test_one_folder_that_cannot_be_listed_costs_no_other(tmp_path, monkeypatch):
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").touch()
    scandir = os.scandir

    def refuse(folder):
        if Path(folder).name == "b":
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    listing = list_pictures(tmp_path, below=True)
    assert [path.parent.name for path in listing.pictures] == ["a", "c"]
    assert listing.skipped == {"a folder that cannot be listed": [tmp_path / "b"]}
    with pytest.raises(PermissionError):
        list_pictures(tmp_path / "b")


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"avif"])
def test_a_heic_photograph_is_no_video(brand):
    assert what_instead(".jpg", b"\0\0\0\x18ftyp" + brand) is None
