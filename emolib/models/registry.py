"""The shipped weights: found by name, checked, and put into a network built in code.

A model is a folder with ``weights.weights.h5`` (which a Keras older than the one that
wrote them reads too), ``card.json`` and, once exported, ``model.onnx``.
"""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from emolib.errors import did_you_mean, unknown
from emolib.faces import CROP
from emolib.files import sha256, verified_bytes, whole_folder, write_json
from emolib.models import cards
from emolib.models.cards import ModelCard, ModelFileError, current_name
from emolib.paths import data_folder

if TYPE_CHECKING:
    import keras

WEIGHTS, CARD, ONNX = "weights.weights.h5", "card.json", "model.onnx"
#: What a page reads in which the network runs (`emolib.export.add_page`).
PAGE = "network.json"

_REMEDY = "restore it with `git checkout data/models`, or train the model again"


def available() -> tuple[str, ...]:
    """Return the names of the shipped models, sorted, without reading weights."""
    return tuple(sorted(path.parent.name for path in _shipped().glob(f"*/{CARD}")))


def build(architecture: str, seed: int = 0) -> "keras.Model":
    """Build an untrained `keras.Model` by the name of its architecture.

    Parameters
    ----------
    architecture : str
        A key of `emolib.models.cnn.NETWORKS` or of `emolib.models.attention.NETWORKS`;
        another name raises `ModelFileError`, which lists them.
    seed : int, default 0
        Of the initial weights, 0 or more, else `ArgumentError`.
    """
    builders = _builders()
    builder = builders.get(current_name(str(architecture)))
    if builder is None:
        raise ModelFileError(unknown("architecture", architecture, builders))
    return builder(seed)


def model_folder(name: str | Path) -> Path:
    """Return the folder of a model: a shipped name, or a folder that holds a card.

    Raises `ModelFileError` if there is none, and suggests the nearest shipped name.
    """
    if not isinstance(name, str | Path):
        raise ModelFileError(
            "A model is given by its name or its folder. Received: a "
            f"{type(name).__name__}"
        )
    own = Path(name).is_dir()
    folder = Path(name) if own else _shipped() / current_name(str(name))
    if (folder / CARD).is_file():
        return folder
    if own:
        raise ModelFileError(
            f"{folder} holds no {CARD}, so it is not a model folder; give the folder "
            "that `emolib train --output` or emolib.models.save_model wrote."
        )
    shipped = available()
    raise ModelFileError(
        f"No model {str(name)!r}; shipped are {', '.join(shipped) or 'none'}. Name "
        f"a model of your own by its folder.{did_you_mean(str(name), shipped)}"
    )


def model_card(name: str | Path) -> ModelCard:
    """Read a model's `ModelCard`.

    It is complete for a shipped model; yours may hold architecture and checksum only.

    Parameters
    ----------
    name : str or Path
        As in `load_model`. If there is no such model, its card is not readable or lacks
        an entry, or there is no network beside it, that raises `ModelFileError`.
    """
    folder = model_folder(name)
    path = folder / CARD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelFileError(
            f"{path} is not a readable model card ({error}); {_REMEDY}."
        ) from error
    card = ModelCard.from_dict(record, str(path))
    card.require(_required(folder), str(path), _REMEDY)
    if not any((folder / file).is_file() for file in (WEIGHTS, ONNX)):
        raise ModelFileError(f"{folder / WEIGHTS} is missing; {_REMEDY}.")
    return card


def load_model(name: str | Path) -> "keras.Model":
    """Load a trained `keras.Model`, in the state that was saved, not compiled.

    Parameters
    ----------
    name : str or Path
        A shipped model (see `available`), or the folder of one of your own.

    Raises
    ------
    ModelFileError
        If there is no such model, or its weights are not those that its card describes.
    """
    folder = model_folder(name)  # once: an old name warns
    card, path = model_card(folder), folder / WEIGHTS
    _verified(path, card.sha256)
    try:
        model = build(card.architecture)
    except ModelFileError as error:
        raise ModelFileError(f"{folder / CARD}: {error}") from None
    try:
        with warnings.catch_warnings():  # Keras warns before it raises
            warnings.simplefilter("ignore", UserWarning)
            model.load_weights(path)
    except Exception as error:  # Keras and h5py raise errors of many kinds
        raise ModelFileError(
            f"{path} does not fit the network {card.architecture!r} of this version "
            f"of emolib; {_REMEDY}."
        ) from error
    return model


def onnx_graph(name: str | Path) -> tuple[bytes, ModelCard]:
    """Return a network in ONNX form and its card.

    Raises `ModelFileError` as `load_model` does, or if the network was never exported.
    """
    folder = model_folder(name)
    card = model_card(folder)
    if card.onnx_sha256 is None:
        raise ModelFileError(
            f"{folder} has no ONNX form yet; add it with "
            f"`emolib export {name}` (needs TensorFlow)."
        )
    return _verified(folder / ONNX, card.onnx_sha256), card


def check_replaceable(folder: Path) -> None:
    """Refuse, with a `ModelFileError`, a `folder` that a model must not take over.

    Allowed are a path where nothing is, an empty folder, and a folder with a card.
    """
    if folder.exists() and not folder.is_dir():
        raise ModelFileError(f"{folder} is a file; choose a new folder for the model.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / CARD).is_file():
        raise ModelFileError(
            f"{folder} holds other files and no model; choose a new folder."
        )


def save_model(model: "keras.Model", name: str | Path, card: Mapping) -> Path:
    """Save a network's weights beside a card that describes them; return the folder.

    It appears whole or not at all, and replaces an older one; other files in it are
    kept.

    Parameters
    ----------
    model : keras.Model
        A network that `build` knows, trained.
    name : str or Path
        A folder; a bare name is a folder in ``data/models``, whose card has to be
        complete.
    card : mapping
        Entries of `ModelCard`; `architecture`, `parameters` and `sha256` are added.

    Raises
    ------
    ModelFileError
        If `build` does not know the network, its training has diverged, the card lacks
        an entry, or the folder holds other files and no model.
    """
    clone = _sound_clone(model)
    bare = isinstance(name, str) and Path(name).name == name and name not in (".", "..")
    folder = _shipped() / name if bare else Path(name)
    check_replaceable(folder)
    with whole_folder(folder) as fresh:
        clone.save_weights(fresh / WEIGHTS)
        made = {
            "architecture": model.name,
            "parameters": int(model.count_params()),
            "sha256": sha256(fresh / WEIGHTS),
            "onnx_sha256": None,
        }
        described = ModelCard.from_dict({**card, **made}, "The card")
        described.require(_required(folder), f"The card of {folder}", "add them")
        write_json(fresh / CARD, described.to_dict())
    for form in (ONNX, PAGE):  # of the weights that were there before
        (folder / form).unlink(missing_ok=True)
    return folder


def _sound_clone(model: "keras.Model") -> "keras.Model":
    """Return the network without the state of its optimiser, twice the weights' size.

    Raises `ModelFileError` if it could not be built again, or is of no use: its weights
    are not finite, or it answers NaN, or the same to very different pictures.
    """
    from emolib.models.inference import answers

    builders = _builders()
    name = getattr(model, "name", type(model).__name__)
    own = (
        "save_model keeps networks that emolib.models.build builds by name. Save one "
        "of your own with model.save('mine.keras'); `predict` and `grad_cam` read it."
    )
    if name not in builders:
        raise ModelFileError(f"{unknown('architecture', name, builders)} {own}")
    clone, weights = build(name), model.get_weights()
    shapes = [[one.shape for one in these] for these in (weights, clone.get_weights())]
    if shapes[0] != shapes[1]:
        raise ModelFileError(f"This {name!r} is not as build({name!r}) makes it. {own}")
    clone.set_weights(weights)
    faults = "weights are NaN or infinite"
    if all(np.isfinite(one).all() for one in weights):
        noise = np.random.default_rng(0).standard_normal((8, CROP.size, CROP.size))
        found = answers(clone, 128 + np.linspace(0, 40, 8)[:, None, None] * noise)
        scores = np.log(np.maximum(found, 1e-30))
        if np.isfinite(found).all() and np.ptp(scores, axis=0).max() > 1e-4:
            return clone
        faults = "answers are NaN, or the same to all pictures"
    raise ModelFileError(
        f"The network {name!r} is not saved: its {faults}. Its training has diverged; "
        "train a network that was built anew with a smaller learning_rate."
    )


def _builders() -> dict:
    from emolib.models import attention, cnn

    return cnn.NETWORKS | attention.NETWORKS


def _shipped() -> Path:
    return data_folder() / "models"


def _required(folder: Path) -> tuple[str, ...]:
    """Return what a card has to say for its network to load: more where it ships."""
    ships = folder.resolve().parent == _shipped().resolve()
    return cards.TO_LOAD if ships else cards.NEEDED


def _verified(path: Path, recorded: str) -> bytes:
    return verified_bytes(
        path, recorded, record="its card", error=ModelFileError, remedy=_REMEDY
    )
