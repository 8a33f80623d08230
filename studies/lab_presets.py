"""Whether the presets of the face lab show on people whom nobody has looked at."""

import numpy as np

from emolib.emotions import EMOTIONS
from emolib.recognizer import EmotionRecognizer
from emolib.synthesis import render
from emolib.widgets.lab_face import LabFace
from emolib.widgets.reading import NETWORKS
from studies.study import Bench, Study

#: Seeds of people who are in no corpus, and not among those of the lab.
FIRST, PEOPLE = 900_000, 20


def measure(bench: Bench) -> dict:
    """Draw each preset at full strength on each person, and ask each network."""
    first, people = bench.settings["first"], bench.settings["people"]
    faces = [
        LabFace(seed).posing(emotion).face()
        for emotion in EMOTIONS
        for seed in range(first, first + people)
    ]
    images = np.stack([render(one.identity, one.units, one.scene) for one in faces])
    intended = np.repeat(np.arange(len(EMOTIONS)), people)
    rows = []
    for name in bench.settings["networks"]:
        shares = EmotionRecognizer(name).predict_proba(images)
        right = (shares.argmax(axis=1) == intended).reshape(len(EMOTIONS), people)
        rows.append(
            {
                "name": name,
                "right": int(right.sum()),
                "by_emotion": dict(
                    zip(EMOTIONS, right.sum(axis=1).tolist(), strict=True)
                ),
            }
        )
    return {"faces": len(images), "people": people, "rows": rows}


STUDY = Study(
    "lab-presets",
    measure,
    {"networks": NETWORKS, "first": FIRST, "people": PEOPLE},
    canary=("rendering", "shipped"),
    data=(
        "lab/controls.json",
        "head/head.npz",
        *(f"models/{name}/model.onnx" for name in NETWORKS),
    ),
    after=("by-subject-apex", "synthface-model"),
)
