"""Saving, finding and checking weights."""

import json
import subprocess
import sys

import numpy as np
import pytest

from emolib.models import (
    ModelFileError,
    available,
    plain_cnn,
    load_model,
    model_card,
    predict,
    registry,
    save_model,
)

FACES = np.random.default_rng(0).integers(0, 256, (3, 64, 64), dtype=np.uint8)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """An empty data folder, with a blank in its path."""
    folder = tmp_path / "my data"
    folder.mkdir()
    monkeypatch.setenv("EMOLIB_DATA", str(folder))
    return folder


@pytest.fixture
def saved(data):
    return save_model(plain_cnn(seed=2), "deck-test", {"licence": "CC0-1.0"})


def test_saved_model_is_found_by_name_and_predicts_the_same(saved):
    assert available() == ("deck-test",)
    model = load_model("deck-test")
    expected = predict(plain_cnn(seed=2), FACES)
    np.testing.assert_allclose(predict(model, FACES), expected, atol=1e-6)


def test_saved_model_is_found_by_folder(saved):
    assert model_card(saved)["licence"] == "CC0-1.0"
    assert load_model(saved).name == "plain_cnn"


def test_card_is_completed(saved):
    card = model_card("deck-test")
    assert card["architecture"] == "plain_cnn"
    assert card["parameters"] == 188_230
    assert len(card["sha256"]) == 64


def test_optimiser_state_is_not_saved(data):
    model = plain_cnn()
    model.compile("adam", "categorical_crossentropy")
    model.optimizer.build(model.trainable_variables)
    folder = save_model(model, "trained", {})
    size = (folder / registry.WEIGHTS).stat().st_size
    assert size < 1.2 * 4 * model.count_params()


def test_saving_again_replaces_weights_and_keeps_other_files(saved):
    (saved / "notes.md").write_text("mine")
    save_model(plain_cnn(seed=3), "deck-test", {"licence": "new"})
    assert model_card("deck-test")["licence"] == "new"
    assert (saved / "notes.md").read_text() == "mine"
    assert [path.name for path in saved.parent.iterdir()] == ["deck-test"]


def test_failure_while_saving_leaves_the_old_model(saved, monkeypatch):
    def fail(*_):
        raise KeyboardInterrupt

    before = model_card("deck-test")
    monkeypatch.setattr(registry, "_replace", fail)
    with pytest.raises(KeyboardInterrupt):
        save_model(plain_cnn(seed=3), "deck-test", {})
    assert model_card("deck-test") == before
    assert [path.name for path in saved.parent.iterdir()] == ["deck-test"]


def test_folder_of_other_files_is_not_replaced(tmp_path):
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(ModelFileError, match="other files"):
        save_model(plain_cnn(), tmp_path, {})
    assert (tmp_path / "thesis.docx").exists()


def test_altered_weights_are_refused_with_a_remedy(saved):
    path = saved / registry.WEIGHTS
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelFileError, match=r"sha256.*git checkout data/models"):
        load_model("deck-test")


def test_missing_weights_are_named(saved):
    (saved / registry.WEIGHTS).unlink()
    with pytest.raises(ModelFileError, match=r"weights\.weights\.h5 is missing"):
        load_model("deck-test")


def test_weights_of_another_network_are_refused(saved):
    card = json.loads((saved / registry.CARD).read_text())
    (saved / registry.CARD).write_text(json.dumps(card | {"architecture": "small_cnn"}))
    with pytest.raises(ModelFileError, match="does not fit"):
        load_model("deck-test")


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_broken_card_is_named(saved, text):
    (saved / registry.CARD).write_text(text)
    with pytest.raises(ModelFileError, match=r"card\.json"):
        load_model("deck-test")


def test_unknown_model_suggests_the_nearest(saved):
    with pytest.raises(ModelFileError, match="Did you mean 'deck-test'"):
        load_model("deck-tset")


def test_unknown_architecture_is_refused():
    with pytest.raises(ModelFileError, match="plain_cnn"):
        registry.build("vgg16")


def test_listing_and_cards_need_no_tensorflow(saved):
    code = (
        "import sys; from emolib.models import available, model_card; "
        "model_card(available()[0]); "
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", ["plain-cnn", "small-cnn"])
def test_shipped_models_load_and_describe_themselves(name, monkeypatch):
    monkeypatch.delenv("EMOLIB_DATA", raising=False)
    card = model_card(name)
    assert load_model(name).count_params() == card["parameters"]
    for entry in ("training_data", "recipe", "results", "intended_use", "limits"):
        assert card[entry], entry
