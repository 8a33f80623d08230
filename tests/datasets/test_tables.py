"""CSV files as people have them, on small ones."""

import gzip
import io
import tarfile
import zipfile

import pytest

from emolib.datasets import DatasetError, tables
from emolib.datasets.tables import open_table

TEXT = "emotion,pixels,Usage\n0,70 80,Training\n3,90 91,PublicTest\n"
ROWS = [("0", "70 80", "Training"), ("3", "90 91", "PublicTest")]


def read(path, names=("fer2013.csv",)):
    """Return the lines on which rows begin, and the cells of the rows."""
    with open_table(path, names, "pixels") as table:
        rows = list(table.rows)
    cells = [(row["emotion"], row["pixels"], row.get("usage")) for _, row in rows]
    return [line for line, _ in rows], cells


def tar(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name.replace("__", "/"))
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return packed.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("\n", "\r"),
        "\ufeff" + TEXT,
        TEXT.replace(",", ";"),
        TEXT.replace(",", "\t"),
        "sep=;\n" + TEXT.replace(",", ";"),
        TEXT.replace(",", " , "),
        TEXT.replace("emotion,pixels,Usage", '"Emotion"," pixels","USAGE "'),
        TEXT.replace("\n", ",,\n") + ",,,,\n\n , ,\n",
        "\n" + TEXT.replace("\n", "\n\n"),
        TEXT.replace("70 80", "70,80").replace("90 91", "90,91"),
    ],
    ids=[
        "plain", "CRLF", "CR", "BOM", "semicolons", "tabs", "sep=", "blanks", "header",
        "blank tail", "blank lines", "pixels as cells",
    ],
)  # fmt: skip
def test_a_table_is_read_however_it_was_saved(tmp_path, text):
    (tmp_path / "x.csv").write_bytes(text.encode())
    assert read(tmp_path / "x.csv")[1] == ROWS


def test_utf_16_with_its_mark(tmp_path):
    (tmp_path / "x.txt").write_bytes(TEXT.replace(",", "\t").encode("utf-16"))
    assert read(tmp_path / "x.txt")[1] == ROWS


def test_lines_are_those_of_the_file(tmp_path):
    text = '\n\nemotion,pixels,Usage\n\n0,"7\n8",Training\n,,\n3,9,PublicTest\n'
    (tmp_path / "x.csv").write_text(text)
    assert read(tmp_path / "x.csv")[0] == [5, 8]


CSV = TEXT.encode()


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(CSV),
        zipped(**{"x.csv": CSV}),
        zipped(**{"fer2013.csv": CSV, "train.csv": b"?", "__MACOSX__._x.csv": b"?"}),
        zipped(**{"train__angry__1.png": b"?", "any.csv": CSV}),
        tar(fer2013__README=b"?" * 700, **{"fer2013__fer2013.csv": CSV, "z": b"?"}),
        gzip.compress(tar(**{"fer2013__._fer2013.csv": b"?", "fer2013__a.csv": CSV})),
        zipped(**{"fer2013.tar.gz": gzip.compress(tar(**{"f.csv": CSV}))}),
    ],
    ids=["gzip", "zip", "named", "among others", "tar", "tar.gz", "tar.gz in zip"],
)
def test_archives_are_read_whatever_they_are_called(tmp_path, content):
    (tmp_path / "download").write_bytes(content)
    assert read(tmp_path / "download")[1] == ROWS
    assert [one.name for one in tmp_path.iterdir()] == ["download"]  # nothing unpacked


def test_a_name_in_an_archive_is_no_path(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    for content in (
        zipped(**{"..__..__fer2013.csv": CSV}), tar(**{"..__fer2013.csv": CSV}),
    ):  # fmt: skip
        (inside / "x").write_bytes(content)
        assert read(inside / "x")[1] == ROWS
    assert [one.name for one in tmp_path.rglob("*")] == ["inside", "x"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is empty"),
        (b"\n,,,\n", "it is empty"),
        (b"<!DOCTYPE html>\n", "pixels among them, and it begins with '<!DOCTYPE"),
        (b"0,70 80,Training\n", "must name the columns"),
        (b'emotion,pixels\n0,"70 80\n' + b"1,70\n" * 40_000, "line 2: .*quotation"),
        (b"emotion,pixels\n" + b"7" * 200_000, "line 2 has 131,072 characters"),
        (gzip.compress(CSV * 100)[:-30], "cut short"),
        (gzip.compress(CSV)[:4] + b"?" * 60, "cannot be read .*download"),
        (zipped(**{"x.csv": CSV})[:-30], "cannot be read"),
        (zipped(**{"train__angry__1.png": b"?"}), "holds 0 CSV files.*train/angry"),
        (zipped(**{"a.csv": CSV, "b.csv": CSV}), "holds 2 CSV files, none called"),
        (tar(README=b"?"), "holds no CSV file but README"),
        (tar(**{"f.csv": CSV * 100})[:700], "line .* cannot be read .*came"),
    ],
)
def test_what_is_no_table_is_refused_with_a_remedy(tmp_path, content, says):
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(DatasetError, match=says) as refusal:
        read(tmp_path / "x.csv")
    assert "x.csv" in str(refusal.value)


def test_what_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MOST_BYTES", 100_000)
    for content in (
        gzip.compress(CSV + b"\n" * 200_000),
        zipped(**{"fer2013.csv": CSV + b"\n" * 200_000}),
        gzip.compress(tar(README=b"?" * 200_000, **{"fer2013.csv": CSV})),
    ):
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(DatasetError, match="unpacks to more than 100,000 bytes"):
            read(tmp_path / "x")


def test_a_tar_that_claims_a_huge_member_ends(tmp_path):
    info = tarfile.TarInfo("README")
    info.size = 1 << 60
    (tmp_path / "x").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + b"?" * 2000)
    with pytest.raises(DatasetError, match="holds no CSV file"):
        read(tmp_path / "x")


def test_blank_lines_without_end_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MOST_LINES", 1000)
    (tmp_path / "x.csv").write_bytes(CSV + b"\n" * 2000)
    with pytest.raises(DatasetError, match="more than 1,000 lines"):
        read(tmp_path / "x.csv")
