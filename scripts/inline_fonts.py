"""Put the fonts that a webpack script refers to into the script, as data addresses.

Used by ``vendor_browser_files.sh``. Only ``.woff2`` is kept: every browser reads it, so
the references to the same fonts in older formats become empty. The font of company
logos, which no widget here shows, is stood in for by the smallest one.
"""

import base64
import re
import sys
from pathlib import Path

# Font Awesome Brands in html-manager 1.0.15, and Font Awesome Regular.
STAND_INS = {"d878b0a6a1144760244f.woff2": "7a3337626410ca2f4071.woff2"}


def inline_fonts(script: str, folder: Path) -> str:
    """Return the script with each exported font file replaced by its content."""

    def address(match: re.Match) -> str:
        name = match["name"]
        if not name.endswith(".woff2"):
            return '.exports="data:,"'
        content = base64.b64encode(
            (folder / STAND_INS.get(name, name)).read_bytes()
        ).decode()
        return f'.exports="data:font/woff2;base64,{content}"'

    pattern = r'\.exports=\w+\.p\+"(?P<name>[0-9a-f]+\.(eot|svg|ttf|woff2?))"'
    return re.sub(pattern, address, script)


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    target.write_text(inline_fonts(source.read_text("utf-8"), source.parent), "utf-8")
