"""Model cards: what a network is for, what it learnt from, and where it fails.

As Mitchell et al. (2019, doi:10.1145/3287560.3287596) ask; reading needs no TensorFlow.
"""

import textwrap
import warnings
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import get_args, get_origin

from emolib.errors import EmolibError

#: What the card of a shipped network has to say before it loads; a dot leads inside an
#: entry.
TO_LOAD = (
    "title", "architecture", "parameters", "sha256",
    "training_data.name", "training_data.images", "training_data.subjects",
    "training_data.licence", "training_data.terms", "recipe",
    "results.data", "results.split", "results.images", "results.subjects",
    "results.accuracy", "results.interval", "results.interval_over",
    "intended_use", "prohibited_use", "limits", "known_failures", "licence",
)  # fmt: skip

#: What it has to say to be complete: the network has to be there to be audited.
REQUIRED = (*TO_LOAD, "audit")

#: What the card of a reader's own network has to say: enough to build and check it.
NEEDED = ("architecture", "sha256")

#: Names of earlier versions, of shipped networks and of architectures.
RENAMED = {"deck-cnn": "plain-cnn", "deck_cnn": "plain_cnn"}


class ModelFileError(EmolibError, ValueError):
    """A model is unknown, incomplete or altered; the message says what to do."""


@dataclass(frozen=True, kw_only=True, repr=False)
class ModelCard:
    """The description of one trained network; print it, or show it in a notebook.

    Attributes
    ----------
    title, licence : str
        The network in one line; the licence of its weights.
    architecture : str
        What `emolib.models.build` takes.
    parameters : int
        Number of weights.
    sha256, onnx_sha256 : str
        Of the weights and, if there is one, of the ONNX form; 64 hexadecimal digits.
    training_data, recipe, results : dict
        Who was learnt from; settings, seed and command; accuracy (0 to 1) with its 95 %
        interval and its protocol. `REQUIRED` lists their entries.
    intended_use, prohibited_use, limits : str
        What it is for; what it must not be used for even if it worked; where it is
        known or suspected not to work.
    known_failures : list of str
        Measured, one sentence each.
    audit : dict
        How well it serves people who differ in one thing: ``data``, ``images`` and
        ``subjects``; a list of rows for each measure (``accuracy``,
        ``calibration_error`` and, where it has a threshold, ``unsure``), with the
        ``change`` that makes the largest difference, ``reference`` (value before) and
        ``difference``, each followed by the ends of its 95 % interval over people, all
        0 to 1, and ``p_holm``; and ``accuracy_behind``, rows of what covers the face.
        `emolib.recipes.cards.audited` fills it in; empty until then.
    temperature, unsure_below : float, optional
        Built into the weights; smallest top probability that is an answer, 0 to 1.
    other : dict, optional
        Entries that this version does not know; they are kept.
    """

    title: str
    architecture: str
    parameters: int
    sha256: str
    training_data: dict
    recipe: dict
    results: dict
    intended_use: str
    prohibited_use: str
    limits: str
    known_failures: list[str]
    licence: str
    audit: dict
    onnx_sha256: str | None = None
    temperature: float | None = None
    unsure_below: float | None = None
    other: dict | None = None

    @classmethod
    def from_dict(cls, record: Mapping, where: str) -> "ModelCard":
        """Build a card from the entries of a file; those that are absent are empty.

        Raises `ModelFileError`, which names `where`, if `record` is no mapping or an
        entry has another type.
        """
        if not isinstance(record, Mapping):
            raise ModelFileError(
                f"{where} is not a model card: it holds no entries. Train the model "
                "again, or restore the card."
            )
        given, values = dict(record), {}
        for one in fields(cls):
            value = given.pop(one.name, None)
            required = one.default is MISSING
            kind = get_origin(one.type) or one.type  # list[str] -> list
            if not required:
                kind = get_args(one.type)[0]  # str | None -> str
            if value is not None and not _is_a(value, kind):
                raise ModelFileError(
                    f"{where}: {one.name!r} has to be of type {kind.__name__}"
                    f"{' of str' * (kind is list)}; received {value!r:.60}."
                )
            values[one.name] = kind() if value is None and required else value
        if not 0 <= (values["unsure_below"] or 0) <= 1:
            raise ModelFileError(
                f"{where}: 'unsure_below' has to be from 0 to 1; received "
                f"{values['unsure_below']!r}."
            )
        values["other"] = given or None
        values["architecture"] = current_name(values["architecture"])
        return cls(**values)

    def to_dict(self) -> dict:
        """Return the entries that the card's file holds, in order."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        values |= values.pop("other") or {}
        return {name: value for name, value in values.items() if value is not None}

    def missing(self, required: tuple[str, ...] = REQUIRED) -> list[str]:
        """Return the entries of `required` that the card lacks or leaves empty."""
        absent = []
        for name in required:
            value = self.to_dict()
            for key in name.split("."):
                value = value.get(key) if isinstance(value, dict) else None
            if value in (None, "", [], {}) or (type(value) is int and value == 0):
                absent.append(name)
        return absent

    def require(self, required: tuple[str, ...], where: str, remedy: str) -> None:
        """Raise a `ModelFileError` that names `where` and what is missing there."""
        if absent := self.missing(required):
            raise ModelFileError(f"{where} lacks {', '.join(absent)}; {remedy}.")

    def __str__(self) -> str:
        """Return the card in Markdown, at most 88 columns wide: a list, then tables."""
        lines = [f"**{self.title or 'A network without a title'}**", ""]
        for label, value in {
            "Architecture": f"{self.architecture}, {self.parameters:,} parameters",
            "Intended use": self.intended_use,
            "Prohibited use": self.prohibited_use,
            "Limits": self.limits,
            "Known failures": self.known_failures,
            "Unsure below": self.unsure_below,
            "Training data": self.training_data,
            "Recipe": self.recipe,
            "Results": self.results,
            "Licence of the weights": self.licence,
            "Audit": self.audit,
        }.items():
            if isinstance(value, dict) and value:
                value = [
                    f"{name.replace('_', ' ')}: {words}"
                    for name, inside in value.items()
                    if (words := _words(inside, name))
                ]
            if isinstance(value, list) and value:
                lines += [f"- **{label}**", *(_bullet(one, "  ") for one in value)]
            elif value is not None:
                lines.append(_bullet(f"**{label}**: {_words(value) or 'not stated'}"))
        for name, value in self.audit.items():
            if rows := _rows(value):
                lines += ["", *_table(f"{name.replace('_', ' ')}, %", rows)]
        return "\n".join(lines)

    __repr__ = _repr_markdown_ = __str__  # one rendering, wherever it is shown


def _is_a(value: object, kind: type) -> bool:
    """Whether an entry is of its type; JSON also reads NaN, which is no number."""
    if kind in (int, float):
        number = isinstance(value, int if kind is int else int | float)
        return number and not isinstance(value, bool) and value == value
    if kind is list:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    return isinstance(value, kind)


def current_name(name: str) -> str:
    """Return today's name of a network or an architecture; warn where it is old."""
    today = RENAMED.get(name, name)
    if today != name:
        # a FutureWarning, because Python hides a DeprecationWarning from users
        warnings.warn(
            f"{name!r} is now called {today!r}; the old name will go.",
            FutureWarning,
            stacklevel=3,
        )
    return today


def _words(value, name: str = "") -> str:
    """Say a value in words; empty for what is too long to say, such as a curve."""
    if isinstance(value, dict):
        said = {key: _words(one) for key, one in value.items()}
        return ", ".join(f"{k.replace('_', ' ')} {w}" for k, w in said.items() if w)
    if isinstance(value, list):
        said = [_words(one) for one in value if not isinstance(one, dict | list)]
        return (" to " if name == "interval" else ", ").join(said)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:.3g}" if isinstance(value, float) else f"{value:,}"


def _rows(value: object) -> list[dict]:
    """Return the rows of a table; none if the value is something else."""
    rows = value if isinstance(value, list) else []
    return [one for one in rows if isinstance(one, dict) and one]


def _table(title: str, rows: list[dict]) -> list[str]:
    """Return rows as the lines of a table, whose first column has the title."""
    columns = list(rows[0])
    cells = [[title, *(name.replace("_", " ") for name in columns[1:])]]
    cells += [[_cell(row.get(key, ""), key) for key in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ["-" * width for width in widths])
    return [f"| {' | '.join(map(str.ljust, line, widths))} |" for line in cells]


def _cell(value, name: str) -> str:
    """Say a share and the ends of its interval in percent, and all else in words."""
    known = isinstance(value, list) and all(_is_a(one, float) for one in value)
    if not (known and len(value) == 3):
        return _words(value)
    sign = "+" if name == "difference" else ""
    share, low, high = (f"{100 * one:{sign}.1f}" for one in value)
    return f"{share} ({low} to {high})"


def _bullet(text: str, indent: str = "") -> str:
    first, more = f"{indent}- ", f"{indent}  "
    return textwrap.fill(
        text, 88, initial_indent=first, subsequent_indent=more,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
