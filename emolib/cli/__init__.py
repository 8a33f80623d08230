"""The command line: one module for each command, imported when the command is called.

A command imports its heavy libraries when it runs, so that ``--help`` is fast.
"""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

import emolib
from emolib.cli.messages import describe

#: What each command is for; `emolib.cli.<command>` holds its options and what it does.
COMMANDS = {
    "info": "list data sets, models and versions",
    "datasets": "make data sets of your own files",
    "train": "train a network on your choice of data and settings",
    "recipe": "train a shipped network again, as it was made",
    "export": "add the ONNX form to a model, or the file that a page reads",
    "evaluate": "score a network on test images",
    "predict": "find and read faces in pictures and videos",
    "render": "draw a synthetic face",
}


class _Parser(argparse.ArgumentParser):
    """A parser that takes -1, -1e-3 and -inf for values, and for no options."""

    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, **settings)
        self._negative_number_matcher = re.compile(r"-(\.?\d|inf|nan)", re.IGNORECASE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0, 2 (error) or 130 (interrupted).

    Without `arguments`, those that the shell passed. An error is told on the standard
    error stream, without a traceback unless ``--debug`` is among them. Characters that
    the streams' encoding lacks are printed as escapes from then on.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    end = arguments.index("--") if "--" in arguments else len(arguments)
    debug = "--debug" in arguments[:end]
    given = [one for one in arguments[:end] if one != "--debug"] + arguments[end:]
    try:
        try:
            return _run(given, debug)
        finally:
            print(end="", flush=True)  # here, where a closed pipe is caught
    except BrokenPipeError:  # the reader of our output, such as head, has gone
        _write_no_more()
        return 0
    except (Exception, KeyboardInterrupt) as error:
        interrupted = isinstance(error, KeyboardInterrupt)
        if debug:
            import traceback

            traceback.print_exc()
        told = "interrupted" if interrupted else describe(error)
        print(f"emolib: {told}", file=sys.stderr)
        try:
            print(end="", flush=True)
        except OSError:  # nor can what is left be written at the end
            _write_no_more()
        return 130 if interrupted else 2


def _run(arguments: Sequence[str], debug: bool) -> int:
    """Run the command that is named, and return its exit code."""
    parser = _parser(arguments)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        named = getattr(options, "parser", parser)
        named.error(f"unrecognized arguments: {' '.join(unknown)}")
    if options.version:
        print(f"emolib {emolib.__version__}")
    elif not hasattr(options, "run"):
        parser.print_help()
    else:
        options.debug = debug
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        return options.run(options) or 0
    return 0


def _write_no_more() -> None:
    """Send what is still to be written to nowhere, or Python complains as it ends."""
    with suppress(OSError, ValueError):  # a stream that is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser, with the options of those commands that are named."""
    parser = _Parser(
        prog="emolib", description="Facial emotion recognition: the course's tools.",
        epilog="exit codes: 0, 2 (error), 130 (interrupted). `emolib COMMAND --help` "
        "lists a command's options.",
    )  # fmt: skip
    add = parser.add_argument
    add("--version", action="store_true", help="show the version")
    add("--debug", action="store_true",
        help="show where an error arose; also after the command")  # fmt: skip
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, purpose in COMMANDS.items():
        command = commands.add_parser(name, help=purpose)
        if name in arguments:
            module = import_module(f"emolib.cli.{name}")
            command.description = module.__doc__
            command.set_defaults(run=module.run, parser=command)
            module.add_options(command)
    return parser
