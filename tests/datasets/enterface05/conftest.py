import zipfile
from pathlib import Path

import pytest

from emolib.datasets.enterface05 import standin


@pytest.fixture(scope="session")
def zip_standin():
    """Return a function that packs a stand-in as the real corpus is packed."""

    def pack(folder: Path, file: Path) -> Path:
        with zipfile.ZipFile(file, "w") as packed:
            for path in sorted((folder / standin.DATABASE).rglob("*")):
                name = path.relative_to(folder).as_posix()
                if path.is_dir():
                    packed.writestr(zipfile.ZipInfo(f"{name}/"), b"")
                else:  # the fixed date makes equal trees equal
                    packed.writestr(zipfile.ZipInfo(name), path.read_bytes())
        return file

    return pack
