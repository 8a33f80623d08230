"""Run a command in a fresh home and list whom it called and what it wrote.

strace (a package of Debian and of most others) sees every system call, also those of
libraries in C++. Where it is missing or may not trace, Python's audit hooks in
``refusal/sitecustomize.py`` see what Python itself opens and connects, and refuse
connections; `tracer_missing` then says why.
"""

import functools
import ipaddress
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
CALLING = ("connect", "sendto", "sendmsg", "sendmmsg", "bind")
OPENING = ("open", "openat", "openat2", "creat")
MAKING = (
    "mknod", "mknodat", "rename", "renameat", "renameat2", "link", "linkat",
    "symlink", "symlinkat",
)  # fmt: skip
#: Local services that ask name servers on behalf of a program.
RESOLVERS = ("systemd/resolve", "avahi-daemon")

#: What may be written beside the folders given, by pattern, and why. A pattern that
#: begins with ~ is in the home folder.
LISTED = {
    "*/__pycache__/*": "code compiled by Python and by numba, kept beside its source",
    "/dev/null": "what is thrown away",
    "/dev/shm/*": "memory shared between processes",
    "/proc/*": "a process's notes about itself, such as the names of its threads",
    "~/.cache/matplotlib/*": "matplotlib's list of the fonts found",
    "~/.ipython/profile_default/startup/README": "IPython's, about its start-up",
    "~/.keras/keras.json": "Keras's settings, its defaults",
    "~/.local/share/jupyter/runtime/*": "how to reach a Jupyter server that runs",
    "~/.npm/_logs/*": "JupyterLab asks npm, where there is one, for code helpers",
}


@dataclass(frozen=True)
class Watched:
    """What a command did.

    Attributes
    ----------
    code, output
        Its exit code, and what it printed on both streams.
    contacts : list of str
        Attempts to reach, to resolve or to listen to another host.
    surplus : list of str
        Files it wrote outside the folders given that are not `LISTED`; of its folder
        of temporary files, those that it left there.
    """

    code: int
    output: str
    contacts: list[str]
    surplus: list[str]


def watch(
    command: Sequence[str | Path], root: Path, *given: Path, cwd: Path | None = None
) -> Watched:
    """Run a command with ``root/home`` as its home and return what it did.

    Parameters
    ----------
    command : sequence of str or Path
    root : Path
        An empty folder. The home, the folder of temporary files and ``root/work``, in
        which the command may write, are made in it.
    *given : Path
        Other folders that it may write to.
    cwd : Path, optional
        Where it starts; default ``root/work``.
    """
    home, temporary, work = (root / name for name in ("home", "tmp", "work"))
    for folder in (home, temporary, work):
        folder.mkdir(parents=True, exist_ok=True)
    cwd = cwd or work
    log = root / "calls.log"
    log.touch()
    # Of the caller's environment, only what finds the programs and the package: it
    # holds the very settings that `make` switches reports off with.
    environment = {
        name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ
    }
    environment |= {"HOME": str(home), "TMPDIR": str(temporary), "LANG": "C.UTF-8"}
    command = [str(part) for part in command]
    if tracer_missing():
        paths = [str(HERE / "refusal"), *filter(None, [environment.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        environment["EMOLIB_TEST_LOG"] = str(log)
        read = _read_hook
    else:
        command = [*_strace(log), *command]
        read = _read_strace
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    contacts, written = [], set()
    for kind, what in read(log, cwd):
        if kind == "contact":
            contacts.append(what)
        else:
            written.add(Path(os.path.normpath(what)))
    allowed = (work, *given)
    surplus = [
        name
        for path in sorted(written)
        for name in [str(path).replace(str(home), "~")]
        if not any(path.is_relative_to(folder) for folder in allowed)
        and not (path.is_relative_to(temporary) and not path.exists())
        and not path.is_dir()
        and not any(fnmatch(name, pattern) for pattern in LISTED)
    ]
    return Watched(done.returncode, done.stdout, contacts, surplus)


@functools.cache
def tracer_missing() -> str:
    """Return why strace cannot be used here; empty if it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    with tempfile.NamedTemporaryFile() as log:
        tried = subprocess.run(
            [*_strace(Path(log.name)), sys.executable, "-c", ""],
            capture_output=True,
            text=True,
            check=False,
        )
        if tried.returncode == 0 and "openat" in Path(log.name).read_text():
            return ""
    return f"strace may not trace: {' '.join(tried.stderr.split())[:200]}"


def require_tracer() -> None:
    """Skip where there is no tracer; with ``EMOLIB_REQUIRE_TRACER=1``, fail."""
    if reason := tracer_missing():
        if os.environ.get("EMOLIB_REQUIRE_TRACER") == "1":
            pytest.fail(f"{reason}, and EMOLIB_REQUIRE_TRACER=1 demands it")
        pytest.skip(f"{reason}: only Python's own files and sockets were watched")


def _strace(log: Path) -> list[str]:
    calls = ",".join((*CALLING, *OPENING, *MAKING))
    options = ["-f", "-qq", "-y", "-s", "4096", "--seccomp-bpf", "-o", str(log)]
    # A call that this processor does not have is no mistake: the question mark.
    return ["strace", *options, "-e", "trace=?" + calls.replace(",", ",?")]


def _read_strace(log: Path, cwd: Path) -> Iterator[tuple[str, str]]:
    """Yield ("contact", how) and ("file", path) from a log of strace."""
    where: dict[str, str] = {}  # of each thread, as its latest call showed it
    for thread, name, rest in _calls(log):
        if shown := re.search(r"AT_FDCWD<([^>]*)>", rest):
            where[thread] = shown[1]
        if name in CALLING:
            for found in re.finditer(
                r"sin6?_port=htons\((\d+)\).*?"
                r'(?:inet_addr\(|inet_pton\(AF_INET6, )"([^"]+)"',
                rest,
            ):
                port, host = int(found[1]), found[2]
                if is_contact(name, host, port):
                    yield "contact", f"{name} {host} port {port}: {rest[:160]}"
            if any(f'sun_path="{top}{one}' in rest for top in ("/run/", "/var/run/")
                   for one in RESOLVERS):  # fmt: skip
                yield "contact", f"{name}: {rest[:160]}"
            continue
        if re.search(r"= -1 E\w+", rest) or (
            name in OPENING
            and name != "creat"
            and not re.search(r"\bO_(WRONLY|RDWR|CREAT)\b", rest)
        ):
            continue
        # The last path is the one made, and before it may be the folder it is in.
        paths = re.findall(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"', rest)
        if paths:
            folder, path = paths[-1]
            path = path.encode("latin-1").decode("unicode_escape").encode("latin-1")
            folder = folder or where.get(thread, str(cwd))
            yield "file", os.path.join(folder, path.decode("utf-8", "replace"))


def _calls(log: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (thread, name, arguments and result); interrupted calls made whole."""
    begun: dict[str, str] = {}
    with log.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            thread, _, text = line.rstrip("\n").partition(" ")
            text = text.lstrip()
            if text.endswith("<unfinished ...>"):
                begun[thread] = text.removesuffix("<unfinished ...>")
                continue
            if resumed := re.match(r"<\.\.\. \w+ resumed>", text):
                text = begun.pop(thread, "") + text[resumed.end() :]
            if call := re.match(r"(\w+)\((.*)", text):
                yield thread, call[1], call[2]
    for thread, text in begun.items():
        if call := re.match(r"(\w+)\((.*)", text):
            yield thread, call[1], call[2]


def _read_hook(log: Path, cwd: Path) -> Iterator[tuple[str, str]]:
    """Yield the same from a log of ``refusal/sitecustomize.py``.

    It notes a file before it is opened, which may fail for want of its folder.
    """
    for line in log.read_text("utf-8").splitlines():
        kind, _, what = line.partition("\t")
        if kind == "contact" or Path(what).parent.exists():
            yield kind, what


def is_contact(call: str, host: str, port: int) -> bool:
    """Tell whether an address is another host's, or that of a name server here."""
    address = ipaddress.ip_address(host)
    address = getattr(address, "ipv4_mapped", None) or address
    if call == "bind":
        return not address.is_loopback
    return port == 53 or not (address.is_loopback or address.is_unspecified)
