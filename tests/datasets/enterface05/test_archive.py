"""Archives made to do harm, and folders that change while they are read."""

import os
import re
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from emolib.datasets import DatasetError
from emolib.datasets.enterface05 import archive as archive_module
from emolib.datasets.enterface05.archive import MAX_BYTES, Archive
from emolib.datasets.enterface05.clips import SYSTEM, find_clips

GOOD = "subject 1/anger/sentence 1/a.avi"
OTHER = "subject 2/anger/sentence 1/a.avi"


def pack(path, members, **options):
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(GOOD, b"good")
        for name, content in members.items():
            packed.writestr(zipfile.ZipInfo(name), content, **options)
    return path


def lay_out(folder, *names):
    for name in (GOOD, *names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"good")
    return folder


FIND = """
import sys
from emolib.datasets.enterface05.clips import find_clips
try:
    survey = find_clips(sys.argv[1])
    print(len(survey.clips), *list(survey.skipped.values())[:3], sep="; ")
except ValueError as error:
    print(error)
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def survey_in_a_process(path) -> tuple[str, float]:
    """Return what is printed, and the peak memory in MB."""
    if not Path("/proc/self/status").exists():
        pytest.skip("needs Linux's account of memory")
    command = [sys.executable, "-c", FIND, path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    said, peak = done.stdout.strip().rsplit("\n", 1)
    return said, int(peak.split()[1]) / 1024


def test_names_of_many_levels_cost_no_memory(tmp_path):
    names = {f"{k}/" + "a/" * 32_000 + "x.avi": b"" for k in range(2)}
    said, peak = survey_in_a_process(pack(tmp_path / "deep.zip", names))
    assert said.startswith("1; has a name of more than 1,000 characters")
    assert peak < 300


def test_a_list_of_a_million_members_is_not_read(tmp_path):
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", *[0] * 9, 1, *[0] * 6) + b"a"
    count = 1_000_000
    end = b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 0, 0, count * len(entry), 0, 0)
    (tmp_path / "many.zip").write_bytes(entry * count + end)
    said, peak = survey_in_a_process(tmp_path / "many.zip")
    assert "many.zip lists its members in 47,000,000 bytes" in said
    assert "the zip of the corpus alone" in said
    assert peak < 200


def test_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_module, "MAX_FILES", 3)
    folder = lay_out(tmp_path / "in", "b", "c", "d")
    packed = pack(tmp_path / "x.zip", dict.fromkeys("bcd", b""))
    for source in (folder, packed):
        with pytest.raises(DatasetError, match="more than 3 files; pass"):
            Archive(source)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("x" * 1001, "a name of more than 1,000 characters"),
        ("d/" * 60 + "a.avi", "more than 50 folders deep"),
        ("subject 2\x1b[2J/anger/sentence 1/a.avi", "control characters"),
        ("subject 2/anger/sentence 1/a\u202eiva.avi", "control characters"),
    ],
)
def test_names_that_no_corpus_has_are_refused(tmp_path, name, reason):
    packed = pack(tmp_path / "x.zip", {name: b"2"})
    survey = find_clips(packed)
    assert [clip.file for clip in survey.clips] == [GOOD]
    (found,) = survey.skipped.values()
    assert reason in found


def test_names_too_long_to_show_are_counted_one_by_one(tmp_path):
    names = {"a/" * 600 + str(k): b"" for k in range(3)}
    assert len(find_clips(pack(tmp_path / "x.zip", names)).skipped) == 3


def test_deep_folders_are_not_entered(tmp_path):
    survey = find_clips(
        lay_out(tmp_path, "d/" * 60 + "subject 2/anger/sentence 1/a.avi")
    )
    assert [clip.file for clip in survey.clips] == [GOOD]
    assert list(survey.skipped.values()) == ["lies more than 50 folders deep"]


def test_members_that_share_bytes_are_refused(tmp_path):
    path = tmp_path / "x.zip"
    pack(path, {OTHER: b"1" * 200, "subject 3/fear/sentence 1/a.avi": b"1" * 200})
    data = bytearray(path.read_bytes())
    _, second, third = (entry.start() for entry in re.finditer(b"PK\1\2", data))
    data[third + 42 : third + 46] = data[second + 42 : second + 46]
    path.write_bytes(data)
    survey = find_clips(path)
    assert [clip.file for clip in survey.clips] == [GOOD]
    assert set(survey.skipped.values()) == {"shares its bytes with another file"}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_at_once_are_refused(tmp_path, method):
    packed = pack(tmp_path / "x.zip", {OTHER: bytes(500_000)}, compress_type=method)
    assert "method other than deflate" in find_clips(packed).skipped[OTHER]


def test_a_size_that_is_not_true_unpacks_to_no_more(tmp_path):
    path = pack(tmp_path / "x.zip", {OTHER: bytes(900_000)}, compress_type=8)
    data = path.read_bytes()
    assert data.count(struct.pack("<I", 900_000)) == 2
    path.write_bytes(data.replace(struct.pack("<I", 900_000), struct.pack("<I", 10)))
    with Archive(path) as archive, pytest.raises(DatasetError, match=r"a\.avi cannot"):
        archive.read(OTHER)


def test_files_of_systems_are_no_faults(tmp_path):
    names = (
        "__MACOSX/subject 1/anger/sentence 1/._a.avi", ".DS_Store", "Icon\r",
        "subject 2/anger/sentence 1/._a.avi", "subject 2/Thumbs.db", "ehthumbs.db",
        "@eaDir/a.avi", "$RECYCLE.BIN/a.avi", "desktop.ini",
    )  # fmt: skip
    packed = pack(tmp_path / "x.zip", dict.fromkeys(names, b"2"))
    for source in (packed, lay_out(tmp_path / "in", *names)):
        survey = find_clips(source)
        assert set(survey.skipped.values()) == {SYSTEM}
        assert len(survey.skipped) == len(names)


def test_names_reserved_on_windows_are_names(tmp_path):
    """Nothing is unpacked, so they may be read there, too."""
    names = [f"subject {k}/anger/sentence 1/{n}.avi" for k, n in
             enumerate(("CON", "nul", "COM1", "aux .x"), start=2)]  # fmt: skip
    assert (
        len(find_clips(pack(tmp_path / "x.zip", dict.fromkeys(names, b"2"))).clips) == 5
    )


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_not_utf_8_are_read(tmp_path):
    name = os.fsdecode(b"subject 2/anger/sentence 1/\xff\xfe.avi")
    survey = find_clips(lay_out(tmp_path, name))
    assert [clip.file for clip in survey.clips] == [GOOD, name]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_pipes_and_devices_are_not_opened(tmp_path):
    lay_out(tmp_path)
    os.mkfifo(tmp_path / "subject 1/anger/sentence 1/b.avi")
    survey = find_clips(tmp_path)
    assert list(survey.skipped.values()) == ["is neither a file nor a folder"]
    for path in (tmp_path / "subject 1/anger/sentence 1/b.avi", Path("/dev/zero")):
        with pytest.raises(DatasetError, match="neither a file nor a folder"):
            Archive(path)


def test_files_that_vanish_grow_or_change_kind_are_named(tmp_path):
    names = [f"subject {k}/anger/sentence 1/a.avi" for k in (2, 3, 4)]
    with Archive(lay_out(tmp_path, *names)) as archive:
        (tmp_path / names[0]).unlink()
        with open(tmp_path / names[1], "wb") as file:
            file.truncate(MAX_BYTES + 1)
        (tmp_path / names[2]).unlink()
        os.mkfifo(tmp_path / names[2])
        for name in names:
            with pytest.raises(DatasetError, match=name):
                archive.read(name)
        survey = find_clips(archive)
    assert [clip.file for clip in survey.clips] == [GOOD]
    assert all("cannot be read" in survey.skipped[name] for name in names)


def test_a_large_file_is_refused(tmp_path):
    with open(lay_out(tmp_path, OTHER) / OTHER, "wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert find_clips(tmp_path).skipped == {OTHER: "is larger than 67,108,864 bytes"}


def test_a_folder_that_cannot_be_listed_stops_nothing(tmp_path, monkeypatch):
    lay_out(tmp_path, OTHER)
    real = os.scandir

    def scandir(path):
        if Path(path).name == "subject 2":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    survey = find_clips(tmp_path)
    assert [clip.file for clip in survey.clips] == [GOOD]
    assert survey.skipped == {"subject 2": "cannot be listed (Permission denied)"}


def test_other_videos_are_told_how_to_become_avi(tmp_path):
    lay_out(tmp_path, "subject 2/anger/sentence 1/a.mp4")
    (reason,) = find_clips(tmp_path).skipped.values()
    assert "ffmpeg -i" in reason
    shutil.rmtree(tmp_path / "subject 1")
    with pytest.raises(DatasetError, match=r"1 videos are no \.avi files.*ffmpeg -i"):
        find_clips(tmp_path)
