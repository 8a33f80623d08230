"""Tables as the book shows them: named columns, numbers under numbers, no index."""

from collections.abc import Mapping
from hashlib import sha256
from numbers import Integral, Real

import pandas as pd
from pandas.io.formats.style import Styler

from emolib.errors import ArgumentError, unknown

_LOOK = [
    {"selector": "th, td", "props": "text-align: left; vertical-align: top"},
    {"selector": ".number", "props": "text-align: right"},
    {"selector": "td.number", "props": "white-space: nowrap"},
    {"selector": "", "props": "font-variant-numeric: tabular-nums"},
    {"selector": "caption", "props": "caption-side: top; text-align: left"},
]


def table(
    frame: pd.DataFrame,
    formats: Mapping[str, str] | None = None,
    *,
    caption: str = "",
) -> Styler:
    """Show a frame as a table, in a notebook and on the page.

    Parameters
    ----------
    frame : DataFrame
        A row each, without its index. The names of the columns, strings and all
        different, are the headings. Numbers stand on the right, and so do intervals:
        pairs ``(low, high)``, shown as "78 to 86". What is missing is a dash.
    formats : mapping of str to str, optional
        How the numbers of a column are written: ``".2f"``, ``"+.1f"``, or for shares
        ``".1%"``, which puts the sign into the heading. Without one, whole numbers
        have commas at thousands and others two decimals.
    caption : str
        What the table shows, above it.

    Raises
    ------
    ArgumentError
        If `frame` is none or has two columns of one name, or `formats` names a column
        that it lacks.
    """
    if not isinstance(frame, pd.DataFrame) or not frame.columns.is_unique:
        raise ArgumentError(
            "A table needs a DataFrame whose columns have different names. Received: "
            f"{type(frame).__name__} with {list(getattr(frame, 'columns', ()))}"
        )
    formats = dict(formats or {})
    if missing := [name for name in formats if name not in frame]:
        raise ArgumentError(unknown("column", missing[0], frame.columns))
    shown, numeric = {}, []
    for name, values in frame.items():
        spec = formats.get(name, "")
        cells = [_written(value, spec) for value in values]
        heading = f"{name} (%)" if spec.endswith("%") and "%" not in name else name
        shown[heading] = cells
        numeric.append(any(_is_number(value) for value in values))
    written = pd.DataFrame(shown)
    named = sha256(f"{caption}{written.to_csv()}".encode()).hexdigest()[:8]
    classes = pd.DataFrame(
        [["number" if one else "" for one in numeric]] * len(written),
        columns=written.columns,
    )
    look = [*_LOOK]
    look += [
        {"selector": f"th.col{k}", "props": "text-align: right"}
        for k, one in enumerate(numeric)
        if one
    ]
    style = Styler(written, uuid=named, cell_ids=False, caption=caption or None)
    style.hide(axis="index").format(escape="html").format_index(axis=1, escape="html")
    style.set_td_classes(classes).set_table_styles(look)
    return style.set_table_attributes('class="designed"')


def _is_number(value: object) -> bool:
    """Whether a value is a number or an interval of numbers, and no truth value."""
    ends = value if isinstance(value, tuple) and len(value) == 2 else (value,)
    return all(isinstance(one, Real) and not isinstance(one, bool) for one in ends)


def _written(value: object, spec: str) -> str:
    """Return a cell as text."""
    if _is_number(value):
        ends = value if isinstance(value, tuple) else (value,)
        return " to ".join(_number(one, spec) for one in ends)
    return "–" if value is None or value is pd.NA or value is pd.NaT else str(value)


def _number(value: Real, spec: str) -> str:
    """Return a number as text; a share in percent without the sign."""
    if pd.isna(value):
        return "–"
    spec = spec or (",d" if isinstance(value, Integral) else ".2f")
    text = format(value, spec).removesuffix("%")
    return text.replace("-", "\N{MINUS SIGN}")
