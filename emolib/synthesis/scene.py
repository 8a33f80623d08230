"""Everything of a picture that is not the face: pose, light, occluder, camera."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter

from emolib.errors import ArgumentError, unknown

#: What may cover a part of the face.
OCCLUDERS = ("none", "glasses", "sunglasses", "mask", "hand")
#: Linear grey of the plain panel: darker than most faces.
PANEL = 0.06


@dataclass(frozen=True)
class Scene:
    """How one picture is taken.

    Attributes
    ----------
    yaw, pitch, roll : float
        Head pose in degrees: yaw > 0 turns the face to the right of the picture,
        pitch > 0 raises the chin, roll > 0 tilts the head clockwise.
    light_azimuth, light_elevation : float
        Direction of the key light, degrees; azimuth > 0 is right in the picture.
    light_contrast : float
        Share of the key light, 0 (flat) to 1 (hard).
    rim : float
        Strength of a light behind the head, 0 (none) to 2 (against the sun); it edges
        the side away from the key light.
    exposure : float
        Brightness; 1 is what automatic exposure would choose.
    background : int or None
        Seed of the background; None for a plain grey panel, as in eNTERFACE'05.
    occluder : str
        One of `OCCLUDERS`.
    occluder_seed : int
        Chooses the kind of glasses, mask or hand and its place.
    shift_x, shift_y : float
        Offset of the face from the canonical crop, as a fraction of its side.
    scale : float
        Size of the face relative to the canonical crop.
    blur : float
        Standard deviation of the camera's blur, as a fraction of the side.
    noise : float
        Standard deviation of the sensor's noise, grey levels.
    noise_seed : int
        Seed of the noise.
    jpeg : int
        Quality of a JPEG compression, 5 to 95; 0 for none.

    Raises
    ------
    ValueError
        If the occluder is unknown or a number leaves the range that can be drawn.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    light_azimuth: float = -30.0
    light_elevation: float = 35.0
    light_contrast: float = 0.5
    rim: float = 0.0
    exposure: float = 1.0
    background: int | None = 0
    occluder: str = "none"
    occluder_seed: int = 0
    shift_x: float = 0.0
    shift_y: float = 0.0
    scale: float = 1.0
    blur: float = 0.004
    noise: float = 0.0
    noise_seed: int = 0
    jpeg: int = 0

    def __post_init__(self):
        """Refuse what cannot be drawn."""
        if self.occluder not in OCCLUDERS:
            raise ArgumentError(unknown("occluder", self.occluder, OCCLUDERS))
        limits = {"yaw": 45, "pitch": 35, "roll": 45}
        limits |= {"light_azimuth": 180, "light_elevation": 85}
        for name, limit in limits.items():
            value = getattr(self, name)
            if not abs(value) <= limit:
                raise ArgumentError(
                    f"{name} must lie in [-{limit}, {limit}] degrees; received {value}."
                )
        ranges = {"light_contrast": (0, 1), "rim": (0, 5), "exposure": (0.1, 4)}
        ranges |= {"scale": (0.5, 2), "shift_x": (-1, 1), "shift_y": (-1, 1)}
        ranges |= {"blur": (0, 0.2), "noise": (0, 100), "jpeg": (0, 95)}
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if not low <= value <= high:  # catches NaN too
                raise ArgumentError(
                    f"{name} must lie in [{low}, {high}]; received {value}."
                )


@dataclass(frozen=True)
class Difficulty:
    """How much the pictures of a corpus vary; frozen in ``difficulty.json``.

    Angles are standard deviations in degrees, rates are probabilities per clip.

    Attributes
    ----------
    identity_spread : float
        `random_identity`'s `spread`.
    yaw, pitch, roll : float
        Spread of the head pose between clips; frames of a clip drift a quarter of it.
    light_azimuth, light_elevation : float
        Spread of the key light between subjects.
    light_contrast : tuple of float
        Range of `Scene.light_contrast` between subjects.
    exposure : float
        Spread of the exposure, as a factor (standard deviation of its logarithm).
    shift, scale, blur, noise : float or tuple of float
        Spread of the crop's offset and size; ranges of blur (fraction of the side)
        and noise (grey levels).
    sunglasses, mask, hand : float
        Rates of the occluders. Glasses belong to the person.
    backlight : float
        Rate of sessions with the light behind the person.
    jpeg : float
        Rate of sessions whose pictures are compressed.
    gaze : float
        Spread of the gaze; at 1 the eyes are turned as far as they go.
    peak : tuple of float
        Range of the intensity at a clip's apex.
    speech : float
        Amplitude of the mouth movements of the spoken sentence.
    """

    identity_spread: float
    yaw: float
    pitch: float
    roll: float
    light_azimuth: float
    light_elevation: float
    light_contrast: tuple[float, float]
    exposure: float
    shift: float
    scale: float
    blur: tuple[float, float]
    noise: tuple[float, float]
    sunglasses: float
    mask: float
    hand: float
    backlight: float
    jpeg: float
    gaze: float
    peak: tuple[float, float]
    speech: float


class Box(NamedTuple):
    """Something in a background: where it is, how soft its edges are, how bright."""

    left: float  #: fraction of the side
    top: float
    width: float
    height: float
    soft: float  #: width of the edges, fraction of the side
    gain: float  #: -1 (black) or more; 0 changes nothing


class Place(NamedTuple):
    """A background, in numbers that do not depend on the size of the picture."""

    base: np.ndarray  #: linear RGB, (3,)
    angle: float  #: in which direction it becomes brighter, radians
    slope: float  #: by how much across the picture
    horizon: tuple[float, float, float] | None  #: of outdoors: height, softness, glare
    leaves: np.ndarray | None  #: of outdoors: relief of what is below it, (48, 48)
    boxes: tuple[Box, ...]


def draw_place(seed: int) -> Place:
    """Draw what is behind the person: a wall, a room, or outdoors."""
    rng = np.random.default_rng([seed, 4])
    outdoors = rng.random() < 0.3
    base = rng.uniform(0.02, 0.5) * (1 + rng.normal(0, 0.08, 3))
    angle, slope = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.5)
    horizon = leaves = None
    if outdoors:  # a bright sky over something darker, with leaves or walls
        horizon = rng.uniform(0.1, 0.9), rng.uniform(0.02, 0.3), rng.uniform(0.5, 3.0)
        leaves = gaussian_filter(rng.normal(size=(48, 48)), 1.5, mode="wrap")
        leaves = rng.uniform(0, 3) * leaves
    boxes = []
    for _ in range(rng.integers(0, 4)):  # furniture, windows, people
        left, top = rng.uniform(-0.2, 1.0, 2)
        width, height = rng.uniform(0.1, 0.7, 2)
        soft, gain = rng.uniform(0.01, 0.06), rng.uniform(-0.6, 0.8)
        boxes.append(Box(left, top, width, height, soft, gain))
    return Place(base, angle, slope, horizon, leaves, tuple(boxes))


@lru_cache(maxsize=64)
def background_field(seed: int | None, size: int) -> np.ndarray:
    """Return what is behind the person, out of focus.

    Parameters
    ----------
    seed : int or None
        The same seed gives the same place; None gives a plain grey panel.
    size : int
        Side in pixels.

    Returns
    -------
    ndarray, float32, (size, size, 3), read-only
        Linear RGB, 0 to 1.
    """
    if seed is None:
        return _read_only(np.full((size, size, 3), PANEL, np.float32))
    base, angle, slope, horizon, leaves, boxes = draw_place(seed)
    v, u = np.meshgrid(*[np.linspace(0, 1, size)] * 2, indexing="ij")
    field = 1 + slope * ((u - 0.5) * np.cos(angle) + (v - 0.5) * np.sin(angle))
    if horizon is not None:
        height, soft, glare = horizon
        sky = _step((height - v) / soft)
        field = field * (0.6 + glare * sky)
        where = np.linspace(0, 47, size).astype(int)
        field *= np.exp(leaves[where][:, where] * (1 - sky))
    for left, top, width, height, soft, gain in boxes:
        box = _step((u - left) / soft) * _step((left + width - u) / soft)
        box *= _step((v - top) / soft) * _step((top + height - v) / soft)
        field *= 1 + gain * box
    return _read_only(np.clip(field[..., None] * base, 0, 1).astype(np.float32))


def _read_only(array: np.ndarray) -> np.ndarray:
    array.setflags(write=False)
    return array


def _step(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))
