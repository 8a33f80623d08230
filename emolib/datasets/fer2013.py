"""FER2013: real photographs, which you download yourself."""

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from emolib.datasets import image_folder
from emolib.datasets.face_dataset import PARTS, DatasetError, FaceDataset
from emolib.datasets.image_folder import class_name
from emolib.emotions import EMOTIONS, UnknownEmotionError
from emolib.faces import CROP, to_canonical

#: The order of the competition's class numbers.
CLASSES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")

#: The files that a folder may hold instead of class folders, and their parts.
NPZ_FILES = {
    "fer2013_train.npz": "train",
    "fer2013_public_test.npz": "validation",
    "fer2013_private_test.npz": "test",
}

_CSV_FILES = ("fer2013.csv", "icml_face_data.csv")
_USAGE = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}
_SIDE = 48
_LABELS = np.array([0, 1, 2, 3, 4, 5, -1])  # of CLASSES: our six, and neutral

_WHERE = (
    "FER2013 is not shipped with the course. Download it from "
    "https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-"
    "recognition-challenge/data and pass the path of fer2013.csv or "
    "icml_face_data.csv, of the folder with train/angry/*.png and so on, or of npz "
    f"files ({', '.join(NPZ_FILES)})."
)


def load(path: str | Path | None, *, drop_duplicates: bool = False) -> FaceDataset:
    """Load FER2013 (Goodfellow et al. 2013, doi:10.1007/978-3-642-42051-1_16).

    48x48 grey photographs found by web search, 28,709 for training and twice 3,589 for
    tests; resized to the canonical crop. The labels are noisy (people agree with about
    65 % of them), some images occur several times, also across the parts, and nobody
    knows who is in which picture.

    Parameters
    ----------
    path : str or Path
        The competition's ``fer2013.csv`` or ``icml_face_data.csv``; a folder with one
        of them, with class folders (``train/angry/1.png``), or with the files of
        ``NPZ_FILES``; or one npz file with `images` uint8 (n, 48, 48), `labels` int
        (n,) and `label_names` (of the part its name says, else without a part).
        DatasetError if it is none of these, or cut short.
    drop_duplicates : bool, default False
        Remove images that are byte for byte equal to an earlier one of the training
        part, there and in validation and test; ``meta.attrs["duplicates_dropped"]``
        counts them.

    Returns
    -------
    FaceDataset
        ``meta.split`` is train, validation (PublicTest) or test (PrivateTest). Neutral
        images have label -1 and intensity 0; all else is unknown.
    """
    if path is None:
        raise DatasetError(f"load('fer2013', path) needs a path. {_WHERE}")
    images, labels, meta = _read(Path(path).expanduser())
    meta["emotion"] = np.array([*EMOTIONS, "neutral"], dtype=object)[labels]
    meta["intensity"] = np.where(labels == -1, 0.0, np.nan)
    dropped = dict.fromkeys(PARTS, 0)
    if drop_duplicates:
        repeated = _repeated(images, meta["split"] == "train")
        dropped = {p: int((repeated & (meta["split"] == p)).sum()) for p in PARTS}
        images, labels = images[~repeated], labels[~repeated]
        meta = meta[~repeated].reset_index(drop=True)
    meta.attrs["duplicates_dropped"] = dropped
    faces = np.empty((len(images), CROP.size, CROP.size), np.uint8)
    for face, image in zip(faces, images, strict=True):
        face[:] = to_canonical(image)
    faces.flags.writeable = False
    return FaceDataset("fer2013", faces, labels, meta)


def _read(path: Path) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Return images (n, side, side), labels 0 to 5 or -1, and meta with the split."""
    if not path.exists():
        raise DatasetError(f"{path} does not exist. {_WHERE}")
    if path.suffix == ".csv":
        return _read_csv(path)
    if path.suffix == ".npz":
        return _read_npz([path])
    if not path.is_dir():
        raise DatasetError(f"{path} is neither csv, npz nor a folder. {_WHERE}")
    if archives := [path / name for name in NPZ_FILES if (path / name).is_file()]:
        return _read_npz(archives)
    for name in _CSV_FILES:
        if (path / name).is_file():
            return _read_csv(path / name)
    faces = image_folder.load(path)
    return faces.images, faces.labels, faces.meta[["split", "file"]]


def _read_csv(path: Path) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    try:
        table = pd.read_csv(path, skipinitialspace=True)
    except (ValueError, pd.errors.ParserError) as error:
        what = f"cannot be read as CSV ({error})"
        raise DatasetError(f"{path} {what}. {_WHERE}") from error
    table.columns = [str(column).strip() for column in table.columns]
    if missing := {"emotion", "pixels", "Usage"} - set(table.columns):
        raise DatasetError(
            f"{path} lacks the columns {', '.join(sorted(missing))}; it has "
            f"{', '.join(table.columns)}. Train and test come together in fer2013.csv "
            "or icml_face_data.csv."
        )
    split = table["Usage"].astype(str).str.strip().map(_USAGE)
    labels = pd.to_numeric(table["emotion"], errors="coerce")
    images = np.empty((len(table), _SIDE, _SIDE), np.uint8)
    for row, text in enumerate(table["pixels"]):
        pixels = np.fromstring(str(text), np.int64, sep=" ")  # fast; stops at a fault
        good = labels[row] in range(len(CLASSES)) and not pd.isna(split[row])
        good = good and pixels.size == _SIDE * _SIDE
        if not (good and pixels.min() >= 0 and pixels.max() <= 255):
            raise DatasetError(
                f"{path}, line {row + 2}: expected a class 0 to 6, {_SIDE * _SIDE} "
                "values 0 to 255 and a Usage of Training, PublicTest or PrivateTest. "
                "The file is cut short or altered; download it again."
            )
        images[row] = pixels.reshape(_SIDE, _SIDE)
    if len(table) == 0:
        raise DatasetError(f"{path} holds no images; download it again.")
    labels = _LABELS[labels.to_numpy(dtype=np.int64)]
    return images, labels, pd.DataFrame({"split": split})


def _read_npz(paths: list[Path]) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    images, labels = zip(*map(_read_one_npz, paths), strict=True)
    parts = np.repeat([NPZ_FILES.get(p.name) for p in paths], list(map(len, labels)))
    meta = pd.DataFrame({"split": pd.Series(parts, dtype=object)})
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
    keys = pd.Series([image.tobytes() for image in images])
    repeated = keys.isin(keys[training])
    repeated[training] = keys[training].duplicated()
    return repeated.to_numpy()
