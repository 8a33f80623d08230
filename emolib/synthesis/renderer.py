"""From a person, an expression and a scene to a picture.

The steps are the classic ones: move the vertices, project them, find the nearest
triangle at each pixel (z-buffer), shade it in light and shadow, then do what a camera
does (exposure, blur, noise, 8 bits).
"""

import io
import math
from functools import cache, lru_cache

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from emolib.errors import ArgumentError
from emolib.faces import CROP
from emolib.synthesis.drawing import mesh, paint, shader
from emolib.synthesis.drawing.mesh import Figure
from emolib.synthesis.drawing.raster import ambient_occlusion, rasterise
from emolib.synthesis.drawing.shader import Vector
from emolib.synthesis.people.expression import GAINS, UNITS, check_units, without_side
from emolib.synthesis.people.identity import Colour, Identity
from emolib.synthesis.people.pack import load_head
from emolib.synthesis.people.shape import EYES, INTEROCULAR, pupil_rows
from emolib.synthesis.scene import Scene, background_field
from emolib.synthesis.worn.clothing import hidden_hair, make_covering, make_garment
from emolib.synthesis.worn.fitting import body_of
from emolib.synthesis.worn.hair import hairdo
from emolib.synthesis.worn.occluders import make_occluder, under_mask

#: Distance from the camera to the eyes, decimetres (a webcam at arm's length).
CAMERA = 11.0
#: The picture is drawn this much finer and then averaged down.
SUPERSAMPLING = 2
#: From this scale on the crop ends above garments that leave the neck bare.
CLOSE_UP = 0.8
HIGH_GARMENTS = ("turtleneck", "hoodie", "scarf")
#: Sides that can be drawn.
MIN_SIZE, MAX_SIZE = 16, 512


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
        Action unit -> weight, for example from `express` or by name or FACS number
        (``{"browDown": 0.8, "AU24": 0.5}``); neutral by default.
    scene : Scene, optional
        Pose, light, background, occluder and camera; a plain portrait by default.
    size : int
        Side of the square picture in pixels, 16 to 512.
    colour : bool
        RGB instead of grey.

    Returns
    -------
    ndarray, uint8, (size, size) or (size, size, 3)
        sRGB-encoded values 0-255; the pupils are where `faces.CROP` has them, moved by
        the scene's shift, scale and roll.

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
    metered: Scene | None = None,
) -> tuple[np.ndarray, dict[str, float]]:
    """Draw one face and say what only the renderer knows.

    Parameters, errors and the picture are those of `render`, and `metered` is the scene
    that the automatic exposure has measured, by default the one that is drawn: with it,
    two pictures of a person are exposed alike, whatever covers the face in one of them.

    Returns
    -------
    image : ndarray, uint8
    truth : dict
        ``left_eye_x``, ``left_eye_y``, ``right_eye_x``, ``right_eye_y`` (pupils at the
        picture's left and right), ``mouth_x``, ``mouth_y`` (fractions of the side) and
        ``covered`` (share of the face's pixels behind the occluder, 0 to 1).
    """
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise ArgumentError(
            f"size must lie in [{MIN_SIZE}, {MAX_SIZE}] pixels; received {size}."
        )
    scene = Scene() if scene is None else scene
    weights = check_units(expression or {})
    radiance, lit_skin, truth = _photograph(identity, weights, scene, size)
    if metered is not None and metered != scene:
        _, lit_skin, _ = _photograph(identity, weights, metered, size)
    return _develop(radiance, lit_skin, scene, size, colour), truth


def _photograph(
    identity: Identity, weights: dict[str, float], scene: Scene, size: int
) -> tuple[np.ndarray, float, dict[str, float]]:
    """Return the light that arrives, the mean of it on the skin, and the truth."""
    if scene.occluder == "mask":
        weights = under_mask(weights)
    figure = _assemble(identity, weights, scene)
    n = SUPERSAMPLING
    side = size * n
    places, pixels, truth = _project(figure.vertices, scene, side)
    one_sided = figure.materials == mesh.SKIN
    raster = rasterise(pixels, places[:, 2], figure.triangles, one_sided, side)
    normals = mesh.vertex_normals(places, figure.triangles)
    across, up, _ = _rotation(scene).T
    toward = _light_direction(scene)
    background = background_field(scene.background, size)
    radiance, lit_skin = shader.shade(
        raster,
        ambient_occlusion(raster.depth, side),
        figure,
        shader.View(places, normals, Vector(*across), Vector(*up)),
        _skin(identity, weights),
        paint.noise_tile(),
        _look(identity, weights),
        _light(scene, toward),
        _shadow_map(places, figure, toward),
        np.repeat(np.repeat(background, n, 0), n, 1),
    )
    truth["covered"] = _covered(figure.materials, raster.triangle)
    return radiance, lit_skin, truth


@cache
def _unit_arrays():
    """Return the 52 units in one list: start (53,), index (k,), delta (k, 3)."""
    targets = load_head().targets
    start, index, delta = [0], [], []
    for unit in UNITS:
        rows, moves = targets[f"unit/{unit}"]
        index.append(rows)
        delta.append(moves * np.float32(GAINS.get(without_side(unit), 1.0)))
        start.append(start[-1] + len(rows))
    return np.array(start), np.concatenate(index), np.concatenate(delta)


@lru_cache(maxsize=64)
def dressed(identity: Identity, wide: bool = True) -> Figure:
    """Return the neutral head with its hair and clothes."""
    body = body_of(identity)
    head = body.head
    hair = hairdo(body, hidden_hair(identity))
    keep = (
        head.materials != mesh.HAIR
    )  # not the pack's own strands, in front of the face
    figure = Figure(
        body.vertices + body.normals * hair.lift[:, None],
        head.triangles[keep],
        head.materials[keep],
        np.ones((len(body.vertices), 3), np.float32),
        head.vertices,
        head.masks,
    )
    # hair and clothes move rigidly with the head
    worn = [hair.locks, make_covering(body)]
    if wide or identity.garment in HIGH_GARMENTS:
        worn.append(make_garment(body))
    for part in worn:
        figure = figure if part is None else figure.wearing(part)
    return figure


def _assemble(identity: Identity, weights: dict[str, float], scene: Scene) -> Figure:
    """Move the head's vertices as the units say, and put the occluder on."""
    figure = dressed(identity, scene.scale < CLOSE_UP)
    vertices = figure.vertices.copy()
    ordered = np.array([weights.get(unit, 0.0) for unit in UNITS], np.float32)
    mesh.move_vertices(vertices, *_unit_arrays(), ordered)
    figure = figure._replace(vertices=vertices)
    if scene.occluder == "none":
        return figure
    body = body_of(identity)
    return figure.wearing(make_occluder(scene.occluder, body, scene.occluder_seed))


def _skin(identity: Identity, weights: dict[str, float]) -> shader.SkinMaps:
    """Return the person's skin, folded as an expression and age fold it."""
    folds = paint.fold_relief(weights, identity.age)
    return shader.SkinMaps(*paint.skin_maps(identity), folds)


def _look(identity: Identity, weights: dict[str, float]) -> shader.Look:
    """Return what else the person's surface looks like."""
    hair = Colour(*paint.hair_colour(identity).astype(np.float32))
    numbers = (identity.oiliness, identity.iris, _lip_redness(weights))
    return shader.Look(*map(np.float32, numbers), hair, paint.scalp_growth(identity))


def _light(scene: Scene, toward: np.ndarray) -> shader.Light:
    """Return the light of the scene, whose key light is in a direction (3,)."""
    half = toward + np.array([0.0, 0.0, 1.0], np.float32)
    half /= np.sqrt((half**2).sum())
    vectors = (Vector(*way) for way in (toward, _rim_direction(scene), half))
    return shader.Light(*vectors, *map(np.float32, (scene.light_contrast, scene.rim)))


def _rotation(scene: Scene) -> np.ndarray:
    """Rotation (3, 3) of the head: first yaw, then pitch."""
    yaw, pitch = math.radians(scene.yaw), math.radians(scene.pitch)
    cos, sin = math.cos(yaw), math.sin(yaw)
    turn = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    cos, sin = math.cos(pitch), math.sin(pitch)
    nod = np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]])
    return (nod @ turn).astype(np.float32)


def _project(vertices: np.ndarray, scene: Scene, side: int):
    """Return camera coordinates (n, 3), pixels (n, 2) and where the landmarks fall."""
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


def _light_direction(scene: Scene) -> np.ndarray:
    """Return the unit vector (3,) to the key light, camera coordinates."""
    azimuth = math.radians(scene.light_azimuth)
    elevation = math.radians(scene.light_elevation)
    flat = math.cos(elevation)
    return np.array(
        [math.sin(azimuth) * flat, math.sin(elevation), math.cos(azimuth) * flat],
        np.float32,
    )


def _rim_direction(scene: Scene) -> np.ndarray:
    """Return the unit vector (3,) to the light behind the head, camera coordinates."""
    side = -math.sin(math.radians(scene.light_azimuth))
    direction = np.array([0.8 if side >= 0 else -0.8, 0.35, -0.5], np.float32)
    return direction / np.linalg.norm(direction)


def _shadow_map(
    places: np.ndarray, figure: Figure, toward: np.ndarray
) -> shader.Shadow:
    """Draw the figure once more, as the key light sees it."""
    across = np.cross([0.0, 1.0, 0.0], toward)
    across /= np.linalg.norm(across)
    axes = np.stack([across, np.cross(toward, across), toward]).astype(np.float32)
    seen = places @ axes.T
    texel = shader.SHADOW_SIZE / (2 * shader.SHADOW_REACH)
    pixels = (seen[:, :2] + np.float32(shader.SHADOW_REACH)) * np.float32(texel)
    pixels[:, 1] = shader.SHADOW_SIZE - pixels[:, 1]
    one_sided = figure.materials == mesh.SKIN
    depth = rasterise(
        pixels, seen[:, 2], figure.triangles, one_sided, shader.SHADOW_SIZE
    ).depth
    return shader.Shadow(depth, axes)


def _lip_redness(weights: dict[str, float]) -> float:
    """Return 1 at rest, down to 0.2 as the lips are pressed or rolled in."""
    inwards = sum(
        weights.get(unit, 0.0)
        for unit in ("mouthPressLeft", "mouthPressRight", "mouthRollLower")
    )
    return max(0.2, 1 - 0.45 * inwards)


def _covered(materials: np.ndarray, triangle: np.ndarray) -> float:
    seen = materials[triangle[triangle >= 0]]
    face = (seen == mesh.SKIN) | (seen == mesh.EYE) | (seen >= mesh.FRAME)
    return float((seen >= mesh.FRAME).sum() / max(face.sum(), 1))


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
    image = image if colour else image[..., 0]
    if scene.jpeg > 0:
        stream = io.BytesIO()
        Image.fromarray(image).save(stream, "JPEG", quality=scene.jpeg)
        image = np.asarray(Image.open(stream))
    return image
