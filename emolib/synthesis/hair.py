"""Hair: where it grows and how it stands off the scalp."""

import numpy as np
from numba import njit


@njit(cache=True)
def above_hairline(x, y, z, hairline):
    """Signed height above the hairline of a rest position, decimetres."""
    side = abs(x)
    if z > 1.15:  # forehead and temples
        line = 7.93 + hairline - 0.45 * max(side - 0.28, 0.0)
    elif z > 0.95:
        line = 7.62 + (z - 0.95) * 0.75 + 0.5 * hairline
    elif z > 0.68:  # sideburn
        line = 7.05 + (z - 0.68) * 2.1
    elif z > 0.25:  # around the ear
        line = 7.38
    else:
        line = 6.55
    return y - line


@njit(cache=True)
def hair_lift(rest, hairline):
    """How far each rest vertex (n, 3) stands off as hair, 0 to 1."""
    lift = np.zeros(len(rest), np.float32)
    for k in range(len(rest)):
        above = above_hairline(rest[k, 0], rest[k, 1], rest[k, 2], hairline)
        lift[k] = min(max(above / 0.25, 0.0), 1.0)
    return lift
