"""Every figure and table of the book, in one style, readable on light and dark pages.

Functions that draw return a matplotlib ``Figure`` that is already closed, so that a
notebook shows it once, as the value of the cell. Used everywhere.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "clips": ["timeline"],
        "data": ["class_counts", "intensity_over_time"],
        "explorables": ["explorable"],
        "faces": [
            "contact_sheet",
            "feature_maps",
            "filters",
            "mean_faces",
            "overlay",
            "probabilities",
        ],
        "scores": [
            "confusion",
            "history",
            "intervals",
            "learning_curves",
        ],
        "style": [
            "ACCENT",
            "ALERT",
            "INK",
            "PAPER",
            "QUIET",
            "in_percent",
            "series_styles",
            "use_style",
        ],
        "tables": ["table"],
    },
)
