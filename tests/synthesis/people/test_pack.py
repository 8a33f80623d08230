import numpy as np
import pytest

from emolib.errors import EmolibError
from emolib.synthesis import HeadPackError, load_head
from emolib.synthesis.drawing.mesh import MATERIALS, SKIN
from emolib.synthesis.people.pack import shape_sliders


def unit_move(unit):
    """Mean movement (3,) of the vertices that a unit moves most."""
    index, delta = load_head().targets[f"unit/{unit}"]
    strong = np.linalg.norm(delta, axis=1) > 0.5 * np.linalg.norm(delta, axis=1).max()
    return load_head().vertices[index[strong]].mean(axis=0), delta[strong].mean(axis=0)


def test_left_and_right_are_not_swapped():
    for unit in ("mouthSmile", "browDown", "eyeBlink", "noseSneer", "cheekSquint"):
        assert unit_move(f"{unit}Left")[0][0] > 0
        assert unit_move(f"{unit}Right")[0][0] < 0


@pytest.mark.parametrize(
    ("unit", "upwards"),
    [
        ("jawOpen", False),
        ("browInnerUp", True),
        ("browOuterUpLeft", True),
        ("browDownLeft", False),
        ("mouthSmileLeft", True),
        ("mouthFrownRight", False),
        ("mouthUpperUpLeft", True),
        ("mouthLowerDownLeft", False),
        ("noseSneerRight", True),
    ],
)
def test_units_move_the_skin_the_right_way(unit, upwards):
    assert (unit_move(unit)[1][1] > 0) == upwards


def test_triangles_of_all_materials_are_all_triangles():
    head = load_head()
    counts = [len(head.triangles_of(code)) for code in range(len(MATERIALS))]
    assert sum(counts) == len(head.triangles)
    assert counts[SKIN] == max(counts)


def test_every_slider_has_its_targets():
    targets = load_head().targets
    for slider, (plus, minus) in shape_sliders().items():
        assert f"shape/{plus}" in targets, slider
        assert minus is None or f"shape/{minus}" in targets, slider


def test_missing_pack_names_the_file_and_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_DATA", str(tmp_path))
    load_head.cache_clear()
    try:
        with pytest.raises(HeadPackError, match=r"head\.npz.*git checkout data/head"):
            load_head()
    finally:
        monkeypatch.undo()
        load_head.cache_clear()


def test_truncated_pack_is_an_error(tmp_path, monkeypatch):
    from emolib.paths import data_folder

    whole = (data_folder() / "head" / "head.npz").read_bytes()
    (tmp_path / "head").mkdir()
    (tmp_path / "head" / "head.npz").write_bytes(whole[: len(whole) // 2])
    monkeypatch.setenv("EMOLIB_DATA", str(tmp_path))
    load_head.cache_clear()
    try:
        with pytest.raises(HeadPackError, match="damaged") as caught:
            load_head()
        assert isinstance(caught.value, EmolibError)
    finally:
        monkeypatch.undo()
        load_head.cache_clear()
