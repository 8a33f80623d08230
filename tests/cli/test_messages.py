"""What a user is told of an error."""

import errno
import os

import pytest

from emolib.cli.messages import describe, printable
from emolib.errors import ArgumentError


def test_an_error_of_ours_is_told_as_it_is():
    assert describe(ArgumentError("a.png  is no\n  folder.")) == "a.png  is no folder."


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EROFS, "can be written to"),
        (errno.EACCES, "permissions"),
        (errno.ENAMETOOLONG, "shorter name"),
        (errno.ENOENT, "check the path"),
        (errno.EIO, "choose another place"),
    ],
)
def test_an_error_of_the_system_names_file_and_remedy(number, remedy):
    told = describe(OSError(number, os.strerror(number), "faces/a.png"))
    assert told.startswith(f"faces/a.png: {os.strerror(number)}")
    assert remedy in told
    without = describe(OSError(number, os.strerror(number)))
    assert without.startswith("A file or the output: ")


@pytest.mark.parametrize(
    ("error", "begins"),
    [
        (MemoryError(), "MemoryError: the memory is full"),
        (KeyError("mean"), "KeyError: 'mean'"),
        (RuntimeError("a\n b."), "RuntimeError: a b. "),
        (AssertionError(), "AssertionError. "),
        (OSError("cannot identify"), "OSError: cannot identify. "),
    ],
)
def test_an_unforeseen_error_names_its_type_and_asks_for_a_report(error, begins):
    told = describe(error)
    assert told.startswith(begins)
    assert "emolib --debug" in told
    assert "report" in told
    assert "\n" not in told


def test_names_that_no_terminal_can_print_are_escaped():
    name = os.fsdecode(b"jos\xe9\n\x1b[2J.png")
    assert printable(name) == "jos\\udce9 \\x1b[2J.png"
    assert printable("é 顔.png") == "é 顔.png"
