"""What each layer of a network takes and gives while it answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from emolib.models._backend import keras, tf


class Step(NamedTuple):
    """A layer that has done its work, what went in and what came out."""

    layer: keras.layers.Layer
    taken: tf.Tensor
    given: tf.Tensor


@contextmanager
def watched(model: keras.Model) -> Iterator[list[Step]]:
    """Note each layer inside `model`, at any depth, in the order in which they end."""
    steps, call = [], keras.layers.Layer.__call__

    def noting(layer, *args, **kwargs):
        given = call(layer, *args, **kwargs)
        if layer is not model:
            taken = next(iter((*args, *kwargs.values())), None)
            steps.append(Step(layer, taken, given))
        return given

    # A functional model could name the tensors; a subclassed one, or one that is
    # nested in another, has none to name.
    keras.layers.Layer.__call__ = noting
    try:
        yield steps
    finally:
        keras.layers.Layer.__call__ = call
