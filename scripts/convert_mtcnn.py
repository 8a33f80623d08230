"""Convert the face detector's weights into ``data/detector``.

Run as ``make packs``. The package ``mtcnn`` carries the weights of MTCNN (Zhang et al.
2016, doi:10.1109/LSP.2016.2603342) under the MIT licence, for TensorFlow. This script
writes the same three networks as ONNX, with a card and the licence, so that finding
faces needs neither TensorFlow nor a download. The result is committed and the same
bytes come out each time, so only someone who wants to check or change it runs this.
"""

import importlib.util
import json
import shutil
from importlib.metadata import distribution
from pathlib import Path

import joblib
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from emolib.files import sha256, write_whole

PROJECT = Path(__file__).resolve().parent.parent
TARGET = PROJECT / "data" / "detector"
PACKAGE, VERSION = "mtcnn", "1.0.0"
OPSET, IR_VERSION = 17, 8

#: What comes after the colour planes: a convolution with its PReLU, a pooling window,
#: a dense layer with its PReLU. Each head is (output, whether it is a softmax).
TRUNKS = {
    "pnet": ("conv", 2, "conv", "conv"),
    "rnet": ("conv", 3, "conv", "3 valid", "conv", "dense"),
    "onet": ("conv", 3, "conv", "3 valid", "conv", 2, "conv", "dense"),
}
HEADS = {
    "pnet": (("offsets", False), ("scores", True)),
    "rnet": (("offsets", False), ("scores", True)),
    "onet": (("offsets", False), ("points", False), ("scores", True)),
}
SIDES = {"pnet": ("height", "width"), "rnet": (24, 24), "onet": (48, 48)}


def main() -> int:
    """Write the networks, the card and the licence; return the exit code."""
    TARGET.mkdir(parents=True, exist_ok=True)
    source = distribution(PACKAGE)
    if source.version != VERSION:
        raise SystemExit(f"Expected {PACKAGE} {VERSION}, found {source.version}.")
    # The package is located, not imported: importing it starts TensorFlow.
    package = Path(importlib.util.find_spec(PACKAGE).origin).parent
    weights = package / "assets" / "weights"
    for name in TRUNKS:
        network = convert(name, joblib.load(weights / f"{name}.lz4"))
        onnx.checker.check_model(network, full_check=True)
        write_whole(TARGET / f"{name}.onnx", network.SerializeToString())
    licence = next(one for one in source.files if one.name == "LICENSE")
    shutil.copyfile(licence.locate(), TARGET / "LICENSE")
    text = json.dumps(card(weights), indent=2, ensure_ascii=False) + "\n"
    write_whole(TARGET / "card.json", text)
    print(f"wrote {TARGET.relative_to(PROJECT)}")
    return 0


def convert(name: str, arrays: list[np.ndarray]) -> onnx.ModelProto:
    """Write one network as ONNX, reading its arrays in the order of its layers.

    It takes uint8 (n, height, width, 3), RGB 0-255, and scales it to -1 .. 1 itself.
    """
    arrays = list(arrays)
    nodes, constants = [], []

    def constant(label: str, array: np.ndarray) -> str:
        array = np.ascontiguousarray(array, dtype=np.float32)
        constants.append(numpy_helper.from_array(array, label))
        return label

    def node(kind: str, inputs: list[str], output: str, **attributes) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], output, **attributes))
        return output

    x = node("Cast", ["images"], "floats", to=TensorProto.FLOAT)
    x = node("Sub", [x, constant("middle", np.float32(127.5))], "centred")
    x = node("Mul", [x, constant("scale", np.float32(1 / 128))], "scaled")
    x = node("Transpose", [x], "planes", perm=[0, 3, 1, 2])
    for k, part in enumerate(TRUNKS[name], start=1):
        if part == "conv":
            kernel, bias, slope = (arrays.pop(0) for _ in range(3))
            kernel = constant(f"kernel{k}", kernel.transpose(3, 2, 0, 1))
            x = node("Conv", [x, kernel, constant(f"bias{k}", bias)], f"conv{k}")
            slope = constant(f"slope{k}", slope.reshape(-1, 1, 1))
            x = node("PRelu", [x, slope], f"active{k}")
        elif part == "dense":
            matrix, bias, slope = (arrays.pop(0) for _ in range(3))
            # The original flattens columns first: (n, width, height, channels).
            x = node("Transpose", [x], f"turned{k}", perm=[0, 3, 2, 1])
            x = node("Flatten", [x], f"flat{k}", axis=1)
            inputs = [x, constant(f"matrix{k}", matrix), constant(f"bias{k}", bias)]
            x = node("Gemm", inputs, f"dense{k}")
            x = node("PRelu", [x, constant(f"slope{k}", slope)], f"active{k}")
        else:
            window, valid = int(str(part)[0]), "valid" in str(part)
            x = node(
                "MaxPool",
                [x],
                f"pooled{k}",
                kernel_shape=[window, window],
                strides=[2, 2],
                auto_pad="VALID" if valid else "SAME_UPPER",
            )
    whole = name == "pnet"  # slides over a picture: its heads are 1x1 convolutions
    outputs = []
    for head, softmax in HEADS[name]:
        matrix, bias = arrays.pop(0), arrays.pop(0)
        result = f"{head}_raw" if softmax else head
        if whole:
            kernel = constant(f"{head}_kernel", matrix.transpose(3, 2, 0, 1))
            node("Conv", [x, kernel, constant(f"{head}_bias", bias)], result)
        else:
            inputs = [constant(f"{head}_matrix", matrix)]
            inputs.append(constant(f"{head}_bias", bias))
            node("Gemm", [x, *inputs], result)
        if softmax:
            node("Softmax", [result], head, axis=1)
        shape = ["n", len(bias), *(("rows", "columns") if whole else ())]
        outputs.append(helper.make_tensor_value_info(head, TensorProto.FLOAT, shape))
    assert not arrays, f"{name}: {len(arrays)} arrays were not used"
    images = ["n", *SIDES[name], 3]
    images = helper.make_tensor_value_info("images", TensorProto.UINT8, images)
    return helper.make_model(
        helper.make_graph(nodes, name, [images], outputs, constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="emolib",
    )


def card(weights: Path) -> dict:
    """Describe the detector (Mitchell et al. 2019)."""

    def sums(folder: Path, suffix: str) -> dict[str, str]:
        paths = [folder / f"{name}{suffix}" for name in TRUNKS]
        return {path.name: sha256(path) for path in paths}

    return {
        "title": "MTCNN: three small networks that find faces and five points on each",
        "paper": "Zhang, Zhang, Li, Qiao (2016), Joint Face Detection and Alignment "
        "Using Multitask Cascaded Convolutional Networks, doi:10.1109/LSP.2016.2603342",
        "source": f"weights inside the Python package {PACKAGE} {VERSION}, which took "
        "them from the authors' release by way of the FaceNet project",
        "source_sha256": sums(weights, ".lz4"),
        "licence": "MIT, Copyright (c) 2019-2024 Iván de Paz Centeno; see LICENSE",
        "converted_by": "scripts/convert_mtcnn.py: the same layers and numbers as ONNX "
        "(kernels transposed to ONNX's order), with the scaling of bytes to -1 .. 1 "
        "and the order of the planes inside the network",
        "sha256": sums(TARGET, ".onnx"),
        "training_data": "According to the paper: faces and background from WIDER "
        "FACE, the five points from CelebA; photographs of real people found on the "
        "web. No image of them is contained here.",
        "intended_use": "Teaching, and cutting faces out of the reader's own pictures "
        "and videos. It finds faces; it does not tell who somebody is.",
        "limits": "Measured in data/results/detection.json. Faces are missed more "
        "often when turned far aside, covered by a hand or mask, upside down, very "
        "dark, or smaller than `smallest`. The points of covered or turned faces are "
        "guesses. Both training sets show some groups of people more often than "
        "others, and so may it find and place them better.",
    }


if __name__ == "__main__":
    raise SystemExit(main())
