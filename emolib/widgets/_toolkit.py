"""The one place that imports what draws controls, or says what is missing."""

from emolib.errors import MissingPackageError

try:
    import anywidget
    import ipywidgets
except ImportError as error:
    raise MissingPackageError(
        f"The labs need ipywidgets and anywidget, and {error.name!r} is missing; "
        "install them with: pip install ipywidgets anywidget"
    ) from error

__all__ = ["anywidget", "ipywidgets"]
