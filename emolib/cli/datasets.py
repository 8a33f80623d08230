"""Make data sets of your own files."""

import argparse
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
        "interrupted, the same command goes on where it stopped.",
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
    if (options.dest / "report.json").exists() and not options.force:
        raise CommandError(
            f"{options.dest} holds a finished data set; name a new DEST, or make it "
            "again with --force."
        )
    check_folder(options.dest)
    report = prepare(options.source, options.dest, settings, workers=options.workers,
                     progress=not options.quiet)  # fmt: skip
    print(report_text(report))
    print(f"the data set and report.json are in {printable(options.dest)}")
