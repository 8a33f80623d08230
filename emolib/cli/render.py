"""Draw a synthetic face and save the picture."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from emolib.cli.messages import printable
from emolib.cli.options import CommandError, seed
from emolib.cli.pictures import WRITABLE, check_picture, save_picture
from emolib.cli.places import add_force

if TYPE_CHECKING:
    from emolib.synthesis import FaceState

#: Options that are fields of `emolib.synthesis.Scene`, with what their values mean.
ANGLES = {
    "yaw": "degrees, -45 to 45; > 0 turns to the right of the picture; default: 0",
    "pitch": "degrees, -35 to 35; > 0 raises the chin; default: 0",
    "roll": "degrees, -45 to 45; > 0 tilts clockwise; default: 0",
    "light_azimuth": "degrees, -180 to 180; > 0 is right in the picture; default: -30",
    "light_elevation": "degrees above the eyes, -85 to 85; default: 35",
    "light_contrast": "0 to 1, from flat to hard; default: 0.5",
}
#: All options that are fields of a scene.
SCENE = (*ANGLES, "occluder", "background")


def add_options(command: argparse.ArgumentParser) -> None:
    """Add to `command` the options of `run`."""
    command.epilog = (
        "example: emolib render --unit browDown=0.8 --unit AU24=0.6 --yaw 15 "
        "--size 256 --colour -o angry.png"
    )
    add = command.add_argument_group("a face of the book's lab").add_argument
    add("--from", type=Path, dest="face", metavar="FILE",
        help="draw the face that was saved as this JSON file")  # fmt: skip
    shown = command.add_argument_group("expression: an emotion, or action units")
    shown.add_argument("--emotion", metavar="NAME", help="default: happiness")
    shown.add_argument("--intensity", type=float, help="0 to 1; default: 1")
    way = "which way to show the emotion; default: the identity's seed"
    shown.add_argument("--expression-seed", type=seed, metavar="SEED", help=way)
    units = "such as browDown=0.8, mouthSmileLeft=1 or AU4=0.8; repeatable"
    shown.add_argument("--unit", action="append", dest="units", metavar="NAME=WEIGHT",
                       help=units)  # fmt: skip
    add = command.add_argument_group("person and picture").add_argument
    add("--identity", type=seed, metavar="SEED",
        help="which person, 0 or more; default: 0")  # fmt: skip
    for name, meaning in ANGLES.items():
        option = f"--{name.replace('_', '-')}"
        add(option, type=float, metavar="VALUE", help=meaning)
    add("--occluder", metavar="NAME",
        help="glasses, sunglasses, mask or hand; default: none")  # fmt: skip
    add("--background", type=seed, metavar="SEED",
        help="what is behind the person, 0 or more; default: 0")  # fmt: skip
    add("--size", type=int, default=64, help="pixels, 16 to 512; default: 64")
    add("--colour", action="store_true", help="not grey")
    add("-o", "--output", type=Path, required=True, metavar="FILE",
        help=f"a new picture, {', '.join(WRITABLE)}")  # fmt: skip
    add_force(command)


def run(options: argparse.Namespace) -> None:
    """Render the face that the options describe."""
    check_picture(options.output, force=options.force)
    from emolib import synthesis

    face = _saved(options) if options.face else _described(options)
    how = {"size": options.size, "colour": options.colour}
    image = synthesis.render(face.identity, face.units, face.scene, **how)
    save_picture(image, options.output)
    print(f"saved {printable(options.output)}")


def _saved(options: argparse.Namespace) -> "FaceState":
    """Return the face of a file; no option may say anything else about it."""
    from emolib.synthesis import read_face

    others = (*SCENE, "emotion", "intensity", "expression_seed", "units", "identity")
    given = [name for name in others if getattr(options, name) is not None]
    if given:
        option = "--unit" if given[0] == "units" else f"--{given[0].replace('_', '-')}"
        raise CommandError(
            f"--from sets the whole face; drop {option}, or change the file."
        )
    return read_face(options.face)


def _described(options: argparse.Namespace) -> "FaceState":
    """Return the face that the other options describe."""
    from emolib.synthesis import FaceState, Scene, random_identity

    given = {k: v for k, v in vars(options).items() if k in SCENE and v is not None}
    person = random_identity(options.identity or 0)
    return FaceState(person, _expression(options), Scene(**given))


def _expression(options: argparse.Namespace) -> dict[str, float]:
    """Return the action units, given one by one or as an emotion."""
    from emolib.synthesis import express

    if not options.units:
        intensity = 1.0 if options.intensity is None else options.intensity
        way = options.expression_seed
        way = options.identity or 0 if way is None else way
        return express(options.emotion or "happiness", intensity, seed=way)
    if (options.emotion, options.intensity, options.expression_seed) != (None,) * 3:
        raise CommandError(
            "--unit sets the face by itself; drop --emotion, --intensity and "
            "--expression-seed."
        )
    return dict(map(_unit, options.units))


def _unit(text: str) -> tuple[str, float]:
    """Split ``NAME=WEIGHT``."""
    name, _, weight = text.partition("=")
    try:
        return name, float(weight)
    except ValueError:
        raise CommandError(
            f"--unit expects NAME=WEIGHT, such as browDown=0.8; got {text!r}."
        ) from None
