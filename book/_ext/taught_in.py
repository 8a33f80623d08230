"""A Sphinx extension: where each name of the API page is taught, read from the code.

A name is taught where the code of a chapter uses it. So nobody keeps the line by hand:
the code cells of the notebooks, the widgets, the command line, the studies and the
scripts are parsed, and what they import from emolib is followed to where it is defined.
``tests/test_architecture.py`` asks the same functions for names that nobody uses.
"""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from chapters import chapter_numbers, notebooks

API = "book/back-matter/api"
#: Code beside the notebooks: where it is, and what a reader calls it.
OTHERS = {
    "emolib/widgets": "the widgets",
    "emolib/cli": "the command line",
    "studies": "the studies",
    "scripts": "the scripts behind ``make``",
}


def code_of(path: Path) -> str:
    """Return the Python code of a file; of a notebook its code cells, no magics."""
    text = path.read_text("utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    source = "\n".join("".join(cell["source"]) for cell in cells)
    return re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.M)


def names_used(source: str, package: str = "emolib") -> set[str]:
    """Return the dotted names of a package that code uses, as far as it spells them.

    Examples
    --------
    >>> sorted(names_used("from emolib import plots as p; p.style()"))
    ['emolib.plots', 'emolib.plots.style']
    """
    tree = ast.parse(source)
    known = {}  # the name in the code -> what it stands for
    used = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                if one.name.split(".")[0] == package:
                    used.add(one.name)
                    known[one.asname or package] = one.name if one.asname else package
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for one in node.names if node.module.split(".")[0] == package else ():
                used.add(f"{node.module}.{one.name}")
                known[one.asname or one.name] = f"{node.module}.{one.name}"
    for node in ast.walk(tree):
        parts = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if parts and isinstance(node, ast.Name) and node.id in known:
            used.add(".".join([known[node.id], *reversed(parts)]))
    return used


def home(name: str) -> str | None:
    """Return the dotted name under which a function, class or constant is defined.

    Parameters
    ----------
    name : str
        As code spells it, such as ``"emolib.models.predict"``, perhaps with attributes
        of an object behind it.

    Returns
    -------
    str or None
        Such as ``"emolib.models.inference.predict"``; None for a module, and for what
        belongs to another package.

    Raises
    ------
    AttributeError
        If there is no such name.
    """
    parts = name.split(".")
    value, k = import_module(parts[0]), 1
    while k < len(parts) and isinstance(value, ModuleType):
        if value.__name__.split(".")[0] != parts[0]:  # keras, by way of ours
            return None
        value = _member(value, parts[k])
        k += 1
    if isinstance(value, ModuleType):
        return None
    while k < len(parts) and isinstance(value, type):
        value = getattr(value, parts[k])
        k += 1
    own = getattr(value, "__qualname__", None)
    if own and str(getattr(value, "__module__", "")).split(".")[0] == parts[0]:
        return f"{value.__module__}.{own}"
    return _assigned(parts[0], parts[k - 1], value)


def _member(module: ModuleType, name: str):
    """Return an attribute of a module, or a module inside it."""
    try:
        return getattr(module, name)
    except AttributeError:
        inner = f"{module.__name__}.{name}"
        if not hasattr(module, "__path__") or find_spec(inner) is None:
            raise
        return import_module(inner)


def _assigned(package: str, name: str, value) -> str | None:
    """Return the dotted name of a constant where it is assigned, not imported."""
    for module in _assignments(package).get(name, ()):
        if getattr(import_module(module), name, None) is value:
            return f"{module}.{name}"
    return None


def modules(package: str = "emolib") -> dict[str, Path]:
    """Return a package's modules by their dotted names, but for ``__main__``."""
    top = Path(import_module(package).__file__).parent
    found = {}
    for path in sorted(top.rglob("*.py")):
        parts = path.relative_to(top.parent).with_suffix("").parts
        if parts[-1] != "__main__":
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


@cache
def _assignments(package: str) -> dict[str, list[str]]:
    """Return which modules assign each name at their top level."""
    found: dict[str, list[str]] = {}
    for module, path in modules(package).items():
        for node in ast.parse(path.read_text("utf-8")).body:
            targets = getattr(node, "targets", [getattr(node, "target", None)])
            for target in targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(module)
    return found


def users(project: Path) -> Iterator[tuple[str, Path]]:
    """Yield who uses emolib, as a page of the book or in words, file by file.

    The canary is left out: it watches what others use.
    """
    for path in notebooks(project):
        yield path.relative_to(project).with_suffix("").as_posix(), path
    for place, words in OTHERS.items():
        top = project / place
        for path in [top] if top.is_file() else sorted(top.rglob("*.py")):
            if path != project / "studies" / "canary.py":
                yield words, path


def uses(project: Path) -> dict[str, list[str]]:
    """Return for each name of emolib, where it is defined, who uses it.

    Parameters
    ----------
    project : Path
        The checkout.

    Returns
    -------
    dict
        Such as ``"emolib.datasets.load"`` -> ``["book/part-1-.../...", "the command
        line"]``, in the order of `users`. A room's use of itself does not count, and
        names that do not exist are left out.
    """
    found: dict[str, list[str]] = {}
    for user, path in users(project):
        own = path.relative_to(project).with_suffix("").parts[:2]
        for name in sorted(names_used(code_of(path))):
            try:
                defined = home(name)
            except (AttributeError, ImportError):
                continue
            if defined is None or defined.startswith(".".join([*own, ""])):
                continue
            if user not in found.setdefault(defined, []):
                found[defined].append(user)
    return found


def sentence(where: list[str], numbers: dict[str, int]) -> str:
    """Return the line of the API page, with links to the chapters.

    Examples
    --------
    >>> sentence(["book/part-1-x/y", "the studies"], {"book/part-1-x/y": 2})
    'Taught in chapter :doc:`2 </book/part-1-x/y>`; used by the studies.'
    """
    others = [one for one in where if not one.startswith("book/")]
    chapters = [one for one in where if one in numbers]
    pages = [one for one in where if one not in (*others, *chapters)]
    links = [f":doc:`{numbers[page]} </{page}>`" for page in chapters]
    plural = "s" * (len(links) > 1)
    parts = [
        f"{words} {_listed(ones)}"
        for words, ones in (
            (f"taught in chapter{plural}", links),
            ("taken apart in", [f":doc:`/{page}`" for page in pages]),
            ("used by", others),
        )
        if ones
    ]
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _listed(words: list[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def add_line(app, what, name, obj, options, lines):
    """Put the line behind the summary of a function, a class or a constant."""
    builder = app.builder
    if not hasattr(builder, "uses_of_emolib"):
        builder.uses_of_emolib = uses(Path(app.srcdir))
        builder.chapter_numbers = chapter_numbers(Path(app.srcdir))
    where = builder.uses_of_emolib.get(name)
    if where:
        end = lines.index("") if "" in lines else len(lines)
        lines[end:end] = ["", sentence(where, builder.chapter_numbers)]


def api_too(app, env, added, changed, removed):
    """Read the API page again after a change of a notebook."""
    pages = added | changed | removed
    return [API] if API in env.found_docs and pages - {API} else []


def setup(app):
    """Register the extension; napoleon has then done its part of a docstring."""
    app.connect("autodoc-process-docstring", add_line, priority=900)
    app.connect("env-get-outdated", api_too)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
