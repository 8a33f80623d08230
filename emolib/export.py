"""From Keras to ONNX, the form that runs without TensorFlow.

The recogniser reads the result with onnxruntime, and so can any other language.
Taught in chapter 11.
"""

import hashlib
import json
import logging
import os
from contextlib import suppress
from pathlib import Path

import numpy as np

from emolib.models._backend import keras, tf
from emolib.models.registry import CARD, ONNX, load_model, model_card, model_folder
from emolib.onnx_session import open_session

#: Version of the ONNX operators; onnxruntime 1.14 (2023) and later know it.
OPSET = 17


class ExportError(RuntimeError):
    """A network cannot be exported; the message says why."""


def to_onnx(model: keras.Model, path: str | Path) -> Path:
    """Write a network as an ONNX file. Taught in chapter 11.

    Batch normalisation and dropout are in their state for prediction. The file
    appears whole or not at all.

    Parameters
    ----------
    model : keras.Model
        A network of this package: one input ``(n, 64, 64, 1)``, one output ``(n, 6)``.
    path : str or Path
        Ends in ``.onnx``; its folder must exist.

    Returns
    -------
    Path
        `path`. The graph has the input ``face``, float32 ``(n, 64, 64, 1)``, 0-255,
        and the output ``probabilities``, float32 ``(n, 6)``, and agrees with Keras to
        1e-4 (checked before the file is written).

    Raises
    ------
    ExportError
        If tf2onnx is missing, or the exported graph answers otherwise than `model`.
    """
    path = Path(path)
    graph = _graph(model)
    _check(model, graph)
    _write(path, graph)
    return path


def add_onnx(name: str | Path) -> Path:
    """Add the ONNX form to a model folder, and its SHA-256 to the card.

    Used by ``emolib export``; taught in chapter 11.

    Parameters
    ----------
    name : str or Path
        A shipped model, or the folder of one of your own.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ModelFileError
        If there is no such model, or its files are damaged.
    ExportError
        As `to_onnx`.
    """
    folder = model_folder(name)
    path = to_onnx(load_model(name), folder / ONNX)
    card = {
        **model_card(name),
        "onnx_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    _write(folder / CARD, text.encode())
    return path


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()


def _graph(model: keras.Model) -> bytes:
    try:
        import onnx
        import tf2onnx  # may import onnxruntime, after `emolib.onnx_session`
    except ImportError as error:
        raise ExportError(
            f"Exporting needs {error.name!r}, which is missing; install it with: "
            'pip install "emolib[train]"'
        ) from error
    shape = (None, *model.input_shape[1:])

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32, "face")])
    def answer(face):
        return {"probabilities": model(face, training=False)}

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    concrete = answer.get_concrete_function()
    graph, _ = tf2onnx.convert.from_function(answer, answer.input_signature, OPSET)
    # A tensor that a layer computed when it was built is an input of the function;
    # in the file it has to be a constant.
    held = {inside.name: outside for outside, inside in concrete.graph.captures}
    for entry in [one for one in graph.graph.input if one.name != "face"]:
        value = np.asarray(held[entry.name])
        graph.graph.initializer.append(onnx.numpy_helper.from_array(value, entry.name))
        graph.graph.input.remove(entry)
    graph.producer_name, graph.producer_version = "emolib", ""
    graph.doc_string = model.name
    onnx.checker.check_model(graph)
    return graph.SerializeToString(deterministic=True)


def _check(model: keras.Model, graph: bytes) -> None:
    shape = (8, *model.input_shape[1:])
    faces = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
    (found,) = open_session(graph).run(["probabilities"], {"face": faces})
    away = np.abs(found - np.asarray(model(faces, training=False))).max()
    if not away <= 1e-4:
        raise ExportError(
            f"The exported graph of {model.name!r} answers otherwise than the network: "
            f"probabilities differ by up to {away:.2g}, at most 1e-4 is allowed."
        )
