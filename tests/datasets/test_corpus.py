import gzip
import hashlib
import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emolib.datasets import DatasetError
from emolib.datasets import corpus as corpus_module
from emolib.datasets.corpus import read_corpus, write_corpus

INFO = {"name": "tiny"}


def _files(folder) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def copy(tiny_corpus, tmp_path):
    """Copy the corpus, to damage it, alone in its folder."""
    return shutil.copytree(tiny_corpus, tmp_path / "alone" / "corpus")


def _nothing_else(folder) -> bool:
    return [path.name for path in folder.parent.iterdir()] == [folder.name]


class TestRoundTrip:
    def test_pixels_survive_the_codec_nearly(self, tiny, tiny_source):
        sheet = dict(tiny_source[2])["s002"]  # 12 clips of 4 frames
        own = tiny.subset(tiny.meta["subject"] == "s002")
        for k in (0, 5, 47):
            row, column = divmod(k, 4)
            tile = sheet[64 * row :, 64 * column :][:64, :64]
            assert np.abs(own.images[k].astype(int) - tile).mean() < 8

    def test_tables_survive(self, tiny, tiny_source):
        subjects, frames, _ = tiny_source
        pd.testing.assert_frame_equal(
            tiny.meta[frames.columns], frames, check_like=True
        )
        ages = tiny.meta.groupby("subject")["age"].unique().explode()
        assert list(ages) == list(subjects["age"])

    def test_the_record_counts(self, tiny, tiny_corpus):
        record = json.loads((tiny_corpus / "corpus.json").read_text())
        assert record["name"] == "tiny"
        assert record["subjects"] == 6
        assert record["clips"] == 72
        assert record["frames"] == len(tiny) == 288
        assert record["frames_per_clip"] == 4
        assert tiny.meta.attrs["sentences"] == 2

    def test_every_file_is_listed_with_its_hash(self, tiny_corpus):
        files = _files(tiny_corpus)
        del files["corpus.json"]
        hashes = {
            name: hashlib.sha256(data).hexdigest() for name, data in files.items()
        }
        record = json.loads((tiny_corpus / "corpus.json").read_text())
        assert record["sha256"] == hashes

    def test_equal_input_gives_equal_bytes(self, tiny_corpus, tiny_source, tmp_path):
        subjects, frames, sheets = tiny_source
        again = write_corpus(
            tmp_path / "again", reversed(sheets), subjects, frames, INFO
        )
        assert _files(again) == _files(tiny_corpus)

    def test_lower_quality_is_smaller(self, tiny_corpus, tiny_source, tmp_path):
        subjects, frames, sheets = tiny_source
        rough = write_corpus(
            tmp_path / "rough", sheets, subjects, frames, INFO, quality=20
        )
        sheet = "sheets/s001.webp"
        assert (rough / sheet).stat().st_size < (tiny_corpus / sheet).stat().st_size

    def test_numbers_as_subject_names_stay_text(self, tiny_source, tmp_path):
        subjects, frames, sheets = tiny_source
        number = {name: name[1:] for name in subjects["subject"]}
        folder = write_corpus(
            tmp_path / "numbers",
            [(number[name], sheet) for name, sheet in sheets],
            subjects.replace({"subject": number}),
            frames.replace({"subject": number}),
            INFO,
        )
        assert read_corpus(folder).groups[0] == "001"


class TestDamage:
    @pytest.mark.parametrize(
        "name", ["corpus.json", "subjects.csv", "frames.csv.gz", "sheets/s003.webp"]
    )
    def test_missing(self, copy, name):
        (copy / name).unlink()
        with pytest.raises(DatasetError, match="missing") as caught:
            read_corpus(copy)
        assert str(copy / name) in str(caught.value)
        assert "make data" in str(caught.value)
        assert "git checkout data/synthface" in str(caught.value)

    @pytest.mark.parametrize(
        "name", ["corpus.json", "subjects.csv", "frames.csv.gz", "sheets/s003.webp"]
    )
    def test_truncated(self, copy, name):
        data = (copy / name).read_bytes()
        (copy / name).write_bytes(data[: len(data) // 2])
        with pytest.raises(DatasetError, match="cut short or altered") as caught:
            read_corpus(copy)
        assert str(copy / name) in str(caught.value)

    def test_one_altered_byte_in_a_sheet(self, copy):
        sheet = copy / "sheets/s006.webp"
        data = bytearray(sheet.read_bytes())
        data[len(data) // 2] ^= 1
        sheet.write_bytes(data)
        with pytest.raises(DatasetError, match=r"s006\.webp .*SHA-256"):
            read_corpus(copy)

    def test_a_sheet_that_nobody_listed(self, copy):
        record = json.loads((copy / "corpus.json").read_text())
        del record["sha256"]["sheets/s001.webp"]
        (copy / "corpus.json").write_text(json.dumps(record))
        with pytest.raises(DatasetError, match=r"corpus\.json does not list .*s001"):
            read_corpus(copy)

    @pytest.mark.parametrize("text", ["[]", "{}", '{"format": 1}', "", "null"])
    def test_another_record(self, copy, text):
        (copy / "corpus.json").write_text(text)
        with pytest.raises(DatasetError, match=r"corpus\.json is cut short or altered"):
            read_corpus(copy)

    def test_a_newer_format(self, copy):
        record = json.loads((copy / "corpus.json").read_text())
        (copy / "corpus.json").write_text(json.dumps(record | {"format": 2}))
        with pytest.raises(DatasetError, match="not of format 1"):
            read_corpus(copy)

    def test_no_folder(self, tmp_path):
        with pytest.raises(DatasetError, match=r"nowhere does not exist.*make data"):
            read_corpus(tmp_path / "nowhere")


def spoil(folder, name, content):
    """Replace a file, and its hash in the record, as a hostile hand would."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    path = next(folder.glob("*.json"))
    record = json.loads(path.read_text())
    record["sha256"][name] = hashlib.sha256(content).hexdigest()
    path.write_text(json.dumps(record))


def gzipped(*pieces: tuple[bytes, int]) -> bytes:
    return gzip.compress(b"".join(piece * times for piece, times in pieces))


HEADER = b"subject,emotion,sentence,clip,frame,intensity\n"


class TestFilesMadeToDoHarm:
    @pytest.mark.parametrize(
        ("content", "what"),
        [
            (b"no gzip", "Not a gzipped file"),
            (gzip.compress(HEADER)[:-9], "end-of-stream"),
            (gzipped((b"a" * 1000, 40_000)), "a table of more than 33,554,432 bytes"),
            (gzipped((HEADER, 1), (b"," * 9_000, 600)), "more than 5,000,000 cells"),
            (gzipped((b"a,", 50_000)), "a row of several lines"),
            (gzipped((HEADER, 1), (b'"\n",', 9_000)), "a row of several lines"),
            (gzipped((b"a,b\n1,2\n1,2,3\n", 1)), "Expected 2 fields"),
            (gzipped((b"a,b\n1,2\n", 1)), "lacks the columns subject"),
            (gzipped((b"\xff\xfe\0,\n", 9)), "codec can't decode|lacks"),
            (gzipped((HEADER, 1), (b"s001,anger,1,a,0,high\n", 1)), "one row per"),
            (gzipped((HEADER, 1), (b"x,y,z,a,0,1\nx,y,1,a,b,1\n", 1)), "one row per"),
            (b"", "No columns"),
        ],
    )
    def test_a_table(self, copy, content, what):
        spoil(copy, "frames.csv.gz", content)
        with pytest.raises(DatasetError, match=rf"frames\.csv\.gz is not as.*({what})"):
            read_corpus(copy)

    def test_levels_that_multiply(self, copy):
        """A thousand sentences by a thousand frames would be six million rows."""
        rows = [b"s001,anger,%d,a,%d,1\n" % (k, k) for k in range(1000)]
        spoil(copy, "frames.csv.gz", gzip.compress(HEADER + b"".join(rows)))
        with pytest.raises(DatasetError, match=r"at most 4,096 frames of a subject"):
            read_corpus(copy)

    @pytest.mark.parametrize(
        ("column", "value", "what"),
        [("intensity", "high", "high"), ("intensity", "7", "0 to 1"),
         ("sentence", "one", "one row per"), ("emotion", "joy", "one row per")],
    )  # fmt: skip
    def test_a_value_that_does_not_fit(self, copy, tiny_source, column, value, what):
        _, frames, _ = tiny_source
        frames = frames.astype(str)
        frames.loc[frames["subject"] == "s001", column] = value
        spoil(copy, "frames.csv.gz", corpus_module.table_bytes(frames, compress=True))
        with pytest.raises(DatasetError, match=rf"is not as.*{what}.*make data"):
            read_corpus(copy)

    @pytest.mark.parametrize("split", ["", "exam"])
    def test_a_part_that_is_none(self, copy, split):
        text = (copy / "subjects.csv").read_text().replace("test", split)
        spoil(copy, "subjects.csv", text.encode())
        if split:
            with pytest.raises(DatasetError, match=r"corpus is not as.*'exam'"):
                read_corpus(copy)
        else:
            assert read_corpus(copy).meta["split"].isna().any()

    @pytest.mark.parametrize(
        "name", ["../../secret", "/etc/passwd", "..", "sub/../../secret"]
    )
    def test_a_subject_that_leads_elsewhere(self, copy, name):
        secret = copy / "sheets" / f"{name}.webp"
        if "secret" in name:
            shutil.copy(copy / "sheets/s001.webp", secret.resolve())
        for table in ("subjects.csv", "frames.csv.gz"):
            data = (copy / table).read_bytes()
            text = gzip.decompress(data) if table.endswith("gz") else data
            text = text.replace(b"s001,", name.encode() + b",")
            spoil(copy, table, gzip.compress(text) if table.endswith("gz") else text)
        record = json.loads((copy / "corpus.json").read_text())
        record["sha256"][f"sheets/{name}.webp"] = record["sha256"]["sheets/s001.webp"]
        (copy / "corpus.json").write_text(json.dumps(record))
        with pytest.raises(DatasetError, match=r"lies elsewhere|is missing"):
            read_corpus(copy)

    def test_a_sheet_that_is_large_or_no_webp(self, copy):
        path = copy / "sheets" / "s001.webp"
        Image.new("L", (2000, 2000)).save(path, quality=1)
        spoil(copy, "sheets/s001.webp", path.read_bytes())
        with pytest.raises(DatasetError, match=r"s001\.webp is not as.*\(2000, 2000\)"):
            read_corpus(copy)
        Image.new("L", (256, 768)).save(path, "TIFF")
        spoil(copy, "sheets/s001.webp", path.read_bytes())
        with pytest.raises(
            DatasetError, match=r"s001\.webp is not as.*cannot identify"
        ):
            read_corpus(copy)

    @pytest.mark.parametrize("text", ["[" * 100_000, '{"format": 1, "sha256": 3}'])
    def test_a_record(self, copy, text):
        (copy / "corpus.json").write_text(text)
        with pytest.raises(DatasetError, match=r"corpus\.json is cut short or altered"):
            read_corpus(copy)

    def test_files_that_are_no_files_or_too_large(self, copy):
        (copy / "frames.csv.gz").unlink()
        os.mkfifo(copy / "frames.csv.gz")
        with pytest.raises(DatasetError, match=r"frames\.csv\.gz is no file"):
            read_corpus(copy)
        os.truncate(copy / "subjects.csv", 2**31)
        with pytest.raises(DatasetError, match=r"subjects\.csv is larger than"):
            read_corpus(copy)
        os.truncate(copy / "corpus.json", 2**31)
        with pytest.raises(DatasetError, match=r"corpus\.json is larger than"):
            read_corpus(copy)


class TestBadInput:
    def test_a_sheet_of_the_wrong_size(self, tiny_source, tmp_path):
        subjects, frames, sheets = tiny_source
        sheets[2] = ("s003", sheets[2][1][:-64])
        with pytest.raises(
            DatasetError, match=r"'s003' must be uint8 of shape \(768, 2"
        ):
            write_corpus(tmp_path / "c", sheets, subjects, frames, INFO)
        assert list(tmp_path.iterdir()) == []

    def test_a_sheet_is_missing(self, tiny_source, tmp_path):
        subjects, frames, sheets = tiny_source
        with pytest.raises(DatasetError, match=r"does not list sheets/s006\.webp"):
            write_corpus(tmp_path / "c", sheets[:-1], subjects, frames, INFO)
        assert list(tmp_path.iterdir()) == []

    def test_a_sheet_twice(self, tiny_source, tmp_path):
        subjects, frames, sheets = tiny_source
        with pytest.raises(DatasetError, match="'s001' is unexpected or a repetition"):
            write_corpus(tmp_path / "c", [*sheets, sheets[0]], subjects, frames, INFO)

    def test_frames_out_of_order(self, tiny_source, tmp_path):
        subjects, frames, sheets = tiny_source
        with pytest.raises(DatasetError, match="in that order: 288 rows"):
            write_corpus(tmp_path / "c", sheets, subjects, frames[::-1], INFO)

    def test_a_frame_too_few(self, tiny_source, tmp_path):
        subjects, frames, sheets = tiny_source
        with pytest.raises(DatasetError, match="received 287 rows"):
            write_corpus(tmp_path / "c", sheets, subjects, frames[:-1], INFO)

    def test_a_column_too_few(self, tiny_source, tmp_path):
        subjects, frames, sheets = tiny_source
        frames = frames.drop(columns="intensity")
        with pytest.raises(DatasetError, match="'frames' lacks the columns intensity"):
            write_corpus(tmp_path / "c", sheets, subjects, frames, INFO)


class TestInterruption:
    @pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
    def test_while_rendering_leaves_the_old_corpus(self, copy, tiny_source, error):
        subjects, frames, sheets = tiny_source
        before = _files(copy)

        def interrupted():
            yield sheets[0]
            raise error

        with pytest.raises(error):
            write_corpus(copy, interrupted(), subjects, frames, INFO)
        assert _files(copy) == before
        assert _nothing_else(copy)

    def test_while_rendering_the_first_leaves_nothing(self, tiny_source, tmp_path):
        subjects, frames, sheets = tiny_source

        def interrupted():
            yield from sheets[:3]
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_corpus(tmp_path / "c", interrupted(), subjects, frames, INFO)
        assert list(tmp_path.iterdir()) == []

    def test_between_the_two_renames(self, copy, tiny_source, monkeypatch):
        subjects, frames, sheets = tiny_source
        before = _files(copy)
        rename = type(copy).rename

        def interrupted(path, target):
            if path.name.endswith(".partial"):
                raise KeyboardInterrupt
            return rename(path, target)

        monkeypatch.setattr(type(copy), "rename", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write_corpus(copy, sheets, subjects, frames, INFO, quality=50)
        assert _files(copy) == before
        assert _nothing_else(copy)

    def test_what_a_kill_left_is_cleared(self, copy, tiny_source):
        subjects, frames, sheets = tiny_source
        partial = copy.with_name(f".{copy.name}.partial")
        partial.mkdir()
        (partial / "half").touch()
        (copy / "README.md").write_text("datasheet")
        copy.rename(copy.with_name(f".{copy.name}.previous"))
        write_corpus(copy, sheets, subjects, frames, INFO)
        assert (copy / "README.md").read_text() == "datasheet"
        assert not (copy / "half").exists()
        assert _nothing_else(copy)

    def test_success_keeps_what_is_not_of_the_format(self, copy, tiny_source):
        subjects, frames, sheets = tiny_source
        (copy / "README.md").write_text("datasheet")
        (copy / "difficulty.json").write_text("{}")
        (copy / "sheets/s999.webp").touch()
        write_corpus(copy, sheets, subjects, frames, INFO | {"edition": 2})
        assert (copy / "README.md").read_text() == "datasheet"
        assert (copy / "difficulty.json").exists()
        assert not (copy / "sheets/s999.webp").exists()
        assert read_corpus(copy).meta.attrs["edition"] == 2
        assert _nothing_else(copy)


def test_the_table_of_frames_has_no_time_stamp(tiny_corpus):
    data = (tiny_corpus / "frames.csv.gz").read_bytes()
    assert data[4:8] == bytes(4)
    assert gzip.decompress(data).startswith(b"subject,emotion,sentence,clip,frame")


def test_the_format_is_written_down(tiny_corpus):
    record = json.loads((tiny_corpus / "corpus.json").read_text())
    assert record["format"] == corpus_module.FORMAT
