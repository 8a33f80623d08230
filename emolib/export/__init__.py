"""Trained networks in forms that run without TensorFlow: ONNX, and the page's own.

TensorFlow is imported when the first network is exported.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "errors": ["ExportError"],
        "onnx": ["add_onnx", "to_onnx"],
        "page": ["PRECISIONS", "add_page", "rounded", "to_page"],
    },
)
