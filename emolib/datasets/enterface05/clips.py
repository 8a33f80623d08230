"""eNTERFACE'05, the corpus of the deck: which clips a copy holds, and how to load it.

42 people were recorded as they reacted to stories with one of six emotions, five
sentences per emotion (Martin, Kotsia, Macq and Pitas 2006,
doi:10.1109/ICDEW.2006.145). The corpus is a zip of videos: `find_clips` says which of
them can be used, ``emolib datasets prepare enterface05`` makes faces of them, and
`load` reads those. Taught in chapter 12.

Subject and emotion come from the names of folders and the sentence from its folder's.
Names of files are not trusted: those of subject 11 say 12.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from emolib.datasets.corpus import RECORD, read_corpus
from emolib.datasets.enterface05.archive import Source
from emolib.datasets.face_dataset import DatasetError, FaceDataset
from emolib.emotions import EMOTIONS, get_emotion

#: Numbers of the folders, and the sentences of each emotion.
SUBJECTS = tuple(range(1, 45))
SENTENCES = (1, 2, 3, 4, 5)
#: Subjects that are not used: 6 is not cut into clips, 23 lacks three of them.
LEFT_OUT = {
    6: "subject 6 is left out: sessions that are not cut into clips",
    23: "subject 23 is left out: three clips of happiness are missing",
}
#: Clips of the clean corpus: 42 subjects, six emotions, five sentences.
EXPECTED = (len(SUBJECTS) - len(LEFT_OUT)) * len(EMOTIONS) * len(SENTENCES)

_HOW = "Make it with `emolib datasets prepare enterface05 SOURCE DEST`"
_LEFTOVERS = ("thumbs.db", "desktop.ini")


@dataclass(frozen=True, order=True)
class SourceClip:
    """One usable video of a copy of eNTERFACE'05. Taught in chapter 12.

    Attributes
    ----------
    subject : int
        1 to 44.
    emotion : str
        One of the six.
    sentence : int
        1 to 5.
    file : str
        The video, below the source.
    crc32 : str
        Checksum of the video, eight hexadecimal digits.
    """

    subject: int
    emotion: str
    sentence: int
    file: str
    crc32: str

    @property
    def name(self) -> str:
        """Name of the clip in the data set, such as ``s11_ha_2``."""
        return clip_name(self.subject, self.emotion, self.sentence)


@dataclass(frozen=True)
class Survey:
    """What a copy of eNTERFACE'05 holds.

    Attributes
    ----------
    clips : tuple of SourceClip
        The usable ones, by subject, emotion and sentence.
    skipped : dict of str to str
        Every other file, refused one or empty folder -> why it is passed over.
    misnamed : dict of str to str
        Video whose name contradicts its folders, or cannot be read -> what it says.
    missing : tuple of str
        Names of clips of the clean corpus that are not there.
    """

    clips: tuple[SourceClip, ...]
    skipped: dict[str, str] = field(default_factory=dict)
    misnamed: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def clip_name(subject: int, emotion: str, sentence: int) -> str:
    """Return the name of a clip. Used by chapter 12.

    Parameters
    ----------
    subject, emotion, sentence
        As in `SourceClip`.

    Examples
    --------
    >>> clip_name(3, "happiness", 1)
    's03_ha_1'
    """
    return f"s{subject:02d}_{get_emotion(emotion).code}_{sentence}"


def find_clips(source: Source | str | Path) -> Survey:
    """Find the usable videos in a copy of eNTERFACE'05. Taught in chapter 12.

    Parameters
    ----------
    source : Source, str or Path
        The zip, the folder it was unpacked into, its parent, or a copy whose names
        have ``-`` or ``_`` for spaces. Upper and lower case, blanks at the end of a
        name and further levels of folders do not matter.

    Returns
    -------
    Survey
        Two videos in one sentence's folder: if they are the same, byte for byte, the
        first is taken, otherwise neither.

    Raises
    ------
    DatasetError
        If nothing there looks like the corpus.
    """
    if not isinstance(source, Source):
        with Source(source) as opened:
            return find_clips(opened)
    skipped = dict(source.refused)
    skipped.update(dict.fromkeys(source.folders, "is an empty folder"))
    candidates = defaultdict(list)
    somebody = False
    for file in source.files:
        place = _place(file)
        somebody |= isinstance(place, tuple) or place in LEFT_OUT.values()
        if isinstance(place, str):
            skipped[file] = place
        else:
            candidates[place].append(file)
    if not somebody:
        raise DatasetError(
            f"{source.path} does not look like eNTERFACE'05: no video lies in folders "
            "such as 'subject 1/anger/sentence 1'. Pass the zip, or the folder "
            "'enterface database'."
        )
    clips, misnamed = [], {}
    for (subject, emotion, sentence), files in sorted(candidates.items(), key=_rank):
        for file, crc, reason in _without_duplicates(source, files):
            if reason:
                skipped[file] = reason
                continue
            clips.append(SourceClip(subject, emotion, sentence, file, crc))
            says = _contradiction(file, subject, emotion, sentence)
            if says:
                misnamed[file] = says
    there = {clip.name for clip in clips}
    missing = [
        clip_name(subject, emotion, sentence)
        for subject in SUBJECTS
        if subject not in LEFT_OUT
        for emotion in EMOTIONS
        for sentence in SENTENCES
    ]
    return Survey(
        tuple(clips),
        dict(sorted(skipped.items())),
        misnamed,
        tuple(name for name in missing if name not in there),
    )


def load(path: str | Path | None) -> FaceDataset:
    """Load eNTERFACE'05 as it was prepared from the videos. Taught in chapter 12.

    Parameters
    ----------
    path : str or Path
        The DEST of ``emolib datasets prepare enterface05 SOURCE DEST``, or the
        ``corpus`` in it.

    Returns
    -------
    FaceDataset
        Frames of the clips in which a face was found. ``meta`` has ``detected`` (False
        where the nearest frame with a face stands in), ``score``, ``faces`` (found in
        the frame), ``interocular`` (pixels in the video) and ``time`` (seconds).
        ``intensity`` is missing, for nobody annotated it: the label is what a whole
        clip was to elicit. ``split`` is a fixed one by subject; for results use
        `emolib.datasets.folds.subject_folds`.

    Raises
    ------
    DatasetError
        If nothing has been prepared there, or a file is damaged.
    """
    if path is None:
        raise DatasetError(
            "load('enterface05', path) needs the path of a prepared copy. "
            f"{_HOW}, where SOURCE is the zip of the official page."
        )
    folder = Path(path).expanduser()
    if not (folder / RECORD).is_file():
        folder = folder / "corpus"
    if not (folder / RECORD).is_file():
        raise DatasetError(f"{path} {_what_instead(Path(path).expanduser())}. {_HOW}.")
    try:
        everything = read_corpus(folder)
    except DatasetError as error:
        what = str(error).split(" Restore it with", 1)[0]
        raise DatasetError(
            f"{what} {_HOW}; clips that are finished are not made again."
        ) from error
    meta = everything.meta
    if meta.attrs.get("name") != "enterface05" or "usable" not in meta:
        raise DatasetError(
            f"{path} holds {meta.attrs.get('name')!r}, not enterface05; load it with "
            "load('synthface', path)."
        )
    usable = meta.pop("usable").to_numpy(dtype=bool)
    whole = FaceDataset(everything.name, everything.images, everything.labels, meta)
    return whole.subset(usable)


def _what_instead(path: Path) -> str:
    if not path.exists():
        return "does not exist"
    if path.is_file():
        return "is a file, perhaps the zip itself, and not a prepared copy"
    if (path / "work").is_dir():
        return "is not finished; the same command goes on where it stopped"
    inside = [p.name for p in path.iterdir() if p.is_dir()]
    if any(_subject(n) or _squeezed(n) == "enterfacedatabase" for n in inside):
        return "holds the videos, and not a prepared copy"
    return "holds no prepared copy"


def _rank(item: tuple[tuple[int, str, int], list[str]]) -> tuple[int, int, int]:
    subject, emotion, sentence = item[0]
    return subject, EMOTIONS.index(emotion), sentence


def _place(file: str) -> tuple[int, str, int] | str:
    """Return (subject, emotion, sentence), or why the file is passed over."""
    *folders, name = file.split("/")
    low = name.strip().lower()
    if low in _LEFTOVERS or low.startswith(".") or "__MACOSX" in folders:
        return "was left there by an operating system"
    if not low.endswith(".avi"):
        return "is no .avi file"
    subjects = [n for n in map(_subject, folders) if n is not None]
    if not subjects:
        return "lies in no subject's folder"
    if len(set(subjects)) > 1:
        return "lies in folders of two subjects"
    if subjects[0] not in SUBJECTS:
        return f"lies in a folder of subject {subjects[0]}, expected 1 to 44"
    if subjects[0] in LEFT_OUT:
        return LEFT_OUT[subjects[0]]
    names = [_squeezed(folder) for folder in folders]
    emotions = {name for name in names if name in EMOTIONS}
    if not emotions:
        return "lies in no folder of one of the six emotions"
    if len(emotions) > 1:
        return "lies in folders of two emotions"
    found = [re.fullmatch(r"sentence(\d+)", name) for name in names]
    sentences = {int(match[1]) for match in found if match}
    if not sentences:
        return "lies in no sentence's folder"
    if len(sentences) > 1:
        return "lies in folders of two sentences"
    if not sentences <= set(SENTENCES):
        return f"lies in a folder of sentence {min(sentences)}, expected 1 to 5"
    return subjects[0], emotions.pop(), sentences.pop()


def _squeezed(folder: str) -> str:
    return re.sub(r"[\s_-]+", "", folder).lower()


def _subject(folder: str) -> int | None:
    match = re.fullmatch(r"subject(\d{1,3})", _squeezed(folder))
    return int(match[1]) if match else None


def _without_duplicates(
    source: Source, files: list[str]
) -> Iterator[tuple[str, str, str | None]]:
    """Yield (file, checksum, why it is passed over or None) for one sentence."""
    sums = []
    for file in files:
        try:
            sums.append((source.crc32(file), source.size(file)))
        except DatasetError as error:
            yield file, "", f"cannot be read ({error})"
            sums.append(None)
    known = [pair for pair in zip(files, sums, strict=True) if pair[1]]
    same = len({total for _, total in known}) == 1
    for k, (file, total) in enumerate(known):
        reason = None
        if len(known) > 1 and not same:
            others = ", ".join(other for other, _ in known if other != file)
            reason = f"shares its sentence with {others}; neither is taken"
        elif k > 0:
            reason = f"is the same as {known[0][0]}, which is taken"
        yield file, total[0], reason


def _contradiction(file: str, subject: int, emotion: str, sentence: int) -> str | None:
    stem = file.rsplit("/", 1)[1].strip().lower().removesuffix(".avi")
    match = re.fullmatch(r"s(\d+)_([a-z]{2})_(\d)", stem)
    if match is None:
        return "the name has another form"
    says = []
    if int(match[1]) != subject:
        says.append(f"subject {int(match[1])}")
    if match[2] != get_emotion(emotion).code:
        says.append(f"emotion {match[2]}")
    if int(match[3]) != sentence:
        says.append(f"sentence {match[3]}")
    return f"the name says {' and '.join(says)}" if says else None
