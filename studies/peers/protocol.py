"""What a process that classifies faces is asked, and how it answers.

Orders come as lines of JSON on standard input, an answer to each as a line of JSON on
standard output; ``tfjs.js`` keeps the same rules.

``{"do": "classify", "crops": PATH, "answers": PATH}``
    Read uint8 (n, height, width), write float32 (n, classes), answer ``{"images": n}``.
``{"do": "time", "crops": PATH, "size": SIZE, "calls": CALLS}``
    Classify `size` crops at a time, `calls` times after one that does not count;
    answer ``{"ms": [...]}``, one number a call, from bytes to probabilities.
"""

import json
import sys
import time
from collections.abc import Callable

import numpy as np


def serve(classify: Callable[[np.ndarray], np.ndarray]) -> None:
    """Obey until the input ends."""
    for line in sys.stdin:
        print(json.dumps(obey(json.loads(line), classify)), flush=True)


def obey(order: dict, classify: Callable[[np.ndarray], np.ndarray]) -> dict:
    """Do what one order says and return the answer."""
    crops = np.load(order["crops"])
    if order["do"] == "classify":
        np.save(order["answers"], classify(crops).astype(np.float32))
        return {"images": len(crops)}
    took = []
    for call in range(order["calls"] + 1):
        rows = (np.arange(order["size"]) + call * order["size"]) % len(crops)
        part = crops[rows]
        begin = time.perf_counter()
        classify(part)
        took.append(1000 * (time.perf_counter() - begin))
    return {"ms": took[1:]}
