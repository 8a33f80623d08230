"""FER2013: real photographs, which you download yourself."""

import re
import warnings
import zipfile
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pandas as pd

from emolib.datasets import image_folder
from emolib.datasets.face_dataset import PARTS, DatasetError, FaceDataset
from emolib.datasets.fer_plus import USAGE, add_votes, with_crowd_labels
from emolib.datasets.layouts import class_name
from emolib.datasets.tables import Table, open_table
from emolib.emotions import EMOTIONS, UnknownEmotionError
from emolib.faces import CROP, read_picture, to_canonical
from emolib.faces.formats import is_hidden, list_pictures

#: The order of the competition's class numbers.
CLASSES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")

#: The files that a folder may hold instead of class folders, and their parts.
NPZ_FILES = {
    "fer2013_train.npz": "train",
    "fer2013_public_test.npz": "validation",
    "fer2013_private_test.npz": "test",
}

#: Names of the CSV file, in a folder or a zip, best first; train.csv has one part only.
CSV_FILES = (
    *(f"{name}.csv{end}" for end in ("", ".gz", ".zip")
      for name in ("fer2013", "icml_face_data")),
    "fer2013.tar.gz", "fer2013.zip", "train.csv", "train.csv.gz", "train.csv.zip",
)  # fmt: skip

#: The folders that FER+'s own script writes: pictures named by it, and no classes.
FER_PLUS_FOLDERS = {
    "FER2013Train": "train", "FER2013Valid": "validation", "FER2013Test": "test",
}  # fmt: skip

_SIDE = 48
_LABELS = np.array([0, 1, 2, 3, 4, 5, -1])  # of CLASSES: our six, and neutral
_AS_BLANKS = str.maketrans(dict.fromkeys("[](),;'\"\xa0", " "))

_WHERE = (
    "FER2013 is not shipped with the course. Download it from "
    "https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-"
    "recognition-challenge/data and pass the path of fer2013.csv or "
    "icml_face_data.csv (also as .gz, .zip or .tar.gz), of the folder with "
    f"train/angry/*.png and so on, or of npz files ({', '.join(NPZ_FILES)})."
)


def load(
    path: str | Path | None,
    *,
    drop_duplicates: bool = False,
    votes: str | Path | None = None,
) -> FaceDataset:
    """Load FER2013 (Goodfellow et al. 2013, doi:10.1007/978-3-642-42051-1_16).

    48x48 grey photographs found by web search, 28,709 for training and twice 3,589 for
    tests; resized to the canonical crop. The labels are noisy (people agree with about
    65 % of them), some images occur several times, also across the parts, and nobody
    knows who is in which picture.

    Parameters
    ----------
    path : str or Path
        The competition's ``fer2013.csv``, ``icml_face_data.csv`` or ``train.csv``,
        plain or in gzip, zip or tar, also as a spreadsheet has saved it; a folder with
        one of them, with class folders (``train/angry/1.png``), or with the files of
        ``NPZ_FILES``; or one npz file with `images` uint8 (n, 48, 48), `labels` int
        (n,) and `label_names` (of the part its name says, else without a part).
    drop_duplicates : bool, default False
        Remove images that are byte for byte equal to an earlier one of the training
        part, there and in validation and test; ``meta.attrs["duplicates_dropped"]``
        counts them.
    votes : str or Path, optional
        What ten people said of each picture: the ``fer2013new.csv`` of FER+ (Barsoum et
        al. 2016, arXiv:1608.01041). The rows of a whole CSV are matched in order,
        pictures by FER+'s names (``fer0000000.png``), npz files with npz files of
        `votes` (n, 10) and `columns`, of which `votes` may be the folder. The folders
        of ``FER_PLUS_FOLDERS`` have no labels but those of the crowd.

    Returns
    -------
    FaceDataset
        ``meta.split`` is train, validation (PublicTest) or test (PrivateTest). Neutral
        images have label -1 and intensity 0; all else is unknown.

        With `votes`, ``meta`` has the ten counts (``votes_anger`` to
        ``votes_surprise``, ``votes_neutral``, ``votes_contempt``, ``votes_unknown``,
        ``votes_nf``: not a face, ten where FER+ dropped the picture), missing where
        there are none; ``crowd``, what most said: one of the six or neutral, missing if
        two lead or something else does; and ``agreement``, the share of the votes for
        it. Labels stay those of FER2013.

    Raises
    ------
    DatasetError
        If the path is none of these, or a file is cut short, altered or does not fit
        the votes; it names the file, the line where there is one, and the remedy.

    Examples
    --------
    How noisy are the labels? The crowd's favourite of the seven classes (the first, if
    several lead) is FER2013's label in 64.5 % of the training pictures:

    >>> faces = load("fer2013.csv", votes="fer2013new.csv")  # doctest: +SKIP
    >>> kept = faces.part("train").meta.query("votes_nf < 10")  # doctest: +SKIP
    >>> seven = kept[[f"votes_{name}" for name in CLASSES]]  # doctest: +SKIP
    >>> (seven.idxmax(axis=1) == "votes_" + kept.emotion).mean()  # doctest: +SKIP
    0.645
    """
    if path is None:
        raise DatasetError(f"load('fer2013', path) needs a path. {_WHERE}")
    images, labels, meta = _read(Path(path).expanduser())
    unlabelled = labels is None
    if unlabelled and votes is None:
        raise DatasetError(
            f"{path} holds the pictures of FER+ ({', '.join(FER_PLUS_FOLDERS)}), which "
            "carry no labels. Pass the crowd's: votes='fer2013new.csv'."
        )
    if unlabelled:
        labels = np.full(len(images), -1)
    meta["emotion"] = np.array([*EMOTIONS, "neutral"], dtype=object)[labels]
    meta["intensity"] = np.where(labels == -1, 0.0, np.nan)
    if unlabelled:
        meta = meta.assign(emotion="unlabelled", intensity=np.nan)
    if votes is not None:
        meta = add_votes(meta, votes)
    meta = meta.drop(columns=["line", "npz"], errors="ignore")
    repeated = np.zeros(len(images), dtype=bool)
    if drop_duplicates:
        repeated = _repeated(images, meta["split"] == "train")
    dropped = {part: int((repeated & (meta["split"] == part)).sum()) for part in PARTS}
    meta = meta[~repeated].reset_index(drop=True)
    meta.attrs["duplicates_dropped"] = dropped
    kept = np.flatnonzero(~repeated)
    faces = np.empty((len(kept), CROP.size, CROP.size), np.uint8)
    for face, row in zip(faces, kept, strict=True):
        face[:] = to_canonical(images[row])
    faces.flags.writeable = False
    found = FaceDataset("fer2013", faces, labels[kept], meta)
    return with_crowd_labels(found) if unlabelled else found


def _read(path: Path) -> tuple[np.ndarray, np.ndarray | None, pd.DataFrame]:
    """Return images (n, side, side), labels 0 to 5 or -1, and meta with the split."""
    if not path.exists():
        raise DatasetError(f"{path} does not exist. {_WHERE}")
    if path.suffix.lower() == ".npz":
        return _read_npz([path])
    if not path.is_dir():
        return _read_csv(path)
    if archives := [path / name for name in NPZ_FILES if (path / name).is_file()]:
        return _read_npz(archives)
    if table := _table_in(path):
        return _read_csv(table)
    if any((path / name).is_dir() for name in FER_PLUS_FOLDERS):
        return _read_fer_plus(path)
    faces = image_folder.read(path)
    return faces.images, faces.labels, faces.meta[["split", "file"]]


def _table_in(folder: Path) -> Path | None:
    """Find the CSV file in a folder, or in the folder that the tar unpacks to."""
    inside = [folder, *([folder / "fer2013"] if (folder / "fer2013").is_dir() else [])]
    files = {p.name.lower(): p for one in inside[::-1] for p in one.iterdir()}
    others = any(p.is_dir() and not is_hidden(p) for p in folder.iterdir())
    for name in CSV_FILES:
        listing = others and name.startswith("train")  # of the pictures beside it
        if name in files and files[name].is_file() and not listing:
            return files[name]
    return None


def _read_fer_plus(folder: Path) -> tuple[np.ndarray, None, pd.DataFrame]:
    faces, rows = [], []
    for name, part in FER_PLUS_FOLDERS.items():
        if (folder / name).is_dir():
            for file in list_pictures(folder / name).pictures:
                faces.append(to_canonical(read_picture(file)))
                rows.append((part, f"{name}/{file.name}"))
    if not faces:
        raise DatasetError(
            f"{folder} has no pictures in {', '.join(FER_PLUS_FOLDERS)}; put FER+'s "
            "there."
        )
    return np.stack(faces), None, pd.DataFrame(rows, columns=["split", "file"])


def _read_csv(path: Path) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    images, rows = bytearray(), []
    with open_table(path, CSV_FILES, "pixels") as table:
        part = _only_part(table)
        for line, cells in table.rows:
            try:
                kind, split = _class(cells["emotion"]), part or _split(cells)
                images += _pixels(cells["pixels"]).tobytes()
            except DatasetError as fault:
                raise DatasetError(
                    f"{table.name}, line {line}: {fault} The file is cut short or "
                    "altered; correct the line, or download the file again."
                ) from None
            rows.append((line, kind, split))
    if not rows:
        raise DatasetError(f"{table.name} holds no images; download it again.")
    meta = pd.DataFrame(rows, columns=["line", "class", "split"])
    shape = (len(rows), _SIDE, _SIDE)
    faces = np.frombuffer(images, np.uint8).reshape(shape)
    return faces, _LABELS[meta.pop("class").to_numpy()], meta


def _only_part(table: Table) -> str | None:
    """Return the part of a table without a column for it; refuse what lacks more."""
    columns = table.columns
    if "emotion" not in columns:
        raise DatasetError(
            f"{table.name} has pictures and no labels: it lacks the column emotion, as "
            "the competition's test.csv does. Use fer2013.csv or icml_face_data.csv, "
            "which hold train and test with their labels."
        )
    if "usage" in columns:
        return None
    name = table.name.replace("\\", "/").rsplit("/")[-1].lower()
    parts = re.findall(r"(?<![a-z])(train|test)(?![a-z])", name)
    if len(parts) != 1 or set(columns) - {"emotion", "pixels", "", "unnamed: 0"}:
        raise DatasetError(
            f"{table.name} lacks the columns Usage; it has {', '.join(columns)}. Only "
            "a file whose name says train or test goes without. Train and test come "
            "together in fer2013.csv or icml_face_data.csv."
        )
    return parts[0]


def _class(text: str) -> int:
    """Return a class number; spreadsheets write 3.0, and people write names."""
    number = text.removesuffix(".0")
    if number in ("0", "1", "2", "3", "4", "5", "6"):
        return int(number)
    try:
        return CLASSES.index(class_name(text))
    except UnknownEmotionError:
        raise DatasetError(f"expected a class 0 to 6, not {text[:20]!r}.") from None


def _split(cells: dict[str, str]) -> str:
    try:
        return USAGE[cells["usage"].lower()]
    except KeyError:
        raise DatasetError(
            "expected a Usage of Training, PublicTest or PrivateTest, not "
            f"{cells['usage'][:20]!r}."
        ) from None


def _pixels(text: str) -> np.ndarray:
    """Return the pixels of a row, uint8 (2304,); lists and decimals are read, too."""
    text = text.translate(_AS_BLANKS)
    try:
        values = _numbers(text, np.int64)  # much faster, and nearly always right
    except (ValueError, DeprecationWarning):
        try:
            values = _numbers(text, np.float64)
        except (ValueError, DeprecationWarning):
            fault = next(filter(_is_no_number, text.split()), text)[:20]
            words = f"expected numbers as pixels, not {fault!r}."
            raise DatasetError(words) from None
    if values.size != _SIDE * _SIDE:
        words = f"expected {_SIDE} x {_SIDE} = {_SIDE * _SIDE} pixels, not"
        raise DatasetError(f"{words} {values.size}.")
    with np.errstate(invalid="ignore"):
        pixels = values.astype(np.uint8)
    if (pixels != values).any():
        low, high = values.min(), values.max()
        hint = " Multiply them by 255." if low >= 0 and high <= 1 else ""
        raise DatasetError(
            f"expected whole values 0 to 255, not {low:g} to {high:g}.{hint}"
        )
    return pixels


def _numbers(text: str, dtype: type) -> np.ndarray:
    with warnings.catch_warnings():  # a fault is a warning before numpy 2.3
        warnings.simplefilter("error", DeprecationWarning)
        return np.fromstring(text, dtype, sep=" ")


def _is_no_number(text: str) -> bool:
    try:
        return float(text) is None
    except ValueError:
        return True


def _read_npz(paths: list[Path]) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    images, labels = zip(*map(_read_one_npz, paths), strict=True)
    names = np.repeat([path.name for path in paths], list(map(len, labels)))
    parts = [NPZ_FILES.get(name) for name in names]
    meta = pd.DataFrame({"split": pd.Series(parts, dtype=object), "npz": names})
    return np.concatenate(images), np.concatenate(labels), meta


def _read_one_npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            images, labels = archive["images"], archive["labels"]
            names = [str(name) for name in archive["label_names"]]
    except KeyError as error:
        wanted = "Expected images, labels and label_names"
        raise DatasetError(f"{path} lacks an array: {error}. {wanted}.") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        what = f"is cut short or not an npz file ({error})"
        raise DatasetError(f"{path} {what}; copy it again.") from error
    try:
        classes = [CLASSES.index(class_name(name)) for name in names]
    except UnknownEmotionError as error:
        raise DatasetError(f"{path}, label_names: {error}") from error
    fits = images.ndim == 3 and labels.shape == images.shape[:1] and len(labels) > 0
    whole = images.dtype == np.uint8 and np.issubdtype(labels.dtype, np.integer)
    if not (fits and whole and labels.min() >= 0 and labels.max() < len(names)):
        raise DatasetError(
            f"{path} must hold images uint8 (n, height, width) and labels (n,) that "
            f"count label_names from 0; received {images.dtype} {images.shape} and "
            f"{labels.dtype} {labels.shape}."
        )
    return images, _LABELS[np.array(classes)[labels]]


def _repeated(images: np.ndarray, training: pd.Series) -> np.ndarray:
    """Mark later copies within training, and copies of training elsewhere, (n,)."""
    keys = pd.Series([blake2b(image, digest_size=16).digest() for image in images])
    repeated = keys.isin(keys[training])
    repeated[training] = keys[training].duplicated()
    return repeated.to_numpy()
