"""Which videos a copy of eNTERFACE'05 holds, against the plan that wrote it.

The plan is that of `emolib.datasets.enterface05.standin`, which knows nothing of the
code tested here. Files are a few bytes: no video is decoded.
"""

import zipfile

import pytest

from emolib.datasets import DatasetError, load
from emolib.datasets.enterface05 import standin
from emolib.datasets.enterface05.archive import Archive
from emolib.datasets.enterface05.clips import EXPECTED, LEFT_OUT, find_clips


def plan():
    return [t for n in standin.SUBJECTS for t in standin._plan(n, 5, 1.4)]


def write(folder, *, rename=str):
    """Write the full tree of the stand-in with other contents."""
    for take in plan():
        path = folder / rename(take.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(take.path.encode())
    for name in standin._bystanders(list(standin.SUBJECTS)):
        standin._write_bystander(folder / rename(f"{standin.DATABASE}/{name}"))
    return folder


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return write(tmp_path_factory.mktemp("copy of the corpus"))


def told(survey):
    return {c.file: (c.subject, c.emotion, c.sentence) for c in survey.clips}


def test_every_clip_of_the_clean_corpus_is_found_with_its_labels(tree):
    survey = find_clips(tree)
    truth = {t.path: (t.subject, t.emotion, t.sentence) for t in plan() if t.usable}
    assert told(survey) == truth
    assert len(truth) == len(EXPECTED) == 1260
    assert tuple(c.name for c in survey.clips) == EXPECTED
    assert survey.missing == ()
    assert [c.name for c in survey.clips[:2]] == ["s01_an_1", "s01_an_2"]
    assert len({c.name for c in survey.clips}) == 1260


def test_everything_else_is_accounted_for(tree):
    survey = find_clips(tree)
    unused = {t.path for t in plan() if not t.usable}
    assert len(unused) == 33
    others = set(survey.skipped) - unused
    assert others == {
        "enterface database/subject 20/neutral",
        "enterface database/subject 20/anger/Thumbs.db",
        "enterface database/subject 20/fear/sentence 1/Thumbs.db",
        "enterface database/subject 12/.DS_Store",
    }
    assert {survey.skipped[name] for name in unused} == set(LEFT_OUT.values())


def test_misleading_file_names_are_reported_and_not_believed(tree):
    survey = find_clips(tree)
    says = list(survey.misnamed.values())
    assert says.count("the name says subject 12") == 30
    assert says.count("the name has another form") == 23  # 22 of subject 3, and s16
    assert len(says) == 53


@pytest.mark.parametrize(
    "inside", ["", "enterface database", "enterface database/../enterface database"]
)
def test_the_folder_its_parent_and_a_zip_hold_the_same(
    tree, zip_standin, tmp_path, inside
):
    survey = find_clips(tree / inside)
    packed = zip_standin(tree, tmp_path / "project2_database.zip")
    assert [c.name for c in survey.clips] == [c.name for c in find_clips(packed).clips]
    assert [c.crc32 for c in survey.clips] == [
        c.crc32 for c in find_clips(packed).clips
    ]


@pytest.mark.parametrize("blank", ["-", "_", ""])
def test_renamed_copies_hold_the_same(tree, tmp_path, blank):
    copy = write(tmp_path, rename=lambda path: path.replace(" ", blank))
    renamed, original = find_clips(copy), find_clips(tree)
    assert [c.name for c in renamed.clips] == [c.name for c in original.clips]
    assert set(renamed.misnamed.values()) == set(original.misnamed.values())


def small(tmp_path, files):
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return find_clips(tmp_path)


GOOD = "subject 1/anger/sentence 1/a.avi"


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("subject 1/anger/a.avi", "no sentence's folder"),
        ("subject 1/neutral/sentence 1/a.avi", "no folder of one of the six"),
        ("anger/sentence 1/a.avi", "no subject's folder"),
        ("subject 45/anger/sentence 1/a.avi", "subject 45, expected 1 to 44"),
        ("subject 0/anger/sentence 1/a.avi", "subject 0, expected"),
        ("subject 2/anger/sentence 6/a.avi", "sentence 6, expected 1 to 5"),
        ("subject 2/subject 3/anger/sentence 1/a.avi", "two subjects"),
        ("subject 2/anger/fear/sentence 1/a.avi", "two emotions"),
        ("subject 2/anger/sentence 1/sentence 2/a.avi", "two sentences"),
        ("subject 2/anger/sentence 1/notes.txt", "no .avi file"),
        ("__MACOSX/subject 2/anger/sentence 1/a.avi", "operating system"),
        ("subject 2/anger/sentence 1/._a.avi", "operating system"),
    ],
)
def test_what_does_not_fit_is_skipped_with_its_reason(tmp_path, file, reason):
    survey = small(tmp_path, {GOOD: b"1", file: b"2"})
    assert [c.file for c in survey.clips] == [GOOD]
    assert reason in survey.skipped[file]
    assert len(survey.missing) == 1259


def test_levels_case_and_blanks_do_not_matter(tmp_path):
    name = "Old Disk/SUBJECT  02 /x/Anger  /take/Sentence_3/more/s9_su_1.AVI"
    (clip,) = small(tmp_path, {name: b"1"}).clips
    assert (clip.subject, clip.emotion, clip.sentence) == (2, "anger", 3)


def test_two_different_videos_of_one_sentence_are_both_rejected(tmp_path):
    other = "subject 1/anger/sentence 1/b.avi"
    good = "subject 1/anger/sentence 2/c.avi"
    survey = small(tmp_path, {GOOD: b"1", other: b"2", good: b"3"})
    assert [c.file for c in survey.clips] == [good]
    assert other in survey.skipped[GOOD]
    assert "neither is taken" in survey.skipped[other]
    assert "s01_an_1" in survey.missing


def test_of_two_equal_videos_of_one_sentence_the_first_is_taken(tmp_path):
    other = "subject-1/anger/sentence 1/b.avi"
    survey = small(tmp_path, {GOOD: b"1", other: b"1"})
    (clip,) = survey.clips
    (skipped,) = survey.skipped.values()
    assert clip.file in skipped
    assert "is the same as" in skipped


def test_a_folder_that_is_not_the_corpus_is_refused(tmp_path):
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "film.avi").write_bytes(b"1")
    with pytest.raises(DatasetError, match="does not look like eNTERFACE"):
        find_clips(tmp_path)
    with pytest.raises(DatasetError, match="gone does not exist"):
        find_clips(tmp_path / "gone")


# What must never be read: members that lead elsewhere, links, bombs.


def attack(path, member, content=b"x", **attributes):
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(GOOD, b"1")
        info = zipfile.ZipInfo(member)
        for name, value in attributes.items():
            setattr(info, name, value)
        packed.writestr(info, content, zipfile.ZIP_DEFLATED)
    return path


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ("../subject 2/anger/sentence 1/a.avi", "leads out"),
        ("subject 2/../../anger/sentence 1/a.avi", "leads out"),
        ("subject 2\\..\\..\\anger\\sentence 1\\a.avi", "leads out"),
        ("/etc/subject 2/anger/sentence 1/a.avi", "absolute path"),
        ("\\\\server\\subject 2\\anger\\sentence 1\\a.avi", "absolute path"),
        ("C:\\subject 2\\anger\\sentence 1\\a.avi", "absolute path"),
        ("c:subject 2/anger/sentence 1/a.avi", "absolute path"),
    ],
)
def test_members_that_lead_elsewhere_are_refused(tmp_path, member, reason):
    survey = find_clips(attack(tmp_path / "x.zip", member))
    assert [c.file for c in survey.clips] == [GOOD]
    assert reason in survey.skipped[member.replace("\\", "/")]


def test_links_in_a_zip_are_refused(tmp_path):
    member = "subject 2/anger/sentence 1/a.avi"
    packed = attack(
        tmp_path / "x.zip", member, b"/etc/passwd", external_attr=0o120777 << 16
    )
    assert "is a link" in find_clips(packed).skipped[member]


def test_links_in_a_folder_are_refused(tmp_path):
    (tmp_path / "secret.avi").write_bytes(b"2")
    corpus = tmp_path / "corpus"
    small(corpus, {GOOD: b"1"})
    (corpus / "subject 1/anger/sentence 2").symlink_to(tmp_path)
    (corpus / "subject 1/anger/sentence 1/b.avi").symlink_to(tmp_path / "secret.avi")
    survey = find_clips(corpus)
    assert [c.file for c in survey.clips] == [GOOD]
    assert list(survey.skipped.values()) == ["is a link"] * 2


def test_bombs_are_refused(tmp_path):
    member = "subject 2/anger/sentence 1/a.avi"
    packed = attack(tmp_path / "x.zip", member, bytes(5_000_000))
    assert "to 5,000,000 bytes" in find_clips(packed).skipped[member]


def test_a_member_with_a_password_is_refused(tmp_path):
    packed = tmp_path / "x.zip"
    attack(packed, "subject 2/anger/sentence 1/a.avi")
    data = bytearray(packed.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 8] |= 1
    packed.write_bytes(data)
    assert "password" in " ".join(find_clips(packed).skipped.values())


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("second", "count"), [(b"1", 1), (b"2", 0)])
def test_a_member_that_is_there_twice(tmp_path, second, count):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        packed.writestr(GOOD, b"1")
        packed.writestr(GOOD, second)
        packed.writestr("subject 3/fear/sentence 1/a.avi", b"3")
    survey = find_clips(tmp_path / "x.zip")
    assert sum(c.subject == 1 for c in survey.clips) == count
    assert (GOOD in survey.skipped) == (count == 0)


@pytest.mark.parametrize("content", [b"", b"no zip at all" * 100, b"PK\x03\x04" * 9])
def test_what_is_no_zip_is_named(tmp_path, content):
    path = tmp_path / "project2_database.zip"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"project2_database.zip is no zip.*again"):
        find_clips(path)


def test_a_zip_cut_short_is_named(tree, zip_standin, tmp_path):
    whole = zip_standin(tree, tmp_path / "whole.zip").read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DatasetError, match="damaged or cut short"):
        find_clips(tmp_path / "half.zip")


def test_a_member_that_is_damaged_fails_when_it_is_read(tmp_path):
    packed = tmp_path / "x.zip"
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(GOOD, b"abcdefgh")
    packed.write_bytes(packed.read_bytes().replace(b"abcdefgh", b"abcdXfgh"))
    with Archive(packed) as archive:
        assert archive.files == (GOOD,)
        with pytest.raises(DatasetError, match=r"a\.avi cannot be read.*CRC"):
            archive.read(GOOD)


# What a reader meets who passes the wrong thing to load.


def test_load_says_how_to_prepare(tree, tmp_path):
    packed = tmp_path / "x.zip"
    packed.write_bytes(b"")
    (tmp_path / "begun" / "work").mkdir(parents=True)
    for path, words in (
        (None, "needs the path of a prepared copy"),
        (tmp_path / "gone", "does not exist"),
        (packed, "perhaps the zip itself"),
        (tree, "holds the videos"),
        (tree / "enterface database", "holds the videos"),
        (tmp_path / "begun", "is not finished"),
        (tmp_path, "holds no prepared copy"),
    ):
        with pytest.raises(DatasetError, match=words) as error:
            load("enterface05", path)
        assert "emolib datasets prepare enterface05 SOURCE DEST" in str(error.value)


def test_load_refuses_another_corpus(tiny_corpus):
    with pytest.raises(DatasetError, match="'tiny', not enterface05"):
        load("enterface05", tiny_corpus)
