"""Draw the pictures of the landing page and of the README.

``python scripts/make_pictures.py`` renders ``book/assets/six-expressions.webp`` with
emolib; ``--screenshot PAGE`` photographs a page of the built book (``make book`` first,
Chromium on PATH) into ``book/assets/screenshot.png``; a section may follow, as in
``--screenshot book/part-1-the-system/02-dataset-inspection#mean-faces``.
"""

import argparse
import shutil
from pathlib import Path

from build_book import html_folder
from PIL import Image
from project_inputs import PROJECT

ASSETS = PROJECT / "book" / "assets"
SIZE = 160  # pixels of one face, twice what the page shows
PEOPLE = (7, 21, 34)


def six_expressions() -> Path:
    """Render three identities with the six emotions, in colour, and save the sheet."""
    from emolib import EMOTIONS, synthesis

    sheet = Image.new("RGB", (SIZE * len(EMOTIONS), SIZE * len(PEOPLE)))
    for row, seed in enumerate(PEOPLE):
        identity = synthesis.random_identity(seed)
        for column, emotion in enumerate(EMOTIONS):
            expression = synthesis.express(emotion, seed=seed)
            scene = synthesis.Scene(background=seed)
            face = synthesis.render(identity, expression, scene, size=SIZE, colour=True)
            sheet.paste(Image.fromarray(face), (column * SIZE, row * SIZE))
    target = ASSETS / "six-expressions.webp"
    sheet.save(target, quality=82, method=6)
    return target


def screenshot(page_name: str) -> Path:
    """Photograph the top of a page as a reader at a desk sees it."""
    from playwright.sync_api import sync_playwright

    html = html_folder() if html_folder().is_dir() else html_folder(stored=True)
    page_name, _, section = page_name.partition("#")
    page_file = html / f"{page_name}.html"
    if not page_file.is_file():
        raise SystemExit(f"{page_file} does not exist: run `make book` first.")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("No chromium or google-chrome on PATH.")
    target = ASSETS / "screenshot.png"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.goto(page_file.as_uri(), wait_until="load")
        if section:
            page.locator(f"[id='{section}']").evaluate("e => e.scrollIntoView()")
            page.mouse.wheel(0, -60)  # from under the bar at the top
        page.wait_for_timeout(500)
        page.screenshot(path=target)
        browser.close()
    picture = Image.open(target).convert("RGB").quantize(256)
    picture.save(target, optimize=True)
    return target


def main() -> None:
    """Make the picture asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--screenshot", metavar="PAGE", help="a page of the built book")
    options = parser.parse_args()
    made = screenshot(options.screenshot) if options.screenshot else six_expressions()
    print(f"Wrote {made.relative_to(PROJECT)}, {made.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
