"""Networks by family, classical baselines, and the registry of shipped weights.

TensorFlow is imported when the first network is built, not to list models or cards.
"""

from importlib import import_module

_OFFERED = {
    "baselines": ("BASELINES", "Baseline", "fit_baseline"),
    "cards": ("ModelCard", "ModelFileError"),
    "cnn": ("plain_cnn", "real_cnn", "small_cnn"),
    "inference": ("predict", "predict_both_ways"),
    "layers": ("ImageStandardisation", "LocalContrast"),
    "registry": ("available", "build", "load_model", "model_card", "save_model"),
}
_HOMES = {name: home for home, names in _OFFERED.items() for name in names}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name in _HOMES:
        return getattr(import_module(f"emolib.models.{_HOMES[name]}"), name)
    if name in _OFFERED:
        return import_module(f"emolib.models.{name}")
    raise AttributeError(f"module 'emolib.models' has no attribute {name!r}")


def __dir__():
    return sorted({*__all__, *_OFFERED})
