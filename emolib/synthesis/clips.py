"""One clip: a person says a sentence while an emotion rises to its apex and falls.

Taught in chapter 2; chapter 10 reads clips as sequences.
"""

from dataclasses import dataclass, replace

import numpy as np

from emolib.emotions import emotion_index
from emolib.synthesis.expression import MAX_WEIGHT, express
from emolib.synthesis.head import Identity
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
    return Scene(
        light_azimuth=float(np.clip(rng.normal(0, difficulty.light_azimuth), -85, 85)),
        light_elevation=float(
            np.clip(rng.normal(30, difficulty.light_elevation), -10, 75)
        ),
        light_contrast=float(rng.uniform(*difficulty.light_contrast)),
        exposure=float(np.exp(rng.normal(0, difficulty.exposure))),
        background=seed,
        blur=float(rng.uniform(*difficulty.blur)),
        noise=float(rng.uniform(*difficulty.noise)),
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
    expression_seed = int(rng.integers(2**31))
    start = replace(
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
    clip = []
    for k in range(frames):
        time = (k + 0.5 + rng.uniform(-0.2, 0.2)) / frames
        shape = min(_smooth(time / onset), _smooth((1.12 - time) / (1.12 - offset)))
        intensity = float(peak * shape)
        pose = pose + rng.normal(0, 0.25, 3) * (
            difficulty.yaw,
            difficulty.pitch,
            difficulty.roll,
        )
        weights = express(
            emotion, intensity, seed=expression_seed, style=identity.style
        )
        for unit, amplitude in _speak(words).items():
            extra = difficulty.speech * amplitude * (1 - 0.6 * intensity)
            weights[unit] = min(weights.get(unit, 0.0) + extra, MAX_WEIGHT)
        scene = replace(
            start,
            yaw=float(np.clip(pose[0], -40, 40)),
            pitch=float(np.clip(pose[1], -25, 25)),
            roll=float(np.clip(pose[2], -25, 25)),
            noise_seed=int(rng.integers(2**31)),
        )
        clip.append(Frame(intensity, weights, scene))
    return clip


def _draw_occluder(identity, difficulty, rng) -> str:
    usual = "glasses" if identity.glasses else "none"
    rates = (difficulty.sunglasses, difficulty.mask, difficulty.hand)
    names = ("sunglasses", "mask", "hand", usual)
    return names[rng.choice(4, p=[*rates, 1 - sum(rates)])]


def _speak(words: np.random.Generator) -> dict[str, float]:
    """The mouth at one moment of the sentence: a vowel or a consonant."""
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
