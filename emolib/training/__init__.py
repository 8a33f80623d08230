"""How a network learns: one loop, and the parts that it is made of.

TensorFlow is imported when `fit` or `augment` is touched.
"""

from importlib import import_module

_HOMES = {
    "Cosine": "schedule",
    "History": "loop",
    "MovingAverage": "averaging",
    "TrainingError": "checkpoint",
    "augment": "augmentation",
    "class_weights": "targets",
    "distill": "targets",
    "fit": "loop",
    "mixup": "augmentation",
    "smooth_labels": "targets",
    "soft_targets": "targets",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name in _HOMES:
        return getattr(import_module(f"emolib.training.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'emolib.training' has no attribute {name!r}")


def __dir__():
    return __all__
