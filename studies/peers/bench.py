"""Measure classifiers that ship their weights in an installable package against ours.

Run as ``make bench-peers FER2013=PATH``. Each peer (see `studies.peers.packages`) runs
in a process of its own and classifies the same crops of FER2013's PublicTest as our
model, which counts as one of its evaluations there (see `studies.public_test`).
``--peers-only`` and ``--slice validation`` cost none, but the latter is for trying out
only: some peers learnt from those pictures. Ours and peers on PublicTest are written to
``data/results/peers.json``, anything else to ``build/peers``. About ten minutes.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from emolib.datasets import DatasetError, FaceDataset, fer2013
from emolib.emotions import EMOTIONS
from emolib.errors import EmolibError
from emolib.evaluation import Evaluation, evaluate, paired_bootstrap
from emolib.faces import to_canonical
from emolib.files import write_json
from emolib.models.registry import ONNX, model_card, model_folder
from emolib.results import environment
from studies import public_test
from studies.peers.packages import (
    BUILD,
    LITERT,
    PEERS,
    PROJECT,
    TFJS,
    WORKERS,
    Peer,
    UnavailableError,
    install,
)
from studies.study import Study

VALIDATION = (
    "FER2013 Training, the tenth that ours is chosen by, six classes, no duplicates; "
    "flatters the peers that learnt from Training (fer and human-models)"
)
BATCH = 128
MEMORY_CROPS = 100


#: Milliseconds by kind ("single", "batch" or "start"), by whom ("ours" or "peer"), by
#: round and by call.
Times = dict[str, dict[str, list[list[float]]]]


class Crops(NamedTuple):
    """Files of crops, uint8 (n, height, width)."""

    all: Path
    hundred: Path
    one: Path


class Measured(NamedTuple):
    """What one network said, (n, 6), and how long and with how many MB."""

    answers: np.ndarray
    times: Times
    peak: float | None


class Worker:
    """A process that classifies; see ``peers/protocol.py``. To be used in a `with`."""

    def __init__(self, command: list[str]):
        self._complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115
        try:
            self._process = subprocess.Popen(
                command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=self._complaints,
            )  # fmt: skip
        except OSError as error:
            self._complaints.close()
            name = Path(command[0]).name
            raise UnavailableError(f"no {name}: {error.strerror}") from error

    def __enter__(self) -> "Worker":
        """Return itself."""
        return self

    def __exit__(self, *_) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._complaints.close()

    def ask(self, **order) -> dict:
        """Give an order, return the answer; `UnavailableError` if the process died."""
        answer = ""
        try:
            self._process.stdin.write(json.dumps(order, default=str) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            pass
        if answer:
            return json.loads(answer)
        self._process.wait()
        self._complaints.seek(0)
        said = self._complaints.read().strip().splitlines() or ["without a word"]
        raise UnavailableError(f"its process ended: {' / '.join(said[-3:])}")

    def classify(self, crops: Path) -> np.ndarray:
        """Return what it says of the crops in a file, float32 (n, classes)."""
        with tempfile.TemporaryDirectory() as folder:
            answers = Path(folder) / "answers.npy"
            self.ask(do="classify", crops=crops, answers=answers)
            return np.load(answers)

    def milliseconds(self, crops: Path, size: int, calls: int) -> list[float]:
        """Return the duration of each of some calls with `size` crops."""
        return self.ask(do="time", crops=crops, size=size, calls=calls)["ms"]

    def peak_megabytes(self) -> float | None:
        """Return the most memory it has held; None where the system does not say.

        `getrusage` would also count what its parent held when it was started.
        """
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return None
        lines = dict(line.split(":", 1) for line in status.splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024


class Options(NamedTuple):
    """What is measured, and how often.

    Attributes
    ----------
    model : str
        Ours.
    slice : {"public-test", "validation"}
        Which photographs.
    peers_only : bool
        Whether ours is left out.
    rounds, singles, starts : int
        Rounds of timing, calls in each, cold starts.
    """

    model: str = "real-faces"
    slice: str = "public-test"
    peers_only: bool = False
    rounds: int = 9
    singles: int = 30
    starts: int = 5

    @classmethod
    def of(cls, settings: dict) -> "Options":
        """Pick the options out of the settings of a study."""
        return cls(**{name: settings[name] for name in cls._fields})

    @property
    def counts(self) -> bool:
        """Whether this costs one of our model's evaluations on PublicTest."""
        return not self.peers_only and self.slice == "public-test"


def main(arguments: list[str] | None = None) -> int:
    """Install, measure, print and write; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--fer2013", type=Path, required=True, help="its path")
    parser.add_argument(
        "--slice", choices=("public-test", "validation"), default="public-test"
    )
    parser.add_argument("--peers-only", action="store_true", help="leave ours out")
    chosen = vars(parser.parse_args(arguments))
    fer2013, options = chosen.pop("fer2013"), Options.of(STUDY.settings | chosen)
    try:
        if options.counts:
            output = STUDY.path
            STUDY.run(fer2013)
        else:
            output = BUILD / f"{options.slice}.json"
            results = compare(options, fer2013, output)
            write_json(output, {"options": options._asdict(), "results": results})
    except EmolibError as error:
        print(error, file=sys.stderr)
        return 2
    shown = output.relative_to(PROJECT) if PROJECT in output.parents else output
    print(f"\nwritten to {shown}")
    return 0


def compare(options: Options, fer2013: Path, known: Path) -> dict:
    """Measure ours and the peers, print a report and return the results.

    Parameters
    ----------
    options : Options
    fer2013 : Path
    known : Path
        The file of an earlier run: rows of peers that cannot run here are kept.
    """
    ours = None if options.peers_only else own_facts(options.model)
    if options.counts:
        public_test.evaluations_left(ours["model"], ours["weights"])
    data, faces = photographs(fer2013, options.slice)
    found, missing = measure(originals(fer2013, faces.images), options)
    rows = []
    if ours:  # only now, so that nothing that fails above has cost an evaluation
        own = found.pop("ours")
        if options.counts:
            name, weights = ours["model"], ours["weights"]
            result = public_test.evaluate_once(name, weights, faces.labels, own.answers)
        else:
            result = evaluate(faces.labels, own.answers)
        every = [one.times for one in found.values()]
        rows.append({**ours, **scores(result), **speeds(every, "ours", own.peak)})
    for peer in PEERS:
        if peer.name in missing:
            row = kept(known, peer, data, ours)
            since = f"; kept as measured on {row['date'][:10]}" if row else ""
            print(f"{peer.name} is skipped{since}: {missing[peer.name]}")
            rows += [row] if row else []
            continue
        one = found[peer.name]
        result = evaluate(faces.labels, one.answers)
        row = facts(peer) | scores(result) | speeds([one.times], "peer", one.peak)
        if ours:
            row["against_ours"] = {
                "weights": ours["weights"],
                "accuracy": gain(faces.labels, one.answers, own.answers),
                **{kind: paired(**both) for kind, both in one.times.items()},
            }
        rows.append(row)
    results = {
        "data": data, "images": len(faces), "rows": rows, "versions": versions(),
    }  # fmt: skip
    print(report(results))
    return results


def measure(
    images: np.ndarray, options: Options
) -> tuple[dict[str, Measured], dict[str, str]]:
    """Let ours and the peers classify the same crops, and time them.

    Parameters
    ----------
    images : ndarray, uint8, (n, height, width)
    options : Options

    Returns
    -------
    found : dict
        By name of a peer, or "ours" unless that is left out.
    missing : dict
        Why a peer could not be measured.

    Raises
    ------
    UnavailableError
        If ours or all peers could not be measured.
    """
    found, missing = {}, {}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        crops = write_crops(Path(folder), images)
        commands, workers = {}, {}
        if not options.peers_only:
            command = [sys.executable, str(WORKERS / "ours.py"), options.model]
            commands["ours"] = command
            workers["ours"] = stack.enter_context(Worker(command))
            answers = workers["ours"].classify(crops.all)
            found["ours"] = Measured(answers, {}, memory(command, crops))
        for peer in PEERS:
            try:
                install(peer.tool)
                print(f"measuring {peer.name}", flush=True)
                commands["peer"] = peer.command()
                with Worker(commands["peer"]) as workers["peer"]:
                    answers = workers["peer"].classify(crops.all)
                    answers = six(answers, peer.classes)
                    times = alternate(workers, crops.all, options)
                times["start"] = starts(commands, crops.one, options)
                peak = memory(commands["peer"], crops)
                found[peer.name] = Measured(answers, times, peak)
            except UnavailableError as error:
                missing[peer.name] = str(error)
    if len(missing) == len(PEERS):
        raise UnavailableError(f"no peer could be measured: {missing}")
    return found, missing


def photographs(path: Path, part: str) -> tuple[str, FaceDataset]:
    """Return what the photographs are, and their six classes."""
    if not path.exists():
        raise DatasetError(
            f"There is no FER2013 at {path}; say where it is: make bench-peers "
            "FER2013=PATH. load('fer2013', PATH) tells what it may be."
        )
    if part == "public-test":
        return public_test.DATA, public_test.public_test(path)
    from emolib.recipes.real_faces import photographs as split  # imports TensorFlow

    return VALIDATION, split(path)[1].labelled()


def originals(path: Path, images: np.ndarray) -> np.ndarray:
    """Return crops as FER2013 has them, 48x48, given what `load` made of them.

    So each network is fed with one resizing, its own, and not with ours before it:
    that would cost face-api more than an accuracy point.
    """
    whole = path.parent if path.suffix == ".npz" else path
    found = {to_canonical(one).tobytes(): one for one in fer2013._read(whole)[0]}
    return np.stack([found[image.tobytes()] for image in images])


def write_crops(folder: Path, images: np.ndarray) -> Crops:
    """Write the files that the processes read; they leave with `folder`."""
    crops = Crops(*(folder / f"{name}.npy" for name in Crops._fields))
    np.save(crops.all, images)
    np.save(crops.hundred, images[:MEMORY_CROPS])
    np.save(crops.one, images[:1])
    return crops


def six(outputs: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Put a network's probabilities into the order of EMOTIONS, without neutral.

    Parameters
    ----------
    outputs : ndarray of float, (n, classes)
    classes : sequence of str
        Names of the columns.

    Returns
    -------
    ndarray, float64, (n, 6)
        Rows sum to 1; all alike where the network gave everything to neutral.
    """
    if outputs.ndim != 2 or outputs.shape[1] != len(classes):
        raise UnavailableError(
            f"gave {outputs.shape}, not {len(classes)} numbers a face"
        )
    columns = [list(classes).index(emotion) for emotion in EMOTIONS]
    shares = outputs[:, columns].astype(np.float64)
    total = shares.sum(axis=1, keepdims=True)
    even = np.full_like(shares, 1 / len(EMOTIONS))
    return np.divide(shares, total, out=even, where=total > 0)


def alternate(workers: dict[str, Worker], crops: Path, options: Options) -> Times:
    """Time single crops and batches, each in turn; who begins changes every round."""
    times: Times = {kind: {who: [] for who in workers} for kind in ("single", "batch")}
    for number in range(options.rounds):
        turn = list(workers)[:: -1 if number % 2 else 1]
        for kind, size, calls in (("single", 1, options.singles), ("batch", BATCH, 1)):
            for who in turn:
                took = workers[who].milliseconds(crops, size, calls)
                times[kind][who].append(took)
    return times


def starts(
    commands: dict[str, list[str]], crop: Path, options: Options
) -> dict[str, list[list[float]]]:
    """Time each in turn from the start of its process to the first answer."""
    took: dict[str, list[list[float]]] = {who: [] for who in commands}
    for _ in range(options.starts):
        for who, command in commands.items():
            begin = time.perf_counter()
            with Worker(command) as worker:
                worker.classify(crop)
                took[who].append([1000 * (time.perf_counter() - begin)])
    return took


def memory(command: list[str], crops: Crops) -> float | None:
    """Return the peak of a process that classifies a hundred crops, MB."""
    with Worker(command) as worker:
        worker.classify(crops.hundred)
        return worker.peak_megabytes()


def paired(ours: list[list[float]], peer: list[list[float]]) -> dict[str, float]:
    """Compare rounds: median time of ours / median time of the peer in the same round.

    Below 1 ours is faster. `ratio` is the median round; `low` and `high` are the lowest
    and the highest, which on a busy machine says more than a standard error.
    """
    ratios = [
        statistics.median(own) / statistics.median(other)
        for own, other in zip(ours, peer, strict=True)
    ]
    return {
        "ratio": round(statistics.median(ratios), 4),
        "low": round(min(ratios), 4),
        "high": round(max(ratios), 4),
        "rounds": len(ratios),
    }


def speeds(every: list[Times], who: str, peak: float | None) -> dict:
    """Return what a row says of time and memory, from all rounds of one network."""
    pool = {
        kind: [ms for times in every for calls in times[kind][who] for ms in calls]
        for kind in ("single", "batch", "start")
    }
    single = np.percentile(pool["single"], (50, 95)).round(4).tolist()
    return {
        "single_ms": single[0],
        "single_p95_ms": single[1],
        "batch_per_second": round(1000 * BATCH / statistics.median(pool["batch"]), 1),
        "start_ms": round(statistics.median(pool["start"]), 1),
        "peak_mb": peak and round(peak, 1),
    }


def scores(result: Evaluation) -> dict:
    """Return what a row says of the answers."""
    low, high = result.interval
    return {
        "accuracy": result.accuracy,
        "low": low,  # by bootstrap over images: nobody knows who is in them
        "high": high,
        "recall": result.per_class["recall"].round(4).to_dict(),
    }


def gain(labels: np.ndarray, peer: np.ndarray, ours: np.ndarray) -> dict[str, float]:
    """Return accuracy of ours minus that of a peer, with a paired 95 % interval."""
    found = paired_bootstrap(labels, peer, ours)
    low, high = found.interval
    return {"difference": found.difference, "low": low, "high": high}


def facts(peer: Peer) -> dict:
    """Return what a row says of a peer that needs no measurement, and the date."""
    return {
        "name": peer.name,
        "package": peer.package,
        "version": peer.version,
        "licence": peer.licence,
        "parameters": peer.parameters,
        "bytes": peer.weights_file().stat().st_size,
        "runs_in": peer.runs_in,
        "fed_with": peer.fed_with,
        "date": now(),
    }


def own_facts(model: str) -> dict:
    """Return the same of ours, and the sha256 of its weights."""
    card, folder = model_card(model), model_folder(model)
    return {
        "name": "ours",
        "model": folder.name,
        "weights": card.sha256,
        "licence": card.licence,
        "parameters": card.parameters,
        "bytes": (folder / ONNX).stat().st_size,
        "runs_in": "onnxruntime, one thread",
        "fed_with": "grey, bilinearly to 64x64, 0-255",
        "date": now(),
    }


def kept(path: Path, peer: Peer, data: str, ours: dict | None) -> dict | None:
    """Return an absent peer's row of an earlier run, None where none fits.

    It must be about the same version on the same photographs. How it compares with
    ours is kept only while our weights are those it was measured against.
    """
    try:
        results = json.loads(path.read_text())["results"]
        rows = results["rows"] if results["data"] == data else []
        row = next(row for row in rows if row["name"] == peer.name)
    except (OSError, ValueError, KeyError, StopIteration):
        return None
    if row.get("version") != peer.version:
        return None
    against = row.get("against_ours", {}).get("weights")
    if not ours or against != ours["weights"]:
        row.pop("against_ours", None)
    return row


def report(results: dict) -> str:
    """Return the rows as text."""
    lines = [f"\n{results['data']}: {results['images']:,} images\n"]
    head = f"{'':<14}{'accuracy':<22}{'numbers':>9}{'kB':>6}{'ms':>8}{'p95':>8}"
    lines.append(head + f"{'faces/s':>9}{'start ms':>10}{'MB':>6}  licence")
    for row in results["rows"]:
        accuracy = "{accuracy:.3f} [{low:.3f}, {high:.3f}]".format(**row)
        line = f"{row['name']:<14}{accuracy:<22}{row['parameters']:>9,}"
        line += f"{row['bytes'] / 1000:>6.0f}"
        if "single_ms" in row:
            line += "{single_ms:>8.2f}{single_p95_ms:>8.2f}".format(**row)
            line += "{batch_per_second:>9.0f}{start_ms:>10.0f}".format(**row)
            line += f"{row['peak_mb'] or float('nan'):>6.0f}"
        lines.append(f"{line}  {row['licence']}")
    lines.append("\nrecall        " + "".join(f"{name:>11}" for name in EMOTIONS))
    for row in results["rows"]:
        recall = "".join(f"{row['recall'][name]:>11.2f}" for name in EMOTIONS)
        lines.append(f"{row['name']:<14}{recall}")
    compared = [row for row in results["rows"] if "against_ours" in row]
    if compared:
        lines.append("\nours against  accuracy gained           time / its time")
    for row in compared:
        against = row["against_ours"]
        line = "{difference:+.3f} [{low:+.3f}, {high:+.3f}]".format(
            **against["accuracy"]
        )
        for kind in ("single", "batch", "start"):
            line += "  {0} {ratio:.2f} [{low:.2f}, {high:.2f}]".format(
                kind, **against[kind]
            )
        lines.append(f"{row['name']:<14}{line}")
    return "\n".join(lines)


def versions() -> dict[str, str]:
    """Return what the figures may depend on."""
    node = "none"
    with suppress(OSError):
        command = ["node", "--version"]
        node = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    return {
        **environment("numpy", "onnxruntime", "pillow"),
        **{f"{name} (beside fer)": pin for name, pin in LITERT.items()},
        **TFJS,
        "node": node,
    }


def now() -> str:
    """Return the time, as the rows hold it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


STUDY = Study(
    "peers",
    lambda bench: compare(Options.of(bench.settings), bench.fer2013, STUDY.path),
    {
        **Options()._asdict(),
        "batch": BATCH,
        "crops": "48x48, as in FER2013; times include the resizing that each does",
        "memory": f"peak of a process that classifies {MEMORY_CROPS} crops",
        "ratios": "time of ours / time of the peer, both in the same round; the median "
        "round, the lowest and the highest",
        "argmax": "over the six; what a peer says of neutral is ignored",
        "intervals": "95 %, bootstrap over images; differences on the same images",
        "peers": {peer.name: peer.version for peer in PEERS},
    },
    canary=("crop", "shipped", "evaluation"),
    data=("models/real-faces/weights.weights.h5",),
    needs_fer2013=True,
    command="make bench-peers",
)


if __name__ == "__main__":
    raise SystemExit(main())
