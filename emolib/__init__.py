"""Data, models and evaluation behind the course on facial emotion recognition.

``import emolib`` is cheap: a submodule, and whatever heavy library it needs, is
imported when it is first touched.
"""

from importlib import import_module

from emolib.emotions import EMOTIONS

_SUBMODULES = (
    "cli", "datasets", "emotions", "errors", "evaluation", "explain", "export",
    "faces", "files", "models", "paths", "plots", "recipes", "recognizer", "results",
    "robustness", "synthesis", "training", "widgets",
)  # fmt: skip

__all__ = ["EMOTIONS", "__version__", "show_versions", *_SUBMODULES]


def __getattr__(name):
    if name in _SUBMODULES:
        return import_module(f"emolib.{name}")
    if name == "__version__":
        return _version("emolib") or "0+unknown"  # a checkout that was never installed
    raise AttributeError(f"module 'emolib' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)


def show_versions() -> None:
    """Print the versions of Python, emolib and the libraries the course uses.

    Only package metadata is read, so nothing heavy is imported. A missing optional
    library is shown as "not installed". Used in the first cell of every chapter.
    """
    import platform

    print(f"python {platform.python_version()} · emolib {__getattr__('__version__')}")
    for package in ("numpy", "keras", "tensorflow", "matplotlib", "ipywidgets"):
        print(f"{package} {_version(package) or 'not installed'}")


def _version(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None
