"""The face that a page draws is the face that Python draws.

A page of nothing but the lab's scripts, opened as a file, draws random faces of the
people shipped; `render` draws them again.
"""

import base64
import json
import shutil
import zlib
from dataclasses import replace

import make_lab_people
import numpy as np
import pytest
from headless import served
from playwright.sync_api import Error
from project_inputs import PROJECT

from emolib.emotions import EMOTIONS
from emolib.faces import CROP
from emolib.models.registry import onnx_graph
from emolib.onnx_session import open_session

pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
from emolib.synthesis import (
    FaceState,
    Scene,
    express,
    group_units,
    lab_controls,
    random_identity,
    read_face,
    render,
    render_with_truth,
)
from emolib.synthesis import renderer as drawing
from emolib.synthesis.people.expression import check_units

LAB = PROJECT / "book" / "assets" / "lab"
CONTROLS = lab_controls()
PEOPLE = {str(seed): random_identity(seed) for seed in CONTROLS["people"]}
SCRIPTS = ("people", "mesh", "paint", "shade", "camera", "face", "face-file")
FACES = 100
#: Draws faces {person, units, scene}; gives their pictures in base64 and, if asked for,
#: where all vertices fall, in pixels of the picture.
DRAW = """async ({ faces, size, colour, pixels }) => {
  globalThis.people ??= await lab.openPeople();
  const drawn = [];
  for (const face of faces) {
    await lab.openPerson(people, face.person);
    const posed = lab.pose(people, face);
    const { image, covered } = lab.draw(posed, size, { colour });
    const { view, rotation, scene } = posed;
    const places = pixels && lab.project(view.places, rotation, scene, size);
    const letters = Array.from(image, (one) => String.fromCharCode(one)).join("");
    drawn.push({ image: btoa(letters), covered, pixels: places && [...places] });
  }
  return drawn;
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Make a page with the scripts of the lab and nothing else."""
    folder = tmp_path_factory.mktemp("page")
    shutil.copytree(LAB, folder / "lab")
    scripts = "".join(f'<script src="lab/{name}.js"></script>\n' for name in SCRIPTS)
    page = f"<!doctype html><title>Lab</title>\n{scripts}"
    (folder / "index.html").write_text(page, "utf-8")
    return folder


@pytest.fixture(scope="module")
def lab(browser, folder):
    """Open the page as a file; give it and what it says and asks for."""
    page, heard = browser.new_page(), []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: heard.append(request.url))
    page.goto((folder / "index.html").as_uri())
    yield page, heard
    page.close()


@pytest.fixture(scope="module")
def networks():
    """Give a function that asks a shipped network for its top answers, or all."""

    def ask(name, faces, shares=False):
        shown = np.asarray(faces, np.float32)[..., None]
        session = open_session(onnx_graph(name)[0])
        (found,) = session.run(["probabilities"], {"face": shown})
        return found if shares else found.argmax(axis=1)

    return ask


def random_faces(count, seed=0):
    """Draw faces of all people: any expression, pose, light, occluder and place."""
    rng = np.random.default_rng(seed)
    places = list(CONTROLS["backgrounds"].values())
    faces = []
    for _ in range(count):
        emotion, intensity = EMOTIONS[rng.integers(6)], rng.uniform(0.2, 1)
        scene = {
            name: float(rng.uniform(control["least"], control["most"]))
            for name, control in CONTROLS["scene"].items()
        }
        scene |= {
            "shift_x": float(rng.normal(0, 0.02)),
            "shift_y": float(rng.normal(0, 0.02)),
            "scale": float(rng.uniform(0.85, 1.15)),
            "background": places[rng.integers(len(places))],
            "occluder": str(rng.choice(list(CONTROLS["occluders"]))),
        }
        units = express(emotion, intensity, seed=int(rng.integers(10**6)))
        person = str(rng.choice(list(PEOPLE)))
        faces.append({"person": person, "units": units, "scene": scene})
    return faces


def scene_of(face):
    seed = CONTROLS["occluders"][face["scene"]["occluder"]]
    return Scene(**face["scene"], occluder_seed=seed or 0)


def in_python(face, size=CROP.size, colour=False):
    person = PEOPLE[face["person"]]
    return render(person, face["units"], scene_of(face), size=size, colour=colour)


def in_page(page, faces, size=CROP.size, colour=False, pixels=False):
    """Draw faces in the page: pictures (n, size, size) or RGBA, places of vertices."""
    how = {"faces": faces, "size": size, "colour": colour, "pixels": pixels}
    drawn = page.evaluate(DRAW, how)
    shape = (size, size, 4) if colour else (size, size)
    bytes_of = (base64.b64decode(one["image"]) for one in drawn)
    images = [np.frombuffer(one, np.uint8).reshape(shape) for one in bytes_of]
    return np.array(images), [one["pixels"] for one in drawn]


@pytest.fixture(scope="module")
def faces():
    return random_faces(FACES)


@pytest.fixture(scope="module")
def drawn(lab, faces):
    return in_page(lab[0], faces)[0]


@pytest.fixture(scope="module")
def expected(faces):
    return np.array([in_python(face) for face in faces])


def test_vertices_fall_within_a_thousandth_of_a_pixel(lab, faces):
    some = faces[:24]
    for face, found in zip(some, in_page(lab[0], some, pixels=True)[1], strict=True):
        scene, units = scene_of(face), check_units(face["units"])
        if scene.occluder == "mask":
            units = drawing.under_mask(units)
        figure = drawing._assemble(PEOPLE[face["person"]], units, scene)
        pixels = drawing._project(figure.vertices, scene, CROP.size)[1]
        inside = ((pixels > 0) & (pixels < CROP.size)).all(axis=1)
        away = np.abs(np.reshape(found, (-1, 2)) - pixels)[inside]
        assert away.max() < 1e-3, face


def test_shade_is_that_of_python(drawn, expected, faces):
    away = np.abs(drawn.astype(int) - expected)
    shares = (away <= 2).mean(axis=(1, 2))
    assert shares.min() >= 0.99, faces[shares.argmin()]


def test_the_network_answers_the_same(networks, drawn, expected):
    same = networks("small-cnn", drawn) == networks("small-cnn", expected)
    assert same.sum() >= 0.98 * FACES


def test_the_larger_picture_in_colour_is_that_of_python(lab):
    some = random_faces(12, seed=1)
    found = in_page(lab[0], some, size=128, colour=True)[0]
    assert (found[..., 3] == 255).all()
    for face, image in zip(some, found[..., :3], strict=True):
        away = np.abs(image.astype(int) - in_python(face, 128, colour=True))
        assert (away <= 2).mean() >= 0.985, face


def test_the_quick_picture_is_the_light_that_the_network_sees(lab):
    """Both of one drawing: the grey one is exact, the other has steps at its edges."""
    for face in random_faces(12, seed=3):
        grey, quick, slow = lab[0].evaluate(
            """async (face) => {
              await lab.openPerson(people, face.person);
              const posed = lab.pose(people, face);
              const { image, fine } = lab.draw(posed, 64, { quick: true });
              const slow = lab.draw(posed, 128, { colour: true }).image;
              return [[...image], [...fine], [...slow]];
            }""",
            face,
        )
        assert np.array_equal(np.reshape(grey, (64, 64)), in_page(lab[0], [face])[0][0])
        away = np.abs(np.subtract(quick, slow)).reshape(128, 128, 4)
        assert away.mean() < 6
        assert np.median(away) <= 2


@pytest.mark.parametrize("network", ["small-cnn", "synthface"])
def test_presets_are_read_as_meant_on_everybody(lab, networks, network):
    plain = {"background": None}
    for person in PEOPLE:
        shown = [
            {"person": person, "units": group_units(preset), "scene": plain}
            for preset in CONTROLS["presets"].values()
        ]
        answers = networks(network, in_page(lab[0], shown)[0])
        meant = [EMOTIONS.index(emotion) for emotion in CONTROLS["presets"]]
        assert (answers == meant).sum() >= 5, person


def test_the_page_spreads_sliders_as_python_does(lab):
    for preset in CONTROLS["presets"].values():
        found = lab[0].evaluate("(one) => lab.groupUnits(people, one)", preset)
        assert found == pytest.approx(group_units(preset))


def test_one_factor_changed_is_the_same_change(lab):
    """Another skin, and a mask in the light that was measured without it."""
    units, plain = group_units(CONTROLS["presets"]["happiness"]), {"yaw": 10}
    for name in ("25", "44", "56"):
        face = {"person": name, "units": units, "scene": plain}
        for tone in (0.05, 0.95):
            image = in_page(lab[0], [face | {"skin_tone": tone}])[0][0]
            person = replace(PEOPLE[name], skin_tone=tone)
            away = np.abs(image - render(person, units, Scene(**plain)).astype(int))
            assert (away <= 2).mean() >= 0.99, (name, tone)
        masked = plain | {"occluder": "mask"}
        image = lab[0].evaluate(
            """([face, scene]) => {
              const { lit } = lab.draw(lab.pose(people, face), 64);
              const masked = lab.pose(people, { ...face, scene });
              return [...lab.draw(masked, 64, { lit }).image];
            }""",
            [face, masked],
        )
        expected, _ = render_with_truth(
            PEOPLE[name], units, scene_of({"scene": masked}), metered=Scene(**plain)
        )
        away = np.abs(np.reshape(image, (64, 64)) - expected.astype(int))
        assert (away <= 2).mean() >= 0.99, name


def test_what_the_page_saves_python_draws(lab, tmp_path):
    path = tmp_path / "face.json"
    some = random_faces(8, seed=2)
    for face, image in zip(some, in_page(lab[0], some)[0], strict=True):
        record = lab[0].evaluate("(face) => lab.faceRecord(people, face)", face)
        path.write_text(json.dumps(record), "utf-8")
        saved = read_face(path)
        away = np.abs(
            render(saved.identity, saved.units, saved.scene) - image.astype(int)
        )
        assert (away <= 2).mean() >= 0.99, face
        back = lab[0].evaluate("(record) => lab.faceOfRecord(people, record)", record)
        assert np.array_equal(in_page(lab[0], [back])[0][0], image)


def test_the_page_reads_what_python_wrote(lab):
    scene = Scene(yaw=12, occluder="mask", occluder_seed=11)
    record = FaceState(PEOPLE["25"], {"jawOpen": 0.5}, scene).to_dict()
    face = lab[0].evaluate("(record) => lab.faceOfRecord(people, record)", record)
    away = np.abs(in_page(lab[0], [face])[0][0] - render(
        PEOPLE["25"], {"jawOpen": 0.5}, scene).astype(int))  # fmt: skip
    assert (away <= 2).mean() >= 0.99


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"emolib": "clip"}, "no face that the lab saved"),
        ({"identity": {"seed": 1}}, "Person 1 is not in the lab"),
        ({"identity": {"seed": 25, "skin_tone": 2}}, "skin_tone must be 0 to 1"),
        ({"units": {"mouthGrin": 0.5}}, "no unit mouthGrin"),
        ({"units": {"jawOpen": "wide"}}, "jawOpen must be 0 to 1.6"),
        ({"scene": {"yaw": "left"}}, "cannot draw yaw: left"),
        ({"scene": {"occluder": "hat"}}, "cannot draw occluder: hat"),
        ({"scene": {"noise": 4.0}}, "cannot draw noise: 4"),
        (
            {"scene": {"occluder": "mask", "occluder_seed": 2}},
            "Its mask is another one",
        ),
    ],
)
def test_the_page_says_what_is_wrong_with_a_face(lab, change, words):
    record = FaceState(PEOPLE["25"]).to_dict() | change
    told = lab[0].evaluate(
        """(record) => {
          try { lab.faceOfRecord(people, record); }
          catch (error) { return error.message; }
        }""",
        record,
    )
    assert words in told


def test_a_page_of_a_server_draws_the_same_and_can_try_again(lab, browser, folder):
    face = {"person": "14", "units": {"jawOpen": 0.5}, "scene": {}}
    with served(folder) as address:
        page = browser.new_page()
        page.goto(f"{address}/index.html")
        page.route("**/people/14.js", lambda route: route.abort())
        with pytest.raises(Error, match=r"people/14\.js could not be loaded"):
            in_page(page, [face])
        page.unroute("**/people/14.js")
        found = in_page(page, [face])[0]
        page.close()
    assert np.array_equal(found, in_page(lab[0], [face])[0])


def test_a_face_that_cannot_be_drawn_is_an_error(lab):
    for change, words in (
        ({"person": "1"}, "no person 1 in this lab"),
        ({"scene": {"background": 99}}, "Background 99 is not among the lab's places"),
    ):
        face = {"person": "25", "units": {}, "scene": {}} | change
        with pytest.raises(Error, match=words):
            in_page(lab[0], [face])


@pytest.mark.parametrize("network", ["small-cnn", "synthface"])
@pytest.mark.parametrize("number", range(len(CONTROLS["challenges"])))
def test_the_page_checks_a_challenge(lab, networks, network, number):
    one = CONTROLS["challenges"][number]

    def told(state, begin=one["begin"]):
        scene = {"background": None} | state.get("scene", {})
        units = group_units(state["groups"])
        face = {"person": next(iter(PEOPLE)), "units": units, "scene": scene}
        shares = networks(network, in_page(lab[0], [face])[0], shares=True)[0]
        return lab[0].evaluate(
            "(all) => lab.checkChallenge(people, ...all)",
            [one, begin, state, shares.tolist()],
        )

    solution, rules = one["solution"], one["rules"]
    assert told(one["begin"]) is not True
    assert told(solution) is True
    more = solution | {"groups": solution["groups"] | {"AU9": 0.1, "AU10": 0.1}}
    if "sliders_moved" in rules:
        assert "is allowed." in told(more)
    if "regions" in rules:
        assert told(more) == "You moved more than brows and eyes."
    if "scene" in rules:
        turned = solution | {"scene": solution["scene"] | {"yaw": 5}}
        assert told(turned) == f"You changed more than the {rules['scene'][0]}."
    if "covers" in rules:
        larger = solution | {"scene": {"occluder": "mask"}}
        assert told(larger) == "A smaller cover will do."
    for group, least in rules.get("least", {}).items():
        lower = solution | {"groups": solution["groups"] | {group: 0}}
        assert told(lower) == f"{group} is below {least}."


def test_the_page_asks_nobody_else_and_says_nothing(lab, drawn):
    assert all(one.startswith("file:") for one in lab[1]), lab[1]


def test_the_shipped_people_are_those_of_the_controls():
    """All scripts hold what is written today, however a zlib compresses it."""

    def held(text):
        return zlib.decompress(base64.b64decode(text.rpartition(' "')[2][:-3]))

    made = dict(make_lab_people.scripts())
    shipped = {
        path.stem: path.read_text("utf-8") for path in (LAB / "people").iterdir()
    }
    assert made.keys() == shipped.keys()
    for name, text in made.items():
        assert held(shipped[name]) == held(text), (
            f"run scripts/make_lab_people.py: {name}"
        )


def test_the_people_stay_small():
    """A compressing server undoes base64; networks and pages take the rest of 3 MB."""
    sizes = {path.stem: path.stat().st_size for path in (LAB / "people").iterdir()}
    assert sum(sizes.values()) * 3 / 4 < 1.7e6
    assert (sizes["shared"] + sizes["25"]) * 3 / 4 < 3e5
