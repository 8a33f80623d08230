"""Write the people of the face lab into the book's assets, for its pages to draw.

A page that is opened as a file may not read other files; it may load a script. So what
all people share and each person is text in a script of its own, and a page loads those
that it shows: ``book/assets/lab/people/shared.js``, ``25.js`` and so on.
"""

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "book" / "assets" / "lab" / "people"


def scripts() -> Iterator[tuple[str, str]]:
    """Yield name and text of each script: what all share, then the people."""
    from emolib.synthesis import lab_controls, random_identity
    from emolib.synthesis.page import PagePeople

    controls = lab_controls()
    people = {str(seed): random_identity(seed) for seed in controls["people"]}
    occluders, places = (
        {name: seed for name, seed in controls[kind].items() if seed is not None}
        for kind in ("occluders", "backgrounds")
    )
    page = PagePeople(people, occluders, places, controls)
    yield "shared", _script("shared", page.shared_file())
    for name in people:
        yield name, _script(name, page.person_file(name))


def _script(name: str, packed: bytes) -> str:
    text = base64.b64encode(packed).decode("ascii")
    return (
        "// Made by scripts/make_lab_people.py; people.js reads it.\n"
        f'((globalThis.lab ??= {{}}).peopleFiles ??= {{}})["{name}"] =\n  "{text}";\n'
    )


def main() -> None:
    """Write the scripts."""
    from emolib.files import write_whole

    shutil.rmtree(TARGET, ignore_errors=True)
    sizes = {}
    for name, text in scripts():
        path = write_whole(TARGET / f"{name}.js", text)
        sizes[name] = path.stat().st_size * 3 / 4  # what a compressing server sends
    print(f"{sum(sizes.values()) / 1e3:,.0f} kB, {sizes['shared'] / 1e3:.0f} kB shared")


if __name__ == "__main__":
    main()
