"""Networks by family, classical baselines, and the registry of shipped weights.

TensorFlow is imported when the first network is built, not to list models or cards.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "baselines": ["BASELINES", "Baseline", "fit_baseline"],
        "cards": ["ModelCard", "ModelFileError"],
        "cnn": ["plain_cnn", "real_cnn", "small_cnn"],
        "inference": ["predict", "predict_both_ways"],
        "layers": ["ImageStandardisation", "LocalContrast"],
        "recurrent": ["encode", "sequence_network"],
        "registry": ["available", "build", "load_model", "model_card", "save_model"],
    },
)
