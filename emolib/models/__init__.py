"""Networks by family, classical baselines, and the registry of shipped weights.

Listing models and reading their cards needs no TensorFlow; it is imported when the
first network is built.
"""

from importlib import import_module

_HOMES = {
    "BASELINES": "baselines",
    "Baseline": "baselines",
    "fit_baseline": "baselines",
    "ModelCard": "cards",
    "plain_cnn": "cnn",
    "real_cnn": "cnn",
    "small_cnn": "cnn",
    "predict": "inference",
    "predict_both_ways": "inference",
    "ImageStandardisation": "layers",
    "LocalContrast": "layers",
    "ModelFileError": "cards",
    "available": "registry",
    "build": "registry",
    "load_model": "registry",
    "model_card": "registry",
    "save_model": "registry",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name in _HOMES:
        return getattr(import_module(f"emolib.models.{_HOMES[name]}"), name)
    if name in _HOMES.values():
        return import_module(f"emolib.models.{name}")
    raise AttributeError(f"module 'emolib.models' has no attribute {name!r}")


def __dir__():
    return sorted({*__all__, *_HOMES.values()})
