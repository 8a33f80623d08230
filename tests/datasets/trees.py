"""Folders named as those of well-known data sets, with pictures of noise."""

import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

#: What systems and programs leave, and what stands beside pictures.
LITTER = (
    "Thumbs.db", ".DS_Store", "desktop.ini", "._1.png", "labels.csv", "README.txt",
    "__MACOSX/train/._1.png", "__MACOSX/real.png", ".ipynb_checkpoints/1-copy.png",
)  # fmt: skip


def draw(path: Path, seed: int | None = None, size: tuple = (24, 24)) -> None:
    """Save a picture of smooth noise, another for every name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = zlib.crc32(str(path).encode()) if seed is None else seed
    noise = np.random.default_rng(seed).integers(0, 256, (6, 6), dtype=np.uint8)
    Image.fromarray(noise).resize(size[::-1], Image.BICUBIC).save(path)


def plant(folder: Path, names: Iterable[str], litter: bool = True) -> Path:
    """Draw a picture for each name, and leave litter in every folder of them."""
    for name in names:
        draw(folder / name)
    for place in (
        {folder, *((folder / name).parent for name in names)} if litter else ()
    ):
        for name in LITTER:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(b"no picture")
    return folder


def ck48(count: int = 3) -> list[str]:
    """Return names as in CK+48; `count` pictures of each of seven classes."""
    kinds = ("anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")
    return [
        f"CK+48/{kind}/S{10 + k % 5:03}_{c:03}_000000{k:02}.png"
        for c, kind in enumerate(kinds)
        for k in range(count)
    ]


def numbered(numbers: Iterable[int], count: int = 2) -> list[str]:
    """Return names as in RAF-DB and AffectNet, `count` a class in both parts."""
    return [
        f"DATASET/{part}/{number}/{part}_{k:05}_aligned.jpg"
        for part in ("train", "test")
        for number in numbers
        for k in range(count)
    ]


def jaffe() -> list[str]:
    """Return names as in JAFFE."""
    kinds = ("AN", "DI", "FE", "HA", "NE", "SA", "SU")
    return [
        f"jaffedbase/{who}.{kind}{k}.{10 * n + k}.tiff"
        for n, who in enumerate(("KA", "KL", "YM"))
        for kind in kinds
        for k in (1, 2)
    ]


def kdef(people: Iterable[str] = ("F01", "M31")) -> list[str]:
    """Return names as in KDEF: one folder a person and session."""
    return [
        f"KDEF/{session}{who}/{session}{who}{kind}{view}.JPG"
        for session in "AB"
        for who in people
        for kind in ("AF", "AN", "DI", "HA", "NE", "SA", "SU")
        for view in ("FL", "HL", "S", "HR", "FR")
    ]
