import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emolib.emotions import EMOTIONS

PATH = Path(__file__).parent / "tools" / "blind_rating.py"
spec = importlib.util.spec_from_file_location("blind_rating", PATH)
blind_rating = importlib.util.module_from_spec(spec)
spec.loader.exec_module(blind_rating)

KEY = {"faces": [{"number": k + 1, "emotion": e} for k, e in enumerate(EMOTIONS)]}


def test_sheets_hold_every_emotion_and_the_key_lies_apart(tmp_path):
    pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
    sheets, key = tmp_path / "sheets", tmp_path / "key" / "key.json"
    options = ["--faces", "24", "--size", "32", "--seed", "2", "--key", str(key)]
    assert blind_rating.main(["sheet", str(sheets), *options]) == 0
    assert {p.name for p in sheets.iterdir()} == {"sheet-1.png", "sheet-2.png"}
    assert np.asarray(Image.open(sheets / "sheet-1.png")).std() > 20
    faces = json.loads(key.read_text())["faces"]
    shown = [face["emotion"] for face in faces]
    assert all(shown.count(name) == 4 for name in EMOTIONS)
    assert shown != [EMOTIONS[k % 6] for k in range(24)]
    assert len({face["person"] for face in faces}) == 24


def test_a_key_beside_the_sheets_is_refused(tmp_path, capsys):
    options = ["--key", str(tmp_path / "key.json")]
    assert blind_rating.main(["sheet", str(tmp_path), *options]) == 2
    assert "must not lie in the sheets' folder" in capsys.readouterr().err


def test_score_counts_names_and_codes():
    result = blind_rating.score(KEY, "1 an\n2 anger\n3 fe\n4 ha\n5 SA\n\n6 surprise\n")
    assert result["right"] == pytest.approx(5 / 6)
    assert result["confusion"][1][0] == 1
    assert result["unclear"] == ["disgust"]
    assert "below 80%: disgust" in blind_rating.report(result)


def test_every_fault_of_the_answers_is_named():
    with pytest.raises(ValueError, match="no face has the number") as error:
        blind_rating.score(KEY, "1 an\n1 an\n2 disgusst\n3 fe\n4 ha\n9 su\n")
    for fault in ("face 1 is answered 2 times", "'disgust'", "no answer for 5, 6"):
        assert fault in str(error.value)
