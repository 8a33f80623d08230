"""Pictures of a lab as HTML: an image element with a description, from an array."""

import base64
import html
import io

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from emolib.errors import ArgumentError
from emolib.plots.display import figure_svg

#: Pixels of a picture that is stored without loss, even in colour.
_SMALL = 64 * 64


def png(image: np.ndarray) -> bytes:
    """Return a picture, uint8 (h, w) or (h, w, 3), as a PNG file, without loss."""
    image = np.asarray(image)
    grey, colour = image.ndim == 2, image.ndim == 3 and image.shape[2:] == (3,)
    if image.dtype != np.uint8 or not (grey or colour) or 0 in image.shape:
        raise ArgumentError(
            "A picture is an array, uint8 of shape (h, w) or (h, w, 3). Received: "
            f"{image.dtype} of shape {image.shape}"
        )
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", compress_level=1)  # 6 takes thrice as long
    return file.getvalue()


def _webp(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "WEBP", quality=90, method=2)
    return file.getvalue()


def picture(image: np.ndarray, words: str, width: int = 256, caption: str = "") -> str:
    """Return a picture as an HTML figure.

    What a network sees keeps its pixels; a large picture in colour is for the eye, and
    takes a tenth of the bytes, on the way to the page and in a saved notebook.

    Parameters
    ----------
    image : ndarray, uint8, (h, w) or (h, w, 3)
        Grey or RGB, 0-255; other arrays raise `ArgumentError`.
    words : str
        What is to be seen, for those who do not see it.
    width : int
        CSS pixels; where that enlarges the image, its pixels stay squares.
    caption : str
        What stands below it.
    """
    large = image.ndim == 3 and image.shape[0] * image.shape[1] > _SMALL
    kind, data = ("webp", _webp(image)) if large else ("png", png(image))
    source = f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
    small = "margin: 0; font-size: 0.9em; line-height: 1.4"
    below = f'<figcaption style="{small}">{html.escape(caption)}</figcaption>'
    below = below if caption else ""
    look = f"width: {width}px; max-width: 100%; display: block; margin: 0"
    if image.shape[1] < width:
        look += "; image-rendering: pixelated"
    return (
        f'<figure style="margin: 0"><img alt="{html.escape(words)}" style="{look}" '
        f'src="{source}">{below}</figure>'
    )


def still(figure: Figure, words: str) -> str:
    """Return a figure as the image that a page without a kernel shows of a lab."""
    data = base64.b64encode(figure_svg(figure).encode()).decode("ascii")
    return (
        f'<img class="emolib-still" alt="{html.escape(words)}" style="max-width: 100%; '
        f'height: auto" src="data:image/svg+xml;base64,{data}">'
    )
