"""eNTERFACE'05, the published system's corpus: from the archive to a data set.

42 people react to stories with one of six emotions, five sentences per emotion (Martin
et al. 2006, doi:10.1109/ICDEW.2006.145). `archive` reads the zip, `clips` finds the
videos, `video` samples frames, `prepare` stores the faces, `report` says what became
of each file. `standin` writes an archive that may be passed on, which the real one may
not.
"""

from pathlib import Path

from emolib.datasets.corpus import RECORD, read_corpus
from emolib.datasets.enterface05.clips import find_clips, holds_videos
from emolib.datasets.face_dataset import DatasetError, FaceDataset

__all__ = ["find_clips", "load"]

_HOW = "`emolib datasets prepare enterface05 SOURCE DEST`"


def load(path: str | Path | None) -> FaceDataset:
    """Load eNTERFACE'05 as it was prepared from the videos.

    Parameters
    ----------
    path : str or Path
        The DEST of ``emolib datasets prepare enterface05 SOURCE DEST``, or the
        ``corpus`` in it; DatasetError if nothing has been prepared there, or a file is
        damaged.

    Returns
    -------
    FaceDataset
        Frames of the clips in which a face was found. ``meta`` has ``detected`` (False
        where the nearest frame with a face stands in), ``score``, ``faces`` (found in
        the frame), ``interocular`` (pixels in the video) and ``time`` (seconds).
        ``intensity`` is missing: nobody annotated it, the label is what a whole clip
        was to elicit. ``split`` is a fixed one by subject; for results use
        `emolib.datasets.splits.subject_folds`.
    """
    if path is None:
        raise DatasetError(
            "load('enterface05', path) needs the path of a prepared copy. Make it with "
            f"{_HOW}, where SOURCE is the zip of the official page."
        )
    given = Path(path).expanduser()
    folder = given if (given / RECORD).is_file() else given / "corpus"
    if not (folder / RECORD).is_file():
        raise DatasetError(f"{path} {_what_instead(given)}. Make it with {_HOW}.")
    remedy = f"make it again with {_HOW}; clips that are finished are kept"
    whole = read_corpus(folder, remedy)
    meta = whole.meta
    if meta.attrs.get("name") != "enterface05" or "usable" not in meta:
        raise DatasetError(
            f"{path} holds {meta.attrs.get('name')!r}, not enterface05; load it with "
            "load('synthface', path)."
        )
    usable = meta.pop("usable").to_numpy()
    if usable.dtype != bool:
        what = f"{folder / 'frames.csv.gz'} has other words than True and False"
        raise DatasetError(f"{what} in the column usable; {remedy}.")
    return FaceDataset(whole.name, whole.images, whole.labels, meta).subset(usable)


def _what_instead(path: Path) -> str:
    if not path.exists():
        return "does not exist"
    if path.is_file():
        return "is a file, perhaps the zip itself, and not a prepared copy"
    if (path / "work").is_dir():
        return "is not finished; the same command goes on where it stopped"
    if holds_videos(path):
        return "holds the videos, and not a prepared copy"
    return "holds no prepared copy"
