"""Build the book strictly: warnings, dead references and failing cells stop the build.

``python scripts/build_book.py`` executes the notebooks, with a cache that is dropped
when ``emolib/``, ``data/`` or the pins change: jupyter-cache itself looks only at the
notebook. ``--stored`` executes nothing and builds, from scratch, what the notebooks
hold.
"""

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import yaml
from chapters import set_numbers
from project_inputs import PROJECT, inputs_hash


def drop_stale_executions(project: Path = PROJECT) -> bool:
    """Delete cached executions and parsed pages made from other inputs than today's.

    Returns
    -------
    bool
        Whether something was deleted.
    """
    build = project / "_build"
    key_file = build / "execution-inputs.txt"
    key = inputs_hash(project)
    old = key_file.read_text("utf-8").strip() if key_file.is_file() else None
    stale = [build / ".jupyter_cache", build / ".doctrees", build / "html"]
    dropped = False
    if old != key:
        for folder in stale:
            dropped = dropped or folder.exists()
            shutil.rmtree(folder, ignore_errors=True)
        build.mkdir(exist_ok=True)
        key_file.write_text(key + "\n", "utf-8")
    return dropped


def build(project: Path = PROJECT, stored: bool = False) -> int:
    """Build the HTML book and return the exit code of jupyter-book."""
    program = Path(sysconfig.get_path("scripts")) / "jupyter-book"
    command = [str(program), "build", str(project), "-W", "-n", "--keep-going"]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    environment["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    if stored:
        target = project / "_build" / "stored"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        settings = yaml.safe_load((project / "_config.yml").read_text("utf-8"))
        settings["execute"]["execute_notebooks"] = "off"
        extensions = settings["sphinx"].get("local_extensions", {})
        for name, folder in extensions.items():  # relative to the settings' own folder
            extensions[name] = str(project / folder)
        config = target / "_config.yml"
        config.write_text(
            yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), "utf-8"
        )
        command += ["--config", str(config), "--path-output", str(target)]
        print("Building the book from the outputs stored in the notebooks ...")
    elif "?" in str(project):  # jupyter-cache would open a database beside the folder
        print(f"{project}: rename the folder; a '?' in its path misleads the cache of")
        print("executed notebooks.")
        return 1
    elif drop_stale_executions(project):
        print("emolib, data or the pins changed: every notebook runs again ...")
    for path in set_numbers(project):
        print(f"{path.relative_to(project)}: numbered, as _toc.yml says")
    sys.stdout.flush()
    return subprocess.run(command, cwd=project, env=environment, check=False).returncode


def html_folder(project: Path = PROJECT, stored: bool = False) -> Path:
    """Return where the HTML of the book is after a build."""
    top = project / "_build" / "stored" if stored else project
    return top / "_build" / "html"


def main() -> int:
    """Build from the command line and say where the book is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stored", action="store_true", help="do not execute")
    options = parser.parse_args()
    code = build(stored=options.stored)
    if code == 0:
        page = html_folder(stored=options.stored) / "index.html"
        print(f"The book is ready: open {page.relative_to(PROJECT)}")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
