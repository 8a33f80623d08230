"""Train a network and save it. A recipe is a command of its own: emolib recipe."""

import argparse
from pathlib import Path

from emolib.cli.options import (
    CAUTION,
    add_data,
    check_model_folder,
    load,
    positive,
    seed,
)

#: The names of `emolib.models.cnn.NETWORKS`, known before TensorFlow is loaded.
NETWORKS = ("plain_cnn", "small_cnn", "contrast_cnn", "real_cnn", "wide_cnn")


def add_options(command: argparse.ArgumentParser) -> None:
    """Add to `command` the options of `run`."""
    add_data(command)
    add = command.add_argument
    add("--model", default="small_cnn", choices=NETWORKS)
    add("--epochs", type=positive, default=20)
    add("--batch-size", type=positive, default=32)
    add("--learning-rate", type=float, default=1e-3)
    add("--limit", type=positive, help="use only so many images")
    add("--seed", type=seed, default=0)
    add("--augment", default="light", choices=("light", "strong", "none"))
    add("--soft-targets", action="store_true", help="weight targets by intensity")
    add("--output", type=Path, required=True, metavar="FOLDER")
    add("--quiet", action="store_true", help="no progress bar")


def run(options: argparse.Namespace) -> None:
    """Train on apex frames, or on all if `options` ask for soft targets, and save."""
    import numpy as np

    from emolib.datasets.splits import divide
    from emolib.export import add_onnx
    from emolib.models.registry import build, save_model
    from emolib.training import fit

    check_model_folder(options.output)
    everything = load(options)
    dataset = everything if options.soft_targets else everything.labelled().apex()
    train, validation, how = divide(dataset, options.seed)
    if options.limit:
        order = np.random.default_rng(options.seed).permutation(len(train))
        train = train.subset(order[: options.limit])
    print(f"training on {len(train):,} images; {how}", flush=True)
    names = ("epochs", "batch_size", "learning_rate", "augment", "soft_targets", "seed")
    settings = {name: getattr(options, name) for name in names}
    model = build(options.model, options.seed)
    how = settings | {"augment": options.augment != "none" and options.augment}
    print(fit(model, train, validation, **how, progress=not options.quiet))
    card = {
        "title": f"{options.output.name}: {options.model} trained on {everything.name}",
        "training_data": {"name": everything.name, "images": len(train), "split": how},
        "recipe": {"command": "emolib train", **settings},
        "limits": CAUTION,
    }
    print(f"saved in {save_model(model, options.output, card)}")
    add_onnx(options.output)
