"""Checkpoints: a run that was interrupted goes on bit for bit, and no other run does.

Keras' `BackupAndRestore` omits dropout's random state, history and best weights, and
takes the file of any run for its own.
"""

import json
from pathlib import Path

import numpy as np

from emolib.datasets import FaceDataset
from emolib.datasets.fer_plus import votes_of
from emolib.errors import EmolibError
from emolib.files import sha256, whole_file

Groups = dict[str, list[np.ndarray]]


class TrainingError(EmolibError, RuntimeError):
    """Training cannot go on; the message says what to try."""


def save_checkpoint(path: Path, identity: dict, log: dict, groups: Groups) -> None:
    """Write how far a run is to an ``.npz`` file, whole or not at all.

    `identity` tells it from other runs: name -> digest or setting. `log` is anything
    that JSON can hold; `groups` are weights, and what else training changes.
    """
    counts = {name: len(group) for name, group in groups.items()}
    arrays = {f"{n}{k}": one for n in groups for k, one in enumerate(groups[n])}
    header = np.array(json.dumps([identity, counts, log]))
    with whole_file(path) as partial, partial.open("wb") as file:
        np.savez(file, header=header, **arrays)


def load_checkpoint(path: Path, identity: dict) -> tuple[dict, Groups]:
    """Return the log and groups of `save_checkpoint`, if they are of this run.

    If not, a `TrainingError` names what differs, such as the first weights.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            found, counts, log = json.loads(str(file["header"]))
            groups = {
                name: [file[f"{name}{k}"] for k in range(count)]
                for name, count in counts.items()
            }
            wanted = json.loads(json.dumps(identity))  # tuples become lists
            other = [n for n in {**wanted, **found} if wanted.get(n) != found.get(n)]
    except Exception as error:  # a damaged zip raises errors of many kinds
        raise TrainingError(
            f"{path} is not a readable checkpoint ({error}); delete it to start again."
        ) from error
    if other:
        raise TrainingError(
            f"{path} belongs to another run; what differs: {', '.join(other)}. Delete "
            "it, give another path, or train as that run did, from a network that was "
            "built anew."
        )
    return log, groups


def digest(*arrays: np.ndarray) -> str:
    """Return the SHA-256 of the contents and shapes of arrays, 64 digits."""
    parts = [sha256(np.asarray(one).tobytes()) for one in arrays]
    return sha256(json.dumps([parts, [np.shape(one) for one in arrays]]).encode())


def digest_of_faces(faces: FaceDataset) -> str:
    """Return the SHA-256 of a data set's images, labels, intensities and any votes."""
    intensity, votes = faces.meta["intensity"].to_numpy(float), votes_of(faces)
    more = () if votes is None else (votes,)
    return digest(faces.images, faces.labels, intensity, *more)
