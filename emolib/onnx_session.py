"""The one place that imports ONNX Runtime, with its telemetry switched off.

Since 1.29 its official builds report to their maker unless the environment variable
``ORT_DISABLE_TELEMETRY`` is set before the import: the import alone writes a device
number and a database of events into the user's cache folder, and a process that
lives longer looks for the collector's address. ``disable_telemetry_events()`` comes
too late for both. This module sets the variable when it is imported, whatever its
value was, so that no exception is needed in "nothing leaves your machine".
"""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def open_session(graph: bytes) -> "InferenceSession":
    """Make a network in ONNX form ready to run, on one core and without a log.

    Parameters
    ----------
    graph : bytes
        The content of an ONNX file.

    Returns
    -------
    onnxruntime.InferenceSession
        Its ``run(names_of_outputs, {name_of_input: array})`` returns a list of arrays.

    Raises
    ------
    InvalidProtobuf
        By ONNX Runtime, if the bytes are no ONNX file.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # one face is too little work to share
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only
    return onnxruntime.InferenceSession(
        graph, options, providers=["CPUExecutionProvider"]
    )
