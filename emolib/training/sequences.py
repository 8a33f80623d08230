"""How a network of clips learns: Keras' own loop, over features made once."""

import numpy as np
import pandas as pd

from emolib.arguments import check_number, check_whole
from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError
from emolib.models._backend import keras, tf


def fit_clips(
    model: keras.Model,
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    *,
    epochs: int,
    batch_size: int = 32,
    learning_rate: float = 2e-3,
    seed: int = 0,
) -> pd.DataFrame:
    """Train a network of clips with Adam; leave it with the weights of its best epoch.

    The step size falls to zero along half a cosine. The same seed and machine give the
    same weights.

    Parameters
    ----------
    model : keras.Model
        From `emolib.models.sequence_network`; compiled and trained in place.
    train, validation : (ndarray, ndarray)
        Features of frames, float32 (n, t, d), zero where a clip has ended (see
        `emolib.models.encode`), and labels, int (n,), 0 to 5. The lengths t may differ
        between the two.
    epochs, batch_size : int
        At least 1.
    learning_rate : float
        The first step size, above 0.
    seed : int
        Of the order of the clips.

    Returns
    -------
    DataFrame
        One row per epoch: ``loss``, ``accuracy``, ``val_loss``, ``val_accuracy``.

    Raises
    ------
    ArgumentError
        If there are no clips, they have other shapes or labels, or a number is out of
        range.
    """
    for name, value in {"epochs": epochs, "batch_size": batch_size}.items():
        check_whole(name, value, 1)
    check_number("learning_rate", learning_rate, 0, ends="(]")
    check_whole("seed", seed)
    for role, (clips, labels) in {"training": train, "validation": validation}.items():
        if clips.ndim != 3 or len(clips) == 0 or labels.shape != clips.shape[:1]:
            raise ArgumentError(
                f"The {role} clips must be features (n, t, d) and labels (n,), n at "
                f"least 1; received {clips.shape} and {labels.shape}. Make features "
                "with emolib.models.encode."
            )
        if not np.isin(labels, np.arange(len(EMOTIONS))).all():
            raise ArgumentError(
                f"The {role} labels must lie in 0 to {len(EMOTIONS) - 1}; received "
                f"{labels.min()} to {labels.max()}. Leave out clips of other emotions."
            )
    shown = tf.data.Dataset.from_tensor_slices(train)
    shown = shown.shuffle(len(train[0]), seed=seed).batch(batch_size)
    steps = epochs * len(shown)
    falling = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(falling), "sparse_categorical_crossentropy",
        metrics=["accuracy"], jit_compile=False,
    )  # fmt: skip
    best = keras.callbacks.EarlyStopping(
        "val_accuracy", mode="max", patience=epochs, restore_best_weights=True
    )
    checked = tf.data.Dataset.from_tensor_slices(validation).batch(256)
    log = model.fit(
        shown, validation_data=checked, epochs=epochs, shuffle=False, verbose=0,
        callbacks=[best],
    )  # fmt: skip
    return pd.DataFrame(log.history)
