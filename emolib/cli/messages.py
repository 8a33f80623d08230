"""What the command line says of errors: one line each, on any terminal."""

import errno

from emolib.errors import EmolibError

#: What to do about an error of the system, by its number.
REMEDIES = {
    errno.ENOENT: "check the path",
    errno.ENOSPC: "free some space on that disk, or choose another",
    errno.EDQUOT: "free some space on that disk, or choose another",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOTDIR: "a part of the path is a file; choose another place",
    errno.EROFS: "choose a place that can be written to",
    errno.EACCES: "change its permissions, or choose another place",
    errno.EPERM: "change its permissions, or choose another place",
}
_UNFORESEEN = (
    "This was not foreseen: run the command again as `emolib --debug ...` and report "
    "what it prints."
)


def printable(text: object) -> str:
    r"""Return `text` in one line, with what cannot be printed escaped.

    >>> printable("a\nb\x1b.png")
    'a b\\x1b.png'
    """
    line = " ".join(part.strip() for part in str(text).splitlines())
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode()
        for one in line
    )


def why(error: OSError) -> str:
    """Return what the system says, and what to do about it."""
    remedy = REMEDIES.get(error.errno, "choose another place")
    return f"{error.strerror or error}; {remedy}"


def describe(error: BaseException) -> str:
    """Return what a user is told of an error; of an unforeseen one, its type too."""
    if isinstance(error, EmolibError):
        return printable(error)
    if isinstance(error, OSError) and error.errno:
        place = "A file or the output" if error.filename is None else error.filename
        return printable(f"{place}: {why(error)}.")
    kind, told = type(error).__name__, printable(error)[:500]
    if isinstance(error, MemoryError):
        told = "the memory is full; close other programs or give less at a time"
    return f"{kind}{told and ': '}{told.rstrip('.')}. {_UNFORESEEN}"
