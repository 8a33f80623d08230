"""Files that a reader gives to a lab; ipywidgets 7 and 8 hand them over differently."""

from collections.abc import Mapping, Sequence


def uploaded(value: Mapping | Sequence) -> tuple[str, bytes] | None:
    """Return name and content of the newest file of a ``FileUpload``, or None.

    Parameters
    ----------
    value : dict (ipywidgets 7) or tuple (ipywidgets 8)
        Its trait ``value``.

    Examples
    --------
    >>> uploaded(({"name": "a.json", "content": memoryview(b"{}")},))
    ('a.json', b'{}')
    >>> uploaded({"a.json": {"metadata": {"name": "a.json"}, "content": b"{}"}})
    ('a.json', b'{}')
    """
    files = list(value.values()) if isinstance(value, Mapping) else list(value)
    if not files:
        return None
    newest = files[-1]
    name = newest["name"] if "name" in newest else newest["metadata"]["name"]
    return str(name), bytes(newest["content"])


def clear(upload: object) -> None:
    """Empty a ``FileUpload``: nothing of a file stays in the notebook's state.

    The same file can be given once more.
    """
    if isinstance(upload.value, Mapping):  # ipywidgets 7 makes it anew from these
        upload.metadata, upload.data = [], []
        upload._counter += 1
    else:
        upload.value = ()
