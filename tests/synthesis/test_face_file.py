"""A face as a file: written, read back, and refused with the entry that is wrong."""

import json
from dataclasses import replace

import pytest

from emolib.errors import ArgumentError
from emolib.synthesis import (
    FaceFileError,
    FaceState,
    Scene,
    random_identity,
    read_face,
)

FACE = {
    "emolib": "face 1",
    "identity": {"seed": 7},
    "units": {"AU12": 0.5},
    "scene": {"yaw": 10, "background": None, "occluder": "mask", "occluder_seed": 3},
}


@pytest.fixture
def saved(tmp_path):
    """Give a function that writes a record and returns the path."""

    def save(record):
        path = tmp_path / "face.json"
        path.write_text(
            record if isinstance(record, str) else json.dumps(record), "utf-8"
        )
        return path

    return save


def test_a_face_is_read(saved):
    face = read_face(saved(FACE))
    assert face.identity == random_identity(7)
    assert face.units == {"mouthSmileLeft": 0.5, "mouthSmileRight": 0.5}
    scene = Scene(yaw=10, background=None, occluder="mask", occluder_seed=3)
    assert face.scene == scene


def test_what_is_written_is_read_back(saved):
    face = FaceState(
        random_identity(3), {"jawOpen": 0.25}, Scene(blur=0, background=None, rim=1.5)
    )
    assert read_face(saved(face.to_dict())) == face


def test_another_skin_is_kept(saved):
    person = replace(random_identity(3), skin_tone=0.9)
    record = FaceState(person).to_dict()
    assert record["identity"] == {"seed": 3, "skin_tone": 0.9}
    assert read_face(saved(record)).identity == person


def test_a_person_changed_otherwise_cannot_be_told():
    with pytest.raises(ArgumentError, match="person 3 was changed"):
        FaceState(replace(random_identity(3), age=70)).to_dict()


def test_units_and_scene_may_be_left_out(saved):
    face = read_face(saved({"emolib": "face 1", "identity": {"seed": 0}}))
    assert face == FaceState(random_identity(0))


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ("{", "not JSON"),
        ("[" * 50_000, "not JSON"),
        ("\xff", "not JSON"),
        (" " * 100_001, "larger than a face file"),
        ([], '"emolib" is not "face 1"'),
        (FACE | {"emolib": "face 2"}, '"emolib" is not "face 1"'),
        (FACE | {"units": [1]}, '"units" has to be an object'),
        (FACE | {"unit": {}}, r"unknown entry 'unit'.*Did you mean 'units'\?"),
        (FACE | {"identity": {"seed": "7"}}, "identity's seed must be a whole number"),
        (FACE | {"identity": None}, '"identity" has to be an object'),
        (FACE | {"identity": {"name": "Ada"}}, "unknown entry of identity 'name'"),
        (
            FACE | {"identity": {"seed": 7, "skin_tone": 2}},
            "skin_tone must be a number",
        ),
        (FACE | {"units": {"AU13": 0.5}}, "Unknown action unit 'AU13'"),
        (FACE | {"units": {"AU12": 7}}, r"AU12 must lie in \[0, 1.6\]"),
        (FACE | {"units": {"AU12": "much"}}, r"AU12 must lie in \[0, 1.6\]"),
        (FACE | {"scene": {"yaw": 90}}, "yaw must lie in"),
        (FACE | {"scene": {"yaw": "left"}}, "yaw has to be a number"),
        (FACE | {"scene": {"yaw": True}}, "yaw has to be a number"),
        (FACE | {"scene": {"occluder": "hat"}}, "Unknown occluder 'hat'"),
        (FACE | {"scene": {"occluder": 1}}, "occluder has to be a text"),
        (FACE | {"scene": {"background": 1.5}}, "background must be a whole number"),
        (FACE | {"scene": {"jpeg": -1}}, "jpeg must be a whole number"),
        (FACE | {"scene": {"light": 1}}, "unknown field of scene 'light'"),
    ],
)
def test_a_file_that_is_no_face_is_refused(saved, record, words):
    with pytest.raises(FaceFileError, match=words):
        read_face(saved(record))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FaceFileError, match=r"cannot be read .*check the path"):
        read_face(tmp_path / "face.json")
