"""The average of a network's weights over its last steps, instead of the last ones."""

from dataclasses import dataclass

import numpy as np

from emolib.arguments import check_number

#: Steps between two updates of the average, to save time.
EVERY = 8


@dataclass(frozen=True)
class MovingAverage:
    """Exponential moving average of the weights, EMA (Polyak & Juditsky 1992).

    Polyak & Juditsky 1992. Keras' `use_ema` has no short memory at the start and omits
    the statistics of batch normalisation, which then fit other weights.

    Attributes
    ----------
    decay : float
        Share of the average that one step keeps, 0 to 1.
    """

    decay: float

    def __post_init__(self) -> None:
        """Refuse a share that is none."""
        check_number("decay", self.decay, 0, 1)

    def kept(self, steps: int) -> float:
        """Return the share that is kept of the average after so many steps."""
        # at the beginning the average forgets its start quickly
        return min(self.decay**EVERY, steps / (steps + 10 * EVERY))

    def __call__(
        self, average: list[np.ndarray], weights: list[np.ndarray], steps: int
    ) -> None:
        """Move the average, in place, towards the weights after so many steps."""
        keep = self.kept(steps)
        for mean, now in zip(average, weights, strict=True):
            mean *= keep
            mean += (1 - keep) * now
