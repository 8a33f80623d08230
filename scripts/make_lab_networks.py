"""Write the networks of the live lab as scripts that a page loads when it needs them.

``python scripts/make_lab_networks.py`` writes ``book/assets/lab/networks/<name>.js``
from the shipped weights; a test says when that is due.
"""

import json

from project_inputs import PROJECT

from emolib.export import to_page
from emolib.files import write_whole
from emolib.models import load_model, model_card

NETWORKS = PROJECT / "book" / "assets" / "lab" / "networks"
#: Which of the shipped networks the lab has, and how their kernels are stored.
SHIPPED = {"synthface": "float16"}


def as_script(name: str, text: str) -> str:
    """Return the file of a network as a script that hands it to the page.

    A page on a disk (``file://``) may load scripts, and fetch nothing.
    """
    return (
        "// Made by scripts/make_lab_networks.py; network-file.js reads it.\n"
        "((globalThis.lab ??= {}).networkFiles ??= {})"
        f"[{json.dumps(name)}] = {text.rstrip()};\n"
    )


def shipped(name: str) -> str:
    """Return the script of a shipped network."""
    return as_script(name, to_page(load_model(name), SHIPPED[name], model_card(name)))


def main() -> None:
    """Write each of them whole or not at all."""
    for name in SHIPPED:
        write_whole(NETWORKS / f"{name}.js", shipped(name))


if __name__ == "__main__":
    main()
