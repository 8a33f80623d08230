"""FER+: what ten people said of each picture of FER2013.

Barsoum et al. 2016, arXiv:1608.01041. FER2013's own labels are noisy; where the ten
disagree, there may be no one right label.
"""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from emolib.datasets.face_dataset import DatasetError, FaceDataset
from emolib.datasets.tables import open_table
from emolib.emotions import EMOTIONS
from emolib.results import percent

#: What the ten could choose, as FER+ names it: the six, neutral, contempt, "I do not
#: know" and "this is not a face".
CHOICES = (*EMOTIONS, "neutral", "contempt", "unknown", "NF")

#: The columns of ``meta`` that hold the votes.
COLUMNS = tuple(f"votes_{choice.lower()}" for choice in CHOICES)

#: Who holds the votes for which of FER2013's npz files.
NPZ_FILES = {
    f"fer2013_{part}.npz": f"ferplus_{part}.npz"
    for part in ("train", "public_test", "private_test")
}

#: FER2013's and FER+'s names of the parts, in lower case.
USAGE = {"training": "train", "publictest": "validation", "privatetest": "test"}

_CSV = "fer2013new.csv"
_WHERE = f"Download {_CSV} from https://github.com/microsoft/FERPlus."


def add_votes(meta: pd.DataFrame, path: str | Path) -> pd.DataFrame:
    """Add the votes to the metadata of FER2013's pictures.

    Rows of a CSV are matched in order, pictures by FER+'s names (``fer0000000.png``,
    whose numbers are no row numbers), arrays in order.

    Parameters
    ----------
    meta : DataFrame
        With `split`, `emotion`, and the `line` of a CSV file, the `file` of a picture
        or the name of the `npz` file that each row is from.
    path : str or Path
        ``fer2013new.csv``, plain or packed; for arrays an npz file with `votes`, int
        (n, 10), and `columns`, or the folder of such files (`NPZ_FILES`).

    Returns
    -------
    DataFrame
        `meta` with `COLUMNS`, `crowd` and `agreement`, as `fer2013.load` tells. If the
        crowd hardly ever says what the labels say, a warning doubts the order of rows.

    Raises
    ------
    DatasetError
        If the votes are missing, damaged or of other pictures; it says what differs.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise DatasetError(f"The votes {path} do not exist. {_WHERE}")
    if "npz" in meta:
        votes = np.concatenate(
            [_of_npz(path, *one) for one in meta.groupby("npz", sort=False)]
        )
    else:
        table = _read_csv(path / _CSV if path.is_dir() else path)
        votes = (_by_row if "line" in meta else _by_name)(meta, table, path)
    votes = np.where(votes.sum(axis=1, keepdims=True) > 0, votes, np.nan)
    crowd, agreement = favourite(votes)
    labelled = (meta["emotion"] != "unlabelled").to_numpy()
    same = (crowd == meta["emotion"])[labelled & ~np.isnan(agreement)]
    if len(same) >= 500 and same.mean() < 0.35:  # 0.65 is right, 0.2 is chance
        warnings.warn(
            f"Only {percent(same.mean())} of the crowd's labels in {path} are those of "
            "the pictures, where 65 % are expected: the rows may be in another order.",
            stacklevel=3,
        )
    meta[[*COLUMNS]] = votes
    return meta.assign(crowd=pd.Series(crowd, dtype=object), agreement=agreement)


def favourite(votes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what most people said, and the share of them that did.

    Parameters
    ----------
    votes : ndarray of float, (n, 10)
        In the order of `CHOICES`; NaN where unknown.

    Returns
    -------
    crowd : ndarray of object, (n,)
        One of the six or ``"neutral"``, if it has more votes than each other choice;
        None if two lead, if contempt, unknown or NF leads, or there are no votes.
    agreement : ndarray of float, (n,)
        Share of all votes, above 0 to 1; NaN where `crowd` is None.

    Examples
    --------
    >>> crowd, agreement = favourite(np.array([[6, 0, 0, 0, 1, 0, 3, 0, 0, 0.0]]))
    >>> crowd[0], float(agreement[0])
    ('anger', 0.6)
    """
    votes = np.asarray(votes, dtype=float)
    known = np.nan_to_num(votes)
    top = known.max(axis=1)
    leads = (known == top[:, None]).sum(axis=1) == 1
    clear = leads & (top > 0) & (known.argmax(axis=1) < CHOICES.index("contempt"))
    names = np.array(CHOICES, dtype=object)[known.argmax(axis=1)]
    total = np.maximum(known.sum(axis=1), 1)
    return np.where(clear, names, None), np.where(clear, top / total, np.nan)


def votes_of(faces: FaceDataset) -> np.ndarray | None:
    """Return the votes of a data set, float (n, 10), NaN where unknown; None without.

    The columns are in the order of `CHOICES`.
    """
    meta = faces.meta
    return meta[[*COLUMNS]].to_numpy(float) if COLUMNS[0] in meta else None


def with_crowd_labels(faces: FaceDataset) -> FaceDataset:
    """Let the crowd's labels take the place of FER2013's, where votes are known.

    Parameters
    ----------
    faces : FaceDataset
        What ``load("fer2013", path, votes=...)`` returns; without votes a DatasetError.

    Returns
    -------
    FaceDataset
        The same pictures. Where the crowd is undecided, `meta.emotion` is
        ``"undecided"`` and the label -1; neutral ones have intensity 0. The column
        `fer2013` of ``meta`` keeps the label of FER2013. Done twice, it is done once.
    """
    votes, meta = votes_of(faces), faces.meta
    if "fer2013" in meta:
        return faces
    if votes is None:
        raise DatasetError(
            f"{faces.name!r} has no votes; add them: load('fer2013', path, votes=...)."
        )
    named = meta["crowd"].fillna("undecided").where(~np.isnan(votes[:, 0]))
    named = named.fillna(meta["emotion"]).astype(object)
    labels = pd.Index(EMOTIONS).get_indexer(named)
    meta = meta.assign(
        fer2013=meta["emotion"], emotion=named,
        intensity=np.where(named == "neutral", 0.0, np.nan),
    )  # fmt: skip
    return FaceDataset(f"{faces.name}, the crowd's labels", faces.images, labels, meta)


def _read_csv(path: Path) -> pd.DataFrame:
    """Return split, name, votes and line of every row of ``fer2013new.csv``."""
    rows = []
    with open_table(path, (_CSV,), "neutral") as table:
        wanted = ("usage", "image name", *(choice.lower() for choice in CHOICES))
        if missing := [one for one in wanted if one not in table.columns]:
            raise DatasetError(
                f"{table.name} lacks the columns {', '.join(missing)}; it has "
                f"{', '.join(table.columns)}. {_WHERE}"
            )
        for line, cells in table.rows:
            split = USAGE.get(cells["usage"].lower())
            votes = [_count(cells[one]) for one in wanted[2:]]
            if split is None or min(votes) < 0 or not 0 <= sum(votes) <= 100:
                raise DatasetError(
                    f"{table.name}, line {line}: expected a Usage of Training, "
                    "PublicTest or PrivateTest, and ten counts of votes; received "
                    f"{', '.join(cells.values())[:100]}. Download the file again."
                )
            rows.append((line, split, Path(cells["image name"]).stem.lower(), *votes))
    return pd.DataFrame(rows, columns=["line", "split", "name", *COLUMNS])


def _count(text: str) -> int:
    """Return a count of votes, -1 if it is none; spreadsheets write 3.0."""
    text = text.removesuffix(".0")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else -1


def _by_row(meta: pd.DataFrame, table: pd.DataFrame, path: Path) -> np.ndarray:
    """Return the votes of a table that has the rows of FER2013's CSV, in its order."""
    ours, theirs = meta["split"].to_numpy(), table["split"].to_numpy()
    n = min(len(ours), len(theirs))
    if (differs := ours[:n] != theirs[:n]).any():
        k = int(differs.argmax())
        where = f"first, line {table['line'][k]} is {theirs[k]}, where line "
        where += f"{meta['line'][k]} of the pictures is {ours[k]}"
    elif len(ours) != len(theirs):
        where = "both are alike as far as the shorter goes"
    else:
        return table[[*COLUMNS]].to_numpy(float)
    raise DatasetError(
        f"{path} is matched with the pictures row by row, and does not fit: it has "
        f"{len(theirs):,} rows, the pictures have {len(ours):,}; {where}. Use the "
        "whole fer2013.csv or icml_face_data.csv, with its rows as they were."
    )


def _by_name(meta: pd.DataFrame, table: pd.DataFrame, path: Path) -> np.ndarray:
    """Return the votes for pictures that have the names that FER+ gave them."""
    named = table[table["name"] != ""]
    if (twice := named["name"].duplicated()).any():
        one = named[twice].iloc[0]
        words = f"{path}, line {one['line']}: {one['name']} is there twice."
        raise DatasetError(f"{words} Download the file again.")
    names = [Path(file).stem.lower() for file in meta["file"]]
    votes = named.set_index("name")[[*COLUMNS]].reindex(names).to_numpy(float)
    if np.isnan(votes).all():
        raise DatasetError(
            f"{path} knows none of the {len(names):,} pictures: they have names such "
            f"as {Path(meta['file'].iloc[0]).name}, and FER+ calls them "
            f"{named['name'].iloc[0] if len(named) else 'fer0000000'}.png. Use "
            "fer2013.csv, the rows of which are matched in order."
        )
    return np.nan_to_num(votes)


def _of_npz(path: Path, name: str, rows: pd.DataFrame) -> np.ndarray:
    """Return the votes for the rows of one npz file, from the one that goes with it."""
    file = path / NPZ_FILES.get(name, name) if path.is_dir() else path
    if not file.is_file():
        raise DatasetError(f"{file} is missing; put the votes for {name} there.")
    wanted = "`votes`, whole numbers (n, 10), and `columns`"
    try:
        with np.load(file, allow_pickle=False) as archive:
            votes, columns = archive["votes"], [str(c) for c in archive["columns"]]
    except Exception as error:  # damaged files make numpy raise anything
        raise DatasetError(
            f"{file} has no {wanted} ({error}). Arrays need npz files of votes; "
            f"{_CSV} goes with fer2013.csv."
        ) from error
    whole = np.issubdtype(votes.dtype, np.integer) and (votes.size and votes.min() >= 0)
    if set(columns) != set(CHOICES) or not whole or votes.shape != (len(rows), 10):
        raise DatasetError(
            f"{file} must hold {wanted} {', '.join(CHOICES)} for the {len(rows):,} "
            f"pictures of {name}; received {votes.dtype} {votes.shape} and "
            f"{', '.join(columns)}."
        )
    return votes[:, [columns.index(choice) for choice in CHOICES]].astype(float)
