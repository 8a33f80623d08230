"""How a network learns: one loop, and the parts that it is made of.

TensorFlow is imported when `fit` or `augment` is touched.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "augmentation": ["augment", "mixup"],
        "averaging": ["MovingAverage"],
        "checkpoint": ["TrainingError"],
        "loop": ["History", "fit"],
        "schedule": ["Cosine"],
        "sequences": ["fit_clips"],
        "targets": ["class_weights", "distill", "smooth_labels", "soft_targets"],
    },
)
