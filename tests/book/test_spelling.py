"""Spelling: known mistakes anywhere (codespell), American forms in what people read."""

import ast
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import nbformat
import pytest
from project_inputs import PROJECT
from pybtex.database import parse_file

#: Files of these kinds are checked; [tool.codespell] in pyproject.toml says which words
#: are meant as they are.
KINDS = (".md", ".py", ".bib", ".toml", ".yml", ".cff", ".sh", ".css")
FOLDERS = ("book", "data", "emolib", "scripts", "studies", "tests")

#: American forms that the book does not use, as patterns, and what it writes instead.
AMERICAN = {
    r"(multi)?color(s|ed|ing|ful|less|blind|map|maps)?": "colour",
    r"gray(s|er|ish|scale)?": "grey",
    r"center(s|ed|ing)?": "centre",
    r"(kilo|centi|milli)met(er)s?": "metre",
    r"fibers?": "fibre",
    r"(mis)?behavior(s|al)?": "behaviour",
    r"neighbor(s|ing|hood|hoods)?": "neighbour",
    r"favor(s|ed|ing|ite|able)?": "favour",
    r"(flavor|harbor|honor|humor|labor|odor|rumor|vapor)(s|ed|ing)?": "-our",
    r"(cancel|label|level|model|signal|travel|tunnel)(ed|ing|er)": "double l",
    r"(unlabel|relabel|mislabel)(ed|ing)": "double l",
    r"(anal|catal|paral)yz(e|es|ed|ing)": "-yse",
    r"(defense|offense|pretense)s?": "-ence",
    r"(artifact)s?": "artefact",
    r"(catalog|dialog)(s|ed)?": "-ogue",
    r"(fulfill|enroll|skillful)(s|ment)?": "fulfil, enrol, skilful",
    r"aging": "ageing",
    r"math": "maths",
    r"skeptic(s|al|ism)?": "sceptic",
    r"molds?": "mould",
    r"(?!(?:re|over|under|down)?siz|priz|seiz)"
    r"[a-z]{2,}iz(e|es|ed|er|ers|ing|able|ation|ations)": "-ise",
}
FORBIDDEN = re.compile(r"\b(?:" + "|".join(AMERICAN) + r")\b", re.I)

#: Directives that hold code; others, such as a glossary, hold prose.
CODE = {"code", "code-block", "code-cell", "eval-rst", "bibliography", "nb-exec-table"}

#: What is no prose, fenced code apart: code in a line, formulas, addresses, HTML, the
#: fields of a docstring and its examples.
NO_PROSE = re.compile(
    r"``[^`]+``|`[^`\n]+`|\$\$.*?\$\$|\$[^$\n]+\$|https?://\S+"
    r"|\]\([^)\s]+\)|</?\w[^>\n]*>|^ *>>> .*?$|^ *\.\.\. .*?$|^ *:\w[\w-]*:.*?$"
    r"|^ *\w+(?:, \w+)* : [^\n]*$",
    re.S | re.M,
)


def titles() -> re.Pattern:
    """Return a pattern of the titles of cited works, which keep their own spelling."""
    entries = parse_file(str(PROJECT / "book" / "references.bib")).entries.values()
    names = [re.sub(r"[{}]", "", entry.fields["title"]) for entry in entries]
    names.append("Batch Normalization")  # and what stands before a colon, in short
    return re.compile("|".join(map(re.escape, names)), re.I)


TITLES = titles()


def without_fences(text: str) -> str:
    """Return the text with fenced code, and the fences of prose, as empty lines."""
    kept, opened = [], []  # for each open fence: its marks, and whether it holds code
    for line in text.split("\n"):
        fence = re.match(r" *(`{3,}|~{3,}|:{3,})(?:\{([\w-]+)\})?", line)
        in_code = bool(opened and opened[-1][1])
        if fence and opened and line.strip() == opened[-1][0]:
            opened.pop()
        elif fence and not in_code:
            opened.append((fence[1], fence[2] is None or fence[2] in CODE))
        kept.append("" if fence or in_code else line)
    return "\n".join(kept)


def american(text: str) -> list[tuple[int, str]]:
    """Return the number of the line and the word for each American form in prose."""

    def blank(found):  # line numbers stay
        return re.sub(r"[^\n]", " ", found[0])

    prose = NO_PROSE.sub(blank, TITLES.sub(blank, without_fences(text)))
    return [
        (prose.count("\n", 0, found.start()) + 1, found[0])
        for found in FORBIDDEN.finditer(prose)
    ]


def alt_text(cell) -> str:
    return cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")


def notebook_cells(path: Path) -> list[str]:
    """Return what the cells hold, each with the description of its figure."""
    return [
        f"{cell.source}\n{alt_text(cell)}"
        for cell in nbformat.read(path, as_version=4).cells
    ]


def comments(code: str) -> str:
    """Return the comments of a piece of code, each in its line, the rest blank."""
    lines = [""] * (code.count("\n") + 1)
    plain = re.sub(r"^(\s*)[%!]", r"\1#", code, flags=re.M)  # a magic is no Python
    for token in tokenize.generate_tokens(io.StringIO(plain).readline):
        if token.type == tokenize.COMMENT:
            lines[token.start[0] - 1] = token.string
    return "\n".join(lines)


def readable(path: Path) -> list[tuple[str, str]]:
    """Return (place, prose) for what people read of a file."""
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4).cells
        found = []
        for number, cell in enumerate(cells, start=1):
            code = cell.cell_type == "code"
            text = comments(cell.source) if code else cell.source
            found.append((f"cell {number}", f"{text}\n{alt_text(cell)}"))
        return found
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        return [("page", text)]
    tree = ast.parse(text)
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(tree) if isinstance(node, kinds)]
    return [
        (getattr(node, "name", "module"), ast.get_docstring(node) or "")
        for node in nodes
    ]


def files(*suffixes: str) -> list[Path]:
    inside = [path for name in FOLDERS for path in (PROJECT / name).rglob("*")]
    every = inside + [path for path in PROJECT.iterdir() if path.is_file()]
    return sorted(
        path
        for path in every
        if path.suffix in suffixes
        and path.name != Path(__file__).name  # it is full of mistakes
        and not {"vendor", "__pycache__", ".ipynb_checkpoints"} & set(path.parts)
    )


def misspelt(paths: list[Path]) -> list[str]:
    """Return codespell's findings, with the project's settings."""
    pytest.importorskip("codespell_lib", reason="codespell is not installed")
    settings = ["--toml", str(PROJECT / "pyproject.toml")]
    done = subprocess.run(
        [sys.executable, "-m", "codespell_lib", *settings, *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 65), done.stderr
    return done.stdout.splitlines()


def misspelt_cells(notebooks: list[Path], folder: Path) -> list[str]:
    """Return codespell's findings in notebooks, by notebook and cell."""
    for path in notebooks:
        for number, text in enumerate(notebook_cells(path), start=1):
            (folder / f"{path.stem}, cell {number}.txt").write_text(text, "utf-8")
    found = misspelt(sorted(folder.iterdir()))
    return [
        line.removeprefix(f"{folder}/").replace(".txt:", ", line ") for line in found
    ]


def test_files_hold_no_known_misspelling():
    assert misspelt(files(*KINDS)) == []


def test_notebooks_hold_no_known_misspelling(tmp_path):
    assert misspelt_cells(files(".ipynb"), tmp_path) == []


def test_a_planted_misspelling_is_found_with_its_cell(tmp_path):
    wrong = "reci" + "eve"
    cells = [
        nbformat.v4.new_markdown_cell("# A chapter"),
        nbformat.v4.new_markdown_cell(f"Networks that\n{wrong} an image."),
        nbformat.v4.new_code_cell(f"x = 1  # {wrong} it"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "02-tiny.ipynb")
    (tmp_path / "cells").mkdir()
    found = misspelt_cells([tmp_path / "02-tiny.ipynb"], tmp_path / "cells")
    assert [line.split(": ")[0] for line in found] == [
        "02-tiny, cell 2, line 2",
        "02-tiny, cell 3, line 1",
    ]


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in files(".ipynb", ".md", ".py")
        if path.relative_to(PROJECT).parts[0] not in ("tests", "scripts")
    ],
    ids=lambda path: path.relative_to(PROJECT).as_posix(),
)
def test_what_people_read_is_in_british_spelling(path):
    found = [
        f"{place}, line {line}: {word}"
        for place, text in readable(path)
        for line, word in american(text)
    ]
    assert found == []


def test_american_forms_are_found_in_prose_only():
    text = "Normalize the colors\nof a gray center. Analyzed behavior, labeled."
    words = ["Normalize", "colors", "gray", "center", "Analyzed", "behavior", "labeled"]
    assert american(text) == list(zip([1, 1, 2, 2, 2, 2, 2], words, strict=True))
    fine = (
        "Resize a colour to its size; seized prizes on the horizon, a citizen's colours"
    )
    code = "`color`, ``gray``, $center$, [x](https://x.org/color)\n```\ncolor\n```\n"
    title = (
        "Ioffe, Batch Normalization: Accelerating Deep Network Training by Reducing "
    )
    assert american(f"{fine}\n{code}\n{title}\ncolor : str\n    A colour.") == []
