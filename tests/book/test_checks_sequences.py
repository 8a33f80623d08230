"""What "Sequences" says in words about numbers, held against the numbers.

If one of these fails after a new measurement, the sentence it quotes has to change.
"""

import nbformat
import numpy as np
import pytest

from emolib.results import load_results

POOLS = ("last", "mean", "max", "temporal attention")
ORDERED = (
    "simple RNN", "GRU", "LSTM", "bidirectional GRU", "temporal convolution",
)  # fmt: skip


@pytest.fixture(scope="module")
def measured() -> dict:
    return load_results("sequences")


@pytest.fixture(scope="module")
def kinds(measured) -> dict:
    """Return what each kind of reader reached on the corpus' own task."""
    return measured["emotions"]["kinds"]


def right(kinds: dict, kind: str, way: str = "as they are") -> float:
    return kinds[kind]["ways"][way]["accuracy"]


def test_what_the_study_is_said_to_be(measured, kinds):
    assert measured["clips"] == {"train": 1296, "validation": 216, "test": 432}
    assert (measured["frames_a_clip"], measured["people"]) == (5, 24)
    assert set(kinds) == {*POOLS, *ORDERED}
    for one in kinds.values():
        assert len(one["validation"]) == 5
        assert one["parameters"] == pytest.approx(20_000, rel=0.05)


def test_one_frame_is_enough_and_need_not_be_pointed_out(measured, kinds):
    frames = {k: one["accuracy"] for k, one in measured["emotions"]["frames"].items()}
    assert all(right(kinds, kind) < frames["apex alone"] for kind in POOLS)
    assert frames["surest answer"] >= frames["apex alone"]
    assert min(right(kinds, kind) for kind in POOLS) == right(kinds, "last")
    assert min(frames, key=frames.get) == "last frame"
    # "not one of the nine is above the frame network's surest answer"
    assert all(right(kinds, kind) < frames["surest answer"] for kind in kinds)


def test_two_of_five_are_better_by_less_than_two_points(measured, kinds):
    assert measured["emotions"]["best_pool"] == "temporal attention"
    above = {kind for kind in ORDERED if kinds[kind]["better_by"][1] > 0}
    assert above == {"simple RNN", "temporal convolution"}
    for kind in ORDERED:
        gain, low, high = kinds[kind]["better_by"]
        assert gain < 0.02
        assert kind in above or low < 0 < high


def test_to_know_where_the_apex_is_is_worth_nearly_ten_points(kinds):
    early, whole = right(kinds, "last", "first 4"), right(kinds, "last")
    assert (round(100 * whole), round(100 * early)) == (82, 91)
    assert 0.09 < early - whole < 0.10


def test_pools_guess_and_readers_of_order_find_what_comes_first(measured):
    turns = measured["in_turn"]
    for kind in POOLS:
        assert set(turns[kind]["seeds"]) == {0.5}
    assert min(turns[kind]["accuracy"] for kind in ORDERED) > 0.9


def test_the_pool_is_sure_of_a_face_at_rest_and_wrong(kinds):
    first = {kind: kinds[kind]["ways"]["first 1"] for kind in ("mean", "GRU")}
    assert round(100 * first["mean"]["accuracy"]) == 38
    assert first["mean"]["certainty"] > 0.88
    assert 0.65 < first["GRU"]["certainty"] < 0.75
    assert abs(first["GRU"]["accuracy"] - first["mean"]["accuracy"]) < 0.01


def test_what_backwards_costs(kinds):
    lost = {kind: right(kinds, kind, "backwards") - right(kinds, kind)
            for kind in kinds}  # fmt: skip
    assert lost["last"] < -0.4
    assert lost["mean"] == lost["max"] == lost["temporal attention"] == 0
    for kind in ("GRU", "simple RNN"):
        assert -0.075 < lost[kind] < -0.045
        assert lost[kind] < right(kinds, kind, "shuffled") - right(kinds, kind) < 0
    assert abs(lost["temporal convolution"]) < 0.005
    assert right(kinds, "temporal convolution", "shuffled") < (
        right(kinds, "temporal convolution") - 0.02
    )


def test_alone_the_apex_is_read_about_as_well_as_whole_clips(kinds):
    better = [right(kinds, kind, "apex") > right(kinds, kind) for kind in kinds]
    assert sum(better) >= 6
    near = [abs(right(kinds, kind, "apex") - right(kinds, kind)) for kind in ORDERED]
    assert max(near) < 0.02


def test_readers_of_order_read_lips_and_fall_to_guessing(measured):
    world = measured["speech"]["at rest, speaking"]
    same, other = "same sentences", "another sentence"
    assert round(100 * world["GRU"][same]["accuracy"]) == 75  # three of four
    for kind in ORDERED:
        assert world[kind][same]["accuracy"] > 0.6
        assert world[kind][other]["accuracy"] < 1 / 6
    assert sum(world[kind][other]["interval"][1] < 1 / 6 for kind in ORDERED) >= 3
    for kind in POOLS:
        assert world[kind][same]["interval"][0] > 1 / 6
        assert world[kind][same]["accuracy"] < 0.3


def test_in_the_corpus_the_trap_is_not_sprung(measured):
    def lost(world):
        return [
            one["same sentences"]["accuracy"] - one["another sentence"]["accuracy"]
            for kind, one in measured["speech"][world].items()
            if kind in ORDERED
        ]

    corpus, silent = lost("as in the corpus"), lost("silent")
    assert 0.015 < min(corpus) < max(corpus) < 0.035  # "two or three points"
    assert abs(np.mean(corpus) - np.mean(silent)) < 0.005  # "about as much"


@pytest.fixture(scope="module")
def world(chapter) -> dict:
    """Return what the cells of the chapter leave behind, without its solutions."""
    pytest.importorskip("av")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("EMOLIB_ENTERFACE05", raising=False)
        return chapter("sequences")


def test_the_slopes_by_hand_are_those_of_wiggling_and_of_keras(world):
    up, down, d_last = world["up"], world["down"], world["d_last"]
    hand = world["slopes"](*(world[k] for k in "xwub"), d_last)[1][2, 5]
    assert np.isclose((up - down) / 2e-6, hand, rtol=1e-4)
    assert np.allclose(world["theirs"], world["rnn"](*(world[k] for k in "xwub")),
                       atol=1e-5)  # fmt: skip


def test_a_fresh_gate_fades_faster_than_a_radius_of_four_fifths(world):
    left = {name: one[20] for name, one in world["faded"].items()}
    assert left["GRU, fresh"] < left["simple, radius 0.8"] / 50
    assert left["GRU, z near 0.98"] > 0.5
    assert left["simple, radius 0.8"] == pytest.approx(0.8**20, rel=0.3)
    assert left["simple, radius 1.2"] == pytest.approx(1.2**20, rel=0.3)
    assert abs(np.log(left["simple, radius 1.0"])) < 0.2


def test_the_frame_network_is_as_sure_of_a_face_at_rest_as_it_is_right(world):
    first = world["over_time"]["frame network"][0]
    assert abs(first["accuracy"] - first["certainty"]) < 0.03


def test_the_courses_of_the_emotions_are_alike(world):
    assert world["apart"] < 0.1


def test_the_clip_has_two_clear_halves_and_an_unsure_answer(world):
    clip = world["clip"]
    assert clip.unsure
    assert clip.found.all()
    first, second = np.array_split(clip.probabilities, 2)
    fear, happiness = (world["EMOTIONS"].index(k) for k in ("fear", "happiness"))
    assert (first.argmax(axis=1) == fear).mean() > 0.8
    assert (second.argmax(axis=1) == happiness).mean() > 0.8


def test_folds_meet_nobody_twice_and_never_the_sentence_kept_back(world):
    clips, folds = world["my_clips"], world["folds"]
    tested = np.concatenate([fold.test for fold in folds])
    assert sorted(tested) == list(range(len(clips.labels)))
    for fold in folds:
        people = [set(world["who"][one]) for one in
                  (fold.train, fold.validation, fold.test)]  # fmt: skip
        assert not people[2] & (people[0] | people[1])
    seen = []
    world["fit_clips"], fit = (
        lambda model, *sets, epochs: seen.extend(len(one[1]) for one in sets),
        world["fit_clips"],
    )
    try:
        world["folded"]("mean", world["my_features"], clips, folds, 3, 1)
    finally:
        world["fit_clips"] = fit
    kept = (clips.meta["sentence"] == 3).to_numpy()
    expected = [(~kept[one]).sum() for fold in folds
                for one in (fold.train, fold.validation)]  # fmt: skip
    assert seen == expected


def test_a_prepared_copy_is_read_with_the_network_for_photographs(
    world, project, tmp_path, monkeypatch
):
    (tmp_path / "report.json").write_text("{}", "utf-8")
    monkeypatch.setenv("EMOLIB_ENTERFACE05", str(tmp_path))
    people = world["faces"].part("validation")
    people = people.subset(np.isin(people.groups, np.unique(people.groups)[:6]))
    asked = []
    here = dict(world)
    here["load"] = lambda *what: asked.append(what) or people
    here["folded"] = lambda kind, *_: np.full((len(here["my_clips"].labels), 6), 1 / 6)
    (path,) = project.glob("book/part-*/sequences.ipynb")
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and "my_features" in cell.source:
            exec(cell.source, here)
    assert asked == [("enterface05", tmp_path)]
    assert here["my_features"].shape == (108, 5, 80)
    assert len(here["folds"]) == 5
    assert [row[:2] for row in here["own_rows"]] == [
        ("mean", "learnt"), ("mean", "kept back"), ("GRU", "learnt"),
        ("GRU", "kept back"),
    ]  # fmt: skip
