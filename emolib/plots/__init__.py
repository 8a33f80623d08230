"""Every kind of figure in the book, in one style, readable on a light and a dark page.

Each function returns a matplotlib ``Figure`` that is already closed, so that a notebook
shows it once, as the value of the cell. Used everywhere.
"""

from emolib.plots.data import class_counts, intensity_over_time, split_map
from emolib.plots.faces import (
    contact_sheet,
    feature_maps,
    filters,
    mean_faces,
    overlay,
    probabilities,
)
from emolib.plots.scores import (
    confusion,
    history,
    intervals,
    learning_curves,
    reliability_diagram,
)
from emolib.plots.style import (
    ACCENT,
    ALERT,
    INK,
    PAPER,
    QUIET,
    series_styles,
    use_style,
)

__all__ = [
    "ACCENT", "ALERT", "INK", "PAPER", "QUIET", "class_counts", "confusion",
    "contact_sheet", "feature_maps", "filters", "history", "intensity_over_time",
    "intervals", "learning_curves", "mean_faces", "overlay", "probabilities",
    "reliability_diagram", "series_styles", "split_map", "use_style",
]  # fmt: skip
