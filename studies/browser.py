"""Networks in a headless browser: how they answer beside Python, and how fast.

The page's own engine (``book/assets/lab``) reads each shipped network in each precision
and is held, layer by layer, against the network in Keras with the weights that ship.
Beside it two libraries read the same networks; they are installed below
``build/runtimes`` where npm is there, and without it their rows stay as they were, with
their date. Five minutes; needs Chromium or Chrome.
"""

import base64
import gzip
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from emolib.datasets import FaceDataset, load
from emolib.evaluation import evaluate
from emolib.export import PRECISIONS, to_page
from emolib.models import load_model, model_card, predict
from emolib.models._backend import keras, tf
from emolib.onnx_session import open_session
from emolib.paths import data_folder
from emolib.results import environment
from scripts.headless import find_browser, served, started_browser
from studies.page_networks import NETWORKS
from studies.study import ROOT, Bench, Study, StudyError

if TYPE_CHECKING:
    from playwright.sync_api import Page

ENGINE = ROOT / "book" / "assets" / "lab"
SCRIPTS = ("network.js", "layer-kinds.js", "network-file.js")
RUNTIMES = ROOT / "build" / "runtimes"
LIBRARIES = {"onnxruntime-web": "1.30.0", "@litertjs/core": "2.5.3"}
#: What a page has to fetch of each library, below ``node_modules``.
FETCHED = {
    "onnxruntime-web": (
        "onnxruntime-web/dist/ort.wasm.min.js",
        "onnxruntime-web/dist/ort-wasm-simd-threaded.mjs",
        "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm",
    ),
    "@litertjs/core": (
        "@litertjs/core/dist/index.js",
        "@litertjs/wasm-utils/dist/bundle.js",
        "@litertjs/core/wasm/litert_wasm_internal.js",
        "@litertjs/core/wasm/litert_wasm_internal.wasm",
    ),
}

#: What the pages share: faces as bytes, numbers as bytes, and the time of a reading.
SHARED = """
const faceOf = (faces, k) => faces.subarray(4096 * k, 4096 * (k + 1));
const facesOf = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
const base64 = (floats) => {
  const bytes = new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return btoa(text);
};
const timed = async (faces, warm, times, read) => {
  const taken = [];
  const count = faces.length / 4096;
  for (let n = 0; n < warm + times; n++) {
    const face = Float32Array.from(faceOf(faces, n % count));
    const start = performance.now();
    await read(face);
    taken.push(performance.now() - start);
  }
  return taken;
};
"""
OWN = """
let plan, network;
const open = (file) => {
  const start = performance.now();
  plan = lab.readNetworkFile(file);
  network = lab.networkEngine().startNetwork(plan);
  return performance.now() - start;
};
const layers = (faces) => {
  const found = {};
  for (let k = 0; k < faces.length / 4096; k++) {
    for (const [name, { data }] of network.read(faceOf(faces, k))) {
      (found[name] ??= []).push(base64(data));
    }
  }
  return found;
};
const answers = (faces) => {
  const found = new Float32Array((6 * faces.length) / 4096);
  for (let k = 0; k < faces.length / 4096; k++) {
    found.set([...network.read(faceOf(faces, k)).values()].at(-1).data, 6 * k);
  }
  return base64(found);
};
"""
ONNX = """
let session;
const open = async (bytes) => {
  ort.env.wasm.wasmPaths = new URL("node_modules/onnxruntime-web/dist/", location).href;
  ort.env.wasm.numThreads = 1;
  session = await ort.InferenceSession.create(facesOf(bytes),
    { executionProviders: ["wasm"] });
};
const read = async (face) => {
  const fed = { face: new ort.Tensor("float32", face, [1, 64, 64, 1]) };
  return (await session.run(fed)).probabilities.data;
};
globalThis.ready = true;
"""
LITERT = """
import { loadLiteRt, loadAndCompile, Tensor } from "@litertjs/core";
let model;
globalThis.open = async (bytes) => {
  await loadLiteRt(new URL("node_modules/@litertjs/core/wasm/", location).href);
  model = await loadAndCompile(facesOf(bytes), { accelerator: "wasm" });
};
globalThis.read = async (face) => {
  const taken = new Tensor(face, [1, 64, 64, 1]);
  const [given] = await model.run([taken]);
  const values = await given.data();
  taken.delete?.();
  given.delete?.();
  return values;
};
globalThis.ready = true;
"""
PAGES = {
    "onnxruntime-web": '<script src="node_modules/onnxruntime-web/dist/'
    f'ort.wasm.min.js"></script><script>{SHARED}{ONNX}</script>',
    "@litertjs/core": f"<script>{SHARED}</script>"
    '<script type="importmap">{"imports": {"@litertjs/core": '
    '"./node_modules/@litertjs/core/dist/index.js", "@litertjs/wasm-utils": '
    '"./node_modules/@litertjs/wasm-utils/dist/bundle.js"}}</script>'
    f'<script type="module">{LITERT}</script>',
}


def measure(bench: Bench) -> dict:
    """Read the test people's faces in the browser, with our engine and with others."""
    program = find_browser()
    if program is None:
        raise StudyError(
            "This study reads networks in a browser, and there is none: install "
            "Chromium or Chrome, then run `make results-browser`."
        )
    test = load("synthface").part("test").apex()
    few = one_of_each(test)
    settings = bench.settings
    rows = []
    with started_browser(program) as browser:
        page = browser.new_page()
        for name in SCRIPTS:
            page.add_script_tag(path=ENGINE / name)
        page.add_script_tag(content=SHARED + OWN)
        for name in settings["networks"]:
            rows.append(ours(page, name, test, few, settings))
            print(f"  {name}: {rows[-1]['engine']['median']:.1f} ms", flush=True)
        version = browser.version
    return {
        "images": len(test),
        "subjects": len(np.unique(test.groups)),
        "faces_of_layers": len(few),
        "browser": version,
        "scripts": weight([ENGINE / name for name in SCRIPTS]),
        "rows": rows,
        "libraries": libraries(program, few, settings),
    }


def one_of_each(test: FaceDataset) -> FaceDataset:
    """Return one frame of each person, the emotions in turn."""
    people = np.unique(test.groups)
    chosen = [
        np.flatnonzero((test.groups == one) & (test.labels == k % 6))[0]
        for k, one in enumerate(people)
    ]
    return test.subset(np.array(chosen))


def ours(
    page: "Page", name: str, test: FaceDataset, few: FaceDataset, settings: dict
) -> dict:
    """Measure a network in the page's engine, against Keras with shipped weights."""
    model, card = load_model(name), model_card(name)
    trained = predict(model, test.images)
    found = {}
    for precision in settings["precisions"]:
        opening = page.evaluate("(file) => open(file)", to_page(model, precision, card))
        plan = page.evaluate(
            "plan.layers.map(({ name, type, shape, multiplyAdds }) =>"
            " ({ name, type, shape, multiplyAdds }))"
        )
        answers = page.evaluate("(faces) => answers(facesOf(faces))", sent(test.images))
        answers = numbers(answers).reshape(-1, 6)
        moved = np.abs(answers - trained)
        same = answers.argmax(axis=1) == trained.argmax(axis=1)
        found[precision] = {
            "opening": opening,
            "largest": float(moved.max()),
            "mean": float(moved.mean()),
            "answers_changed": int((~same).sum()),
            "accuracy": evaluate(test.labels, answers, test.groups).accuracy,
            "layers": apart(page, model, [one["name"] for one in plan], few),
        }
    times = page.evaluate(
        "([faces, warm, times]) => timed(facesOf(faces), warm, times,"
        " (face) => network.read(face))",
        [sent(few.images), settings["warm"], settings["times"]],
    )
    return {
        "name": name,
        "parameters": int(model.count_params()),
        "layers": plan,
        "multiply_adds": sum(one["multiplyAdds"] for one in plan),
        "precisions": found,
        "engine": summed(times, settings["warm"]),
        "python": in_python(name, model, few, settings),
    }


def apart(
    page: "Page", model: keras.Model, names: list[str], few: FaceDataset
) -> list[float]:
    """Return how far each layer is from Keras, as a share of its largest number."""
    inside = keras.Model(model.inputs, [model.get_layer(one).output for one in names])
    expected = inside([few.images[..., None].astype(np.float32)], training=False)
    found = page.evaluate("(faces) => layers(facesOf(faces))", sent(few.images))
    shares = []
    for name, one in zip(names, expected, strict=True):
        one = np.asarray(one).reshape(len(few), -1)
        read = np.stack([numbers(text) for text in found[name]])
        shares.append(float(np.abs(read - one).max() / np.abs(one).max()))
    return shares


def in_python(name: str, model: keras.Model, few: FaceDataset, settings: dict) -> dict:
    """Return what a reading takes in Python, one face at a time."""
    faces = few.images[..., None].astype(np.float32)
    graph = (data_folder() / "models" / name / "model.onnx").read_bytes()
    session = open_session(graph)
    run = tf.function(lambda face: model(face, training=False))
    tensors = [tf.constant(faces[k : k + 1]) for k in range(len(faces))]
    ways = {
        "onnxruntime": lambda k: session.run(None, {"face": faces[k : k + 1]}),
        "keras": lambda k: run(tensors[k]).numpy(),
    }
    return {way: _timed(read, len(faces), settings) for way, read in ways.items()}


def _timed(read: Callable[[int], object], count: int, settings: dict) -> dict:
    taken = []
    for n in range(settings["warm"] + settings["times"]):
        start = time.perf_counter()
        read(n % count)
        taken.append(1000 * (time.perf_counter() - start))
    return summed(taken, settings["warm"])


def summed(times: list[float], warm: int) -> dict:
    """Return the first reading; best, median and 95th percentile of the later; ms."""
    later = np.array(times[warm:])
    return {
        "first": times[0],
        "best": float(later.min()),
        "median": float(np.median(later)),
        "p95": float(np.percentile(later, 95)),
    }


# --- libraries ------------------------------------------------------------------------


def libraries(program: str, few: FaceDataset, settings: dict) -> list[dict]:
    """Measure the libraries, or return what was measured of them before."""
    if not installed():
        before = STUDY.read()
        print("  no npm: the libraries keep the rows that they have", flush=True)
        return before["results"]["libraries"] if before else []
    rows = []
    with opened_folder() as folder, served(folder) as address:
        for library in settings["libraries"]:
            with started_browser(program) as browser:
                for name in settings["networks"]:
                    page = browser.new_page()
                    rows.append(theirs(page, address, library, name, few, settings))
                    page.close()
                    took = rows[-1]["engine"]["median"]
                    print(f"  {library}, {name}: {took:.2f} ms", flush=True)
    return rows


def installed() -> bool:
    """Install the libraries where they are not; tell whether they are there."""
    wanted = [f"{name}@{version}" for name, version in LIBRARIES.items()]
    files = [
        RUNTIMES / "node_modules" / one for many in FETCHED.values() for one in many
    ]
    if not all(one.is_file() for one in files) and shutil.which("npm"):
        RUNTIMES.mkdir(parents=True, exist_ok=True)
        command = [
            "npm",
            "install",
            "--prefix",
            str(RUNTIMES),
            "--no-audit",
            "--no-fund",
        ]
        subprocess.run([*command, "--ignore-scripts", *wanted], check=False)
    return all(one.is_file() for one in files)


@contextmanager
def opened_folder() -> Iterator[Path]:
    """Give a folder with the pages and the libraries."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "node_modules").symlink_to(RUNTIMES / "node_modules")
        for library, html in PAGES.items():
            head = (
                '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'
            )
            (folder / page_of(library)).write_text(head + html, "utf-8")
        yield folder


def page_of(library: str) -> str:
    """Return the name of a library's page."""
    return library.strip("@").replace("/", "-") + ".html"


def theirs(
    page: "Page",
    address: str,
    library: str,
    name: str,
    few: FaceDataset,
    settings: dict,
) -> dict:
    """Measure a network in a library."""
    model = load_model(name)
    graph = (data_folder() / "models" / name / "model.onnx").read_bytes()
    if library == "@litertjs/core":
        graph = flatbuffer(model)
    page.goto(f"{address}/{page_of(library)}")
    page.wait_for_function("globalThis.ready")
    start = time.perf_counter()
    page.evaluate("(bytes) => open(bytes)", base64.b64encode(graph).decode())
    opening = 1000 * (time.perf_counter() - start)
    read = page.evaluate(
        """async (text) => {
          const faces = facesOf(text);
          const found = [];
          for (let k = 0; k < faces.length / 4096; k++) {
            found.push(...(await read(Float32Array.from(faceOf(faces, k)))));
          }
          return found;
        }""",
        sent(few.images),
    )
    moved = np.abs(np.reshape(read, (-1, 6)) - predict(model, few.images))
    times = page.evaluate(
        "([faces, warm, times]) => timed(facesOf(faces), warm, times, read)",
        [sent(few.images), settings["warm"], settings["times"]],
    )
    files = [RUNTIMES / "node_modules" / one for one in FETCHED[library]]
    return {
        "library": library,
        "version": settings["libraries"][library],
        "date": datetime.now(UTC).date().isoformat(),
        "machine": environment()["machine"],
        "name": name,
        "opening": opening,
        "largest": float(moved.max()),
        "engine": summed(times, settings["warm"]),
        "network_bytes": len(graph),
        "network_gzip": len(gzip.compress(graph, 9, mtime=0)),
        **weight(files),
    }


def flatbuffer(model: keras.Model) -> bytes:
    """Return a network as LiteRT reads it, for one face at a time."""
    face = keras.Input(batch_shape=(1, 64, 64, 1))
    fixed = keras.Model(face, model(face))
    return tf.lite.TFLiteConverter.from_keras_model(fixed).convert()


def weight(files: list[Path]) -> dict[str, int]:
    """Return the bytes of files, as they are and compressed one by one."""
    each = [one.read_bytes() for one in files]
    return {
        "bytes": sum(map(len, each)),
        "gzip": sum(len(gzip.compress(one, 9, mtime=0)) for one in each),
    }


# --- between Python and the page ------------------------------------------------------


def sent(images: np.ndarray) -> str:
    """Return pictures, uint8 (n, 64, 64), as a page takes them."""
    return base64.b64encode(images.tobytes()).decode()


def numbers(text: str) -> np.ndarray:
    """Return float32 numbers as a page gave them."""
    return np.frombuffer(base64.b64decode(text), np.float32)


STUDY = Study(
    "browser",
    measure,
    {
        "networks": NETWORKS,
        "precisions": list(PRECISIONS),
        "libraries": LIBRARIES,
        "warm": 50,
        "times": 300,
    },
    canary=("corpus", "evaluation", "shipped", "page"),
    data=(
        "synthface/corpus.json",
        *(f"models/{name}/weights.weights.h5" for name in NETWORKS),
    ),
    after=("by-subject-apex", "synthface-model"),
    command="make results-browser",
)
