"""The chapters and their numbers: the order of ``_toc.yml``, and nothing else.

A number is written down where readers meet it, in a chapter's title and in each link to
a chapter, because a notebook has to read well in Colab and Jupyter, too. Nobody keeps
those numbers by hand: this script sets them, and ``make notebooks`` runs it first. So a
new chapter is one line in ``_toc.yml``.

    python scripts/chapters.py            set the numbers
    python scripts/chapters.py --check    only name the files in which one is wrong

A link to a chapter has its number for a text, as in ``[chapter 4](training.ipynb)`` or,
after it, ``and [5](evaluation.ipynb)``. As a Sphinx extension the module stops a build
of pages whose numbers are not those of ``_toc.yml``.
"""

import argparse
import json
import os
import re
from pathlib import Path
from typing import NamedTuple

import yaml

PROJECT = Path(__file__).resolve().parent.parent
#: A link whose text is a number, or a row of a table whose first cell is one.
LINK = re.compile(
    r"(\[(?:[Cc]hapters?\s+)?|^\| )\d+(\]\(| \| \[[^\]\n]*\]\()([^)#\s]+)", re.M
)
TITLE = re.compile(r"\A# (?:\d+\. )?")
#: A number that no link keeps right.
BARE = re.compile(r"(?<!\[)\b[Cc]hapters?\s+\d+|\.ipynb\)(?:,| and| to| or)\s+\d+\b")


class Chapter(NamedTuple):
    """A chapter of the book: its number, and its page as ``_toc.yml`` names it."""

    number: int
    page: str


def chapters(project: Path = PROJECT) -> list[Chapter]:
    """Return the chapters in their order: the pages in a folder ``part-...``."""
    toc = yaml.safe_load((project / "_toc.yml").read_text("utf-8"))
    parts = [*toc.get("parts", ()), toc]
    pages = [one["file"] for part in parts for one in part.get("chapters", ())]
    pages = [page for page in pages if "/part-" in page]
    return [Chapter(number, page) for number, page in enumerate(pages, start=1)]


def chapter_numbers(project: Path = PROJECT) -> dict[str, int]:
    """Return the number of each chapter by its page, such as ``book/part-1-x/y``."""
    return {chapter.page: chapter.number for chapter in chapters(project)}


def notebooks(project: Path = PROJECT) -> list[Path]:
    """Return the notebooks of the book in reading order, those of no chapter first."""
    numbers = chapter_numbers(project)

    def place(path: Path) -> tuple[int, Path]:
        page = path.relative_to(project).with_suffix("").as_posix()
        return numbers.get(page, 0), path

    found = (project / "book").rglob("*.ipynb")
    return sorted(
        (path for path in found if ".ipynb_checkpoints" not in path.parts), key=place
    )


def numbered(text: str, folder: str, numbers: dict[str, int]) -> str:
    """Return Markdown with the right number in each link to a chapter.

    Parameters
    ----------
    text : str
    folder : str
        Where the text's file is, seen from the project, such as ``"book/part-1-x"``.
    numbers : dict
        `chapter_numbers`.

    Examples
    --------
    >>> numbered("in [chapter 9](../a/b.ipynb)", "book/c", {"book/a/b": 4})
    'in [chapter 4](../a/b.ipynb)'
    """

    def right(link: re.Match) -> str:
        before, middle, target = link.groups()
        page = os.path.normpath(f"{folder}/{target}").replace(os.sep, "/")
        number = numbers.get(page.removesuffix(".ipynb"))
        return link[0] if number is None else f"{before}{number}{middle}{target}"

    return LINK.sub(right, text)


def numbered_file(path: Path, project: Path, numbers: dict[str, int]) -> str:
    """Return what a file should hold: the right numbers, and all else as it is."""
    name = path.relative_to(project)
    folder = name.parent.as_posix()
    text = path.read_text("utf-8")
    if path.suffix != ".ipynb":
        return numbered(text, folder, numbers)
    notebook, changed = json.loads(text), False
    number = numbers.get(name.with_suffix("").as_posix())
    for place, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "markdown":
            continue
        old = "".join(cell["source"])
        new = numbered(old, folder, numbers)
        if place == 0 and number is not None:
            new = TITLE.sub(f"# {number}. ", new)
        if new != old:
            cell["source"], changed = new.splitlines(keepends=True), True
    if not changed:
        return text
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def pages(project: Path = PROJECT) -> list[Path]:
    """Return the files in which chapters are numbered."""
    found = sorted((project / "book").rglob("*.md"))
    found += [project / name for name in ("README.md", "CONTRIBUTING.md")]
    return [*notebooks(project), *(path for path in found if path.is_file())]


def set_numbers(project: Path = PROJECT, *, write: bool = True) -> list[Path]:
    """Set the numbers in all files, and return those in which one was wrong."""
    from emolib.files import write_whole

    wrong, numbers = [], chapter_numbers(project)
    for path in pages(project):
        text = numbered_file(path, project, numbers)
        if text != path.read_text("utf-8"):
            wrong.append(path)
            if write:
                write_whole(path, text.encode())
    return wrong


def main() -> int:
    """Set or check the numbers from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing")
    options = parser.parse_args()
    wrong = set_numbers(write=not options.check)
    for path in wrong:
        name = path.relative_to(PROJECT)
        print(f"{name}: {'wrong numbers' if options.check else 'numbered'}")
    return int(options.check and bool(wrong))


def check_numbers(app) -> None:
    """Stop the build if a page carries another number than the table of contents."""
    from sphinx.errors import ConfigError

    wrong = set_numbers(Path(app.srcdir), write=False)
    if wrong:
        names = ", ".join(path.name for path in wrong)
        raise ConfigError(
            f"The numbers of chapters in {names} are not those of _toc.yml: run "
            "`python scripts/chapters.py`."
        )


def setup(app):
    """Register the check."""
    app.connect("builder-inited", check_numbers)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    raise SystemExit(main())
