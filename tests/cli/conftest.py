import io
import sys

import pytest

from emolib import cli


@pytest.fixture
def run(capsys):
    """Run a command; return its exit code and what it wrote to the two streams."""

    def run_command(*arguments) -> tuple[int, str, str]:
        code = cli.main([str(one) for one in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_command


@pytest.fixture
def refused(run, capsys):
    """Run a command that the parser refuses; return the message."""

    def run_command(*arguments) -> str:
        with pytest.raises(SystemExit) as stop:
            run(*arguments)
        assert stop.value.code == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        return captured.err

    return run_command


@pytest.fixture
def run_in(monkeypatch):
    """Run a command whose streams have an encoding; return code and two texts."""

    def run_command(encoding, *arguments) -> tuple[int, str, str]:
        streams = [io.BytesIO(), io.BytesIO()]
        for name, stream in zip(("stdout", "stderr"), streams, strict=True):
            text = io.TextIOWrapper(stream, encoding=encoding, newline="\n")
            monkeypatch.setattr(sys, name, text)
        try:
            code = cli.main([str(one) for one in arguments])
        except SystemExit as stop:
            code = stop.code
        texts = []
        for text, stream in zip((sys.stdout, sys.stderr), streams, strict=True):
            text.flush()
            texts.append(stream.getvalue().decode(encoding))
        return code, *texts

    return run_command
