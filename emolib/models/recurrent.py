"""Networks that read clips: features of the frames in, probabilities of the clip out.

A frame network makes the features once (`emolib.models.encode`); what reads them in
their order is small. Clips may differ in length: a frame whose features are all zero is
padding, and changes nothing; a clip of padding alone gets an answer that means nothing.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from emolib.arguments import check_whole
from emolib.datasets.face_dataset import Clips
from emolib.errors import ArgumentError, unknown
from emolib.models._backend import keras, tf
from emolib.models.attention import AttentionPooling
from emolib.models.cnn import draws, ending

layers, ops = keras.layers, keras.ops

_BATCH = 256  # frames at a time


@keras.saving.register_keras_serializable(package="emolib")
class RealFrames(layers.Layer):
    """Tell frames from padding: features (n, t, d) to bool (n, t), False for zeros."""

    def call(self, clips):
        """Map features (n, t, d) to bool (n, t)."""
        return ops.any(ops.not_equal(clips, 0.0), axis=-1)


@keras.saving.register_keras_serializable(package="emolib")
class PoolFrames(layers.Layer):
    """Make one vector of a clip's frames, whatever their order: mean, max or the last.

    Parameters
    ----------
    kind : {"mean", "max", "last"}
        Another one raises `ArgumentError`.
    """

    def __init__(self, kind: str, **kwargs):
        super().__init__(**kwargs)
        if kind not in _POOLS:
            raise ArgumentError(unknown("kind", kind, _POOLS))
        self.kind, self.supports_masking = kind, True

    def call(self, frames, mask):
        """Map frames (n, t, d) and what of them is real, bool (n, t), to (n, d)."""
        return _POOLS[self.kind](frames, mask)

    def compute_mask(self, frames: tf.Tensor, mask: tf.Tensor | None = None) -> None:
        """Return None: nothing is left to be masked."""
        return

    def get_config(self):
        """Return what is needed to build this layer again."""
        return {**super().get_config(), "kind": self.kind}


def _mean(frames, mask):
    share = ops.cast(mask, frames.dtype)[..., None]
    return ops.sum(frames * share, axis=1) / ops.maximum(ops.sum(share, axis=1), 1.0)


def _most(frames, mask):
    return ops.max(ops.where(mask[..., None], frames, -1e9), axis=1)


def _last(frames, mask):
    places = ops.arange(ops.shape(frames)[1])
    latest = ops.max(ops.where(mask, places, 0), axis=1)  # (n,)
    is_last = ops.equal(places[None], latest[:, None])  # (n, t)
    return ops.sum(frames * ops.cast(is_last, frames.dtype)[..., None], axis=1)


_POOLS = {"mean": _mean, "max": _most, "last": _last}


def encode(network: keras.Model, clips: Clips) -> np.ndarray:
    """Return what a frame network makes of each frame before its last layer.

    Parameters
    ----------
    network : keras.Model
        One of `emolib.models.build`, trained.
    clips : Clips
        From `FaceDataset.clips`.

    Returns
    -------
    ndarray, float32, (n, t, d)
        Zero where a clip is shorter than the longest.

    Raises
    ------
    ArgumentError
        If there are no clips.
    """
    if len(clips.labels) == 0:
        raise ArgumentError("There are no clips to encode; give at least one.")
    features = keras.Model(network.input, network.layers[-1].input)
    real = np.arange(clips.images.shape[1]) < clips.lengths[:, None]  # (n, t)
    frames = clips.images[real][..., None].astype(np.float32)
    made = [
        np.asarray(features(frames[start : start + _BATCH], training=False))
        for start in range(0, len(frames), _BATCH)
    ]
    found = np.concatenate(made)
    result = np.zeros((*real.shape, found.shape[-1]), np.float32)
    result[real] = found
    return result


def sequence_network(kind: str, width: int, seed: int = 0) -> keras.Model:
    """Build a network from the features of frames to the emotion of the clip.

    Input ``(n, t, width)`` of any length ``t``, output float32 ``(n, 6)``,
    probabilities. Not compiled. Each kind has about 20,000 parameters at a width of 96.

    Parameters
    ----------
    kind : str
        One of `SEQUENCES`: pools that do not see order (``mean``, ``max``, ``last``,
        and ``temporal attention``, whose weights depend on the frames alone); networks
        that do: ``simple RNN`` (Elman 1990), ``GRU``
        (Cho et al. 2014, arXiv:1406.1078), ``LSTM`` (Hochreiter & Schmidhuber 1997,
        doi:10.1162/neco.1997.9.8.1735), ``bidirectional GRU``, and ``temporal
        convolution``, causal, of three layers that look ever farther back (Bai, Kolter
        & Koltun 2018, arXiv:1803.01271).
    width : int
        Features of a frame.
    seed : int
        Of the initial weights.

    Raises
    ------
    ArgumentError
        If there is no such kind, or a number is out of range.
    """
    if kind not in SEQUENCES:
        raise ArgumentError(unknown("kind", kind, SEQUENCES))
    check_whole("width", width, 1)
    draw = draws(seed)
    clip = keras.Input((None, width), name="clip")
    real = RealFrames(name="real")(clip)
    frames = layers.LayerNormalization(name="normalise")(clip)
    x = SEQUENCES[kind](frames, real, draw)  # (n, d)
    shares = ending(x, 0.3, seed, draw)
    return keras.Model(clip, shares, name=kind.replace(" ", "_"))


def _pooled(pool: Callable) -> Callable:
    """Return what looks at each frame by itself, then pools with a layer of `pool`."""

    def make(frames, real, draw):
        he = keras.initializers.HeNormal(seed=draw)
        x = layers.Dense(
            192, activation="relu", kernel_initializer=he, name="each_frame"
        )(frames)
        return pool()(x, mask=real)

    return make


def _recurrent(kind: type, units: int, *, both_ways: bool = False) -> Callable:
    """Return what reads the frames one after the other."""

    def make(frames, real, draw):
        cell = kind(
            units, name="cell",
            kernel_initializer=keras.initializers.GlorotUniform(seed=draw),
            recurrent_initializer=keras.initializers.Orthogonal(seed=draw),
        )  # fmt: skip
        if both_ways:
            cell = layers.Bidirectional(cell, name="both_ways")
        return cell(frames, mask=real)

    return make


def _convolved(frames, real, draw):
    """Look at three frames, then farther back: 1, 2 and 4 frames apart."""
    x = frames
    for apart in (1, 2, 4):
        he = keras.initializers.HeNormal(seed=draw)
        x = layers.Conv1D(
            38, 3, padding="causal", dilation_rate=apart, activation="relu",
            kernel_initializer=he, name=f"back{apart}",
        )(x)  # fmt: skip
    return PoolFrames("mean", name="pool")(x, mask=real)


#: Kind -> what makes features (n, d) of frames (n, t, d), the real ones among them,
#: bool (n, t), and the drawer of initial weights.
SEQUENCES: dict[str, Callable] = {
    "last": _pooled(partial(PoolFrames, "last", name="pool")),
    "mean": _pooled(partial(PoolFrames, "mean", name="pool")),
    "max": _pooled(partial(PoolFrames, "max", name="pool")),
    "temporal attention": _pooled(partial(AttentionPooling, name="pool")),
    "simple RNN": _recurrent(layers.SimpleRNN, 100),
    "GRU": _recurrent(layers.GRU, 46),
    "LSTM": _recurrent(layers.LSTM, 37),
    "bidirectional GRU": _recurrent(layers.GRU, 27, both_ways=True),
    "temporal convolution": _convolved,
}
