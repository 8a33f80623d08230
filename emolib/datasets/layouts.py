"""How folders and files of well-known data sets are named, and what names mean."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from emolib.emotions import EMOTIONS, SYNONYMS, get_emotion

#: Names of folders that are a part of the data, without case, digits and signs.
PARTS = {
    "train": "train", "training": "train", "trainset": "train", "trainingset": "train",
    "traindata": "train", "val": "validation", "valid": "validation",
    "validation": "validation", "valset": "validation", "validset": "validation",
    "validationset": "validation", "dev": "validation", "publictest": "validation",
    "eval": "eval", "evaluation": "eval", "test": "test", "testing": "test",
    "testset": "test", "testdata": "test", "privatetest": "test",
}  # fmt: skip

_CODES = {
    "an": "anger", "di": "disgust", "fe": "fear", "af": "fear", "ha": "happiness",
    "sa": "sadness", "su": "surprise", "ne": "neutral",
}  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """How a data set names its folders or files.

    Attributes
    ----------
    about : str
        What it is, for messages.
    classes : dict of str to str
        Names in lower case -> an emotion or ``"neutral"``, beside those that
        `class_name` knows: of folders or, if `file` has a group `emotion`, in files.
    skip : tuple of str
        Names in lower case of what is left out, of folders or groups of `file`.
    file : str, optional
        A regular expression for names of files, case ignored. Its groups `subject` and
        `emotion` say who and what; others become columns of ``meta``.
    """

    about: str
    classes: dict[str, str] = field(default_factory=dict)
    skip: tuple[str, ...] = ()
    file: str | None = None

    @property
    def emotion_in_file(self) -> bool:
        """Whether the file's name, not its folder, says the emotion."""
        return "(?P<emotion>" in (self.file or "")


def _numbered(first: int, *names: str) -> dict[str, str]:
    return {str(number): name for number, name in enumerate(names, first)}


#: Layouts by name. ``ck48``: CK+ (Lucey et al. 2010, doi:10.1109/CVPRW.2010.5543262) as
#: 48x48 crops in folders, such as ``anger/S010_004_00000017.png``. ``rafdb``: RAF-DB
#: (Li et al. 2017, doi:10.1109/CVPR.2017.277), numbers as in its list of labels.
#: ``affectnet``: AffectNet (Mollahosseini et al. 2017, arXiv:1708.03985), numbers as in
#: its column `expression`, in which 8 to 10 are no expression. ``jaffe``: JAFFE (Lyons
#: et al. 1998, doi:10.1109/AFGR.1998.670949), such as ``KA.AN1.39.tiff``: person,
#: emotion and count, total. ``kdef``: KDEF (Lundqvist, Flykt & Öhman 1998, kdef.se),
#: such as ``AF01ANS.JPG``: session A or B, sex and number of the person, emotion, view
#: (S straight, HL and HR half, FL and FR full profiles, which are left out: a crop
#: wants both eyes). JAFFE and KDEF show whole heads: cut out the faces for comparisons.
LAYOUTS = {
    "ck48": Layout(
        "CK+ as 48x48 crops", skip=("contempt",), file=r"^(?P<subject>S\d{3})_"
    ),
    "rafdb": Layout(
        "RAF-DB",
        _numbered(
            1, "surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"
        ),
    ),
    "affectnet": Layout(
        "AffectNet",
        _numbered(
            0, "neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger"
        ),
        skip=("7", "8", "9", "10", "contempt", "none", "uncertain", "non-face"),
    ),
    "jaffe": Layout(
        "JAFFE", _CODES,
        file=r"^(?P<subject>[A-Z]{2})[.\-_](?P<emotion>AN|DI|FE|HA|NE|SA|SU)\d*[.\-_]",
    ),
    "kdef": Layout(
        "KDEF", _CODES, skip=("fl", "hl", "hr", "fr"),
        file=r"^(?P<session>[AB])(?P<subject>[FM]\d\d)"
        r"(?P<emotion>AF|AN|DI|HA|NE|SA|SU)(?P<view>FL|HL|S|HR|FR)(?![A-Z0-9])",
    ),
}  # fmt: skip

#: FER2013's numbers, for which there is no layout: `emolib.datasets.fer2013` reads it.
_FER2013 = _numbered(0, *EMOTIONS, "neutral")


def class_name(folder: str) -> str:
    """Return the emotion (or ``"neutral"``) that a class folder's name stands for.

    It is the name, the code or a synonym of an emotion, in any case, maybe after a
    number. Names that mean none of the six are an UnknownEmotionError.

    >>> class_name("Happy"), class_name("0_angry")
    ('happiness', 'anger')
    """
    key = bare(folder)
    return key if key == "neutral" else get_emotion(SYNONYMS.get(key, key)).name


def bare(name: str) -> str:
    """Return a name in lower case, without the number that it may begin with.

    >>> bare("01-Happy"), bare("7")
    ('happy', '7')
    """
    return re.sub(r"^\d+[\s_.)-]*(?=\D)", "", folded(name))


def folded(name: str) -> str:
    r"""Return a name in the form that is compared: systems differ in case and accents.

    >>> folded(" Anger"), folded("cole\u0300re") == folded("COL\u00c8RE")
    ('anger', True)
    """
    return unicodedata.normalize("NFC", name.strip()).casefold()


def part_name(folder: str) -> str | None:
    """Return the part of the data that a folder is, or ``"eval"``, or None."""
    return PARTS.get(re.sub(r"[\W\d_]", "", folder.casefold()))


def did_you_mean_layout(folders: Iterable[str], files: Iterable[str]) -> str:
    """Return a hint at the layout that names of folders and files look like, or "".

    It ends a message: nothing is guessed, since numbers mean other emotions elsewhere.
    """
    files, numbers = list(files), {bare(name) for name in folders}
    by_file = [k for k, one in LAYOUTS.items() if one.file and _most(one.file, files)]
    by_number = []
    if numbers and all(map(str.isdecimal, numbers)):
        known = {k: {*v.classes, *v.skip} for k, v in LAYOUTS.items() if not v.file}
        by_number = [k for k, names in known.items() if numbers <= names]
        if "rafdb" in by_number and "7" in numbers:
            by_number = ["rafdb"]  # AffectNet without its neutral faces is not likely
    hints = [
        f"If this is {LAYOUTS[name].about}{_order(LAYOUTS[name].classes, numbers)}, "
        f"pass layout={name!r} (--layout {name})."
        for name in by_file or by_number
    ]
    if by_number and numbers <= set(_FER2013):
        order = _order(_FER2013, numbers)
        hints.append(f"If it is FER2013{order}, name the classes so.")
    return "".join(f" {hint}" for hint in hints)


def _most(pattern: str, files: list[str]) -> bool:
    matching = sum(bool(re.search(pattern, name, re.IGNORECASE)) for name in files)
    return matching > len(files) / 2


def _order(classes: dict[str, str], numbers: set[str]) -> str:
    told = [f"{key} {classes[key]}" for key in sorted(numbers) if key in classes]
    return f" ({', '.join(told)})" if told else ""
