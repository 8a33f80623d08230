"""A clip as a table, without a browser."""

import re

import numpy as np

from emolib.emotions import EMOTIONS
from emolib.widgets.clip_table import COLUMNS, clip_table


def table(count: int, chosen: int, line: float = 0.5) -> str:
    faces = np.zeros((count, 64, 64), np.uint8)
    shares = np.full((count, 6), 0.04)
    shares[:, 2] = 0.8
    shares[0] = 0.4, 0.3, 0.3, 0, 0, 0
    names = [str(k) for k in range(count)]
    return clip_table(faces, shares, names, chosen, line)


def test_a_column_a_frame_and_a_row_an_emotion():
    told = table(3, 1)
    assert re.findall(r">(\d)</th>", told) == ["0", "1", "2"]
    assert re.findall(r'scope="row"[^>]*>(\w+)<', told) == ["frame", *EMOTIONS]
    numbers = re.findall(r"(\d+)\s%</td>", told)
    assert len(numbers) == 18
    assert numbers[:3] == ["40", "4", "4"]
    assert numbers[6:9] == ["30", "80", "80"]


def test_an_answer_is_bold_and_what_is_below_the_line_is_not():
    bold = r'font-weight: bold">.*?(\d+)\s%</td>'
    assert re.findall(bold, table(3, 0).partition("<tbody>")[2]) == ["80", "80"]
    all_three = table(3, 0, line=0.3).partition("<tbody>")[2]
    assert re.findall(bold, all_three) == ["40", "80", "80"]


def test_of_a_long_clip_frames_are_taken_evenly_and_the_chosen_one_always():
    told = table(100, 40)
    shown = [int(one) for one in re.findall(r">(\d+)</th>", told)]
    assert len(shown) == COLUMNS
    assert (shown[0], shown[-1]) == (0, 99)
    assert np.ptp(np.diff(shown)) <= 14
    assert re.findall(r'aria-current="true".*?>(\d+)</th>', told) == ["40"]
