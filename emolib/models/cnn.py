"""Three convolutional networks: the deck's own, a small modern one, and a sturdy one.

All read the canonical crop as it is stored, grey values 0-255 of shape
``(n, 64, 64, 1)``, because rescaling is a layer of the model; all return
probabilities ``(n, 6)`` in the order of `emolib.EMOTIONS`.
"""

import numpy as np

from emolib.emotions import EMOTIONS
from emolib.faces import CROP
from emolib.models._backend import keras

layers, ops = keras.layers, keras.ops


@keras.saving.register_keras_serializable(package="emolib")
class ImageStandardisation(layers.Layer):
    """Give every image zero mean and unit contrast, each one by itself.

    A photograph taken in dim light and one taken in bright light differ by a shift
    and a factor of their grey values; both are removed here, before the first
    convolution. Taught in chapter 3.

    Parameters
    ----------
    floor : float, default 4.0
        Smallest standard deviation to divide by, in grey levels, so that a blank
        image stays blank.
    """

    def __init__(self, floor: float = 4.0, **kwargs):
        super().__init__(**kwargs)
        if floor <= 0:
            raise ValueError(f"floor must be positive. Received: floor={floor}")
        self.floor = floor

    def call(self, images):
        """Map images ``(n, h, w, 1)``, 0-255, to the same shape, about -3 to 3."""
        mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)  # (n, 1, 1, 1)
        spread = ops.std(images, axis=(1, 2, 3), keepdims=True)  # (n, 1, 1, 1)
        return (images - mean) / ops.maximum(spread, self.floor)

    def get_config(self):
        """Return what is needed to build this layer again."""
        return {**super().get_config(), "floor": self.floor}


@keras.saving.register_keras_serializable(package="emolib")
class LocalContrast(layers.Layer):
    """Show every place in the contrast of its surroundings.

    Subtracts the mean of the surroundings and divides by their standard deviation,
    both weighted by a Gaussian window: local contrast normalisation (Jarrett,
    Kavukcuoglu, Ranzato & LeCun 2009, ICCV). A cheek in shade and a cheek in the
    light, a dark skin and a light one then look much the same; lines and creases
    stay. Taught in chapter 3.

    Parameters
    ----------
    window : float, default 0.09
        Standard deviation of the Gaussian, as a fraction of the image's side: what
        counts as surroundings is then about a quarter of a face wide.
    floor : float, default 0.2
        Smallest standard deviation to divide by, in units of the input, so that the
        noise of a flat place is not blown up and a blank image stays blank.
    """

    def __init__(self, window: float = 0.09, floor: float = 0.2, **kwargs):
        super().__init__(**kwargs)
        if window <= 0 or floor <= 0:
            raise ValueError(
                "window and floor must be positive. Received: "
                f"window={window}, floor={floor}"
            )
        self.window = window
        self.floor = floor

    def build(self, shape):
        """Prepare the Gaussian averages along the two sides of images ``shape``."""
        _, height, width, _ = shape
        # A product with a fixed matrix: ten times faster on a CPU than pooling, and
        # a row that sums to one needs no invented pixels beyond the border.
        self._down = ops.convert_to_tensor(_gaussian_means(height, self.window))
        self._across = ops.convert_to_tensor(_gaussian_means(width, self.window).T)

    def _surroundings(self, images):
        return ops.matmul(self._down, ops.matmul(images, self._across))

    def call(self, images):
        """Map standardised images ``(n, h, w, 1)`` to the same shape, about -3 to 3."""
        flat = ops.squeeze(images, axis=-1)  # (n, h, w)
        flat = flat - self._surroundings(flat)
        spread = ops.sqrt(self._surroundings(ops.square(flat)))
        return ops.expand_dims(flat / ops.maximum(spread, self.floor), axis=-1)

    def get_config(self):
        """Return what is needed to build this layer again."""
        return {**super().get_config(), "window": self.window, "floor": self.floor}


def _gaussian_means(side: int, window: float) -> np.ndarray:
    """Weights of the mean around each of `side` places, float32 (side, side)."""
    place = np.arange(side)
    distance = (place[:, None] - place) / (window * side)
    weights = np.exp(-0.5 * distance**2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def plain_cnn(
    seed: int = 0, *, dropout: float = 0.5, batch_norm: bool = False
) -> keras.Model:
    """Build the deck's network: convolution, max-pooling and dense layers.

    Three times a convolution with ReLU and a 2x2 max-pooling, then two dense
    layers: the lineage of LeNet (LeCun et al. 1998, doi:10.1109/5.726791) and
    AlexNet (Krizhevsky et al. 2012), with AlexNet's strided first convolution,
    which halves the cost, and dropout (Srivastava et al. 2014) before the last
    layer. 188,230 parameters, 70 % of them in the first dense layer. Taught in
    chapter 3; chapter 4 tries it with other dropout and with batch normalisation.

    Parameters
    ----------
    seed : int, default 0
        Seeds the initial weights and the dropout; the global random state is left
        alone.
    dropout : float, default 0.5
        Share of the dense units switched off in each training step, 0 to below 1.
    batch_norm : bool, default False
        Whether each convolution is normalised over the batch before its ReLU (Ioffe &
        Szegedy 2015).

    Returns
    -------
    keras.Model
        Not compiled. Input ``(n, 64, 64, 1)``, 0-255; output float32 ``(n, 6)``,
        probabilities.
    """
    draw = keras.random.SeedGenerator(seed)
    he = keras.initializers.HeNormal(seed=draw)
    inputs = keras.Input((CROP.size, CROP.size, 1), name="face")
    x = layers.Rescaling(1 / 127.5, -1, name="rescale")(inputs)  # -1 to 1
    for block, (filters, size, stride) in enumerate(
        ((32, 5, 2), (64, 3, 1), (64, 3, 1)), start=1
    ):
        x = layers.Conv2D(
            filters, size, stride, padding="same",
            activation=None if batch_norm else "relu",
            kernel_initializer=he, name=f"conv{block}",
        )(x)  # fmt: skip
        if batch_norm:
            x = layers.BatchNormalization(name=f"norm{block}")(x)
            x = layers.ReLU(name=f"relu{block}")(x)
        x = layers.MaxPooling2D(2, name=f"pool{block}")(x)  # 16, 8, then 4 wide
    x = layers.Flatten(name="flatten")(x)  # (n, 4 * 4 * 64)
    x = layers.Dense(128, activation="relu", kernel_initializer=he, name="dense")(x)
    x = layers.Dropout(dropout, seed=seed, name="dropout")(x)  # (n, 128)
    glorot = keras.initializers.GlorotUniform(seed=draw)
    outputs = layers.Dense(
        len(EMOTIONS), activation="softmax", kernel_initializer=glorot, name="emotion"
    )(x)  # (n, 6)
    return keras.Model(inputs, outputs, name="plain_cnn")


def small_cnn(seed: int = 0) -> keras.Model:
    """Build a small modern network: contrast normalisation, residual blocks, pooling.

    Each image is standardised, then passes a strided stem and two stages of 3x3
    convolutions with batch normalisation (Ioffe & Szegedy 2015) and shortcuts (He et
    al. 2016, doi:10.1109/CVPR.2016.90); a global average replaces the large dense
    layer. Fewer weights than `plain_cnn`. Taught in chapter 3.

    Parameters
    ----------
    seed : int, default 0
        Seeds the initial weights and the dropout; the global random state is left
        alone.

    Returns
    -------
    keras.Model
        Not compiled. Input ``(n, 64, 64, 1)``, 0-255; output float32 ``(n, 6)``,
        probabilities.
    """
    draw = keras.random.SeedGenerator(seed)
    convolution, residual = _residual_parts(draw)
    inputs = keras.Input((CROP.size, CROP.size, 1), name="face")
    x = ImageStandardisation(name="standardise")(inputs)  # (n, 64, 64, 1)
    x = convolution(x, 24, 5, "stem", stride=2)  # (n, 32, 32, 24)
    x = layers.ReLU(name="stem_relu")(x)
    x = layers.MaxPooling2D(2, name="pool1")(x)  # (n, 16, 16, 24)
    x = residual(x, 32, "stage1")  # (n, 16, 16, 32)
    x = layers.MaxPooling2D(2, name="pool2")(x)  # (n, 8, 8, 32)
    x = residual(x, 96, "stage2")  # (n, 8, 8, 96)
    x = layers.GlobalAveragePooling2D(name="average")(x)  # (n, 96)
    x = layers.Dropout(0.3, seed=seed, name="dropout")(x)
    glorot = keras.initializers.GlorotUniform(seed=draw)
    outputs = layers.Dense(
        len(EMOTIONS), activation="softmax", kernel_initializer=glorot, name="emotion"
    )(x)  # (n, 6)
    return keras.Model(inputs, outputs, name="small_cnn")


def contrast_cnn(seed: int = 0) -> keras.Model:
    """Build the network for strange cameras and light: local contrast comes first.

    Meant for training on rendered faces and meeting photographs: each image is
    standardised, then `LocalContrast` takes out shading and skin tone, which a
    renderer gets least right. Two strided convolutions and two residual blocks (He et
    al. 2016, doi:10.1109/CVPR.2016.90) follow, then a global average. 173,558
    parameters. Taught in chapter 3.

    Parameters
    ----------
    seed : int, default 0
        Seeds the initial weights and the dropout; the global random state is left
        alone.

    Returns
    -------
    keras.Model
        Not compiled. Input ``(n, 64, 64, 1)``, 0-255; output float32 ``(n, 6)``,
        probabilities.
    """
    draw = keras.random.SeedGenerator(seed)
    convolution, residual = _residual_parts(draw)
    inputs = keras.Input((CROP.size, CROP.size, 1), name="face")
    x = ImageStandardisation(name="standardise")(inputs)  # (n, 64, 64, 1)
    x = LocalContrast(name="local_contrast")(x)  # (n, 64, 64, 1)
    for name, filters, size in (("stem1", 16, 5), ("stem2", 32, 3)):
        x = convolution(x, filters, size, name, stride=2)
        x = layers.ReLU(name=f"{name}_relu")(x)  # (n, 32, 32, 16), (n, 16, 16, 32)
    x = residual(x, 64, "stage1", stride=2)  # (n, 8, 8, 64)
    x = residual(x, 80, "stage2")  # (n, 8, 8, 80)
    x = layers.GlobalAveragePooling2D(name="average")(x)  # (n, 80)
    x = layers.Dropout(0.3, seed=seed, name="dropout")(x)
    glorot = keras.initializers.GlorotUniform(seed=draw)
    outputs = layers.Dense(
        len(EMOTIONS), activation="softmax", kernel_initializer=glorot, name="emotion"
    )(x)  # (n, 6)
    return keras.Model(inputs, outputs, name="contrast_cnn")


def _residual_parts(draw: keras.random.SeedGenerator):
    """Return the two builders of `small_cnn` and `contrast_cnn`.

    One adds a convolution with batch normalisation, the other a residual block; both
    draw their initial weights from `draw`.
    """
    he = keras.initializers.HeNormal(seed=draw)

    def convolution(x, filters, size, name, stride=1):
        x = layers.Conv2D(
            filters, size, stride, padding="same", use_bias=False,
            kernel_initializer=he, name=name,
        )(x)  # fmt: skip
        return layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)

    def residual(x, filters, name, stride=1):
        shortcut = x
        if stride > 1:
            shortcut = layers.AveragePooling2D(stride, name=f"{name}_shrink")(x)
        shortcut = convolution(shortcut, filters, 1, f"{name}_shortcut")
        x = convolution(x, filters, 3, f"{name}_conv1", stride)
        x = layers.ReLU(name=f"{name}_relu1")(x)
        x = convolution(x, filters, 3, f"{name}_conv2")
        x = layers.Add(name=f"{name}_add")([x, shortcut])
        return layers.ReLU(name=f"{name}_relu2")(x)

    return convolution, residual
