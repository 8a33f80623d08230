"""From a photograph or a video frame to the canonical face crop.

Taught in chapters 2, 11 and 12.
"""

from emolib.faces.crop import CROP, RESAMPLE, CanonicalCrop, align, to_canonical

__all__ = ["CROP", "RESAMPLE", "CanonicalCrop", "align", "to_canonical"]
