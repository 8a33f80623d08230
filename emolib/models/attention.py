"""Attention: small networks that weigh channels or places, and one of nothing else.

Each block is a layer whose weights can be looked at. The networks have about as many
parameters as `emolib.models.small_cnn`, and read and answer what it does.
"""

from emolib.arguments import check_whole
from emolib.errors import ArgumentError
from emolib.faces import CROP
from emolib.models._backend import keras, tf
from emolib.models.cnn import draws, ending, small_residual_cnn
from emolib.models.layers import ImageStandardisation

layers, ops = keras.layers, keras.ops


@keras.saving.register_keras_serializable(package="emolib")
class SqueezeExcitation(layers.Layer):
    """Weigh each channel of a feature map by what all of them show together.

    The mean of each channel (*squeeze*), two dense layers and a sigmoid (*excitation*)
    give a gate of 0 to 1 for each (Hu, Shen & Sun 2018, arXiv:1709.01507).
    The gates begin at a half, for every channel alike.

    Parameters
    ----------
    ratio : int, default 4
        How many channels share a unit of the first dense layer, 1 or more, else
        `ArgumentError`.
    seed : int, default 0
        Of the initial weights.
    """

    def __init__(self, ratio: int = 4, seed: int = 0, **kwargs):
        super().__init__(**kwargs)
        check_whole("ratio", ratio, 1)
        self.ratio, self.seed = ratio, seed

    def build(self, shape):
        """Prepare the two dense layers for feature maps of ``shape`` (n, h, w, c)."""
        channels = shape[-1]
        self._narrow = layers.Dense(
            max(1, channels // self.ratio), activation="relu",
            kernel_initializer=keras.initializers.HeNormal(self.seed), name="narrow",
        )  # fmt: skip
        self._widen = layers.Dense(
            channels, kernel_initializer=keras.initializers.GlorotUniform(self.seed),
            name="widen",
        )  # fmt: skip
        self._narrow.build((None, channels))
        self._widen.build((None, max(1, channels // self.ratio)))

    def attention(self, maps: tf.Tensor) -> tf.Tensor:
        """Return the gates of maps (n, h, w, c): (n, c), 0 to 1."""
        return ops.sigmoid(self._widen(self._narrow(ops.mean(maps, axis=(1, 2)))))

    def call(self, maps):
        """Map feature maps (n, h, w, c) to the same, each channel times its gate."""
        return maps * self.attention(maps)[:, None, None, :]

    def get_config(self):
        """Return what is needed to build this layer again."""
        return {**super().get_config(), "ratio": self.ratio, "seed": self.seed}


@keras.saving.register_keras_serializable(package="emolib")
class ChannelAttention(SqueezeExcitation):
    """Weigh channels by their means and by their maxima: the first half of CBAM.

    Both go through the same two dense layers, and are added before the sigmoid (Woo et
    al. 2018, arXiv:1807.06521). Parameters as in `SqueezeExcitation`.
    """

    def attention(self, maps: tf.Tensor) -> tf.Tensor:
        """Return the gates of maps (n, h, w, c): (n, c), 0 to 1."""
        mean, most = (pool(maps, axis=(1, 2)) for pool in (ops.mean, ops.max))
        told = self._widen(self._narrow(mean)) + self._widen(self._narrow(most))
        return ops.sigmoid(told)


@keras.saving.register_keras_serializable(package="emolib")
class SpatialAttention(layers.Layer):
    """Weigh the places of a feature map: the second half of CBAM.

    A convolution over the mean and the maximum of all channels, and a sigmoid (Woo et
    al. 2018, arXiv:1807.06521).

    Parameters
    ----------
    size : int, default 7
        Side of the convolution's window, in places, 1 or more, else `ArgumentError`.
    seed : int, default 0
        Of the initial weights.
    """

    def __init__(self, size: int = 7, seed: int = 0, **kwargs):
        super().__init__(**kwargs)
        check_whole("size", size, 1)
        self.size, self.seed = size, seed

    def build(self, shape):
        """Prepare the convolution for feature maps of ``shape`` (n, h, w, c)."""
        glorot = keras.initializers.GlorotUniform(self.seed)
        self._look = layers.Conv2D(
            1, self.size, padding="same", kernel_initializer=glorot, name="look"
        )
        self._look.build((None, *shape[1:3], 2))

    def attention(self, maps: tf.Tensor) -> tf.Tensor:
        """Return the gates of maps (n, h, w, c): (n, h, w), 0 to 1."""
        pooled = [pool(maps, axis=-1, keepdims=True) for pool in (ops.mean, ops.max)]
        return ops.sigmoid(self._look(ops.concatenate(pooled, axis=-1)))[..., 0]

    def call(self, maps):
        """Map feature maps (n, h, w, c) to the same, each place times its gate."""
        return maps * self.attention(maps)[..., None]

    def get_config(self):
        """Return what is needed to build this layer again."""
        return {**super().get_config(), "size": self.size, "seed": self.seed}


@keras.saving.register_keras_serializable(package="emolib")
class SelfAttention(layers.Layer):
    """Let every place of a feature map look at all others, and add what it finds.

    Layer normalisation, a learnt vector for each place, multi-head attention (Vaswani
    et al. 2017, arXiv:1706.03762) and a shortcut, as Bello et al. (2019,
    arXiv:1904.09925) put it into convolutional networks. Without the vectors, a face
    whose places are shuffled would look the same to it.

    Parameters
    ----------
    heads : int, default 4
        How many times it looks, each with a share of the channels; 1 or more, and it
        has to divide them, else `ArgumentError`.
    seed : int, default 0
        Of the initial weights.
    """

    def __init__(self, heads: int = 4, seed: int = 0, **kwargs):
        super().__init__(**kwargs)
        check_whole("heads", heads, 1)
        self.heads, self.seed = heads, seed

    def build(self, shape):
        """Prepare vectors and attention for maps of ``shape`` (n, h, w, c)."""
        *_, height, width, channels = shape
        if channels % self.heads:
            raise ArgumentError(
                f"{channels} channels cannot be divided among {self.heads} heads; "
                "choose heads that divide them."
            )
        self._places, self._channels = height * width, channels
        self._normalise = layers.LayerNormalization(name="normalise")
        self._normalise.build((None, self._places, channels))
        self.position = self.add_weight(
            shape=(self._places, channels), name="position",
            initializer=keras.initializers.RandomNormal(stddev=0.1, seed=self.seed),
        )  # fmt: skip
        self._look = layers.MultiHeadAttention(
            self.heads, channels // self.heads, name="look",
            kernel_initializer=keras.initializers.GlorotUniform(self.seed),
        )  # fmt: skip
        self._look.build(*[(None, self._places, channels)] * 2)

    def _tokens(self, maps):
        flat = ops.reshape(maps, (-1, self._places, self._channels))
        return self._normalise(flat) + self.position

    def attention(self, maps: tf.Tensor) -> tf.Tensor:
        """Return who looks where in maps (n, h, w, c): (n, heads, h * w, h * w).

        Each row sums to 1: how much the place of the row takes from that of the column.
        """
        tokens = self._tokens(maps)
        return self._look(tokens, tokens, return_attention_scores=True)[1]

    def call(self, maps):
        """Map feature maps (n, h, w, c) to the same, plus what each place found."""
        tokens = self._tokens(maps)
        return maps + ops.reshape(self._look(tokens, tokens), ops.shape(maps))

    def get_config(self):
        """Return what is needed to build this layer again."""
        return {**super().get_config(), "heads": self.heads, "seed": self.seed}


@keras.saving.register_keras_serializable(package="emolib")
class AttentionPooling(layers.Layer):
    """Average over places or moments, each weighted by how well it fits a learnt query.

    The weights are a softmax over all of them (as in Ilse, Tomczak & Welling 2018,
    arXiv:1802.04712, without the gate). At the beginning they are equal: a plain mean.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, shape):
        """Prepare the query for features of ``shape`` (n, ..., c)."""
        self.query = self.add_weight(
            shape=(shape[-1],), initializer="zeros", name="query"
        )

    def attention(
        self, features: tf.Tensor, mask: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Return the weights of features (n, ..., c): (n, ...), which sum to 1.

        Where `mask`, bool (n, ...), is False the weight is 0.
        """
        scores = ops.sum(features * self.query, axis=-1) / features.shape[-1] ** 0.5
        if mask is not None:
            scores = ops.where(mask, scores, -1e9)
        shape = ops.shape(scores)
        flat = ops.reshape(scores, (shape[0], -1))
        return ops.reshape(ops.softmax(flat, axis=-1), shape)

    def call(self, features, mask=None):
        """Map features (n, ..., c) to their weighted mean (n, c)."""
        weighted = features * self.attention(features, mask)[..., None]
        return ops.sum(weighted, axis=tuple(range(1, len(features.shape) - 1)))

    def compute_mask(self, features: tf.Tensor, mask: tf.Tensor | None = None) -> None:
        """Return None: nothing is left to be masked."""
        return


def se_cnn(seed: int = 0) -> keras.Model:
    """Build the small CNN with `SqueezeExcitation` in each residual block."""
    return small_residual_cnn("se_cnn", seed, (32, 94), block=SqueezeExcitation)


def cbam_cnn(seed: int = 0) -> keras.Model:
    """Build the small CNN with `ChannelAttention`, then `SpatialAttention`, in blocks.

    That is the convolutional block attention module (CBAM, Woo et al. 2018), at the end
    of each residual block.
    """

    def both(seed, name):
        channels = ChannelAttention(seed=seed, name=f"{name}_channels")
        places = SpatialAttention(seed=seed, name=f"{name}_places")
        return lambda maps: places(channels(maps))

    return small_residual_cnn("cbam_cnn", seed, (32, 94), block=both)


def self_attention_cnn(seed: int = 0) -> keras.Model:
    """Build the small CNN with `SelfAttention` over its last feature map, 8 x 8."""
    return small_residual_cnn(
        "self_attention_cnn", seed, (32, 80), before_pooling=SelfAttention
    )


def attention_pooling_cnn(seed: int = 0) -> keras.Model:
    """Build the small CNN with `AttentionPooling` in place of the global average."""
    return small_residual_cnn(
        "attention_pooling_cnn", seed, (32, 96), pooling=AttentionPooling
    )


def vision_transformer(seed: int = 0) -> keras.Model:
    """Build a transformer that sees a face as 64 patches of 8 x 8 pixels.

    No convolution but the one that turns each patch into a vector; then three blocks of
    self-attention and a network of two dense layers for each place, with shortcuts
    (Dosovitskiy et al. 2021, arXiv:2010.11929, with a mean at the end in place of a
    class token). Nothing in it says that neighbours belong together: it has to learn
    that.
    """
    width, patch, depth, hidden = 64, 8, 3, 170
    draw = draws(seed)
    glorot = keras.initializers.GlorotUniform(seed=draw)
    inputs = keras.Input((CROP.size, CROP.size, 1), name="face")
    x = ImageStandardisation(name="standardise")(inputs)
    x = layers.Conv2D(width, patch, patch, kernel_initializer=glorot, name="patches")(
        x
    )  # (n, 8, 8, 64)
    for k in range(1, depth + 1):
        x = SelfAttention(seed=1000 * seed + k, name=f"look{k}")(x)
        y = layers.LayerNormalization(name=f"norm{k}")(x)
        y = layers.Dense(
            hidden, activation="relu", kernel_initializer=glorot, name=f"think{k}"
        )(y)
        y = layers.Dense(width, kernel_initializer=glorot, name=f"back{k}")(y)
        x = layers.Add(name=f"add{k}")([x, y])
    x = layers.LayerNormalization(name="norm")(x)
    x = layers.GlobalAveragePooling2D(name="average")(x)  # (n, 64)
    return keras.Model(inputs, ending(x, 0.1, seed, draw), name="vision_transformer")


_BUILDERS = (
    se_cnn, cbam_cnn, self_attention_cnn, attention_pooling_cnn, vision_transformer,
)  # fmt: skip
#: What `emolib.models.build` builds, by name, besides those of `emolib.models.cnn`.
NETWORKS = {build.__name__: build for build in _BUILDERS}
