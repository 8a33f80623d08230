"""Pictures of a lab: samples, bad files, faces, and eye marks that move."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("numba")
from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError
from emolib.faces import CROP, PictureError
from emolib.recognizer import EmotionRecognizer
from emolib.widgets import photo
from emolib.widgets.photo import Marks, Photo

HAPPY = EMOTIONS.index("happiness")


def saved(image, kind="PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_of_nothing(width: int, height: int) -> bytes:
    """Return a black grey PNG without ever having its pixels in memory at once."""

    def chunk(kind, content):
        return (
            len(content).to_bytes(4, "big") + kind + content
            + zlib.crc32(kind + content).to_bytes(4, "big")
        )  # fmt: skip

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\0\0\0\0"
    packer, rows = zlib.compressobj(1), bytes(width + 1)
    pixels = b"".join(packer.compress(rows) for _ in range(height)) + packer.flush()
    parts = chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.fixture(scope="module")
def recognizer():
    return EmotionRecognizer()


@pytest.fixture(scope="module")
def astronaut(recognizer):
    return photo.find_faces(recognizer, photo.sample("astronaut"), own=False)


@pytest.fixture(scope="module")
def people(recognizer):
    return photo.find_faces(recognizer, photo.sample("people"), own=False)


def read(recognizer, one, marks=None):
    """Return the answer to the first face."""
    eyes = (marks or Marks()).of(one.faces[0])
    return recognizer.predict_proba(photo.cut(one.image, eyes)[None])[0]


# --- samples --------------------------------------------------------------------------


@pytest.mark.parametrize("name", photo.SAMPLES)
def test_each_sample_has_faces_that_are_found(recognizer, name):
    found = photo.find_faces(recognizer, photo.sample(name), own=False)
    assert len(found.faces) == (4 if name == "people" else 1)
    assert found.told.startswith(
        "4 faces" if name == "people" else "One face was found"
    )
    assert not found.own


def test_a_rendered_smile_is_read_and_a_resting_face_unsure(recognizer):
    smile = photo.find_faces(recognizer, photo.sample("smile"), own=False)
    assert read(recognizer, smile).argmax() == HAPPY
    rest = photo.find_faces(recognizer, photo.sample("rest"), own=False)
    assert recognizer.unsure(read(recognizer, rest))


def test_another_sample_is_refused():
    with pytest.raises(
        ArgumentError, match=r"Unknown sample 'astronaud'.*Did you mean"
    ):
        photo.sample("astronaud")


# --- files that are wrong -------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"anger, disgust, fear", "Your file is not a picture that can be read; give"),
        (b"", "Your file is empty: 0 bytes. Copy or save it again."),
        (
            saved(Image.effect_noise((90, 90), 50))[:-3000],
            "Your file is cut short or damaged",
        ),
        (png_of_nothing(70_000, 10), "70,000 x 10 pixels"),
    ],
    ids=["text", "empty", "cut short", "too wide"],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_remedy(content, words):
    with pytest.raises(PictureError, match=words) as caught:
        photo.read_photo(content)
    assert "The picture" not in str(caught.value)


def test_a_file_on_the_disk_keeps_its_name(tmp_path):
    path = tmp_path / "notes.png"
    path.write_text("not a picture")
    with pytest.raises(PictureError, match=r"notes\.png is not a picture"):
        photo.read_photo(path)


def test_sixty_megapixels_are_read_smaller():
    image, told = photo.read_photo(png_of_nothing(10_000, 6_000))
    assert image.shape[0] * image.shape[1] <= photo.MOST_READ
    assert image.shape[1] / image.shape[0] == pytest.approx(10 / 6, rel=0.01)
    assert told == ""


def test_of_an_animation_the_first_picture_is_read(recognizer):
    smile = Image.fromarray(photo.sample("smile"))
    other = [Image.new("RGB", smile.size, "red")]
    content = saved(smile, "GIF", save_all=True, append_images=other)
    image, told = photo.read_photo(content)
    assert told.startswith("It is an animation, of which the first picture is read")
    assert len(photo.find_faces(recognizer, image, own=True).faces) == 1


def test_a_still_gif_is_no_animation():
    assert photo.read_photo(saved(Image.new("RGB", (90, 90)), "GIF"))[1] == ""


# --- what is found --------------------------------------------------------------------


def test_a_picture_without_a_face_says_why_and_what_to_do(recognizer):
    grass = np.random.default_rng(0).integers(60, 120, (300, 400, 3), dtype=np.uint8)
    found = photo.find_faces(recognizer, grass, own=True)
    assert found.faces == ()
    assert found.told.startswith("No face was found. No face of 40 pixels or more")
    assert "cut the picture so that the face fills it" in found.told


def test_a_face_upside_down_is_said_to_be_turned(recognizer):
    turned = np.rot90(photo.sample("astronaut"), 2).copy()
    found = photo.find_faces(recognizer, turned, own=True)
    assert "The face is turned: turn the picture by 180 degrees" in found.told


def test_a_ready_crop_is_read_whole(recognizer, tiny):
    crop = np.repeat(tiny.images[0][..., None], 3, axis=2)
    found = photo.find_faces(recognizer, crop, own=True)
    (face,) = found.faces
    assert "read as a ready crop" in found.told
    np.testing.assert_allclose(photo.eyes_of(face), CROP.eyes(64))
    cut = photo.cut(found.image, Marks().of(face))
    assert np.abs(cut.astype(int) - tiny.images[0]).max() <= 1


# --- marks ----------------------------------------------------------------------------


def test_marks_move_in_percent_of_the_distance_between_the_eyes(astronaut):
    (face,) = astronaut.faces
    before, after = Marks().of(face), Marks(left_x=10, right_y=-20).of(face)
    apart = photo.apart(face)
    assert apart == pytest.approx(43, abs=2)
    np.testing.assert_allclose(after - before, [[apart / 10, 0], [0, -apart / 5]])


def test_marks_that_are_moved_cut_another_crop(astronaut):
    (face,) = astronaut.faces
    straight, tilted = (
        photo.cut(astronaut.image, marks.of(face))
        for marks in (Marks(), Marks(right_y=20))
    )
    assert straight.shape == tilted.shape == (64, 64)
    assert np.abs(straight.astype(int) - tilted).mean() > 3


def test_a_spread_is_the_same_each_time_and_grows(astronaut, recognizer):
    eyes = Marks().of(astronaut.faces[0])
    few, far, again = (
        photo.spread(recognizer.predict_proba, astronaut, eyes, percents)
        for percents in (1, 15, 15)
    )
    assert few.shape == (photo.TRIALS, 6)
    np.testing.assert_array_equal(far, again)
    assert np.ptp(few[:, HAPPY]) < np.ptp(far[:, HAPPY])


@pytest.mark.parametrize("where", [(30, 20), (280, 250), (560, 470)])
def test_a_spread_reads_the_crops_of_the_whole_picture(where):
    image = np.random.default_rng(0).integers(0, 256, (480, 600, 3), dtype=np.uint8)
    eyes = np.add(where, [[-20.0, 0], [20, 3]])
    read = []
    shown = Photo(image, (), "", own=True)
    photo.spread(lambda crops: read.append(crops) or crops, shown, eyes, 15)
    moves = np.random.default_rng(0).uniform(-1, 1, (photo.TRIALS, 2, 2))
    moves *= 0.15 * np.hypot(40, 3)
    whole = np.stack([photo.cut(image, eyes + move) for move in moves])
    assert np.abs(read[0].astype(int) - whole).max() <= 1


def test_a_spread_is_told_in_words():
    shares = np.full(6, 0.1)
    shares[HAPPY] = 0.5
    steady = np.tile(shares, (100, 1))
    told = photo.spread_in_words(steady, shares, 0.4, 7)
    assert "100 times: nine in ten answers give happiness 50 to 50\xa0%." in told
    assert told.endswith("The answer stays the same in all.")
    steady[:3] = np.roll(shares, 1)
    told = photo.spread_in_words(steady, shares, 0.4, 7)
    assert told.endswith("In 3 of 100 the answer is another one: sadness.")
    steady[3] = np.full(6, 1 / 6)
    told = photo.spread_in_words(steady, shares, 0.4, 7)
    assert "In 4 of 100 the answer is another one: " in told
    assert "unsure" in told
    told = photo.spread_in_words(steady, shares, 0.6, 7)  # it never was an answer
    assert told.endswith("The answer stays the same in all.")


# --- what is shown --------------------------------------------------------------------


def test_faces_have_boxes_and_one_has_marks(people):
    answers = np.eye(6)[[0, 1, 2, 3]]
    plain = photo.drawn(Photo(people.image, (), "", False), answers[:0], 0.4, None)
    boxed = photo.drawn(people, answers, 0.4, None)
    marked = photo.drawn(people, answers, 0.4, Marks().of(people.faces[1]))
    assert max(plain.shape) == photo.SHOWN
    scale = photo.SHOWN / people.image.shape[1]
    for k, face in enumerate(people.faces):
        x, y, _, height = (scale * one for one in face.box)
        side = np.s_[round(y + 0.4 * height) : round(y + 0.6 * height), round(x) :]
        assert (plain[side] != boxed[side]).any()
        eye = tuple(round(scale * one) for one in face.left_eye[::-1])
        assert (marked[eye] != boxed[eye]).any() == (k == 1)


def test_why_unsure_names_the_rivals_a_small_face_and_the_network(astronaut):
    (face,) = astronaut.faces
    shares = np.array([0.3, 0.1, 0.35, 0.05, 0.1, 0.1])
    assert photo.why_unsure(shares, 0.3, face, "real-faces") == ""
    why = photo.why_unsure(shares, 0.4, face, "real-faces")
    assert "Fear has 35\xa0% and anger 30\xa0%; none reaches the line at 40" in why
    assert "small" not in why
    assert "photograph" not in why
    tiny_face = type(face)(
        (0, 0, 20, 20), 1.0, (6, 8), (14, 8), (10, 12), (7, 16), (13, 16)
    )
    why = photo.why_unsure(shares, 0.4, tiny_face, "synthface")
    assert "The face is small: 8 pixels between the eyes, where a crop has 25." in why
    assert "may never have seen a photograph" in why
