"""What several tests of the renderer look at."""

import numpy as np
import pytest

from emolib.synthesis import renderer as drawing
from emolib.synthesis.drawing.mesh import SKIN
from emolib.synthesis.drawing.raster import rasterise


@pytest.fixture(scope="session")
def materials_seen():
    """Draw a person and return what is seen instead of a picture.

    The function returns the material at each pixel (size, size), -1 for background,
    and the pixels (n, 2) of all vertices.
    """

    def draw(size, person, scene, expression=None):
        figure = drawing._assemble(person, expression or {}, scene)
        camera, pixels, _ = drawing._project(figure.vertices, scene, size)
        triangle = rasterise(
            pixels, camera[:, 2], figure.triangles, figure.materials == SKIN, size
        ).triangle
        shown = figure.materials[triangle].astype(int)
        return np.where(triangle >= 0, shown, -1), pixels

    return draw
