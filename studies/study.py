"""What a study is, when its results are out of date, and how they are written.

A *study* is an experiment whose numbers the book reports: it is declared with all that
its numbers depend on, and one file in ``data/results`` holds them. That file is

*stale*
    when the declaration differs from the one it was made with (version, settings,
    SHA-256 of the data, the studies before it), or when weights that the study ships
    are no longer the ones it made: it has to be measured again;
*changed*
    when the package computes something else today: a part of the canary that the study
    rests on differs. Measure again, or accept the change with a reason;
*unverified*
    when the code is not the code that the canary last ran with;
*current*
    otherwise.
"""

import hashlib
import json
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from emolib.errors import EmolibError, did_you_mean
from emolib.files import sha256, write_json
from emolib.paths import data_folder
from emolib.results import environment
from studies import canary

if TYPE_CHECKING:
    import keras

    from emolib.datasets import FaceDataset
    from emolib.training import History
    from emolib.training.loop import Feed

ROOT = Path(__file__).resolve().parents[1]
#: What the canary depends on besides ``emolib`` and its own file.
_INPUTS = (
    "requirements.txt", "data/synthface/corpus.json", "data/head/head.npz",
    "data/detector/card.json", "data/models/*/card.json",
)  # fmt: skip
_PACKAGES = ("numpy", "scikit-learn", "scikit-image", "tensorflow", "keras")


class StudyError(EmolibError, RuntimeError):
    """A study cannot be measured or its file cannot be used; the message says why."""


class Bench(NamedTuple):
    """What a study is handed when it is measured.

    Attributes
    ----------
    settings : dict
        Those of its declaration.
    scratch : Path
        A folder of its own, the same one after an interruption.
    fer2013 : Path or None
        Where the user's copy of FER2013 is.
    """

    settings: dict[str, Any]
    scratch: Path
    fer2013: Path | None = None

    def train(
        self,
        model: "keras.Model",
        seed: int,
        sets: "tuple[FaceDataset | Feed, FaceDataset]",
        recipe: dict[str, Any],
        name: str,
    ) -> "History":
        """Train a network in place, from its checkpoint where there is one.

        Parameters
        ----------
        model : keras.Model
        seed : int
        sets : (FaceDataset or Feed, FaceDataset)
            Training and validation images.
        recipe : dict
            Further arguments of `emolib.training.fit`.
        name : str
            Tells this training's checkpoint from the others of the study.

        Raises
        ------
        KeyboardInterrupt
            If Ctrl-C ended the training: half of one is no result.
        """
        from emolib.training import fit

        file = f"{name.replace(' ', '-').replace('/', 'by')}-{seed}.npz"
        checkpoint = self.scratch / file
        history = fit(model, *sets, **recipe, seed=seed, checkpoint=checkpoint)
        if history.interrupted:
            raise KeyboardInterrupt
        print(f"  {checkpoint.stem}: {history}", flush=True)
        return history


@dataclass(frozen=True)
class Study:
    """An experiment, declared with everything that its numbers depend on.

    Attributes
    ----------
    name : str
        Of its file in ``data/results``, without ``.json``.
    measure : callable
        Takes a `Bench`, returns the results as JSON can hold them.
    settings : dict
        Seeds, recipes, sizes: what JSON can hold.
    canary : tuple of str
        The parts of `studies.canary.PARTS` that its numbers rest on.
    data : tuple of str
        Files below the data folder that it reads. A corpus or a model stands for all
        its files by the record with their hashes.
    after : tuple of str
        Studies that must be current before this one is.
    ships : tuple of str
        Models in ``data/models`` that it trains and saves.
    version : int
        Raised by the author when the method changes.
    needs_fer2013 : bool
        Whether it needs a copy of FER2013 (``FER2013=PATH``).
    command : str
        What a reader runs to measure it.
    """

    name: str
    measure: Callable[[Bench], dict]
    settings: dict[str, Any]
    canary: tuple[str, ...]
    data: tuple[str, ...] = ("synthface/corpus.json",)
    after: tuple[str, ...] = ()
    ships: tuple[str, ...] = ()
    version: int = 1
    needs_fer2013: bool = False
    command: str = "make results"

    @property
    def path(self) -> Path:
        """The file that holds its results."""
        return data_folder() / "results" / f"{self.name}.json"

    def key(self) -> dict[str, Any]:
        """Return what the results are valid for, as the file holds it."""
        hashes = {}
        for name in self.data:
            path = data_folder() / name
            hashes[name] = sha256(path) if path.is_file() else "missing"
        key = {"version": self.version, "settings": self.settings, "data": hashes}
        return json.loads(json.dumps(key))  # tuples become lists, as in the file

    def shipped(self) -> dict[str, str]:
        """Return the SHA-256 of the weights that it ships, by model."""
        return {
            name: sha256(path) if path.is_file() else "missing"
            for name in self.ships
            for path in [data_folder() / "models" / name / "weights.weights.h5"]
        }

    def read(self) -> dict[str, Any] | None:
        """Return its file, None if there is none.

        Raises
        ------
        StudyError
            If the file is not one of a study.
        """
        try:
            record = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise StudyError(
                f"{self.path} is damaged ({error}); delete it and run `{self.command}`."
            ) from error
        needed = {"key", "canary", "results"}
        if not isinstance(record, dict) or not needed <= record.keys():
            raise StudyError(
                f"{self.path} holds no key, canary and results; delete it and run "
                f"`{self.command}`."
            )
        return record

    def scratch(self) -> Path:
        """Return the folder for what it keeps meanwhile, another one for another key.

        It is made where it does not exist.
        """
        digest = hashlib.sha256(json.dumps(self.key()).encode()).hexdigest()
        folder = data_folder().parent / "build" / "studies" / self.name / digest[:12]
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def run(self, fer2013: Path | None = None) -> dict[str, Any]:
        """Measure, write the file and return its content.

        Raises
        ------
        StudyError
            If FER2013 is needed and its path is not given.
        """
        if self.needs_fer2013 and fer2013 is None:
            raise StudyError(
                f"{self.name} needs a copy of FER2013: {self.command} FER2013=PATH"
            )
        scratch, key = self.scratch(), self.key()
        readings = recorded_canary(self.canary)
        for part, found in readings.items():
            if canary.RAISED in found:
                raise StudyError(
                    f"{self.name} is not measured: the canary's part {part} fails with "
                    f"{found[canary.RAISED]}"
                )
        record = {
            "study": self.name,
            "command": self.command,
            "key": key,
            "made": {"date": _today(), "with": environment(*_PACKAGES)},
            "results": self.measure(Bench(self.settings, scratch, fer2013)),
            "ships": self.shipped(),
            "canary": readings,
            "accepted": [],
        }
        write_json(self.path, record)
        return record

    def accept(self, reason: str) -> list[str]:
        """Take today's canary for the file's own, and write down why.

        Parameters
        ----------
        reason : str
            Why the numbers still hold, in a sentence.

        Returns
        -------
        list of str
            The parts that differed.

        Raises
        ------
        StudyError
            If there is no reason, or the file is missing or stale.
        """
        if len(reason.split()) < 3:
            raise StudyError(
                "Say in a sentence why the numbers still hold. "
                f"Received: reason={reason!r}"
            )
        record = self.read()
        if record is None or (why := stale_because(self, record)):
            raise StudyError(
                f"{self.name} is {'missing' if record is None else 'stale: ' + why}; "
                f"run `{self.command}` instead of accepting it."
            )
        now = recorded_canary(self.canary)
        parts = list(changed_parts(self, record, now))
        if parts:
            record["accepted"].append(
                {"date": _today(), "parts": parts, "reason": reason}
            )
            record["canary"] = now
            write_json(self.path, record)
        return parts


def stale_because(study: Study, record: Mapping[str, Any]) -> str:
    """Say why a file must be measured again; empty if its declaration still holds."""
    differing = list(_differing(record["key"], study.key()))
    if differing:
        return "; ".join(differing[:3]) + ("; ..." if len(differing) > 3 else "")
    for name, now in study.shipped().items():
        if record.get("ships", {}).get(name) != now:
            return f"the weights of {name} are not the ones that it made"
    return ""


def changed_parts(
    study: Study, record: Mapping[str, Any], now: Mapping[str, canary.Readings]
) -> dict[str, list[str]]:
    """Return the parts of the canary that differ, with what differs in each."""
    found = {
        part: canary.differences(record["canary"].get(part, {}), now[part])
        for part in study.canary
    }
    return {part: lines for part, lines in found.items() if lines}


def state(
    study: Study,
    now: Mapping[str, canary.Readings] | None = None,
    others: Mapping[str, Study] | None = None,
) -> tuple[str, str]:
    """Tell whether a study's results hold, and why not.

    Parameters
    ----------
    study : Study
    now : mapping, optional
        The canary of today's code, where it is known.
    others : mapping of str to Study, optional
        The studies that may have to come first.

    Returns
    -------
    state, reason : str
        The state is ``"missing"``, ``"stale"``, ``"changed"``, ``"unverified"`` or
        ``"current"``.
    """
    record = study.read()
    if record is None:
        return "missing", f"run `{study.command}`"
    if why := stale_because(study, record):
        return "stale", why
    for name in study.after:
        if others and state(others[name], None, others)[0] in ("missing", "stale"):
            return "stale", f"{name} comes first"
    if now is None:
        return "unverified", "the code changed since the canary last ran"
    parts = changed_parts(study, record, now)
    if parts:
        first = [f"{part}: {lines[0]}" for part, lines in parts.items()]
        return "changed", "; ".join(first)
    return "current", ""


def recorded_canary(
    parts: Iterable[str], *, measure: bool = True
) -> dict[str, canary.Readings] | None:
    """Return the canary of today's code, from ``build/canary`` where it has been made.

    Parameters
    ----------
    parts : iterable of str
        Of `studies.canary.PARTS`.
    measure : bool
        Whether to make what is missing (half a minute for all parts); without it None
        is returned if something is.
    """
    path = ROOT / "build" / "canary" / f"{_code_hash()[:16]}.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    missing = [part for part in parts if part not in known]
    if missing and not measure:
        return None
    if missing:
        known |= canary.canary(missing)
        write_json(path, known)
    return {part: known[part] for part in parts}


def find(names: Iterable[str], known: Mapping[str, Study]) -> list[Study]:
    """Return studies by name, in the order in which they depend on each other.

    Raises
    ------
    StudyError
        If there is no study of that name; the nearest is suggested.
    """
    names = list(names)
    for name in names:
        if name not in known:
            raise StudyError(
                f"No study {name!r}; there are: {', '.join(known)}."
                f"{did_you_mean(name, known)}"
            )
    return [study for study in known.values() if not names or study.name in names]


def commit() -> str:
    """Return the commit that is checked out; ``+`` marks changes on top of it."""
    command = ["git", "describe", "--always", "--abbrev=12", "--dirty=+"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    return done.stdout.strip() or "unknown"


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _differing(old: Any, new: Any, where: str = "") -> Iterable[str]:
    """Name the places where two keys differ, such as ``settings.seeds: 3, was 2``."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            yield from _differing(
                old.get(name), new.get(name), f"{where}.{name}".lstrip(".")
            )
    elif old != new:
        yield f"{where}: {str(new)[:40]}, was {str(old)[:40]}"


def _code_hash() -> str:
    """Return a hash of the text of everything that the canary runs or reads."""
    package = Path(__import__("emolib").__file__).parent
    files = [*package.rglob("*.py"), Path(canary.__file__)]
    files += [path for name in _INPUTS for path in ROOT.glob(name)]
    total = hashlib.sha256(json.dumps(environment(*_PACKAGES)).encode())
    for path in sorted(files):
        total.update(f"{path.name} {sha256(path)}".encode())
    return total.hexdigest()
