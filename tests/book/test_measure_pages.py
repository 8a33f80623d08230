"""The script that measures pages, on a page whose measures are known."""

import measure_pages
import pytest
from headless import served

STYLE = """<!doctype html><html lang="en"><title>a</title><style>
* { margin: 0; padding: 0; border: 0; line-height: 20px; font-size: 16px }
article > * { height: 100px; overflow: auto } svg { display: block }
</style><article>"""
BODY = """<h1 style="height: 200px">Two words</h1>
<div class="cell"><div class="cell_input" style="height: 40px">
<pre>a = 1
b = 2</pre></div>
<div class="cell_output" style="height: 60px"><pre style="height: 60px">3</pre></div>
</div>
<p>three more words</p>
<p style="height: 200px"><svg class="drawing" width="300" height="200"
viewBox="0 0 600 400"><text x="9" y="90" style="font-size: 18px">word</text></svg></p>
<details><summary>Show</summary>
<div class="cell {}"><pre style="width: 100px; overflow: auto">{}</pre></div>
</details>
<p style="height: 200px"></p>"""


@pytest.fixture
def measured(browser, tmp_path):
    """Give a function that measures a page."""

    def measure(body):
        page = tmp_path / "small.html"
        page.write_text(STYLE + body + "</article>", "utf-8")
        with served(tmp_path) as address:
            return measure_pages.measure_page(browser, f"{address}/small.html")

    return measure


def test_a_page_measures_what_it_was_made_to(measured):
    found = measured(BODY.format("cell_input", "short"))
    desk = found["1280"]
    assert desk["height"] == 900
    assert desk["first_picture"] == 400
    assert desk["code_lines"] == 2  # not what is folded
    assert desk["share"] == pytest.approx(
        {
            "pictures": 200 / 900,
            "code": 40 / 900,
            "printed": 60 / 900,
            "tables": 0,
            "prose": (200 + 100 + 200 + 20) / 900,
        }
    )
    assert found["words"] == 6  # and one summary
    assert desk["smallest_text"] == pytest.approx(9)
    assert desk["wide_cells"] == 0
    assert 0 < found["kilobytes"] < 2


def test_words_in_a_figure_count_though_they_are_outlines(measured, tmp_path):
    figure = tmp_path / "figure.svg"
    figure.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100" '
        'viewBox="0 0 100 50"><g transform="translate(9 9) scale(0.04 -0.04)"/>'
        '<g transform="translate(5 5) rotate(-90) scale(0.03 -0.03)"/></svg>',
        "utf-8",
    )
    body = '<p><img src="figure.svg" alt="two words"></p>'
    assert measured(body)["390"]["smallest_text"] == pytest.approx(6)


def test_code_that_is_wider_than_its_column_is_counted_though_folded(measured):
    body = BODY.format("highlight-python", "long " * 40)
    assert measured(body)["390"]["wide_cells"] == 1


def test_sums_weigh_shares_by_height():
    def page(height, code):
        share = dict.fromkeys(measure_pages.KINDS, 0) | {"code": code}
        one = {
            "height": height,
            "share": share,
            "first_picture": height // 2,
            "code_lines": 10,
            "wide_cells": 1,
            "smallest_text": None,
        }
        return {"words": 5, "kilobytes": height, "1280": one, "390": one}

    sums = measure_pages.total({"a": page(100, 0.5), "b": page(300, 0.1)})
    assert sums["1280"]["share"]["code"] == pytest.approx(0.2)
    assert sums["1280"]["height"] == 400
    assert sums["1280"]["first_picture"] == 150
    assert (sums["words"], sums["kilobytes"]) == (10, 300)
    assert "all" in measure_pages.table({"all": sums})
