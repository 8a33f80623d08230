"""The error of every form that a network can be exported to."""

from emolib.errors import EmolibError


class ExportError(EmolibError, RuntimeError):
    """A network cannot be exported; the message says why."""
