"""Layers that Keras does not have, none with anything to learn."""

import numpy as np

from emolib.errors import ArgumentError
from emolib.faces import triangle_weights
from emolib.models._backend import keras

ops = keras.ops

#: Smallest standard deviation to divide by, so that a blank image stays blank and the
#: noise of a flat place is not blown up: in grey levels, and in those spreads.
SPREAD_FLOOR, LOCAL_FLOOR = 4.0, 0.2
#: Standard deviation of the Gaussian of `LocalContrast`, as a fraction of the image's
#: side: what counts as surroundings is then about a quarter of a face wide.
WINDOW = 0.09


@keras.saving.register_keras_serializable(package="emolib")
class ImageStandardisation(keras.layers.Layer):
    """Give every image zero mean and unit contrast, each one by itself.

    Dim and bright light differ by a shift and a factor of the grey values; both are
    removed before the first convolution.
    """

    def call(self, images):
        """Map images ``(n, h, w, 1)``, 0-255, to the same shape, about -3 to 3."""
        mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)  # (n, 1, 1, 1)
        spread = ops.std(images, axis=(1, 2, 3), keepdims=True)  # (n, 1, 1, 1)
        return (images - mean) / ops.maximum(spread, SPREAD_FLOOR)


@keras.saving.register_keras_serializable(package="emolib")
class LocalContrast(keras.layers.Layer):
    """Show every place in the contrast of its surroundings.

    Subtracts their mean and divides by their standard deviation, both weighted by a
    Gaussian: local contrast normalisation (Jarrett, Kavukcuoglu, Ranzato & LeCun 2009,
    ICCV). Cheeks in shade and in light, dark skin and light, then look much the same;
    lines and creases stay.
    """

    def build(self, shape):
        """Prepare the Gaussian averages along the two sides of images ``shape``."""
        _, height, width, _ = shape
        # A product with a fixed matrix: ten times faster on a CPU than pooling, and
        # a row that sums to one needs no invented pixels beyond the border.
        self.down = ops.convert_to_tensor(_gaussian_means(height))
        self._across = ops.convert_to_tensor(_gaussian_means(width).T)

    def _surroundings(self, images):
        return ops.matmul(self.down, ops.matmul(images, self._across))

    def call(self, images):
        """Map standardised images ``(n, h, w, 1)`` to the same shape, about -3 to 3."""
        flat = ops.squeeze(images, axis=-1)  # (n, h, w)
        flat = flat - self._surroundings(flat)
        spread = ops.sqrt(self._surroundings(ops.square(flat)))
        return ops.expand_dims(flat / ops.maximum(spread, LOCAL_FLOOR), axis=-1)


@keras.saving.register_keras_serializable(package="emolib")
class Shrink(keras.layers.Layer):
    """Resize square images to `side` pixels, at least 8, as two products of matrices.

    The inverse of enlarging with `emolib.faces.RESAMPLE`: an image that had `side`
    pixels before it became a canonical crop is itself again, any other is approximated
    by least squares (Unser, Aldroubi & Eden 1995, doi:10.1109/83.366474). It exports to
    ONNX as it is.
    """

    def __init__(self, side: int, **kwargs):
        super().__init__(**kwargs)
        if side < 8:
            raise ArgumentError(f"side must be at least 8. Received: side={side}")
        self.side = side

    def build(self, shape):
        """Prepare the weights for images of ``shape`` (n, side, side, 1)."""
        enlarge = triangle_weights(self.side, shape[1])
        # a constant of three axes: with two, Keras makes seven operations of a product
        self.down = np.linalg.pinv(enlarge)[None]  # (1, side, s)

    def call(self, images):
        """Map images ``(n, s, s, 1)`` to ``(n, side, side, 1)``."""
        flat = ops.squeeze(images, axis=-1)  # (n, s, s)
        across = ops.matmul(flat, np.swapaxes(self.down, 1, 2))  # (n, s, side)
        return ops.expand_dims(ops.matmul(self.down, across), axis=-1)

    def get_config(self):
        """Return what is needed to build this layer again."""
        return {**super().get_config(), "side": self.side}


def _gaussian_means(side: int) -> np.ndarray:
    """Weights of the mean around each of `side` places, float32 (side, side)."""
    distance = (np.arange(side)[:, None] - np.arange(side)) / (WINDOW * side)
    weights = np.exp(-0.5 * distance**2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
