"""One clip: a person says a sentence while an emotion rises to its apex and falls.

Also single stills, for training sets in which no two pictures share a room.
"""

from dataclasses import dataclass, replace

import numpy as np

from emolib.emotions import emotion_index
from emolib.synthesis.people.expression import MAX_WEIGHT, express
from emolib.synthesis.people.identity import Identity
from emolib.synthesis.scene import Difficulty, Scene

#: What the mouth does while speaking: unit -> largest weight.
_SPEECH = {
    "jawOpen": 0.45,
    "mouthPucker": 0.5,
    "mouthFunnel": 0.4,
    "mouthPressLeft": 0.5,
    "mouthPressRight": 0.5,
    "mouthLowerDownLeft": 0.4,
    "mouthLowerDownRight": 0.4,
}


@dataclass(frozen=True)
class Frame:
    """One frame of a clip: what to render, and its intensity (0 to 1)."""

    intensity: float
    expression: dict[str, float]
    scene: Scene


def session_scene(seed: int, difficulty: Difficulty) -> Scene:
    """Draw what stays the same for a person: the room, its light, the camera."""
    rng = np.random.default_rng([seed, 8])
    against_light = rng.random() < difficulty.backlight
    return Scene(
        light_azimuth=float(np.clip(rng.normal(0, difficulty.light_azimuth), -85, 85)),
        light_elevation=float(
            np.clip(rng.normal(30, difficulty.light_elevation), -10, 75)
        ),
        light_contrast=float(
            rng.uniform(*difficulty.light_contrast) * (0.5 if against_light else 1)
        ),
        rim=float(rng.uniform(0.6, 2.0) if against_light else rng.uniform(0, 0.3)),
        exposure=float(np.exp(rng.normal(-0.35 * against_light, difficulty.exposure))),
        background=seed,
        blur=float(rng.uniform(*difficulty.blur)),
        noise=float(rng.uniform(*difficulty.noise)),
        jpeg=int(rng.integers(40, 96)) if rng.random() < difficulty.jpeg else 0,
    )


def draw_clip(
    identity: Identity,
    emotion: str,
    sentence: int,
    difficulty: Difficulty,
    *,
    frames: int,
) -> list[Frame]:
    """Draw the frames of one clip.

    Parameters
    ----------
    identity : Identity
        Who speaks; the room and its light follow from `identity.seed`.
    emotion : str
        One of the six.
    sentence : int
        1, 2, ...; as in eNTERFACE'05 every emotion has sentences of its own, so the
        mouth's movement depends on both.
    difficulty : Difficulty
        How much clips vary.
    frames : int
        Length, at least 3; they are spread evenly over the clip.

    Returns
    -------
    list of Frame
    """
    label = emotion_index(emotion)
    rng = np.random.default_rng([identity.seed, label, sentence, 9])
    words = np.random.default_rng([label, sentence, 10])  # the same for everybody
    session = session_scene(identity.seed, difficulty)
    occluder = _draw_occluder(identity, difficulty, rng)
    pose = rng.normal(0, 1, 3) * (difficulty.yaw, difficulty.pitch, difficulty.roll)
    peak = rng.uniform(*difficulty.peak)
    onset, offset = rng.uniform(0.30, 0.45), rng.uniform(0.68, 0.85)
    lead = rng.normal(0, 0.03)  # brows and eyes move before the mouth, or after it
    gaze = rng.normal(0, difficulty.gaze, 2)
    expression_seed = int(rng.integers(2**31))
    start = _first_scene(identity, session, occluder, difficulty, rng)
    clip = []
    for k in range(frames):
        time = (k + 0.5 + rng.uniform(-0.2, 0.2)) / frames
        upper, lower = (
            float(peak * _envelope(time + shift, onset, offset))
            for shift in (lead, -lead)
        )
        intensity = (upper + lower) / 2
        pose = pose + rng.normal(0, 0.25, 3) * (
            difficulty.yaw,
            difficulty.pitch,
            difficulty.roll,
        )
        weights = _halves(
            express(emotion, upper, seed=expression_seed, style=identity.style),
            express(emotion, lower, seed=expression_seed, style=identity.style),
        )
        _add_gaze(weights, gaze)
        _add_speech(weights, _speak(words), difficulty.speech * (1 - 0.6 * intensity))
        clip.append(Frame(intensity, weights, _posed(start, pose, rng)))
    return clip


def draw_still(
    identity: Identity,
    emotion: str,
    intensity: float,
    difficulty: Difficulty,
    *,
    seed: int,
) -> Frame:
    """Draw one picture of a person, on an occasion of its own.

    Unlike the frames of a clip, two stills of a person share neither room nor light,
    pose or expression: the most variety for the time that rendering takes.

    Parameters
    ----------
    identity : Identity
        Who is in the picture.
    emotion : str
        One of the six.
    intensity : float
        0 (resting) to 1 (apex).
    difficulty : Difficulty
        How much pictures vary; as in a clip the mouth may be speaking, but in half
        of the stills it is not.
    seed : int
        The occasion; the same seed gives the same still.

    Returns
    -------
    Frame
        What to render.

    Raises
    ------
    UnknownEmotionError
        If `emotion` is none of the six.
    ValueError
        If `intensity` lies outside 0 to 1.
    """
    rng = np.random.default_rng([identity.seed, seed, emotion_index(emotion), 11])
    session = session_scene(int(rng.integers(2**31)), difficulty)
    occluder = _draw_occluder(identity, difficulty, rng)
    pose = rng.normal(0, 1, 3) * (difficulty.yaw, difficulty.pitch, difficulty.roll)
    start = _first_scene(identity, session, occluder, difficulty, rng)
    weights = express(
        emotion, intensity, seed=int(rng.integers(2**31)), style=identity.style
    )
    _add_gaze(weights, rng.normal(0, difficulty.gaze, 2))
    if rng.random() < 0.5:
        _add_speech(weights, _speak(rng), difficulty.speech * (1 - 0.6 * intensity))
    return Frame(intensity, weights, _posed(start, pose, rng))


def _first_scene(identity, session, occluder, difficulty, rng) -> Scene:
    """Add to the session's scene what is drawn anew for each clip or still."""
    return replace(
        session,
        occluder=occluder,
        # one pair of glasses a person; masks and hands differ between clips
        occluder_seed=identity.seed
        if occluder in ("glasses", "sunglasses")
        else int(rng.integers(2**31)),
        exposure=session.exposure * float(np.exp(rng.normal(0, 0.06))),
        light_azimuth=float(np.clip(session.light_azimuth + rng.normal(0, 6), -89, 89)),
        shift_x=float(rng.normal(0, difficulty.shift)),
        shift_y=float(rng.normal(0, difficulty.shift)),
        scale=float(np.clip(np.exp(rng.normal(0, difficulty.scale)), 0.8, 1.25)),
    )


def _posed(scene: Scene, pose: np.ndarray, rng: np.random.Generator) -> Scene:
    """Give a scene a head pose (yaw, pitch, roll) and noise of its own."""
    return replace(
        scene,
        yaw=float(np.clip(pose[0], -40, 40)),
        pitch=float(np.clip(pose[1], -25, 25)),
        roll=float(np.clip(pose[2], -25, 25)),
        noise_seed=int(rng.integers(2**31)),
    )


def _envelope(time: float, onset: float, offset: float) -> float:
    """Rise from 0 to the apex at `onset`, stay, and fall from `offset` on."""
    return min(_smooth(time / onset), _smooth((1.12 - time) / (1.12 - offset)))


def _halves(upper: dict, lower: dict) -> dict[str, float]:
    """Put mouth, jaw and tongue of one expression under the brows of another."""
    below = ("mouth", "jaw", "tongue")
    return {
        unit: lower[unit] if unit.startswith(below) else upper[unit] for unit in upper
    }


def _add_gaze(weights: dict, gaze: np.ndarray) -> None:
    """Turn both eyes: (right in the picture, up), each about -1 to 1."""
    right, up = (float(np.clip(value, -0.9, 0.9)) for value in gaze)
    turned = {
        "eyeLookOutLeft": right, "eyeLookInRight": right,
        "eyeLookInLeft": -right, "eyeLookOutRight": -right,
        "eyeLookUpLeft": up, "eyeLookUpRight": up,
        "eyeLookDownLeft": -up, "eyeLookDownRight": -up,
    }  # fmt: skip
    for unit, weight in turned.items():
        if weight > 0:
            weights[unit] = max(weights.get(unit, 0.0), weight)


def _add_speech(weights: dict, mouth: dict, amplitude: float) -> None:
    """Add what the mouth does while speaking to an expression's weights."""
    for unit, weight in mouth.items():
        weights[unit] = min(weights.get(unit, 0.0) + amplitude * weight, MAX_WEIGHT)


def _draw_occluder(identity, difficulty, rng) -> str:
    usual = "glasses" if identity.glasses else "none"
    rates = (difficulty.sunglasses, difficulty.mask, difficulty.hand)
    names = ("sunglasses", "mask", "hand", usual)
    return names[rng.choice(4, p=[*rates, 1 - sum(rates)])]


def _speak(words: np.random.Generator) -> dict[str, float]:
    """Draw the mouth at one moment of the sentence: a vowel or a consonant."""
    sound = words.choice(["open", "round", "closed", "wide"])
    force = words.uniform(0.4, 1.0)
    units = {
        "open": ("jawOpen", "mouthLowerDownLeft", "mouthLowerDownRight"),
        "round": ("mouthPucker", "mouthFunnel"),
        "closed": ("mouthPressLeft", "mouthPressRight"),
        "wide": ("mouthLowerDownLeft", "mouthLowerDownRight"),
    }[str(sound)]
    return {unit: force * _SPEECH[unit] for unit in units}


def _smooth(t: float) -> float:
    t = min(max(t, 0.0), 1.0)
    return t * t * (3 - 2 * t)
