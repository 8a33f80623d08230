"""What a reader hands over, by either ipywidgets."""

from datetime import datetime
from types import SimpleNamespace

import pytest
from ipywidgets import FileUpload

from emolib.widgets.uploads import clear, uploaded

EIGHT = ({"name": "a.json", "type": "", "size": 2, "content": memoryview(b"{}")},)
SEVEN = {"a.json": {"metadata": {"name": "a.json", "size": 2}, "content": b"{}"}}


@pytest.mark.parametrize("value", [SEVEN, EIGHT], ids=["7", "8"])
def test_name_and_content(value):
    assert uploaded(value) == ("a.json", b"{}")


@pytest.mark.parametrize("value", [{}, ()])
def test_nothing_is_nothing(value):
    assert uploaded(value) is None


def test_what_was_read_is_forgotten():
    seven = SimpleNamespace(value=dict(SEVEN), _counter=1)
    clear(seven)
    assert (seven.value, seven._counter) == ({}, 0)
    real = FileUpload()
    if isinstance(real.value, tuple):
        real.value = ({**EIGHT[0], "last_modified": datetime(2026, 1, 1)},)
        clear(real)
        assert real.value == ()
