"""The files of people for a page: they hold the arrays, near enough, and stay small."""

import json
import zlib

import numpy as np
import pytest

from emolib.errors import ArgumentError
from emolib.synthesis import identity_vertices, load_head, random_identity
from emolib.synthesis import page as page_module
from emolib.synthesis.drawing import mesh
from emolib.synthesis.page import LENGTH, PIGMENT, PagePeople, in_words
from emolib.synthesis.people.expression import UNITS

PEOPLE = {"3": random_identity(3), "9": random_identity(9)}


def read(packed):
    """Return header and arrays of a file."""
    content = zlib.decompress(packed)
    length = int.from_bytes(content[:4], "little")
    header, blocks = json.loads(content[4 : 4 + length]), content[4 + length :]
    arrays = {}
    for name, (start, rows, columns, planes, step, *field) in header["arrays"].items():
        count = rows * columns
        low = np.frombuffer(blocks, np.uint8, planes * count, start).astype(int)
        low = low.reshape(planes, count)
        folded = sum(plane << 8 * k for k, plane in enumerate(low))
        change = np.where(folded % 2, -(folded + 1) // 2, folded // 2)
        change = change.reshape(columns, rows).T
        if field:
            change = np.cumsum(change, axis=1)
        arrays[name] = np.cumsum(change, axis=0) * step
    return header, arrays


@pytest.fixture(scope="module")
def page():
    return PagePeople(PEOPLE, {"glasses": 1, "hand": 1}, {"out": 7}, {"any": "thing"})


@pytest.fixture(scope="module")
def shared(page):
    return read(page.shared_file())


def test_what_people_share_is_exact(shared):
    header, arrays = shared
    head = load_head()
    assert header["controls"] == {"any": "thing"}
    keep = head.materials != mesh.HAIR
    assert np.array_equal(arrays["triangles"], head.triangles[keep])
    start = arrays["unit start"].ravel()
    for k, unit in enumerate(UNITS):
        rows, delta = head.targets[f"unit/{unit}"]
        span = slice(start[k], start[k + 1])
        assert np.array_equal(arrays["unit rows"][span, 0], rows)
        assert np.allclose(arrays["unit moves"][span], delta, atol=1e-7)


def test_a_person_is_within_half_a_step(page, shared):
    identity = PEOPLE["9"]  # bald: no hair lifts the skin
    arrays = read(page.person_file("9"))[1]
    vertices = shared[1]["rest"] + LENGTH * arrays["head"]
    away = np.abs(vertices - identity_vertices(identity))
    assert away.max() <= 0.51 * LENGTH
    pigments = page_module.paint.skin_pigments(identity)
    face = slice(80, 180), slice(60, 130)
    for name in ("melanin", "spots", "blood", "cover"):
        gap = np.abs(arrays[name] - getattr(pigments, name))[face]
        assert gap.max() <= 0.51 * PIGMENT


def test_an_occluder_is_the_first_persons_moved(page, shared):
    for kind in ("glasses", "hand"):
        first = read(page.person_file("3"))[1]
        assert not first[kind].any()
        body = page_module.body_of(PEOPLE["9"])
        part = page_module.make_occluder(kind, body, 1)
        other = read(page.person_file("9"))[1]
        vertices = shared[1][f"{kind} vertices"] + LENGTH * other[kind]
        assert np.abs(vertices - part.vertices).max() <= 0.51 * LENGTH


def test_an_occluder_of_another_shape_is_refused(page, monkeypatch):
    monkeypatch.setattr(
        page_module, "make_occluder",
        lambda *_: page_module.dressed(PEOPLE["3"], wide=False),
    )  # fmt: skip
    with pytest.raises(
        ArgumentError, match=r"glasses of seed 1 .* choose another seed"
    ):
        page.person_file("9")


def test_people_are_described_in_words():
    assert in_words(PEOPLE["3"]) == "a man of 41, light skin, short hair, stubble"
    assert in_words(PEOPLE["9"]) == "a woman of 39, very dark skin, bald"
