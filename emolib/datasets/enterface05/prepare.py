"""From the videos of eNTERFACE'05 to a data set of faces, once, on all cores.

::

    DEST/work/        one finished file per clip, so that a run can be taken up again
    DEST/corpus/      the faces, in the form of `emolib.datasets.corpus`
    DEST/report.json  what was found, taken, skipped and missing

The file of a clip appears whole, under a name that holds the settings and the checksum
of its video, so that a run that was interrupted goes on and ends in the same bytes.
"""

import faulthandler
import json
import multiprocessing
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from itertools import product, starmap
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np
import pandas as pd
from tqdm import tqdm

from emolib.datasets.corpus import RECORD, write_corpus
from emolib.datasets.enterface05.archive import Archive
from emolib.datasets.enterface05.clips import (
    ArchiveClip,
    Survey,
    clip_name,
    find_clips,
    subject_name,
)
from emolib.datasets.enterface05.report import make_report
from emolib.datasets.face_dataset import DatasetError
from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError, EmolibError
from emolib.faces import CROP, Face, FaceDetector, main_face
from emolib.faces.video import (
    SECONDS,
    SlowVideoError,
    VideoError,
    check_policy,
    require_av,
    sample_frames,
)
from emolib.files import sha256, whole_file, write_whole
from emolib.parallel import process_map
from emolib.paths import data_folder

VERSION = 1  #: Changes whenever the same video and settings give other faces.
WEBP_QUALITY = 90
SPLIT_SEED = 2006  #: Of the split that is stored.
#: Fewer processes than two cannot be ended one by one; more than four gain little and
#: cost memory.
LEAST_WORKERS, MOST_WORKERS = 2, 4
PATIENCE = SECONDS + 10  #: After so many seconds in one frame a process is ended.
#: How the detector looks for faces; names of finished clips hold it.
DETECTOR = {"thresholds": (0.6, 0.7, 0.7), "mirror": True}


class NoFaceError(DatasetError):
    """No frame of a clip shows a face."""


@dataclass(frozen=True)
class Settings:
    """How faces are taken out of videos; ValueError if a setting is out of range."""

    frames: int = 10  # per clip, 1 to 100
    policy: str = "middle"  # which part of a clip: see `sample_frames`
    # Side of the smallest face to look for, 20 to 400 pixels. Twice as large is about
    # three times as fast.
    smallest: int = 80

    def __post_init__(self):
        """Check the ranges."""
        check_policy(self.policy)
        for name, low, high in (("frames", 1, 100), ("smallest", 20, 400)):
            if not low <= (value := getattr(self, name)) <= high:
                what = f"{name} must lie in {low} to {high}"
                raise ArgumentError(f"{what}; received {value}.")


class ClipFaces(NamedTuple):
    """The faces of one clip, one per sampled frame."""

    images: np.ndarray  # uint8 (frames, 64, 64), canonical crops, grey, 0-255
    detected: np.ndarray  # bool (frames,): found, or the nearest one stands in
    score: np.ndarray  # float64 (frames,), the detector's; NaN where none was found
    interocular: np.ndarray  # float64 (frames,), pixels of the video, or NaN
    faces: np.ndarray  # int64 (frames,), number of faces found
    time: np.ndarray  # float64 (frames,), seconds from the beginning of the clip


class FrameFace(NamedTuple):
    """The face that a frame is about, if one was found."""

    faces: int  # number found
    face: Face | None
    image: np.ndarray | None  # uint8 (64, 64)


class Failure(NamedTuple):
    """Why a clip is not in the data set."""

    # "video" does not decode, no "face"; tried again by the next run: "source" is
    # unreadable, "slow", "memory" is full, "crash"
    kind: str
    reason: str


class Task(NamedTuple):
    """A clip to be made, and the file that it becomes."""

    clip: ArchiveClip
    path: Path


def find_face(detector: FaceDetector, image: np.ndarray) -> FrameFace:
    """Find, choose and cut out the face of a frame, uint8 (height, width, 3)."""
    faces = detector.detect(image)
    face = main_face(faces, image.shape)
    return FrameFace(len(faces), face, face and face.crop(image))


def clip_faces(frames: list[FrameFace], times: np.ndarray) -> ClipFaces:
    """Put the faces of a clip's frames together; NoFaceError if there is none."""
    count = len(frames)
    images = np.zeros((count, CROP.size, CROP.size), np.uint8)
    score, interocular = np.full(count, np.nan), np.full(count, np.nan)
    number = np.array([frame.faces for frame in frames], np.int64)
    for k, (_, face, image) in enumerate(frames):
        if face:
            images[k], score[k] = image, face.score
            interocular[k] = np.hypot(*np.subtract(face.right_eye, face.left_eye))
    detected = ~np.isnan(score)
    if not detected.any():
        raise NoFaceError(f"No face was found in any of {count} frames.")
    there = np.flatnonzero(detected)
    for k in np.flatnonzero(~detected):
        images[k] = images[there[np.argmin(np.abs(there - k))]]
    return ClipFaces(images, detected, score, interocular, number, times)


def prepare(
    source: str | Path, dest: str | Path, settings: Settings | None = None, *,
    workers: int | None = None, progress: bool = True,
) -> dict:  # fmt: skip
    """Make a data set of faces from a copy of eNTERFACE'05; return its report.

    `source` is the zip, a folder, or a renamed copy, as `find_clips` takes it, and only
    read; `dest` is a new or empty folder, or one from an earlier call. A call that was
    interrupted at any moment can be made again: finished clips are kept. Other
    `settings`, or another copy of the corpus, start afresh in the same place; the old
    data set stays until the new one is complete.

    By default there are as many `workers` as cores, ``LEAST_WORKERS`` to
    ``MOST_WORKERS``; the result does not depend on it. They are processes, so in a
    script call it under ``if __name__ == "__main__":``; with 1 everything happens in
    this one, and a video that makes the decoder crash ends it. `progress` shows a bar
    with the time left.

    Raises DatasetError if `source` is not the corpus, `dest` holds something else, is
    in use or cannot be written, or not one clip can be used, and ImportError if PyAV is
    missing.
    """
    require_av()
    settings = settings or Settings()
    source, dest = Path(source).expanduser(), Path(dest).expanduser()
    if workers is None:
        workers = min(max(os.cpu_count() or 1, LEAST_WORKERS), MOST_WORKERS)
    if workers < 1:
        raise ArgumentError(f"workers must be at least 1; received {workers}.")
    try:
        return _prepare(source, dest, settings, workers, progress)
    except EmolibError:  # some of which are OSErrors, too
        raise
    except OSError as error:
        raise DatasetError(
            f"{dest} cannot be written ({error.strerror or error}). Free some space or "
            "check its permissions, then run the same again; finished clips are kept."
        ) from error


def _prepare(
    source: Path, dest: Path, settings: Settings, workers: int, progress: bool
) -> dict:
    _check_places(source, dest)
    with Archive(source) as archive:
        survey, kind = find_clips(archive), archive.kind
    FaceDetector(**DETECTOR)  # if its files are damaged, that is told now
    work = dest / "work"
    work.mkdir(parents=True, exist_ok=True)
    with _alone_in(work):
        for half in (*work.glob(".*.part*"), *dest.glob(".report.*")):
            half.unlink()
        tasks = [Task(clip, work / _work_name(clip, settings)) for clip in survey.clips]
        failures = _make_clips(tasks, source, settings, workers, progress)
        report = _finish(dest, survey, tasks, failures, settings, kind)
        for old in set(work.glob("*.npz")) - {task.path for task in tasks}:
            old.unlink()
    if report["clips_prepared"] == 0:
        why = f"{dest / 'report.json'} says why"
        raise DatasetError(f"Not one clip of {source} could be used; {why}.")
    return report


def _check_places(source: Path, dest: Path) -> None:
    """Refuse to write where something else is, or into the archive."""
    if dest.is_symlink() or (dest.exists() and not dest.is_dir()):
        raise DatasetError(f"{dest} is no folder; name a new one.")
    if source.is_dir() and dest.resolve().is_relative_to(source.resolve()):
        what = f"{dest} lies inside {source}, which is only read"
        raise DatasetError(f"{what}; name a folder elsewhere.")
    ours = r"work|corpus|report\.json|\.(corpus|report)\..*"
    for path in sorted(dest.iterdir()) if dest.exists() else ():
        if not re.fullmatch(ours, path.name) or path.is_symlink():
            what = f"{dest} holds {path.name!r}, which is not from an earlier run"
            raise DatasetError(f"{what}; name a new or empty folder.")


@contextmanager
def _alone_in(work: Path) -> Iterator[None]:
    """Refuse a second run in the same place; a lock ends with its process."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with open(work / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            what = f"{work.parent} is being prepared by another process"
            raise DatasetError(f"{what}; wait for it.") from error
        except OSError:  # a disk without locks, somewhere in the network
            pass
        yield


def _work_name(clip: ArchiveClip, settings: Settings) -> str:
    """Name a clip's file; the name changes with all that decides its faces."""
    card = json.loads((data_folder() / "detector" / "card.json").read_bytes())
    decides = [VERSION, asdict(settings), asdict(CROP), DETECTOR, card["sha256"]]
    key = sha256(json.dumps([*decides, clip.crc32], sort_keys=True).encode())
    return f"{clip.name}-{key[:16]}.npz"


def _make_clips(
    tasks: list[Task], source: Path, settings: Settings, workers: int, progress: bool
) -> dict[str, Failure]:
    """Make every clip that is not there yet; return what failed for this run only."""
    waiting = [task for task in tasks if _read_work(task.path) is None]
    crash = Failure("crash", "makes the decoder crash or never end")
    make, kept = _ClipMaker(source, settings), len(tasks) - len(waiting)
    done = process_map(make, waiting, workers, crashed=lambda _: crash)
    shown = {"total": len(tasks), "initial": kept, "unit": "clip", "smoothing": 0.05}
    bar = tqdm(done, **shown, disable=not progress)
    return {waiting[k].clip.name: failure for k, failure in bar if failure is not None}


@dataclass(frozen=True)
class _ClipMaker:
    """Makes clips one by one; a process opens the archive and the detector once."""

    source: Path
    settings: Settings

    @cached_property
    def archive(self) -> Archive:
        return Archive(self.source)

    @cached_property
    def detector(self) -> FaceDetector:
        return FaceDetector(smallest=self.settings.smallest, **DETECTOR)

    def look(self, image: np.ndarray) -> FrameFace:
        _show_life()
        return find_face(self.detector, image)

    def __call__(self, task: Task) -> Failure | None:
        """Write the clip's file; what is wrong with its video is written, too."""
        file, settings = task.clip.file, self.settings
        try:
            data = self.archive.read(file)
        except DatasetError as error:  # perhaps a lost disk: try again next time
            return Failure("source", str(error))
        if f"{zlib.crc32(data):08x}" != task.clip.crc32:
            return Failure("source", f"{file} has changed since the run began.")
        try:
            _show_life()
            frames, times, _ = sample_frames(
                data, settings.frames, settings.policy, name=file, look=self.look
            )
            found = clip_faces(frames, times)
        except SlowVideoError as error:  # perhaps the machine was busy
            return Failure("slow", str(error))
        except MemoryError:
            return Failure("memory", f"{file} needs more memory than is free.")
        except VideoError as error:
            found = Failure("video", str(error))
        except NoFaceError as error:
            found = Failure("face", str(error))
        except Exception as error:  # decoders raise anything; one video stops nothing
            found = Failure("video", f"{file} does not decode ({error!r}).")
        finally:
            _show_life(again=False)
        with whole_file(task.path) as partial:
            np.savez_compressed(partial, **found._asdict())
        return None


def _show_life(again: bool = True) -> None:
    """Have this process ended, if it is a worker, unless it comes here in time `again`.

    A decoder that hangs cannot be stopped in any other way.
    """
    if multiprocessing.parent_process() is None:
        return
    if again:
        faulthandler.dump_traceback_later(PATIENCE, exit=True, file=_nowhere())
    else:
        faulthandler.cancel_dump_traceback_later()


@cache
def _nowhere() -> TextIO:
    return open(os.devnull, "w")


def _read_work(path: Path) -> ClipFaces | Failure | None:
    """Read what was made of a clip; None if that is missing or cut short."""
    try:
        with np.load(path, allow_pickle=False) as held:
            values = {name: held[name] for name in held.files}
        if "reason" in values:
            return Failure(str(values["kind"]), str(values["reason"]))
        return ClipFaces(**values)
    except Exception:  # after a power cut anything may be in it: it is made again
        return None


def _finish(
    dest: Path, survey: Survey, tasks: list[Task], failures: dict[str, Failure],
    settings: Settings, kind: str,
) -> dict:  # fmt: skip
    """Write the corpus and the report from the clips' files."""
    failed, clips, made = {}, {}, {}
    for clip, path in tasks:
        found = failures.get(clip.name) or _read_work(path)
        if isinstance(found, Failure):
            failed[clip.name] = {"file": clip.file, **found._asdict()}
        else:
            made[clip], lost = path, int((~found.detected).sum())
            one = {"file": clip.file, "crc32": clip.crc32, "frames_without_face": lost}
            clips[clip.name] = one
    report = make_report(survey, clips, failed, asdict(settings), kind)
    report["corpus_sha256"] = None
    if made:
        _write_faces(dest / "corpus", made, settings)
        report["corpus_sha256"] = sha256(dest / "corpus" / RECORD)
    # escapes keep names that are no valid Unicode
    write_whole(dest / "report.json", json.dumps(report, indent=1) + "\n")
    return report


def _write_faces(
    folder: Path, made: dict[ArchiveClip, Path], settings: Settings
) -> None:
    """Write the corpus; a clip that is missing is black and not ``usable``."""
    subjects = sorted({clip.subject for clip in made})
    kinds = EMOTIONS, sorted({clip.sentence for clip in made})
    paths = {(clip.subject, clip.emotion, clip.sentence): made[clip] for clip in made}

    def faces(*place) -> ClipFaces | None:
        return _read_work(paths[place]) if place in paths else None

    def sheet(subject: int) -> np.ndarray:
        places = [*product([subject], *kinds)]
        tiles = np.zeros((len(places), settings.frames, CROP.size, CROP.size), np.uint8)
        for row, found in zip(tiles, starmap(faces, places), strict=True):
            if found:
                row[:] = found.images
        return tiles.swapaxes(1, 2).reshape(len(places) * CROP.size, -1)

    frames = [
        _frames_table(*place, faces(*place), settings.frames)
        for place in product(subjects, *kinds)
    ]
    info = {
        "name": "enterface05",
        "source": "eNTERFACE'05, Martin et al. 2006, doi:10.1109/ICDEW.2006.145",
        "licence": "as the corpus it was made from; faces are personal data",
        "settings": asdict(settings),
        "clips_usable": len(made),
    }
    sheets = ((subject_name(subject), sheet(subject)) for subject in subjects)
    people = _subject_table(subjects)
    write_corpus(folder, sheets, people, pd.concat(frames), info, quality=WEBP_QUALITY)


def _frames_table(
    subject: int, emotion: str, sentence: int, found: ClipFaces | None, frames: int
) -> pd.DataFrame:
    """Rows of a clip's frames; of a clip that is missing, all but its place empty."""

    def rounded(name: str, digits: int) -> list[float] | None:
        return found and [round(float(one), digits) for one in getattr(found, name)]

    columns = {
        "subject": subject_name(subject),
        "emotion": emotion,
        "sentence": sentence,
        "clip": clip_name(subject, emotion, sentence),
        "frame": range(frames),
        "intensity": None,  # nobody annotated it
        "usable": found is not None,
        "detected": False if found is None else found.detected,
        "score": rounded("score", 4),
        "faces": 0 if found is None else found.faces,
        "interocular": rounded("interocular", 2),
        "time": rounded("time", 3),
    }
    return pd.DataFrame(columns)


def _subject_table(subjects: list[int]) -> pd.DataFrame:
    """Deal subjects to the parts, always alike; of 42, 29 to train, 4 and 9."""
    count = len(subjects)
    test = round(0.2 * count) or int(count > 1)
    validation = round(0.1 * count) or int(count > 2)
    parts = ["test"] * test + ["validation"] * validation + ["train"] * count
    order = np.random.default_rng(SPLIT_SEED).permutation(count)
    names, split = map(subject_name, subjects), [parts[k] for k in order]
    return pd.DataFrame({"subject": list(names), "split": split})
