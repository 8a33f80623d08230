"""A folder of class folders: the form in which people keep their own images."""

import re
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from emolib.datasets.class_folders import (
    check_all_there,
    counted,
    find_rows,
    given_names,
    list_below,
    some_of,
)
from emolib.datasets.duplicates import copies, earliest
from emolib.datasets.face_dataset import PARTS, DatasetError, FaceDataset
from emolib.datasets.layouts import did_you_mean_layout
from emolib.datasets.splits import LeakageWarning
from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError
from emolib.faces import CROP, PictureError, read_picture, to_canonical


def load(
    path: str | Path | None,
    *,
    classes: Mapping[str, str] | None = None,
    skip: Iterable[str] | None = None,
    layout: str | None = None,
    subject: str | re.Pattern | None = None,
    drop_duplicates: bool = False,
    name: str = "image_folder",
) -> FaceDataset:
    r"""Load ready face crops from a folder with one folder per class.

    ``path/happy/7.png`` or, with a split, ``path/train/happy/7.png``; folders around
    these, and folders of people within classes, do no harm. A class folder has the
    name, the code or a synonym (`emolib.emotions.SYNONYMS`) of an emotion, in any case,
    maybe after a number (``0_angry``), or is called ``neutral``, which gives label -1
    and intensity 0. Parts are ``train``, ``val``, ``dev``, ``test`` and so on
    (`emolib.datasets.layouts.PARTS`); ``eval`` is the test part beside a validation
    part, else the validation part. Pictures are what `emolib.faces.formats.FORMATS`
    lists, decoded as `emolib.faces.read_picture` does.

    A `LeakageWarning` names pictures that are, exactly or nearly, in two parts
    (`emolib.datasets.duplicates`), and a UserWarning those under two labels.

    Parameters
    ----------
    path : str or Path
        The folder. The images are crops: they are made grey and resized, not aligned.
    classes : dict of str to str, optional
        What other folder names, in any case, stand for: ``{"alegria": "happiness"}``.
    skip : list of str, optional
        Names of folders, in any case, to leave out. Given, it replaces the layout's
        own, so that ``skip=[]`` reads KDEF's profiles too.
    layout : str, optional
        A well-known set (`emolib.datasets.layouts.LAYOUTS`): ``"ck48"`` (CK+),
        ``"rafdb"``, ``"affectnet"``, ``"jaffe"`` or ``"kdef"``. Those three with
        letters in their file names tell the subjects, `jaffe` and `kdef` the emotion.
    subject : str or pattern, optional
        How a file name tells the person: a regular expression, which must match, whose
        first group (or whole match) is the subject. One with a ``/`` is held against
        the path below `path`. Default: the layout's, else subjects are unknown.
    drop_duplicates : bool, default False
        Remove images that are equal to an earlier one of the training part (without
        parts, of all), and those of a later part that are nearly the same as one of an
        earlier part.
    name : str
        Name of the resulting data set.

    Returns
    -------
    FaceDataset
        Ordered by split, class folder and file name; ``meta.file`` is the path below
        `path`, ``meta.split`` the part. ``meta.attrs`` counts: ``read``, ``skipped``
        (by reason), ``hidden`` (files of the system), ``not_square`` (stretched) and
        ``duplicates_dropped`` (by part); ``duplicates`` names some of these.

    Raises
    ------
    DatasetError
        If folders are missing, empty or have names of no known meaning, or pictures are
        damaged; all of a kind are found in one pass.
    ArgumentError
        If an option makes no sense.

    Examples
    --------
    >>> load("CK+48", layout="ck48")  # doctest: +SKIP
    >>> load("mine", classes={"ira": "anger"}, skip=["old"])  # doctest: +SKIP
    >>> load("people", subject=r"^(S\d+)_")  # doctest: +SKIP
    """
    faces = read(
        path, classes=classes, skip=skip, layout=layout, subject=subject, name=name
    )
    meta = faces.meta
    part = meta["split"].map({name: k for k, name in enumerate(PARTS)}).fillna(0)
    original = _originals(faces.images, part.to_numpy(dtype=int), drop_duplicates)
    again = np.flatnonzero(original >= 0)
    files = meta["file"].to_numpy()
    pairs = some_of([f"{files[k]} = {files[original[k]]}" for k in again])
    where = meta["split"].fillna("all")
    dropped = dict.fromkeys(where if where.eq("all").all() else PARTS, 0)
    twice = _with_two_labels(faces)
    if drop_duplicates:
        dropped |= where[again].value_counts().to_dict()
        faces = faces.subset(original < 0)
        meta = faces.meta
    elif len(again):
        warnings.warn(
            f"{path}: {len(again):,} pictures occur, exactly or nearly, in two parts, "
            f"which makes test scores too good: {pairs}. Pass drop_duplicates=True to "
            "drop them.",
            LeakageWarning,
            stacklevel=3,
        )
    if twice:
        warnings.warn(
            f"{path}: {len(twice):,} pictures occur, exactly or nearly, in two "
            f"classes: {some_of(twice)}. Remove the wrong ones.",
            stacklevel=3,
        )
    meta.attrs |= {"duplicates_dropped": dropped, "duplicates": pairs}
    return FaceDataset(name, faces.images, faces.labels, meta)


def read(
    path: str | Path | None,
    *,
    classes: Mapping[str, str] | None = None,
    skip: Iterable[str] | None = None,
    layout: str | None = None,
    subject: str | re.Pattern | None = None,
    name: str = "image_folder",
) -> FaceDataset:
    """Do what `load` does, parameters and errors included, but for duplicates."""
    wanted = "a folder that holds one folder of images per emotion"
    if path is None:
        raise DatasetError(
            f"load('image_folder', path) needs the path of {wanted}, such as "
            "path/happiness/1.png."
        )
    names, pattern = given_names(classes, skip, layout), _compiled(subject)
    folder = Path(path).expanduser()
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise DatasetError(f"{folder} {what}; pass {wanted}.")
    try:
        listing = list_below(folder)
    except OSError as error:
        what = f"cannot be listed ({error}); check its permissions."
        raise DatasetError(f"{folder} {what}") from error
    skipped = Counter({why: len(files) for why, files in listing.skipped.items()})
    rows = list(find_rows(folder, listing, names, skipped))
    if not rows:
        raise DatasetError(
            f"{folder} holds no class folders, hence no images{counted(skipped)}. "
            f"Expected files such as {folder / 'happiness' / '1.png'}."
            + did_you_mean_layout([], [file.name for file in listing.pictures])
        )
    check_all_there(folder, names)
    meta = pd.DataFrame(rows)
    if pattern is not None:
        meta["subject"] = [_subject(file, pattern) for file in meta["file"]]
    images, meta.attrs["not_square"] = _decoded(folder, meta["file"])
    counts = {"read": len(meta), "skipped": dict(skipped), "hidden": listing.hidden}
    meta.attrs |= counts
    labels = pd.Index(EMOTIONS).get_indexer(meta["emotion"])  # -1 for neutral
    meta["intensity"] = np.where(labels == -1, 0.0, np.nan)
    return FaceDataset(name, images, labels, meta)


def report(faces: FaceDataset) -> str:
    """Say in one line what `load` has read and skipped, of its `faces`.

    >>> faces = load("CK+48", layout="ck48")  # doctest: +SKIP
    >>> report(faces)  # doctest: +SKIP
    'pictures: 927 read; 54 skipped: 54 (left out: contempt)'
    """
    told = faces.meta.attrs
    words = [f"pictures: {told['read']:,} read{counted(told['skipped'])}"]
    if told["hidden"]:
        words.append(f"{told['hidden']:,} system files")
    if dropped := sum(told["duplicates_dropped"].values()):
        words.append(f"{dropped:,} duplicates dropped ({told['duplicates']})")
    if told["not_square"]:
        words.append(f"{told['not_square']:,} not square: stretched to be so")
    return "; ".join(words)


def _compiled(subject: str | re.Pattern | None) -> re.Pattern | None:
    try:
        return None if subject is None else re.compile(subject)
    except (re.error, TypeError) as error:
        raise ArgumentError(
            f"subject={subject!r} is not a regular expression ({error}); expected one "
            r"such as '^(S\d+)_'."
        ) from error


def _decoded(folder: Path, files: pd.Series) -> tuple[np.ndarray, int]:
    """Return the crops, (n, 64, 64), and how many pictures are far from square."""
    images = np.empty((len(files), CROP.size, CROP.size), np.uint8)
    damaged, reasons, stretched = [], [], 0
    for image, file in zip(images, files, strict=True):
        try:
            picture = read_picture(folder / file)
        except PictureError as error:
            damaged.append(str(folder / file))
            reasons.append(error)
            continue
        height, width = picture.shape[:2]
        stretched += not 0.8 <= height / width <= 1.25
        image[:] = to_canonical(picture)
    if damaged:
        raise DatasetError(
            f"{some_of(damaged)}: {len(damaged)} of {len(files):,} pictures cannot be "
            f"read; replace or remove them. The first: {reasons[0]}"
        ) from reasons[0]
    images.flags.writeable = False
    return images, stretched


def _subject(file: str, pattern: re.Pattern) -> str:
    name = file if "/" in pattern.pattern else file.rpartition("/")[2]
    match = pattern.search(name)
    found = match and (match[1] if pattern.groups else match[0])
    if not found:
        raise DatasetError(
            f"File name {name!r} does not match subject={pattern.pattern!r}, so its "
            "person is unknown; correct the expression, or leave it out."
        )
    return found


def _originals(images: np.ndarray, part: np.ndarray, within: bool) -> np.ndarray:
    """Return which earlier image each is a copy of, (n,), or -1.

    Part 0 is searched for exact copies, only if `within`; later parts for pictures that
    are nearly those of earlier ones.
    """
    found = np.full(len(images), -1)
    if within:
        first = np.flatnonzero(part == 0)
        earlier = earliest(images[first])
        found[first] = np.where(earlier < np.arange(len(first)), first[earlier], -1)
    for number in (1, 2):
        here, before = np.flatnonzero(part == number), np.flatnonzero(part < number)
        found[here] = copies(images, here, before)
    return found


def _with_two_labels(faces: FaceDataset) -> list[str]:
    """Name the pairs of pictures that are the same but for their label."""
    files, labels, pairs = faces.meta["file"].to_numpy(), faces.labels, []
    for label in np.unique(labels):
        here, others = np.flatnonzero(labels == label), np.flatnonzero(labels < label)
        same = copies(faces.images, here, others)
        found = same >= 0
        pairs += [
            f"{files[one]} = {files[other]}"
            for one, other in zip(same[found], here[found], strict=True)
        ]
    return pairs
