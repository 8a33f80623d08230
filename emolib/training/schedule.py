"""How long the steps of gradient descent are in the course of a training."""

import math
from dataclasses import dataclass

from emolib.arguments import check_number

#: Share of the largest step size at the first step of a warm-up, and at the very end.
FIRST, LAST = 0.05, 0.01


@dataclass(frozen=True)
class Cosine:
    """Let the step size fall along half a cosine (Loshchilov & Hutter 2017).

    Keras' `CosineDecay` begins to fall after the warm-up and not with it, and computes
    in 32 bits: the shipped networks would come out different.

    Attributes
    ----------
    warm_up : float, default 0
        Epochs, 0 or more, in which the step size rises from a twentieth (Goyal et al.
        2017).
    per_step : bool, default False
        Whether it also changes within an epoch, every eight steps.

    Examples
    --------
    >>> fall = Cosine()
    >>> [round(fall(epoch, 4), 3) for epoch in range(5)]
    [1.0, 0.855, 0.505, 0.155, 0.01]
    """

    warm_up: float = 0.0
    per_step: bool = False

    def __post_init__(self) -> None:
        """Refuse a warm-up of less than nothing."""
        check_number("warm_up", self.warm_up, 0)

    def __call__(self, done: float, epochs: int) -> float:
        """Return the share of the largest step size after `done` of `epochs` epochs."""
        done = done if self.per_step else math.floor(done)
        fall = (1 + math.cos(math.pi * min(1.0, done / epochs))) / 2
        rise = min(1.0, FIRST + done / self.warm_up) if self.warm_up else 1.0
        return rise * (LAST + (1 - LAST) * fall)
