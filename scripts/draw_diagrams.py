"""Draw the diagrams of the book that show computed numbers, as SVG.

``python scripts/draw_diagrams.py`` writes them into ``book/diagrams`` and puts the
style of ``book/assets/drawing.css`` into every drawing there, the hand-written ones
included. The drawings are in ``scripts/diagrams``; their numbers come from emolib, or
are worked out on the spot from the few that each names.
"""

from diagrams import (
    answers,
    attention,
    audit,
    browser,
    changes,
    course,
    layers,
    measures,
    sequences,
)  # fmt: skip
from diagrams.pen import set_style
from project_inputs import PROJECT

DIAGRAMS = PROJECT / "book" / "diagrams"
DRAWINGS = {
    "kernel": layers.kernel,
    "channels": layers.channels,
    "pooling": layers.pooling,
    "receptive-field": layers.receptive_field,
    "network": layers.network,
    "gradient-descent": measures.gradient_descent,
    "splits": measures.split_map,
    "two-reports": measures.two_reports,
    "bootstrap": measures.bootstrap,
    "witnesses": measures.witnesses,
    "calibration": measures.calibration_bins,
    "domain-gap": answers.domain_gap,
    "noise": answers.noise,
    "photograph": answers.photograph,
    "one-change": changes.one_change,
    "units-left": changes.units_left,
    "weighed": attention.weighed,
    "attention-kinds": attention.kinds,
    "query-key-value": attention.query_key_value,
    "sequence": sequences.sequence,
    "unrolled": sequences.unrolled,
    "gates": sequences.gates,
    "reach": sequences.reach,
    "port": browser.port,
    "same-padding": browser.same_padding,
    "quantise": browser.quantise,
    "course": course.course,
    "preparation": answers.preparation,
    "audit": audit.audit,
}


def main() -> None:
    """Write all drawings, and the style into every one."""
    for name, draw in DRAWINGS.items():
        (DIAGRAMS / f"{name}.svg").write_text(draw().svg(), "utf-8")
    for file in sorted(DIAGRAMS.glob("*.svg")):
        file.write_text(set_style(file.read_text("utf-8")), "utf-8")
        print(f"{file.name}: {file.stat().st_size / 1000:.1f} kB")


if __name__ == "__main__":
    main()
