"""Make data sets of your own files."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from emolib.cli.messages import printable
from emolib.cli.options import CommandError, positive
from emolib.cli.places import add_force, check_folder


def add_options(command: argparse.ArgumentParser) -> None:
    """Add ``prepare enterface05`` and its options to `command`."""
    tasks = command.add_subparsers(title="tasks", metavar="TASK", required=True)
    task = tasks.add_parser("prepare", help="turn a corpus of videos into faces")
    names = task.add_subparsers(title="corpora", metavar="NAME", required=True)
    corpus = names.add_parser(
        "enterface05",
        help="eNTERFACE'05, from its official zip or a folder",
        description="Cut the faces out of the videos of eNTERFACE'05. If it is "
        "interrupted, the same command goes on where it stopped. Videos are AVI files "
        "of at most 64 MB and 1920 x 1088 pixels; what is passed over, and why, is in "
        "report.json.",
        epilog="afterwards: load('enterface05', DEST), or emolib train --data "
        "enterface05 --path DEST",
    )
    add = corpus.add_argument
    add("source", type=Path, metavar="SOURCE", help="zip or folder, which is only read")
    add("dest", type=Path, metavar="DEST", help="a new folder")
    told = "frames of each clip, 1 to 100; default: 10"
    add("--frames", type=positive, default=10, help=told)
    policy = "part of a clip that frames come from; default: its middle half"
    add("--policy", default="middle", choices=("middle", "whole"), help=policy)
    add("--smallest", type=positive, default=80, metavar="PIXELS",
        help="smallest face to look for, 20 to 400; default: 80")  # fmt: skip
    add("--workers", type=positive, help="processes; default: one per core, up to 4")
    add("--quiet", action="store_true", help="no progress bar")
    add_force(corpus)


def run(options: argparse.Namespace) -> None:
    """Prepare the corpus as `options` say, and print the report."""
    from emolib.datasets.enterface05.prepare import Settings, prepare
    from emolib.datasets.enterface05.report import report_text

    settings = Settings(options.frames, options.policy, options.smallest)
    if not options.force and _holds_others(options.dest, options.source, settings):
        raise CommandError(
            f"{options.dest} holds a finished data set of other settings or videos; "
            "name a new DEST, or replace it with --force."
        )
    check_folder(options.dest)
    report = prepare(options.source, options.dest, settings, workers=options.workers,
                     progress=not options.quiet)  # fmt: skip
    print(report_text(report))
    print(f"the data set and report.json are in {printable(options.dest)}")


def _holds_others(dest: Path, source: Path, settings) -> bool:
    """Whether `dest` holds a data set that another would replace, not the same again.

    `settings` are those of `emolib.datasets.enterface05.prepare`.
    """
    from emolib.datasets.enterface05.archive import Archive
    from emolib.datasets.enterface05.clips import find_clips

    path = dest / "report.json"
    if not path.exists():
        return False
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        held = {name: one["crc32"] for name, one in report["clips"].items()}
        if report["settings"] != asdict(settings):
            return True
    except (ValueError, KeyError, TypeError, AttributeError):
        return True  # not a report of ours
    with Archive(source) as archive:
        found = {clip.name: clip.crc32 for clip in find_clips(archive).clips}
    return any(found.get(name) != crc32 for name, crc32 in held.items())
