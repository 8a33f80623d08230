"""The network of the live lab: in a browser it answers what Keras answers.

A page with no more than the scripts of ``book/assets/lab``, over http:// and file://.
"""

import base64
import json
import re
import shutil
from contextlib import contextmanager
from functools import cache

import numpy as np
import pytest
from headless import served
from make_lab_networks import NETWORKS, SHIPPED, shipped

from emolib.datasets import load
from emolib.explain import occlusion_sensitivity
from emolib.export import rounded, to_page
from emolib.models import available, load_model, predict
from emolib.models._backend import keras, tf

layers = keras.layers

SCRIPTS = (
    "network.js",
    "layer-kinds.js",
    "network-file.js",
    "look-inside.js",
    "occlusion.js",
)
TAGS = "".join(f'<script src="{one}"></script>' for one in SCRIPTS)
PAGE = (
    f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>lab</title>
<link rel="icon" href="data:,">{TAGS}"""
    + """
<script>
const base64 = (floats) => {
  const bytes = new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return btoa(text);
};
const engine = lab.networkEngine();
let plan, network;
const open = (file) => {
  plan = lab.readNetworkFile(file);
  network = engine.startNetwork(plan);
};
const read = (face) =>
  [...network.read(face)].map(([name, { data }]) => [name, base64(data)]);
</script></html>"""
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, project):
    """Make the page, in a folder whose name an address has to escape."""
    made = tmp_path_factory.mktemp("lab") / "a #lab, 100%"
    made.mkdir()
    for name in SCRIPTS:
        shutil.copy(project / "book" / "assets" / "lab" / name, made)
    (made / "index.html").write_text(PAGE, "utf-8")
    return made


@contextmanager
def opened_page(browser, address: str):
    """Give the page, opened; it has to stay without an error and to itself."""
    faults = []
    context = browser.new_context()
    opened = context.new_page()
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda message: faults.append(message.text))
    opened.goto(f"{address}/index.html")
    yield opened
    context.close()
    assert not faults


@pytest.fixture(scope="module")
def page(browser, folder):
    """Give the page over http://."""
    with served(folder) as address, opened_page(browser, address) as opened:
        yield opened


@pytest.fixture(scope="module")
def on_disk(browser, folder):
    """Give the page over file://, where a browser allows much less."""
    with opened_page(browser, folder.as_uri()) as opened:
        yield opened


@pytest.fixture(params=["page", "on_disk"])
def anywhere(request):
    """Give the page, over http:// and over file://."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def faces():
    """Return 20 faces of SynthFace's test people, of every strength, (20, 64, 64)."""
    test = load("synthface").part("test")
    chosen = np.random.default_rng(3).choice(len(test), 20, replace=False)
    return test.images[chosen]


def read(page, face: np.ndarray) -> dict[str, np.ndarray]:
    """Return what each layer gave in the browser, one line of numbers a layer."""
    found = page.evaluate("(face) => read(face)", face.ravel().tolist())
    return {
        name: np.frombuffer(base64.b64decode(text), np.float32) for name, text in found
    }


network = cache(load_model)


def opened(page, model: keras.Model, precision: str = "float32") -> list[dict]:
    """Open a network in the page; return its layers but for their weights."""
    page.evaluate("(text) => open(text)", to_page(model, precision))
    return page.evaluate("plan.layers.map(({ weights, ...told }) => told)")


def hold(page, model: keras.Model, faces: np.ndarray, precision: str = "float32"):
    """Hold each layer in the browser against the same layer of Keras.

    The file has that precision; Keras computes with the weights that `model` has.
    """
    names = [one["name"] for one in opened(page, model, precision)]
    silent = layers.InputLayer | layers.Dropout
    there = {one.name for one in model.layers if not isinstance(one, silent)}
    assert sorted(names) == sorted(there)
    inside = [model.get_layer(name) for name in names]
    model = keras.Model(model.inputs, [one.output for one in inside])
    expected = [np.asarray(one) for one in model([faces[..., None].astype(np.float32)])]
    for k, face in enumerate(faces):
        found = read(page, face)
        np.testing.assert_array_equal(found["face"], face.ravel())
        for name, values in zip(names, expected, strict=True):
            away = np.abs(found[name] - values[k].ravel()).max()
            assert away <= 1e-3 * np.abs(values).max(), f"{name}: {away}"
        np.testing.assert_allclose(found[names[-1]], expected[-1][k], atol=1e-3)


# --- the same answers -----------------------------------------------------------------


@pytest.mark.parametrize("name", available())
def test_every_layer_agrees_with_keras(page, name, faces):
    hold(page, network(name), faces)


@pytest.mark.parametrize("name", SHIPPED)
def test_what_the_lab_loads_answers_as_the_shipped_model(anywhere, name, faces):
    """The model itself, not a copy of it that was rounded."""
    hold(anywhere, network(name), faces, SHIPPED[name])


@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_rounded_weights_are_read_as_they_were_meant(page, precision, faces):
    model = network("synthface")
    with rounded(model, precision):
        hold(page, model, faces[:4], precision)


def test_how_fast_it_is(page, faces, capsys):
    """Printed, not asserted: other work on the machine would fail it."""
    for name in available():
        opened(page, network(name))
        times = page.evaluate(
            """(face) => [...Array(40)].map(() => {
              const start = performance.now();
              network.read(face);
              return performance.now() - start;
            })""",
            faces[0].ravel().tolist(),
        )
        with capsys.disabled():
            print(
                f"\n{name}: {times[0]:.1f} ms at first, then "
                f"{np.median(times[15:]):.1f} ms, at best {min(times):.1f} ms"
            )


def of_many_kinds() -> keras.Model:
    """Return a network that holds what those that ship do not."""
    parts = [
        layers.Rescaling(1 / 16, -8),
        layers.Conv2D(4, (3, 5), (2, 1), padding="valid", activation="tanh"),
        layers.DepthwiseConv2D(3, 2, padding="same", depth_multiplier=2),
        layers.MaxPooling2D(3, 2, padding="same"),
        layers.AveragePooling2D((2, 3), 1, padding="same"),
        layers.SeparableConv2D(6, 3, padding="same", activation="silu"),
        layers.Dropout(0.5),
        layers.GlobalMaxPooling2D(),
        layers.Dense(5, activation="sigmoid"),
        layers.Dense(6),
        layers.Softmax(),
    ]
    keras.utils.set_random_seed(4)
    return keras.Sequential([keras.Input((64, 64, 1)), *parts])


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_kinds_of_layers_that_no_shipped_network_has(page, faces, precision):
    model = of_many_kinds()
    opened(page, model, precision)
    with rounded(model, precision):
        expected = predict(model, faces)
    found = [list(read(page, face).values())[-1] for face in faces]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.ptp(expected, axis=0).max() > 1e-3  # the faces are told apart


def test_scores_beyond_what_an_exponential_holds(page, faces):
    parts = [layers.GlobalAveragePooling2D(), layers.Dense(6, activation="softmax")]
    model = keras.Sequential([keras.Input((64, 64, 1)), *parts])
    model.layers[-1].kernel.assign([[-30, 10, 20, 29.99, 30, 5]])
    opened(page, model)
    found = list(read(page, faces[0]).values())[-1]
    np.testing.assert_allclose(found, predict(model, faces[0])[0], atol=1e-3)
    assert 0.5 < found[4] < 1


# --- occlusion sensitivity ------------------------------------------------------------


@pytest.mark.parametrize("emotion", [None, 4])
def test_the_map_agrees_with_python(anywhere, faces, emotion):
    model = network("synthface")
    opened(anywhere, model)
    expected = occlusion_sensitivity(
        lambda images: predict(model, images), faces[:2], emotion
    )
    for face, wanted in zip(faces, expected, strict=False):
        found = anywhere.evaluate(
            """async ([face, emotion]) => {
              const worker = lab.occlusionMaps(plan);
              const { map, emotion: of } = await worker.map(face, emotion);
              worker.close();
              return [base64(map), of];
            }""",
            [face.ravel().tolist(), emotion],
        )
        values = np.frombuffer(base64.b64decode(found[0]), np.float32)
        np.testing.assert_allclose(values, wanted.ravel(), atol=1e-3)
        top = predict(model, face)[0].argmax()
        assert found[1] == (top if emotion is None else emotion)
        assert np.ptp(wanted) > 0.01


def test_a_map_is_cancelled_when_the_face_changes(anywhere, faces):
    opened(anywhere, network("small-cnn"))
    found = anywhere.evaluate(
        """async ([one, other]) => {
          const worker = lab.occlusionMaps(plan);
          const first = worker.map(one);
          await new Promise((later) => setTimeout(later, 30));
          const second = worker.map(other);
          const started = performance.now();
          const ends = [await first, performance.now() - started, await second];
          const third = worker.map(one);
          worker.cancel();
          const again = await worker.map(other);
          worker.close();
          return [ends[0], ends[1], await third,
            ends[2].map.every((value, k) => value === again.map[k])];
        }""",
        [face.ravel().tolist() for face in faces[:2]],
    )
    first, waited, third, same = found
    assert first is None
    assert third is None
    assert waited < 1000  # it does not end with the second, which takes 50 readings
    assert same


#: An engine whose answer is how many answers it has given, 2 ms each.
COUNTING = """() => ({
  startNetwork() {
    let count = 0;
    return {
      read() {
        const end = performance.now() + 2;
        while (performance.now() < end);
        return new Map([["count", { data: new Float32Array([count++]) }]]);
      },
    };
  },
})"""


def test_a_cancelled_map_is_not_computed_any_further(page, faces):
    """The squares of the second one are then read without a reading in between."""
    first, last = page.evaluate(
        """async ([engine, face]) => {
          const kept = lab.networkEngine;
          lab.networkEngine = { toString: () => engine };
          const worker = lab.occlusionMaps({});
          lab.networkEngine = kept;
          worker.map(face, 0);
          await new Promise((later) => setTimeout(later, 20));
          const { map } = await worker.map(face, 0);
          worker.close();
          return [map[0], map.at(-1)];
        }""",
        [COUNTING, faces[0].ravel().tolist()],
    )
    assert (first, last) == (-1, -49)


#: An engine that answers with the first pixel.
FIRST_PIXEL = """() => ({
  startNetwork: () => ({
    read: (face) => new Map([["first", { data: new Float32Array([face[0]]) }]]),
  }),
})"""


@pytest.mark.parametrize("low", [100, 101])
def test_the_grey_of_the_square_is_rounded_as_numpy_rounds(page, low):
    face = np.full((64, 64), low)
    face[32:] = low + 1  # the mean lies half-way
    lost = page.evaluate(
        """async ([engine, face]) => {
          const kept = lab.networkEngine;
          lab.networkEngine = { toString: () => engine };
          const worker = lab.occlusionMaps({});
          lab.networkEngine = kept;
          const { map } = await worker.map(face, 0);
          worker.close();
          return map[0];
        }""",
        [FIRST_PIXEL, face.ravel().tolist()],
    )
    assert lost == low - np.rint(low + 0.5)


# --- what a unit sees -----------------------------------------------------------------


def linear(model: keras.Model) -> keras.Model:
    """Return a network in which every unit depends on all it sees, however little.

    Weights are positive, maxima are means, and each place of a face is for itself.
    """

    def change(layer):
        settings = layer.get_config()
        if isinstance(layer, layers.MaxPooling2D):
            return layers.AveragePooling2D(**settings)
        front = type(layer).__name__ in ("ImageStandardisation", "LocalContrast")
        if front or isinstance(layer, layers.ReLU):
            return layers.Rescaling(1.0, name=layer.name)
        if "activation" in settings:
            settings["activation"] = "linear"
        return type(layer).from_config(settings)

    made = keras.models.clone_model(model, clone_function=change)
    for one in made.weights:
        one.assign(np.full(one.shape, 1 / np.prod(one.shape[:-1])))
    return made


def box(touched: np.ndarray) -> dict[str, list[int]]:
    """Return the box of what is not zero in (h, w, c) or (c), ends exclusive."""
    touched = touched.reshape((1, 1, -1) if touched.ndim == 1 else touched.shape)
    places = [np.unique(one) for one in np.nonzero(touched)]
    return {
        axis: [int(one[0]), int(one[-1]) + 1]
        for axis, one in zip(("rows", "columns", "channels"), places, strict=True)
    }


def per_unit(layer: keras.layers.Layer) -> float:
    """Return the multiply-adds of a number that a layer of Keras gives."""
    if isinstance(layer, layers.Conv2D | layers.Dense):
        return np.prod(layer.kernel.shape[:-1])
    if isinstance(layer, layers.BatchNormalization | layers.Rescaling):
        return 1
    if type(layer).__name__ == "LocalContrast":
        return 4 * 64
    if type(layer).__name__ == "Shrink":
        return (48 * 64**2 + 48**2 * 64) / 48**2
    return 0


#: Layers in which every place depends on all others: windows begin behind them.
FRONT = ("ImageStandardisation", "LocalContrast", "Shrink")


@pytest.mark.parametrize("name", available())
def test_patches_and_multiply_adds_are_those_that_gradients_find(page, name):
    """For a unit in the middle and one in a corner of every layer."""
    model = network(name)
    told = opened(page, model)
    inside = [model.get_layer(one["name"]) for one in told]
    costs = {one.name: per_unit(one) for one in inside}
    totals = [costs[one.name] * np.prod(one.output.shape[1:]) for one in inside]
    assert [one["multiplyAdds"] for one in told] == [round(one) for one in totals]

    front = [one.name for one in inside if type(one).__name__ in FRONT]
    rest = [one.name for one in inside if one.name not in front]
    plain = linear(model)
    first = plain.get_layer(front[-1]).output if front else plain.inputs[0]
    tail = keras.Model(first, [plain.get_layer(one).output for one in rest])
    picture = tf.ones((1, *tail.input_shape[1:]))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(picture)
        maps = dict(zip(rest, tail(picture), strict=True))
        units = [
            (layer, place, given[(0, *place)])
            for layer, given in maps.items()
            for place in ([one // 2 for one in given.shape[1:]], [0] * (given.ndim - 1))
        ]
    for layer, place, unit in units:
        *where, channel = place
        found = page.evaluate(
            """([name, unit, where]) => {
              const found = lab.lookInside(plan, name, unit, ...where);
              return { ...found, windows: Object.fromEntries(found.windows) };
            }""",
            [layer, channel, where],
        )
        sources = {(front or ["face"])[-1]: picture, **maps}
        gradients = tape.gradient(
            unit, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        touched = {key: one.numpy()[0] != 0 for key, one in gradients.items()}
        touched = {key: one for key, one in touched.items() if one.any()}
        expected = {key: box(one) for key, one in touched.items()}
        windows = found["windows"]
        assert {key: windows[key] for key in expected} == expected, (layer, place)
        assert {*windows} - {*expected} <= {"face", *front}
        work = sum(costs.get(key, 0) * one.sum() for key, one in touched.items())
        total = round(sum(totals))
        layer_total = round(costs[layer] * np.prod(maps[layer].shape[1:]))
        assert found["multiplyAdds"] == {
            "unit": round(costs[layer]), "layer": layer_total,
            "behind": round(work), "network": total,
        }  # fmt: skip
        seen = next(iter(expected.values()))
        ratio = 64 / picture.shape[1]
        (top, bottom), (left, right) = (
            (int(from_ * ratio), int(np.ceil(end * ratio)))
            for from_, end in (seen["rows"], seen["columns"])
        )
        patch = {
            "top": top,
            "left": left,
            "height": bottom - top,
            "width": right - left,
        }
        assert found["patch"] == patch
        assert found["wide"] == [one for one in front if one != "shrink"]


def test_a_unit_that_is_not_there_is_refused(page):
    opened(page, network("plain-cnn"))
    for place in (("conv1", 32, 0, 0), ("conv1", 0, 32, 0), ("dense", 128), ("no", 0)):
        told = page.evaluate(
            """(place) => {
              try { return String(lab.lookInside(plan, ...place)); }
              catch (error) { return error.message; }
            }""",
            list(place),
        )
        assert f"{place[0]} has no unit {place[1]}" in told


# --- files that are none --------------------------------------------------------------


def told_of(page, text: str) -> str:
    return page.evaluate(
        """(text) => {
          try { return String(lab.readNetworkFile(text)); }
          catch (error) {
            if (!(error instanceof lab.NetworkFileError)) throw error;
            return error.message;
          }
        }""",
        text,
    )


def changed(**entries):
    return lambda file: file.update(entries)


def layer_changed(place: int, **entries):
    return lambda file: file["layers"][place].update(entries)


def weight_changed(place: int, key: str, **entries):
    return lambda file: file["layers"][place]["weights"][key].update(entries)


def with_nan(file):
    weights = bytearray(base64.b64decode(file["weights"]))
    weights[:4] = np.float32(np.nan).tobytes()
    file["weights"] = base64.b64encode(weights).decode()


def cut_short(file):
    file["weights"] = file["weights"][: len(file["weights"]) // 2 // 4 * 4]


def too_large(file):
    file["layers"][:0] = [
        {"name": f"sum{k}", "type": "rescaling", "from": ["face"], "scale": 1,
         "offset": 0, "shape": [64, 64, 1]}
        for k in range(5000)
    ]  # fmt: skip


def without_softmax(file):
    file["layers"][-1]["activation"] = None


@cache
def plain() -> str:
    return to_page(network("plain-cnn"), "float32")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (changed(format="another"), 'says of itself "another".*Drop the file'),
        (changed(version=2), "of version 2; the page reads version 1.*again"),
        (changed(input=[48, 48, 1]), r"shape \[48,48,1\]; the page gives \[64"),
        (changed(emotions=["joy"]), r'answers \["joy"\]; expected anger'),
        (changed(weights="%%"), "no base64.*cut short"),
        (changed(layers=[]), "No layers"),
        (cut_short, "the file holds .* bytes of weights: it was cut short"),
        (with_nan, 'The weights "kernel" of layer "conv1" hold NaN or inf.*diverged'),
        (layer_changed(1, type="capsule"), 'Layer "conv1" is a "capsule".*convolution'),
        (layer_changed(1, type="toString"), 'Layer "conv1" is a "toString"'),
        (layer_changed(1, **{"from": ["later"]}), r'"conv1" takes its.*\["later"\]'),
        (layer_changed(1, name="rescale"), 'Layer "rescale" is there twice'),
        (layer_changed(1, name=None), "Layer 2 has no name"),
        (layer_changed(1, stride=[0, 1]), r"has stride \[0,1\]; expected two whole"),
        (layer_changed(1, padding="wrap"), 'padding "wrap"; expected "same" or'),
        (layer_changed(1, activation="gelu"), '"gelu"; expected null or one of relu'),
        (layer_changed(1, shape=[9, 9, 9]), r"makes \[32,32,32\].*says \[9,9,9\]"),
        (layer_changed(1, weights={}), 'weights "kernel" of layer "conv1" have no'),
        (weight_changed(1, "kernel", type="int4"), 'type "int4"; the page reads'),
        (weight_changed(1, "kernel", shape=[5, 5, 2, 32]),
         r"expected \[any, any, 1, out"),
        (weight_changed(1, "bias", shape=[31]), r"\[31\]; expected \[32\]"),
        (weight_changed(1, "kernel", at=-4), "it was cut short or changed"),
        (layer_changed(-1, **{"from": ["flatten"]}),
         r"\[128,6\]; expected \[1024, out\]"),
        (layer_changed(-1, **{"from": ["conv1"]}), r"cannot take \[32,32,32\]"),
        (without_softmax, 'last layer, "emotion", is no softmax of six'),
        (too_large, "too many for a page"),
    ],
)  # fmt: skip
def test_a_bad_file_gets_a_sentence(page, change, told):
    file = json.loads(plain())
    change(file)
    found = told_of(page, json.dumps(file))
    assert re.search(told, found), found
    assert found.endswith(".")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no JSON"),
        ("\x89PNG", "no JSON.*emolib export --page"),
        ("null", "says of itself"),
        ("[]", "says of itself"),
        ('{"weights": 3}', "says of itself"),
    ],
)
def test_what_is_no_network_file_gets_a_sentence(anywhere, text, told):
    assert re.search(told, told_of(anywhere, text))


def test_a_network_that_is_too_much_work_is_refused(page):
    model = keras.Sequential(
        [
            keras.Input((64, 64, 1)),
            layers.Conv2D(64, 3, padding="same"),
            layers.Conv2D(256, 3, padding="same"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(6, activation="softmax"),
        ]
    )
    found = told_of(page, to_page(model, "int8"))
    assert "more than 200 million multiply-adds" in found


# --- the networks that the page loads -------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_the_scripts_are_those_of_the_shipped_weights(name):
    """If not, run ``python scripts/make_lab_networks.py``."""
    assert (NETWORKS / f"{name}.js").read_text("utf-8") == shipped(name)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_network_comes_with_a_script(anywhere, folder, faces, name):
    (folder / "networks").mkdir(exist_ok=True)
    shutil.copy(NETWORKS / f"{name}.js", folder / "networks")
    model = network(name)
    found = anywhere.evaluate(
        """async ([name, faces]) => {
          const plan = await lab.openNetwork(name);
          const again = await lab.openNetwork(name);
          const network = lab.networkEngine().startNetwork(plan);
          const answer = (face) => [...[...network.read(face)].at(-1)[1].data];
          return [plan === again, plan.name, faces.map(answer)];
        }""",
        [name, [face.ravel().tolist() for face in faces]],
    )
    assert found[:2] == [True, model.name]
    np.testing.assert_allclose(found[2], predict(model, faces), atol=1e-3)
