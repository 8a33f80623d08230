"""What the tests of the book share: project, scripts, built pages, a browser.

Tests in a browser need Chromium (or Chrome) on PATH. Without one they skip, unless
``EMOLIB_REQUIRE_BROWSER=1`` says that a missing browser is a failure.
"""

import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT / "scripts"), str(PROJECT / "book" / "_ext")]
from headless import find_browser, served, started_browser  # noqa: E402


def run_chapter(name: str) -> dict:
    """Run the code of a chapter without its solutions, and return what it bound.

    It finds no copy of eNTERFACE'05 of the reader's own. The checks of what its words
    rest on (``test_checks_<name>.py``) look at that.
    """
    import matplotlib.pyplot as plt
    import nbformat

    (path,) = (PROJECT / "book").glob(f"part-*/{name}.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    plt.switch_backend("agg")
    world = {"__name__": "__main__", "display": lambda *_: None}
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("EMOLIB_ENTERFACE05", raising=False)
        for source in code[1:]:  # the set-up cell needs IPython
            if not source.startswith("# Solution of exercise"):
                exec(compile(source, f"<{name}>", "exec"), world)
                plt.close("all")
    return world


@pytest.fixture(scope="session")
def chapter():
    """Return `run_chapter`."""
    return run_chapter


@pytest.fixture(scope="session")
def project() -> Path:
    """Return the root of the checkout."""
    return PROJECT


@pytest.fixture(scope="session")
def html() -> Path:
    """Return the book built strictly from the stored outputs.

    ``make test`` builds it beforehand and says where in ``EMOLIB_BUILT_BOOK``.
    """
    given = os.environ.get("EMOLIB_BUILT_BOOK")
    if given:
        folder = Path(given)
    else:
        done = subprocess.run(
            [sys.executable, PROJECT / "scripts" / "build_book.py", "--stored"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        folder = PROJECT / "_build" / "stored" / "_build" / "html"
    assert (folder / "index.html").is_file(), f"no built book in {folder}"
    return folder


@pytest.fixture(scope="session")
def page_names(html) -> list[str]:
    """Return the pages of the book, without listings of code and the redirect."""
    return [
        path.relative_to(html).as_posix()
        for path in sorted(html.rglob("*.html"))
        if not path.relative_to(html).parts[0].startswith("_")
        and 'http-equiv="Refresh"' not in path.read_text("utf-8")
    ]


@pytest.fixture(scope="module")
def browser():
    """Chromium, started; a skip or a failure where there is none."""
    found = find_browser()
    if found is None:
        reason = "no Chromium or Chrome on PATH"
        if os.environ.get("EMOLIB_REQUIRE_BROWSER") == "1":
            pytest.fail(reason + ", and EMOLIB_REQUIRE_BROWSER=1 demands one")
        pytest.skip(reason)
    with started_browser(found) as started:
        yield started


@pytest.fixture(scope="module")
def address(html):
    """Serve the built book on a free loopback port and give its address."""
    with served(html) as found:
        yield found


@pytest.fixture
def tiny_project(tmp_path) -> Path:
    """Make a project of one page and one notebook with the real scripts and settings.

    It lies in a folder whose name a pattern, an address or a format would misread, and
    has a package ``tinylib`` in the place of emolib's folder, so that changing code in
    it changes the real hash.
    """
    import nbformat

    root = tmp_path / "a [tiny] project, 100% (é's) #1 *"
    part = root / "book" / "part-1-the-system"
    part.mkdir(parents=True)
    shutil.copytree(PROJECT / "scripts", root / "scripts")
    for name in ("_config.yml", "pyproject.toml", "requirements.txt"):
        shutil.copy(PROJECT / name, root / name)
    shutil.copytree(
        PROJECT / "book" / "assets",
        root / "book" / "assets",
        ignore=shutil.ignore_patterns("vendor", "faces", "screenshot.png"),
    )
    shutil.copytree(PROJECT / "book" / "_ext", root / "book" / "_ext")
    shutil.copy(PROJECT / "book" / "references.bib", root / "book")
    (root / "data").mkdir()
    (root / "data" / "numbers.csv").write_text("1,2\n", "utf-8")
    (root / "emolib" / "tinylib").mkdir(parents=True)
    (root / "emolib" / "tinylib" / "__init__.py").write_text('ANSWER = "first"\n')
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: book/intro\n"
        "chapters:\n  - file: book/part-1-the-system/02-tiny\n"
    )
    (root / "book" / "intro.md").write_text("# Tiny\n", "utf-8")
    (root / "README.md").write_text("[No page of the book](scripts)\n", "utf-8")
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# 1. A tiny chapter"),
            nbformat.v4.new_code_cell("import tinylib"),
            nbformat.v4.new_code_cell("print('the answer:', tinylib.ANSWER)"),
        ]
    )
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, part / "02-tiny.ipynb")
    return root


@pytest.fixture(scope="session")
def build_page(tmp_path_factory):
    """Give a function that builds one notebook with Sphinx alone, into its folder.

    It has the book's extensions of pages, styles and scripts, and no other page.
    """
    import nbformat
    import yaml

    sphinx = yaml.safe_load((PROJECT / "_config.yml").read_text("utf-8"))["sphinx"]
    taken = ("html_context", "html_css_files", "html_js_files", "nb_ipywidgets_js",
             "language", "nb_code_prompt_show", "nb_code_prompt_hide")  # fmt: skip
    settings = {name: sphinx["config"][name] for name in taken}
    settings |= {
        "extensions": [
            "myst_nb",
            "accessible_pages",
            "still_widgets",
            "face_lab",
            "explorables",
        ],
        "nb_execution_mode": "off",
        "html_static_path": [str(PROJECT / "book" / "assets")],
        "html_theme": "sphinx_book_theme",
        "html_title": "A small book",
        "html_theme_options": {
            "repository_url": "https://github.com/someone/small",
            "repository_branch": "main",
            "launch_buttons": {"colab_url": "https://colab.research.google.com"},
        },
    }
    python = {"name": "python", "pygments_lexer": "ipython3"}

    def build(notebook) -> Path:
        notebook.metadata["language_info"] = python
        source = tmp_path_factory.mktemp("page")
        (source / "conf.py").write_text(f"globals().update({settings!r})\n", "utf-8")
        nbformat.write(notebook, source / "index.ipynb")
        done = subprocess.run(
            [sys.executable, "-m", "sphinx", "-q", "-W", source, source / "html"],
            env={**os.environ, "PYTHONPATH": str(PROJECT / "book" / "_ext")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return source / "html"

    return build


@pytest.fixture
def run_in(tiny_project):
    """Give a function that runs a script of the tiny project, returning the process."""

    def run(script, *arguments):
        environment = {
            **os.environ,
            "PYTHONPATH": str(tiny_project / "emolib"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return subprocess.run(
            [sys.executable, tiny_project / "scripts" / script, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            cwd=tiny_project.parent,
        )

    return run


@pytest.fixture(scope="session")
def explorables_page(build_page):
    """Give a function that builds a page of a chapter's cells with an explorable.

    Their outputs are those that the notebook stores.
    """
    import nbformat

    @functools.cache
    def build(chapter: str) -> Path:
        (path,) = (PROJECT / "book").glob(f"part-*/{chapter}.ipynb")
        notebook = nbformat.read(path, as_version=4)
        movable = [cell for cell in notebook.cells if "explorable(" in cell.source]
        notebook.cells = [nbformat.v4.new_markdown_cell("# Explorables"), *movable]
        return build_page(notebook)

    return build


@pytest.fixture(scope="session")
def explorables_address(explorables_page):
    """Give a function that serves the page of a chapter's explorables."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def address(chapter: str) -> str:
            folder = explorables_page(chapter)
            return stack.enter_context(served(folder)) + "/index.html"

        yield address


class Explorable:
    """One explorable on an open page."""

    def __init__(self, page, name: str):
        self.page = page
        self.element = page.locator(f'.explorable[data-name="{name}"]')
        data = self.element.locator('script[type="application/json"]')
        self.data = json.loads(data.text_content())  # what the chapter handed over

    def status(self, words: str) -> str:
        """Wait until the status line holds these words, and return all of it."""
        line = self.element.locator(".lab-status")
        line.filter(has_text=words).wait_for(timeout=3000)
        return line.text_content()

    def found(self) -> int:
        """Return how many of its tasks are done."""
        return self.element.locator(".explorable-tasks .done").count()

    def press(self, name: str):
        """Click a button."""
        self.element.get_by_role("button", name=name).click()

    def drag(self, surface, *shares):
        """Drag over a surface, from place to place in shares of its sides."""
        surface.scroll_into_view_if_needed()
        box = surface.bounding_box()
        mouse = self.page.mouse
        width, height = box["width"], box["height"]
        for k, (x, y) in enumerate(shares):
            mouse.move(box["x"] + x * width, box["y"] + y * height)
            if k == 0:
                mouse.down()
        mouse.up()


@pytest.fixture
def explorable(visitor, explorables_address):
    """Give a function that opens a chapter's explorables and returns one."""

    def explorable(chapter: str, name: str, **settings) -> Explorable:
        return Explorable(visitor(explorables_address(chapter), **settings), name)

    return explorable


@pytest.fixture
def visitor(browser):
    """Give a function that opens a page. What goes wrong there fails the test.

    It takes the address, the width, and settings of a Playwright context; `faults` of
    the function is what was heard, for tests that expect something.
    """
    contexts, faults = [], []

    def visitor(address: str, width: int = 1280, **settings):
        settings = {"reduced_motion": "reduce", **settings}
        viewport = {"width": width, "height": 844 if width < 500 else 900}
        context = browser.new_context(viewport=viewport, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", hear)
        page.on("request", lambda one: foreign(one.url, address))
        page.goto(address)
        return page

    def hear(line):
        icon = line.location["url"].endswith("favicon.ico")  # a small book has none
        if line.type in ("error", "warning") and not icon:
            faults.append(line.text)

    def foreign(url, address):
        if not url.startswith((address.rpartition("/")[0], "data:", "blob:")):
            faults.append(f"request to another place: {url}")

    visitor.faults = faults
    yield visitor
    for context in contexts:
        context.close()
    assert faults == []
