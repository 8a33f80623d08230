"""A training that diverges leaves the older model as it is."""

import pytest

from emolib.models import plain_cnn, save_model


@pytest.mark.parametrize("rate", ["1e9", "1e3"])
def test_an_older_model_is_not_replaced(data, tmp_path, run, rate):
    folder = save_model(plain_cnn(seed=5), tmp_path / "mine", {"licence": "CC0-1.0"})
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code, out, err = run(
        "train", "--model", "plain_cnn", "--epochs", 2, "--learning-rate", rate,
        "--quiet", "--force", "--output", folder,
    )  # fmt: skip
    assert code != 0
    assert "diverged" in err
    assert "best epoch 1" not in out
    assert "saved" not in out
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir() if "mine" in path.name] == ["mine"]
