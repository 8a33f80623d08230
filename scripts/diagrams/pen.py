"""The pen: SVG that a person can read, in the book's one hand.

A drawing is 380 units wide, which is a phone's column; looks are named by the classes
of ``book/assets/drawing.css``.
"""

import base64
import io
import re
from collections.abc import Iterable
from html import escape

import numpy as np
from PIL import Image
from project_inputs import PROJECT

WIDTH = 380
SHOWN = 464  # pixels where there is room; on a page custom.css says so
STYLE = PROJECT / "book" / "assets" / "drawing.css"
TIP = (
    '<marker id="tip{0}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
    'markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
    '<path class="tip{0}" d="M0 .5 8 4 0 7.5z"/></marker>'
)


def set_style(svg: str) -> str:
    """Return a drawing with the style of today, without the comments."""
    rules = re.sub(r"/\*.*?\*/\s*", "", STYLE.read_text("utf-8"), flags=re.S).strip()
    return re.sub(
        r"<style>.*?</style>",
        lambda _: f"<style>\n{rules}\n</style>",
        svg,
        count=1,
        flags=re.S,
    )


def number(value: float) -> str:
    """Return a coordinate, to a tenth."""
    return f"{round(float(value), 1):g}"


def attributes(values: dict) -> str:
    """Return attributes as text; numbers are rounded, None is left out."""
    return "".join(
        f' {name.replace("_", "-")}="'
        f'{escape(value) if isinstance(value, str) else number(value)}"'
        for name, value in values.items()
        if value not in (None, "")
    )


def signed(value: float, decimals: int = 0) -> str:
    """Return a number with a true minus sign."""
    return f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", "−")


def per_cent(share: float, decimals: int = 0) -> str:
    """Return a share in per cent, with a space that does not break."""
    return f"{100 * share:.{decimals}f}\N{NO-BREAK SPACE}%"


def total(values) -> str:
    """Return whole numbers as a sum in words, such as "−1 + 2 − 3"."""
    words = " ".join(f"{'−' if one < 0 else '+'} {abs(one)}" for one in values)
    return words.removeprefix("+ ").replace("− ", "−", 1 if values[0] < 0 else 0)


def embedded(image: np.ndarray, quality: int = 80) -> str:
    """Return a picture as an address that holds it."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "WEBP", quality=quality, method=6)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()


class Drawing:
    """An SVG in the making; each method adds one thing in the order of drawing."""

    def __init__(self, height: float):
        self.height = height
        self.parts: list[str] = []
        self.tips: dict[str, None] = {}

    def add(self, tag: str, content: str = "", **values) -> None:
        """Add an element."""
        if "look" in values:
            values = {"class": values.pop("look"), **values}
        end = f">{content}</{tag}>" if content else "/>"
        self.parts.append(f"  <{tag}{attributes(values)}{end}")

    def comment(self, words: str) -> None:
        """Say in the file what follows."""
        self.parts.append(f"\n  <!-- {words} -->")

    def text(self, x: float, y: float, words: object, look: str = "", **values) -> None:
        """Add words on the line at `y`; *letters* in stars are italic."""
        content = re.sub(
            r"\*(\w+)\*", r'<tspan class="it">\1</tspan>', escape(str(words))
        )
        self.add("text", content, look=look, x=x, y=y, **values)

    def rect(self, x, y, width, height, look: str, **values) -> None:
        """Add a rectangle by its top left corner."""
        self.add("rect", look=look, x=x, y=y, width=width, height=height, **values)

    def circle(self, x: float, y: float, radius: float, look: str) -> None:
        """Add a circle."""
        self.add("circle", look=look, cx=x, cy=y, r=radius)

    def path(self, d: str, look: str, tip: str | None = None) -> None:
        """Add a path; `tip` is "", "accent" or "alert" for an arrow."""
        end = None
        if tip is not None:
            name = f"-{tip}" if tip else ""
            self.tips[name] = None
            end = f"url(#tip{name})"
        self.add("path", look=look, marker_end=end, d=d)

    def curve(self, points: Iterable, look: str, close: bool = False) -> None:
        """Add a line through points (x, y)."""
        steps = "L".join(f"{number(x)} {number(y)}" for x, y in points)
        self.path(f"M{steps}{'Z' if close else ''}", look)

    def image(self, x, y, width, height, address: str) -> None:
        """Add a picture."""
        self.add("image", x=x, y=y, width=width, height=height, href=address)

    def table(self, x, y, rows, width, height, look="on-paper", words="mid") -> None:
        """Add a table of words, each cell of that size."""
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                left, top = x + c * width, y + r * height
                self.rect(left, top, width, height, f"thin {look}")
                self.text(left + width / 2, top + height / 2 + 4.5, cell, words)

    def pixel(self, x, y, width, height, grey: int) -> None:
        """Add one pixel."""
        fill = "#" + 3 * f"{grey:02x}"
        self.add("rect", x=x, y=y, width=width, height=height, fill=fill)

    def grey_table(self, x, y, values: np.ndarray, width: float, height: float) -> None:
        """Add pixels with their grey values written on them."""
        for (r, c), grey in np.ndenumerate(values):
            left, top = x + c * width, y + r * height
            self.pixel(left, top, width, height, grey)
            look = "mid on-dark" if grey <= 118 else "mid on-light"
            self.text(left + width / 2, top + height / 2 + 4.5, grey, look)

    def svg(self) -> str:
        """Return the file's text, with an empty style for `set_style`."""
        tips = "".join(f"    {TIP.format(name)}\n" for name in self.tips)
        defs = f"  <defs>\n{tips}  </defs>\n" if tips else ""
        size = f'width="{SHOWN}" viewBox="0 0 {WIDTH} {number(self.height)}"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} class="drawing">\n'
            f"  <style></style>\n{defs}" + "\n".join(self.parts) + "\n</svg>\n"
        )
