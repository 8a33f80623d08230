"""SynthFace, the rendered corpus that ships with the course.

``make data`` renders it again: ``scripts/make_synthface.py`` draws the people and their
clips with `emolib.synthesis`, as ``data/synthface/difficulty.json`` says, and stores
them with `emolib.datasets.corpus`.
"""

from pathlib import Path

from emolib.datasets.corpus import read_corpus
from emolib.datasets.face_dataset import FaceDataset
from emolib.datasets.stills import RECORD as STILLS
from emolib.datasets.stills import read_stills
from emolib.paths import data_folder


def load(path: str | Path | None = None) -> FaceDataset:
    """Load SynthFace, the open twin of eNTERFACE'05.

    Rendered people who show six emotions in clips that rise from near neutral to an
    apex and fall again. The grammar (subject, emotion, sentence, clip) is that of
    eNTERFACE'05 (Martin et al. 2006, doi:10.1109/ICDEW.2006.145).

    Parameters
    ----------
    path : str or Path, optional
        Another corpus folder in the same format, or the large set of stills that
        ``make data-large`` renders into ``build/synthface-large``; default is the
        corpus that ships.

    Returns
    -------
    FaceDataset
        ``meta`` holds the ground truth of every frame: intensity, pose, occluder,
        eye positions and a column ``au_...`` for each action unit, and ``split``
        with disjoint subjects in train, validation and test.

    Raises
    ------
    DatasetError
        If a file of the corpus is missing, cut short or altered.
    """
    folder = data_folder() / "synthface" if path is None else Path(path)
    return (read_stills if (folder / STILLS).is_file() else read_corpus)(folder)
