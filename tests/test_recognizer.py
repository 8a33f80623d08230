"""The recogniser: any size of crop, one kind of answer, and clear refusals."""

import copy
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from emolib import recognizer as recognizing
from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError
from emolib.export import add_onnx
from emolib.faces import FaceDetector, PictureError, to_canonical
from emolib.models import (
    ModelFileError,
    predict,
    predict_both_ways,
    save_model,
)
from emolib.models.cnn import contrast_cnn
from emolib.models.registry import CARD, ONNX
from emolib.recognizer import EmotionRecognizer, annotate
from emolib.synthesis import Scene, express, random_identity, render


@pytest.fixture(scope="module")
def folder(tmp_path_factory, entries):
    """Return an untrained model, saved and exported."""
    where = tmp_path_factory.mktemp("models") / "untrained"
    card = entries | {"unsure_below": 0.3}
    save_model(contrast_cnn(seed=3), where, card)
    add_onnx(where)
    return where


@pytest.fixture(scope="module")
def recognizer(folder):
    return EmotionRecognizer(folder)


def crops(*shape):
    return np.random.default_rng(2).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("size", [(48, 48), (64, 64), (190, 131), (1, 1)])
def test_crops_of_any_size_become_probabilities(recognizer, size):
    shares = recognizer.predict_proba(crops(3, *size))
    assert shares.shape == (3, 6)
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)


def test_the_answer_is_the_keras_network_s_to_a_crop_and_its_mirror_image(recognizer):
    faces = crops(2, 90, 90)
    ready = np.stack([to_canonical(face) for face in faces])
    model = contrast_cnn(seed=3)
    expected = predict_both_ways(model, ready)
    assert abs(expected - predict(model, ready)).max() > 0.005
    found = recognizer.predict_proba(faces)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    back = recognizer.predict_proba(faces[:, :, ::-1])
    np.testing.assert_allclose(found, back, atol=1e-4)


def test_a_batch_gives_what_single_faces_give(recognizer):
    faces = crops(4, 48, 48)
    each = [recognizer.predict_proba(face[None])[0] for face in faces]
    np.testing.assert_allclose(recognizer.predict_proba(faces), each, atol=1e-5)


def test_no_faces_give_no_answers(recognizer):
    shares = recognizer.predict_proba(np.zeros((0, 48, 48), np.uint8))
    assert (shares.shape, shares.dtype) == ((0, 6), np.float32)


@pytest.mark.parametrize(
    "images",
    [
        crops(48, 48),
        crops(2, 48, 48, 3),
        crops(2, 48, 48) / 255.0,
        crops(2, 48, 48).astype(np.int64),
        np.zeros((2, 0, 48), np.uint8),
        [],
    ],
)
def test_other_arrays_are_refused_with_a_remedy(recognizer, images):
    with pytest.raises(ValueError, match=r"uint8 of shape \(n, height, width\)"):
        recognizer.predict_proba(images)


def test_unknown_model_names_the_nearest(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_DATA", str(tmp_path))
    shutil.copytree(folder, tmp_path / "models" / "real-faces")
    with pytest.raises(ModelFileError, match="Did you mean 'real-faces'"):
        EmotionRecognizer("real-face")
    assert EmotionRecognizer().card.architecture == "contrast_cnn"


def test_a_model_without_onnx_says_how_to_add_it(tmp_path):
    save_model(contrast_cnn(), tmp_path / "mine", {})
    with pytest.raises(ModelFileError, match=r"emolib export .*mine"):
        EmotionRecognizer(tmp_path / "mine")


@pytest.mark.parametrize("damage", ["altered", "cut", "missing"])
def test_a_tampered_network_is_refused(folder, tmp_path, damage):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    graph = (copy / ONNX).read_bytes()
    if damage == "missing":
        (copy / ONNX).unlink()
    else:
        cut = graph[:-9] if damage == "cut" else graph[:-1] + bytes([graph[-1] ^ 1])
        (copy / ONNX).write_bytes(cut)
    with pytest.raises(ModelFileError, match=r"model\.onnx.* (altered|missing).*git"):
        EmotionRecognizer(copy)


def test_saving_again_drops_the_old_onnx_form(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    save_model(contrast_cnn(seed=9), copy, {})
    assert not (copy / ONNX).exists()
    assert "onnx_sha256" not in json.loads((copy / CARD).read_text())


def photograph() -> np.ndarray:
    """Two rendered people side by side, uint8 (300, 600, 3)."""
    picture = np.full((300, 600, 3), 90, np.uint8)
    for seed, left in ((3, 40), (5, 340)):
        face = render(
            random_identity(seed), express("happiness", 1.0, seed=1), Scene(),
            size=220, colour=True,
        )  # fmt: skip
        picture[40:260, left : left + 220] = face
    return picture


def test_the_faces_of_a_picture_are_found_and_read(recognizer):
    picture = photograph()
    found = recognizer.recognize(picture)
    assert len(found) == 2
    lefts = sorted(one.face.left_eye[0] for one in found)
    assert lefts[0] < 300 < lefts[1]
    for one in found:
        expected = recognizer.predict_proba(one.face.crop(picture)[None])[0]
        np.testing.assert_allclose(one.probabilities, expected, atol=1e-6)
        assert one.label == EMOTIONS[expected.argmax()]
        assert one.unsure == (expected.max() < 0.3)
        assert one.label in str(one)


def test_a_picture_can_be_a_path_bytes_or_opened(recognizer, tmp_path):
    path = tmp_path / "two.png"
    image = Image.fromarray(photograph())
    image.save(path)
    memory = io.BytesIO()
    image.save(memory, "PNG")
    answers = [
        [one.probabilities.tolist() for one in recognizer.recognize(source)]
        for source in (path, str(path), memory.getvalue(), image, np.asarray(image))
    ]
    assert all(answer == answers[0] for answer in answers)


def test_no_face_is_no_answer_and_no_picture_an_error(recognizer, tmp_path):
    assert recognizer.recognize(np.full((200, 200), 128, np.uint8)) == ()
    with pytest.raises(PictureError, match="gone"):
        recognizer.recognize(tmp_path / "gone.jpg")


def test_unsure_is_a_threshold_on_the_largest_probability(recognizer):
    sure, open_question = np.eye(6)[0], np.full(6, 1 / 6)
    assert recognizer.unsure(sure) is False
    assert recognizer.unsure(open_question) is True
    assert recognizer.unsure(np.stack([sure, open_question])).tolist() == [False, True]


def test_nan_is_neither_sure_nor_unsure(recognizer, monkeypatch):
    for wrong in (np.full(6, np.nan), np.vstack([np.eye(6), [[np.nan] * 6]])):
        with pytest.raises(ArgumentError, match="hold NaN"):
            recognizer.unsure(wrong)
    with pytest.raises(ArgumentError, match=r"received shape \(5,\)"):
        recognizer.unsure(np.zeros(5))
    monkeypatch.setattr(
        recognizer, "_answer", lambda faces: np.full((len(faces), 6), np.nan)
    )
    with pytest.raises(ModelFileError, match=r"untrained answers NaN.*Train it again"):
        recognizer.predict_proba(crops(1, 48, 48))


def test_annotating_draws_into_a_copy(recognizer):
    picture = photograph()
    before = picture.copy()
    drawn = annotate(picture, recognizer.recognize(picture))
    assert drawn.shape == picture.shape
    np.testing.assert_array_equal(picture, before)
    x, y, width, height = recognizer.recognize(picture)[0].face.box
    bottom = int(min(y + height, 299))
    assert (drawn[bottom, int(x + width / 2)] != picture[bottom, int(x)]).any()


def test_the_largest_face_comes_first_and_each_has_its_number(recognizer, monkeypatch):
    small = Image.fromarray(photograph()[:, :300]).resize((130, 130))
    picture = np.full((330, 460, 3), 90, np.uint8)
    picture[:130, :130], picture[30:, 160:] = small, photograph()[:, :300]
    whole = FaceDetector.detect  # best score first; let that be the small one
    monkeypatch.setattr(
        FaceDetector, "detect", lambda *it: sorted(whole(*it), key=lambda f: f.box[2])
    )
    found = recognizer.recognize(picture)
    widths = [one.face.box[2] for one in found]
    assert len(widths) == 2
    assert widths[0] > 1.5 * widths[1]
    drawn, plain = [], ImageDraw.ImageDraw.text
    monkeypatch.setattr(
        ImageDraw.ImageDraw,
        "text",
        lambda *it, **how: (drawn.append(it[2]), plain(*it, **how)),
    )
    annotate(picture, found)
    words = [str(one).replace("\N{NO-BREAK SPACE}", " ") for one in found]  # the font
    assert drawn == [f"1 {words[0]}", f"2 {words[1]}"]
    annotate(picture, found[:1])
    assert drawn[2] == words[0]


def test_smaller_faces_on_request(folder, recognizer):
    picture = np.array(Image.fromarray(photograph()).resize((60, 30)))
    assert recognizer.recognize(picture) == ()
    found = EmotionRecognizer(folder, min_face=20).recognize(picture)
    assert len(found) == 2
    for wrong in (11, float("nan"), -1):
        with pytest.raises(ArgumentError, match="min_face must be at least 12"):
            EmotionRecognizer(folder, min_face=wrong)


class TestWhyNoFace:
    def test_smaller_than_sought(self, recognizer):
        picture = Image.fromarray(photograph()).resize((100, 50))
        wide = np.full((300, 400, 3), 90, np.uint8)
        wide[100:150, 100:200] = picture
        demanding = copy.copy(recognizer)
        demanding.min_face = 90
        assert demanding.recognize(wide) == ()
        said = demanding.why_no_face(wide)
        assert "smaller than 90 pixels: try --min-face " in said
        demanding.min_face = int(said.partition("min_face=")[2].partition(")")[0])
        assert len(demanding.recognize(wide)) == 2

    @pytest.mark.parametrize(
        ("quarters", "way"), [(1, "90 degrees to the right"), (2, "by 180 degrees")]
    )
    def test_turned(self, recognizer, monkeypatch, quarters, way):
        upright = photograph()[:, :300]
        whole = FaceDetector.detect
        monkeypatch.setattr(  # it finds some that are turned
            FaceDetector,
            "detect",
            lambda it, image: whole(it, image) if (image == upright).all() else (),
        )
        picture = np.rot90(upright, quarters)
        assert recognizer.recognize(picture) == ()
        assert f"turn the picture {way}" in recognizer.why_no_face(picture)

    def test_a_ready_crop(self, recognizer, tmp_path):
        crop = to_canonical(photograph()[40:260, 40:260])
        path = tmp_path / "crop.png"
        Image.fromarray(crop[10:58, 8:56]).save(path)  # as those of FER2013 are
        assert "looks like a ready crop of a face: try --crops" in (
            recognizer.why_no_face(path)
        )

    def test_nothing_that_trying_tells(self, recognizer):
        grey = np.full((300, 400), 128, np.uint8)
        assert "No face of 40 pixels or more" in recognizer.why_no_face(grey)


@pytest.mark.parametrize("kind", ["array", "PNG", "JPEG"])
def test_large_pictures_are_searched_in_a_copy(recognizer, monkeypatch, kind):
    picture = np.array(Image.fromarray(photograph()).resize((1500, 750)))
    source, memory = picture, io.BytesIO()
    if kind != "array":
        Image.fromarray(picture).save(memory, kind, quality=95)
        source = memory.getvalue()
    whole = recognizer.recognize(source)
    seen, detect = [], FaceDetector.detect
    monkeypatch.setattr(recognizing, "MOST_SEARCHED", 200_000)
    monkeypatch.setattr(
        FaceDetector,
        "detect",
        lambda it, image: (seen.append((image.shape, it.smallest)), detect(it, image))[
            1
        ],
    )
    found = recognizer.recognize(source)
    assert 199_000 < seen[0][0][0] * seen[0][0][1] < 201_000
    assert len(found) == len(whole) == 2
    for one in found:
        near = min(whole, key=lambda it: abs(it.face.box[0] - one.face.box[0])).face
        assert np.abs(np.subtract(one.face.box, near.box)).max() < 0.06 * near.box[3]
        assert np.hypot(*np.subtract(one.face.left_eye, near.left_eye)) < 12
    changed = copy.copy(recognizer)
    changed.min_face = 40
    changed.recognize(source)
    zoom = (1500 * 750 / 200_000) ** 0.5
    assert seen[1][1] == pytest.approx(40 / zoom, rel=0.01)
    assert seen[0][1] == 40


def test_a_large_picture_is_drawn_smaller(recognizer, monkeypatch):
    picture = photograph()
    found = recognizer.recognize(picture)
    monkeypatch.setattr(recognizing, "MOST_DRAWN", 300 * 600 // 4)
    drawn = annotate(picture, found)
    assert drawn.shape == (150, 300, 3)
    half = np.array(Image.fromarray(picture).reduce(2))
    x, _, width, _ = (side / 2 for side in found[0].face.box)
    columns = np.flatnonzero((drawn != half).any(axis=(0, 2)))
    middle = np.array(columns.min() < x + 3), columns.max() > x + width - 3
    assert all(middle)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_fifty_megapixels_and_a_close_up_in_500_megabytes(folder, tmp_path):
    face = Image.fromarray(photograph()[30:270, 30:270])
    picture = Image.new("RGB", (8192, 6144), (90, 90, 90))
    picture.paste(face.resize((900, 900)), (3000, 2000))
    picture.save(tmp_path / "a.jpg")
    picture.save(tmp_path / "b.png", compress_level=1)
    face.resize((4500, 4500)).save(tmp_path / "c.jpg")
    picture.resize((14000, 7000)).save(tmp_path / "d.jpg")
    code = """
import re, sys
from pathlib import Path
from emolib.recognizer import EmotionRecognizer
recognizer = EmotionRecognizer(sys.argv[1])
for path in sorted(Path(sys.argv[2]).iterdir()):
    found = recognizer.recognize(path)
    status = Path("/proc/self/status").read_text()
    peak = 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", status)[1])
    print(path.name, peak, len(found), found[0].face.box)
    assert len(found) == 1
    assert peak < 500e6
"""
    command = [sys.executable, "-c", code, str(folder), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr[-600:]


def test_reading_a_photograph_needs_no_tensorflow(folder):
    code = (
        "import sys, numpy as np; from emolib.recognizer import EmotionRecognizer; "
        "r = EmotionRecognizer(sys.argv[1]); "
        "r.recognize(np.zeros((90, 90), np.uint8)); "
        "r.predict_proba(np.zeros((1, 48, 48), np.uint8)); "
        "bad = {'tensorflow', 'keras', 'cv2', 'matplotlib'} & set(sys.modules); "
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)
