"""Draw the pictures of the landing page, of previews and icons, and of the README.

``python scripts/make_pictures.py`` renders with emolib the six faces of the landing
page, the frames in which they move and what a network answers to each of them
(``book/assets/faces``), and the picture that is shown with a shared link
(``book/assets/social.jpg``); ``--candidates FOLDER --key FILE`` draws the numbered
sheets by which the six were chosen; ``--icons`` draws ``favicon.svg`` as PNG for
browsers and phones that want one; ``--screenshot PAGE`` photographs a page of the
built book (``make book`` first) into ``book/assets/screenshot.png``; a section may
follow, as in
``--screenshot book/part-1-the-system/dataset-inspection#mean-faces``. The last two
need Chromium on PATH.
"""

import argparse
import os
from pathlib import Path

import numpy as np
from build_book import html_folder
from headless import find_browser, started_browser
from PIL import Image, ImageDraw, ImageFont
from project_inputs import PROJECT

from emolib.emotions import EMOTIONS

ASSETS = PROJECT / "book" / "assets"
FACES = ASSETS / "faces"
#: Candidates for each emotion, by the seed of person and expression; none of them is in
#: a corpus, so that no network has learnt from a face of the landing page.
CANDIDATES = {
    emotion: range(800_000 + 100 * k, 800_008 + 100 * k)
    for k, emotion in enumerate(EMOTIONS)
}
#: Who shows what: of those whose expression was read right from the sheets of
#: ``--candidates`` in both rounds of a blind rating (45 of 48 in each), one that was
#: read at a glance, and together people as different as possible.
CAST = {
    "anger": 800_001,
    "disgust": 800_107,
    "fear": 800_205,
    "happiness": 800_302,
    "sadness": 800_406,
    "surprise": 800_507,
}
BACKGROUND = 193  # one for all six, so that the faces differ and nothing else
PEAK = 0.95  # intensity of the expressions
FACE = 240  # pixels, twice what the page shows
#: The moving faces: pixels of a frame, again twice what is shown; frames from rest to
#: apex, which also lead back; frames a second; and the network that reads them.
FRAME, FRAMES, RATE, MODEL = 480, 8, 9, "synthface"
SOCIAL = (1200, 630)  # what the networks ask for
ICONS = {"favicon-32.png": 32, "apple-touch-icon.png": 180}
TITLE = ("Facial emotion recognition", "with CNNs")
SUBTITLE = "An open course: build it, train it, ask what its accuracy is worth."


def face(emotion: str, seed: int, size: int, intensity: float = PEAK) -> Image.Image:
    """Render a person who shows an emotion, in colour."""
    from emolib import synthesis

    picture = synthesis.render(
        synthesis.random_identity(seed),
        synthesis.express(emotion, intensity, seed=seed),
        synthesis.Scene(background=BACKGROUND, yaw=(seed % 5 - 2) * 5),
        size=size,
        colour=True,
    )
    return Image.fromarray(picture)


def six_faces() -> list[Path]:
    """Save the strip of the landing page, one file per emotion."""
    made = []
    for emotion, seed in CAST.items():
        made.append(FACES / f"{emotion}.webp")
        face(emotion, seed, FACE).save(made[-1], quality=84, method=6)
    return made


def moving_faces() -> list[Path]:
    """Save the frames, a row for each emotion, and what the network answers to them.

    It is asked about what the page shows: the frames as they come out of the file.
    """
    from emolib.faces import to_canonical
    from emolib.files import write_json
    from emolib.recognizer import EmotionRecognizer

    intensities = np.linspace(0, PEAK, FRAMES).round(3).tolist()
    sheet = Image.new("RGB", (FRAMES * FRAME, len(CAST) * FRAME))
    for row, (emotion, seed) in enumerate(CAST.items()):
        for column, intensity in enumerate(intensities):
            frame = face(emotion, seed, FRAME, intensity)
            sheet.paste(frame, (column * FRAME, row * FRAME))
    pictures = FACES / "moving.avif"
    sheet.save(pictures, quality=26, speed=3)
    with Image.open(pictures) as shown:
        pixels = np.asarray(shown.convert("RGB"))
    frames = pixels.reshape(len(CAST), FRAME, FRAMES, FRAME, 3).swapaxes(1, 2)
    crops = [to_canonical(frame) for row in frames for frame in row]
    answers = EmotionRecognizer(MODEL).predict_proba(np.stack(crops))
    answers = answers.astype(float).round(3).reshape(len(CAST), FRAMES, -1)
    record = {
        "model": MODEL,
        "side": FRAME,
        "rate": RATE,
        "intensities": intensities,
        "answers": dict(zip(CAST, answers.tolist(), strict=True)),
    }
    return [pictures, write_json(FACES / "moving.json", record)]


def lab_poster() -> list[Path]:
    """Save the face on which the lab opens, and what its network answers to it."""
    from emolib import synthesis
    from emolib.files import write_json
    from emolib.models import load_model, predict

    person = synthesis.random_identity(synthesis.lab_controls()["people"][0])
    scene = synthesis.Scene(background=None)
    shown = synthesis.render(person, {}, scene, size=FRAME, colour=True)
    poster = ASSETS / "lab" / "poster.webp"
    Image.fromarray(shown).save(poster, quality=80, method=6)
    answer = predict(load_model(MODEL), synthesis.render(person, {}, scene))[0]
    shares = answer.astype(float).round(4).tolist()
    record = {"model": MODEL, "answer": dict(zip(EMOTIONS, shares, strict=True))}
    return [poster, write_json(ASSETS / "lab" / "poster.json", record)]


def candidates(folder: Path, key: Path, seed: int) -> list[Path]:
    """Draw the candidates on numbered sheets in the order of `seed`, and their key.

    ``tests/tools/blind_rating.py score KEY ANSWERS`` compares answers with the key.
    """
    from emolib.files import write_json

    shown = [(name, one) for name, seeds in CANDIDATES.items() for one in seeds]
    order = np.random.default_rng([seed, 77]).permutation(len(shown))
    columns, rows, cell = 6, 4, FACE + 24
    made = []
    for first in range(0, len(shown), columns * rows):
        sheet = Image.new("RGB", (columns * cell, rows * cell), "white")
        for place, k in enumerate(order[first : first + columns * rows]):
            x, y = place % columns * cell, place // columns * cell
            number = ImageFont.load_default(18)
            ImageDraw.Draw(sheet).text((x, y), str(first + place + 1), "black", number)
            sheet.paste(face(*shown[k], FACE), (x, y + 22))
        made.append(folder / f"sheet-{len(made) + 1}.png")
        folder.mkdir(parents=True, exist_ok=True)
        sheet.save(made[-1])
    faces = [
        {"number": place + 1, "emotion": shown[k][0], "person": shown[k][1]}
        for place, k in enumerate(order)
    ]
    return [*made, write_json(key, {"seed": seed, "faces": faces})]


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
    for column, (emotion, seed) in enumerate(CAST.items()):
        left = margin + column * (size + gap)
        sheet.paste(face(emotion, seed, size), (left, top))
        bar = (left, top + size, left + size - 1, top + size + 9)
        draw.rectangle(bar, get_emotion(emotion).colour)
        middle = left + size // 2
        draw.text((middle, top + size + 18), emotion, "#dcdfe4", font(27), anchor="ma")
    target = ASSETS / "social.jpg"
    sheet.save(target, quality=90, optimize=True, subsampling=0)
    return target


def browser_program() -> str:
    """Return the path of a browser, or say that there is none."""
    program = find_browser()
    if program is None:
        raise SystemExit("No Chromium or Chrome on PATH: install one.")
    return program


def icons() -> list[Path]:
    """Draw the favicon as PNG, in the sizes that are asked for."""
    drawing = (ASSETS / "favicon.svg").read_text("utf-8")
    made = []
    with started_browser(browser_program()) as browser:
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
    with started_browser(browser_program()) as browser:
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
    parser.add_argument("--lab", action="store_true", help="the poster of the lab")
    parser.add_argument("--screenshot", metavar="PAGE", help="a page of the built book")
    parser.add_argument("--candidates", metavar="FOLDER", type=Path, help="sheets")
    parser.add_argument("--key", metavar="FILE", type=Path, help="key of the sheets")
    parser.add_argument("--seed", type=int, default=1, help="order on the sheets")
    options = parser.parse_args()
    if (options.candidates is None) != (options.key is None):
        parser.error("--candidates and --key go together")
    if options.candidates:
        made = candidates(options.candidates, options.key, options.seed)
    elif options.screenshot:
        made = [screenshot(options.screenshot)]
    elif options.lab:
        made = lab_poster()
    elif options.icons:
        made = icons()
    else:
        made = [*six_faces(), *moving_faces(), social()]
    for path in made:
        size = path.stat().st_size / 1000
        print(f"Wrote {os.path.relpath(path, PROJECT)}, {size:.0f} kB")


if __name__ == "__main__":
    main()
