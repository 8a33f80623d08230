"""The photo lab, by events, without a browser."""

import io
import json

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("anywidget")
pytest.importorskip("numba")
from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError
from emolib.faces import PictureError
from emolib.widgets import PhotoLab
from emolib.widgets.photo import SAMPLES, Marks, sample


def saved(image: np.ndarray, kind="PNG", **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def fear():
    return saved(sample("fear"))


@pytest.fixture
def lab():
    return PhotoLab()


@pytest.fixture
def give():
    """Give a function that hands a file to a lab as the browser does."""

    def give(lab, content):
        message = {"megabytes": len(content) / 1e6, "read": True}
        lab._file._handle_custom_msg(message, [memoryview(content)])

    return give


def test_it_begins_with_a_sample_and_its_answer(lab):
    assert lab._sample.label == SAMPLES["astronaut"]
    assert lab._network.value == "real-faces"
    assert lab._message.words == "One face was found."
    assert lab._answer.said.startswith("The network real-faces answers: happiness ")
    assert "happiness" in lab._picture.pictures[0].words
    assert np.array_equal(lab._answer.pictures[0].image, lab.crop)
    assert lab._faces.pictures == ()
    assert lab._forget.disabled


def test_where_it_is_used_it_says_what_it_is_not_for(lab, walk):
    told = " ".join(
        one.value for one in walk(lab.widget) if type(one).__name__ == "HTML"
    )
    assert "What it is not for:" in told
    assert "judging a person" in told
    assert "prohibits inferring emotions at work and in education" in told
    assert "nothing of it is saved with the notebook" in told


def test_a_mark_that_moves_moves_the_crop(lab, move):
    before = lab.crop
    move(lab._sliders, settled=True, right_y=20.0)
    assert lab.marks == Marks(right_y=20)
    assert not np.array_equal(lab.crop, before)
    assert np.array_equal(lab._answer.pictures[0].image, lab.crop)
    lab._back.click()
    assert lab._sliders.values["right_y"] == 0
    assert np.array_equal(lab.crop, before)


def test_marks_moved_at_random_give_a_range(lab, move):
    move(lab._sliders, settled=True, percents=3.0)
    lab._try.click()
    assert "up to 3\N{NO-BREAK SPACE}% of the distance" in lab._spread.said
    assert all(name in lab._spread.below for name in EMOTIONS)
    lab._network.value = "plain-cnn"
    assert lab._spread.said == ""  # it was about another network


def test_another_network_reads_the_same_crop(lab):
    before, crop = lab._answer.below, lab.crop
    lab._network.value = "small-cnn"
    assert lab._answer.said.startswith("The network small-cnn answers: ")
    assert lab._answer.below != before
    assert np.array_equal(lab.crop, crop)


def test_of_several_faces_one_is_chosen(lab, press):
    lab._sample.value = "people"
    assert lab._message.words.startswith("4 faces were found, and the largest is read.")
    assert [one.words[:8] for one in lab._faces.pictures] == [
        f"Face {k}, " for k in (1, 2, 3, 4)
    ]
    lab.move(Marks(left_x=5))
    press(lab._faces, 2)
    assert lab._faces.chosen == 2
    assert lab.marks == Marks()
    assert np.array_equal(lab.crop, lab._faces.pictures[2].image)


def test_the_map_follows_the_face(lab):
    lab._mapping.click()
    assert lab._map.said.startswith("Covering ")
    before = lab._map.pictures[0].image
    lab._sample.value = "fear"
    assert not np.array_equal(lab._map.pictures[0].image, before)
    assert lab._mapping.description.startswith("✓")
    lab._mapping.click()
    assert lab._map.pictures == ()


def test_an_own_picture_is_read_and_forgotten(lab, give, fear):
    give(lab, fear)
    assert lab.photo.own
    assert lab._sample.label == "Your own"
    assert lab._answer.said.startswith("The network real-faces answers: fear")
    lab._forget.click()
    assert not lab.photo.own
    assert lab._sample.value == "astronaut"


def test_of_an_own_picture_nothing_is_in_the_state_that_a_notebook_saves(
    lab, give, fear, walk
):
    def state():
        told = [one.get_state() for one in walk(lab.widget)]
        return json.dumps(told, default=lambda one: str(bytes(one)) if one else "")

    lab._mapping.click()
    lab._sample.value = "smile"
    before = state()
    give(lab, fear)
    lab.try_marks()
    after = state()
    assert "fear 9" in lab._answer.said
    for told in ("fear 9", "Covering", "nine in ten"):
        assert told not in after
    assert abs(len(after) - len(before)) < 50
    lab._ipython_display_()
    assert "<img" not in state()  # nor is there a still of it


BAD = {
    "a text": (b"anger, fear", "Your file is not a picture that can be read; give one"),
    "empty": (b"", "Your file is empty: 0 bytes. Copy or save it again."),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_a_message_and_the_picture_stays(lab, give, kind):
    content, words = BAD[kind]
    said = lab._answer.said
    give(lab, content)
    assert lab._message.words.startswith(words)
    assert lab._answer.said == said
    assert not lab.photo.own


def test_a_large_file_that_the_browser_cannot_open_is_a_message(lab):
    lab._file._handle_custom_msg({"megabytes": 23.4, "read": False}, [])
    assert lab._message.words.startswith("Your file has 23 MB, and the browser cannot")
    assert lab._message.words.endswith("Save it as JPEG or PNG of less than 8 MB.")


def test_a_picture_without_a_face_leaves_no_answer(lab, give, move):
    give(lab, saved(np.full((300, 400, 3), 90, np.uint8)))
    assert lab._message.words.startswith("No face was found. ")
    assert lab._answer.pictures == ()
    assert (lab._answer.said, lab.crop, lab.probabilities) == ("", None, None)
    assert lab._try.disabled
    assert set(lab._sliders.off) == set(lab._sliders.values)
    move(lab._sliders, settled=True, left_x=5.0)  # nothing to move
    lab._mapping.click()
    lab.try_marks()
    assert lab._message.words.startswith("No face was found. ")
    with pytest.raises(ArgumentError, match="No face was found; show another"):
        lab.snapshot()
    lab._sample.value = "smile"
    assert not lab._try.disabled


def test_an_animation_and_sixty_megapixels_are_read(lab, give):
    others = [Image.new("RGB", (256, 256), "red")]
    film = saved(sample("smile"), "GIF", save_all=True, append_images=others)
    give(lab, film)
    assert (
        "It is an animation, of which the first picture is read" in lab._message.words
    )
    assert lab._answer.said.startswith("The network real-faces answers: happiness")
    large = np.kron(sample("smile"), np.ones((31, 31, 1), np.uint8))  # 63 million
    give(lab, saved(large, "JPEG"))
    assert lab._message.words == "One face was found."
    assert lab._answer.said.startswith("The network real-faces answers: happiness")


def test_choosing_own_asks_for_a_file(lab):
    lab._sample.value = "own"
    assert lab._message.words.startswith("Choose a file below, in the field “A still")
    assert lab._sample.value == "astronaut"


def test_a_cell_can_open_a_file(lab, fear, tmp_path):
    path = tmp_path / "fear.png"
    path.write_bytes(fear)
    lab.open(path)
    assert lab._answer.said.startswith("The network real-faces answers: fear")
    with pytest.raises(PictureError, match="does not exist"):
        lab.open(tmp_path / "other.png")


def test_the_page_has_a_still_of_the_sample(lab):
    lab._ipython_display_()
    assert lab._still.value.count("<img") == 1
    assert "astronaut" in lab._still.value
    assert "real-faces answers: happiness" in lab._still.value
    assert lab.snapshot().get_suptitle().startswith("real-faces: happiness")


def test_all_controls_have_names(lab, walk):
    named = {
        "Dropdown": "description", "Button": "description", "PictureFile": "words",
        "PictureRow": "about",
    }  # fmt: skip
    kinds = {type(one).__name__ for one in walk(lab.widget)}
    assert kinds == {"VBox", "HBox", "HTML", "MessageLine", "SliderPanel", *named}
    for one in walk(lab.widget):
        kind = type(one).__name__
        assert kind not in named or getattr(one, named[kind]), kind
    words = [one["words"] for part in lab._sliders.sections for one in part["sliders"]]
    assert words == [
        "Left mark, sideways", "Left mark, up and down", "Right mark, sideways",
        "Right mark, up and down", "At random by up to",
    ]  # fmt: skip


def test_a_closed_lab_holds_no_picture(lab, give, fear):
    give(lab, fear)
    lab.close()
    assert lab.photo.image.size == 3
    assert all(row.pictures == () for row in lab._rows)
    lab.move(Marks(left_x=5))  # nothing is drawn any more


def test_a_face_that_the_picture_has_not_is_refused(lab):
    with pytest.raises(ArgumentError, match=r"There are 1 faces, from 0 on\."):
        lab.choose(7)
    assert lab.crop.shape == (64, 64)


def test_two_labs_do_not_disturb_each_other(lab):
    other = PhotoLab()
    other.show_sample("fear")
    assert lab._answer.said.startswith("The network real-faces answers: happiness")
    assert other._answer.said.startswith("The network real-faces answers: fear")
