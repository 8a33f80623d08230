"""What a file is: by its name in a folder, and by its content when it is opened."""

from pathlib import Path

import pytest

from emolib.faces.formats import why_unread
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
