"""The networks for real photographs: a wide one that learns first, and the small one.

Both read the canonical crop and shrink it inside to the 48 pixels that FER2013 has.
Chapter 11 trains and compares them.
"""

import numpy as np

from emolib.emotions import EMOTIONS
from emolib.faces import CROP, triangle_weights
from emolib.models._backend import keras
from emolib.models.cnn import ImageStandardisation, _residual_parts

layers, ops = keras.layers, keras.ops


@keras.saving.register_keras_serializable(package="emolib")
class Shrink(layers.Layer):
    """Resize square images to a smaller side, as two products of matrices.

    It is the inverse of enlarging with a triangle filter, as `emolib.faces.RESAMPLE`
    does it: an image that had `side` pixels before it became a canonical crop is itself
    again, and any other is approximated by least squares (Unser, Aldroubi & Eden 1995,
    doi:10.1109/83.366474). A product with a fixed matrix runs fast everywhere and
    exports to ONNX as it stands. Taught in chapter 11.

    Parameters
    ----------
    side : int
        Side of the result, pixels, at least 8.
    """

    def __init__(self, side: int, **kwargs):
        super().__init__(**kwargs)
        if side < 8:
            raise ValueError(f"side must be at least 8. Received: side={side}")
        self.side = side

    def build(self, shape):
        """Prepare the weights for images of ``shape`` (n, side, side, 1)."""
        enlarge = triangle_weights(self.side, shape[1])
        # a constant of three axes: with two, Keras makes seven operations of a product
        self._down = np.linalg.pinv(enlarge)[None]  # (1, side, s)

    def call(self, images):
        """Map images ``(n, s, s, 1)`` to ``(n, side, side, 1)``."""
        flat = ops.squeeze(images, axis=-1)  # (n, s, s)
        across = np.swapaxes(self._down, 1, 2)  # (1, s, side)
        small = ops.matmul(self._down, ops.matmul(flat, across))
        return ops.expand_dims(small, axis=-1)

    def get_config(self):
        """Return what is needed to build this layer again."""
        return {**super().get_config(), "side": self.side}


def wide_cnn(seed: int = 0) -> keras.Model:
    """Build the teacher: a wide residual network of 1.2 million parameters.

    Residual blocks (He et al. 2016, doi:10.1109/CVPR.2016.90) at 12, 6 and 3 pixels.
    Too slow to ship; the small network learns from its opinions (Hinton, Vinyals &
    Dean 2015, arXiv:1503.02531). Used in chapter 11.

    Parameters
    ----------
    seed : int, default 0
        Seeds the initial weights and the dropout.

    Returns
    -------
    keras.Model
        Not compiled. Input ``(n, 64, 64, 1)``, 0-255; output float32 ``(n, 6)``,
        probabilities.
    """
    return _network("wide_cnn", seed, (16, 32), (80, 144, 224), dropout=0.4)


def real_cnn(seed: int = 0) -> keras.Model:
    """Build the small network that reads photographs. Taught in chapter 11.

    Few filters at full resolution, where each costs most, many at 3 pixels: eight
    million multiplications a face, 0.19 million parameters.

    Parameters
    ----------
    seed : int, default 0
        Seeds the initial weights and the dropout.

    Returns
    -------
    keras.Model
        Not compiled. Input ``(n, 64, 64, 1)``, 0-255; output float32 ``(n, 6)``,
        probabilities.
    """
    return _network("real_cnn", seed, (16, 24), (32, 64, 80), dropout=0.2)


def _network(name, seed, stem, stages, dropout) -> keras.Model:
    """Two stem convolutions, a residual block per stage, global average, softmax.

    `stem` and `stages` are numbers of filters; all but the first halve the side.
    """
    draw = keras.random.SeedGenerator(seed)
    convolution, residual = _residual_parts(draw)
    inputs = keras.Input((CROP.size, CROP.size, 1), name="face")
    x = ImageStandardisation(name="standardise")(inputs)  # (n, 64, 64, 1)
    x = Shrink(48, name="shrink")(x)  # (n, 48, 48, 1)
    for number, filters in enumerate(stem, start=1):
        x = convolution(x, filters, 3, f"stem{number}", stride=number)
        x = layers.ReLU(name=f"stem{number}_relu")(x)  # 48, then 24 wide
    for number, filters in enumerate(stages, start=1):
        x = residual(x, filters, f"stage{number}", stride=2)  # 12, 6, then 3 wide
    x = layers.GlobalAveragePooling2D(name="average")(x)
    x = layers.Dropout(dropout, seed=seed, name="dropout")(x)
    glorot = keras.initializers.GlorotUniform(seed=draw)
    outputs = layers.Dense(
        len(EMOTIONS), activation="softmax", kernel_initializer=glorot, name="emotion"
    )(x)
    return keras.Model(inputs, outputs, name=name)
