"""Measure what the budgets of the project are about, and print a table.

Run as ``make bench``. Speeds on a shared machine vary by half and more, so training is
compared with a bare Keras loop in alternated pairs; nothing here fails a build.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial

IMPORT = """
import time
begin = time.perf_counter()
import emolib
print(time.perf_counter() - begin)
"""

LOAD = """
import resource, time
import emolib
begin = time.perf_counter()
emolib.datasets.load("synthface")
took = time.perf_counter() - begin
print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, return 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=3, help="training comparisons")
    parser.add_argument("--images", type=int, default=1024, help="training images")
    options = parser.parse_args(arguments)
    rows = [
        ("import emolib", f"{min(in_fresh_python(IMPORT)[0] for _ in range(5)):.2f} s",
         "0.3 s"),
    ]  # fmt: skip
    seconds, megabytes = in_fresh_python(LOAD)
    rows += [
        ("load SynthFace", f"{seconds:.2f} s", "2 s"),
        ("  peak memory", f"{megabytes:.0f} MB", "300 MB"),
        ("render at 64 px", f"{render_speed():.0f} images/s", "100 images/s per core"),
    ]
    for name in ("plain_cnn", "small_cnn"):
        plain, augmented, speed = training_ratios(name, options.images, options.pairs)
        rows += [
            (f"train {name}", f"{speed:.0f} images/s", ""),
            ("  beside bare Keras", f"{plain:.2f}", "0.90"),
            ("  with augmentation", f"{augmented:.2f}", ""),
        ]
    rows.append(("Grad-CAM", f"{grad_cam_speed():.0f} images/s", ""))
    rows += lab_rows() + other_lab_rows() + video_rows()
    print(f"{'':<34}{'measured':<22}budget")
    for what, measured, budget in rows:
        print(f"{what:<34}{measured:<22}{budget}")
    return 0


def in_fresh_python(code: str) -> list[float]:
    """Run code in a new interpreter and return the numbers it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    return [float(word) for word in done.stdout.split()]


def render_speed(first_person: int = 800_000) -> float:
    """Return corpus frames per second of one process, new people included.

    Each person is drawn from a seed, dressed, and filmed in three clips of each
    emotion, as `make data` does; only compilation is left out.
    """
    from emolib.datasets.synthface import plan_path, read_plan
    from emolib.emotions import EMOTIONS
    from emolib.synthesis import draw_clip, random_identity, render

    plan, difficulty = read_plan(plan_path())

    def film(seed: int) -> int:
        person, count = random_identity(seed), 0
        for emotion in EMOTIONS:
            for sentence in range(1, plan["sentences"] + 1):
                for frame in draw_clip(
                    person, emotion, sentence, difficulty, frames=plan["frames"]
                ):
                    render(person, frame.expression, frame.scene)
                    count += 1
        return count

    film(first_person)
    begin = time.process_time()
    count = sum(film(first_person + k) for k in range(1, 5))
    return count / (time.process_time() - begin)


def training_ratios(name: str, images: int, pairs: int) -> tuple[float, float, float]:
    """Compare `fit` with Keras' own loop on the same arrays, three epochs each.

    Returns the median of (seconds of Keras / seconds of ours) without and with
    augmentation, and images per second without.
    """
    import numpy as np

    from emolib.datasets import FaceDataset
    from emolib.models.registry import build
    from emolib.training.loop import fit

    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (images, 64, 64), dtype=np.uint8)
    dataset = FaceDataset("noise", pixels, rng.integers(0, 6, images))
    few, epochs = dataset.subset(np.arange(32)), 3

    def bare() -> None:
        model = build(name)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(
            pixels[..., None], dataset.labels, batch_size=32, epochs=epochs, verbose=0
        )

    def ours(augment: bool) -> None:
        model = build(name)
        fit(model, dataset, few, epochs=epochs, augment=augment, progress=False)

    bare()  # the first training also warms up TensorFlow
    ratios: dict[bool, list[float]] = {False: [], True: []}
    speeds = []
    for _ in range(pairs):
        for augment, found in ratios.items():
            keras_seconds = seconds(bare)
            own_seconds = seconds(lambda on=augment: ours(on))
            found.append(keras_seconds / own_seconds)
            if not augment:
                speeds.append(images * epochs / own_seconds)
    plain, augmented = (statistics.median(found) for found in ratios.values())
    return plain, augmented, max(speeds)


def grad_cam_speed() -> float:
    """Return Grad-CAM maps per second, in batches of 64."""
    import numpy as np

    from emolib.explain import grad_cam
    from emolib.models.registry import build

    model = build("small_cnn")
    faces = np.random.default_rng(0).integers(0, 256, (64, 64, 64), dtype=np.uint8)
    grad_cam(model, faces)
    return 64 / seconds(lambda: grad_cam(model, faces))


def lab_rows(events: int = 60) -> list[tuple]:
    """Measure the face lab: from an event to new probabilities, and to a new picture.

    An event is what a browser sends: a slider that moves (a picture of 128 pixels), one
    that is let go (256 pixels), another person. It is the time of a processor, so that
    others at work do not count; what the browser needs comes on top.
    """
    from emolib.widgets import FaceLab
    from emolib.widgets.reading import NETWORKS

    lab, shown = FaceLab(), {}
    for one in (lab.answer, lab.picture):
        one.observe(
            lambda _, one=one: shown.update({one: time.process_time()}), "value"
        )

    def measured(event) -> list[tuple[float, float]]:
        """Return milliseconds to the answer and to the picture, for each event."""
        took = []
        for k in range(events):
            begin = time.process_time()
            event(k)
            took.append(
                [1000 * (shown[one] - begin) for one in (lab.answer, lab.picture)]
            )
        return took

    def slide(k: int, settled: bool) -> None:
        values = lab.controls.units.values | {"AU26": 0.05 * (k % 29 + 1)}
        told = {"values": values, "moved": "AU26", "settled": settled}
        lab.controls.units.set_state(told)

    rows = []
    for network in NETWORKS:
        lab.read_with(network)
        for words, event in (
            ("moves", partial(slide, settled=False)),
            ("let go", partial(slide, settled=True)),
            ("person", lambda _: lab.another_person()),
        ):
            event(events)  # whatever is made once
            answers, pictures = zip(*measured(event), strict=True)
            rows.append(event_row(f"{network}, {words}: answer", answers))
            rows.append(event_row(f"{network}, {words}: picture", pictures))
    return rows


def event_row(what: str, milliseconds: Sequence[float]) -> tuple[str, str, str]:
    """Return the row of an event, which may take no longer than goes unnoticed."""
    middle = statistics.median(milliseconds)
    late = statistics.quantiles(milliseconds, n=20)[-1]
    return what, f"{middle:.0f} ms, 95 %: {late:.0f} ms", "150 ms"


def other_lab_rows(events: int = 30) -> list[tuple]:
    """Measure the other labs: from an event to all that it changes, as `lab_rows`."""
    from itertools import cycle

    from emolib.datasets import load
    from emolib.emotions import EMOTIONS
    from emolib.models import load_model, predict
    from emolib.widgets import (
        Compare,
        ConfusionExplorer,
        PhotoLab,
        PredictionExplorer,
    )
    from emolib.widgets.photo import Marks

    test = load("synthface").part("test")
    faces, model = test.apex(), load_model("small-cnn")
    pair, photo = Compare("mask"), PhotoLab()
    matrix = ConfusionExplorer(faces, {"small-cnn": predict(model, faces.images)})
    browser = PredictionExplorer(faces, model, clips=test)
    factors, cells = cycle(("light", "mask", "turn")), cycle(EMOTIONS)

    def guess(_) -> None:
        browser.step(1)
        browser.guess("fear")

    def move(k: int) -> None:
        photo.move(Marks(left_x=k % 20))

    def another_range(k: int) -> None:
        move(k)
        photo.try_marks()

    rows = []
    for what, event in (
        ("compare: another change", lambda _: pair.differ_in(next(factors))),
        ("confusion: a cell", lambda _: matrix.open("fear", next(cells))),
        ("explorer: a guess", guess),
        ("explorer: a clip", browser.open),
        ("photo: a mark moves", move),
        ("photo: a hundred marks", another_range),
        ("photo: a mark, with the map", move),
    ):
        if "map" in what:
            photo._mapping.click()
        event(events)  # whatever is made once
        times = []
        for k in range(events):
            begin = time.process_time()
            event(k)
            times.append(1000 * (time.process_time() - begin))
        rows.append(event_row(what, times))
    return rows


def video_rows(lengths: tuple[float, ...] = (1.1, 2, 3, 3, 4, 5.4)) -> list[tuple]:
    """Measure the way from a video to faces, and what that means for eNTERFACE'05.

    The clips of the stand-in are as long as the real ones (1.1 to 5.4 s, mean about 3),
    for a clip is decoded up to the last frame that is taken. The projection is for
    1,260 clips at the default sampling: once from the steps of one process, as if a
    second core doubled them, and once from a whole run on all cores with its start.
    """
    import csv
    import tempfile
    from pathlib import Path

    from check_enterface import command, run_measured

    from emolib.datasets.enterface05.prepare import Settings
    from emolib.datasets.enterface05.standin import TRUTH, write_standin
    from emolib.faces import FaceDetector, main_face
    from emolib.faces.video import sample_frames

    settings = Settings()
    detector = FaceDetector(smallest=settings.smallest)
    decoding = sampling = detecting = aligning = clips = decoded = 0
    with tempfile.TemporaryDirectory() as top:
        for k, length in enumerate(lengths):
            folder = write_standin(
                Path(top) / "videos" / str(k), [k + 30], sentences=1, seconds=length
            )
            with open(folder / TRUTH, encoding="utf-8", newline="") as file:
                names = [row["path"] for row in csv.DictReader(file)]
            for name in names:
                data = (folder / name).read_bytes()
                took, frames = timed(partial(sample_frames, data, 1, "whole"))
                decoding, decoded = decoding + took, decoded + frames.total // 2 + 1
                took, frames = timed(
                    partial(sample_frames, data, settings.frames, settings.policy)
                )
                sampling += took
                for image in frames.images:
                    took, faces = timed(partial(detector.detect, image))
                    detecting += took
                    face = main_face(faces, image.shape)
                    if face is not None:
                        aligning += timed(partial(face.crop, image))[0]
                clips += 1
        whole, peak = run_measured(
            [*command(Path(top) / "videos", Path(top) / "out"), "--quiet"]
        )
    taken = clips * settings.frames
    per_clip = (sampling + detecting + aligning) / clips
    return [
        ("decode 720x576", f"{decoded / decoding:.0f} frames/s", ""),
        ("detect a face", f"{taken / detecting:.1f} frames/s", ""),
        ("align a face", f"{taken / aligning:.0f} frames/s", ""),
        ("eNTERFACE'05, steps / 2", f"{1260 * per_clip / 2 / 60:.1f} min", "30 min"),
        ("  from a whole run", f"{1260 * whole / clips / 60:.1f} min", "30 min"),
        ("  peak memory", f"{peak / 2**20:.0f} MB", "1500 MB"),
    ]


def timed(run) -> tuple[float, object]:
    """Return the duration of a call and what it returned."""
    begin = time.perf_counter()
    value = run()
    return time.perf_counter() - begin, value


def seconds(run) -> float:
    """Return the duration of a call."""
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


if __name__ == "__main__":
    raise SystemExit(main())
