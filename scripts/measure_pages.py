"""Measure the built pages as a reader meets them: length, pictures, code, weight.

``python scripts/measure_pages.py`` opens the chapters and the landing page of the last
``make book`` (or, with ``--stored`` or ``--html``, of another build) in Chromium, at a
desk and on a phone, and prints a table; ``--json FILE`` keeps the figures. Nothing is
judged here: `tests/book` and the authors do that.

Each pixel of a page's height belongs to one kind, the first that reaches it: picture,
code, printed (streams, data frames), table, prose; the rest is space between them.
"""

import argparse
import gzip
from pathlib import Path

from build_book import html_folder
from chapters import chapters
from headless import find_browser, served, started_browser

from emolib.files import write_json

#: Width: height of the screen.
SCREENS = {1280: 900, 390: 844}
#: Smaller pictures are icons.
LEAST_PICTURE = 48
KINDS = {
    "pictures": "img, svg.drawing, video, canvas, .cell_output svg, .jupyter-widgets",
    "code": ".cell_input, div[class*=highlight-]",
    "printed": ".cell_output pre, table.dataframe",
    "tables": "table",
    "prose": "p, li, h1, h2, h3, h4, dt, dd, summary, blockquote, mjx-container",
}
MEASURE = """([kinds, least]) => {
    const article = document.querySelector('article') ?? document.body;
    const page = document.documentElement.scrollHeight;
    const owner = new Uint8Array(page + 1);
    const names = Object.keys(kinds);
    const shown = element => element.checkVisibility() &&
        element.getBoundingClientRect().height > 0;
    const big = box => box.width >= least && box.height >= least;
    let first = null;
    const code = [];
    names.forEach((name, k) => {
        for (const element of article.querySelectorAll(kinds[name])) {
            if (!shown(element)) continue;
            if (name === 'code' && element.closest('.cell_output')) continue;
            const box = element.getBoundingClientRect();
            if (name === 'pictures') {
                if (!big(box)) continue;
                first = Math.min(first ?? Infinity, box.top + scrollY);
            }
            if (name === 'code') code.push(element);
            const top = Math.max(0, Math.round(box.top + scrollY));
            const end = Math.min(page, Math.round(box.bottom + scrollY));
            for (let y = top; y < end; y++) owner[y] ||= k + 1;
        }
    });
    const share = {};
    names.forEach((name, k) => {
        share[name] = owner.reduce((sum, one) => sum + (one === k + 1), 0) / page;
    });
    const blocks = new Set(code.map(one => one.querySelector('pre')));
    blocks.delete(null);
    const lines = [...blocks].reduce((sum, one) =>
        sum + one.textContent.trimEnd().split('\\n').length, 0);
    return {height: page, share, first_picture: first && Math.round(first),
            code_lines: lines};
}"""
# Everything opened: what is folded has to fit its column, too.
FITS = """async () => {
    const article = document.querySelector('article') ?? document.body;
    for (const one of article.querySelectorAll('details')) one.open = true;
    const wide = [...article.querySelectorAll('.cell_output, .cell_output pre, ' +
            'div[class*=highlight-] pre, .pst-scrollable-table-container')]
        .filter(one => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0);
    const cells = new Set(wide.map(one => one.closest('.cell') ?? one));
    const texts = [...article.querySelectorAll('svg text, svg tspan')]
        .filter(one => one.textContent.trim() && one.checkVisibility())
        .map(one => {
            const by = one.getScreenCTM();
            return parseFloat(getComputedStyle(one).fontSize) * Math.hypot(by.a, by.b);
        });
    for (const one of article.querySelectorAll('img[src$=".svg"]')) {
        if (!one.checkVisibility() || !one.clientWidth) continue;
        const svg = await (await fetch(one.src)).text();
        const width = svg.match(/viewBox="\\S+ \\S+ (\\S+)/);
        // matplotlib: words are outlines, a hundredth of their size
        for (const [, size] of svg.matchAll(/scale\\(([\\d.]+) -[\\d.]+\\)/g))
            texts.push(100 * size * one.clientWidth / width[1]);
    }
    return {wide_cells: cells.size,
            smallest_text: texts.length ? Math.min(...texts) : null};
}"""
WORDS = """() => {
    const copy = (document.querySelector('article') ?? document.body).cloneNode(true);
    for (const one of copy.querySelectorAll(
        '.cell, div[class*=highlight-], script, svg, mjx-container, .headerlink'))
        one.remove();
    return copy.textContent.split(/\\s+/).filter(one => /\\w/.test(one)).length;
}"""
SETTLE = """async () => {
    for (const image of document.querySelectorAll('img[loading=lazy]'))
        image.loading = 'eager';
    await window.MathJax?.startup?.promise;
    await Promise.all([...document.images].map(one => one.decode().catch(() => 0)));
}"""


def measure_page(browser, address: str) -> dict:
    """Return what one page measures.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
        See `headless.started_browser`.
    address : str
        Where the page is served.

    Returns
    -------
    dict
        ``words`` of prose; ``kilobytes``, with all that the page loads, compressed as
        a server would; and for each width, as a string, ``height`` and
        ``first_picture`` in pixels, ``share`` of each kind (0 to 1), visible
        ``code_lines``, ``wide_cells``, and ``smallest_text`` of drawings and figures in
        pixels.
    """
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    arrived = []
    page.on("response", lambda response: arrived.append(response))
    found = {}
    for width, height in SCREENS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.goto(address, wait_until="load")
        page.evaluate(SETTLE)
        page.wait_for_timeout(300)
        seen = page.evaluate(MEASURE, [KINDS, LEAST_PICTURE])
        if width == next(iter(SCREENS)):
            bodies = {one.url: one.body() for one in arrived if one.ok}
            weight = sum(map(compressed, bodies.values()))
            found = {
                "words": page.evaluate(WORDS),
                "kilobytes": round(weight / 1000, 1),
            }
        found[str(width)] = seen | page.evaluate(FITS)
    context.close()
    return found


def compressed(body: bytes) -> int:
    """Return the bytes that travel: compressed, unless that makes it longer."""
    return min(len(body), len(gzip.compress(body, 9)))


def total(pages: dict[str, dict]) -> dict:
    """Return the sums over pages, shares weighted by height, the worst of the rest."""
    result = {"words": sum(page["words"] for page in pages.values())}
    result["kilobytes"] = max(page["kilobytes"] for page in pages.values())
    for width in map(str, SCREENS):
        seen = [page[width] for page in pages.values()]
        height = sum(one["height"] for one in seen)
        firsts = [one["first_picture"] for one in seen if one["first_picture"]]
        texts = [one["smallest_text"] for one in seen if one["smallest_text"]]
        result[width] = {
            "height": height,
            "share": {
                kind: sum(one["share"][kind] * one["height"] for one in seen) / height
                for kind in KINDS
            },
            "first_picture": max(firsts, default=None),
            "code_lines": sum(one["code_lines"] for one in seen),
            "wide_cells": sum(one["wide_cells"] for one in seen),
            "smallest_text": min(texts, default=None),
        }
    return result


def table(pages: dict[str, dict]) -> str:
    """Return the figures as text, one line for each page and width."""
    head = (
        f"{'page':<24}{'width':>6}{'height':>8}{'code':>6}{'print':>6}{'pict':>6}"
        f"{'table':>6}{'prose':>6}{'lines':>6}{'first':>7}{'wide':>5}{'text':>6}"
        f"{'words':>7}{'kB':>7}"
    )
    lines = [head, "-" * len(head)]
    for name, page in pages.items():
        for width in map(str, SCREENS):
            one, share = page[width], page[width]["share"]
            kinds = ("code", "printed", "pictures", "tables", "prose")
            text = one["smallest_text"]
            lines.append(
                f"{Path(name).stem[:23]:<24}{width:>6}{one['height']:>8}"
                + "".join(f"{share[kind]:>6.1%}" for kind in kinds)
                + f"{one['code_lines']:>6}{one['first_picture'] or '-':>7}"
                f"{one['wide_cells']:>5}{f'{text:.1f}' if text else '-':>6}"
                f"{page['words']:>7}{page['kilobytes']:>7.0f}"
            )
    return "\n".join(lines)


def measured(folder: Path, names: list[str]) -> dict[str, dict]:
    """Return what the pages of a built book measure, by their names in it."""
    program = find_browser()
    if program is None:
        raise SystemExit("No Chromium or Chrome on PATH; install one to measure pages.")
    with served(folder) as address, started_browser(program) as browser:
        return {name: measure_page(browser, f"{address}/{name}") for name in names}


def main(arguments: list[str] | None = None) -> int:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stored", action="store_true", help="the stored build")
    parser.add_argument("--html", type=Path, help="the folder of another build")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    options = parser.parse_args(arguments)
    folder = options.html or html_folder(stored=options.stored)
    names = [f"{page}.html" for _, page in chapters()]
    names = [name for name in names if (folder / name).is_file()]
    if not names:
        print(f"No chapters in {folder}: run `make book`, or name a build with --html.")
        return 1
    pages = measured(folder, ["book/intro.html", *names])
    sums = total({name: pages[name] for name in names})
    print(table({**pages, "all chapters": sums}))
    print(
        "\nall chapters: sums; the farthest first picture, the smallest text, the "
        "heaviest page."
    )
    if options.json:
        write_json(options.json, {"pages": pages, "chapters": sums})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
