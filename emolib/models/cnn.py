"""The convolutional networks side by side: plain, small, contrast, real and wide.

All read stored crops ``(n, 64, 64, 1)``, 0-255, because rescaling is a layer of the
model, and return probabilities ``(n, 6)`` in the order of `emolib.EMOTIONS`.
"""

from collections.abc import Callable

from emolib.arguments import check_number, check_whole
from emolib.emotions import EMOTIONS
from emolib.faces import CROP
from emolib.models._backend import keras
from emolib.models.layers import ImageStandardisation, LocalContrast, Shrink

layers = keras.layers
_FACE = (CROP.size, CROP.size, 1)


def plain_cnn(
    seed: int = 0, *, dropout: float = 0.0, batch_norm: bool = False
) -> keras.Model:
    """Build the plain CNN, of the parts that the published system names.

    Three convolutions with ReLU and 2x2 max-pooling, then two dense layers: the lineage
    of LeNet (LeCun et al. 1998, doi:10.1109/5.726791) and AlexNet (Krizhevsky et al.
    2012), whose strided first convolution halves the cost. 188,230 parameters, 70 % of
    them in the first dense layer. Not compiled; input ``(n, 64, 64, 1)``, 0-255, output
    float32 ``(n, 6)``, probabilities.

    Parameters
    ----------
    seed : int, default 0
        Of the initial weights and the dropout; the global random state is left alone.
    dropout : float, default 0
        Share of the dense units switched off in each training step, 0 to below 1
        (Srivastava et al. 2014). The validation people of SynthFace are recognised best
        without (``data/results/training-choices.json``).
    batch_norm : bool, default False
        Whether each convolution is normalised over the batch before its ReLU (Ioffe &
        Szegedy 2015).

    Raises
    ------
    ArgumentError
        If a parameter is out of range.
    """
    check_number("dropout", dropout, 0, 1, ends="[)")
    draw = draws(seed)
    he = keras.initializers.HeNormal(seed=draw)
    inputs = keras.Input(_FACE, name="face")
    x = layers.Rescaling(1 / 127.5, -1, name="rescale")(inputs)  # -1 to 1
    shapes = ((32, 5, 2), (64, 3, 1), (64, 3, 1))
    for block, (filters, size, stride) in enumerate(shapes, start=1):
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
    return keras.Model(inputs, ending(x, dropout, seed, draw), name="plain_cnn")


def small_cnn(seed: int = 0) -> keras.Model:
    """Build a small modern network: contrast normalisation, residual blocks, pooling.

    A strided stem and two stages of 3x3 convolutions with batch normalisation (Ioffe &
    Szegedy 2015) and shortcuts (He et al. 2016, doi:10.1109/CVPR.2016.90); a global
    average replaces the dense layer. 133,374 parameters. `seed` as in `plain_cnn`.
    """
    return small_residual_cnn("small_cnn", seed, (32, 96))


def contrast_cnn(seed: int = 0) -> keras.Model:
    """Build the network for strange cameras and light: local contrast comes first.

    Meant to learn from rendered faces and meet photographs: `LocalContrast` takes out
    shading and skin tone, which a renderer gets least right. 173,558 parameters. `seed`
    and the result are those of `plain_cnn`.
    """
    contrast = LocalContrast(name="local_contrast")  # (n, 64, 64, 1)
    stem, stages = ((16, 5, 2), (32, 3, 2)), ((64, 2), (80, 1))  # 32, 16, 8, 8 wide
    return _residual_cnn("contrast_cnn", seed, contrast, stem, stages, dropout=0.3)


def real_cnn(seed: int = 0) -> keras.Model:
    """Build the small network that reads photographs.

    Few filters at full resolution, where each costs most, many at 3 pixels: eight
    million multiplications a face, 189,398 parameters. The crop is first shrunk to the
    48 pixels that FER2013 has. `seed` and the result are those of `plain_cnn`.
    """
    stem, stages = ((16, 3, 1), (24, 3, 2)), ((32, 2), (64, 2), (80, 2))
    shrink = Shrink(48, name="shrink")  # (n, 48, 48, 1)
    return _residual_cnn("real_cnn", seed, shrink, stem, stages, dropout=0.2)


def wide_cnn(seed: int = 0) -> keras.Model:
    """Build the teacher of `real_cnn`: wider, 1.2 million parameters, too slow to ship.

    The small network learns from its probabilities (Hinton, Vinyals & Dean 2015,
    arXiv:1503.02531). `seed` and the result are those of `plain_cnn`.
    """
    stem, stages = ((16, 3, 1), (32, 3, 2)), ((80, 2), (144, 2), (224, 2))
    shrink = Shrink(48, name="shrink")  # (n, 48, 48, 1)
    return _residual_cnn("wide_cnn", seed, shrink, stem, stages, dropout=0.4)


_BUILDERS = (plain_cnn, small_cnn, contrast_cnn, real_cnn, wide_cnn)
#: What `emolib.models.build` builds, by name.
NETWORKS = {build.__name__: build for build in _BUILDERS}


def small_residual_cnn(
    name: str,
    seed: int,
    widths: tuple[int, int],
    *,
    block: Callable | None = None,
    before_pooling: Callable | None = None,
    pooling: Callable | None = None,
) -> keras.Model:
    """Build the small CNN, or a relative that differs in one layer.

    Parameters
    ----------
    name, seed : str, int
    widths : (int, int)
        Filters of its two stages.
    block, before_pooling : callable, optional
        A layer, made with ``seed`` and ``name``, that each residual block ends in, or
        that the last feature map goes through.
    pooling : callable, optional
        The layer that makes features (n, c) of the last feature map (n, 8, 8, c), by
        default a global average.
    """
    draw = draws(seed)
    convolution, residual = _residual_parts(draw, block, seed)
    inputs = keras.Input(_FACE, name="face")
    x = ImageStandardisation(name="standardise")(inputs)  # (n, 64, 64, 1)
    x = convolution(x, 24, 5, "stem", stride=2)  # (n, 32, 32, 24)
    x = layers.ReLU(name="stem_relu")(x)
    x = layers.MaxPooling2D(2, name="pool1")(x)  # (n, 16, 16, 24)
    x = residual(x, widths[0], "stage1")  # (n, 16, 16, 32)
    x = layers.MaxPooling2D(2, name="pool2")(x)  # (n, 8, 8, 32)
    x = residual(x, widths[1], "stage2")  # (n, 8, 8, 96)
    if before_pooling:
        x = before_pooling(seed=seed, name="attention")(x)
    pooling = pooling or layers.GlobalAveragePooling2D
    x = pooling(name="average")(x)  # (n, 96)
    return keras.Model(inputs, ending(x, 0.3, seed, draw), name=name)


def _residual_cnn(name, seed, front, stem, stages, dropout) -> keras.Model:
    """Standardised images, a layer, convolutions, residual blocks, average, softmax.

    `stem` holds filters, size and stride of each convolution, `stages` filters and
    stride of each block.
    """
    draw = draws(seed)
    convolution, residual = _residual_parts(draw)
    inputs = keras.Input(_FACE, name="face")
    x = front(ImageStandardisation(name="standardise")(inputs))  # (n, side, side, 1)
    for number, (filters, size, stride) in enumerate(stem, start=1):
        x = convolution(x, filters, size, f"stem{number}", stride)
        x = layers.ReLU(name=f"stem{number}_relu")(x)
    for number, (filters, stride) in enumerate(stages, start=1):
        x = residual(x, filters, f"stage{number}", stride)
    x = layers.GlobalAveragePooling2D(name="average")(x)  # (n, filters)
    return keras.Model(inputs, ending(x, dropout, seed, draw), name=name)


def draws(seed: int) -> keras.random.SeedGenerator:
    """Return what draws the initial weights of a network, each differently."""
    check_whole("seed", seed)
    return keras.random.SeedGenerator(int(seed))


def ending(
    x: keras.KerasTensor, dropout: float, seed: int, draw: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """End a network: features (n, d) to probabilities (n, 6)."""
    if dropout:
        x = layers.Dropout(dropout, seed=seed, name="dropout")(x)
    glorot = keras.initializers.GlorotUniform(seed=draw)
    return layers.Dense(
        len(EMOTIONS), activation="softmax", kernel_initializer=glorot, name="emotion"
    )(x)


def _residual_parts(
    draw: keras.random.SeedGenerator, block: Callable | None = None, seed: int = 0
):
    """Return builders of a convolution and of a residual block, seeded by `draw`.

    `block` is a layer at the end of each residual one, `seed` that of its weights.
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
        if block:
            x = block(seed=seed, name=f"{name}_attention")(x)
        x = layers.Add(name=f"{name}_add")([x, shortcut])
        return layers.ReLU(name=f"{name}_relu2")(x)

    return convolution, residual
