"""The command line: one module for each command, imported when the command is called.

A command imports its heavy libraries when it runs, so that ``--help`` is fast.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import emolib
from emolib.errors import EmolibError

#: What each command is for; `emolib.cli.<command>` holds its options and what it does.
COMMANDS = {
    "info": "list data sets, models and versions",
    "datasets": "make data sets of your own files",
    "train": "train a network on your choice of data and settings",
    "recipe": "train a shipped network again, as it was made",
    "export": "add the ONNX form to a model",
    "evaluate": "score a network on test images",
    "predict": "find and read faces in pictures",
    "render": "draw a synthetic face",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0, 2 (error) or 130 (interrupted).

    Without `arguments`, those that the shell passed. An error is one line on the
    standard error stream.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    parser = _parser(arguments)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        named = getattr(options, "parser", parser)
        named.error(f"unrecognized arguments: {' '.join(unknown)}")
    if options.version:
        print(f"emolib {emolib.__version__}")
        return 0
    if not hasattr(options, "run"):
        parser.print_help()
        return 0
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        options.run(options)
        sys.stdout.flush()  # here, where a closed pipe is caught
    except KeyboardInterrupt:
        print("emolib: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output, such as head, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (EmolibError, ValueError, OSError, ImportError, RuntimeError) as error:
        print(f"emolib: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser, with the options of those commands that are named."""
    parser = argparse.ArgumentParser(
        prog="emolib", description="Facial emotion recognition: the course's tools."
    )
    parser.add_argument("--version", action="store_true", help="show the version")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, purpose in COMMANDS.items():
        command = commands.add_parser(name, help=purpose)
        if name in arguments:
            module = import_module(f"emolib.cli.{name}")
            command.description = module.__doc__
            command.set_defaults(run=module.run, parser=command)
            module.add_options(command)
    return parser
