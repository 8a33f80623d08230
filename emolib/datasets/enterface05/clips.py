"""Which clips a copy of eNTERFACE'05 holds.

Names of folders tell, not names of files: those of subject 11 say 12.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from emolib.datasets.enterface05.archive import Archive
from emolib.datasets.face_dataset import DatasetError
from emolib.emotions import EMOTIONS, get_emotion
from emolib.faces.formats import is_hidden
from emolib.faces.video import CONVERT

#: Numbers of the folders, and the sentences of each emotion.
SUBJECTS = tuple(range(1, 45))
SENTENCES = (1, 2, 3, 4, 5)
#: Subjects that are not used: 6 is not cut into clips, 23 lacks three of them.
LEFT_OUT = {
    6: "subject 6 is left out: sessions that are not cut into clips",
    23: "subject 23 is left out: three clips of happiness are missing",
}

#: Why a file is passed over that nobody misses.
SYSTEM = "was left there by an operating system"
_OTHER_VIDEO = f"is no .avi file; convert it with {CONVERT}"
_VIDEOS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".wmv", ".mpg", ".mpeg", ".flv")


def subject_name(subject: int) -> str:
    """Return the name of a subject (1 to 44) in the data set, such as ``s03``."""
    return f"s{subject:02d}"


def clip_name(subject: int, emotion: str, sentence: int) -> str:
    """Return the name of a clip in the data set, such as ``s03_ha_1``."""
    return f"{subject_name(subject)}_{get_emotion(emotion).code}_{sentence}"


#: The clips of the clean corpus: 42 subjects, six emotions, five sentences.
EXPECTED = tuple(
    clip_name(*place)
    for place in product(SUBJECTS, EMOTIONS, SENTENCES)
    if place[0] not in LEFT_OUT
)


@dataclass(frozen=True, order=True)
class ArchiveClip:
    """One usable video of a copy of eNTERFACE'05."""

    subject: int  # 1 to 44
    emotion: str  # one of the six
    sentence: int  # 1 to 5
    file: str  # the video, one of `Archive.files`
    crc32: str  # eight hexadecimal digits

    @property
    def name(self) -> str:
        """Name of the clip in the data set, such as ``s11_ha_2``."""
        return clip_name(self.subject, self.emotion, self.sentence)


@dataclass(frozen=True)
class Survey:
    """What a copy of eNTERFACE'05 holds.

    Attributes
    ----------
    clips : tuple of ArchiveClip
        The usable ones, by subject, emotion and sentence.
    skipped, misnamed : dict of str to str
        Every other file, refused one or empty folder -> why it is passed over; video
        whose name contradicts its folders, or cannot be read -> what it says.
    missing : tuple of str
        Names of clips of the clean corpus that are not there.
    """

    clips: tuple[ArchiveClip, ...]
    skipped: dict[str, str]
    misnamed: dict[str, str]
    missing: tuple[str, ...]


def find_clips(archive: Archive | str | Path) -> Survey:
    """Find the usable videos in a copy of eNTERFACE'05.

    Parameters
    ----------
    archive : Archive, str or Path
        The zip, the folder it was unpacked into, its parent, or a copy whose names have
        ``-`` or ``_`` for spaces. Upper and lower case, blanks at the end of a name and
        further levels of folders do not matter. DatasetError if it looks like none.

    Returns
    -------
    Survey
        If one sentence's folder holds two videos, the first is taken if they are the
        same, byte for byte, otherwise neither.
    """
    if not isinstance(archive, Archive):
        with Archive(archive) as opened:
            return find_clips(opened)
    skipped = archive.refused | dict.fromkeys(archive.folders, "is an empty folder")
    skipped = {name: SYSTEM if _of_system(name) else skipped[name] for name in skipped}
    candidates = defaultdict(list)
    for file in archive.files:
        place = SYSTEM if _of_system(file) else _place(file)
        if isinstance(place, str):
            skipped[file] = place
        else:
            candidates[place].append(file)
    if not candidates and not set(LEFT_OUT.values()) & set(skipped.values()):
        others = list(skipped.values()).count(_OTHER_VIDEO)
        raise DatasetError(
            f"{archive.path} does not look like eNTERFACE'05: no video lies in folders "
            "such as 'subject 1/anger/sentence 1'. Pass the zip, or the folder "
            "'enterface database'."
            + f" {others:,} videos are no .avi files; convert each with {CONVERT}."
            * bool(others)
        )
    clips, misnamed = [], {}
    for place, files in sorted(candidates.items()):
        for file, crc32, reason in _without_duplicates(archive, files):
            if reason:
                skipped[file] = reason
                continue
            clips.append(ArchiveClip(*place, file, crc32))
            if says := _contradiction(file, *place):
                misnamed[file] = says
    there = {clip.name for clip in clips}
    missing = tuple(name for name in EXPECTED if name not in there)
    return Survey(tuple(clips), dict(sorted(skipped.items())), misnamed, missing)


def holds_videos(folder: Path) -> bool:
    """Say whether a folder looks like an unpacked copy, or the parent of one."""
    if not os.access(folder, os.R_OK | os.X_OK):
        return False
    inside = [path.name for path in folder.iterdir() if path.is_dir()]
    return any(_subject(n) or _squeezed(n) == "enterfacedatabase" for n in inside)


def _place(file: str) -> tuple[int, str, int] | str:
    """Return (subject, emotion, sentence), or why the file is passed over."""
    *folders, name = file.split("/")
    low = name.strip().lower()
    if not low.endswith(".avi"):
        return _OTHER_VIDEO if low.endswith(_VIDEOS) else "is no .avi file"
    names = [_squeezed(folder) for folder in folders]
    subjects = set(map(_subject, folders)) - {None}
    emotions = set(names) & set(EMOTIONS)
    matches = [re.fullmatch(r"sentence(\d+)", name) for name in names]
    sentences = {int(match[1]) for match in matches if match}
    if len(subjects) == 1 and subjects <= LEFT_OUT.keys():
        return LEFT_OUT[subjects.pop()]
    for found, kind, folder in (
        (subjects, "subject", "subject's folder"),
        (emotions, "emotion", "folder of one of the six emotions"),
        (sentences, "sentence", "sentence's folder"),
    ):
        if not found:
            return f"lies in no {folder}"
        if len(found) > 1:
            return f"lies in folders of two {kind}s"
    [subject], [emotion], [sentence] = subjects, emotions, sentences
    if subject not in SUBJECTS:
        return f"lies in a folder of subject {subject}, expected 1 to 44"
    if sentence not in SENTENCES:
        return f"lies in a folder of sentence {sentence}, expected 1 to 5"
    return subject, emotion, sentence


def _of_system(name: str) -> bool:
    return any(is_hidden(Path(part)) for part in name.split("/") if part != "..")


def _squeezed(folder: str) -> str:
    return re.sub(r"[\s_-]+", "", folder).lower()


def _subject(folder: str) -> int | None:
    match = re.fullmatch(r"subject(\d{1,3})", _squeezed(folder))
    return int(match[1]) if match else None


def _without_duplicates(
    archive: Archive, files: list[str]
) -> Iterator[tuple[str, str, str | None]]:
    """Yield (file, checksum, why it is passed over or None) for one sentence."""
    known = {}
    for file in files:
        try:
            known[file] = archive.crc32(file), archive.size(file)
        except DatasetError as error:
            yield file, "", f"cannot be read ({error})"
    first = next(iter(known), None)
    for file, total in known.items():
        reason = None
        if len(set(known.values())) > 1:
            others = ", ".join(other for other in known if other != file)
            reason = f"shares its sentence with {others}; neither is taken"
        elif file != first:
            reason = f"is the same as {first}, which is taken"
        yield file, total[0], reason


def _contradiction(file: str, subject: int, emotion: str, sentence: int) -> str | None:
    stem = file.rsplit("/", 1)[1].strip().lower().removesuffix(".avi")
    match = re.fullmatch(r"s(\d+)_([a-z]{2})_(\d)", stem)
    if match is None:
        return "the name has another form"
    said = int(match[1]), match[2], int(match[3])
    true = subject, get_emotion(emotion).code, sentence
    kinds = ("subject", "emotion", "sentence")
    told = zip(kinds, said, true, strict=True)
    wrong = [f"{kind} {one}" for kind, one, other in told if one != other]
    return f"the name says {' and '.join(wrong)}" if wrong else None
