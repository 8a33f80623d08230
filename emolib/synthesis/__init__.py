"""SynthFace: how one labelled face is made, with no real person in it.

`random_identity` draws a person, `express` the action units of an emotion, a `Scene`
says how the picture is taken, `render` draws it.
"""

from emolib.errors import MissingPackageError

try:
    import numba  # noqa: F401
except ImportError as error:
    raise MissingPackageError(
        "Faces are drawn with numba, which is missing; install it with: "
        'pip install "emolib[synthesis]"'
    ) from error

from emolib.synthesis.clips import Frame, draw_clip, draw_still
from emolib.synthesis.controls import group_units, lab_controls
from emolib.synthesis.face_file import FaceFileError, FaceState, read_face
from emolib.synthesis.frames import framed_face
from emolib.synthesis.people.expression import (
    ACTION_UNITS,
    PROTOTYPES,
    UNITS,
    UnknownUnitError,
    express,
)
from emolib.synthesis.people.identity import Identity, random_identity
from emolib.synthesis.people.pack import HeadPackError, load_head
from emolib.synthesis.people.shape import identity_vertices
from emolib.synthesis.renderer import render, render_with_truth
from emolib.synthesis.scene import OCCLUDERS, Difficulty, Scene

__all__ = [
    "ACTION_UNITS",
    "OCCLUDERS",
    "PROTOTYPES",
    "UNITS",
    "Difficulty",
    "FaceFileError",
    "FaceState",
    "Frame",
    "HeadPackError",
    "Identity",
    "Scene",
    "UnknownUnitError",
    "draw_clip",
    "draw_still",
    "express",
    "framed_face",
    "group_units",
    "identity_vertices",
    "lab_controls",
    "load_head",
    "random_identity",
    "read_face",
    "render",
    "render_with_truth",
]
