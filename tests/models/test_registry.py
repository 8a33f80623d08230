"""Saving, finding and checking weights."""

import hashlib
import json
import subprocess
import sys
import warnings

import numpy as np
import pytest

from emolib.export import add_onnx
from emolib.models import (
    ModelFileError,
    available,
    load_model,
    model_card,
    plain_cnn,
    predict,
    registry,
    save_model,
)
from emolib.models._backend import keras
from emolib.recognizer import EmotionRecognizer

FACES = np.random.default_rng(0).integers(0, 256, (3, 64, 64), dtype=np.uint8)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Return an empty data folder, with a blank in its path."""
    folder = tmp_path / "my data"
    folder.mkdir()
    monkeypatch.setenv("EMOLIB_DATA", str(folder))
    return folder


@pytest.fixture
def saved(data, entries):
    return save_model(plain_cnn(seed=2), "plain-test", entries)


def test_saved_model_is_found_by_name_and_predicts_the_same(saved):
    assert available() == ("plain-test",)
    model = load_model("plain-test")
    expected = predict(plain_cnn(seed=2), FACES)
    np.testing.assert_allclose(predict(model, FACES), expected, atol=1e-6)


def test_saved_model_is_found_by_folder(saved):
    assert model_card(saved).licence == "CC0-1.0"
    assert load_model(saved).name == "plain_cnn"


def test_card_is_completed(saved):
    card = model_card("plain-test")
    assert card.architecture == "plain_cnn"
    assert card.parameters == 188_230
    assert len(card.sha256) == 64


def test_optimiser_state_is_not_saved(tmp_path):
    model = plain_cnn()
    model.compile("adam", "categorical_crossentropy")
    model.optimizer.build(model.trainable_variables)
    folder = save_model(model, tmp_path / "trained", {})
    size = (folder / registry.WEIGHTS).stat().st_size
    assert size < 1.2 * 4 * model.count_params()


def test_saving_again_replaces_weights_and_keeps_other_files(saved, entries):
    (saved / "notes.md").write_text("mine")
    save_model(plain_cnn(seed=3), "plain-test", entries | {"licence": "new"})
    assert model_card("plain-test").licence == "new"
    assert (saved / "notes.md").read_text() == "mine"
    assert [path.name for path in saved.parent.iterdir()] == ["plain-test"]


def test_failure_while_saving_leaves_the_old_model(saved, entries, monkeypatch):
    def fail(*_):
        raise KeyboardInterrupt

    before = model_card("plain-test")
    monkeypatch.setattr(registry, "write_json", fail)
    with pytest.raises(KeyboardInterrupt):
        save_model(plain_cnn(seed=3), "plain-test", entries)
    assert model_card("plain-test") == before
    assert [path.name for path in saved.parent.iterdir()] == ["plain-test"]


def test_folder_of_other_files_is_not_replaced(tmp_path):
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(ModelFileError, match="other files"):
        save_model(plain_cnn(), tmp_path, {})
    assert (tmp_path / "thesis.docx").exists()


def test_altered_weights_are_refused_with_a_remedy(saved):
    path = saved / registry.WEIGHTS
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelFileError, match=r"altered.*git checkout data/models"):
        load_model("plain-test")


def test_missing_weights_are_named(saved):
    (saved / registry.WEIGHTS).unlink()
    with pytest.raises(ModelFileError, match=r"weights\.weights\.h5 is missing"):
        load_model("plain-test")


def test_weights_of_another_network_are_refused(saved):
    card = json.loads((saved / registry.CARD).read_text())
    (saved / registry.CARD).write_text(json.dumps(card | {"architecture": "small_cnn"}))
    with pytest.raises(ModelFileError, match="does not fit"):
        load_model("plain-test")


def changed(**entries) -> bytes:
    """Return a card that is whole but for `entries`."""
    whole = {"architecture": "plain_cnn", "sha256": "0" * 64}
    return json.dumps(whole | entries).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"{", b"", b"[]", b"{}", b"null", b"7", b'"card"', b"\x89PNG\r\n\x1a\n\x00",
        b"\xff\xfe{\x00}\x00", b"[" * 200_000, changed(sha256=7), changed(sha256=None),
        changed(architecture=["plain_cnn"]), changed(parameters="many"),
        changed(parameters=True), changed(unsure_below=float("nan")),
        changed(unsure_below=40), changed(temperature="hot"), changed(recipe=[1]),
        changed(known_failures=[{"a": 1}]), changed(title={"en": "a title"}),
        changed(results="good"), changed(other=3),
    ],
)  # fmt: skip
def test_broken_card_is_named(tmp_path, content):
    folder = save_model(plain_cnn(), tmp_path / "mine", {})
    (folder / registry.CARD).write_bytes(content)
    for read in (model_card, load_model, EmotionRecognizer):
        with pytest.raises(ModelFileError, match=r"mine.card\.json"):
            read(folder)


def test_a_broken_card_hides_no_other_model(saved, data):
    broken = data / "models" / "broken"
    broken.mkdir()
    (broken / registry.CARD).write_bytes(b"\x00\x01")
    assert available() == ("broken", "plain-test")
    with pytest.raises(ModelFileError, match=r"broken.card\.json is not a readable"):
        model_card("broken")
    assert model_card("plain-test").licence == "CC0-1.0"


def test_a_folder_with_nothing_but_a_card_is_named(saved):
    (saved / registry.WEIGHTS).unlink()
    with pytest.raises(ModelFileError, match=r"weights\.weights\.h5 is missing; rest"):
        model_card("plain-test")


@pytest.mark.parametrize("content", [b"no HDF5 at all", b""])
def test_weights_of_another_kind_with_a_card_that_fits_are_refused(saved, content):
    path = saved / registry.WEIGHTS
    path.write_bytes(content)
    card = json.loads((saved / registry.CARD).read_text())
    card["sha256"] = hashlib.sha256(content).hexdigest()
    (saved / registry.CARD).write_text(json.dumps(card))
    with pytest.raises(ModelFileError, match=r"weights\.h5 does not fit.*train the"):
        load_model("plain-test")


def test_an_architecture_of_nobody_names_the_card(saved):
    card = json.loads((saved / registry.CARD).read_text())
    (saved / registry.CARD).write_text(json.dumps(card | {"architecture": "resnet50"}))
    with pytest.raises(ModelFileError, match=r"card\.json: Unknown arch.* 'resnet50'"):
        load_model("plain-test")


@pytest.mark.parametrize("name", [None, 7, ["plain-cnn"], b"plain-cnn"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(ModelFileError, match="by its name or its folder"):
        load_model(name)
    with pytest.raises(ModelFileError, match="Unknown architecture"):
        registry.build(name)


def diverged(value: float):
    model = plain_cnn()
    weights = model.get_weights()
    weights[-2][:, 0] = value
    model.set_weights(weights)
    return model


def dead():
    """Return a network that answers the same to all pictures: no unit is active."""
    model = plain_cnn()
    kernel, bias = model.get_layer("dense").get_weights()
    model.get_layer("dense").set_weights([kernel, bias - 1e6])
    return model


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda: diverged(np.nan), "weights are NaN or infinite"),
        (lambda: diverged(np.inf), "weights are NaN or infinite"),
        (lambda: diverged(3e38), "answers are NaN, or the same to all pictures"),
        (dead, "answers are NaN, or the same to all pictures"),
    ],
)
def test_a_diverged_network_does_not_replace_a_model(saved, entries, build, told):
    before = {path.name: path.read_bytes() for path in saved.iterdir()}
    with pytest.raises(ModelFileError, match=rf"not saved: its {told}.*learning_rate"):
        save_model(build(), "plain-test", entries)
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before


def test_a_network_of_one_s_own_says_how_to_save_it(tmp_path):
    layers = keras.layers
    own = keras.Sequential(
        [keras.Input((64, 64, 1)), layers.Flatten(), layers.Dense(6)]
    )
    with pytest.raises(ModelFileError, match=r"Unknown .*model\.save\('mine\.keras'\)"):
        save_model(own, tmp_path / "mine", {})
    with pytest.raises(ModelFileError, match=r"not as build\('plain_cnn'\) makes it"):
        save_model(plain_cnn(batch_norm=True), tmp_path / "mine", {})
    assert not (tmp_path / "mine").exists()


def test_what_a_model_may_take_the_place_of(saved, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    for free in (tmp_path / "new", tmp_path / "empty", saved):
        registry.check_replaceable(free)
    with pytest.raises(ModelFileError, match=r"notes\.txt is a file; choose a new"):
        registry.check_replaceable(tmp_path / "notes.txt")
    with pytest.raises(ModelFileError, match="holds other files and no model"):
        registry.check_replaceable(tmp_path)


def test_unknown_model_suggests_the_nearest(saved):
    with pytest.raises(ModelFileError, match="Did you mean 'plain-test'"):
        load_model("plain-tset")


def test_unknown_architecture_is_refused():
    with pytest.raises(ModelFileError, match=r"plain_cnn.*Did you mean 'small_cnn'"):
        registry.build("smal_cnn")


def test_an_incomplete_card_does_not_ship(data, entries):
    results = {k: v for k, v in entries["results"].items() if k != "subjects"}
    gaps = {"results": results, "known_failures": []}
    with pytest.raises(
        ModelFileError, match=r"lacks results\.subjects, known_failures"
    ):
        save_model(plain_cnn(), "plain-test", entries | gaps)
    assert available() == ()
    assert list((data / "models").iterdir()) == []


def test_a_gap_in_a_shipped_card_is_named_with_its_file(saved):
    path = saved / registry.CARD
    card = json.loads(path.read_text())
    path.write_text(json.dumps(card | {"prohibited_use": "", "limits": None}))
    with pytest.raises(
        ModelFileError, match=r"card\.json lacks prohibited_use, limits; restore"
    ):
        model_card("plain-test")


def test_a_model_of_one_s_own_needs_no_more_than_what_loads_it(tmp_path):
    folder = save_model(plain_cnn(seed=2), tmp_path / "mine", {"mood": "good"})
    card = json.loads((folder / registry.CARD).read_text())
    few = {name: card[name] for name in ("architecture", "sha256")}
    (folder / registry.CARD).write_text(json.dumps(few))
    assert load_model(folder).count_params() == 188_230
    assert "intended_use" in model_card(folder).missing()
    (folder / registry.CARD).write_text(json.dumps({"architecture": "plain_cnn"}))
    with pytest.raises(ModelFileError, match=r"mine.card\.json lacks sha256"):
        load_model(folder)


def test_saving_again_leaves_no_graph_of_other_weights(tmp_path):
    folder = save_model(plain_cnn(), tmp_path / "mine", {})
    (folder / registry.ONNX).write_bytes(b"old")
    save_model(plain_cnn(seed=1), folder, {"onnx_sha256": "0" * 64})
    assert not (folder / registry.ONNX).exists()
    assert model_card(folder).onnx_sha256 is None


def old_folder(tmp_path):
    """Return a model folder as a version before the renaming wrote it."""
    folder = save_model(plain_cnn(seed=2), tmp_path / "mine", {})
    add_onnx(folder)
    card = json.loads((folder / registry.CARD).read_text())
    old = {
        "training_data": {"name": "my faces", "images": 9, "split": "by subject"},
        "recipe": {"command": "emolib train"},
        "architecture": "deck_cnn",
        **{name: card[name] for name in ("parameters", "sha256", "onnx_sha256")},
    }
    (folder / registry.CARD).write_text(json.dumps(old))
    return folder


@pytest.mark.parametrize(
    ("use", "name", "today"),
    [
        (registry.build, "deck_cnn", "plain_cnn"),
        (load_model, "deck-cnn", "plain-cnn"),
        (model_card, "deck-cnn", "plain-cnn"),
        (EmotionRecognizer, "deck-cnn", "plain-cnn"),
        (load_model, old_folder, "plain_cnn"),
        (EmotionRecognizer, old_folder, "plain_cnn"),
    ],
)
def test_old_names_work_and_say_the_new_one_once(use, name, today, tmp_path):
    if callable(name):
        name = name(tmp_path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = use(name)
    assert found is not None
    said = [one for one in caught if one.category is FutureWarning]
    assert len(said) == 1
    assert f"is now called {today!r}" in str(said[0].message)
    assert "\n" not in str(said[0].message)


def test_new_names_say_nothing(recwarn):
    load_model("plain-cnn")
    assert not [one for one in recwarn if one.category is FutureWarning]


def test_listing_and_cards_need_no_tensorflow(saved):
    code = (
        "import sys; from emolib.models import available, model_card; "
        "model_card(available()[0]); "
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
