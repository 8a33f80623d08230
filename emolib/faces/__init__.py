"""From a photograph or a video frame to the canonical face crop."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "crop": ["CROP", "CanonicalCrop", "align", "to_canonical", "triangle_weights"],
        "detection": ["DetectorError", "Face", "FaceDetector", "main_face"],
        "picture": ["PictureError", "read_picture"],
    },
)
