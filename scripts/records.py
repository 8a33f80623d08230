"""Write a file of measurements whole or not at all."""

import json
import os
from pathlib import Path


def write_json(path: Path, record: dict) -> None:
    """Write a record to a temporary name beside `path`, then rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
