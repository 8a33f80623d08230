"""What a model's predictions are worth, always with their uncertainty.

One model's scores, how sure they are, whether its probabilities can be believed, and
two models side by side.
"""

from emolib.evaluation.bootstrap import EvaluationError
from emolib.evaluation.calibration import (
    apply_temperature,
    build_in_temperature,
    fit_temperature,
    reliability,
)
from emolib.evaluation.comparison import (
    Difference,
    McNemar,
    learning_curve,
    mcnemar,
    paired_bootstrap,
)
from emolib.evaluation.metrics import (
    Evaluation,
    accuracy_by,
    calibration_error,
    evaluate,
)

__all__ = [
    "Difference", "Evaluation", "EvaluationError", "McNemar", "accuracy_by",
    "apply_temperature", "build_in_temperature", "calibration_error", "evaluate",
    "fit_temperature", "learning_curve", "mcnemar", "paired_bootstrap", "reliability",
]  # fmt: skip
