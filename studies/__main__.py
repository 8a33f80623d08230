"""List, check, accept and measure studies.

    python -m studies list                       which results hold, and why not
    python -m studies check                      the same, with the canary (30 s)
    python -m studies run                        measure what is out of date
    python -m studies run four-splits --force    measure this one, whatever its state
    python -m studies accept four-splits --reason "..."
                                                 the canary moved, the numbers hold

``make`` runs ``check`` and ``run``; see CONTRIBUTING.md.
"""

import argparse
import sys
from pathlib import Path

from emolib.errors import EmolibError
from studies.catalogue import STUDIES
from studies.study import Study, find, recorded_canary, state


def main(arguments: list[str] | None = None) -> int:
    """Run one of the commands; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m studies",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, text in (
        ("list", "print the state of each study"),
        ("check", "run the canary where the code changed, then print the states"),
        ("run", "measure what is missing, stale or changed"),
        ("accept", "take today's canary for the results' own, with a reason"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("studies", nargs="*", metavar="study", help="all if none")
        if name == "run":
            command.add_argument("--fer2013", type=Path, help="a copy of FER2013")
            command.add_argument("--force", action="store_true", help="measure anyway")
        if name == "accept":
            command.add_argument("--reason", required=True, help="a sentence")
    options = parser.parse_args(arguments)
    try:
        chosen = find(options.studies, STUDIES)
        return _COMMANDS[options.command](chosen, options)
    except EmolibError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; run the command again to go on", file=sys.stderr)
        return 130


def _list(chosen: list[Study], options: argparse.Namespace) -> int:
    return _print_states(chosen, measure=False)


def _check(chosen: list[Study], options: argparse.Namespace) -> int:
    return _print_states(chosen, measure=True)


def _print_states(chosen: list[Study], *, measure: bool) -> int:
    parts = sorted({part for study in chosen for part in study.canary})
    now = recorded_canary(parts, measure=measure)
    faults = 0
    for study in chosen:
        found, why = state(study, now, STUDIES)
        faults += found in ("missing", "stale", "changed")
        print(f"{study.name:20} version {study.version}  {found:11} {why}".rstrip())
    if faults:
        print(
            "Measure again (`make results` and its kin), or see "
            "`python -m studies accept --help`.",
            file=sys.stderr,
        )
    return 1 if faults else 0


def _run(chosen: list[Study], options: argparse.Namespace) -> int:
    named = bool(options.studies)
    for study in chosen:
        if study.command != "make results" and not named:
            continue  # takes FER2013 or a rationed evaluation: only when asked for
        found, why = state(study, recorded_canary(study.canary), STUDIES)
        if found == "current" and not options.force:
            print(f"{study.name}: current")
            continue
        print(f"{study.name}: {found}, measuring. {why}", flush=True)
        study.run(options.fer2013)
        print(f"{study.name}: wrote {study.path.name}", flush=True)
    return 0


def _accept(chosen: list[Study], options: argparse.Namespace) -> int:
    for study in chosen:
        parts = study.accept(options.reason)
        print(f"{study.name}: {', '.join(parts) or 'nothing differs'}")
    return 0


_COMMANDS = {"list": _list, "check": _check, "run": _run, "accept": _accept}


if __name__ == "__main__":
    raise SystemExit(main())
