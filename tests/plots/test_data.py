"""Figures of a data set: every image is counted."""

import pytest

from emolib import plots
from emolib.datasets import FaceDataset


@pytest.mark.parametrize("by", ["split", "occluder"])
def test_each_value_of_the_column_has_its_bars(tiny, by):
    ax = plots.class_counts(tiny, by=by).axes[0]
    counts = tiny.meta[by].value_counts()
    bars = {
        text.get_text(): sum(bar.get_width() for bar in part)
        for text, part in zip(ax.get_legend().get_texts(), ax.containers, strict=True)
    }
    assert bars == counts.to_dict()


def test_a_column_with_other_values_than_the_parts_is_counted_whole(tiny):
    sentence = tiny.meta["sentence"].astype(str)
    meta = tiny.meta.assign(fold=sentence.replace({"1": "train", "2": "extra"}))
    mixed = FaceDataset("mixed", tiny.images, tiny.labels, meta)
    ax = plots.class_counts(mixed, by="fold").axes[0]
    assert sum(bar.get_width() for part in ax.containers for bar in part) == len(tiny)
