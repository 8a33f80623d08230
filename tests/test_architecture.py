"""The shape of the code: what it imports, documents, offers, uses and lets one choose.

Most of it is read from the syntax trees of every module of ``emolib`` and ``studies``,
so that a new module is covered on the day it is written.
"""

import ast
import builtins
import inspect
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "scripts")]
import taught_in  # noqa: E402

HEAVY = (
    "tensorflow", "keras", "pandas", "matplotlib", "seaborn", "cv2", "numba",
    "sklearn", "skimage", "ipywidgets", "scipy",
)  # fmt: skip
#: Rooms in which networks are built, trained, taken apart, exported or shown.
WITH_TENSORFLOW = ("models", "training", "recipes", "explain", "export", "widgets")
#: What all rooms stand on: used by emolib itself, no subject of a chapter.
PLUMBING = tuple(
    f"emolib.{name}" for name in ("arguments", "errors", "files", "parallel", "paths")
)
#: Methods that Keras calls, under names and with parameters of its own.
OF_KERAS = {"build", "call", "compute_output_shape", "get_config"}

#: Decorators of functions that numba compiles.
COMPILED = ("njit", "piece")

#: Public names that nobody uses yet, and why they are there.
AWAITED = {
    "emolib.datasets.enterface05.load": "called through the table of sources",
    "emolib.evaluation.metrics.calibration_error": "chapter 5 builds it by hand, and a "
    "test holds the two equal",
}
#: Optional parameters that no call outside the tests passes, and why they are there.
CHOICES_FOR_OTHERS = {
    "emolib.cli.main arguments": "tests call the command line in this process",
    "studies.__main__.main arguments": "the same",
    "studies.peers.bench.main arguments": "the same",
    "studies.public_test.main arguments": "the same",
}
#: Records that are made from a file or from settings, by the names of their fields.
MADE_BY_NAME = ("emolib.models.cards.ModelCard", "studies.peers.bench.Options")


class Definition(NamedTuple):
    """A function, a method or a class, where it is written."""

    module: str
    qualname: str
    node: ast.FunctionDef | ast.ClassDef
    owner: ast.ClassDef | None = None

    @property
    def name(self) -> str:
        return f"{self.module}.{self.qualname}"

    @property
    def public(self) -> bool:
        return not any(part.startswith("_") for part in self.qualname.split("."))

    @property
    def parameters(self) -> list[ast.arg]:
        spec = self.node.args
        found = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]
        return [one for one in found if one.arg not in ("self", "cls")]


@cache
def trees() -> dict[Path, ast.Module]:
    """Return the syntax trees of all code but the tests: modules and notebooks."""
    paths = [
        path
        for folder in ("emolib", "studies", "scripts", "book/_ext")
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]
    paths += [path for _, path in taught_in.users(ROOT) if path.suffix == ".ipynb"]
    return {path: ast.parse(taught_in.code_of(path)) for path in paths}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield every module of emolib and studies by its dotted name."""
    for path, tree in trees().items():
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] in ("emolib", "studies"):
            yield ".".join(parts).removesuffix(".__init__"), tree


@cache
def definitions() -> tuple[Definition, ...]:
    """Return the functions and classes at the top of modules, and their methods."""
    found = []
    for module, tree in modules():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found.append(Definition(module, node.name, node))
            if isinstance(node, ast.ClassDef):
                found += [
                    Definition(module, f"{node.name}.{one.name}", one, node)
                    for one in node.body
                    if isinstance(one, ast.FunctionDef)
                ]
    return tuple(found)


def functions() -> list[Definition]:
    """Return the public functions and methods, but for those that Keras calls."""
    return [
        one
        for one in definitions()
        if one.public
        and isinstance(one.node, ast.FunctionDef)
        and not (one.owner and one.node.name in OF_KERAS)
    ]


def last_name(node: ast.AST) -> str | None:
    """Return ``c`` of the expressions ``c`` and ``a.b.c``."""
    return getattr(node, "attr", getattr(node, "id", None))


# --- what is imported when ------------------------------------------------------------


def test_importing_emolib_or_the_command_line_imports_nothing_heavy():
    code = (
        f"import emolib, emolib.cli, sys; found = set({HEAVY}) & set(sys.modules); "
        "assert not found, found"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_submodules_are_imported_when_touched():
    import emolib

    assert emolib.faces.CROP.size == 64
    assert "plots" in dir(emolib)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = emolib.nonsense


def test_without_networks_no_tensorflow():
    names = [
        name
        for name in taught_in.modules()
        if name.partition(".")[2].split(".")[0] not in WITH_TENSORFLOW
        and not name.endswith("__main__")
    ]
    assert len(names) > 30
    code = (
        f"import sys, importlib; {names!r}; [importlib.import_module(name) for name in "
        f"{names!r}]; assert not {{'tensorflow', 'keras'}} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_tensorflow_starts_quietly():
    code = "from emolib.models import build; build('small_cnn')"
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
    assert "2 kept, 0 broken" in done.stdout


# --- what is documented ---------------------------------------------------------------


def test_the_walk_sees_the_whole_package():
    there = {path.stem for path in (ROOT / "emolib").rglob("*.py")} - {"__init__"}
    assert there <= {name.split(".")[-1] for name, _ in modules()}
    assert len(functions()) > 200
    assert len(list(options())) > 50


def test_every_public_name_is_documented():
    faults = [
        f"{one.name}: no docstring"
        for one in definitions()
        if one.public and len((ast.get_docstring(one.node) or "").split()) < 4
    ]
    told = set(offered())
    for one in functions():
        text = ast.get_docstring(one.node) or ""
        if "those of `" in text or (one.owner and len(one.parameters) == 1):
            continue  # its words say what the one thing is
        if one.name not in told and "\nParameters\n" not in text:
            continue  # of what a room keeps to itself, a sentence is enough
        faults += [
            f"{one.name}: parameter {parameter.arg!r} is not described"
            for parameter in one.parameters
            if not re.search(rf"\b{parameter.arg}\b", text)
        ]
    assert not faults, "\n" + "\n".join(faults)


def test_every_public_function_has_type_hints():
    """But for compiled ones, whose types numba finds."""
    faults = []
    for one in functions():
        marks = [getattr(one, "func", one) for one in one.node.decorator_list]
        if any(last_name(mark) in COMPILED for mark in marks):
            continue
        faults += [
            f"{one.name}: {parameter.arg}"
            for parameter in one.parameters
            if parameter.annotation is None
        ]
        faults += [f"{one.name}: result"] if one.node.returns is None else []
    assert not faults, "\n" + "\n".join(faults)


# --- what is offered, and used --------------------------------------------------------


def offered() -> dict[str, object]:
    """Return what the rooms offer: their ``__all__``, or all that a module defines."""
    found = {}
    for name, path in taught_in.modules().items():
        room = path.name == "__init__.py"
        if not room and name.count(".") != 1:
            continue
        module = import_module(name)
        names = getattr(module, "__all__", None)
        if names is None:
            names = [
                key
                for key, value in vars(module).items()
                if not key.startswith("_") and getattr(value, "__module__", "") == name
            ]
        for key in names:
            home = taught_in.home(f"{name}.{key}")
            if home and not home.startswith((*PLUMBING, "emolib.cli")):
                found[home] = getattr(module, key)
    return found


def is_error(value: object) -> bool:
    """Whether it is an exception, which code catches by a base class or not at all."""
    return inspect.isclass(value) and issubclass(value, BaseException)


def test_rooms_say_what_they_offer():
    for name, path in taught_in.modules().items():
        module = import_module(name) if path.name == "__init__.py" else None
        if module and vars(module).get("__getattr__"):
            assert getattr(module, "__all__", None), f"{name} has no __all__"
        for key in getattr(module, "__all__", ()):
            assert hasattr(module, key), f"{name} offers {key}, which is not there"


@cache
def types() -> str:
    """Return the types of all public parameters, results and fields, as one text."""
    fields = [
        part.annotation
        for one in definitions()
        if one.public and isinstance(one.node, ast.ClassDef)
        for part in one.node.body
        if isinstance(part, ast.AnnAssign)
    ]
    results = [one.node.returns for one in functions()]
    parameters = [two.annotation for one in functions() for two in one.parameters]
    found = (*fields, *results, *parameters)
    return " ".join(ast.unparse(part) for part in found if part is not None)


def is_type(name: str) -> bool:
    """Whether a class is what public functions take, return or keep in a field."""
    return re.search(rf"\b{name}\b", types()) is not None


def test_every_name_that_a_room_offers_is_used_outside_the_room():
    """By a chapter, a widget, a study, a command, a script or another room.

    Errors are exempt, and classes of what is offered, taken or returned.
    """
    used = set(taught_in.uses(ROOT))
    for module, tree in modules():
        names = taught_in.names_used(ast.unparse(tree))
        homes = {taught_in.home(name) for name in names} - {None}
        room = ".".join(module.split(".")[:2])
        used |= {name for name in homes if not name.startswith(f"{room}.")}
    unused = {
        name
        for name, value in offered().items()
        if name not in used
        and not is_error(value)
        and not (inspect.isclass(value) and is_type(value.__name__))
        and not any(type(one) is value for one in offered().values())
    }
    surplus = sorted(unused - set(AWAITED))
    assert not surplus, "offered but used by nobody:\n  " + "\n  ".join(surplus)
    needless = sorted(set(AWAITED) - unused)
    assert not needless, f"used by now, or no more; not to be awaited: {needless}"


@cache
def mentions() -> dict[str, set[Path]]:
    """Return in which files each name is read, imported or taken from an object."""
    found = defaultdict(set)
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found[node.id].add(path)
            elif isinstance(node, ast.Attribute):
                found[node.attr].add(path)
            elif isinstance(node, ast.alias):
                found[node.name].add(path)
            elif isinstance(node, ast.Constant) and str(node.value).isidentifier():
                found[node.value].add(path)  # the tables of lazy rooms, getattr
    return found


def test_no_public_name_is_dead():
    """What tests alone use is dead."""
    unused = set()
    for one in definitions():
        if not one.public or is_error_class(one.node):
            continue
        if one.owner and (one.node.name in OF_KERAS or overrides(one)):
            continue
        if isinstance(one.node, ast.ClassDef) and is_type(one.node.name):
            continue
        if not mentions()[one.node.name]:
            unused.add(one.name)
    assert not unused, "used by nobody:\n  " + "\n  ".join(sorted(unused))


def is_error_class(node: ast.AST) -> bool:
    """Whether a class is an exception, as far as its name and bases say."""
    if not isinstance(node, ast.ClassDef):
        return False
    bases = [last_name(base) or "" for base in node.bases]
    return any(
        base.endswith(("Error", "Warning")) or hasattr(builtins, base) for base in bases
    )


def overrides(one: Definition) -> bool:
    """Whether a method may be called by a base class that is not ours."""
    ours = {other.node.name for other in definitions() if other.owner is None}
    return any(last_name(base) not in ours for base in one.owner.bases)


def test_chapters_studies_and_scripts_name_what_is_there():
    wrong = []
    for _, path in taught_in.users(ROOT):
        for name in sorted(taught_in.names_used(taught_in.code_of(path))):
            try:
                taught_in.home(name)
            except (AttributeError, ImportError) as error:
                wrong.append(f"{path.relative_to(ROOT)}: {name} ({error})")
    assert not wrong, "\n" + "\n".join(wrong)


# --- what can be chosen ---------------------------------------------------------------


class Call(NamedTuple):
    """How often, and with what, something is called."""

    positional: int
    keywords: frozenset[str]
    starred: bool


def options() -> Iterator[tuple[str, str, str, int | None]]:
    """Yield (where, what is called, optional parameter, its position)."""
    for one in definitions():
        if isinstance(one.node, ast.ClassDef):
            fields = [part for part in one.node.body if isinstance(part, ast.AnnAssign)]
            if is_record(one.node):
                for place, field in enumerate(fields):
                    if field.value is not None:
                        yield one.name, one.node.name, field.target.id, place
            continue
        if one.owner and (one.node.name in OF_KERAS or overrides(one)):
            continue
        spec = one.node.args
        static = any(last_name(d) == "staticmethod" for d in one.node.decorator_list)
        skipped = 1 if one.owner and not static else 0
        called = one.owner.name if one.node.name == "__init__" else one.node.name
        places = [*spec.posonlyargs, *spec.args]
        first = len(places) - len(spec.defaults)
        for place, parameter in enumerate(places[first:], first):
            yield one.name, called, parameter.arg, place - skipped
        for parameter, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
            if default is not None:
                yield one.name, called, parameter.arg, None


def is_record(node: ast.ClassDef) -> bool:
    """Whether the fields of a class are the parameters that make it."""
    marks = [getattr(one, "func", one) for one in node.decorator_list]
    return "dataclass" in map(last_name, marks) or "NamedTuple" in map(
        last_name, node.bases
    )


@cache
def calls() -> tuple[dict[str, list[Call]], set[str]]:
    """Return all calls by the last name of what is called, and names passed around."""
    found, called = defaultdict(list), set()
    for tree in trees().values():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            function, arguments = node.func, node.args
            if last_name(function) == "partial" and arguments:
                called.add(id(function))
                function, arguments = arguments[0], arguments[1:]
            called.add(id(function))
            keywords = frozenset(one.arg for one in node.keywords if one.arg)
            starred = len(keywords) < len(node.keywords) or any(
                isinstance(one, ast.Starred) for one in arguments
            )
            call = Call(len(arguments), keywords, starred)
            found[last_name(function)].append(call)
    values = {
        last_name(node)
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and id(node) not in called
    }
    return found, values


def is_passed(called: str, parameter: str, place: int | None) -> bool:
    """Whether some call outside the tests may pass an optional parameter."""
    found, values = calls()
    if any(
        one.starred
        or parameter in one.keywords
        or (place is not None and one.positional > place)
        for one in found[called]
    ):
        return True
    changed = found["replace"] if called[0].isupper() else []
    if any(one.starred or parameter in one.keywords for one in changed):
        return True
    if called in values:  # passed around: then its keyword under whatever name
        return any(parameter in one.keywords for ones in found.values() for one in ones)
    return False


def test_every_optional_parameter_is_passed_by_somebody():
    """But for the seed: where there is chance, one can set it."""
    never = {
        f"{where} {parameter}"
        for where, called, parameter, place in options()
        if parameter != "seed"
        and not parameter.startswith("_")
        and where not in MADE_BY_NAME
        and not is_passed(called, parameter, place)
    }
    surplus = sorted(never - set(CHOICES_FOR_OTHERS))
    assert not surplus, "nobody but tests passes:\n  " + "\n  ".join(surplus)
    needless = sorted(set(CHOICES_FOR_OTHERS) - never)
    assert not needless, f"passed by now, or no more: {needless}"
