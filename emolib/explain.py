"""Where a network looks: Grad-CAM."""

import numpy as np

from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError
from emolib.faces import CROP
from emolib.models._backend import keras, tf
from emolib.models.inference import check_images

_POOLING = (keras.layers.MaxPooling2D, keras.layers.AveragePooling2D)
_SEES = (
    keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.SeparableConv2D,
    keras.Model,
)  # fmt: skip
_BATCH = 128


def grad_cam(
    model: keras.Model, images: np.ndarray, class_index: int | np.ndarray | None = None
) -> np.ndarray:
    """Map the regions that raise a class's score (Selvaraju et al. 2017), 0 to 1.

    The last feature maps before pooling are added up, each weighted by the mean
    gradient of the class score with respect to it; negative sums become 0
    (doi:10.1109/ICCV.2017.74). The map shows where evidence was, and not what the
    network saw there; some look convincing even for random weights (Adebayo et al.
    2018, arXiv:1810.03292).

    Parameters
    ----------
    model : keras.Model
        With feature maps (n, h, w, channels) among its layers and a dense softmax layer
        at its end; a network inside it counts as one layer. Others raise `ValueError`.
    images : ndarray, uint8, (n, 64, 64)
        Canonical crops, 0-255; also (n, 64, 64, 1), or one image (64, 64).
    class_index : int or ndarray of int (n,), optional
        The class to explain, 0 to 5 (else `ValueError`); default is the predicted one.

    Returns
    -------
    ndarray, float32, (n, 64, 64)
        Each scaled to its own maximum; all zero where nothing speaks for the class.
    """
    images = check_images(images)
    target, dense = _ends(model)
    inner = keras.Model(model.inputs, [target.output, dense.input])
    maps = [
        _maps(inner, dense, images[i : i + _BATCH], _part(class_index, i, len(images)))
        for i in range(0, len(images), _BATCH)
    ]
    return np.concatenate([np.zeros((0, CROP.size, CROP.size), np.float32), *maps])


def _ends(model: keras.Model) -> tuple[keras.layers.Layer, keras.layers.Layer]:
    """Return the last layer with feature maps, and the last layer."""
    found, sees = None, False
    for layer in model.layers if getattr(model, "inputs", None) else ():
        sees = sees or isinstance(layer, _SEES)
        mapped = len(layer.output.shape) == 4 and not isinstance(layer, _POOLING)
        found = layer if sees and mapped else found
    dense = model.layers[-1] if model.layers else None
    if found is None or not isinstance(dense, keras.layers.Dense):
        raise ArgumentError(
            "Grad-CAM needs a functional or sequential network with an Input, feature "
            "maps (n, h, w, channels) among its layers and a dense softmax layer at "
            f"its end. Received: {type(model).__name__} {model.name!r} with the layers "
            f"{', '.join(type(one).__name__ for one in model.layers) or 'none'}. Put "
            "pooling and the last layer of a nested network outside it."
        )
    return found, dense


def _part(class_index: int | np.ndarray | None, start: int, n: int):
    if class_index is None:
        return None
    index = np.asarray(class_index)
    whole = np.issubdtype(index.dtype, np.integer) and index.shape in ((), (n,))
    if not whole or index.min() < 0 or index.max() >= len(EMOTIONS):
        raise ArgumentError(
            f"class_index must be one number, or one per image, in 0 to "
            f"{len(EMOTIONS) - 1}. Received: {class_index}"
        )
    return np.broadcast_to(index, n)[start : start + _BATCH]


def _maps(inner, dense, images: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
    faces = tf.convert_to_tensor(images[..., None], tf.float32)
    with tf.GradientTape() as tape:
        features, last = inner(faces, training=False)  # (n, h, w, c), (n, d)
        tape.watch(features)
        # Scores before the softmax: its gradient vanishes for a confident answer.
        scores = last @ dense.kernel + dense.bias  # (n, 6)
        if classes is None:
            classes = tf.argmax(scores, axis=1)
        score = tf.gather(scores, classes, batch_dims=1)  # (n,)
    gradient = tape.gradient(score, features)  # (n, h, w, c)
    weights = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)  # (n, 1, 1, c)
    maps = tf.nn.relu(tf.reduce_sum(weights * features, axis=-1, keepdims=True))
    maps = tf.image.resize(maps, (CROP.size, CROP.size))[..., 0]  # (n, 64, 64)
    peak = tf.reduce_max(maps, axis=(1, 2), keepdims=True)
    return tf.math.divide_no_nan(maps, peak).numpy()
