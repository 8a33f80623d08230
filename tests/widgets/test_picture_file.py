"""A file of the reader's own: what the browser sends of it, also of a large one."""

import io
import threading

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("anywidget")
from emolib.widgets.message_line import MessageLine
from emolib.widgets.picture_file import PictureFile


@pytest.fixture
def file():
    line, given = MessageLine(threading.RLock()), []
    made = PictureFile("A still", given.append, line.guard)
    made.line, made.given = line, given
    return made


@pytest.mark.parametrize("content", [b"picture", b""])
def test_what_is_given_is_handed_on(file, content):
    file._handle_custom_msg({"megabytes": 0, "read": True}, [memoryview(content)])
    assert file.given == [content]
    assert "picture" not in str(file.get_state()["words"])


def test_what_the_browser_cannot_open_is_a_message_with_a_remedy(file):
    file._handle_custom_msg({"megabytes": 12.6, "read": False}, [])
    assert file.given == []
    assert file.line.words.startswith(
        "Your file has 13 MB, and the browser cannot open"
    )
    assert file.line.words.endswith("Save it as JPEG or PNG of less than 8 MB.")


def sent(page, name, content) -> list:
    """Give a file to the field, and return what it has told Python."""
    kind = {"name": name, "mimeType": "image/png", "buffer": content}
    before = page.evaluate("sent.length")
    page.get_by_label("A still").set_input_files(kind)
    page.wait_for_function("(before) => sent.length > before", arg=before)
    return page.evaluate(
        "sent.map((one) => ({ ...one, files: one.files?.map((f) => f.byteLength) }))"
    )


def test_in_a_browser_a_file_is_sent_as_it_is_also_twice(show):
    page = show("picture_file.js", words="A still")
    told = {"megabytes": 7e-6, "read": True, "files": [7]}
    assert sent(page, "me.png", b"no more") == [told]
    assert sent(page, "me.png", b"no more") == [told, told]


def test_in_a_browser_a_large_picture_is_made_smaller(show):
    page = show("picture_file.js", words="A still")
    noise = np.random.default_rng(0).integers(0, 256, (1800, 2400, 3), dtype=np.uint8)
    target = io.BytesIO()
    Image.fromarray(noise).save(target, "PNG", compress_level=0)
    assert len(target.getvalue()) > 10e6
    (one,) = sent(page, "me.png", target.getvalue())
    assert one["read"]
    assert one["megabytes"] > 10
    assert 1e5 < one["files"][0] < 8e6
    size = page.evaluate(
        """async () => {
          const image = await createImageBitmap(new Blob(sent[0].files));
          return [image.width, image.height];
        }"""
    )
    assert size == [2000, 1500]


def test_in_a_browser_a_large_text_is_not_sent(show):
    page = show("picture_file.js", words="A still")
    (one,) = sent(page, "notes.png", b"anger, " * 1_300_000)
    assert (one["read"], one.get("files")) == (False, None)
    assert one["megabytes"] == 9.1
