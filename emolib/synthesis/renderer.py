"""From a person, an expression and a scene to a picture.

The steps are the classic ones: move the vertices, project them, find the nearest
triangle at each pixel (z-buffer), shade it, add light's shadow, then do what a camera
does (exposure, blur, noise, 8 bits). Taught in chapter 2.
"""

import math
from functools import cache, lru_cache

import numpy as np
from numba import njit
from scipy.ndimage import gaussian_filter

from emolib.faces import CROP
from emolib.synthesis.expression import (
    GAINS,
    UNITS,
    check_units,
    without_side,
)
from emolib.synthesis.head import (
    EYES,
    INTEROCULAR,
    MATERIALS,
    Identity,
    identity_vertices,
    load_head,
    pupil_rows,
)
from emolib.synthesis.occluders import (
    CLOTH,
    FRAME,
    HAND,
    make_occluder,
    under_mask,
)
from emolib.synthesis.paint import (
    LEFT,
    TEXELS,
    TOP,
    fold_depths,
    fold_grooves,
    hair_colour,
    skin_maps,
)
from emolib.synthesis.scene import Scene, background_field

#: Distance from the camera to the eyes, decimetres (a webcam at arm's length).
CAMERA = 11.0
#: The picture is drawn this much finer and then averaged down.
SUPERSAMPLING = 2
#: Sides that can be drawn.
MIN_SIZE, MAX_SIZE = 16, 512

_SHADOW_SIZE = 144
_SHADOW_REACH = 1.25  # half side of the shadow map, decimetres

SKIN, TONGUE, EYE, TEETH, HAIR, LASH = range(len(MATERIALS))


def render(
    identity: Identity,
    expression: dict[str, float] | None = None,
    scene: Scene | None = None,
    *,
    size: int = CROP.size,
    colour: bool = False,
) -> np.ndarray:
    """Draw one face.

    Parameters
    ----------
    identity : Identity
        Who, from `random_identity`.
    expression : dict of str to float, optional
        Action unit -> weight, for example from `express`; neutral by default.
    scene : Scene, optional
        Pose, light, background, occluder and camera; a plain portrait by default.
    size : int
        Side of the square picture in pixels, 16 to 512.
    colour : bool
        RGB instead of grey.

    Returns
    -------
    ndarray, uint8, (size, size) or (size, size, 3)
        sRGB-encoded values 0-255; the pupils lie on `faces.CROP` but for the scene's
        shift, scale and roll.

    Raises
    ------
    ValueError
        If `size` is out of range, a unit is unknown or a weight out of range.
    HeadPackError
        If the head pack is missing.

    Examples
    --------
    >>> from emolib.synthesis import express, random_identity
    >>> render(random_identity(1), express("happiness")).shape
    (64, 64)
    """
    return render_with_truth(identity, expression, scene, size=size, colour=colour)[0]


def render_with_truth(
    identity: Identity,
    expression: dict[str, float] | None = None,
    scene: Scene | None = None,
    *,
    size: int = CROP.size,
    colour: bool = False,
) -> tuple[np.ndarray, dict[str, float]]:
    """Draw one face and say what only the renderer knows.

    Parameters, errors and the picture are those of `render`.

    Returns
    -------
    image : ndarray, uint8
    truth : dict
        ``left_eye_x``, ``left_eye_y``, ``right_eye_x``, ``right_eye_y`` (pupils at the
        picture's left and right), ``mouth_x``, ``mouth_y`` (fractions of the side) and
        ``covered`` (share of the face's pixels behind the occluder, 0 to 1).
    """
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise ValueError(
            f"size must lie in [{MIN_SIZE}, {MAX_SIZE}] pixels; received {size}."
        )
    scene = Scene() if scene is None else scene
    weights = check_units(expression or {})
    if scene.occluder == "mask":
        weights = under_mask(weights)
    mesh = _assemble(identity, weights, scene)
    side = size * SUPERSAMPLING
    camera, pixels, truth = _project(mesh["vertices"], scene, side)
    triangle, bary, depth = _rasterise(
        pixels, camera[:, 2], mesh["triangles"], mesh["materials"] == SKIN, side
    )
    normals = _vertex_normals(camera, mesh["triangles"])

    toward_light = _light_direction(scene)
    shadow, light_axes = _shadow_map(camera, mesh, toward_light)
    albedo, relief = skin_maps(identity)
    grooves = _groove_relief(
        fold_grooves()[1], _groove_rows(), fold_depths(weights, identity.age)
    )
    rotation = _rotation(scene)
    radiance, lit_skin = _shade(
        triangle,
        bary,
        depth,
        _occlusion(depth, side),
        mesh["triangles"],
        mesh["materials"],
        mesh["rest"],
        mesh["masks"],
        camera,
        normals,
        albedo,
        relief,
        grooves,
        _noise_tile(),
        rotation,
        toward_light,
        shadow,
        light_axes,
        np.float32(scene.light_contrast),
        np.float32(identity.oiliness),
        np.float32(identity.iris),
        np.float32(_lip_redness(weights)),
        np.float32(_hairline(identity)),
        hair_colour(identity).astype(np.float32),
        np.array(mesh["colour"], np.float32),
        background_field(scene.background, side),
    )
    truth["covered"] = _covered(mesh["materials"], triangle)
    return _develop(radiance, lit_skin, scene, size, colour), truth


@cache
def _unit_arrays():
    """The 52 units as flat arrays: start (53,), vertex index (k,), delta (k, 3)."""
    targets = load_head().targets
    start, index, delta = [0], [], []
    for unit in UNITS:
        rows, moves = targets[f"unit/{unit}"]
        index.append(rows)
        delta.append(moves * np.float32(GAINS.get(without_side(unit), 1.0)))
        start.append(start[-1] + len(rows))
    return np.array(start), np.concatenate(index), np.concatenate(delta)


@lru_cache(maxsize=256)
def _dressed(identity: Identity):
    """The neutral head with its hair: vertices, triangles, materials."""
    head = load_head()
    vertices = identity_vertices(identity).copy()
    if identity.hair != "bald":
        normals = _vertex_normals(identity_vertices(identity), head.triangles)
        lift = _hair_lift(head.vertices, _hairline(identity)) * identity.hair_height
        vertices += normals * lift[:, None]
    keep = np.ones(len(head.triangles), bool)
    if identity.hair == "long":  # the strands hang behind the face, not before it
        rows = np.unique(head.triangles[head.materials == HAIR])
        vertices[rows, 2] = np.minimum(vertices[rows, 2], 0.62)
    else:
        keep = head.materials != HAIR
    return vertices, head.triangles[keep], head.materials[keep]


def _assemble(identity: Identity, weights: dict[str, float], scene: Scene) -> dict:
    """Put the moved head and the occluder into one mesh."""
    head = load_head()
    vertices, triangles, materials = _dressed(identity)
    vertices = vertices.copy()
    ordered = np.array([weights.get(unit, 0.0) for unit in UNITS], np.float32)
    _move(vertices, *_unit_arrays(), ordered)
    mesh = {
        "vertices": vertices,
        "triangles": triangles,
        "materials": materials,
        "rest": head.vertices,
        "masks": head.masks,
        "colour": (0.0, 0.0, 0.0),
    }
    if scene.occluder != "none":
        cover = make_occluder(scene.occluder, identity, scene.occluder_seed)
        bare = np.zeros((len(cover.vertices), head.masks.shape[1]), np.float32)
        mesh = {
            "vertices": np.concatenate([vertices, cover.vertices]),
            "triangles": np.concatenate([triangles, cover.triangles + len(vertices)]),
            "materials": np.concatenate([materials, cover.materials]),
            "rest": np.concatenate([head.vertices, cover.vertices]),
            "masks": np.concatenate([head.masks, bare]),
            "colour": cover.colour,
        }
    return mesh


@njit(cache=True)
def _move(vertices, start, index, delta, weights):
    for unit in range(len(weights)):
        weight = weights[unit]
        if weight != 0:
            for k in range(start[unit], start[unit + 1]):
                for axis in range(3):
                    vertices[index[k], axis] += weight * delta[k, axis]


def _hairline(identity: Identity) -> float:
    return 0.6 if identity.hair == "bald" else identity.hair_line


@njit(cache=True)
def _above_hairline(x, y, z, hairline):
    """Signed height above the hairline of a rest position, decimetres."""
    side = abs(x)
    if z > 1.15:  # forehead and temples
        line = 7.93 + hairline - 0.45 * max(side - 0.28, 0.0)
    elif z > 0.95:
        line = 7.62 + (z - 0.95) * 0.75 + 0.5 * hairline
    elif z > 0.68:  # sideburn
        line = 7.05 + (z - 0.68) * 2.1
    elif z > 0.25:  # around the ear
        line = 7.38
    else:
        line = 6.55
    return y - line


@njit(cache=True)
def _hair_lift(rest, hairline):
    """How far each rest vertex (n, 3) stands off as hair, 0 to 1."""
    lift = np.zeros(len(rest), np.float32)
    for k in range(len(rest)):
        above = _above_hairline(rest[k, 0], rest[k, 1], rest[k, 2], hairline)
        lift[k] = min(max(above / 0.25, 0.0), 1.0)
    return lift


def _rotation(scene: Scene) -> np.ndarray:
    """Rotation (3, 3) of the head: first yaw, then pitch."""
    yaw, pitch = math.radians(scene.yaw), math.radians(scene.pitch)
    turn = np.array(
        [
            [math.cos(yaw), 0, math.sin(yaw)],
            [0, 1, 0],
            [-math.sin(yaw), 0, math.cos(yaw)],
        ]
    )
    nod = np.array(
        [
            [1, 0, 0],
            [0, math.cos(pitch), math.sin(pitch)],
            [0, -math.sin(pitch), math.cos(pitch)],
        ]
    )
    return (nod @ turn).astype(np.float32)


def _project(vertices: np.ndarray, scene: Scene, side: int):
    """Camera coordinates (n, 3), pixels (n, 2) and where the landmarks fall."""
    rotation = _rotation(scene)
    # the origin is the middle between the eyes, after the head has turned
    camera = ((vertices - EYES) @ rotation.T).astype(np.float32)
    flat = _perspective(camera)

    # as an aligner would: pupils level and on the canonical crop, then the jitter
    half = INTEROCULAR / 2 * rotation[:, 0]
    ends = _perspective(np.stack([-half, half]))
    step = ends[1] - ends[0]
    size = CROP.interocular * scene.scale * side / math.hypot(*step)
    angle = math.atan2(step[1], step[0]) + math.radians(scene.roll)
    cos, sin = math.cos(angle) * size, math.sin(angle) * size
    moved = flat - ends.mean(axis=0)
    x = moved[:, 0] * cos + moved[:, 1] * sin
    y = moved[:, 0] * sin - moved[:, 1] * cos
    # scale and roll act about the middle of the crop
    lift = (CROP.eye_line - 0.5) * side * scene.scale
    roll = math.radians(scene.roll)
    x += side * (0.5 + scene.shift_x) - lift * math.sin(roll)
    y += side * (0.5 + scene.shift_y) + lift * math.cos(roll)
    pixels = np.stack([x, y], axis=1).astype(np.float32)

    eyes = sorted(tuple(pixels[rows].mean(axis=0)) for rows in pupil_rows())
    mouth = pixels[_lip_rows()].mean(axis=0)
    truth = {
        f"{name}_{axis}": float(value) / side
        for name, point in zip(
            ("left_eye", "right_eye", "mouth"), (*eyes, mouth), strict=True
        )
        for axis, value in zip("xy", point, strict=True)
    }
    return camera, pixels, truth


def _perspective(camera: np.ndarray) -> np.ndarray:
    return camera[:, :2] * (CAMERA / (CAMERA - camera[:, 2:]))


@cache
def _lip_rows() -> np.ndarray:
    return np.flatnonzero(load_head().masks[:, 0] > 0.5)


@njit(cache=True)
def _vertex_normals(vertices, triangles):
    """Area-weighted unit normals (n, 3) of the vertices."""
    normals = np.zeros_like(vertices)
    for k in range(len(triangles)):
        a, b, c = triangles[k, 0], triangles[k, 1], triangles[k, 2]
        ux = vertices[b, 0] - vertices[a, 0]
        uy = vertices[b, 1] - vertices[a, 1]
        uz = vertices[b, 2] - vertices[a, 2]
        vx = vertices[c, 0] - vertices[a, 0]
        vy = vertices[c, 1] - vertices[a, 1]
        vz = vertices[c, 2] - vertices[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for corner in (a, b, c):
            normals[corner, 0] += nx
            normals[corner, 1] += ny
            normals[corner, 2] += nz
    for k in range(len(normals)):
        x, y, z = normals[k, 0], normals[k, 1], normals[k, 2]
        length = math.sqrt(x * x + y * y + z * z)
        if length > 0:
            normals[k, 0] = x / length
            normals[k, 1] = y / length
            normals[k, 2] = z / length
    return normals


@njit(cache=True)
def _rasterise(pixels, nearness, triangles, one_sided, side):
    """Find the nearest triangle at each pixel; closed skin shows its front only.

    Returns triangle (side, side) int32, -1 where there is none; barycentric weights
    of the first two corners (side, side, 2); depth (side, side), larger is nearer.
    """
    triangle = np.full((side, side), -1, np.int32)
    bary = np.zeros((side, side, 2), np.float32)
    depth = np.full((side, side), -1e9, np.float32)
    for k in range(len(triangles)):
        a, b, c = triangles[k, 0], triangles[k, 1], triangles[k, 2]
        ax, ay = pixels[a, 0], pixels[a, 1]
        bx, by = pixels[b, 0], pixels[b, 1]
        cx, cy = pixels[c, 0], pixels[c, 1]
        area = (by - cy) * (ax - cx) + (cx - bx) * (ay - cy)
        if abs(area) < 1e-9 or (area > 0 and one_sided[k]):
            continue
        left = max(math.ceil(min(ax, bx, cx) - 0.5), 0)
        right = min(math.floor(max(ax, bx, cx) - 0.5), side - 1)
        top = max(math.ceil(min(ay, by, cy) - 0.5), 0)
        bottom = min(math.floor(max(ay, by, cy) - 0.5), side - 1)
        za, zb, zc = nearness[a], nearness[b], nearness[c]
        for row in range(top, bottom + 1):
            y = row + 0.5 - cy
            for column in range(left, right + 1):
                x = column + 0.5 - cx
                u = ((by - cy) * x + (cx - bx) * y) / area
                v = ((cy - ay) * x + (ax - cx) * y) / area
                if u >= 0 and v >= 0 and u + v <= 1:
                    z = u * za + v * zb + (1 - u - v) * zc
                    if z > depth[row, column]:
                        depth[row, column] = z
                        triangle[row, column] = k
                        bary[row, column, 0] = u
                        bary[row, column, 1] = v
    return triangle, bary, depth


def _light_direction(scene: Scene) -> np.ndarray:
    """Unit vector (3,) from the face to the key light, camera coordinates."""
    azimuth = math.radians(scene.light_azimuth)
    elevation = math.radians(scene.light_elevation)
    flat = math.cos(elevation)
    return np.array(
        [math.sin(azimuth) * flat, math.sin(elevation), math.cos(azimuth) * flat],
        np.float32,
    )


def _shadow_map(camera: np.ndarray, mesh: dict, toward: np.ndarray):
    """Depth as the light sees it, and the axes (3, 3) of the light's view."""
    across = np.cross([0.0, 1.0, 0.0], toward)
    across /= np.linalg.norm(across)
    axes = np.stack([across, np.cross(toward, across), toward]).astype(np.float32)
    seen = camera @ axes.T
    texel = _SHADOW_SIZE / (2 * _SHADOW_REACH)
    pixels = (seen[:, :2] + np.float32(_SHADOW_REACH)) * np.float32(texel)
    pixels[:, 1] = _SHADOW_SIZE - pixels[:, 1]
    one_sided = mesh["materials"] == SKIN
    depth = _rasterise(pixels, seen[:, 2], mesh["triangles"], one_sided, _SHADOW_SIZE)[
        2
    ]
    return depth, axes


@njit(cache=True)
def _occlusion(depth, side):
    """Share of light that reaches each pixel past its surroundings, 0 to 1.

    A point that lies behind the mean of its neighbourhood is in a hollow: eye
    sockets, the sides of the nose, the mouth.
    """
    total = np.zeros((side + 1, side + 1))
    count = np.zeros((side + 1, side + 1))
    for row in range(side):
        for column in range(side):
            z = depth[row, column]
            hit = z > -1e8
            total[row + 1, column + 1] = (
                total[row, column + 1]
                + total[row + 1, column]
                - total[row, column]
                + (z if hit else 0.0)
            )
            count[row + 1, column + 1] = (
                count[row, column + 1]
                + count[row + 1, column]
                - count[row, column]
                + (1.0 if hit else 0.0)
            )
    open_sky = np.ones((side, side), np.float32)
    for row in range(side):
        for column in range(side):
            z = depth[row, column]
            if z < -1e8:
                continue
            for share, strength in ((0.022, 3.2), (0.065, 0.9)):
                reach = max(1, int(side * share + 0.5))
                r0, r1 = max(0, row - reach), min(side, row + reach + 1)
                c0, c1 = max(0, column - reach), min(side, column + reach + 1)
                n = count[r1, c1] - count[r0, c1] - count[r1, c0] + count[r0, c0]
                s = total[r1, c1] - total[r0, c1] - total[r1, c0] + total[r0, c0]
                hollow = min(max(s / n - z, 0.0), 0.25)
                open_sky[row, column] *= math.exp(-strength * hollow)
    return open_sky


@cache
def _groove_rows() -> np.ndarray:
    """First row and end row (2 * folds, 2) of the part of each groove that counts."""
    used = (fold_grooves()[1] > 1e-4).any(axis=2)
    first = used.argmax(axis=1)
    return np.stack([first, used.shape[1] - used[:, ::-1].argmax(axis=1)], axis=1)


@njit(cache=True)
def _groove_relief(grooves, rows, depths):
    """Sum the folds: depth and its slopes to the right and upwards, (h, w, 3)."""
    height, width = grooves.shape[1:]
    relief = np.zeros((height, width, 3), np.float32)
    for k in range(len(depths)):
        if depths[k] > 0.01:
            for row in range(rows[k, 0], rows[k, 1]):
                for column in range(width):
                    relief[row, column, 0] += depths[k] * grooves[k, row, column]
    for row in range(1, height - 1):
        for column in range(1, width - 1):
            relief[row, column, 1] = (
                relief[row, column + 1, 0] - relief[row, column - 1, 0]
            )
            relief[row, column, 2] = (
                relief[row - 1, column, 0] - relief[row + 1, column, 0]
            )
    return relief


@cache
def _noise_tile() -> np.ndarray:
    """Smooth noise (128, 128) float32 around 0 that repeats without a seam."""
    field = np.random.default_rng(6).normal(size=(128, 128))
    field = gaussian_filter(field, 1.0, mode="wrap")
    return (field / field.std()).astype(np.float32)


@njit(cache=True)
def _tile(noise, x, y):
    n = noise.shape[0]
    column, row = math.floor(x), math.floor(y)
    fx, fy = x - column, y - row
    c0, r0 = int(column) % n, int(row) % n
    c1, r1 = (c0 + 1) % n, (r0 + 1) % n
    upper = noise[r0, c0] * (1 - fx) + noise[r0, c1] * fx
    lower = noise[r1, c0] * (1 - fx) + noise[r1, c1] * fx
    return upper * (1 - fy) + lower * fy


def _lip_redness(weights: dict[str, float]) -> float:
    """Lips vanish as they are pressed or rolled in: 1 at rest, down to 0.2."""
    inwards = sum(
        weights.get(unit, 0.0)
        for unit in ("mouthPressLeft", "mouthPressRight", "mouthRollLower")
    )
    return max(0.2, 1 - 0.45 * inwards)


@njit(cache=True)
def _mix(first, second, share):
    return first * (1 - share) + second * share


@njit(cache=True)
def _shade(
    triangle, bary, depth, open_sky, triangles, materials, rest, masks, camera,
    normals, albedo, relief, grooves, noise, rotation, toward, shadow, light_axes,
    contrast, oil, iris, lips, hairline, hair, occluder, background,
):  # fmt: skip
    """Colour every pixel.

    Returns linear RGB (side, side, 3) float32 and the mean luminance of lit skin.
    """
    side = triangle.shape[0]
    image = background.copy()
    half = toward + np.array([0.0, 0.0, 1.0], np.float32)
    half /= math.sqrt((half**2).sum())
    rows, columns = albedo.shape[:2]
    paint, n = np.zeros(3), np.zeros(3)
    lit_sum, lit_count = 0.0, 0
    for row in range(side):
        for column in range(side):
            k = triangle[row, column]
            if k < 0:
                continue
            a, b, c = triangles[k, 0], triangles[k, 1], triangles[k, 2]
            u, v = bary[row, column, 0], bary[row, column, 1]
            w = 1 - u - v
            x = u * rest[a, 0] + v * rest[b, 0] + w * rest[c, 0]
            y = u * rest[a, 1] + v * rest[b, 1] + w * rest[c, 1]
            z = u * rest[a, 2] + v * rest[b, 2] + w * rest[c, 2]
            for axis in range(3):
                n[axis] = (
                    u * normals[a, axis] + v * normals[b, axis] + w * normals[c, axis]
                )
            material = materials[k]
            shine, gloss, cavity = 0.0, 20.0, 1.0

            # what the surface is painted with
            if material in (SKIN, LASH, HAND):
                ti = min(max(int((TOP - y) * TEXELS), 0), rows - 1)
                tj = min(max(int((x - LEFT) * TEXELS), 0), columns - 1)
                if material == HAND:  # the skin of the forehead, without its lines
                    ti, tj = 70 + int(y * 97) % 9, 90 + int(x * 89) % 13
                for ch in range(3):
                    paint[ch] = albedo[ti, tj, ch]
                shine, gloss = 0.04 + 0.10 * oil, 14.0
                if material == SKIN:
                    lip = u * masks[a, 0] + v * masks[b, 0] + w * masks[c, 0]
                    inner = u * masks[a, 1] + v * masks[b, 1] + w * masks[c, 1]
                    lip = min(max(1.5 * lip - 0.2, 0.0), 1.0) * lips
                    paint[0] *= 1 - 0.22 * lip
                    paint[1] *= 1 - 0.55 * lip
                    paint[2] *= 1 - 0.48 * lip
                    shine += 0.10 * lip
                    wet = min(max(2.0 * inner - 0.6, 0.0), 1.0)
                    paint[0] = _mix(paint[0], 0.10, wet)
                    paint[1] = _mix(paint[1], 0.022, wet)
                    paint[2] = _mix(paint[2], 0.02, wet)
                    cavity = 1 - 0.75 * wet
                    # folds: darker in the groove, and the normal leans into it
                    if 1 <= ti < rows - 1 and 1 <= tj < columns - 1 and z > 0.6:
                        groove = grooves[ti, tj]
                        dark = math.exp(-0.42 * groove[0])
                        for ch in range(3):
                            paint[ch] *= dark
                        slope_x = -1.1 * groove[1] + 0.02 * (
                            relief[ti, tj + 1] - relief[ti, tj - 1]
                        )
                        slope_y = -1.1 * groove[2] + 0.02 * (
                            relief[ti - 1, tj] - relief[ti + 1, tj]
                        )
                        for axis in range(3):
                            n[axis] -= (
                                rotation[axis, 0] * slope_x
                                + rotation[axis, 1] * slope_y
                            )
                    strand = _tile(noise, x * 55 + z * 9, y * 7 + z * 20)
                    edge = _above_hairline(x, y, z, hairline) + 0.03 * strand
                    share = min(max(edge / 0.06, 0.0), 1.0)
                    if share > 0:
                        for ch in range(3):
                            strands = hair[ch] * (1 + 0.28 * strand)
                            paint[ch] = _mix(paint[ch], max(strands, 0.003), share)
                        shine, gloss = _mix(shine, 0.05, share), 8.0
                        n[0] += 0.10 * strand * share
                elif material == LASH:
                    for ch in range(3):
                        paint[ch] *= 0.12
                    shine = 0.0
            elif material == HAIR:
                strand = _tile(noise, x * 40 + z * 60, y * 4)
                for ch in range(3):
                    paint[ch] = max(hair[ch] * (1 + 0.28 * strand), 0.003)
                n[0] += 0.15 * strand
                shine, gloss = 0.05, 8.0
            elif material == EYE:
                cx = 0.31 if x > 0 else -0.31
                radius = math.hypot(x - cx, y - 7.285)
                lid = min(max((y - 7.30) / 0.06, 0.0), 1.0)
                shade = (1 - 0.45 * lid) * (1 - 1.6 * max(radius - 0.07, 0.0))
                paint[0], paint[1], paint[2] = 0.42 * shade, 0.38 * shade, 0.36 * shade
                inside = min(max((0.066 - radius) / 0.010, 0.0), 1.0)
                light = (0.30 - 0.27 * iris) * (0.55 + 6 * max(radius - 0.03, 0.0))
                light *= shade
                paint[0] = _mix(paint[0], light * (0.7 + 0.3 * iris), inside)
                paint[1] = _mix(paint[1], light * (0.9 - 0.3 * iris), inside)
                paint[2] = _mix(paint[2], light * (1.1 - 0.8 * iris), inside)
                pupil = min(max((0.031 - radius) / 0.008, 0.0), 1.0)
                for ch in range(3):
                    paint[ch] = _mix(paint[ch], 0.008, pupil)
                shine, gloss = 0.5, 120.0
            elif material == TEETH:
                paint[0], paint[1], paint[2] = 0.46, 0.42, 0.35
                cavity = min(max(1.0 - 1.4 * (1.47 - z), 0.15), 1.0)
                shine, gloss = 0.08, 30.0
            elif material == TONGUE:
                paint[0], paint[1], paint[2] = 0.30, 0.09, 0.08
                cavity = min(max((z - 0.7) / 0.7, 0.1), 0.7)
                shine = 0.06
            elif material == CLOTH:
                weave = 1 + 0.05 * math.sin(y * 95)
                for ch in range(3):
                    paint[ch] = occluder[ch] * weave
            elif material == FRAME:
                for ch in range(3):
                    paint[ch] = occluder[ch]
                shine, gloss = 0.25, 30.0
            else:  # lens
                glare = 0.008 + 0.03 * min(max((y - 7.1) / 0.35, 0.0), 1.0)
                paint[0], paint[1], paint[2] = glare, glare, glare
                shine, gloss = 0.15, 60.0

            # what light reaches it
            length = math.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2])
            if length > 0:
                for axis in range(3):
                    n[axis] /= length
            if n[2] < 0 and material >= HAIR:  # both sides of a sheet are seen
                for axis in range(3):
                    n[axis] *= -1
            px = u * camera[a, 0] + v * camera[b, 0] + w * camera[c, 0]
            py = u * camera[a, 1] + v * camera[b, 1] + w * camera[c, 1]
            pz = depth[row, column]
            lit = _visibility(px, py, pz, shadow, light_axes)
            facing = n[0] * toward[0] + n[1] * toward[1] + n[2] * toward[2]
            key = max((facing + 0.18) / 1.18, 0.0) * lit * contrast * 1.5
            fill = (0.55 + 0.30 * n[1] + 0.15 * n[2]) * (1 - 0.8 * contrast)
            fill *= open_sky[row, column]
            key *= 0.45 + 0.55 * open_sky[row, column]
            spec = n[0] * half[0] + n[1] * half[1] + n[2] * half[2]
            spec = shine * lit * (0.3 + contrast) * max(spec, 0.0) ** gloss
            spec *= open_sky[row, column]
            for ch in range(3):
                image[row, column, ch] = paint[ch] * (key + fill) * cavity + spec
            if material == SKIN and z > 1.0:
                lit_sum += image[row, column, 1]
                lit_count += 1
    return image, lit_sum / max(lit_count, 1)


@njit(cache=True)
def _visibility(x, y, z, shadow, axes):
    """Share of the key light that reaches a point (percentage-closer filtering)."""
    size = shadow.shape[0]
    texel = size / (2 * _SHADOW_REACH)
    sx = (axes[0, 0] * x + axes[0, 1] * y + axes[0, 2] * z + _SHADOW_REACH) * texel
    sy = axes[1, 0] * x + axes[1, 1] * y + axes[1, 2] * z
    sy = size - (sy + _SHADOW_REACH) * texel
    sz = axes[2, 0] * x + axes[2, 1] * y + axes[2, 2] * z
    free = 0.0
    for dy in (-1.5, 0.0, 1.5):
        for dx in (-1.5, 0.0, 1.5):
            column, row = int(sx + dx), int(sy + dy)
            if 0 <= column < size and 0 <= row < size:
                gap = shadow[row, column] - sz - 0.035
                free += 1 - min(max(gap / 0.04, 0.0), 1.0)
            else:
                free += 1
    return free / 9


def _covered(materials: np.ndarray, triangle: np.ndarray) -> float:
    seen = materials[triangle[triangle >= 0]]
    face = (seen == SKIN) | (seen == EYE) | (seen >= FRAME)
    return float((seen >= FRAME).sum() / max(face.sum(), 1))


def _develop(
    radiance: np.ndarray, lit_skin: float, scene: Scene, size: int, colour: bool
) -> np.ndarray:
    """Do what a camera does: exposure, averaging, blur, noise, gamma, 8 bits."""
    target = 0.20 * scene.exposure
    gain = target * (lit_skin / 0.20) ** 0.4 / max(lit_skin, 1e-4)
    light = radiance * np.float32(gain)
    n = SUPERSAMPLING
    light = sum(light[row::n, column::n] for row in range(n) for column in range(n))
    light /= np.float32(n * n)
    if not colour:
        light = light @ np.array([[0.2126], [0.7152], [0.0722]], np.float32)
    if scene.blur > 0:
        sigma = scene.blur * size
        light = gaussian_filter(light, (sigma, sigma, 0), mode="nearest", truncate=3)
    # a film's curve: gamma, then a little contrast with soft ends
    grey = np.clip(1.5 * light / (1 + 0.5 * light), 0, 1) ** (1 / 2.2)
    grey = 255 * (0.35 * grey + 0.65 * grey * grey * (3 - 2 * grey))
    if scene.noise > 0:
        rng = np.random.default_rng([scene.noise_seed, 7])
        grey = grey + rng.normal(0, scene.noise, grey.shape)
    image = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    return image if colour else image[..., 0]
