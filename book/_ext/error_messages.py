"""A Sphinx extension: the messages of emolib's errors, and what to do, from the code.

Nobody keeps the list by hand. The classes are the subclasses of `EmolibError`; their
messages are read off the syntax trees of the package, wherever one of the classes is
called. What is known only when it happens stands there as a word in angle brackets,
such as ``<path>``; constants, and local variables that hold a piece of the message, are
filled in. The remedy is the part of a message that asks for something.
"""

import ast
import builtins
import inspect
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from types import ModuleType

from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from taught_in import modules

BASE = "emolib.errors.EmolibError"
#: What the reader was doing -> where such errors come from; the longest prefix counts,
#: and wrong arguments, of any function, are a group of their own.
GROUPS = {
    "pictures": ("emolib.faces", "emolib.recognizer"),
    "data": ("emolib.datasets", "emolib.emotions"),
    "videos": ("emolib.datasets.enterface05", "emolib.faces.video"),
    "training": ("emolib.training", "emolib.recipes"),
    "models": ("emolib.models", "emolib.export", "emolib.explain"),
    "scores": ("emolib.evaluation", "emolib.plots", "emolib.results", "emolib.widgets"),
    "rendering": ("emolib.synthesis",),
    "commands": ("emolib.cli",),
    "installation": ("emolib",),
    "arguments": (),
}
ARGUMENTS = ("ArgumentError", "arguments")
LONGEST = 25  # messages in one fold
MOST = 8  # wordings of one message: more are left to the first ones
#: A clause that begins with one of these asks for something ...
VERBS = (
    r"add|apply|ask|bring|build|call|change|check|choose|clear|close|"
    r"compare|convert|copy|correct|create|cut|delete|download|drag|draw|"
    r"drop|export|fetch|fill|find|fix|free|get|give|install|keep|leave|"
    r"list|load|look|lower|make|map|move|name|open|pass|pick|point|"
    r"prepare|put|raise|read|reduce|remove|rename|render|repeat|replace|"
    r"report|restart|restore|run|save|say|scale|see|select|send|set|show|"
    r"shorten|skip|split|start|stop|take|train|try|turn|type|unpack|"
    r"unset|update|upgrade|use|wait|write"
)
ASKS = re.compile(
    r"(?:then |please |for (?:[\w-]+ ){1,3}|on the command line,? )*"
    rf"(?:{VERBS})\b(?! (?:must|takes)|[(=])",
    re.I,
)
#: ... and one that holds such a word says what was expected.
EXPECTS = re.compile(
    r"\b(?:must|expect(?:s|ed)?|needs?|needed|at least|at most|takes|has to|have to|"
    r"should|allowed|(?:is|are) (?:one|two|three)|shows \d|or more|says why|"
    r"pip install)\b",
    re.I,
)
#: What came, behind what was expected.
CAME = re.compile(r"received|got\b", re.I)
#: The words of another error, and nothing behind them.
PASSED_ON = re.compile(r":\s*<\w+>[^;.]*\.?$")
CLAUSES = re.compile(r"(?<=[.?!>])\s+(?=[\"'`<(A-Z-])|;\s+|:\s+(?=pip install)")
WORD = re.compile(r"`[^`]+`|<[\w. /]+>")


@dataclass(frozen=True)
class Message:
    """What an error says: its class, the module it comes from, and the text."""

    error: str
    module: str
    text: str

    @cached_property
    def parts(self) -> tuple[str, str]:
        """What came, and what to do about it; empty where the text does not say."""
        begins = [0, *(found.end() for found in CLAUSES.finditer(self.text))]
        for begin in begins[1:]:
            if ASKS.match(self.text, begin):
                asks = self.text[begin].upper() + self.text[begin + 1 :]
                return self.text[:begin].rstrip(":; "), asks
            if self.text.startswith("pip ", begin):
                return self.text[:begin].rstrip(":; "), self.text[begin:]
        for begin, end in zip(begins, [*begins[1:], None], strict=True):
            came = end is not None and CAME.match(self.text, end)
            if EXPECTS.search(clause := self.text[begin:end]) or came:
                return self.text, clause.rstrip("; ")
        return self.text, ""

    @property
    def group(self) -> str:
        """What the reader was doing, a key of `GROUPS`."""
        if self.error == ARGUMENTS[0]:
            return ARGUMENTS[1]
        return max(
            (len(prefix), name)
            for name, prefixes in GROUPS.items()
            for prefix in prefixes
            if f"{self.module}.".startswith(f"{prefix}.")
        )[1]


def classes(base: str = BASE) -> dict[str, type]:
    """Return the class of that dotted name and all its subclasses, by their names."""
    module, _, name = base.rpartition(".")
    for one in modules(base.split(".")[0]):
        import_module(one)
    top = getattr(import_module(module), name)
    found, waiting = {}, [top]
    while waiting:
        one = waiting.pop(0)
        if one.__module__.split(".")[0] == base.split(".")[0]:  # not of a test
            found[one.__name__] = one
            waiting += sorted(one.__subclasses__(), key=lambda one: one.__name__)
    return found


def messages(base: str = BASE) -> list[Message]:
    """Return what the errors of a package say, by module and in the order of the code.

    A message that only passes on another's words is left out.
    """
    known = classes(base)
    sources = [
        Source(import_module(name), ast.parse(path.read_text("utf-8")))
        for name, path in modules(base.split(".")[0]).items()
    ]
    told = [pair for source in sources for pair in source.errors_passed_on(known)]
    found = {}
    for source in sources:
        for call in source.calls:
            name = getattr(call.func, "attr", getattr(call.func, "id", None))
            if name in known and call.args:
                pairs = [(name, source.module.__name__, {})]
            elif name == "error" and isinstance(source.parents[call], ast.Raise):
                pairs = told  # the caller says which error it is to be
            else:
                continue
            for error, module, names in pairs:
                for text in source.texts(call.args[0], names)[:MOST]:
                    words = re.findall(r"[A-Za-z]{2,}", WORD.sub(" ", text))
                    if len(words) > 2 and not PASSED_ON.search(text):
                        found[Message(error, module, " ".join(text.split()))] = None
    return sorted(found, key=lambda one: one.module)


class Source:
    """The code of one module, and what the names in it hold."""

    def __init__(self, module: ModuleType, tree: ast.Module):
        self.module = module
        self.parents = {
            child: node
            for node in ast.walk(tree)
            for child in ast.iter_child_nodes(node)
        }
        calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
        self.calls = sorted(calls, key=lambda call: (call.lineno, call.col_offset))
        self.tree = tree

    def errors_passed_on(self, known: dict) -> Iterator[tuple[str, str, dict]]:
        """Yield (class, module, other arguments) where a call is told ``error=``."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                pairs = {one.arg: one.value for one in node.keywords}
            elif isinstance(node, ast.Dict):
                keys = (getattr(key, "value", None) for key in node.keys)
                pairs = dict(zip(keys, node.values, strict=True))
            else:
                continue
            error = getattr(pairs.get("error"), "id", None)
            if error in known:
                words = {name: self.texts(pairs[name]) for name in pairs if name}
                yield error, self.module.__name__, words

    def texts(self, node: ast.expr, names: dict | None = None, depth: int = 0):
        """Return the wordings that an expression can have; `names` are known ones."""

        def inner(one):
            return self.texts(one, names, depth + 1)

        if isinstance(node, ast.Constant):
            return [str(node.value)]
        if isinstance(node, ast.JoinedStr):
            return _joined(map(inner, node.values))
        if isinstance(node, ast.BinOp) and not _is_number(node.right):
            between = {ast.Add: [""], ast.Div: ["/"]}.get(type(node.op))
            if between:
                return _joined([inner(node.left), between, inner(node.right)])
        if isinstance(node, ast.IfExp):
            return inner(node.body) + inner(node.orelse)
        if isinstance(node, ast.FormattedValue):
            if (value := self.constant(node.value)) is not None:
                if node.conversion == ord("r"):
                    value = repr(value)
                return [format(value, "".join(inner(node.format_spec or _NO_FORMAT)))]
            return inner(node.value)
        if isinstance(node, ast.Name) and depth < 12:
            if names and node.id in names:
                return names[node.id]
            if words := self.words(node, names, depth):
                return words
        if isinstance(node, ast.Call) and (words := self.of_helper(node, inner)):
            return words
        value = self.constant(node)
        return [f"<{_placeholder(node)}>" if value is None else str(value)]

    def of_helper(self, call: ast.Call, inner) -> list[str]:
        """Return what `emolib.errors` makes of its arguments."""
        name = getattr(call.func, "id", None)
        if name == "did_you_mean":
            return [""]  # a hint that comes only sometimes
        if name != "unknown":
            return []
        value = self.constant(call.args[2])
        expected = inner(call.args[2])[0]
        if value is not None:
            expected = ", ".join(map(repr, value))
        given = _placeholder(call.args[1])
        return [
            f"Unknown {inner(call.args[0])[0]} <{given}>; expected one of {expected}."
        ]

    def words(self, name: ast.Name, names: dict | None, depth: int) -> list[str]:
        """Return what a local name holds, if that is put together from words."""
        values, node = [], name
        while not values and not isinstance(node, ast.Module):
            above = self.parents[node]
            for block in ("body", "orelse", "finalbody", "handlers"):
                inside = getattr(above, block, None)
                if isinstance(inside, list) and node in inside:
                    before = inside[: inside.index(node)]
                    values = _assigned(name.id, before)
            if isinstance(above, ast.FunctionDef) and not values:
                values = self.passed(above, name.id)
            node = above
        found = [
            text
            for value in values
            if not (_is_number(value) or isinstance(value, ast.Tuple | ast.List))
            for text in self.texts(value, names, depth + 1)
        ]
        # A name that may hold anything stays a word in brackets.
        plain = not any(re.fullmatch(r"<[\w. ]+>(?:/<[\w. ]+>)?", one) for one in found)
        return found if plain else [one for one in found if one.count(" ") > 1]

    def passed(self, function: ast.FunctionDef, name: str) -> list[ast.expr]:
        """Return what the calls in this module pass for a parameter, or its default."""
        places = [one.arg for one in function.args.args if one.arg != "self"]
        defaults = function.args.defaults
        named = dict(zip(places[len(places) - len(defaults) :], defaults, strict=True))
        only = [one.arg for one in function.args.kwonlyargs]
        named |= dict(zip(only, function.args.kw_defaults, strict=True))
        if name not in places + only:
            return []
        kinds, found = ast.Constant | ast.JoinedStr | ast.Name, []
        for call in self.calls:
            if (
                getattr(call.func, "id", getattr(call.func, "attr", ""))
                != function.name
            ):
                continue
            found += [one.value for one in call.keywords if one.arg == name]
            if name in places and len(call.args) > places.index(name):
                found.append(call.args[places.index(name)])
        found = [one for one in found if isinstance(one, kinds)]
        return found or ([named[name]] if named.get(name) else [])

    def constant(self, node: ast.expr):
        """Return the value of an expression of constants; None if it has none."""
        inside = list(ast.walk(node))
        every = [one for one in inside if isinstance(one, ast.Name)]
        own = {one.id for one in every if isinstance(one.ctx, ast.Store)}
        names = {one.id for one in every} - own
        calls = [one.func for one in inside if isinstance(one, ast.Call)]
        harmless = {"len", "map", "repr", "str", "sorted", "join"}
        if {getattr(one, "id", getattr(one, "attr", "")) for one in calls} - harmless:
            return None
        known = {**vars(builtins), **vars(self.module)}
        if not names <= set(known) or any(self.is_local(one) for one in inside):
            return None
        try:
            value = eval(compile(ast.Expression(node), "constant", "eval"), known)
        except Exception:  # it needs more than constants after all
            return None
        kinds = (str, int, float, tuple, list, dict, frozenset, range)
        return value if isinstance(value, kinds) else None

    def is_local(self, node: ast.AST) -> bool:
        """Whether a name is one of the functions around it, though a module has it."""
        if not isinstance(node, ast.Name):
            return False
        above = self.parents.get(node)
        while above is not None:
            if isinstance(above, ast.FunctionDef | ast.Lambda):
                places = above.args
                every = [*places.args, *places.kwonlyargs, places.vararg, places.kwarg]
                if node.id in {one.arg for one in every if one}:
                    return True
                stored = (one for one in ast.walk(above) if isinstance(one, ast.Name))
                if any(
                    one.id == node.id and isinstance(one.ctx, ast.Store)
                    for one in stored
                ):
                    return True
            above = self.parents.get(above)
        return False


_NO_FORMAT = ast.JoinedStr([])


def _joined(parts) -> list[str]:
    return ["".join(one) for one in itertools.islice(itertools.product(*parts), MOST)]


def _assigned(name: str, statements: list[ast.stmt]) -> list[ast.expr]:
    """Return what the last of some statements gave a name; of branches, all of them."""
    found = []
    for statement in reversed(statements):
        for node in ast.walk(statement):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                break
            targets = getattr(node, "targets", [getattr(node, "target", None)])
            value = getattr(node, "value", None)
            if value is not None and name in [getattr(one, "id", 0) for one in targets]:
                found.append(value)
        if found and isinstance(statement, ast.Assign):
            break
    return found


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not isinstance(node.value, str)


def _placeholder(node: ast.expr) -> str:
    """Return the word for a value that is known only when it happens.

    >>> _placeholder(ast.parse("sorted(self.paths)[0]", mode="eval").body)
    'paths'
    """
    if isinstance(node, ast.Attribute) and not node.attr.startswith("__"):
        return node.attr.strip("_")
    if isinstance(node, ast.Name):
        return node.id.strip("_")
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", "..."))
        if name in ("len", "sum", "min", "max"):
            return "n"
        if name == "type":
            return "type"
        if node.args and isinstance(getattr(node.args[-1], "value", 0), str):
            return node.args[-1].value
        return _placeholder(node.args[-1]) if node.args else name.strip("_")
    children = [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr)]
    return _placeholder(children[0]) if children else "n"


def first_sentence(error: type) -> str:
    """Return what a class says of itself first, up to a full stop or a semicolon."""
    text = " ".join((inspect.getdoc(error) or "").split("\n\n")[0].split())
    return re.split(r"(?<=\.)\s|;\s", text)[0].rstrip(".") + "." if text else ""


def built_in(error: type) -> str:
    """Return the built-in exception that a class also is, such as ``ValueError``."""
    return next(one for one in error.__mro__ if one.__module__ == "builtins").__name__


# --- the page -----------------------------------------------------------------------


def _inline(text: str) -> nodes.paragraph:
    """Return text as it is, quotes too, with code and placeholders marked."""
    words, end = nodes.inline(support_smartquotes=False), 0
    for found in WORD.finditer(text):
        word = found[0]
        kind = nodes.literal if word.startswith("`") else nodes.emphasis
        words += nodes.Text(text[end : found.start()])
        words += kind("", word.strip("`"), support_smartquotes=False)
        end = found.end()
    words += nodes.Text(text[end:])
    return nodes.paragraph("", "", words)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> nodes.table:
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    for kind, lines in ((nodes.thead, [head]), (nodes.tbody, rows)):
        part = kind()
        for line in lines:
            cells = [nodes.entry("", _inline(cell)) for cell in line]
            part += nodes.row("", *cells)
        group += part
    return nodes.table("", group)


def _one_a_module(told: list[Message]) -> list[Message]:
    return list({one.module: one for one in told}.values())


def _folds(told: list[Message]) -> Iterator[tuple[str, list[Message]]]:
    """Yield the messages of an error that are folded together, and words on where.

    All in one, or, where they would be a wall, those of each module.
    """
    if len(told) <= LONGEST:
        yield "", told
        return
    for first in _one_a_module(told):
        where = f" in <code>{first.module}</code>"
        yield where, [one for one in told if one.module == first.module]


class _FromTheClasses(SphinxDirective):
    """A piece of the page; it is read again when the package has changed."""

    def known(self) -> dict[str, type]:
        for path in modules().values():
            self.env.note_dependency(str(path))
        return classes()


class ErrorClasses(_FromTheClasses):
    """A table of the classes: what they mean, and which built-in they are."""

    def run(self):
        """Return the table."""
        rows = [
            (f"`{name}`", first_sentence(error), f"`{built_in(error)}`")
            for name, error in self.known().items()
        ]
        return [_table(("Error", "What it means", "Also a"), rows)]


class ErrorMessages(_FromTheClasses):
    """The messages of one group, folded, a table for each class."""

    required_arguments = 1

    def run(self):
        """Return the tables."""
        known, found = self.known(), {}
        for message in messages():
            if message.group == self.arguments[0]:
                found.setdefault(message.error, []).append(message)
        result = []
        for error in (name for name in known if name in found):
            for where, told in _folds(found[error]):
                count = f"{len(told)} message{'s' * (len(told) > 1)}"
                summary = f"<details><summary><code>{error}</code>: {count}{where}"
                raised = ", ".join(f"`{one.module}`" for one in _one_a_module(told))
                result += [
                    nodes.raw("", f"{summary}</summary>", format="html"),
                    _inline(f"{first_sentence(known[error])} Raised in {raised}."),
                    _table(("Message", "What to do"), [one.parts for one in told]),
                    nodes.raw("", "</details>", format="html"),
                ]
        if not result:
            raise self.error(f"No message belongs to {self.arguments[0]!r}.")
        return result


def setup(app):
    """Register the directives."""
    app.add_directive("error-classes", ErrorClasses)
    app.add_directive("error-messages", ErrorMessages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
