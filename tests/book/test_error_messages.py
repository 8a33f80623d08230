"""The page made from the classes: every error is on it, with what to do about it."""

import json
import re
import sys

import pytest
from bs4 import BeautifulSoup
from error_messages import (
    GROUPS,
    Message,
    built_in,
    classes,
    first_sentence,
    messages,
)
from project_inputs import PROJECT

PAGE = "book/back-matter/when-something-goes-wrong"
CODE = """
from tinyerrors.errors import TinyError, unknown

LARGEST = 80
REMEDY = "copy it again"


def read(path, size, *, remedy=REMEDY):
    what = "is empty" if size == 0 else "is cut short"
    if size < 2:
        raise TinyError(f"{path} {what}; {remedy}.")
    if size > LARGEST:
        words = f"{path.name!r} has {len(path)} bytes, "
        raise TinyError(words + f"at most {LARGEST:,} are read. Cut it.")
    _refuse(f"{path / 'card.json'} lacks {', '.join(sorted(size))}")
    verify(path, error=TinyError, remedy="fetch it")


def _refuse(told):
    raise TinyError(f"{told}; add them.")


def verify(path, error, remedy):
    raise error(f"{path} was altered; {remedy}.")


def wrap(other):
    raise TinyError(f"{other}")


def name(given):
    raise TinyError(unknown("colour", given, ("red", "blue")))
"""
#: Told of a clip, not raised: they stand in the report of a preparation.
IN_REPORTS = {"NoFaceError"}


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """Make a package with an error of its own and functions that raise it."""
    package = tmp_path / "tinyerrors"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "errors.py").write_text(
        "class TinyError(Exception):\n"
        '    """A tiny fault; the message says more.\n\n    And more.\n    """\n\n'
        "class NoError(TinyError, ValueError):\n    pass\n\n"
        "def unknown(*_):\n    return ''\n"
    )
    (package / "reader.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)
    yield "tinyerrors.errors.TinyError"
    for name in [name for name in sys.modules if name.startswith("tinyerrors")]:
        del sys.modules[name]


def test_messages_are_read_from_the_code_with_their_constants(tiny):
    assert [message.text for message in messages(tiny)] == [
        "<path> is empty; copy it again.",
        "<path> is cut short; copy it again.",
        "<name> has <n> bytes, at most 80 are read. Cut it.",
        "<path>/card.json lacks <size>; add them.",
        "<path> was altered; fetch it.",
        "Unknown colour <given>; expected one of 'red', 'blue'.",
    ]


def test_a_class_tells_what_it_means(tiny):
    known = classes(tiny)
    assert list(known) == ["TinyError", "NoError"]
    assert first_sentence(known["TinyError"]) == "A tiny fault."
    assert first_sentence(known["NoError"].__mro__[-1]) != ""
    assert built_in(known["NoError"]) == "ValueError"


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("a.jpg is empty. Copy it again.", "Copy it again."),
        ("a.jpg is cut short (no end); copy it again.", "Copy it again."),
        ('It needs x, which is missing: pip install "x".', 'pip install "x".'),
        ("size must lie in 1 to 3; received 4.", "size must lie in 1 to 3"),
        ("A picture is uint8; received int8.", "A picture is uint8"),
        ("load('x') holds no faces.", ""),
        ("a.jpg is broken; it has no end.", ""),
    ],
)
def test_the_remedy_is_told_from_what_came(text, remedy):
    assert Message("X", "emolib.faces", text).parts[1] == remedy


def test_wherever_an_error_comes_from_it_has_one_group():
    places = {
        "emolib.faces.picture": "pictures",
        "emolib.datasets.splits": "data",
        "emolib.faces.video": "videos",
        "emolib.paths": "installation",
    }
    for module, group in places.items():
        assert Message("PictureError", module, "").group == group
    assert Message("ArgumentError", "emolib.faces.crop", "").group == "arguments"


def test_every_error_says_what_it_means_and_is_a_built_in_too():
    for name, error in classes().items():
        assert first_sentence(error).endswith("."), name
        assert name == "EmolibError" or built_in(error) != "Exception", name


def test_every_message_says_what_to_do():
    found = [one for one in messages() if one.error not in IN_REPORTS]
    assert len(found) > 150
    silent = {one.text for one in found if not one.parts[1]}
    assert silent == set()


def test_the_page_has_every_group_once():
    text = (PROJECT / f"{PAGE}.md").read_text("utf-8")
    shown = re.findall(r"^```\{error-messages\} (\w+)$", text, re.M)
    assert sorted(shown) == sorted(GROUPS)


def test_every_error_and_every_message_stands_on_the_page(html):
    text = (html / f"{PAGE}.html").read_text("utf-8")
    page = BeautifulSoup(text, "html.parser").find(class_="bd-article")
    shown = " ".join(page.get_text().split())
    for name, error in classes().items():
        assert name in shown, name
        assert first_sentence(error) in shown, name
    for message in messages():
        for part in message.parts:
            assert part.replace("`", "") in shown, part


def test_the_search_of_the_book_knows_the_messages(html):
    index = (html / "searchindex.js").read_text("utf-8")
    names, terms = (
        json.loads(re.search(rf'"{key}": (\[[^]]*\]|{{[^}}]*}})', index)[1])
        for key in ("docnames", "terms")
    )
    page = names.index(PAGE)
    for stem in ("alter", "decod", "permiss"):  # words as it cuts them
        assert page in ([terms[stem]] if isinstance(terms[stem], int) else terms[stem])
