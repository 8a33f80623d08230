"""The recipe of the network that learns from the large set of rendered stills."""

SYNTHFACE = {
    "architecture": "contrast_cnn",
    "fit": {
        "epochs": 8, "batch_size": 128, "learning_rate": 3e-3, "augment": "strong",
        "soft_targets": True, "weight_decay": 0.05, "monitor": "loss",
    },
}  # fmt: skip
