"""The watch itself: what it has to catch, by strace and by Python's audit hooks."""

import sys

import pytest
import watch
from watch import require_tracer

CONNECT = "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9))"
CONNECT_6 = CONNECT.replace("AF_INET", "AF_INET6").replace("192.0.2.1", "2001:db8::1")
RESOLVE = "socket.getaddrinfo('emolib.invalid', 443)"
LISTEN = "socket.socket().bind(('0.0.0.0', 0))"
LOOPBACK = (
    "s = socket.create_server(('127.0.0.1', 0)); "
    "socket.create_connection(s.getsockname()); socket.getaddrinfo('localhost', 1)"
)
CHILD = f"subprocess.run([sys.executable, '-c', {'import socket; ' + CONNECT!r}])"
IN_HOME = "open(os.path.expanduser('~/.device-id'), 'w')"
RENAMED = "open('x', 'w'); os.rename('x', os.path.expanduser('~/.device-id'))"
RELATIVE = "os.chdir(os.path.expanduser('~')); open('.device-id', 'w')"
LEFT_BEHIND = "open(os.path.join(tempfile.gettempdir(), '.session'), 'w')"
TRANSIENT = "tempfile.TemporaryFile(); tempfile.NamedTemporaryFile()"


@pytest.fixture(params=["strace", "audit hook"])
def run(request, tmp_path, monkeypatch):
    """A function that watches a line of Python, in both ways."""
    if request.param == "strace":
        require_tracer()
    else:
        monkeypatch.setattr(watch, "tracer_missing", lambda: "not wanted")

    def run(code):
        code = "import os, socket, subprocess, sys, tempfile\n" + code
        return watch.watch([sys.executable, "-c", code], tmp_path)

    return run


@pytest.mark.parametrize("code", [CONNECT, CONNECT_6, RESOLVE, LISTEN, CHILD])
def test_another_host_is_noticed(run, code):
    done = run(code)
    assert done.contacts != []
    assert done.surplus == []


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (IN_HOME, "~/.device-id"),
        (RENAMED, "~/.device-id"),
        (RELATIVE, "~/.device-id"),
        (LEFT_BEHIND, ".session"),
    ],
)
def test_a_file_outside_the_folders_given_is_noticed(run, code, name):
    done = run(code)
    assert done.code == 0, done.output
    assert len(done.surplus) == 1
    assert done.surplus[0].endswith(name)
    assert done.contacts == []


@pytest.mark.parametrize("code", [LOOPBACK, TRANSIENT, "open('result', 'w')"])
def test_what_is_allowed_passes(run, code):
    done = run(code)
    assert (done.code, done.contacts, done.surplus) == (0, [], []), done


def test_programs_other_than_python_are_watched(tmp_path):
    require_tracer()
    code = "echo 1 > ~/.device-id; exec 3<> /dev/udp/192.0.2.1/9"
    done = watch.watch(["bash", "-c", code], tmp_path)
    assert done.surplus == ["~/.device-id"]
    assert len(done.contacts) == 1
    assert "192.0.2.1" in done.contacts[0]


def test_a_name_server_on_this_machine_is_another_host():
    assert watch.is_contact("connect", "127.0.0.53", 53)
    assert not watch.is_contact("connect", "127.0.0.1", 8888)
    assert watch.is_contact("connect", "::ffff:192.0.2.1", 443)
    assert not watch.is_contact("connect", "::ffff:127.0.0.1", 443)


def test_a_demanded_tracer_that_is_missing_is_a_failure(monkeypatch):
    monkeypatch.setattr(watch, "tracer_missing", lambda: "strace is not installed")
    monkeypatch.setenv("EMOLIB_REQUIRE_TRACER", "1")
    with pytest.raises(pytest.fail.Exception, match="EMOLIB_REQUIRE_TRACER=1"):
        require_tracer()
    monkeypatch.delenv("EMOLIB_REQUIRE_TRACER")
    with pytest.raises(pytest.skip.Exception, match="only Python's own"):
        require_tracer()
