"""A browser without a window, and a server for it: what looks at the built pages uses.

Needs Chromium (or Chrome) on PATH; a few tests look with Firefox, too, where it is.
"""

import functools
import http.server
import itertools
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FIREFOXES = ("firefox", "firefox-esr")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Otherwise it looks up its maker's hosts while it opens our pages.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


#: Firefox then reaches this computer alone, and never asks to be set up.
PREFERENCES = """user_pref("network.dns.disabled", true);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
"""


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line of log for each."""

    def log_message(self, *_):
        """Say nothing."""


def find_browser() -> str | None:
    """Return the path of Chromium or Chrome, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def find_firefox() -> str | None:
    """Return the path of Firefox, or None."""
    return next(filter(None, map(shutil.which, FIREFOXES)), None)


@contextmanager
def started_browser(program: str) -> Iterator:
    """Give a Playwright browser that reaches nothing but this computer."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class Firefox:
    """A Firefox that listens at an address, with one page.

    It speaks WebDriver BiDi (https://www.w3.org/TR/webdriver-bidi/), which needs no
    driver; Playwright has a Firefox of its own, and drives no other.
    """

    def __init__(self, address: str):
        from websocket import create_connection

        self._line = create_connection(
            f"{address}/session", timeout=120, suppress_origin=True
        )
        self._numbers = itertools.count()
        self._ask("session.new", capabilities={})
        (page,) = self._ask("browsingContext.getTree")["contexts"]
        self._page = page["context"]

    def visit(self, address: str) -> None:
        """Load a page, anew even if only what follows its # differs."""
        for one in ("about:blank", address):
            self._ask(
                "browsingContext.navigate", context=self._page, url=one, wait="complete"
            )

    def evaluate(self, code: str) -> object:
        """Return the value of an expression of JavaScript, or of what it promises."""
        answer = self._ask(
            "script.evaluate",
            expression=f"Promise.resolve({code}).then((one) => JSON.stringify(one))",
            target={"context": self._page},
            awaitPromise=True,
        )
        if answer["type"] != "success":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def close(self) -> None:
        """End the browser."""
        self._ask("browser.close")

    def _ask(self, method: str, **params) -> dict:
        number = next(self._numbers)
        self._line.send(json.dumps({"id": number, "method": method, "params": params}))
        while (answer := json.loads(self._line.recv())).get("id") != number:
            pass  # it tells of events, too
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['message']}")
        return answer["result"]


@contextmanager
def started_firefox(program: str) -> Iterator[Firefox]:
    """Give a Firefox with a new profile that reaches nothing but this computer."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        Path(profile, "user.js").write_text(PREFERENCES, "utf-8")
        log = Path(profile, "log")
        command = [program, "--headless", "--no-remote", "--profile", profile]
        with log.open("wb") as heard:
            process = subprocess.Popen(
                [*command, "--remote-debugging-port=0", "about:blank"],
                stdout=heard, stderr=heard,
                env={**os.environ, "HOME": profile},  # root may have another's home
            )  # fmt: skip
        try:
            firefox = Firefox(_listening(log, process))
            yield firefox
            firefox.close()
            process.wait(20)
        finally:
            process.kill()
            process.wait()


def _listening(log: Path, process: subprocess.Popen, seconds: float = 60) -> str:
    """Wait until Firefox writes at which address it listens."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        text = log.read_text("utf-8", "replace")
        if found := re.search(r"BiDi listening on (ws://\S+)\n", text):
            return found[1]
        time.sleep(0.1)
    raise RuntimeError(f"Firefox did not start: {log.read_text('utf-8', 'replace')}")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free loopback port and give its address."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
