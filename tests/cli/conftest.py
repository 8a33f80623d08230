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
