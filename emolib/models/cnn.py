"""Two convolutional networks: the deck's own, and a small modern one.

Both read the canonical crop as it is stored, grey values 0-255 of shape
``(n, 64, 64, 1)``, because rescaling is a layer of the model; both return
probabilities ``(n, 6)`` in the order of `emolib.EMOTIONS`.
"""

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


def deck_cnn(seed: int = 0) -> keras.Model:
    """Build the deck's network: convolution, max-pooling and dense layers.

    Three times a convolution with ReLU and a 2x2 max-pooling, then two dense
    layers: the lineage of LeNet (LeCun et al. 1998, doi:10.1109/5.726791) and
    AlexNet (Krizhevsky et al. 2012), with AlexNet's strided first convolution,
    which halves the cost, and dropout (Srivastava et al. 2014) before the last
    layer. 188,230 parameters, 70 % of them in the first dense layer. Taught in
    chapter 3.

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
    he = keras.initializers.HeNormal(seed=draw)
    inputs = keras.Input((CROP.size, CROP.size, 1), name="face")
    x = layers.Rescaling(1 / 127.5, -1, name="rescale")(inputs)  # -1 to 1
    for block, (filters, size, stride) in enumerate(
        ((32, 5, 2), (64, 3, 1), (64, 3, 1)), start=1
    ):
        x = layers.Conv2D(
            filters, size, stride, padding="same", activation="relu",
            kernel_initializer=he, name=f"conv{block}",
        )(x)  # fmt: skip
        x = layers.MaxPooling2D(2, name=f"pool{block}")(x)  # 16, 8, then 4 wide
    x = layers.Flatten(name="flatten")(x)  # (n, 4 * 4 * 64)
    x = layers.Dense(128, activation="relu", kernel_initializer=he, name="dense")(x)
    x = layers.Dropout(0.5, seed=seed, name="dropout")(x)  # (n, 128)
    glorot = keras.initializers.GlorotUniform(seed=draw)
    outputs = layers.Dense(
        len(EMOTIONS), activation="softmax", kernel_initializer=glorot, name="emotion"
    )(x)  # (n, 6)
    return keras.Model(inputs, outputs, name="deck_cnn")


def small_cnn(seed: int = 0) -> keras.Model:
    """Build a small modern network: contrast normalisation, residual blocks, pooling.

    Each image is standardised, then passes a strided stem and two stages of 3x3
    convolutions with batch normalisation (Ioffe & Szegedy 2015) and shortcuts (He et
    al. 2016, doi:10.1109/CVPR.2016.90); a global average replaces the large dense
    layer. Fewer weights than `deck_cnn`. Taught in chapter 3.

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
    he = keras.initializers.HeNormal(seed=draw)

    def convolution(x, filters, size, name, stride=1):
        x = layers.Conv2D(
            filters, size, stride, padding="same", use_bias=False,
            kernel_initializer=he, name=name,
        )(x)  # fmt: skip
        return layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)

    def residual(x, filters, name):
        shortcut = convolution(x, filters, 1, f"{name}_shortcut")
        x = convolution(x, filters, 3, f"{name}_conv1")
        x = layers.ReLU(name=f"{name}_relu1")(x)
        x = convolution(x, filters, 3, f"{name}_conv2")
        x = layers.Add(name=f"{name}_add")([x, shortcut])
        return layers.ReLU(name=f"{name}_relu2")(x)

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
