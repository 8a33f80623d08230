"""Labs for notebooks: they ask a question before they answer it.

Everything runs in the kernel. A room's heavy parts are imported when they are touched.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "compare": ["Compare"],
        "confusion_explorer": ["ConfusionExplorer"],
        "explorer": ["PredictionExplorer"],
        "face_lab": ["FaceLab"],
        "photo_lab": ["PhotoLab"],
    },
)
