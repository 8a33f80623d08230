"""The one place that imports TensorFlow and Keras: quietly, or with a clear error."""

import contextlib
import os
import sys
from collections.abc import Iterator

from emolib.errors import MissingPackageError


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    """Silence file descriptor 2: TensorFlow's C++ notes ignore the level of its log."""
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

try:
    with _silent_stderr():
        import keras
        import tensorflow as tf

        tf.config.list_physical_devices()  # looks for a GPU, and complains of none
except ImportError as error:
    raise MissingPackageError(
        f"emolib's networks need TensorFlow and Keras, and {error.name!r} is missing; "
        'install them with: pip install "emolib[train]"'
    ) from error

tf.get_logger().setLevel("ERROR")  # a course builds many models; TF warns of each

if keras.backend.backend() != "tensorflow":
    raise MissingPackageError(
        f"emolib runs Keras on TensorFlow; the backend is {keras.backend.backend()!r}. "
        "Unset KERAS_BACKEND (or set it to 'tensorflow') and restart Python."
    )

__all__ = ["keras", "tf"]
