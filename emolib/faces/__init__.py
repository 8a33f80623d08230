"""From a photograph or a video frame to the canonical face crop."""

from emolib.faces.crop import CROP, CanonicalCrop, align, to_canonical, triangle_weights
from emolib.faces.detection import DetectorError, Face, FaceDetector, main_face
from emolib.faces.picture import PictureError, read_picture

__all__ = [
    "CROP", "CanonicalCrop", "DetectorError", "Face", "FaceDetector", "PictureError",
    "align", "main_face", "read_picture", "to_canonical", "triangle_weights",
]  # fmt: skip
