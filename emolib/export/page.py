"""From Keras to one file that a page of the book reads: the network of the live lab.

The file is JSON, so that it can be looked into, and so that a page that lies on a disk
(``file://``), where a browser fetches nothing, can take it from the reader's hand or,
wrapped in a call, from a script. Its entries:

``format``, ``version``
    ``"emolib network"`` and 1.
``name``, ``title``, ``precision``
    Of the network, for people, and of its kernels: one of `PRECISIONS`.
``unsure_below``
    Smallest top probability that is an answer, 0 to 1, or null.
``emotions``, ``input``
    The six classes in their order, and the shape of a face, ``[64, 64, 1]``, 0-255.
``layers``
    In the order in which they are computed. Each has a ``name``, its ``type``, the
    layers that it takes its input ``from`` (``"face"`` is the picture), the ``shape``
    of what it gives, ``[h, w, c]`` or ``[n]``, settings of its own, and its
    ``weights``: by name, ``shape``, ``type`` (as ``precision``), and the byte ``at``
    which they begin; of int8, too, the byte ``scales_at`` which one float32 for each
    channel of the last axis begins, to be multiplied with.
``weights``
    All of them in base64, little endian, the last axis fastest.

=================== =========================== ==========================
type                settings                    weights
=================== =========================== ==========================
``rescaling``       ``scale``, ``offset``       none
``standardisation`` ``floor``                   none
``local_contrast``  ``floor``                   ``means`` (h, h)
``shrinking``       none                        ``down`` (side, h)
``convolution``     ``stride``, ``padding``,    ``kernel`` (h, w, in, out),
                    ``activation``              perhaps ``bias`` (out)
``depthwise``       the same                    ``kernel`` (h, w, out),
                                                perhaps ``bias`` (out)
``max_pooling``     ``size``, ``stride``,       none
                    ``padding``
``average_pooling`` the same                    none
``normalisation``   none                        ``scale``, ``shift`` (c)
``activation``      ``activation``              none
``addition``        none                        none
``flattening``      none                        none
``global_average``  none                        none
``global_max``      none                        none
``dense``           ``activation``              ``kernel`` (in, out),
                                                perhaps ``bias`` (out)
=================== =========================== ==========================

A size or a stride is ``[down, across]``, a padding ``"same"`` or ``"valid"``, an
activation one of `ACTIVATIONS` or null. Kernels have the precision that was asked for,
all other weights are few and stay float32. A normalisation over the batch is, once it
is trained, a factor (``scale``) and a summand (``shift``) for each channel.
"""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError, unknown
from emolib.export.errors import ExportError
from emolib.faces import CROP
from emolib.files import write_whole
from emolib.models._backend import keras, tf
from emolib.models.cards import ModelCard
from emolib.models.inference import answers, checked_answers
from emolib.models.layers import (
    LOCAL_FLOOR,
    SPREAD_FLOOR,
    ImageStandardisation,
    LocalContrast,
    Shrink,
)
from emolib.models.registry import PAGE, load_model, model_card, model_folder
from emolib.models.watching import Step, watched

FORMAT, VERSION = "emolib network", 1
#: How a kernel can be stored, with how far the rounding may move a probability.
PRECISIONS = {"float32": 1e-6, "float16": 0.01, "int8": 0.1}
#: The functions that the page applies to what a layer has summed up.
ACTIVATIONS = ("relu", "sigmoid", "tanh", "silu", "softmax")


@dataclass(frozen=True)
class _Entry:
    """A layer as the file has it: settings, a kernel to be rounded, other weights."""

    kind: str
    settings: dict = field(default_factory=dict)
    kernel: keras.Variable | None = None
    exact: dict[str, np.ndarray] = field(default_factory=dict)

    def values(self) -> np.ndarray:
        """Return the kernel with the numbers it gives as its last axis, float32.

        Keras has two axes, channel and filter, where each channel has its own filters.
        """
        values = self.kernel.numpy().astype(np.float32)
        apart = self.kind == "depthwise"
        return values.reshape(*values.shape[:2], -1) if apart else values


def to_page(
    model: keras.Model, precision: str = "float16", card: ModelCard | None = None
) -> str:
    """Turn a network into the content of the file that the page reads.

    Parameters
    ----------
    model : keras.Model
        A network of this package, or one of your own: functional, sequential or
        subclassed, from faces ``(n, 64, 64, 1)``, 0-255, through layers of the table
        above to a softmax of six.
    precision : str, default "float16"
        How kernels are stored. ``"float32"`` is what was trained; ``"float16"`` takes
        half the room, at about three digits; ``"int8"`` a quarter, in 255 steps for
        each filter.
    card : ModelCard, optional
        Says what people read for a title and, if it does, below which top probability
        an answer is *unsure*; without one the title is the name of the network.

    Raises
    ------
    ArgumentError
        If `model` takes or answers something else, such as logits or NaN, or there is
        no such precision.
    ExportError
        If the page does not know a layer or one of its settings, or the rounding moves
        a probability further than `PRECISIONS` allows.
    """
    if precision not in PRECISIONS:
        raise ArgumentError(unknown("precision", precision, PRECISIONS))
    faces = np.random.default_rng(0).uniform(0, 255, (8, CROP.size, CROP.size))
    faces = faces.astype(np.float32)
    expected = checked_answers(model, faces)
    with rounded(model, precision):
        away = np.abs(answers(model, faces) - expected).max()  # may be NaN
    if not away <= PRECISIONS[precision]:
        finer = list(PRECISIONS)[list(PRECISIONS).index(precision) - 1]
        raise ExportError(
            f"The network {model.name!r} does not bear being rounded to {precision}: "
            f"probabilities move by up to {away:.2g}, at most {PRECISIONS[precision]} "
            f"is allowed. Choose precision={finer!r}."
        )
    layers, weights = [], bytearray()
    for name, sources, shape, entry in _layers(model):
        stored = {}
        if entry.kernel is not None:
            stored["kernel"] = _store(weights, entry.values(), precision)
        for key, values in entry.exact.items():
            stored[key] = _store(weights, np.asarray(values), "float32")
        told = {"name": name, "type": entry.kind, "from": sources, "shape": shape}
        layers.append(told | entry.settings | {"weights": stored})
    last = layers[-1]
    if last["shape"] != [len(EMOTIONS)] or last.get("activation") != "softmax":
        raise ExportError(
            f"The network {model.name!r} ends in {last['name']!r}, which is no softmax "
            f"of {len(EMOTIONS)} classes. Add Dense({len(EMOTIONS)}, "
            "activation='softmax') at its end."
        )
    header = {
        "format": FORMAT, "version": VERSION, "name": model.name,
        "title": card.title if card else model.name, "precision": precision,
        "unsure_below": card.unsure_below if card else None, "emotions": list(EMOTIONS),
        "input": [CROP.size, CROP.size, 1],
    }  # fmt: skip
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in layers)
    head = json.dumps(header, ensure_ascii=False).removesuffix("}")
    text = base64.b64encode(weights).decode("ascii")
    return f'{head},\n"layers": [\n{lines}\n],\n"weights": "{text}"}}\n'


def add_page(name: str | Path, precision: str = "float16") -> Path:
    """Write the file for the page into a model folder; return its path.

    Parameters
    ----------
    name : str or Path
        As in `emolib.models.load_model`; errors are its own, and those of `to_page`.
    precision : str, default "float16"
        As in `to_page`.
    """
    folder = model_folder(name)
    text = to_page(load_model(folder), precision, model_card(folder))
    return write_whole(folder / PAGE, text)


@contextmanager
def rounded(model: keras.Model, precision: str) -> Iterator[None]:
    """Round the kernels of a network as the file has them, for as long as a block runs.

    Parameters
    ----------
    model, precision
        As in `to_page`, with its errors.
    """
    entries = [entry for *_, entry in _layers(model) if entry.kernel is not None]
    before = [one.kernel.numpy() for one in entries]
    try:
        for one in entries:
            values = _read(*_round(one.values(), precision))
            one.kernel.assign(values.reshape(one.kernel.shape))
        yield
    finally:
        for one, values in zip(entries, before, strict=True):
            one.kernel.assign(values)


# --- weights --------------------------------------------------------------------------


def _round(values: np.ndarray, precision: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Return values as they are stored, and of int8 the scales of the last axis."""
    if precision != "int8":
        with np.errstate(over="ignore"):  # `to_page` then finds NaN
            return values.astype(precision), None
    largest = np.abs(values).max(axis=tuple(range(values.ndim - 1)))
    scales = (np.where(largest > 0, largest, 1) / 127).astype(np.float32)
    return np.rint(values / scales).astype(np.int8), scales


def _read(stored: np.ndarray, scales: np.ndarray | None) -> np.ndarray:
    values = stored.astype(np.float32)
    return values if scales is None else values * scales


def _store(weights: bytearray, values: np.ndarray, precision: str) -> dict:
    """Append values to all `weights`; return what the header says of them."""
    stored, scales = _round(values, precision)
    told = {"shape": list(values.shape), "type": precision, "at": len(weights)}
    weights += stored.astype(stored.dtype.newbyteorder("<")).tobytes()
    if scales is not None:
        told["scales_at"] = len(weights)
        weights += scales.astype("<f4").tobytes()
    return told


# --- layers ---------------------------------------------------------------------------


def _layers(model: keras.Model) -> list[tuple[str, list[str], list[int], _Entry]]:
    """Return what leads from a face to the answer: name, sources, shape, entry.

    The network answers once and each layer is noted with the tensors that it takes and
    gives: so those inside other networks are found, too.
    """
    face = np.random.default_rng(1).uniform(0, 255, (1, CROP.size, CROP.size, 1))
    face = tf.constant(face, tf.float32)
    with watched(model) as steps:
        answer = model(face, training=False)
    # What hands on what it took, such as a dropout, leaves no trace.
    steps = [
        one
        for one in steps
        if one.given is not one.taken and not isinstance(one.layer, keras.Model)
    ]
    used = {}  # number of a step -> numbers of those it takes from, None for the face

    def follow(tensor, before: int) -> int | None:
        """Return which step gave a tensor, having followed what it took, too."""
        givers = [k for k in range(before) if steps[k].given is tensor][::-1]
        if not givers:
            if tensor.shape == face.shape and np.array_equal(tensor, face):
                return None
            raise ExportError(
                f"In {model.name!r}, something that is no layer computes the input of "
                f"{_named(steps[before].layer) if before < len(steps) else 'the end'}. "
                "Use a layer of keras.layers for it, such as Rescaling or Add."
            )
        known = [k for k in givers if type(steps[k].layer) in _KINDS]
        giver = (known or givers)[0]
        if giver not in used:
            used[giver] = []  # an unknown layer raises before what leads to it
            _entries(steps[giver].layer)
            taken = steps[giver].taken
            taken = taken if isinstance(taken, list | tuple) else [taken]
            used[giver] = [follow(one, giver) for one in taken]
        return giver

    follow(answer, len(steps))
    found, names = [], {None: "face"}
    for k in sorted(used):
        sources = [names[one] for one in used[k]]
        for part, entry, shape in _parts(steps[k]):
            name, count = part, 2
            while name in names.values():
                name, count = f"{part}_{count}", count + 1
            names[k] = name
            found.append((name, sources, shape, entry))
            sources = [name]
    return found


def _parts(step: Step) -> Iterator[tuple[str, _Entry, list[int]]]:
    """Yield name, entry and shape of the one or two layers that the page makes of one.

    The first half of a separable convolution has the shape of the second, but for its
    channels.
    """
    *halves, last = _entries(step.layer)
    shape = [int(one) for one in step.given.shape[1:]]
    for half in halves:
        channels = half.values().shape[-1]
        yield f"{step.layer.name}_{half.kind}", half, [*shape[:-1], channels]
    yield step.layer.name, last, shape


def _entries(layer: keras.layers.Layer) -> list[_Entry]:
    """Return what the page makes of a layer, or say why it cannot."""
    kind = _KINDS.get(type(layer))
    if kind is None:
        known = ", ".join(sorted(one.__name__ for one in _KINDS))
        raise ExportError(
            f"The page does not know the layer {_named(layer)}. Use those that it "
            f"knows: {known}; or export to ONNX."
        )
    for setting, plain in _PLAIN.items():
        value = getattr(layer, setting, plain[0])
        if value not in plain:
            raise ExportError(
                f"The page does not know {setting}={value!r} of the layer "
                f"{_named(layer)}. Use {setting}={plain[0]!r}."
            )
    made = kind(layer)
    return made if isinstance(made, list) else [made]


def _named(layer: keras.layers.Layer) -> str:
    return f"{layer.name!r} ({type(layer).__name__})"


#: Settings that have to be what they are by default, in any of their spellings.
_PLAIN = {
    "data_format": ("channels_last",),
    "dilation_rate": ((1, 1), 1),
    "groups": (1,),
    "max_value": (None,),
    "negative_slope": (0.0,),
    "threshold": (0.0,),
    "keepdims": (False,),
    "axis": (-1, 1, 3),
}


def _activation(layer: keras.layers.Layer) -> str | None:
    name = getattr(layer.activation, "__name__", str(layer.activation))
    if name == "linear":
        return None
    if name not in ACTIVATIONS:
        raise ExportError(
            f"The page does not know the activation {name!r} of the layer "
            f"{_named(layer)}. Use one of {', '.join(ACTIVATIONS)}."
        )
    return name


def _moving(layer: keras.layers.Layer) -> dict:
    """Return stride and padding of a layer that moves over a picture."""
    return {"stride": list(layer.strides), "padding": layer.padding}


def _bias(layer: keras.layers.Layer) -> dict[str, np.ndarray]:
    return {"bias": layer.bias.numpy()} if layer.bias is not None else {}


def _weighing(kind: str, moves: bool = True) -> Callable:
    def entry(layer):
        settings = _moving(layer) if moves else {}
        settings["activation"] = _activation(layer)
        return _Entry(kind, settings, layer.kernel, _bias(layer))

    return entry


def _separable(layer: keras.layers.SeparableConv2D) -> list[_Entry]:
    apart = _moving(layer) | {"activation": None}
    pointwise = {"stride": [1, 1], "padding": "valid", "activation": _activation(layer)}
    return [
        _Entry("depthwise", apart, layer.depthwise_kernel),
        _Entry("convolution", pointwise, layer.pointwise_kernel, _bias(layer)),
    ]


def _pooling(kind: str) -> Callable:
    def entry(layer):
        return _Entry(kind, {"size": list(layer.pool_size), **_moving(layer)})

    return entry


def _normalisation(layer: keras.layers.BatchNormalization) -> _Entry:
    spread = np.sqrt(layer.moving_variance.numpy().astype(np.float64) + layer.epsilon)
    scale = (1 if layer.gamma is None else layer.gamma.numpy()) / spread
    shift = -layer.moving_mean.numpy() * scale
    shift = shift + (0 if layer.beta is None else layer.beta.numpy())
    exact = {"scale": scale.astype(np.float32), "shift": shift.astype(np.float32)}
    return _Entry("normalisation", exact=exact)


def _applied(name: str) -> Callable:
    return lambda layer: _Entry("activation", {"activation": name})


def _plain(kind: str) -> Callable:
    return lambda layer: _Entry(kind)


def _rescaling(layer: keras.layers.Rescaling) -> _Entry:
    for setting in ("scale", "offset"):
        if np.ndim(getattr(layer, setting)):
            raise ExportError(
                f"The page does not know one {setting} for each channel, as the layer "
                f"{_named(layer)} has it. Use one number."
            )
    return _Entry(
        "rescaling", {"scale": float(layer.scale), "offset": float(layer.offset)}
    )


#: What becomes of each layer of Keras and of this package.
_KINDS = {
    keras.layers.Rescaling: _rescaling,
    ImageStandardisation: lambda layer: _Entry(
        "standardisation", {"floor": SPREAD_FLOOR}
    ),
    LocalContrast: lambda layer: _Entry(
        "local_contrast", {"floor": LOCAL_FLOOR}, exact={"means": layer.down}
    ),
    Shrink: lambda layer: _Entry(
        "shrinking", exact={"down": layer.down[0].astype(np.float32)}
    ),
    keras.layers.Conv2D: _weighing("convolution"),
    keras.layers.DepthwiseConv2D: _weighing("depthwise"),
    keras.layers.SeparableConv2D: _separable,
    keras.layers.MaxPooling2D: _pooling("max_pooling"),
    keras.layers.AveragePooling2D: _pooling("average_pooling"),
    keras.layers.BatchNormalization: _normalisation,
    keras.layers.ReLU: _applied("relu"),
    keras.layers.Softmax: _applied("softmax"),
    keras.layers.Activation: lambda layer: _Entry(
        "activation", {"activation": _activation(layer)}
    ),
    keras.layers.Add: _plain("addition"),
    keras.layers.Flatten: _plain("flattening"),
    keras.layers.GlobalAveragePooling2D: _plain("global_average"),
    keras.layers.GlobalMaxPooling2D: _plain("global_max"),
    keras.layers.Dense: _weighing("dense", moves=False),
}
