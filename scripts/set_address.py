"""Write the public address of the repository wherever it is needed.

The address stands in ``pyproject.toml`` under ``[project.urls] Repository``. After
editing it there, run this script: it rewrites ``_config.yml``, ``README.md``,
``CITATION.cff``, ``CONTRIBUTING.md``, the pages and the first cell of every notebook.
A test compares them all.
"""

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
FILES = ("_config.yml", "README.md", "CITATION.cff", "CONTRIBUTING.md")
_REPOSITORY = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+)$")


def repository(project: Path = PROJECT) -> str:
    """Return the repository's address from ``pyproject.toml``, no final slash."""
    settings = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    address = settings["project"]["urls"]["Repository"].rstrip("/")
    if not _REPOSITORY.match(address):
        raise SystemExit(
            f"pyproject.toml: Repository is {address!r}; expected "
            "'https://github.com/<owner>/<name>'. Correct it and run this again."
        )
    return address


def release_wheel(project: Path = PROJECT) -> str:
    """Return the address of the wheel that notebooks install outside a checkout."""
    settings = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    name, version = settings["name"], settings["version"]
    return (
        f"{repository(project)}/releases/download/v{version}/"
        f"{name}-{version}-py3-none-any.whl"
    )


def current(project: Path = PROJECT) -> tuple[str, str]:
    """Return owner and name that ``_config.yml`` holds now, before a change."""
    text = (project / "_config.yml").read_text("utf-8")
    found = re.search(
        r"^\s*url:\s*https://github\.com/([\w.-]+)/([\w.-]+)\s*$", text, re.M
    )
    if not found:
        raise SystemExit("_config.yml: no `url: https://github.com/<owner>/<name>`.")
    return found[1], found[2]


def addressed_files(project: Path = PROJECT) -> list[Path]:
    """Return the files that may contain the address."""
    book = project / "book"
    texts = [*book.rglob("*.md"), *book.rglob("*.ipynb")]
    return [project / name for name in FILES] + sorted(
        path for path in texts if ".ipynb_checkpoints" not in path.parts
    )


def main(project: Path = PROJECT) -> None:
    """Rewrite the old address to the new one, and the release to the version."""
    owner, name = current(project)
    new_owner, new_name = _REPOSITORY.match(repository(project)).groups()
    wheel = release_wheel(project)
    changed = []
    for path in addressed_files(project):
        if not path.is_file():
            continue
        old = path.read_text("utf-8")
        text = old
        for host in ("github.com", "colab.research.google.com/github"):
            text = re.sub(
                rf"{re.escape(host)}/{re.escape(owner)}/{re.escape(name)}(?![\w-])",
                f"{host}/{new_owner}/{new_name}",
                text,
            )
        text = re.sub(
            rf"{re.escape(owner.lower())}\.github\.io/{re.escape(name)}(?![\w-])",
            f"{new_owner.lower()}.github.io/{new_name}",
            text,
        )
        text = re.sub(
            r"https://github\.com/[\w./-]+/releases/download/[\w./-]+\.whl", wheel, text
        )
        if text != old:
            path.write_text(text, "utf-8", newline="\n")
            changed.append(path.relative_to(project).as_posix())
    print(f"Address: {repository(project)}")
    print("Changed: " + (", ".join(changed) or "nothing, every file had it already"))
    if any(name.endswith(".ipynb") for name in changed):
        print("First cells changed: run `make notebooks` to store fresh outputs.")


if __name__ == "__main__":
    main()
