"""Write the public address of the repository wherever it is needed.

The address stands in ``pyproject.toml`` under ``[project.urls] Repository``. Given
another one, this script writes it there and everywhere else: ``_config.yml``,
``README.md``, ``CITATION.cff``, ``CONTRIBUTING.md``, the pages and the first cell of
every notebook, whose outputs stay valid. The workflow does so before it builds, with
the address of the repository that it runs in. A test compares them all.

    python scripts/set_address.py https://github.com/owner/name
    python scripts/set_address.py       after editing pyproject.toml
"""

import re
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
FILES = ("_config.yml", "README.md", "CITATION.cff", "CONTRIBUTING.md")
_REPOSITORY = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+)$")


def repository(project: Path = PROJECT) -> str:
    """Return the repository's address from ``pyproject.toml``, no final slash."""
    settings = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    return _checked(settings["project"]["urls"]["Repository"])


def _checked(address: str) -> str:
    address = address.strip().rstrip("/").removesuffix(".git")
    if not _REPOSITORY.match(address):
        raise SystemExit(
            f"The repository's address is {address!r}; expected "
            "'https://github.com/<owner>/<name>', for Colab opens no other. Correct it "
            "(it stands in pyproject.toml) and run this again."
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


def main(project: Path = PROJECT, address: str | None = None) -> None:
    """Rewrite the old address to the new one, and the release to the version."""
    if address is not None:
        settings = project / "pyproject.toml"
        line = f'Repository = "{_checked(address)}"'
        text = settings.read_text("utf-8")
        text = re.sub(r'^Repository = ".*"$', line, text, flags=re.M)
        settings.write_text(text, "utf-8", newline="\n")
    owner, name = current(project)
    new_owner, new_name = _REPOSITORY.match(repository(project)).groups()
    wheel = release_wheel(project).removeprefix(f"{repository(project)}/")
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
        text = re.sub(r"\breleases/download/[\w./-]+\.whl", wheel, text)
        if text != old:
            path.write_text(text, "utf-8", newline="\n")
            changed.append(path.relative_to(project).as_posix())
    print(f"Address: {repository(project)}")
    print("Changed: " + (", ".join(changed) or "nothing, every file had it already"))


if __name__ == "__main__":
    main(address=sys.argv[1] if len(sys.argv) > 1 else None)
