"""The same faces of SynthFace, rendered again with one thing changed.

Person, expression, pose, light, camera and the noise of its sensor are drawn again from
the person's seed and the frozen plan, as ``make data`` draws them; then one factor is
set. No photograph shows that: the same smile under another light, another mask, another
skin. Rendered people audit a method, not the world.
"""

import os
from collections.abc import Hashable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from tqdm import tqdm

from emolib.arguments import check_number
from emolib.datasets import FaceDataset
from emolib.datasets.synthface import plan_path, read_plan, scene_record, unit_record
from emolib.emotions import emotion_index
from emolib.errors import ArgumentError, unknown
from emolib.faces import CROP
from emolib.files import sha256
from emolib.parallel import process_map
from emolib.synthesis import (
    OCCLUDERS,
    Difficulty,
    Frame,
    Identity,
    Scene,
    draw_clip,
    random_identity,
    render_with_truth,
)
from emolib.synthesis.people.identity import HAIRSTYLES, SEXES

#: What can be changed, and in what unit: how the picture is taken (fields of `Scene`;
#: exposure and blur in units of their own), who is in it (of `Identity`), and what the
#: face does in the clip (of `Difficulty`).
FACTORS: dict[str, str] = {
    "occluder": f"one of {', '.join(OCCLUDERS)}; a mask presses mouth and jaw to rest",
    "light_azimuth": "degrees; above 0 the light is right in the picture",
    "light_elevation": "degrees above the eyes",
    "light_contrast": "share of the key light, 0 (flat) to 1 (hard)",
    "rim": "strength of a light behind the head, 0 to 2 (against the sun)",
    "exposure": "stops more or less than an automatic camera would choose",
    "yaw": "degrees; above 0 the face turns to the right of the picture",
    "pitch": "degrees; above 0 the chin rises",
    "roll": "degrees; above 0 the head tilts clockwise",
    "blur": "standard deviation, pixels",
    "noise": "standard deviation, grey levels",
    "skin_tone": "melanin, 0 (lightest) to 1 (darkest)",
    "age": "years, 18 to 75: shape and folds of the face; the hair stays",
    "sex": f"one of {', '.join(SEXES)}: the shape of the face, shown without a beard "
    "in both; the hair stays",
    "hair": f"one of {', '.join(HAIRSTYLES)}",
    "glasses": "True or False; sunglasses, masks and hands stay",
    "peak": "intensity at the height of the expression, 0 (at rest throughout) to 1",
    "speech": "how much the mouth speaks, 0 (not at all) to 1; the corpus has 0.5",
}
#: Values that are not checked by `Scene`, or not in our unit.
_RANGES = {
    "exposure": (-3, 2), "blur": (0, 12), "skin_tone": (0, 1), "age": (18, 75),
    "peak": (0, 1), "speech": (0, 1),
}  # fmt: skip
_NAMES = {"sex": SEXES, "hair": tuple(HAIRSTYLES), "glasses": (True, False)}
#: So many frames are worth starting another process for.
PER_PROCESS = 300


def counterfactual(faces: FaceDataset, **changes: object) -> FaceDataset:
    """Render faces of SynthFace again, with one factor changed, or several.

    Parameters
    ----------
    faces : FaceDataset
        SynthFace as `emolib.datasets.load` gives it, or a subset of it.
    **changes
        Factor, one of `FACTORS`, and its new value, the same for all frames; without
        any, the faces as they were before their file was compressed, which is what to
        compare with.

    Returns
    -------
    FaceDataset
        The same frames in the same order. ``meta`` says how each picture was taken now;
        what a change brings with it, such as other places of the eyes, changes too.

    Raises
    ------
    ArgumentError
        If the faces are not of SynthFace, a factor is unknown, or a value is one that
        cannot be drawn.

    Notes
    -----
    The camera exposes for the skin that it sees, so another light or skin comes with
    another exposure. Where something is put before the face or taken away, exposure
    stays what it was: pixels outside it change by its shadow and its blurred edge only.
    The same seed gives the same glasses; a mask or a hand is drawn for each clip.

    Examples
    --------
    >>> from emolib.datasets import load
    >>> few = load("synthface").part("test").subset(np.arange(5))
    >>> float(counterfactual(few, occluder="mask").meta["covered"].min()) > 0.2
    True
    """
    return counterfactuals(faces, {"": changes})[""]


def counterfactuals(
    faces: FaceDataset, sets: Mapping[Hashable, Mapping[str, object]]
) -> dict[Hashable, FaceDataset]:
    """Render several sets of the same faces, on all cores if that is worth it.

    Parameters
    ----------
    faces : FaceDataset
        As in `counterfactual`, and so are the errors.
    sets : mapping
        Name of a set -> its changes, factor -> value, as in ``{20: {"yaw": 20}}``.

    Returns
    -------
    dict
        Name of the set -> `FaceDataset`, in the order of `sets`.
    """
    for changes in sets.values():
        _check_changes(changes)
    meta, tasks = faces.meta, []
    plan, difficulty = _plan_of(faces)
    people = meta.groupby("seed", sort=False).indices if len(faces) else {}
    for seed, rows in people.items():
        wanted = meta.iloc[rows][["emotion", "sentence", "frame"]]
        clips = list(wanted.itertuples(index=False, name=None))
        tasks += [(int(seed), clips, name, rows) for name in sets]
    work = partial(_render_person, plan["frames"], difficulty, dict(sets))
    count = len(faces) * len(sets)
    workers = min(os.cpu_count() or 1, max(1, count // PER_PROCESS), max(1, len(tasks)))
    images = {
        name: np.empty((len(faces), CROP.size, CROP.size), np.uint8) for name in sets
    }
    records: dict = {name: [{}] * len(faces) for name in sets}
    done = process_map(work, tasks, workers)
    for place, (drawn, told) in tqdm(done, total=len(tasks), unit="set", disable=None):
        _, _, name, rows = tasks[place]
        images[name][rows] = drawn
        for row, record in zip(rows, told, strict=True):
            records[name][row] = record
    return {
        name: FaceDataset(
            faces.name, images[name], faces.labels, _with(meta, records[name])
        )
        for name in sets
    }


def _with(meta: pd.DataFrame, records: list[dict]) -> pd.DataFrame:
    """Return metadata with other values in the columns that were drawn again."""
    changed = meta.assign(**pd.DataFrame(records, index=meta.index))
    changed.attrs = {}  # no longer the faces of the plan: nobody may change them twice
    return changed


def _plan_of(faces: FaceDataset) -> tuple[dict, Difficulty]:
    """Return the plan that faces were rendered from, or refuse them."""
    path = plan_path()
    if faces.meta.attrs.get("plan_sha256") != (path.is_file() and sha256(path)):
        raise ArgumentError(
            f"Only faces of SynthFace can be rendered again; {faces.name!r} was not "
            f"made from {path}, or has been changed. Give load('synthface') or a part "
            "of it, and all changes at once."
        )
    return read_plan(path)


def _check_changes(changes: Mapping[str, object]) -> None:
    for name, value in changes.items():
        if name not in FACTORS:
            raise ArgumentError(unknown("factor", name, FACTORS))
        if name in _NAMES and value not in _NAMES[name]:
            raise ArgumentError(unknown(f"value of {name}", value, _NAMES[name]))
        if name in _RANGES:
            check_number(name, value, *_RANGES[name])
    try:
        _taken(Scene(), (0, 0, 0), changes)
    except TypeError as error:
        given = ", ".join(f"{name}={value!r}" for name, value in changes.items())
        raise ArgumentError(f"Give numbers for {given}: {error}.") from error


def _render_person(
    frames: int, difficulty: Difficulty, sets: Mapping, task: tuple
) -> tuple[np.ndarray, list[dict]]:
    """Return a person's frames of one set, uint8 (n, 64, 64), and their records."""
    seed, wanted, name, _ = task
    changes = sets[name]
    person = random_identity(seed, spread=difficulty.identity_spread)
    shown, acts = _changed_person(person, changes), _changed_clip(difficulty, changes)
    clips: dict[tuple, list[Frame]] = {}
    images, records = [], []
    for emotion, sentence, frame in wanted:
        clip = emotion, int(sentence)
        if clip not in clips:
            clips[clip] = draw_clip(person, *clip, acts, frames=frames)
        drawn = clips[clip][int(frame)]
        occasion = seed, emotion_index(emotion), int(sentence)
        scene = _taken(drawn.scene, occasion, changes)
        before = replace(scene, occluder=drawn.scene.occluder,
                         occluder_seed=drawn.scene.occluder_seed)  # fmt: skip
        image, truth = render_with_truth(shown, drawn.expression, scene, metered=before)
        images.append(image)
        about = {"skin_tone": round(shown.skin_tone, 3), "age": round(shown.age, 3)}
        about |= {key: getattr(shown, key) for key in ("sex", "hair", "beard")}
        about["glasses"] = changes.get("glasses", shown.glasses)
        about["intensity"] = round(drawn.intensity, 4)
        about |= unit_record(drawn.expression)
        records.append(scene_record(scene, truth) | about)
    return np.stack(images), records


def _changed_person(person: Identity, changes: Mapping[str, object]) -> Identity:
    """Return a person with another skin, age, sex or hair."""
    names = ("skin_tone", "age", "sex", "hair")
    own = {key: changes[key] for key in names if key in changes}
    beard = {"beard": "none"} if "sex" in changes else {}
    return replace(person, **own, **beard)


def _changed_clip(difficulty: Difficulty, changes: Mapping[str, object]) -> Difficulty:
    """Return a plan of clips with another height of the expression, or other speech."""
    own = {}
    if "peak" in changes:
        own["peak"] = changes["peak"], changes["peak"]
    if "speech" in changes:
        own["speech"] = changes["speech"]
    return replace(difficulty, **own)


def _taken(scene: Scene, occasion: tuple[int, int, int], changes: Mapping) -> Scene:
    """Return the scene of a frame as it is taken after the changes.

    `occasion`, the seed of the person and the number of emotion and sentence, chooses
    masks and hands; glasses follow from the person alone, as in the corpus.
    """
    own = {key: changes[key] for key in changes if key in Scene.__dataclass_fields__}
    if "exposure" in own:
        own["exposure"] = 2.0 ** own["exposure"]
    if "blur" in own:
        own["blur"] = own["blur"] / CROP.size
    if "glasses" in changes and scene.occluder in ("none", "glasses"):
        own.setdefault("occluder", "glasses" if changes["glasses"] else "none")
    worn = own.get("occluder", scene.occluder)
    if worn != scene.occluder:
        rng = np.random.default_rng([*occasion, 31])
        held = worn in ("mask", "hand")
        own["occluder_seed"] = int(rng.integers(2**31)) if held else occasion[0]
    return replace(scene, **own)
