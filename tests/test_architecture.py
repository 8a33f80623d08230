"""The shape of the package: what it imports, documents and offers."""

import importlib
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]

HEAVY = (
    "tensorflow", "keras", "pandas", "matplotlib", "seaborn", "cv2", "numba",
    "sklearn", "skimage", "ipywidgets", "scipy",
)  # fmt: skip

MODULES = (
    "emolib.training.augmentation",
    "emolib.cli",
    "emolib.datasets",
    "emolib.datasets.splits",
    "emolib.emotions",
    "emolib.evaluation",
    "emolib.explain",
    "emolib.export",
    "emolib.faces",
    "emolib.models",
    "emolib.onnx_session",
    "emolib.paths",
    "emolib.plots",
    "emolib.recipes.real_faces",
    "emolib.recognizer",
    "emolib.results",
    "emolib.synthesis",
    "emolib.training.loop",
    "emolib.widgets",
)

#: Public names that nothing uses yet, and who will.
AWAITED = {
    "CanonicalCrop": "the type of CROP",
    "to_onnx": "what add_onnx writes with; for a file anywhere else",
    "open_session": "what recognizer, detection and export run networks with",
    "Clips": "what FaceDataset.clips returns; chapter 10",
    "emotion_index": "what image_folder and synthesis look labels up with",
}


def public(module: ModuleType) -> dict[str, object]:
    """Functions and classes that a module offers as its own."""
    names = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and getattr(value, "__module__", "") == module.__name__
    ]
    found = {name: getattr(module, name) for name in names}
    return {
        name: value
        for name, value in found.items()
        if inspect.isfunction(value) or inspect.isclass(value)
    }


def everything() -> list[tuple[str, object]]:
    return [
        (f"{module}.{name}", value)
        for module in MODULES
        for name, value in public(importlib.import_module(module)).items()
    ]


@pytest.fixture(scope="module")
def names():
    return everything()


def test_importing_emolib_imports_nothing_heavy():
    code = (
        f"import emolib, sys; found = set({HEAVY}) & set(sys.modules); "
        "assert not found, found"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_submodules_are_imported_when_touched():
    import emolib

    rooms = {path.stem for path in (ROOT / "emolib").iterdir() if path.stem[0] != "_"}
    assert set(emolib.__all__) - rooms == {"EMOTIONS", "__version__", "show_versions"}
    assert rooms <= set(emolib.__all__)
    assert emolib.faces.CROP.size == 64
    assert "plots" in dir(emolib)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = emolib.nonsense


def test_figures_and_data_need_no_tensorflow():
    code = (
        "import emolib.plots, emolib.datasets, emolib.evaluation, sys; "
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_tensorflow_starts_quietly():
    code = "from emolib.models import plain_cnn; plain_cnn()"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT
    )
    assert (done.stdout, done.stderr) == (b"", b"")


def test_imports_point_one_way():
    command = "from importlinter.cli import lint_imports_command as run; run()"
    done = subprocess.run(
        [sys.executable, "-c", command, "--no-cache"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 kept, 0 broken" in done.stdout


def test_one_place_imports_onnxruntime():
    """It switches the telemetry off first; any other import could come before it."""
    found = [
        str(path.relative_to(ROOT))
        for path, code in python_code()
        if re.search(r"^\s*(import|from)\s+onnxruntime\b", code, re.M)
        or re.search(r"import_module\(\s*.onnxruntime\b", code)
    ]
    assert found == ["emolib/onnx_session.py"]


def test_every_public_name_is_documented(names):
    faults = []
    for name, value in names:
        text = inspect.getdoc(value) or ""
        home = inspect.getdoc(inspect.getmodule(value)) or ""
        if len(text.split()) < 4:
            faults.append(f"{name}: no docstring")
            continue
        told = re.search(r"\bchapters?\b|used everywhere", text + home, re.I)
        if not told and not is_error(value):
            faults.append(f"{name}: neither it nor its module names a chapter")
        if inspect.isfunction(value) and "those of `" not in text:
            faults += [
                f"{name}: parameter {parameter!r} is not described"
                for parameter in inspect.signature(value).parameters
                if parameter not in text
            ]
    assert not faults, "\n" + "\n".join(faults)


def test_every_public_function_has_type_hints(names):
    faults = [
        f"{name}: {parameter.name}"
        for name, value in names
        if inspect.isfunction(value)
        for parameter in inspect.signature(value).parameters.values()
        if parameter.annotation is parameter.empty
        and parameter.kind is not parameter.VAR_KEYWORD
    ]
    assert not faults, "\n" + "\n".join(faults)


def test_every_public_name_is_used(names):
    """By a chapter, a script, a widget or the command line.

    Errors are exempt, and types that public functions take or return.
    """
    used = "\n".join(code_of_users())
    signatures = " ".join(
        str(annotation)
        for _, value in names
        if inspect.isfunction(value)
        for annotation in value.__annotations__.values()
    )
    unused = [
        name
        for name, value in names
        if not is_error(value)
        and not re.search(rf"\b{name.rsplit('.', 1)[1]}\b", used)
        and not (inspect.isclass(value) and value.__name__ in signatures)
    ]
    waiting = [name for name in unused if name.rsplit(".", 1)[1] in AWAITED]
    print("not used yet:", *waiting, sep="\n  ")
    surplus = sorted(set(unused) - set(waiting))
    assert not surplus, f"public but used by nothing: {', '.join(surplus)}"


def is_error(value: object) -> bool:
    return inspect.isclass(value) and issubclass(value, Exception)


def python_code():
    """Yield every file of Python in the project, chapters included, and its code."""
    tops = (top for top in ROOT.iterdir() if re.match(r"[a-z]+$", top.name))
    for top in sorted(set(tops) - {ROOT / "build", ROOT / "dist"}):
        for path in sorted(top.rglob("*.py")):
            yield path, path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "book").rglob("*.ipynb")):
        if ".ipynb_checkpoints" not in path.parts:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            yield path, "\n".join("".join(cell["source"]) for cell in cells)


def code_of_users():
    for notebook in (ROOT / "book").rglob("*.ipynb"):
        if ".ipynb_checkpoints" not in notebook.parts:
            for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
                yield "".join(cell["source"])
    for path in (
        *(ROOT / "scripts").glob("*.py"),
        *(ROOT / "emolib" / "widgets").glob("*.py"),
        *(ROOT / "emolib" / "cli").glob("*.py"),
        ROOT / "pyproject.toml",
    ):
        yield path.read_text(encoding="utf-8")
