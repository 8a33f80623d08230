"""A stand-in for eNTERFACE'05: its folders, file names and kind of video, no people.

The real corpus (Martin et al. 2006, doi:10.1109/ICDEW.2006.145) must not be passed on.
This tree has the same irregularities and rendered faces; what each file holds is in
``truth.csv``, which is written from the plan, not from the tree.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import groupby
from operator import attrgetter, itemgetter
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

from emolib.datasets.corpus import table_bytes
from emolib.emotions import EMOTIONS, get_emotion
from emolib.errors import ArgumentError
from emolib.faces.video import require_av
from emolib.files import write_whole
from emolib.parallel import process_map
from emolib.synthesis.clips import draw_clip
from emolib.synthesis.people.identity import random_identity
from emolib.synthesis.renderer import render_with_truth
from emolib.synthesis.scene import Difficulty

DATABASE, TRUTH = "enterface database", "truth.csv"
SUBJECTS = tuple(range(1, 45))
#: Eight subjects that have all the irregularities between them.
IRREGULAR = (3, 5, 6, 11, 12, 16, 20, 23)

WIDTH, HEIGHT, RATE = 720, 576, 25
SOUND = 8000  # samples per second
FACES = 5  # rendered for a clip; each is shown for several frames
PATCH = 224  # side of a rendered face with its shoulders, pixels, before it is enlarged
FIRST_SEED = 90_000
EYES = ("left_eye_x", "left_eye_y", "right_eye_x", "right_eye_y")

ODD_FOLDERS = {
    (5, "anger"): "Anger", (5, "disgust"): "disgust ", (5, "happiness"): "HAPPINESS ",
    (20, "surprise"): "Surprise",
}  # fmt: skip
#: Files and folders that are no clips; folders end in /.
BYSTANDERS = {
    12: (".DS_Store",),
    20: ("neutral/", "anger/Thumbs.db", "fear/sentence 1/Thumbs.db"),
}

#: A laboratory: constant light, the speaker before the camera, nothing in the way.
LABORATORY = Difficulty(
    identity_spread=0.2, yaw=7.0, pitch=4.0, roll=3.0, light_azimuth=20.0,
    light_elevation=8.0, light_contrast=(0.2, 0.6), exposure=0.1, shift=0.0, scale=0.0,
    blur=(0.002, 0.004), noise=(0.0, 0.0), sunglasses=0.0, mask=0.0, hand=0.0,
    backlight=0.0, jpeg=0.0, gaze=0.15, peak=(0.75, 1.0), speech=0.5,
)  # fmt: skip


@dataclass(frozen=True)
class Take:
    """One video of the stand-in, and what is true of it."""

    path: str  # below the stand-in's folder, with /
    subject: int  # 1 to 44, the number of the folder
    emotion: str
    sentence: int | None  # None for the unsegmented sessions of subject 6
    frames: int

    @property
    def usable(self) -> bool:
        """Whether the clip belongs to the clean corpus of 42 subjects."""
        return self.subject not in (6, 23)


def write_standin(
    folder: str | Path, subjects: Iterable[int] = SUBJECTS, *, sentences: int = 5,
    seconds: float = 1.4, workers: int = 1, progress: bool = False,
) -> Path:  # fmt: skip
    """Write videos in the form of eNTERFACE'05; return `folder`.

    It gets ``enterface database/subject N/<emotion>/sentence M/sN_<xx>_M.avi`` for the
    chosen `subjects`, 1 to 44, 1 to 5 `sentences` per emotion and 0.5 to 60 `seconds`
    per clip (the real ones last 1.1 to 5.4); at the very end ``truth.csv``, one row per
    video: path, subject, emotion, sentence, whether it is ``usable``, number of frames,
    and the pupils (pixels) in its middle frame. The result does not depend on
    `workers`. A finished stand-in of the same settings is left as it is, one that was
    interrupted is written again. Raises ValueError if a number is out of range, or
    `folder` holds something else, and ImportError if PyAV is missing.
    """
    require_av()
    folder, chosen = Path(folder), sorted(set(subjects))
    if not chosen or not set(chosen) <= set(SUBJECTS):
        raise ArgumentError(f"subjects must lie in 1 to 44; received {chosen}.")
    if not 1 <= sentences <= 5:
        raise ArgumentError(f"sentences must lie in 1 to 5; received {sentences}.")
    if not 0.5 <= seconds <= 60:
        raise ArgumentError(f"seconds must lie in 0.5 to 60; received {seconds}.")
    takes = [t for n in chosen for t in _plan(n, sentences, seconds)]
    if _finished(folder, takes):
        return folder
    for name in _bystanders(chosen):
        _write_bystander(folder / DATABASE / name)
    # a subject's emotion at a time: the person is dressed once
    groups = [list(g) for _, g in groupby(takes, attrgetter("subject", "emotion"))]
    done = process_map(partial(_film_group, folder), groups, workers)
    bar = tqdm(done, total=len(groups), unit="session", disable=not progress)
    rows = [row for _, group in sorted(bar, key=itemgetter(0)) for row in group]
    write_whole(folder / TRUTH, table_bytes(pd.DataFrame(rows)))
    return folder


def damage_standin(folder: str | Path, subject: int) -> dict[str, str]:
    """Spoil clips of one subject of a finished stand-in, as downloads and copies do.

    The first clip of anger is cut short, of disgust emptied, of fear replaced by text,
    of happiness by a video without a face. Returns the path of each spoilt clip ->
    ``"truncated"``, ``"empty"``, ``"text"`` or ``"faceless"``.
    """
    folder, spoilt = Path(folder), {}
    truth = pd.read_csv(folder / TRUTH)
    first = truth[truth["subject"] == subject].groupby("emotion")["path"].first()
    kinds = ("truncated", "empty", "text", "faceless")
    for emotion, kind in zip(EMOTIONS, kinds, strict=False):
        path = folder / first[emotion]
        if kind == "truncated":
            data = path.read_bytes()
            path.write_bytes(data[: len(data) * 2 // 5])
        elif kind == "faceless":
            panel = np.full((HEIGHT, WIDTH, 3), 96, np.uint8)
            _write_video(path, iter([panel] * 30))
        else:
            path.write_bytes(b"" if kind == "empty" else b"This is no video.\n" * 50)
        spoilt[first[emotion]] = kind
    return spoilt


def _plan(subject: int, sentences: int, seconds: float) -> Iterator[Take]:
    """Yield the videos of one subject, irregular names and folders included."""
    for emotion in EMOTIONS:
        code = get_emotion(emotion).code
        shown = ODD_FOLDERS.get((subject, emotion), emotion)
        inner = f"{DATABASE}/subject {subject}/{shown}"
        if subject == 6:  # one unsegmented session per emotion
            frames = _length(subject, emotion, 0, 3 * seconds)
            yield Take(f"{inner}/s6_{code}.avi", subject, emotion, None, frames)
            continue
        for sentence in range(1, sentences + 1):
            if subject == 23 and emotion == "happiness" and sentence > sentences - 3:
                continue
            name = f"s{subject}_{code}_{sentence}.avi"
            if subject == 11:
                name = f"s12_{code}_{sentence}.avi"
            elif subject == 3 and sentence < 4 + (emotion in EMOTIONS[:4]):
                name = f"s_3_{code}_{sentence}.avi"  # on 22 of 30 files
            elif subject == 16 and (code, sentence) == ("su", min(3, sentences)):
                name = f"s16_su_{sentence}avi.avi"
            below = f"sentence {sentence}"
            if subject == 5 and emotion in ("fear", "sadness"):
                below += f"/sentence {sentence}" if sentence % 2 else "/new folder"
            frames = _length(subject, emotion, sentence, seconds)
            yield Take(f"{inner}/{below}/{name}", subject, emotion, sentence, frames)


def _length(subject: int, emotion: str, sentence: int, seconds: float) -> int:
    rng = np.random.default_rng([subject, EMOTIONS.index(emotion), sentence, 21])
    return round(RATE * seconds * rng.uniform(0.9, 1.1))


def _bystanders(subjects: list[int]) -> list[str]:
    return [f"subject {n}/{name}" for n in subjects for name in BYSTANDERS.get(n, ())]


def _write_bystander(path: Path) -> None:
    if path.suffix or path.name.startswith("."):
        write_whole(path, b"\xd0\xcf\x11\xe0 not a video")
    else:
        path.mkdir(parents=True, exist_ok=True)


def _finished(folder: Path, takes: list[Take]) -> bool:
    if not folder.exists():
        return False
    if not folder.is_dir():
        raise ArgumentError(f"{folder} is a file; name a folder for the stand-in.")
    if strange := {p.name for p in folder.iterdir()} - {DATABASE, TRUTH}:
        what = f"{folder} holds {min(strange)!r}, which is no part of a stand-in"
        raise ArgumentError(f"{what}; name a new folder.")
    if not (folder / TRUTH).is_file():
        return False
    known = pd.read_csv(folder / TRUTH)[["path", "frames"]].to_numpy().tolist()
    if sorted(known) != sorted([take.path, take.frames] for take in takes):
        what = f"{folder} holds a stand-in of other settings"
        raise ArgumentError(f"{what}; name a new folder.")
    return True


def _film_group(folder: Path, takes: list[Take]) -> list[dict]:
    return [_film(folder, take) for take in takes]


def _film(folder: Path, take: Take) -> dict:
    """Render the faces of one take, write its video, return its row of the truth."""
    spread, number = LABORATORY.identity_spread, take.sentence or 0
    person = random_identity(FIRST_SEED + take.subject, spread=spread)
    drawn = draw_clip(person, take.emotion, number, LABORATORY, frames=FACES)
    label = EMOTIONS.index(take.emotion)
    rng = np.random.default_rng([take.subject, label, number, 22])
    seat = np.random.default_rng([take.subject, 23])  # the same in every take
    side = round(PATCH * seat.uniform(1.6, 2.3))
    # left edge and top of the face's square: off the middle, and moving, pixels
    left = (WIDTH - side) * seat.uniform(0.1, 0.9)
    start = left, HEIGHT - side * seat.uniform(0.9, 1)
    reach, phase = rng.uniform(4, 22, 2), rng.uniform(0, 2 * np.pi, 2)
    times = np.arange(take.frames)[:, None] / take.frames
    sway = start + rng.uniform(-12, 12, 2) + reach * np.sin(2 * np.pi * times + phase)
    places = np.rint(sway).astype(int)  # (frames, 2)
    shown = (np.arange(take.frames) * FACES) // take.frames

    # what lies outside the square goes on as at its edge: the panel, the shoulders
    before = np.maximum(places.max(axis=0), 0)
    after = np.maximum((WIDTH - side, HEIGHT - side) - places.min(axis=0), 0)
    margins = ((before[1], after[1]), (before[0], after[0]), (0, 0))
    faces, eyes = [], []
    for frame in drawn:
        scene = replace(frame.scene, background=None, scale=0.5)
        shape = {"size": PATCH, "colour": True}
        image, truth = render_with_truth(person, frame.expression, scene, **shape)
        large = Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)
        faces.append(np.pad(np.asarray(large), margins, "edge"))
        eyes.append([truth[name] * side for name in EYES])

    def pictures() -> Iterator[np.ndarray]:
        for face, (left, top) in zip(shown, before - places, strict=True):
            yield faces[face][top : top + HEIGHT, left : left + WIDTH]

    path = folder / take.path
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_video(path, pictures())
    middle = take.frames // 2
    pupils = np.array(eyes[shown[middle]]) + np.tile(places[middle], 2)
    return {
        "path": take.path, "subject": take.subject, "emotion": take.emotion,
        "sentence": "" if take.sentence is None else take.sentence,
        "usable": take.usable, "frames": take.frames,
        **{n: f"{v:.2f}" for n, v in zip(EYES, pupils, strict=True)},
    }  # fmt: skip


def _write_video(path: Path, pictures: Iterator[np.ndarray]) -> None:
    """Write MPEG-4 video and a tone as sound into an AVI file, the same every time."""
    av = require_av()
    with av.open(str(path), "w", format="avi", options={"fflags": "+bitexact"}) as file:
        video = file.add_stream("mpeg4", rate=RATE)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.bit_rate, video.codec_context.thread_count = 1_500_000, 1
        sound = file.add_stream("pcm_s16le", rate=SOUND, layout="mono")
        seconds = np.arange(SOUND // RATE) / SOUND
        tone = np.int16(2000 * np.sin(2 * np.pi * 200 * seconds))[None]  # of one frame
        for k, picture in enumerate(pictures):
            picture = np.ascontiguousarray(picture)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = k, Fraction(1, RATE)
            file.mux(video.encode(frame))
            heard = av.AudioFrame.from_ndarray(tone, "s16", "mono")
            heard.sample_rate, heard.pts = SOUND, k * SOUND // RATE
            file.mux(sound.encode(heard))
        file.mux(video.encode())
        file.mux(sound.encode())
