"""Finding faces, on frames whose true eyes the renderer knows."""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emolib.datasets import load
from emolib.faces import CROP, DetectorError, Face, FaceDetector, main_face
from emolib.faces import detection as detecting

ROOT = Path(__file__).resolve().parents[2]
DETECTOR = ROOT / "data" / "detector"
POINTS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")


@pytest.fixture(scope="module")
def detector():
    return FaceDetector()


@pytest.fixture(scope="module")
def frames():
    """Eight people on a panel: image (576, 720, 3), eyes and mouth (3, 2) in pixels."""
    synthesis = pytest.importorskip("emolib.synthesis")
    pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
    made = []
    for k in range(8):
        scene = synthesis.Scene(yaw=5.0 * (k - 4), pitch=2.0 * (k % 3), background=k)
        image, truth = synthesis.framed_face(
            synthesis.random_identity(k + 500),
            synthesis.express("happiness", 0.2 * (k % 5), seed=k),
            scene,
            size=110 + 20 * k,
            corner=(60 * k, 40 * k),
        )
        names = ("left_eye", "right_eye", "mouth")
        truth = [[truth[f"{name}_x"], truth[f"{name}_y"]] for name in names]
        made.append((image, np.array(truth)))
    return made


def errors(face, eyes: np.ndarray) -> np.ndarray:
    """Distances of both eyes from the true ones, in distances between the eyes."""
    distance = np.hypot(*(eyes[1] - eyes[0]))
    return np.linalg.norm([face.left_eye, face.right_eye] - eyes[:2], axis=1) / distance


def intersection_over_union(one, other) -> float:
    """Of two boxes (x, y, width, height)."""
    one, other = np.array(one), np.array(other)
    low = np.maximum(one[:2], other[:2])
    high = np.minimum(one[:2] + one[2:], other[:2] + other[2:])
    both = np.prod(np.maximum(high - low, 0))
    return both / (np.prod(one[2:]) + np.prod(other[2:]) - both)


class TestFinding:
    def test_the_face_its_eyes_and_nothing_else(self, detector, frames):
        found = []
        for image, truth in frames:
            (face,) = detector.detect(image)
            found.append(errors(face, truth))
            assert found[-1].max() < 0.12
            x, y, width, height = face.box
            assert (truth > [x, y]).all()
            assert (truth < [x + width, y + height]).all()
            mouth = np.mean([face.left_mouth, face.right_mouth], axis=0)
            assert np.hypot(*(mouth - truth[2])) < 0.3 * np.hypot(
                *(truth[1] - truth[0])
            )
            assert face.left_mouth[0] < face.nose[0] < face.right_mouth[0] or (
                abs(truth[:2, 0].mean() - face.nose[0]) > 3
            )
            assert 0.7 < face.score <= 1
        assert np.median(found) < 0.05

    def test_the_crop_has_the_eyes_where_they_belong(self, detector, frames):
        image, _ = frames[4]
        (face,) = detector.detect(image)
        crop = face.crop(image)
        assert (crop.shape, crop.dtype) == ((64, 64), np.uint8)
        (x, y), _ = CROP.eyes()
        dark = crop[int(y) - 3 : int(y) + 4, int(x) - 3 : int(x) + 4].min()
        assert dark < np.median(crop) - 20

    def test_several_faces_best_score_first(self, detector, frames):
        whole = np.hstack([image for image, _ in frames[:3]])
        faces = detector.detect(whole)
        assert len(faces) == 3
        scores = [face.score for face in faces]
        assert scores == sorted(scores, reverse=True)
        for k, (_, truth) in enumerate(frames[:3]):
            moved = truth + np.array([720 * k, 0])
            assert min(errors(face, moved).max() for face in faces) < 0.12

    def test_at_the_border_where_a_part_is_cut_off(self, detector, frames):
        found = []
        for image, truth in frames:
            distance = truth[1, 0] - truth[0, 0]
            left, right = truth[:2, 0] + np.array([-0.5, 0.5]) * distance
            top, bottom = truth[[0, 2], 1] + np.array([-0.6, 0.3]) * distance
            left, top = int(left), max(int(top), 0)
            for cut, shift in (
                (image[:, left:], [left, 0]),
                (image[:, : int(right)], [0, 0]),
                (image[top:], [0, top]),
                (image[: int(bottom)], [0, 0]),
            ):
                faces = detector.detect(cut)
                found.append(any(errors(f, truth - shift).max() < 0.2 for f in faces))
        assert np.mean(found) >= 0.9

    def test_grey_and_colour_agree(self, detector, frames):
        image, truth = frames[3]
        grey = np.array(Image.fromarray(image).convert("L"))
        (face,) = detector.detect(grey)
        assert errors(face, truth).max() < 0.12
        assert detector.detect(grey) == detector.detect(np.dstack([grey] * 3))

    def test_views_and_read_only_arrays(self, detector, frames):
        image, truth = frames[2]
        view = np.asfortranarray(image)
        view.setflags(write=False)
        assert detector.detect(view) == detector.detect(image)
        mirrored = image[:, ::-1]
        (face,) = detector.detect(mirrored)
        flipped = truth[[1, 0, 2]] * [-1, 1] + [720, 0]
        assert errors(face, flipped).max() < 0.12

    def test_strips_and_margins_make_no_difference(self, monkeypatch, frames):
        level = frames[1][0][None]
        detector = FaceDetector()
        whole = detector._run("pnet", level)
        for strip in (10_000, 77_777):
            monkeypatch.setattr(detecting, "_STRIP", strip)
            for one, other in zip(detector._slide(level), whole, strict=True):
                assert np.array_equal(one, other)
            odd = level[:, :223]
            assert np.array_equal(
                detector._slide(odd)[1], detector._run("pnet", odd)[1]
            )

    def test_windows_beyond_the_edge_are_those_of_a_picture_with_a_margin(self, frames):
        picture = Image.fromarray(frames[0][0])
        squares = np.array([[-40.3, -20.7, 90.9, 110.5], [9.2, 9.4, 60.1, 60.3],
                            [500.5, 300.25, 760.75, 561.0]])  # fmt: skip
        padded = Image.new("RGB", (720 + 84, 576 + 84), (128,) * 3)
        padded.paste(picture, (42, 42))
        boxes = (squares + 42).tolist()
        expected = [
            np.array(padded.resize((24, 24), Image.Resampling.BILINEAR, box=box))
            for box in boxes
        ]
        assert np.array_equal(detecting._patches(picture, squares, 24), expected)

    def test_smaller_faces_than_asked_for_are_not_sought(self, frames):
        image, truth = frames[0]
        small = np.array(Image.fromarray(image).resize((180, 144)))  # about 25 pixels
        assert FaceDetector(smallest=60).detect(small) == ()
        (face,) = FaceDetector(smallest=16).detect(small)
        assert errors(face, truth / 4).max() < 0.2

    def test_same_every_time(self, detector, frames):
        image, _ = frames[5]
        first = detector.detect(image)
        assert detector.detect(image) == first
        assert FaceDetector().detect(image) == first

    def test_higher_thresholds_keep_fewer(self, frames):
        image, _ = frames[1]
        assert len(FaceDetector(thresholds=(0.6, 0.7, 0)).detect(image)) >= 1
        assert FaceDetector(thresholds=(0.6, 0.7, 1)).detect(image) == ()


class TestNothingThere:
    @pytest.mark.parametrize(
        "shape",
        [
            (1, 1),
            (1, 1, 3),
            (11, 300),
            (5, 9000, 3),
            (40, 9000),
            (3000, 45),
            (576, 720),
        ],
    )
    @pytest.mark.parametrize("grey", [0, 128, 255])
    def test_blank_pictures_of_any_shape(self, detector, shape, grey):
        assert detector.detect(np.full(shape, grey, np.uint8)) == ()

    def test_boxes_turned_inside_out_do_no_harm(self):
        boxes = np.array([[30.0, 30, 20, 20], [5, 5, 25, 15]])
        squares = detecting._squares(boxes)
        assert squares.tolist() == [[24.5, 24.5, 25.5, 25.5], [5, 0, 25, 20]]
        patches = detecting._patches(Image.new("RGB", (40, 20)), squares, 24)
        assert patches.shape == (2, 24, 24, 3)

    def test_noise(self, detector):
        noise = np.random.default_rng(1).integers(0, 256, (300, 400, 3), dtype=np.uint8)
        assert detector.detect(noise) == ()


class TestCascade:
    def test_each_stage_keeps_fewer_and_the_last_is_what_is_detected(
        self, detector, frames
    ):
        image, truth = frames[6]
        stages = detector.cascade(image)
        assert [one.name for one in stages] == ["proposal", "refinement", "output"]
        counts = [len(one.boxes) for one in stages]
        assert counts[0] > counts[1] >= counts[2] == 1
        (face,) = detector.detect(image)
        assert tuple(stages[2].boxes[0]) == face.box
        assert stages[2].scores[0] == face.score
        points = [getattr(face, name) for name in POINTS]
        assert np.array_equal(stages[2].points[0], points)
        for stage, threshold in zip(stages, detector.thresholds, strict=True):
            n = len(stage.boxes)
            assert stage.boxes.shape == (n, 4)
            assert stage.points.shape == (n, 5, 2)
            assert (stage.scores > threshold).all()
            assert (np.diff(stage.scores) <= 0).all()
            assert (stage.boxes[:, 2:] > 0).all()
        assert np.isnan(stages[0].points).all()
        middles = stages[1].boxes[:, :2] + stages[1].boxes[:, 2:] / 2
        assert np.hypot(*(middles[0] - truth.mean(axis=0))) < 40

    def test_nothing_leaves_empty_stages_of_the_right_shape(self, detector):
        for stage in detector.cascade(np.zeros((100, 100), np.uint8)):
            assert stage.boxes.shape == (0, 4)
            assert stage.points.shape == (0, 5, 2)

    def test_the_pyramid_shrinks_until_a_window_no_longer_fits(self, detector):
        sizes = [
            level.size for level in detector._pyramid(Image.new("RGB", (720, 576)))
        ]
        assert sizes[0] == (216, 173)
        assert 12 <= min(sizes[-1]) < 12 / detecting.SHRINK + 1
        ratios = np.divide(sizes[1:], sizes[:-1])
        assert np.allclose(ratios, detecting.SHRINK, atol=0.04)


class TestSuppression:
    BOXES = np.array(
        [[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10], [2, 2, 5, 5]], float
    )

    def test_the_better_of_two_that_overlap_stays(self):
        scores = np.array([0.8, 0.9, 0.5, 0.7])
        assert detecting._suppress(self.BOXES, scores, 0.5).tolist() == [1, 3, 2]
        assert detecting._suppress(self.BOXES, scores, 0.9).tolist() == [1, 0, 3, 2]

    def test_overlap_with_the_smaller_box(self):
        scores = np.array([0.8, 0.9, 0.5, 0.7])
        kept = detecting._suppress(self.BOXES, scores, 0.5, smaller=True)
        assert kept.tolist() == [1, 2]

    def test_equal_scores_keep_the_first_and_nothing_stays_nothing(self):
        kept = detecting._suppress(self.BOXES[:2], np.ones(2), 0.5)
        assert kept.tolist() == [0]
        assert len(detecting._suppress(np.empty((0, 4)), np.empty(0), 0.5)) == 0


class TestBadInput:
    @pytest.mark.parametrize(
        "image",
        [
            np.zeros((9, 9), np.float32),
            np.zeros((9, 9, 2), np.uint8),
            np.zeros((2, 9, 9, 3), np.uint8),
            np.zeros((0, 9), np.uint8),
        ],
    )
    def test_not_a_picture(self, detector, image):
        with pytest.raises(ValueError, match=r"picture is .*received"):
            detector.detect(image)

    def test_transparency_is_ignored(self, detector, frames):
        image, _ = frames[0]
        alpha = np.zeros((*image.shape[:2], 1), np.uint8)
        colour = np.stack([image] * 3, axis=2) if image.ndim == 2 else image
        found = detector.detect(np.concatenate([colour, alpha], axis=2))
        assert found == detector.detect(image)

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"smallest": 11}, "smallest must be at least 12 pixels; received 11"),
            ({"smallest": float("nan")}, "smallest must"),
            ({"thresholds": (0.5, 0.5)}, "thresholds are three"),
            ({"thresholds": (0.5, 0.5, 2)}, "thresholds are three"),
        ],
    )
    def test_settings_out_of_range(self, settings, message):
        with pytest.raises(ValueError, match=message):
            FaceDetector(**settings)

    def test_a_face_does_not_change(self, detector, frames):
        (face,) = detector.detect(frames[0][0])
        with pytest.raises(FrozenInstanceError):
            face.score = 1.0


class TestFiles:
    @pytest.fixture
    def folder(self, tmp_path, monkeypatch):
        shutil.copytree(DETECTOR, tmp_path / "detector")
        monkeypatch.setenv("EMOLIB_DATA", str(tmp_path))
        return tmp_path / "detector"

    def test_they_are_those_the_card_describes(self):
        card = json.loads((DETECTOR / "card.json").read_text(encoding="utf-8"))
        for name, digest in card["sha256"].items():
            content = (DETECTOR / name).read_bytes()
            assert hashlib.sha256(content).hexdigest() == digest
        assert set(card["sha256"]) == {"pnet.onnx", "rnet.onnx", "onet.onnx"}
        assert "MIT License" in (DETECTOR / "LICENSE").read_text(encoding="utf-8")
        assert "Iván de Paz Centeno" in card["licence"]

    @pytest.mark.parametrize("name", ["pnet.onnx", "rnet.onnx", "onet.onnx"])
    def test_altered_or_missing_networks(self, folder, name):
        content = bytearray((folder / name).read_bytes())
        content[-9] ^= 1
        (folder / name).write_bytes(content)
        expected = rf"{name} .*altered.*git checkout data/detector.*install"
        with pytest.raises(DetectorError, match=expected):
            FaceDetector()
        (folder / name).unlink()
        with pytest.raises(DetectorError, match=rf"{name} is missing.*git checkout"):
            FaceDetector()

    @pytest.mark.parametrize("text", ["{", "{}", "[]", '{"sha256": {}}'])
    def test_damaged_card(self, folder, text):
        (folder / "card.json").write_text(text)
        with pytest.raises(
            DetectorError, match=r"card\.json is missing or not readable"
        ):
            FaceDetector()

    def test_no_files_at_all(self, tmp_path, monkeypatch):
        monkeypatch.setenv("EMOLIB_DATA", str(tmp_path))
        with pytest.raises(DetectorError, match=r"card\.json is missing.*git checkout"):
            FaceDetector()


def test_detection_imports_neither_tensorflow_nor_opencv():
    code = (
        "import sys, numpy as np; from emolib.faces import FaceDetector, read_picture; "
        "assert 'onnxruntime' not in sys.modules; "
        "FaceDetector().detect(np.zeros((90, 90), np.uint8)); "
        "found = {'tensorflow', 'keras', 'cv2', 'mtcnn', 'torch'} & set(sys.modules); "
        "assert not found, found"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


@pytest.fixture(scope="module")
def original():
    pytest.importorskip("tensorflow", reason="mtcnn needs TensorFlow")
    mtcnn = pytest.importorskip("mtcnn", reason="mtcnn is in the extra 'test'")
    return mtcnn.MTCNN()


class TestAgreementWithThePackage:
    """The package `mtcnn`, from which the weights come, runs on TensorFlow."""

    @pytest.mark.parametrize(("k", "side"), [(0, 60), (0, 45), (1, 24), (2, 48)])
    def test_each_network_gives_the_same_numbers(self, detector, original, k, side):
        images = np.random.default_rng(side).integers(0, 256, (3, side, side, 3))
        images = images.astype(np.uint8)
        ours = detector._run(detecting.NETWORKS[k], images)
        theirs = original.stages[k].model((images.astype(np.float32) - 127.5) / 128)
        for one, other in zip(ours, theirs, strict=True):
            other = np.array(other)
            if other.ndim == 4:
                other = other.transpose(0, 3, 1, 2)
            assert one.shape == other.shape
            assert np.allclose(one, other, atol=2e-5)

    def test_the_same_faces_in_the_same_places(self, original, frames):
        """Windows are cut without aliasing here, which moves points a little."""
        detector = FaceDetector(smallest=20, thresholds=(0.6, 0.7, 0.8), mirror=False)
        moved, shared, ours_off, theirs_off = [], [], [], []
        for image, truth in frames:
            (face,) = detector.detect(image)
            (other,) = original.detect_faces(  # min_face_size=40 fails under Keras 3
                image, min_face_size=20, output_type="numpy", fit_to_image=False
            )
            points = np.array([getattr(face, name) for name in POINTS])
            others = np.stack([other[6:11], other[11:16]], axis=1)
            moved.append(np.linalg.norm(points - others, axis=1) / face.box[2])
            assert face.score == pytest.approx(other[5], abs=0.05)
            shared.append(intersection_over_union(face.box, other[1:5]))
            eyes = truth[:2]
            ours_off.append(np.linalg.norm(points[:2] - eyes, axis=1) / face.box[2])
            theirs_off.append(np.linalg.norm(others[:2] - eyes, axis=1) / face.box[2])
        print("moved by, in widths of the box:", np.median(moved), np.max(moved))
        print(
            "boxes shared:", np.round(shared, 2), np.mean(ours_off), np.mean(theirs_off)
        )
        assert np.median(moved) < 0.02
        assert np.max(moved) < 0.08
        assert np.median(shared) > 0.9
        assert np.min(shared) > 0.8
        assert np.mean(ours_off) < np.mean(theirs_off) + 0.005


def test_conversion_gives_the_committed_bytes(tmp_path, monkeypatch):
    for name in ("mtcnn", "onnx", "joblib", "lz4"):
        pytest.importorskip(name, reason=f"{name} is in the extras 'test' and 'export'")
    path = ROOT / "scripts" / "convert_mtcnn.py"
    spec = importlib.util.spec_from_file_location("convert_mtcnn", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "PROJECT", tmp_path)
    monkeypatch.setattr(script, "TARGET", tmp_path / "detector")
    assert script.main() == 0
    for path in DETECTOR.iterdir():
        assert (tmp_path / "detector" / path.name).read_bytes() == path.read_bytes()


def test_faces_in_photographs(detector):
    default = ROOT.parent / "shared" / "data"
    path = Path(os.environ.get("EMOLIB_FER2013", default))
    if not path.exists():
        pytest.skip(f"EMOLIB_FER2013 is not set and {default} does not exist")
    faces = load("fer2013", path).part("train").images[:400:10]
    found = 0
    for image in faces:
        frame = np.full((300, 300), 128, np.uint8)
        frame[70:230, 70:230] = np.array(Image.fromarray(image).resize((160, 160)))
        for face in detector.detect(frame):
            x, y, width, height = face.box
            found += 120 < x + width / 2 < 180 and 120 < y + height / 2 < 190
    assert found >= 0.8 * len(faces)


def test_the_main_face_is_large_central_and_sure():
    def face(x, y, side, score=0.99):
        return Face((x, y, side, side), score, *[(x, y)] * 5)

    shape = (576, 720, 3)
    speaker = face(250, 180, 200)
    assert main_face((), shape) is None
    assert main_face((face(0, 0, 60), speaker), shape) == speaker
    assert main_face((face(600, 400, 210), speaker), shape) == speaker
    assert main_face((face(250, 150, 300, 0.6), speaker), shape) == speaker
