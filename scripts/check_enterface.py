"""Prepare a full stand-in for eNTERFACE'05 and compare with its truth.

Run as ``make check-enterface``: all 1,293 videos, then kills at random moments on 40 of
them. The stand-in stays in ``build/enterface``, so that a second run is quicker. Prints
a table; the exit code is 0 only if nothing is wrong or lost.
"""

import argparse
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
from tqdm import tqdm

from emolib.datasets import load
from emolib.datasets.enterface05.standin import DATABASE, SUBJECTS, TRUTH, write_standin
from emolib.files import sha256

FOLDER = Path(__file__).resolve().parent.parent / "build" / "enterface"


def main(arguments: list[str] | None = None) -> int:
    """Write, prepare, compare, kill; print; return 0 or 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--subjects", type=int, default=44, help="only the first N")
    parser.add_argument("--kills", type=int, default=20)
    options = parser.parse_args(arguments)
    cores = os.cpu_count() or 1
    begin = time.perf_counter()
    videos = write_standin(
        options.folder / f"videos of {options.subjects}",
        SUBJECTS[: options.subjects],
        workers=cores,
        progress=True,
    )
    writing = time.perf_counter() - begin
    dest = options.folder / f"prepared of {options.subjects}"
    shutil.rmtree(dest, ignore_errors=True)
    seconds, peak = run_measured(command(videos, dest))
    found, wrong, lost, extra = compare(videos, dest)
    same = kill_often(videos, options.folder, options.kills)
    rows = [
        ("videos", f"{len(truth(videos)):,}"),
        ("  written in", f"{writing:.0f} s"),
        ("clips in the data set", f"{found:,}"),
        ("  wrong labels", f"{wrong}"),
        ("  lost", f"{lost}"),
        ("  that should not be there", f"{extra}"),
        ("frames without a face", f"{report(dest)['frames']['without_face']:,}"),
        ("seconds", f"{seconds:.0f}"),
        ("peak memory, all processes", f"{peak / 2**20:.0f} MB"),
        ("minutes for 1,260 clips", f"{seconds / max(found, 1) * 1260 / 60:.1f}"),
        ("same bytes after a kill", f"{same} of {options.kills}"),
    ]
    for what, measured in rows:
        print(f"{what:<28}{measured:>10}")
    return int(bool(wrong or lost or extra) or same < options.kills)


def command(source: Path, dest: Path) -> list[str]:
    """Return the command that prepares a copy of the corpus."""
    emolib = [sys.executable, "-m", "emolib.cli", "datasets", "prepare", "enterface05"]
    return [*emolib, str(source), str(dest)]


def truth(videos: Path) -> list[dict[str, str]]:
    """Return the rows of what is true of the stand-in."""
    with open(videos / TRUTH, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def report(dest: Path) -> dict:
    """Return the report of a preparation."""
    return json.loads((dest / "report.json").read_text(encoding="utf-8"))


def run_measured(words: list[str]) -> tuple[float, int]:
    """Run a command; return seconds and the peak memory of its processes, bytes.

    Memory that processes share counts once for each, so the figure is an upper bound.
    """
    begin, peak, over = time.perf_counter(), 0, threading.Event()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)

    def watch() -> None:
        nonlocal peak
        root = psutil.Process(process.pid)
        while not over.wait(0.1):
            total = 0
            try:
                for one in [root, *root.children(recursive=True)]:
                    total += one.memory_info().rss
            except psutil.Error:
                continue
            peak = max(peak, total)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    code = process.wait()
    over.set()
    watcher.join()
    if code:
        sys.exit(f"{' '.join(words)} ended with {code}.")
    return time.perf_counter() - begin, peak


def compare(videos: Path, dest: Path) -> tuple[int, int, int, int]:
    """Return clips in the data set, wrong labels, lost clips, clips too many."""
    expected = {
        row["path"]: (int(row["subject"]), row["emotion"], int(row["sentence"]))
        for row in truth(videos)
        if row["usable"] == "True"
    }
    meta = load("enterface05", dest).meta.drop_duplicates("clip").set_index("clip")
    held = {
        one["file"]: meta.loc[name, ["subject", "emotion", "sentence"]]
        for name, one in report(dest)["clips"].items()
    }
    wrong = sum(
        (int(row.subject.removeprefix("s")), row.emotion, int(row.sentence))
        != expected[file]
        for file, row in held.items()
        if file in expected
    )
    lost = len(expected.keys() - held.keys())
    return len(meta), wrong, lost, len(held.keys() - expected.keys())


def kill_often(videos: Path, folder: Path, kills: int) -> int:
    """Kill a run on 40 clips at random moments; count those that recover fully."""
    few = folder / "forty clips"
    shutil.rmtree(few, ignore_errors=True)
    clips = [row["path"] for row in truth(videos) if row["usable"] == "True"][:40]
    for path in clips:
        (few / path).parent.mkdir(parents=True, exist_ok=True)
        os.link(videos / path, few / path)
    whole, dest = folder / "forty whole", folder / "forty killed"
    shutil.rmtree(whole, ignore_errors=True)
    seconds, _ = run_measured([*command(few / DATABASE, whole), "--quiet"])
    expected, rng, same = digests(whole), np.random.default_rng(20), 0
    for _ in tqdm(range(kills), unit="kill"):
        shutil.rmtree(dest, ignore_errors=True)
        words = [*command(few / DATABASE, dest), "--quiet"]
        process = subprocess.Popen(
            words, start_new_session=True, stdout=subprocess.DEVNULL
        )
        try:
            process.wait(rng.uniform(0.1, 1.0) * seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        same += digests(dest) == expected
    return same


def digests(dest: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a data set and of its report."""
    files = [*(dest / "corpus").rglob("*"), dest / "report.json"]
    return {
        path.relative_to(dest).as_posix(): sha256(path)
        for path in files
        if path.is_file()
    }


if __name__ == "__main__":
    raise SystemExit(main())
