"""The shipped weights: found by name, checked, and put into a network built in code.

A model is a folder with ``weights.weights.h5``, ``card.json`` and, once exported,
``model.onnx``. Keras cannot read a ``.keras`` file of a newer Keras, but weights load
into a model built in code; the ONNX form needs no Keras at all.
"""

import hashlib
import json
import os
import shutil
import tempfile
import warnings
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from emolib.paths import data_folder

if TYPE_CHECKING:
    import keras

#: Networks that can be built by name.
ARCHITECTURES: tuple[str, ...] = (
    "plain_cnn", "small_cnn", "contrast_cnn", "real_cnn", "wide_cnn",
)  # fmt: skip

WEIGHTS, CARD, ONNX = "weights.weights.h5", "card.json", "model.onnx"

_REMEDY = "restore it with `git checkout data/models`, or train the model again"


class ModelFileError(ValueError):
    """A model is unknown, incomplete or altered; the message says what to do."""


def available() -> tuple[str, ...]:
    """Return the names of the shipped models, sorted. Taught in chapter 6.

    Reads no weights and imports no TensorFlow.
    """
    folder = data_folder() / "models"
    return tuple(sorted(path.parent.name for path in folder.glob(f"*/{CARD}")))


def build(architecture: str, seed: int = 0) -> "keras.Model":
    """Build an untrained network by the name of its architecture.

    Used by the command line; taught in chapter 3.

    Parameters
    ----------
    architecture : {"plain_cnn", "small_cnn", "contrast_cnn", "real_cnn", "wide_cnn"}
    seed : int, default 0
        Seeds the initial weights.

    Raises
    ------
    ModelFileError
        If no network has this name.
    """
    if architecture not in ARCHITECTURES:
        raise ModelFileError(
            f"Unknown architecture {architecture!r}; expected one of "
            f"{', '.join(ARCHITECTURES)}."
        )
    from emolib.models import cnn, real

    room = real if hasattr(real, architecture) else cnn
    return getattr(room, architecture)(seed)


def model_folder(name: str | Path) -> Path:
    """Return the folder of a model: a shipped name, or a folder that holds a card.

    Used by `emolib.export`; chapter 11.

    Raises
    ------
    ModelFileError
        If there is no such model; the nearest shipped name is suggested.
    """
    own = Path(name).is_dir()
    folder = Path(name) if own else data_folder() / "models" / str(name)
    if (folder / CARD).is_file():
        return folder
    if own:
        raise ModelFileError(
            f"{folder} holds no {CARD}, so it is not a model folder; give the folder "
            "that `emolib train --output` or emolib.models.save_model wrote."
        )
    shipped = available()
    near = get_close_matches(str(name), shipped, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ModelFileError(
        f"No model {str(name)!r}; shipped are {', '.join(shipped) or 'none'}. A model "
        f"of your own is named by its folder.{hint}"
    )


def model_card(name: str | Path) -> dict:
    """Read a model card (Mitchell et al. 2019, doi:10.1145/3287560.3287596).

    Taught in chapter 6.

    Parameters
    ----------
    name : str or Path
        A shipped model, or the folder of one of your own.

    Returns
    -------
    dict
        Among others: architecture, training data and their licence, recipe, results,
        intended use, limits, sha256 of the weights.

    Raises
    ------
    ModelFileError
        If there is no such model or its card is not readable.
    """
    path = model_folder(name) / CARD
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFileError(
            f"{path} is not a readable model card ({error}); {_REMEDY}."
        ) from error
    if not isinstance(card, dict) or not {"architecture", "sha256"} <= card.keys():
        raise ModelFileError(f"{path} lacks 'architecture' or 'sha256'; {_REMEDY}.")
    return card


def load_model(name: str | Path) -> "keras.Model":
    """Load a trained network. Taught in chapter 6.

    Parameters
    ----------
    name : str or Path
        A shipped model (see `available`), or the folder of one of your own.

    Returns
    -------
    keras.Model
        Not compiled, in the state that was saved.

    Raises
    ------
    ModelFileError
        If there is no such model, or its weights are missing or are not those that
        its card describes.
    """
    card = model_card(name)
    path = model_folder(name) / WEIGHTS
    _verified(path, card["sha256"])
    model = build(card["architecture"])
    try:
        with warnings.catch_warnings():  # Keras warns before it raises
            warnings.simplefilter("ignore", UserWarning)
            model.load_weights(path)
    except (ValueError, OSError, KeyError) as error:
        raise ModelFileError(
            f"{path} does not fit the network {card['architecture']!r} of this version "
            f"of emolib; {_REMEDY}."
        ) from error
    return model


def onnx_graph(name: str | Path) -> bytes:
    """Return a network in ONNX form, checked. Used by the recogniser; chapter 11.

    Parameters
    ----------
    name : str or Path
        A shipped model (see `available`), or the folder of one of your own.

    Returns
    -------
    bytes
        A graph as `emolib.export.to_onnx` writes it.

    Raises
    ------
    ModelFileError
        If there is no such model, it was never exported, or its file is not the one
        that its card describes.
    """
    card = model_card(name)
    path = model_folder(name) / ONNX
    if "onnx_sha256" not in card:
        raise ModelFileError(
            f"{path.parent} has no ONNX form yet; add it with "
            f"`emolib export {name}` (needs TensorFlow)."
        )
    return _verified(path, card["onnx_sha256"])


def _verified(path: Path, sha256: str) -> bytes:
    """Return the bytes of a file, if they are those that the card describes."""
    if not path.is_file():
        raise ModelFileError(f"{path} is missing; {_REMEDY}.")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelFileError(
            f"{path} is damaged or altered: its sha256 is {found[:12]}..., its card "
            f"says {str(sha256)[:12]}...; {_REMEDY}."
        )
    return content


def save_model(model: "keras.Model", name: str | Path, card: dict) -> Path:
    """Save a network's weights beside a card that describes them.

    The folder appears whole or not at all, and replaces an older one. Used by the
    command line; taught in chapter 6.

    Parameters
    ----------
    model : keras.Model
        A network of ``ARCHITECTURES``, trained.
    name : str or Path
        A folder; a bare name is a folder in ``data/models``.
    card : dict
        What a reader should know; `architecture`, `parameters` and `sha256` are added.

    Returns
    -------
    Path
        The folder written.

    Raises
    ------
    ModelFileError
        If the network is not one that `load_model` could build again, or the folder
        holds something else than a model.
    """
    clone = build(model.name)  # without the optimizer's state, twice the weights' size
    clone.set_weights(model.get_weights())
    bare = isinstance(name, str) and Path(name).name == name and name not in (".", "..")
    folder = data_folder() / "models" / name if bare else Path(name)
    if folder.exists() and not (folder / CARD).is_file() and _occupied(folder):
        raise ModelFileError(
            f"{folder} holds other files and no model; choose a new folder."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        clone.save_weights(fresh / WEIGHTS)
        described = {
            **card,
            "architecture": model.name,
            "parameters": int(model.count_params()),
            "sha256": hashlib.sha256((fresh / WEIGHTS).read_bytes()).hexdigest(),
        }
        text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
        (fresh / CARD).write_text(text, encoding="utf-8")
        fresh.chmod(0o755)
        _replace(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def _occupied(folder: Path) -> bool:
    return not folder.is_dir() or any(folder.iterdir())


def _replace(fresh: Path, folder: Path) -> None:
    """Put `fresh` where `folder` is; what else lay in `folder` is kept."""
    if folder.is_dir():
        for path in folder.iterdir():
            if path.name not in (WEIGHTS, CARD, ONNX):
                target = fresh / path.name
                (shutil.copytree if path.is_dir() else shutil.copy2)(path, target)
        old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        os.replace(folder, old)
        os.replace(fresh, folder)
        shutil.rmtree(old)
    else:
        os.replace(fresh, folder)
