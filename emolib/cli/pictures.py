"""Pictures as files: which are read from a folder, and how one is saved."""

from pathlib import Path
from typing import TYPE_CHECKING

from emolib.cli.options import CommandError, check_folder_of

if TYPE_CHECKING:
    import numpy as np

WRITABLE = (".png", ".jpg", ".jpeg", ".webp")
READABLE = (*WRITABLE, ".avif", ".gif", ".bmp", ".tif", ".tiff")


def find_pictures(paths: list[Path]) -> list[Path]:
    """Return `paths` with folders replaced by the pictures in them, sorted."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in READABLE)
        if not inside:
            raise CommandError(f"{path} holds no pictures ({', '.join(READABLE)}).")
        found += inside
    return found


def check_picture(path: Path) -> None:
    """Refuse, before the work, a `path` that no picture could be saved to after it."""
    if path.suffix.lower() not in WRITABLE:
        raise CommandError(f"{path} must end in one of {', '.join(WRITABLE)}.")
    check_folder_of(path)


def save_picture(image: "np.ndarray", path: Path) -> None:
    """Save `image`, uint8 (height, width) or (height, width, 3), at `path`, whole."""
    from PIL import Image

    from emolib.files import whole_file

    try:
        with whole_file(path) as partial:
            Image.fromarray(image).save(partial)
    except OSError as error:
        why = error.strerror or error
        raise CommandError(f"{path} cannot be written ({why}).") from error
