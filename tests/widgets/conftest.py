"""Rendering needs numba, and the labs anywidget: without them there is nothing here."""

import pytest


@pytest.fixture
def walk():
    """Give a function that yields a widget and all within it."""

    def walk(widget):
        yield widget
        for child in getattr(widget, "children", ()):
            yield from walk(child)

    return walk
