"""The one place that imports ONNX Runtime, with its telemetry switched off.

Official builds since 1.29 report to their maker unless ``ORT_DISABLE_TELEMETRY`` is set
before the import, which already writes a device number into the user's cache folder;
``disable_telemetry_events()`` comes too late. So it is set here, whatever it was.
"""

import os
from typing import TYPE_CHECKING

from emolib.errors import ArgumentError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def open_session(graph: bytes) -> "InferenceSession":
    """Make a network in ONNX form ready to run, on one core and without a log.

    Its ``run(names_of_outputs, {name_of_input: array})`` returns a list of arrays.

    Parameters
    ----------
    graph : bytes
        The content of an ONNX file; others raise `ArgumentError`.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # one face is too little work to share
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would keep the most it ever needed
    options.log_severity_level = 3  # errors only
    try:
        return onnxruntime.InferenceSession(
            graph, options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # ONNX Runtime raises errors of many kinds
        raise ArgumentError(
            f"{len(graph):,} bytes are no network in ONNX form ({error}). Export the "
            "network again, with `emolib export`."
        ) from error
