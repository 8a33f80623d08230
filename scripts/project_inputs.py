"""One hash of everything a notebook's outputs depend on besides its own cells.

Used by ``build_book.py`` to drop stale executions and by ``run_notebooks.py`` to
decide what has to run again. Run as a script it prints the hash.
"""

import hashlib
import json
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
INPUTS = ("emolib", "data", "requirements.txt")
_NOISE = {"__pycache__", "Thumbs.db"}


def input_files(project: Path = PROJECT) -> list[Path]:
    """Return the files that count, sorted; no caches, hidden or temporary files."""
    found = []
    for name in INPUTS:
        top = project / name
        candidates = [top] if top.is_file() else top.rglob("*")
        for path in candidates:
            parts = path.relative_to(project).parts
            if path.is_file() and not any(
                part in _NOISE
                or part.startswith(".")
                or part.endswith((".pyc", ".tmp"))
                for part in parts
            ):
                found.append(path)
    return sorted(found, key=lambda path: path.relative_to(project).as_posix())


def what_counts(name: str, content: bytes) -> bytes:
    """Return the part of a file on which outputs can depend.

    Of the pins their comments count for nothing, and of a measurement only its results:
    who measured it with which command, and what the canary said, is read by no chapter.
    """
    if name == "requirements.txt":
        lines = content.splitlines()
        return b"\n".join(line for line in lines if not line.startswith(b"#"))
    if name.startswith("data/results/") and name.endswith(".json"):
        results = json.loads(content).get("results")
        return json.dumps(results, sort_keys=True).encode()
    return content


def inputs_hash(project: Path = PROJECT) -> str:
    """Return a sha256 over the names and contents of code, data and pins."""
    total = hashlib.sha256()
    for path in input_files(project):
        name = path.relative_to(project).as_posix()
        content = hashlib.sha256(what_counts(name, path.read_bytes())).hexdigest()
        total.update(f"{name}\0{content}\n".encode())
    return total.hexdigest()


if __name__ == "__main__":
    print(inputs_hash())
