"""From the videos of eNTERFACE'05 to a data set of faces, once, on all cores.

::

    DEST/work/        one finished file per clip, so that a run can be taken up again
    DEST/corpus/      the faces, in the form of `emolib.datasets.corpus`
    DEST/report.json  what was found, taken, skipped and missing

A clip that is finished is written in one step under a name that holds the settings and
the checksum of its video. Whatever interrupts a run, the next one with the same
settings goes on there and ends in the same bytes. Taught in chapter 12.
"""

import hashlib
import inspect
import json
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from emolib.datasets.corpus import write_corpus
from emolib.datasets.enterface05.archive import Source
from emolib.datasets.enterface05.clips import (
    EXPECTED,
    LEFT_OUT,
    SENTENCES,
    SUBJECTS,
    SourceClip,
    Survey,
    clip_name,
    find_clips,
)
from emolib.datasets.enterface05.video import (
    POLICIES,
    SampledFrames,
    VideoError,
    require_av,
    sample_frames,
)
from emolib.datasets.face_dataset import DatasetError
from emolib.emotions import EMOTIONS, emotion_index
from emolib.faces import CROP, Face, FaceDetector
from emolib.paths import data_folder

#: Changes whenever the same video and settings give other faces.
VERSION = 1
WEBP_QUALITY = 90
#: Seed of the split that is stored: subjects dealt to train, validation and test.
SPLIT_SEED = 2006
#: Differences that the short text of a report lists.
SHOWN = 8
#: More processes than this gain little and cost memory.
MOST_WORKERS = 4

_CONTEXT = multiprocessing.get_context("spawn")
_OURS = {"work", "corpus", "report.json"}


class NoFaceError(DatasetError):
    """No frame of a clip shows a face."""


@dataclass(frozen=True)
class Settings:
    """How faces are taken out of videos. Taught in chapter 12.

    Attributes
    ----------
    frames : int
        Frames per clip, 1 to 100.
    policy : {"middle", "whole"}
        Which part of a clip, see `emolib.datasets.enterface05.video.sample_frames`.
    smallest : int
        Side in pixels of the smallest face to look for, 20 to 400. Twice as large is
        about three times as fast.

    Raises
    ------
    ValueError
        If a setting is out of range.
    """

    frames: int = 10
    policy: str = "middle"
    smallest: int = 80

    def __post_init__(self):
        if not 1 <= self.frames <= 100:
            raise ValueError(f"frames must lie in 1 to 100; received {self.frames}.")
        if self.policy not in POLICIES:
            raise ValueError(
                f"policy must be one of {', '.join(POLICIES)}; received "
                f"{self.policy!r}."
            )
        if not 20 <= self.smallest <= 400:
            raise ValueError(
                f"smallest must lie in 20 to 400 pixels; received {self.smallest}."
            )


class ClipFaces(NamedTuple):
    """The faces of one clip, one per sampled frame.

    Attributes
    ----------
    images : ndarray, uint8, (frames, 64, 64)
        Canonical crops, grey, 0-255.
    detected : ndarray, bool, (frames,)
        False where no face was found and the nearest frame with one stands in.
    score, interocular : ndarray, float64, (frames,)
        Of the face that was taken: the detector's score and the distance of the pupils
        in pixels of the video; NaN where none was found.
    faces : ndarray, int64, (frames,)
        Number of faces found in the frame.
    time : ndarray, float64, (frames,)
        Seconds from the beginning of the clip.
    """

    images: np.ndarray
    detected: np.ndarray
    score: np.ndarray
    interocular: np.ndarray
    faces: np.ndarray
    time: np.ndarray


def main_face(faces: tuple[Face, ...], shape: tuple[int, ...]) -> Face | None:
    """Return the face a picture is about: large, and near the middle.

    Taught in chapter 12.

    Parameters
    ----------
    faces : tuple of Face
        As `emolib.faces.FaceDetector.detect` returns them; those that score less than
        nine tenths of the best are not considered.
    shape : (height, width, ...)
        Of the picture.

    Returns
    -------
    Face or None
        None if there is none.
    """
    if not faces:
        return None
    sure = 0.9 * max(face.score for face in faces)
    height, width = shape[:2]

    def weight(face: Face) -> float:
        x, y, w, h = face.box
        away = np.hypot(x + w / 2 - width / 2, y + h / 2 - height / 2)
        return w * h * (1 - away / np.hypot(width, height))

    return max((face for face in faces if face.score >= sure), key=weight)


def clip_faces(frames: SampledFrames, detector: FaceDetector) -> ClipFaces:
    """Find, choose and cut out the face of each frame. Taught in chapter 12.

    Parameters
    ----------
    frames : SampledFrames
        From `emolib.datasets.enterface05.video.sample_frames`.
    detector : FaceDetector

    Returns
    -------
    ClipFaces

    Raises
    ------
    NoFaceError
        If there is no face in any frame.
    """
    count = len(frames.images)
    images = np.zeros((count, CROP.size, CROP.size), np.uint8)
    score, interocular = np.full(count, np.nan), np.full(count, np.nan)
    number = np.zeros(count, np.int64)
    for k, image in enumerate(frames.images):
        faces = detector.detect(image)
        number[k] = len(faces)
        face = main_face(faces, image.shape)
        if face is None:
            continue
        images[k] = face.crop(image)
        score[k] = face.score
        interocular[k] = np.hypot(*np.subtract(face.right_eye, face.left_eye))
    detected = ~np.isnan(score)
    if not detected.any():
        raise NoFaceError(f"No face was found in any of {count} frames.")
    there = np.flatnonzero(detected)
    for k in np.flatnonzero(~detected):
        images[k] = images[there[np.argmin(np.abs(there - k))]]
    return ClipFaces(images, detected, score, interocular, number, frames.times)


def prepare(
    source: str | Path,
    dest: str | Path,
    settings: Settings | None = None,
    *,
    workers: int | None = None,
    progress: bool = True,
) -> dict:
    """Make a data set of faces from a copy of eNTERFACE'05. Taught in chapter 12.

    It can be interrupted at any moment and called again: finished clips are not made
    again. Other settings, or another copy of the corpus, start afresh in the same
    place; the old data set stays until the new one is complete.

    In a script, call it under ``if __name__ == "__main__":``, for it starts processes.

    Parameters
    ----------
    source : str or Path
        The zip, a folder, or a renamed copy, see
        `emolib.datasets.enterface05.clips.find_clips`. It is only read.
    dest : str or Path
        A new or empty folder, or one from an earlier call. Nothing is written outside.
    settings : Settings, optional
        Default is ten frames of the middle half of each clip.
    workers : int, optional
        Processes; default is the number of cores, at most ``MOST_WORKERS``. The
        result does not depend on it. With 1 everything happens in this process, and
        a video that makes the decoder crash ends it.
    progress : bool
        Show a bar with the time left.

    Returns
    -------
    dict
        What ``report.json`` holds: the counts by subject and emotion, what differs
        from the 1,260 clips expected, every file that was not used and why, the frames
        without a face, checksums.

    Raises
    ------
    DatasetError
        If `source` is not the corpus, `dest` holds something else or is in use, or
        not one clip can be used.
    ImportError
        If PyAV is missing: ``pip install "emolib[video]"``.
    """
    require_av()
    settings = Settings() if settings is None else settings
    source, dest = Path(source).expanduser(), Path(dest).expanduser()
    workers = _worker_count(workers)
    _check_places(source, dest)
    with Source(source) as opened:
        survey = find_clips(opened)
        kind = opened.kind
    work = dest / "work"
    work.mkdir(parents=True, exist_ok=True)
    with _alone_in(work):
        for rest in work.glob(".*.part"):
            rest.unlink()
        tasks = [Task(clip, work / _work_name(clip, settings)) for clip in survey.clips]
        results = _make_all(tasks, source, settings, workers, progress)
        report = _finish(dest, survey, tasks, results, settings, kind)
        kept = {task.path.name for task in tasks}
        for old in work.glob("*.npz"):
            if old.name not in kept:
                old.unlink()
    if report["clips_prepared"] == 0:
        raise DatasetError(
            f"Not one clip of {source} could be used; {dest / 'report.json'} says why."
        )
    return report


def report_text(report: dict) -> str:
    """Return the main lines of a report. Used by the command line and chapter 12.

    Parameters
    ----------
    report : dict
        As `prepare` returns it.
    """
    frames = report["frames"]
    lines = [
        f"{report['clips_prepared']:,} of {report['clips_expected']:,} clips of "
        f"{len(report['counts'])} subjects, {frames['total']:,} frames, "
        f"{frames['without_face']:,} of them without a face",
        f"{len(report['skipped']):,} files passed over, {len(report['failures']):,} "
        f"clips failed, {len(report['misnamed']):,} files with misleading names",
    ]
    if report["complete"]:
        lines.append("this is the clean corpus, nothing is missing")
    else:
        lines.append("it differs from the clean corpus:")
        differences = report["differences"]
        lines += [
            one if len(one) < 160 else f"{one[:150]} ..." for one in differences[:SHOWN]
        ]
        if len(differences) > SHOWN:
            lines.append(f"and {len(differences) - SHOWN} more in report.json")
    return "\n  ".join(lines)


class Task(NamedTuple):
    """A clip to be made, and the file that it becomes."""

    clip: SourceClip
    path: Path


class Failure(NamedTuple):
    """Why a clip is not in the data set.

    Attributes
    ----------
    kind : {"video", "face", "source", "crash"}
        It does not decode, shows no face, cannot be read, or ends the decoder.
    reason : str
    """

    kind: str
    reason: str


def _worker_count(workers: int | None) -> int:
    if workers is None:
        return min(os.cpu_count() or 1, MOST_WORKERS)
    if workers < 1:
        raise ValueError(f"workers must be at least 1; received {workers}.")
    return workers


def _check_places(source: Path, dest: Path) -> None:
    if dest.is_symlink() or (dest.exists() and not dest.is_dir()):
        raise DatasetError(f"{dest} is no folder; name a new one.")
    if source.is_dir() and dest.resolve().is_relative_to(source.resolve()):
        raise DatasetError(
            f"{dest} lies inside {source}, which is only read; name a folder elsewhere."
        )
    if not dest.exists():
        return
    strange = [p.name for p in dest.iterdir() if not _is_ours(p.name)]
    links = [name for name in _OURS if (dest / name).is_symlink()]
    if strange or links:
        raise DatasetError(
            f"{dest} holds {sorted(strange + links)[0]!r}, which is not from an "
            "earlier run; name a new or empty folder."
        )


def _is_ours(name: str) -> bool:
    return name in _OURS or any(name.startswith(f".{one}.") for one in _OURS)


def _work_name(clip: SourceClip, settings: Settings) -> str:
    """Name of a clip's file: another one if anything changes that decides its faces."""
    weights = (data_folder() / "detector" / "card.json").read_bytes()
    detector = str(inspect.signature(FaceDetector))
    everything = json.dumps(
        [VERSION, asdict(settings), asdict(CROP), detector, clip.crc32], sort_keys=True
    )
    key = hashlib.sha256(everything.encode() + weights).hexdigest()[:16]
    return f"{clip.name}-{key}.npz"


def _make_all(
    tasks: list[Task], source: Path, settings: Settings, workers: int, progress: bool
) -> dict[str, Failure]:
    """Make every clip that is not there yet; return what failed for this run only."""
    waiting = [task for task in tasks if _read_work(task.path) is None]
    failures = {}
    bar = tqdm(
        total=len(tasks),
        initial=len(tasks) - len(waiting),
        unit="clip",
        disable=not progress,
        smoothing=0.05,
    )
    with bar:
        run = _run_here if workers == 1 else _run
        for task, failure in run(waiting, source, settings, workers):
            if failure is not None:
                failures[task.clip.name] = failure
            bar.update()
    return failures


def _run_here(
    tasks: list[Task], source: Path, settings: Settings, workers: int = 1
) -> Iterator[tuple[Task, Failure | None]]:
    """Do tasks in this process, in their order."""
    detector = FaceDetector(smallest=settings.smallest)
    with Source(source) as opened:
        for task in tasks:
            yield task, _make(task, opened, settings, detector)


def _run(
    tasks: list[Task], source: Path, settings: Settings, workers: int
) -> Iterator[tuple[Task, Failure | None]]:
    """Do tasks in several processes, in any order.

    A video that makes the decoder crash takes its process with it, and the pool. Then
    those that were at work are tried again one by one, and only the culprit fails.
    """
    waiting = deque(tasks)
    stop = _CONTEXT.Event()
    while waiting:
        pool = _pool(min(workers, len(waiting)), source, settings, stop)
        running = {}
        try:
            while waiting or running:
                while waiting and len(running) < 2 * workers:
                    with _interrupted_later():
                        running[pool.submit(_do, waiting[0])] = waiting[0]
                    waiting.popleft()
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    failure = future.result()
                    yield running.pop(future), failure
        except BrokenProcessPool:
            for task in running.values():
                yield task, _do_alone(task, source, settings, stop)
        except BaseException:  # Ctrl-C above all: what is queued is not begun
            stop.set()
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def _do_alone(task: Task, *bench) -> Failure | None:
    pool = _pool(1, *bench)
    try:
        with _interrupted_later():
            future = pool.submit(_do, task)
        return future.result()
    except BrokenProcessPool:
        return Failure("crash", "makes the decoder crash")
    finally:
        pool.shutdown(cancel_futures=True)


def _pool(workers: int, *bench) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        workers, mp_context=_CONTEXT, initializer=_start, initargs=bench
    )


@contextmanager
def _interrupted_later() -> Iterator[None]:
    """Hold Ctrl-C back; processes that start meanwhile never get it at all."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


#: What a process works with: source, settings, detector, and whether to stop.
_bench: tuple | None = None


def _start(source: Path, settings: Settings, stop) -> None:
    """Begin a process; it ends with the one that started it, however that ends."""
    global _bench
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _bench = Source(source), settings, FaceDetector(smallest=settings.smallest), stop


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _do(task: Task) -> Failure | None:
    """Do one task in a process of the pool."""
    *bench, stop = _bench
    return Failure("stopped", "interrupted") if stop.is_set() else _make(task, *bench)


def _make(
    task: Task, source: Source, settings: Settings, detector: FaceDetector
) -> Failure | None:
    """Make one clip and write its file; what is wrong with a video is written too."""
    clip = task.clip
    try:
        data = source.read(clip.file)
    except DatasetError as error:  # perhaps a disk that is gone: try again next time
        return Failure("source", str(error))
    try:
        frames = sample_frames(data, settings.frames, settings.policy, name=clip.file)
        found = clip_faces(frames, detector)
    except VideoError as error:
        found = Failure("video", str(error))
    except NoFaceError as error:
        found = Failure("face", str(error))
    except Exception as error:  # decoders raise anything; one video stops nothing
        found = Failure("video", f"{clip.file} does not decode ({error!r}).")
    _write_work(task.path, found)
    return None


def _write_work(path: Path, found: ClipFaces | Failure) -> None:
    part = path.with_name(f".{path.stem}.{os.getpid()}.part")
    with open(part, "wb") as file:
        np.savez_compressed(file, **found._asdict())
    part.replace(path)


def _read_work(path: Path) -> ClipFaces | Failure | None:
    """Read what was made of a clip; None if that is missing or cut short."""
    try:
        with np.load(path, allow_pickle=False) as held:
            values = {name: held[name] for name in held.files}
        if "reason" in values:
            return Failure(str(values["kind"]), str(values["reason"]))
        return ClipFaces(**values)
    except FileNotFoundError:
        return None
    except Exception:  # after a power cut anything may be in it
        path.unlink(missing_ok=True)
        return None


def _finish(
    dest: Path,
    survey: Survey,
    tasks: list[Task],
    failures: dict[str, Failure],
    settings: Settings,
    kind: str,
) -> dict:
    """Write the corpus and the report from the clips' files."""
    failed, rows, clips = {}, [], {}
    made: dict[str, Task] = {}
    for task in tasks:
        clip = task.clip
        found = failures.get(clip.name) or _read_work(task.path)
        if isinstance(found, Failure):
            failed[clip.name] = {"file": clip.file, **found._asdict()}
            continue
        made[clip.name] = task
        clips[clip.name] = {
            "file": clip.file,
            "crc32": clip.crc32,
            "frames_without_face": int((~found.detected).sum()),
        }
    present = sorted({task.clip.subject for task in made.values()})
    sentences = sorted({task.clip.sentence for task in made.values()})
    checksum = None
    if made:
        for subject in present:
            for emotion in EMOTIONS:
                for sentence in sentences:
                    name = clip_name(subject, emotion, sentence)
                    found = _read_work(made[name].path) if name in made else None
                    rows += _rows(subject, emotion, sentence, found, settings.frames)
        info = {
            "name": "enterface05",
            "source": "eNTERFACE'05, Martin et al. 2006, doi:10.1109/ICDEW.2006.145",
            "licence": "as the corpus it was made from; faces are personal data",
            "settings": asdict(settings),
            "clips_usable": len(made),
        }
        write_corpus(
            dest / "corpus",
            _sheets(present, sentences, made, settings.frames),
            _subject_table(present),
            pd.DataFrame(rows),
            info,
            quality=WEBP_QUALITY,
        )
        record = (dest / "corpus" / "corpus.json").read_bytes()
        checksum = hashlib.sha256(record).hexdigest()
    report = _report(survey, clips, failed, settings, kind) | {
        "corpus_sha256": checksum
    }
    _write_report(dest, report)
    return report


def _rows(
    subject: int, emotion: str, sentence: int, found: ClipFaces | None, frames: int
) -> list[dict]:
    """Rows of the frames' table; of a clip that is missing, all but its place empty."""

    def number(name: str, k: int, digits: int) -> float | None:
        value = None if found is None else float(getattr(found, name)[k])
        return None if value is None or np.isnan(value) else round(value, digits)

    return [
        {
            "subject": subject_name(subject),
            "emotion": emotion,
            "sentence": sentence,
            "clip": clip_name(subject, emotion, sentence),
            "frame": k,
            "intensity": None,  # nobody annotated it
            "usable": found is not None,
            "detected": bool(found is not None and found.detected[k]),
            "score": number("score", k, 4),
            "faces": 0 if found is None else int(found.faces[k]),
            "interocular": number("interocular", k, 2),
            "time": number("time", k, 3),
        }
        for k in range(frames)
    ]


def _sheets(
    subjects: list[int], sentences: list[int], made: dict[str, Task], frames: int
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each subject's tiles; a clip that is missing is black."""
    for subject in subjects:
        names = [clip_name(subject, e, s) for e in EMOTIONS for s in sentences]
        sheet = np.zeros((len(names), CROP.size, frames * CROP.size), np.uint8)
        for row, name in zip(sheet, names, strict=True):
            if name in made:
                row[:] = np.hstack(_read_work(made[name].path).images)
        yield subject_name(subject), sheet.reshape(-1, frames * CROP.size)


def subject_name(subject: int) -> str:
    """Return what a subject is called in the data set, such as ``s03``.

    Parameters
    ----------
    subject : int
        Number of the folder. Used by chapter 12.
    """
    return f"s{subject:02d}"


def _subject_table(subjects: list[int]) -> pd.DataFrame:
    """Deal subjects to the parts: a fifth to test, a tenth to validation.

    The same people always give the same split; for 42 it is 29, 4 and 9.
    """
    count = len(subjects)
    test = round(0.2 * count) or int(count > 1)
    validation = round(0.1 * count) or int(count > 2)
    parts = ["test"] * test + ["validation"] * validation
    parts += ["train"] * (count - len(parts))
    order = np.random.default_rng(SPLIT_SEED).permutation(count)
    table = pd.DataFrame({"subject": [subject_name(s) for s in subjects]})
    table["split"] = [parts[k] for k in order]
    return table


def _report(
    survey: Survey, clips: dict, failed: dict, settings: Settings, kind: str
) -> dict:
    counts = {}
    for name in clips:
        subject, code, _ = name.split("_")
        of_subject = counts.setdefault(subject, dict.fromkeys(EMOTIONS, 0))
        of_subject[EMOTIONS[emotion_index(code)]] += 1
    missing = [*survey.missing, *failed]
    return {
        "name": "enterface05",
        "settings": asdict(settings),
        "source": kind,
        "clips_expected": EXPECTED,
        "clips_found": len(survey.clips),
        "clips_prepared": len(clips),
        "complete": not missing,
        "differences": _differences(survey.missing, failed),
        "counts": counts,
        "frames": {
            "total": settings.frames * len(clips),
            "without_face": sum(one["frames_without_face"] for one in clips.values()),
        },
        "failures": failed,
        "skipped": survey.skipped,
        "misnamed": survey.misnamed,
        "missing": list(survey.missing),
        "clips": clips,
    }


def _differences(missing: tuple[str, ...], failed: dict) -> list[str]:
    """Say in a few lines what the clean corpus has and this has not."""
    everything, absent, lines = len(EMOTIONS) * len(SENTENCES), [], []
    for subject in (one for one in SUBJECTS if one not in LEFT_OUT):
        start = f"{subject_name(subject)}_"
        gone = [name for name in missing if name.startswith(start)]
        if len(gone) == everything:
            absent.append(subject_name(subject))
        elif gone:
            lines.append(f"{start[:-1]}: not there: {', '.join(gone)}")
        lines += [
            f"{name}: {one['reason']}"
            for name, one in failed.items()
            if name.startswith(start)
        ]
    if absent:
        lines.insert(0, f"{len(absent)} subjects are not there: {', '.join(absent)}")
    return lines


def _write_report(dest: Path, report: dict) -> None:
    part = dest / ".report.json.part"
    # escapes keep names that are no valid Unicode
    part.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    part.replace(dest / "report.json")


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
        except OSError as error:
            raise DatasetError(
                f"{work.parent} is being prepared by another process; wait for it."
            ) from error
        yield
