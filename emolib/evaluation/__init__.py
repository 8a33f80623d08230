"""What a model's predictions are worth, always with their uncertainty.

One model's scores, how sure they are, whether its probabilities can be believed, and
two models side by side.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "bootstrap": ["EvaluationError"],
        "calibration": [
            "apply_temperature",
            "build_in_temperature",
            "fit_temperature",
            "reliability",
        ],
        "comparison": [
            "Difference",
            "McNemar",
            "holm",
            "learning_curve",
            "mcnemar",
            "paired_bootstrap",
        ],
        "metrics": ["Evaluation", "accuracy_by", "calibration_error", "evaluate"],
    },
)
