"""A folder of class folders: the form in which people keep their own images."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageOps

from emolib.datasets.face_dataset import DatasetError, FaceDataset
from emolib.emotions import EMOTIONS, UnknownEmotionError, get_emotion
from emolib.errors import did_you_mean
from emolib.faces import to_canonical

#: File name endings that count as images, in lower case.
SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".tif", ".tiff", ".webp")

#: Other usual names of the classes.
SYNONYMS = {
    "angry": "anger", "disgusted": "disgust", "afraid": "fear", "fearful": "fear",
    "happy": "happiness", "joy": "happiness", "sad": "sadness", "surprised": "surprise",
}  # fmt: skip

_PARTS = {
    "train": "train", "training": "train", "val": "validation", "valid": "validation",
    "validation": "validation", "test": "test", "testing": "test",
}  # fmt: skip


def load(
    path: str | Path | None,
    *,
    subject: str | re.Pattern | None = None,
    name: str = "image_folder",
) -> FaceDataset:
    r"""Load ready face crops from a folder with one folder per class.

    ``path/happy/7.png`` or, with a split, ``path/train/happy/7.png``. A class folder
    has the name, the code or a synonym (``SYNONYMS``) of an emotion, in any case, or is
    called ``neutral``, which gives label -1 and intensity 0. Hidden files, and files
    that do not end as images do, are passed over. Where folders are missing, empty or
    have other names, or an image does not decode, a DatasetError says so.

    Parameters
    ----------
    path : str or Path
        The folder. The images are crops: they are made grey and resized, not aligned.
    subject : str or pattern, optional
        How a file name tells the person: a regular expression, which must match, whose
        first group (or whole match) is the subject. Default: subjects are unknown.
    name : str
        Name of the resulting data set.

    Returns
    -------
    FaceDataset
        Ordered by split, class folder and file name; ``meta.file`` is the path below
        `path`, ``meta.split`` the split folder's name, if there is one.

    Examples
    --------
    CK+ and JAFFE put the person in front of the file name (``S010_004_17.png``):

    >>> load("ck", subject=r"^(S\d+)_")  # doctest: +SKIP
    """
    wanted = "a folder that holds one folder of images per emotion"
    if path is None:
        raise DatasetError(
            f"load('image_folder', path) needs the path of {wanted}, such as "
            "path/happiness/1.png."
        )
    folder = Path(path).expanduser()
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise DatasetError(f"{folder} {what}; pass {wanted}.")
    images, rows = [], []
    for part, kind, files in _class_folders(folder):
        for file in files:
            images.append(_decode(file))
            below = file.relative_to(folder).as_posix()
            rows.append((_subject(file.name, subject), kind, part, below))
    if not images:
        raise DatasetError(
            f"{folder} holds no class folders, hence no images. Expected files such as "
            f"{folder / 'happiness' / '1.png'}."
        )
    meta = pd.DataFrame(rows, columns=["subject", "emotion", "split", "file"])
    labels = pd.Index(EMOTIONS).get_indexer(meta["emotion"])  # -1 for neutral
    meta["intensity"] = np.where(labels == -1, 0.0, np.nan)
    return FaceDataset(name, np.stack(images), labels, meta)


def class_name(folder: str) -> str:
    """Return the emotion (or ``"neutral"``) that a class folder's name stands for.

    Names that mean none of the six are an UnknownEmotionError.

    >>> class_name("Happy")
    'happiness'
    """
    key = folder.strip().lower()
    return key if key == "neutral" else get_emotion(SYNONYMS.get(key, key)).name


def _class_folders(folder: Path) -> Iterator[tuple[str | None, str, list[Path]]]:
    """Yield (part or None, class, image files) in order of the names."""
    children = _folders(folder)
    parts = [child for child in children if child.name.lower() in _PARTS]
    if parts and len(parts) < len(children):
        strange = next(child for child in children if child not in parts)
        raise DatasetError(
            f"{folder} mixes split folders ({parts[0].name}, ...) and other folders "
            f"({strange.name}); keep either split folders or class folders there."
        )
    parts.sort(key=lambda part: list(_PARTS).index(part.name.lower()))
    for part in parts or [folder]:
        name = _PARTS[part.name.lower()] if parts else None
        yield from ((name, *_class(child)) for child in _folders(part))


def _class(folder: Path) -> tuple[str, list[Path]]:
    """Return the class of a folder, and the image files in it."""
    try:
        kind = class_name(folder.name)
    except UnknownEmotionError as error:
        hint = did_you_mean(folder.name, [*EMOTIONS, *SYNONYMS, "neutral"])
        raise DatasetError(
            f"Class folder {folder} is none of the six emotions.{hint} Rename it to "
            f"one of {', '.join(EMOTIONS)} or neutral, or move it elsewhere."
        ) from error
    files = [f for f in _visible(folder) if f.suffix.lower() in SUFFIXES]
    if not files:
        raise DatasetError(
            f"Class folder {folder} is empty: it holds no file that ends in "
            f"{', '.join(SUFFIXES)}. Fill it or remove it."
        )
    return kind, files


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _folders(folder: Path) -> list[Path]:
    return list(filter(Path.is_dir, _visible(folder)))


def _decode(file: Path) -> np.ndarray:
    try:
        with Image.open(file) as image:
            if image.mode[0] in "IF":  # 16 and 32 bits: there is no one way to 0-255
                raise ValueError(f"mode {image.mode}, expected 8 bits per channel")
            return to_canonical(np.asarray(ImageOps.exif_transpose(image).convert("L")))
    except Exception as error:  # damaged files make decoders raise anything
        what = f"does not decode as an image ({error})"
        raise DatasetError(f"{file} {what}; replace or remove it.") from error


def _subject(file_name: str, pattern: str | re.Pattern | None) -> str | None:
    if pattern is None:
        return None
    match = re.search(pattern, file_name)
    if match is None:
        raise DatasetError(
            f"File name {file_name!r} does not match subject={pattern!r}, so its "
            "person is unknown; correct the expression, or leave it out."
        )
    return match[1] if match.re.groups else match[0]
