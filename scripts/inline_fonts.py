"""Put the fonts that a webpack script refers to into the script, as data addresses.

Used by ``vendor_browser_files.sh``. Only ``.woff2`` is kept: every browser reads it, so
the references to the same fonts in older formats become empty. So does the font of
company logos, which no widget here shows.
"""

import base64
import re
import sys
from pathlib import Path

LOGOS = "d878b0a6a1144760244f.woff2"  # Font Awesome Brands in html-manager 1.0.15


def inline_fonts(script: str, folder: Path) -> str:
    """Return the script with each exported font file replaced by its content."""

    def address(match: re.Match) -> str:
        name = match["name"]
        if name == LOGOS or not name.endswith(".woff2"):
            return '.exports="data:,"'
        content = base64.b64encode((folder / name).read_bytes()).decode()
        return f'.exports="data:font/woff2;base64,{content}"'

    pattern = r'\.exports=\w+\.p\+"(?P<name>[0-9a-f]+\.(eot|svg|ttf|woff2?))"'
    return re.sub(pattern, address, script)


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    target.write_text(inline_fonts(source.read_text("utf-8"), source.parent), "utf-8")
