"""Where a network looks, by the gradient of its answer: Grad-CAM."""

import numpy as np

from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError
from emolib.explain.covering import check_classes
from emolib.faces import CROP
from emolib.faces.scale import check_images
from emolib.models._backend import keras, tf
from emolib.models.inference import check_form
from emolib.models.watching import Step, watched

_SEES = (
    keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.SeparableConv2D,
    keras.layers.Conv2DTranspose,
)  # fmt: skip
_SOFTMAX = (keras.layers.Softmax, keras.layers.Activation)
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
        From faces (n, 64, 64, 1), 0-255, through a convolution at least, to a dense
        layer of six classes at its end, with or without softmax: functional, sequential
        or subclassed, also with networks inside.
    images : ndarray, uint8, (n, 64, 64)
        Canonical crops, 0-255; also (n, 64, 64, 1), or one image (64, 64).
    class_index : int or ndarray of int (n,), optional
        The class to explain, 0 to 5; default is the predicted one.

    Returns
    -------
    ndarray, float32, (n, 64, 64)
        Each scaled to its own maximum; all zero where nothing speaks for the class.

    Raises
    ------
    ArgumentError
        If an argument is none of these; the message says what a network lacks.
    """
    images = check_images(images)
    check_form(model)
    classes = check_classes(class_index, len(images))
    maps = [
        _maps(model, images[part], classes if classes is None else classes[part])
        for i in range(0, len(images), _BATCH)
        for part in [slice(i, i + _BATCH)]
    ]
    return np.concatenate([np.zeros((0, CROP.size, CROP.size), np.float32), *maps])


def _maps(model, images: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
    faces = tf.convert_to_tensor(images[..., None], tf.float32)
    with tf.GradientTape() as tape, watched(model) as steps:
        tape.watch(faces)  # or nothing would be noted of layers that are frozen
        try:
            answers = model(faces, training=False)
        except Exception as error:  # Keras and TensorFlow raise errors of many kinds
            reason = str(error).strip().partition("\n")[0]
            raise _unfit(model, steps, f"It cannot read faces: {reason}") from error
        features, scores = _ends(model, steps, answers)
        if classes is None:
            classes = tf.argmax(scores, axis=1)
        score = tf.gather(scores, classes, batch_dims=1)  # (n,)
    gradient = tape.gradient(score, features)  # (n, h, w, c)
    if gradient is None:
        raise _unfit(model, steps, "No gradient leads from the classes to the maps.")
    weights = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)  # (n, 1, 1, c)
    maps = tf.nn.relu(tf.reduce_sum(weights * features, axis=-1, keepdims=True))
    maps = tf.image.resize(maps, (CROP.size, CROP.size))[..., 0]  # (n, 64, 64)
    peak = tf.reduce_max(maps, axis=(1, 2), keepdims=True)
    return tf.math.divide_no_nan(maps, peak).numpy()


def _ends(model, steps: list[Step], answers: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the last feature maps (n, h, w, c), and the scores before the softmax.

    The softmax is left out because its gradient vanishes for a confident answer.
    """
    features, sees = None, False
    for step in steps:
        sees = sees or isinstance(step.layer, _SEES)
        shape = tuple(getattr(step.given, "shape", ()))
        mapped = len(shape) == 4 and min(shape[1:3]) > 1
        if sees and mapped and "Pool" not in type(step.layer).__name__:
            features = step.given
    if features is None:
        raise _unfit(model, steps, "It has no feature maps of a convolution.")
    inside = [one for one in steps if not isinstance(one.layer, keras.Model)]
    last = inside.pop().layer
    if isinstance(last, _SOFTMAX) and inside:  # after a dense layer that is linear
        last = inside.pop().layer
    dense = next(one for one in reversed(steps) if one.layer is last)
    if not isinstance(last, keras.layers.Dense):
        raise _unfit(model, steps, f"It ends in a {type(last).__name__}.")
    scores = dense.taken @ last.kernel
    scores = scores + last.bias if last.use_bias else scores  # (n, 6)
    if scores.shape[1:] != (len(EMOTIONS),):
        raise _unfit(model, steps, f"It ends in {scores.shape[-1]} classes.")
    possible = scores, tf.nn.softmax(scores)
    if not any(np.allclose(one, answers, atol=1e-4) for one in possible):
        raise _unfit(model, steps, "Its answer is not that of its last dense layer.")
    return features, scores


def _unfit(model: keras.Model, steps: list[Step], fault: str) -> ArgumentError:
    names = [type(one.layer).__name__ for one in steps]
    return ArgumentError(
        "Grad-CAM needs a network with a convolution, feature maps (n, h, w, "
        f"channels) and, at its end, a dense layer of {len(EMOTIONS)} classes with one "
        f"softmax or none. {fault} Received: {type(model).__name__} {model.name!r} "
        f"with the layers {', '.join(names) or 'none'}."
    )
