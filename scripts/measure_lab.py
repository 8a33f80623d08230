"""Measure how fast the face lab follows a slider, in Chromium without a GPU.

``python scripts/measure_lab.py`` opens the lab and moves a slider for as long as the
lab needs to draw a few hundred pictures. A shared machine is slow at times, so the lab
of another checkout can be measured in turns (``--against FOLDER``): then trust the
ratios. A frame is both pictures, the reading and the bars.
"""

import argparse
import statistics
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

from headless import find_browser, served, started_browser
from project_inputs import PROJECT

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>The lab</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="custom.css">
<link rel="stylesheet" href="lab/lab.css">
<script defer src="lab/lab.js"></script>
<div class="face-lab" data-size="all"></div></html>"""
#: Moves a slider; gives the milliseconds of each frame from one to the next, those of
#: its parts, and those of readings by themselves.
MOVE = """async (frames) => {
  const { desk } = lab;
  const shown = () => new Promise((done) => (desk.afterNext = done));
  desk.measured ??= desk.on("shown", () => desk.afterNext?.());
  const channel = new MessageChannel(); // a timer in a timer would wait 4 ms
  const pause = () =>
    new Promise((done) => {
      channel.port1.onmessage = done;
      channel.port2.postMessage(null);
    });
  const input = document.querySelector("[data-group=AU12]");
  const times = [];
  for (let k = 0; k < frames; k++) {
    const began = performance.now();
    input.value = (k % 30) / 20;
    const next = shown();
    input.dispatchEvent(new Event("input"));
    await next;
    await pause();
    times.push(performance.now() - began);
  }
  const readings = Array.from({ length: 10 }, () => {
    const began = performance.now();
    desk.network.read(desk.shown.grey);
    return performance.now() - began;
  });
  return [times, readings];
}"""


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, return 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", type=Path, metavar="FOLDER",
                        help="another checkout, measured in turns")  # fmt: skip
    parser.add_argument("--turns", type=int, default=8)
    parser.add_argument("--frames", type=int, default=60, help="in each turn")
    options = parser.parse_args(arguments)
    if (program := find_browser()) is None:
        parser.error("found no Chromium or Chrome on PATH; install one of them")
    checkouts = [PROJECT, *filter(None, [options.against])]
    frames, readings = [[] for _ in checkouts], [[] for _ in checkouts]
    with ExitStack() as open_things:
        browser = open_things.enter_context(started_browser(program))
        pages = []
        for checkout in checkouts:
            address = open_things.enter_context(served(checkout / "book" / "assets"))
            pages.append(opened(browser, address))
            pages[-1].evaluate(MOVE, options.frames)  # until all is compiled
        for _ in range(options.turns):
            for k, page in enumerate(pages):
                found = page.evaluate(MOVE, options.frames)
                frames[k].append(found[0])
                readings[k].append(min(found[1]))
    print(f"{'':<34}{'frames/s':<20}{'ms, at best':<14}reading, ms")
    for k, checkout in enumerate(checkouts):
        rates = [1000 * len(one) / sum(one) for one in frames[k]]
        spread = f"{statistics.median(rates):.0f} ({min(rates):.0f}-{max(rates):.0f})"
        best = statistics.quantiles(chain(*frames[k]), n=10)[0]
        print(f"{checkout.name[-32:]:<34}{spread:<20}{best:<14.1f}"
              f"{min(readings[k]):.1f}")  # fmt: skip
    if options.against:
        ratios = [sum(b) / sum(a) for a, b in zip(*frames, strict=True)]
        print(f"this one is {statistics.median(ratios):.2f} times as fast "
              f"({min(ratios):.2f}-{max(ratios):.2f})")  # fmt: skip
    return 0


def opened(browser, address: str):
    """Return a page with the lab, opened."""
    page = browser.new_page()
    page.route("**/index.html", lambda route: route.fulfill(
        body=PAGE, content_type="text/html"))  # fmt: skip
    page.goto(f"{address}/index.html")
    page.get_by_role("button", name="Open the lab").click()
    page.wait_for_selector(".lab")
    return page


if __name__ == "__main__":
    raise SystemExit(main())
