"""Draw the pictures of the landing page, of previews and icons, and of the README.

``python scripts/make_pictures.py`` renders with emolib the six faces of the landing
page (``book/assets/faces``) and the picture that is shown where somebody shares a link
(``book/assets/social.jpg``); ``--icons`` draws ``favicon.svg`` as PNG for browsers and
phones that want one; ``--screenshot PAGE`` photographs a page of the built book (``make
book`` first) into ``book/assets/screenshot.png``; a section may follow, as in
``--screenshot book/part-1-the-system/dataset-inspection#mean-faces``. The last two
need Chromium on PATH.
"""

import argparse
import shutil
from contextlib import contextmanager
from pathlib import Path

from build_book import html_folder
from PIL import Image, ImageDraw, ImageFont
from project_inputs import PROJECT

ASSETS = PROJECT / "book" / "assets"
#: Who shows what, by the seed of person and expression: six people, each at their best.
CAST = {
    "anger": 12,
    "disgust": 68,
    "fear": 112,
    "happiness": 154,
    "sadness": 193,
    "surprise": 214,
}
BACKGROUND = 193  # one for all six, so that the faces differ and nothing else
FACE = 240  # pixels, twice what the page shows
SOCIAL = (1200, 630)  # what the networks ask for
ICONS = {"favicon-32.png": 32, "apple-touch-icon.png": 180}
TITLE = ("Facial emotion recognition", "with CNNs")
SUBTITLE = "An open course: build it, train it, ask what its accuracy is worth."


def face(emotion: str, size: int) -> Image.Image:
    """Render the person of the cast who shows an emotion, in colour."""
    from emolib import synthesis

    seed = CAST[emotion]
    picture = synthesis.render(
        synthesis.random_identity(seed),
        synthesis.express(emotion, 0.9, seed=seed),
        synthesis.Scene(background=BACKGROUND, yaw=(seed % 5 - 2) * 5),
        size=size,
        colour=True,
    )
    return Image.fromarray(picture)


def six_faces() -> list[Path]:
    """Save the strip of the landing page, one file per emotion."""
    folder = ASSETS / "faces"
    folder.mkdir(exist_ok=True)
    made = []
    for emotion in CAST:
        made.append(folder / f"{emotion}.webp")
        face(emotion, FACE).save(made[-1], quality=84, method=6)
    return made


def social() -> Path:
    """Save the preview: title, what it is, six faces with their emotion and colour."""
    from emolib.emotions import get_emotion

    def font(size):  # the one that Pillow brings, the same everywhere
        return ImageFont.load_default(size)

    width, height = SOCIAL
    sheet = Image.new("RGB", SOCIAL, "#15181d")
    draw = ImageDraw.Draw(sheet)
    for row, line in enumerate(TITLE):
        draw.text((58, 52 + 82 * row), line, "#ffffff", font(78), stroke_width=0.8)
    draw.text((60, 238), SUBTITLE, "#a9c9e8", font(34))
    gap, margin = 18, 60
    size = (width - 2 * margin - 5 * gap) // 6
    top = height - size - 92
    for column, emotion in enumerate(CAST):
        left = margin + column * (size + gap)
        sheet.paste(face(emotion, size), (left, top))
        bar = (left, top + size, left + size - 1, top + size + 9)
        draw.rectangle(bar, get_emotion(emotion).colour)
        middle = left + size // 2
        draw.text((middle, top + size + 18), emotion, "#dcdfe4", font(27), anchor="ma")
    target = ASSETS / "social.jpg"
    sheet.save(target, quality=90, optimize=True, subsampling=0)
    return target


@contextmanager
def chromium():
    """Start Chromium, or say that there is none."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("No chromium or google-chrome on PATH.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


def icons() -> list[Path]:
    """Draw the favicon as PNG, in the sizes that are asked for."""
    drawing = (ASSETS / "favicon.svg").read_text("utf-8")
    made = []
    with chromium() as browser:
        for name, size in ICONS.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(
                f"<style>body {{ margin: 0 }} svg {{ display: block; width: {size}px }}"
                f"</style>{drawing}"
            )
            made.append(ASSETS / name)
            page.screenshot(path=made[-1], omit_background=True)
            page.close()
    return made


def screenshot(page_name: str) -> Path:
    """Photograph the top of a page as a reader at a desk sees it."""
    html = html_folder() if html_folder().is_dir() else html_folder(stored=True)
    page_name, _, section = page_name.partition("#")
    page_file = html / f"{page_name}.html"
    if not page_file.is_file():
        raise SystemExit(f"{page_file} does not exist: run `make book` first.")
    target = ASSETS / "screenshot.png"
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.goto(page_file.as_uri(), wait_until="load")
        if section:
            page.locator(f"[id='{section}']").evaluate("e => e.scrollIntoView()")
        page.wait_for_timeout(500)
        page.screenshot(path=target)
    picture = Image.open(target).convert("RGB").quantize(256)
    picture.save(target, optimize=True)
    return target


def main() -> None:
    """Make the pictures asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--icons", action="store_true", help="the favicon as PNG")
    parser.add_argument("--screenshot", metavar="PAGE", help="a page of the built book")
    options = parser.parse_args()
    if options.screenshot:
        made = [screenshot(options.screenshot)]
    elif options.icons:
        made = icons()
    else:
        made = [*six_faces(), social()]
    for path in made:
        print(f"Wrote {path.relative_to(PROJECT)}, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
