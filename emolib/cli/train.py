"""Train a network and save it. A recipe is a command of its own: emolib recipe."""

import argparse
from pathlib import Path

from emolib.cli.messages import printable
from emolib.cli.options import (
    CAUTION,
    CommandError,
    add_data,
    load,
    positive,
    seed,
    step_size,
)
from emolib.cli.places import add_force, check_model_folder

#: The names of `emolib.models.cnn.NETWORKS`, known before TensorFlow is loaded.
NETWORKS = ("plain_cnn", "small_cnn", "contrast_cnn", "real_cnn", "wide_cnn")


def add_options(command: argparse.ArgumentParser) -> None:
    """Add to `command` the options of `run`."""
    add_data(command)
    add = command.add_argument
    add("--model", default="small_cnn", choices=NETWORKS,
        help="the network's architecture; default: small_cnn")  # fmt: skip
    add("--epochs", type=positive, default=20, help="passes over the images; "
        "default: 20")  # fmt: skip
    add("--batch-size", type=positive, default=32, help="images a step; default: 32")
    add("--learning-rate", type=step_size, default=1e-3,
        help="Adam's largest step size, above 0; default: 0.001")  # fmt: skip
    add("--limit", type=positive, help="use only so many images; default: all")
    add("--seed", type=seed, default=0,
        help="of weights, order and variations, 0 or more; default: 0")  # fmt: skip
    add("--augment", default="light", choices=("light", "strong", "none"),
        help="how images are varied; default: light")  # fmt: skip
    add("--soft-targets", action="store_true", help="weight targets by intensity")
    add("--output", type=Path, required=True, metavar="FOLDER",
        help="a new folder for the model")  # fmt: skip
    add("--quiet", action="store_true", help="no progress bar")
    add_force(command)


def run(options: argparse.Namespace) -> None:
    """Train on apex frames, or on all if `options` ask for soft targets, and save."""
    from emolib.paths import data_folder

    check_model_folder(options.output, force=options.force)
    if options.output.resolve().parent == (data_folder() / "models").resolve():
        raise CommandError(
            f"{options.output} is among the shipped models, whose cards say more than "
            "this command knows; choose a new --output elsewhere."
        )
    import numpy as np

    from emolib.datasets.splits import divide
    from emolib.export import add_onnx
    from emolib.models.registry import build, save_model
    from emolib.training import fit

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
    history = fit(model, train, validation, **how, progress=not options.quiet)
    if not history.best_epoch:  # interrupted before there was anything to keep
        raise KeyboardInterrupt
    print(history)
    card = {
        "title": f"{options.output.name}: {options.model} trained on {everything.name}",
        "training_data": {"name": everything.name, "images": len(train), "split": how},
        "recipe": {"command": "emolib train", **settings},
        "limits": CAUTION,
    }
    saved = save_model(model, options.output, card)
    print(f"saved in {printable(saved)}", flush=True)
    add_onnx(options.output)
