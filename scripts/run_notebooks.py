"""Run the notebooks of the book: the only writer of ``book/**/*.ipynb``.

A notebook runs, top to bottom in a fresh kernel, when its code cells, their tags,
``emolib/``, ``data/`` or the pins changed since it last ran, or its outputs did. The
stored file is free of per-run noise, so that running twice gives the same bytes. What
each notebook was run from, and for how many seconds, is in ``book/executed.json``.

    python scripts/run_notebooks.py                  run what changed
    python scripts/run_notebooks.py training      run this one, if it changed
    python scripts/run_notebooks.py --force training
    python scripts/run_notebooks.py --check          only say what is not up to date
"""

import argparse
import hashlib
import json
import os
import re
import sys
import time
from pathlib import Path

import nbformat
from chapters import notebooks, set_numbers
from nbclient import NotebookClient
from nbclient.exceptions import (
    CellExecutionError,
    CellTimeoutError,
    DeadKernelError,
)
from project_inputs import PROJECT, inputs_hash

from emolib.files import write_json, write_whole

CELL_TIMEOUT = 600  # seconds; a chapter's budget is 60, this only stops a runaway
SETUP_CELL = """\
try:
    import emolib
except ImportError:  # in Colab: install the release
    import subprocess
    import sys

    home = "{repository}"
    wheel = "{wheel}"
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    pip.append(f"{{home}}/{{wheel}}")
    if subprocess.run(pip, capture_output=True).returncode:
        raise SystemExit(
            "emolib could not be fetched: check the network; in a "
            "checkout, choose the kernel of .venv; if there is no "
            f"release yet, first run %pip install git+{{home}}"
        ) from None
    import emolib

emolib.show_versions()"""
#: How one begins, with any address and remedy: `make notebooks` brings it up to date.
OLD_SETUP_CELL = re.compile(
    r"try:\n    import emolib\nexcept ImportError:.*\.whl.*show_versions\(\)", re.S
)

_KERNEL = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "pygments_lexer": "ipython3",
    },
}
_CELL_METADATA = ("tags", "mystnb", "jupyter", "cellView")
_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
_WIDGET_STATE = "application/vnd.jupyter.widget-state+json"


def setup_cell(project: Path = PROJECT) -> str:
    """Return the first code cell of every chapter, for this project's address."""
    from set_address import release_wheel, repository

    home = repository(project)
    wheel = release_wheel(project).removeprefix(f"{home}/")
    return SETUP_CELL.format(repository=home, wheel=wheel)


def read(path: Path):
    """Read a notebook, with the shorthands of authors written out.

    A first code cell ``# setup``, or an older one, becomes the set-up cell. A first
    line ``# NBVAL_CHECK_OUTPUT`` becomes the tag that nbval reads as well, because
    readers should not have to wonder about it.
    """
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    first = code[0].source.strip() if code else ""
    if first == "# setup" or OLD_SETUP_CELL.fullmatch(first):
        code[0].source = setup_cell()
    for cell in code:
        first, _, rest = cell.source.partition("\n")
        if first.strip() == "# NBVAL_CHECK_OUTPUT":
            cell.source = rest.lstrip("\n")
            tags = cell.metadata.get("tags", [])
            cell.metadata["tags"] = sorted({*tags, "nbval-check-output"})
    return notebook


def stamps_file(project: Path = PROJECT) -> Path:
    """Return the file that says what each notebook was run from."""
    return project / "book" / "executed.json"


def read_stamps(project: Path = PROJECT) -> dict[str, dict]:
    """Return the stamps of the last runs by `stamp_name`; empty if there are none."""
    file = stamps_file(project)
    return json.loads(file.read_text("utf-8")) if file.is_file() else {}


def stamp_name(path: Path) -> str:
    """Return the name of a notebook in the file of stamps: its folder and its name."""
    return f"{path.parent.name}/{path.name}"


def make_stamp(path: Path, inputs: str, seconds: float) -> dict:
    """Return what is kept of a run.

    Returns
    -------
    dict
        ``code``, the hash of what determines the outputs (code cells, their tags,
        `inputs`); ``outputs``, the hash of what came out; ``seconds``. The address in
        the set-up cell does not count, so that a fork may write its own.
    """
    notebook, setup = read(path), setup_cell()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    code = [
        [
            SETUP_CELL if cell.source == setup else cell.source,
            sorted(cell.metadata.get("tags", [])),
        ]
        for cell in cells
    ]
    outputs = [cell.outputs for cell in cells]
    return {
        "code": _digest([inputs, code]),
        "outputs": _digest([outputs, notebook.metadata.get("widgets")]),
        "seconds": round(seconds, 1),
    }


def _digest(value) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def problems(path: Path, inputs: str, stamp: dict | None) -> list[str]:
    """Return why the stored outputs of a notebook cannot be trusted; empty if they can.

    Looks for code cells never run or run out of order, stored errors, widgets without
    state, and for a `stamp` that no longer fits code, data, pins or outputs. Nothing is
    executed.
    """
    notebook = read(path)
    found = []
    expected = 0
    state = notebook.metadata.get("widgets", {}).get(_WIDGET_STATE, {})
    models = state.get("state", {})
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        expected += 1
        if cell.execution_count is None:
            found.append(f"cell {number} was never run")
        elif cell.execution_count != expected:
            found.append(
                f"cell {number} ran out of order: its count is "
                f"{cell.execution_count}, expected {expected}"
            )
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"cell {number} holds an error: {output.ename}")
            view = output.get("data", {}).get(_WIDGET_VIEW)
            if view and view["model_id"] not in models:
                found.append(f"cell {number} shows a widget whose state is missing")
    if notebook.cells != nbformat.read(path, as_version=4).cells:
        found.append(
            "its shorthands (# setup, # NBVAL_CHECK_OUTPUT) are not written out"
        )
    now = make_stamp(path, inputs, 0)
    if stamp is None:
        found.append("it was not written by `make notebooks`")
    elif stamp["code"] != now["code"]:
        found.append("its code, emolib, data or the pins changed since it ran")
    elif stamp["outputs"] != now["outputs"]:
        found.append("its outputs are not those of that run")
    return found


def run(path: Path, inputs: str) -> dict:
    """Run one notebook in place and return the stamp of the run.

    The file is replaced in one step, and only when every cell succeeded.

    Raises
    ------
    CellExecutionError, CellTimeoutError, DeadKernelError
        From the first cell that fails; the file is then left as it was.
    """
    notebook = read(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata.pop("widgets", None)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
    )
    start = time.perf_counter()
    client.execute()
    seconds = time.perf_counter() - start
    normalise(notebook)
    _slim_widgets(notebook)
    _rename_widgets(notebook)
    write(notebook, path)
    return make_stamp(path, inputs, seconds)


def normalise(notebook) -> None:
    """Remove from an executed notebook, in place, what differs from run to run."""
    widgets = notebook.metadata.get("widgets")
    kept = {"widgets": widgets} if widgets else {}
    notebook.metadata = nbformat.from_dict({**_KERNEL, **kept})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    used = set()
    for cell in notebook.cells:
        cell.id = _cell_id(cell, used)
        cell.metadata = nbformat.from_dict(
            {key: cell.metadata[key] for key in _CELL_METADATA if key in cell.metadata}
        )
        if cell.cell_type != "code":
            continue
        tags = set(cell.metadata.get("tags", []))
        if tags & {"hide-cell", "hide-input"}:  # folded in Jupyter and Colab as well
            cell.metadata.setdefault("jupyter", nbformat.from_dict({}))
            cell.metadata.jupyter["source_hidden"] = True
            cell.metadata["cellView"] = "form"
        if "hide-cell" in tags:
            prompts = cell.metadata.setdefault("mystnb", nbformat.from_dict({}))
            prompts.setdefault("code_prompt_show", "Show the solution")
            prompts.setdefault("code_prompt_hide", "Hide the solution")
        elif "hide-input" in tags and not _draws(cell):  # no "code of this figure"
            prompts = cell.metadata.setdefault("mystnb", nbformat.from_dict({}))
            prompts.setdefault("code_prompt_show", "Show the code")
        cell.outputs = [
            output
            for output in cell.outputs
            if not (output.output_type == "stream" and output.name == "stderr")
        ]
        for output in cell.outputs:
            _drop_addresses(output)


def _draws(cell) -> bool:
    """Whether a cell's output holds a picture."""
    kinds = [kind for output in cell.outputs for kind in output.get("data", {})]
    return any(kind.startswith("image/") for kind in kinds)


def write(notebook, path: Path) -> None:
    """Replace ``path`` by ``notebook`` in one step."""
    nbformat.validate(notebook)
    write_whole(path, nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n")


def _cell_id(cell, used: set[str]) -> str:
    """Return an id that follows from the cell's text, unique within the notebook."""
    digest = hashlib.sha256(f"{cell.cell_type}\0{cell.source}".encode()).hexdigest()
    identifier, copy = digest[:12], 1
    while identifier in used:
        copy += 1
        identifier = f"{digest[:12]}-{copy}"
    used.add(identifier)
    return identifier


def _drop_addresses(output) -> None:
    """Replace memory addresses in the plain text of an output."""
    if output.output_type == "stream":
        output.text = re.sub(r"\bat 0x[0-9a-f]+", "at 0x0", output.text)
    elif "text/plain" in output.get("data", {}):
        text = output.data["text/plain"]
        output.data["text/plain"] = re.sub(r"\bat 0x[0-9a-f]+", "at 0x0", text)


def _slim_widgets(notebook) -> None:
    """Leave out of the stored looks of widgets what is not set, half of their bytes."""
    state = notebook.metadata.get("widgets", {}).get(_WIDGET_STATE, {}).get("state", {})
    for model in state.values():
        if model["model_name"].endswith(("LayoutModel", "StyleModel")):
            for name in [key for key, value in model["state"].items() if value is None]:
                del model["state"][name]


def _rename_widgets(notebook) -> None:
    """Give widget models ids that follow from their order instead of random ones."""
    state = notebook.metadata.get("widgets", {}).get(_WIDGET_STATE, {}).get("state", {})
    names = {
        old: hashlib.sha256(f"widget {number}".encode()).hexdigest()[:32]
        for number, old in enumerate(state)
    }
    if not names:
        return
    pattern = re.compile("|".join(map(re.escape, names)))

    def renamed(value):
        if isinstance(value, str):
            return pattern.sub(lambda match: names[match[0]], value)
        if isinstance(value, list):
            return [renamed(item) for item in value]
        if isinstance(value, dict):
            return {renamed(key): renamed(item) for key, item in value.items()}
        return value

    notebook.metadata["widgets"] = nbformat.from_dict(
        renamed(notebook.metadata["widgets"])
    )
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = nbformat.from_dict(renamed(cell.outputs))


def keep_stamp(path: Path, stamp: dict) -> None:
    """Write the stamp of a run, and drop those of notebooks that are no more."""
    there = {stamp_name(one) for one in notebooks()}
    stamps = {**read_stamps(), stamp_name(path): stamp}
    kept = {name: stamps[name] for name in sorted(stamps) if name in there}
    write_json(stamps_file(), kept)


def _failure(path: Path, error: Exception) -> str:
    """Say in a few lines which cell failed and how."""
    notebook = read(path)
    lines = [f"FAILED {path.name}: {type(error).__name__}: {error}"]
    if isinstance(error, CellExecutionError):
        traceback = re.sub(r"\x1b\[[0-9;]*m", "", error.traceback).rstrip()
        _, source, rest = re.split(r"^-{18}$", traceback, maxsplit=2, flags=re.M)
        number = next(
            (
                index
                for index, cell in enumerate(notebook.cells, start=1)
                if cell.source.strip() == source.strip()
            ),
            "?",
        )
        lines = [f"FAILED {path.name}, cell {number}: {error.ename}: {error.evalue}"]
        lines += [f"    {line}" for line in rest.strip().splitlines()[-15:]]
    lines.append("    The file was left as it was.")
    return "\n".join(lines)


def _select(names: list[str], available: list[Path]) -> list[Path]:
    """Return the notebooks named by file name, stem or path; an unknown name stops."""
    chosen = []
    for name in names:
        stem = Path(name).stem if name.endswith(".ipynb") else Path(name).name
        matches = [path for path in available if path.stem == stem]
        if not matches:
            known = ", ".join(path.stem for path in available) or "none yet"
            raise SystemExit(f"No notebook is called {name!r}. There are: {known}.")
        chosen += matches
    return chosen


def main(arguments: list[str] | None = None) -> int:
    """Run or check notebooks; return the number that failed or are not up to date."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "names", nargs="*", help="notebooks (default: all that changed)"
    )
    parser.add_argument("--check", action="store_true", help="verify, run nothing")
    parser.add_argument(
        "--force",
        action="append",
        default=[],
        metavar="NAME",
        help="run even if unchanged",
    )
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")

    for path in [] if options.check else set_numbers():
        print(f"{path.relative_to(PROJECT)}: numbered")
    available = notebooks()
    forced = _select(options.force, available)
    names = _select(options.names, available) + forced
    chosen = [path for path in available if path in names] if names else available
    inputs, stamps = inputs_hash(), read_stamps()
    failures = 0
    for path in chosen:
        reasons = problems(path, inputs, stamps.get(stamp_name(path)))
        if options.check:
            failures += bool(reasons)
            print(f"{path.name}: {'; '.join(reasons) or 'up to date'}")
            continue
        if all("shorthands" in reason for reason in reasons) and path not in forced:
            notebook = read(path)
            normalise(notebook)
            write(notebook, path)
            print(f"{path.name}: up to date")
            continue
        print(f"{path.name}: running ...", flush=True)
        try:
            stamp = run(path, inputs)
            size = path.stat().st_size / 1000
            print(f"{path.name}: done in {stamp['seconds']} s, {size:.0f} kB")
            keep_stamp(path, stamp)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            failures += 1
            print(_failure(path, error), file=sys.stderr)
    if not chosen:
        print("There are no notebooks in book/ yet.")
    if options.check and failures:
        print("Run `make notebooks`.", file=sys.stderr)
    return failures


if __name__ == "__main__":
    raise SystemExit(min(main(), 1))
