"""From a picture to an answer: probabilities, a photograph's way, a domain gap."""

import numpy as np

from diagrams.pen import Drawing, embedded, number, per_cent
from emolib import EMOTIONS
from emolib.faces import CROP


def bars(d: Drawing, y: float, shares: np.ndarray, x: float = 10) -> None:
    """Draw six probabilities below `y`, in the colours of the emotions."""
    for k, (name, share) in enumerate(zip(EMOTIONS, shares, strict=True)):
        top = y + 17 * k
        d.text(x, top + 11, name)
        d.rect(x + 74, top + 1, max(1, 190 * float(share)), 12, name)
        d.text(x + 80 + 190 * float(share), top + 11, per_cent(share), "note quiet")


def photograph() -> Drawing:
    """Draw the way from a photograph to a box, to the crop, to six numbers."""
    from emolib.recognizer import EmotionRecognizer
    from emolib.synthesis import Scene, express, random_identity, render

    scene = Scene(background=193, roll=-14, scale=0.5, shift_x=0.1, shift_y=0.02, yaw=6)
    picture = render(random_identity(17), express("happiness", 0.45, seed=17), scene,
                     size=240, colour=True)  # fmt: skip
    (found,) = EmotionRecognizer().recognize(picture)
    scale = 200 / 240
    eyes = np.array([found.face.left_eye, found.face.right_eye])
    d = Drawing(400)
    d.text(10, 20, "photograph (here rendered)", "head")
    d.image(10, 30, 200, 200, embedded(picture, 70))
    x, y, width, height = (scale * one for one in found.face.box)
    d.rect(10 + x, 30 + y, width, height, "alert-line thick")
    along = (eyes[1] - eyes[0]) / CROP.interocular  # the side of the crop
    down = np.array([-along[1], along[0]])
    corner = eyes.mean(axis=0) - along / 2 - CROP.eye_line * down
    square = [corner, corner + along, corner + along + down, corner + down]
    d.curve([(10 + scale * px, 30 + scale * py) for px, py in square],
            "accent-line thick", close=True)  # fmt: skip
    for px, py in eyes:
        d.circle(10 + scale * px, 30 + scale * py, 6, "accent-line thick")
    d.comment("The crop, and where it has the eyes.")
    side = 120
    d.text(250, 104, "crop, 64 × 64", "head")
    d.image(250, 110, side, side, embedded(found.face.crop(picture)))
    d.rect(250, 110, side, side, "accent-line thick")
    line = 110 + CROP.eye_line * side
    for share in (-0.5, 0.5):
        d.circle(250 + side * (0.5 + share * CROP.interocular), line, 8,
                 "accent-line")  # fmt: skip
    d.path("M214 170H246", "line", "")
    d.path("M224 36h18", "alert-line thick")
    d.text(250, 40.5, "box, by the detector")
    d.circle(233, 55, 6, "accent-line thick")
    d.text(250, 59.5, "both eyes")
    d.path("M224 74h18", "accent-line thick")
    d.text(250, 78.5, "what is cut out")
    d.path("M310 234V264", "line", "")
    d.text(10, 252, "Turned and scaled until the eyes are", "note quiet")
    d.text(10, 268, f"level, {per_cent(CROP.eye_line)} from the top and "
           f"{per_cent(CROP.interocular, 1)} apart", "note quiet")  # fmt: skip
    d.text(370, 310, "read as it is", "note quiet end")
    d.text(370, 326, "and mirrored", "note quiet end")
    bars(d, 288, found.probabilities)
    return d


def noise() -> Drawing:
    """Draw a picture of nothing, and the six bars that have to be filled in."""
    snow = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    d = Drawing(174)
    d.text(10, 20, "64 × 64 pixels of noise", "head")
    d.image(10, 30, 132, 132, embedded(snow))
    d.path("M150 96H178", "line", "")
    d.text(190, 20, "what does it say?", "head")
    for k, name in enumerate(EMOTIONS):
        y = 30 + 23 * k
        d.text(190, y + 13, name)
        d.rect(264, y + 2, 86, 13, "thin dashed")
        d.text(370, y + 13, "?", "end alert")
    return d


def mark(d: Drawing, x: float, y: float, emotion: str, full: bool) -> None:
    """Draw one face as a mark: a circle for happiness, a triangle for anger."""
    look = f"line {emotion}" if full else "line on-paper"
    if emotion == "happiness":
        d.circle(x, y, 4.5, look)
    else:
        d.path(f"M{number(x - 5)} {number(y + 4)}h10l-5 -9z", look)


def domain_gap() -> Drawing:
    """Draw one shift in two networks: across the border, and along it."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(2)
    happy = np.arange(20) % 2 == 0
    base = np.stack([np.where(happy, 1.0, -1.0), np.zeros(20)], axis=1)
    rendered, fresh = (base + rng.normal(0, 0.32, (20, 2)) for _ in range(2))
    d = Drawing(344)
    for x0, title, shift in ((10, "across the border", (1.15, 0.0)),
                             (200, "along the border", (0.0, 1.9))):  # fmt: skip
        photographs = fresh + shift

        def place(point: np.ndarray, x0: float = x0) -> tuple[float, float]:
            return x0 + 84 + 32 * (point[0] - 0.45), 178 - 38 * (point[1] + 0.85)

        d.text(x0, 20, f"shift {title}", "head")
        border = place(np.zeros(2))[0]
        d.rect(x0, 32, border - x0, 176, "on-raised")
        d.rect(x0, 32, 170, 176, "thin")
        d.path(f"M{number(border)} 32V208", "line")
        d.text(border - 6, 202, "anger", "note end quiet")
        d.text(border + 6, 202, "happiness", "note quiet")
        for points, full in ((rendered, True), (photographs, False)):
            for point, smiles in zip(points, happy, strict=True):
                mark(d, *place(point), "happiness" if smiles else "anger", full)
        start = np.array([-0.6, -0.75] if shift[0] else [1.75, 0.0])
        ends = [place(start), place(start + shift)]
        d.path("M" + "L".join(f"{number(x)} {number(y)}" for x, y in ends),
               "alert-line thick", "alert")  # fmt: skip
        worlds = np.repeat([0, 1], 20)
        both = np.concatenate([rendered, photographs])
        judge = LogisticRegression().fit(both, worlds).score(both, worlds)
        named = [((one[:, 0] > 0) == happy).mean() for one in (rendered, photographs)]
        for line, (words, share, look) in enumerate(
            (
                ("rendered: right", named[0], ""),
                ("photographs: right", named[1], "head"),
                ("told apart by a judge", judge, "quiet"),
            )
        ):
            d.text(x0, 230 + 19 * line, words, "note quiet" if line == 2 else "note")
            d.text(x0 + 170, 230 + 19 * line, per_cent(share), f"end {look}")
    d.path("M10 284H370", "thin")
    for k, (emotion, full, words) in enumerate(
        (
            ("anger", True, "anger, rendered"),
            ("anger", False, "anger, photograph"),
            ("happiness", True, "happiness, rendered"),
            ("happiness", False, "happiness, photograph"),
        )
    ):
        x, y = 18 + 170 * (k // 2), 306 + 22 * (k % 2)
        mark(d, x, y, emotion, full)
        d.text(x + 14, y + 4.5, words, "note")
    return d


def preparation() -> Drawing:
    """Draw what has to be decided between a clip of a corpus and a labelled crop."""
    from tempfile import TemporaryDirectory

    from emolib.datasets.enterface05 import find_clips
    from emolib.datasets.enterface05.archive import Archive
    from emolib.datasets.enterface05.standin import write_standin
    from emolib.faces import FaceDetector, main_face
    from emolib.faces.video import sample_frames

    with TemporaryDirectory() as folder:
        archive = Archive(write_standin(folder, (12,), sentences=1, seconds=0.8))
        clip = next(one for one in find_clips(archive).clips
                    if one.emotion == "surprise")  # fmt: skip
        video = archive.read(clip.file)
    frames = sample_frames(video, 8, "whole").images
    picture = frames[4]
    high, wide = picture.shape[:2]
    face = main_face(FaceDetector(smallest=80).detect(picture), picture.shape)
    d = Drawing(384)
    d.text(10, 20, "1  which frames?", "head")
    for k, frame in enumerate(frames):
        x, used = 10 + 45.5 * k, 2 <= k < 6
        d.image(x, 30, 41.5, 33.2, embedded(frame[::5, ::5], 60))
        d.rect(x, 30, 41.5, 33.2, "alert-line thick" if used else "thin")
    d.text(10, 80, "eight frames of one clip; in red, its middle half", "note quiet")
    d.path("M190 86V110", "line", "")
    scale = 190 / wide
    d.text(10, 108, "2  where is the face?", "head")
    d.image(10, 118, 190, high * scale, embedded(picture[::2, ::2], 65))
    x, y, width, height = (scale * one for one in face.box)
    d.rect(10 + x, 118 + y, width, height, "alert-line thick")
    for px, py in (face.left_eye, face.right_eye):
        d.circle(10 + scale * px, 118 + scale * py, 4, "accent-line thick")
    d.path("M206 194H236", "line", "")
    d.text(244, 108, "3  what is cut out?", "head")
    d.image(244, 118, 126, 126, embedded(face.crop(picture)))
    d.rect(244, 118, 126, 126, "accent-line thick")
    d.text(244, 262, "64 × 64, by the eyes", "note quiet")
    d.text(10, 300, "4  whose face, which label?", "head")
    for line, part in enumerate((*clip.file.split("/")[1:3], "...")):
        d.text(10, 320 + 17 * line, f"{part}/" if line < 2 else part, "code accent")
    d.text(10, 371, clip.file.split("/")[-1], "code alert")
    d.text(200, 328, "by the folders,")
    d.text(200, 346, "or by the file's name?")
    return d
