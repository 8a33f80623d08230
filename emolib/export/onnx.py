"""From Keras to ONNX, the form that runs without TensorFlow, in any language."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from emolib.export.errors import ExportError
from emolib.faces import CROP
from emolib.files import sha256, write_json, write_whole
from emolib.models._backend import keras, tf
from emolib.models.inference import checked_answers
from emolib.models.registry import CARD, ONNX, load_model, model_card, model_folder
from emolib.onnx_session import open_session

#: Version of the ONNX operators; onnxruntime 1.14 (2023) and later know it.
OPSET = 17


def to_onnx(model: keras.Model) -> bytes:
    """Turn a network into an ONNX graph, the bytes of an ``.onnx`` file.

    The graph has the input ``face``, float32 ``(n, 64, 64, 1)``, 0-255, or of a network
    of clips ``clip``, float32 ``(n, t, d)`` of any length t, and the output
    ``probabilities``, float32 ``(n, 6)``. It agrees with Keras to 1e-4 (checked here).
    Batch normalisation and dropout are in their state for prediction.

    Parameters
    ----------
    model : keras.Model
        A network of this package, or one of your own: one input ``(n, 64, 64, 1)``, one
        output ``(n, 6)``, probabilities; or from `emolib.models.sequence_network`.

    Raises
    ------
    ArgumentError
        If `model` takes or answers something else, such as logits or NaN.
    ExportError
        If tf2onnx is missing or cannot turn a layer into ONNX, or the graph does not
        agree with `model`.
    """
    shape = getattr(model, "input_shape", ())
    rng = np.random.default_rng(0)
    if len(shape) == 3:  # features of frames; one of the clips is shorter
        name, shown = "clip", rng.normal(size=(3, 7, shape[-1])).astype(np.float32)
        shown[1, 4:] = 0
        expected = np.asarray(model(shown, training=False))
    else:
        faces = rng.uniform(0, 255, (8, CROP.size, CROP.size))
        expected = checked_answers(model, faces)
        name, shape = "face", (None, CROP.size, CROP.size, 1)
        shown = faces[..., None].astype(np.float32)
    graph = _graph(model, name, shape)
    (found,) = open_session(graph).run(["probabilities"], {name: shown})
    away = np.abs(found - expected).max()
    if not away <= 1e-4:
        raise ExportError(
            f"The exported graph of {model.name!r} does not agree with the network: "
            f"probabilities differ by up to {away:.2g}, at most 1e-4 is allowed."
        )
    return graph


def add_onnx(name: str | Path) -> Path:
    """Add the ONNX form to a model folder, its SHA-256 to the card; return its path.

    Parameters
    ----------
    name : str or Path
        As in `emolib.models.load_model`; errors are its own, and those of `to_onnx`.
    """
    folder = model_folder(name)
    graph, card = to_onnx(load_model(folder)), model_card(folder)
    path = write_whole(folder / ONNX, graph)
    write_json(folder / CARD, replace(card, onnx_sha256=sha256(graph)).to_dict())
    return path


def _graph(model: keras.Model, name: str, shape: tuple) -> bytes:
    try:
        import onnx
        import tf2onnx  # may import onnxruntime, after `emolib.onnx_session`
    except ImportError as error:
        raise ExportError(
            f"Exporting needs {error.name!r}, which is missing; install it with: "
            'pip install "emolib[train]"'
        ) from error

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32, name)])
    def answer(shown):
        return {"probabilities": model(shown, training=False)}

    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)  # it also raises
    try:
        concrete = answer.get_concrete_function()
        graph, _ = tf2onnx.convert.from_function(answer, answer.input_signature, OPSET)
        # A tensor that a layer computed when it was built is an input of the function;
        # in the file it has to be a constant.
        held = {inside.name: outside for outside, inside in concrete.graph.captures}
        for entry in [one for one in graph.graph.input if one.name != name]:
            value = onnx.numpy_helper.from_array(np.asarray(held[entry.name]))
            value.name = entry.name
            graph.graph.initializer.append(value)
            graph.graph.input.remove(entry)
        onnx.checker.check_model(graph)
    except Exception as error:  # TensorFlow and both packages raise many kinds
        reason = str(error).strip().partition("\n")[0]
        raise ExportError(
            f"The network {model.name!r} cannot be turned into ONNX ({reason}). Use "
            "layers that tf2onnx knows, such as those of emolib.models.cnn."
        ) from error
    graph.producer_name, graph.producer_version = "emolib", ""
    graph.doc_string = model.name
    return graph.SerializeToString(deterministic=True)
