"""Notebook widgets that ask a question before they answer it."""

from emolib.widgets.explorer import PredictionExplorer

__all__ = ["PredictionExplorer"]
