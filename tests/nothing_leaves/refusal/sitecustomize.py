"""Python imports this at its start where it is on PYTHONPATH: see ``watch.py``.

An audit hook notes what Python opens for writing, and notes and refuses connections
to other hosts and questions to name servers. It does not see what libraries in C++ do.
"""

import ipaddress
import os
import sys

_LOG = os.open(os.environ["EMOLIB_TEST_LOG"], os.O_WRONLY | os.O_APPEND)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_PATHS = {"os.rename": 1, "os.link": 1, "os.symlink": 1}
_NAMES = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")


def _note(kind: str, what: object) -> None:
    text = os.fsdecode(what) if isinstance(what, bytes | os.PathLike) else str(what)
    os.write(_LOG, f"{kind}\t{text}\n".encode("utf-8", "surrogateescape"))


def _is_here(host: object) -> bool:
    host = host.decode() if isinstance(host, bytes) else host
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _hook(event: str, arguments: tuple) -> None:
    if event == "open":
        path, _, flags = arguments
        if flags & _WRITING and not isinstance(path, int):
            _note("file", os.path.abspath(path))
    elif event in _PATHS:
        _note("file", os.path.abspath(arguments[_PATHS[event]]))
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"):
        address = arguments[1]
        if isinstance(address, tuple) and not _is_here(address[0]):
            _refuse(event, address)
    elif event in _NAMES and not _is_here(arguments[0]):
        _refuse(event, arguments[0])


def _refuse(event: str, what: object) -> None:
    _note("contact", f"{event} {what}")
    raise OSError(f"{event} {what}: other hosts are not to be asked here")


sys.addaudithook(_hook)
