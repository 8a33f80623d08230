"""Where a network looks: Grad-CAM, and what it misses when a place is covered.

TensorFlow is imported for Grad-CAM only.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "covering": ["occlusion_sensitivity"],
        "gradients": ["grad_cam"],
    },
)
