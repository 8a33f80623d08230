"""A rendered face as a small JSON file: who, which action units, in which scene.

The face lab of the book saves such files, ``emolib render --from`` draws them. The file
holds numbers, no picture::

    {"emolib": "face 1", "identity": {"seed": 25},
     "units": {"mouthSmileLeft": 0.8}, "scene": {"yaw": 10, "occluder": "mask"}}
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from numbers import Real
from pathlib import Path

from emolib.arguments import check_number, check_whole
from emolib.errors import ArgumentError, EmolibError, did_you_mean
from emolib.files import open_regular
from emolib.synthesis.people.expression import check_units
from emolib.synthesis.people.identity import Identity, random_identity
from emolib.synthesis.scene import Scene

#: What the entry ``emolib`` of such a file says.
FORMAT = "face 1"
#: A face takes about 2 kB; nothing longer is read.
LARGEST = 100_000


class FaceFileError(EmolibError, ValueError):
    """A file is no face that can be drawn; the message says why."""


@dataclass(frozen=True)
class FaceState:
    """A face, ready to be drawn: the arguments of `render` but size and colour.

    Attributes
    ----------
    identity : Identity
        Who, from `random_identity`, perhaps with another skin tone.
    units : dict of str to float
        Full name of an action unit -> weight, 0 to 1.6.
    scene : Scene
        Pose, light, background, occluder and camera.
    """

    identity: Identity
    units: dict[str, float] = field(default_factory=dict)
    scene: Scene = field(default_factory=Scene)

    def to_dict(self) -> dict:
        """Return the entries of the file; what the scene leaves alone is not told.

        Raises `ArgumentError` if the person differs from the one that
        `random_identity` gives in anything but the skin tone.
        """
        seed, tone = self.identity.seed, self.identity.skin_tone
        drawn = random_identity(seed)
        if replace(drawn, skin_tone=tone) != self.identity:
            raise ArgumentError(
                f"A face file tells a person by a seed and a skin tone; person {seed} "
                "was changed otherwise. Save a person that random_identity drew."
            )
        who = {"seed": seed} | ({} if drawn == self.identity else {"skin_tone": tone})
        plain = asdict(Scene())
        scene = {k: v for k, v in asdict(self.scene).items() if v != plain[k]}
        return {
            "emolib": FORMAT, "identity": who, "units": self.units, "scene": scene,
        }  # fmt: skip


def read_face(source: str | Path | bytes) -> FaceState:
    """Read a face that the lab saved, or one written by hand.

    Parameters
    ----------
    source : str, Path or bytes
        A JSON file, or its content, see above; ``units`` and ``scene`` may be left out,
        units may be named as in `render`, and the fields of a scene are those of
        `Scene`. The identity is a seed of `random_identity`, and a ``skin_tone`` if it
        was changed.

    Raises
    ------
    FaceFileError
        If the file cannot be read, is no face, or holds an entry that is unknown or
        out of range; the message names the entry.
    """
    path, text = ("The file", source) if isinstance(source, bytes) else _read(source)
    if len(text) > LARGEST:
        raise FaceFileError(
            f"{path} is larger than a face file, {LARGEST // 1000} kB at most; choose "
            "the JSON file that the lab saved."
        )
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FaceFileError(
            f"{path} is not JSON ({error}); choose the JSON file that the lab saved."
        ) from error
    try:
        return _face(record)
    except EmolibError as error:
        raise FaceFileError(f"{path} is no face that can be drawn: {error}") from error


def _read(path: str | Path) -> tuple[str | Path, bytes]:
    """Return the path and what is there, cut where it is too long."""
    try:
        with open_regular(path) as file:
            return path, file.read(LARGEST + 1)
    except OSError as error:
        raise FaceFileError(
            f"{path} cannot be read ({error.strerror or error}); check the path."
        ) from error


def _face(record: object) -> FaceState:
    if not isinstance(record, Mapping) or record.get("emolib") != FORMAT:
        raise FaceFileError(
            f'its entry "emolib" is not "{FORMAT}"; save the face again with the lab '
            "of this version of emolib."
        )
    _check_names("entry", record, ("emolib", "identity", "units", "scene"))
    identity = record.get("identity")
    identity = _mapping("identity", identity)
    _check_names("entry of identity", identity, ("seed", "skin_tone"))
    check_whole("identity's seed", identity.get("seed"))
    person = random_identity(identity["seed"])
    if "skin_tone" in identity:
        check_number("identity's skin_tone", identity["skin_tone"], 0, 1)
        person = replace(person, skin_tone=float(identity["skin_tone"]))
    scene = _mapping("scene", record.get("scene", {}))
    kinds = {one.name: one.type for one in fields(Scene)}
    _check_names("field of scene", scene, kinds)
    for name, value in scene.items():
        _check_kind(name, value, kinds[name])
    units = check_units(_mapping("units", record.get("units", {})))
    return FaceState(person, units, Scene(**scene))


def _mapping(name: str, value: object) -> Mapping:
    if not isinstance(value, Mapping):
        raise FaceFileError(
            f'its entry "{name}" has to be an object; received {value!r:.40}. Give it '
            "names and values in braces."
        )
    return value


def _check_names(what: str, given: Mapping, known) -> None:
    for name in given:
        if name not in known:
            raise FaceFileError(
                f"unknown {what} {name!r:.40}; remove it.{did_you_mean(name, known)}"
            )


def _check_kind(name: str, value: object, kind: type) -> None:
    """Refuse a value of another kind; seeds and a quality are whole, 0 or more."""
    if kind is str:
        fits, expected = isinstance(value, str), "a text"
    elif kind is float:
        fits = isinstance(value, Real) and not isinstance(value, bool)
        expected = "a number"
    else:
        if value is not None or name != "background":
            check_whole(name, value)
        return
    if not fits:
        raise FaceFileError(
            f"{name} has to be {expected}; received {value!r:.40}. Correct it."
        )
