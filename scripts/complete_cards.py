"""Bring model cards and the datasheet of SynthFace up to date, without measuring.

Audit and known failures of the networks come from ``data/results/robustness.json``,
who is in SynthFace from its ``subjects.csv``. Measuring the study "robustness" and
rendering the corpus end with the same.
"""

import pandas as pd

from emolib.files import write_whole
from emolib.paths import data_folder
from emolib.recipes.cards import complete_cards, with_people
from emolib.results import load_results


def main() -> None:
    """Write cards and datasheet, each whole or not at all."""
    complete_cards(load_results("robustness"))
    sheet = data_folder() / "synthface" / "README.md"
    people = pd.read_csv(sheet.with_name("subjects.csv"))
    write_whole(sheet, with_people(sheet.read_text("utf-8"), people))


if __name__ == "__main__":
    main()
