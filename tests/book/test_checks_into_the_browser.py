"""What "Into the browser" says in words about numbers, held against the numbers.

If one of these fails after a new measurement, the sentence it quotes has to change.
"""

import numpy as np
import onnx
import pytest

from emolib.paths import data_folder
from emolib.results import load_results

NETWORKS = ("plain-cnn", "small-cnn", "synthface", "real-faces")


@pytest.fixture(scope="module")
def measured() -> dict:
    return load_results("browser")


@pytest.fixture(scope="module")
def rows(measured) -> dict:
    return {row["name"]: row for row in measured["rows"]}


@pytest.fixture(scope="module")
def shipped() -> dict:
    rows = load_results("page-networks")["rows"]
    return {(row["name"], row["precision"]): row for row in rows}


@pytest.fixture(scope="module")
def world(chapter) -> dict:
    """Return what the cells of the chapter leave behind, without its solutions."""
    return chapter("into-the-browser")


def test_what_the_study_is_said_to_be(measured, rows):
    assert (measured["images"], measured["subjects"]) == (1263, 24)
    assert tuple(rows) == NETWORKS
    for row in rows.values():
        assert list(row["precisions"]) == ["float32", "float16", "int8"]


# --- the wrong border -----------------------------------------------------------------


def test_the_accuracy_falls_by_less_than_one_point(world):
    lost = world["right"]["Keras"] - world["right"]["rebuilt"]
    assert 0 < lost < 0.01
    # "About one face in eleven gets a different answer", "about a hundred"
    changed = world["other"]
    assert 1 / 12 < changed.mean() < 1 / 10
    assert 75 < changed.sum() < 200
    assert 0.7 < world["better"] / world["worse"] < 1  # "nearly as many become right"


def test_a_seed_makes_as_much_of_a_difference(world):
    rows = load_results("by-subject-apex")["rows"]
    seeds = [row["accuracy"] for row in rows if row["name"] == "plain CNN"]
    lost = world["right"]["Keras"] - world["right"]["rebuilt"]
    assert max(seeds) - min(seeds) > 0.9 * lost


def test_at_least_half_of_what_a_relu_gives_is_zero_and_maps_go_up_to_ten(world):
    for name in ("conv1", "conv2", "conv3", "dense"):
        assert (world["expected"][name] == 0).mean() > 0.5
    assert 8 < world["expected"]["dense"].max() < 13


def test_the_first_layer_tells(world):
    wrong = world["wrong"]
    assert wrong["rescale"] < 1e-6
    assert wrong["conv1"] == wrong.max() > 0.5  # "off by most of its range"
    assert wrong["conv1"] > wrong["conv2"] > wrong["conv3"] > wrong["dense"]
    assert wrong["emotion"] > wrong["dense"]
    assert len(world["few"]) == 98


def test_one_zero_before_and_two_after_as_the_converter_has_it(world):
    assert world["border"](64, 5, 2) == (1, 2)
    graph = onnx.load(data_folder() / "models" / "plain-cnn" / "model.onnx").graph
    first = next(node for node in graph.node if node.op_type == "Conv")
    pads = next(one for one in first.attribute if one.name == "pads")
    assert list(pads.ints) == [1, 1, 2, 2]


def test_what_is_left_is_rounding_in_float64_as_in_float32(world):
    single, double = world["single"], world["double"]
    assert max(single.max(), double.max()) < 1e-5
    assert 0.3 < double.max() / single.max() < 3  # "as far as before"
    assert world["double"]["rescale"] > single["rescale"]


def test_sums_in_another_order_differ(world):
    sums = {float(np.cumsum(one)[-1]) for one in world["orders"].values()}
    assert len(sums) == 3
    assert len(world["products"]) == 288


def test_no_normalisation_is_left_in_onnx():
    for name in NETWORKS:
        path = data_folder() / "models" / name / "model.onnx"
        kinds = {node.op_type for node in onnx.load(path).graph.node}
        assert "BatchNormalization" not in kinds


def test_normalisations_cost_a_few_multiply_adds_in_a_hundred(rows):
    for name in ("small-cnn", "synthface", "real-faces"):
        row = rows[name]
        norms = sum(
            one["multiplyAdds"]
            for one in row["layers"]
            if one["type"] == "normalisation"
        )
        assert 0 < norms / row["multiply_adds"] < 0.04


# --- what the page promises -----------------------------------------------------------


def test_float32_in_the_page_is_rounding_too(rows):
    for row in rows.values():
        one = row["precisions"]["float32"]
        assert max(one["largest"], *one["layers"]) < 1e-5
        assert one["answers_changed"] == 0


def test_of_the_float16_networks_only_synthface_keeps_the_thousandth(rows):
    kept = [
        name
        for name, row in rows.items()
        if row["precisions"]["float16"]["largest"] <= 1e-3
    ]
    assert kept == ["synthface"]
    assert max(rows["synthface"]["precisions"]["float16"]["layers"]) <= 1e-3


def test_int8_keeps_the_accuracy_and_moves_single_answers(rows):
    one = rows["synthface"]["precisions"]["int8"]
    assert one["answers_changed"] == 2  # "two of 1,263 answers different"
    assert round(one["accuracy"], 3) == 0.957
    assert 0.01 < one["largest"] < 0.02  # "off by more than a point"
    assert max(one["layers"]) > 1e-3


def test_both_studies_found_the_same(rows, shipped):
    for (name, precision), row in shipped.items():
        found = rows[name]["precisions"][precision]["largest"]
        assert found == pytest.approx(row["largest_move"], abs=1e-5)


def test_float16_costs_about_170_kilobytes(shipped):
    more, less = (
        shipped["synthface", one]["bytes_gzip"] for one in ("float16", "int8")
    )
    assert 160_000 < more - less < 180_000


def test_gzip_takes_a_quarter_and_of_the_numbers_next_to_nothing(shipped):
    row = shipped["synthface", "float32"]
    assert 0.2 < 1 - row["bytes_gzip"] / row["bytes"] < 0.3
    assert row["bytes_gzip"] > 0.97 * 4 * row["parameters"]


# --- bits -----------------------------------------------------------------------------


def test_three_bits_are_enough_with_a_scale_for_each_filter(world):
    each, whole = (
        [one.accuracy for one in scores] for scores in world["scores"].values()
    )
    full = (world["full"].argmax(axis=1) == world["test"].labels).mean()
    lost = [full - one for one in each]
    assert world["bits"] == [8, 6, 5, 4, 3, 2]
    assert max(lost[:5]) < 0.05 < lost[5]  # "by more than five points" at 2
    assert 0.01 < lost[4] < 0.03  # "about two points"
    assert max(lost[:4]) < 0.01  # "keeps its accuracy down to four"
    assert each[5] < 0.35
    assert full - whole[3] < 0.05 < full - whole[4]  # "one bit earlier"


def test_probabilities_move_from_the_first_bit_on(world):
    moved = [
        np.abs(one - world["full"]).mean()
        for one in world["curve"]["a scale for each filter"]
    ]
    assert (np.diff(moved) > 0).all()
    assert moved[0] < 1e-3
    by_bit = (moved[-2] / moved[0]) ** (1 / 5)
    assert 1.7 < by_bit < 2.7  # "about twice as far"


def test_nine_kernels_and_the_first_is_a_quarter_of_a_per_cent(world):
    sizes = [
        one.kernel.numpy().size
        for one in world["trained"].layers
        if hasattr(one, "kernel")
    ]
    assert len(sizes) == 9
    assert round(100 * sizes[0] / sum(sizes), 1) in (0.2, 0.3)


# --- time and weight ------------------------------------------------------------------


def test_libraries_are_five_to_ten_times_as_fast(measured, rows):
    for row in measured["libraries"]:
        ours = rows[row["name"]]["engine"]["median"]
        assert 4 < ours / row["engine"]["median"] < 12
    for name in NETWORKS:
        assert rows[name]["engine"]["median"] < 33
    plain, other = rows["plain-cnn"], rows["synthface"]
    assert 1.6 < other["multiply_adds"] / plain["multiply_adds"] < 1.75
    assert other["engine"]["median"] < 1.4 * plain["engine"]["median"]


def test_libraries_weigh_three_megabytes_and_agree_to_a_millionth(measured):
    for row in measured["libraries"]:
        assert 2.5e6 < row["gzip"] < 4e6
        assert row["largest"] < 2e-6


def test_the_box_says_what_it_loads(world, measured, shipped):
    loads = measured["scripts"]["gzip"] + shipped["synthface", "float16"]["bytes_gzip"]
    assert world["loads"] == loads
