"""Jupyter Notebook 7, which takes keys before a lab hears of them."""

import re
import time

import pytest

pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
pytest.importorskip("anywidget")
pytest.importorskip("notebook", reason="a live notebook needs the extra 'book'")
from headless import started_browser

CELL = """
import numpy as np
from IPython.display import display
from emolib.datasets import FaceDataset
from emolib.widgets import ConfusionExplorer, FaceLab

faces = FaceDataset("six", np.zeros((6, 64, 64), np.uint8), np.arange(6))
display(FaceLab(), ConfusionExplorer(faces, {"a-network": np.eye(6)[[2] * 6]}))
"""


def test_keys_reach_the_labs_and_ctrl_s_the_notebook(jupyter, program):
    with (
        jupyter("notebook", [CELL]) as (address, top),
        started_browser(program) as browser,
    ):
        page = browser.new_page(viewport={"width": 1400, "height": 1400})
        page.set_default_timeout(120_000)
        page.goto(address("notebooks/labs.ipynb"))
        page.get_by_text(re.compile("Kernel status: Idle")).wait_for(state="attached")
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        smile = page.get_by_role("slider", name="Lip corners up: a smile (AU 12)")
        smile.focus()
        for _ in range(22):
            page.keyboard.press("ArrowRight")
        page.get_by_text("The network answers: happiness").wait_for()
        page.get_by_role("button", name=re.compile("^fear called fear: ")).focus()
        for key in ("ArrowUp", "ArrowUp", "Enter"):
            page.keyboard.press(key)
        page.get_by_text(re.compile("anger called fear, 1 of 1 ")).wait_for()
        file, end = top / "work" / "labs.ipynb", time.monotonic() + 60
        before = file.stat().st_mtime_ns
        page.keyboard.press("Control+s")
        while file.stat().st_mtime_ns == before and time.monotonic() < end:
            page.wait_for_timeout(100)
        assert file.stat().st_mtime_ns > before
