"""What a reader hands over, by either ipywidgets."""

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


def test_what_was_read_is_forgotten_and_can_be_given_again(give):
    upload, heard = FileUpload(), []

    def take(_):
        given = uploaded(upload.value)
        if given:
            heard.append(given)
            clear(upload)

    upload.observe(take, "value")
    for _ in range(2):
        give(upload, "a.json", b"{}")
    assert heard == [("a.json", b"{}")] * 2
    assert uploaded(upload.value) is None
    assert "a.json" not in str(upload.get_state())
