"""How a network learns: one loop, and the parts that it is made of.

TensorFlow is imported when the first of them is touched. Taught in chapter 4.
"""

from importlib import import_module

_HOMES = {
    "History": "loop",
    "TrainingError": "loop",
    "augment": "augmentation",
    "fit": "loop",
    "soft_targets": "loop",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name in _HOMES:
        return getattr(import_module(f"emolib.training.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'emolib.training' has no attribute {name!r}")


def __dir__():
    return __all__
