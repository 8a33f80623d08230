"""A picture from the reader's disk, which comes as a message and is kept nowhere.

A ``FileUpload`` of ipywidgets would have it in the state that a notebook saves, and of
more than 10 MB, as a telephone's photograph may have, nothing arrives at all.
"""

from collections.abc import Callable
from pathlib import Path

import traitlets

from emolib.faces import PictureError
from emolib.widgets._toolkit import anywidget


class PictureFile(anywidget.AnyWidget):
    """A field to choose a picture's file with, or to drop it onto.

    Parameters
    ----------
    words : str
        What it is for.
    given : callable
        Called with the content, bytes; that of a picture of more than 8 MB is a JPEG
        with at most 2,000 pixels a side, which the browser has made of it.
    guard : callable
        As `MessageLine.guard`: a file of that size that the browser cannot open is an
        error that says so.
    """

    _esm = Path(__file__).with_name("picture_file.js")
    _css = """
    .emolib-file {
      border: 1px dashed currentcolor;
      border-radius: 3px;
      display: inline-block;
      padding: 0.4em 0.6em;
    }
    .emolib-file input {
      min-height: 1.8em;
    }
    """
    words = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, words: str, given: Callable[[bytes], None],
        guard: Callable[[Callable], Callable],
    ):  # fmt: skip
        super().__init__(words=words)
        self._given = given
        self.on_msg(guard(self._heard))

    def _heard(self, _, message: dict, buffers: list) -> None:
        if not message["read"]:
            raise PictureError(
                f"Your file has {message['megabytes']:.0f} MB, and the browser cannot "
                "open it to make it smaller. Save it as JPEG or PNG of less than 8 MB."
            )
        self._given(b"".join(map(bytes, buffers)))
