"""The recipes of the plain and the small CNN, fixed on the validation people."""

NETWORKS = {
    "plain_cnn": {
        "title": "plain CNN",
        "ships_as": "plain-cnn",
        "frames": "apex",
        "fit": {"epochs": 14, "batch_size": 32, "learning_rate": 1e-3},
    },
    "small_cnn": {
        "title": "small CNN",
        "ships_as": "small-cnn",
        "frames": "all",
        "fit": {
            "epochs": 12, "batch_size": 32, "learning_rate": 2e-3, "soft_targets": True,
        },
    },
}  # fmt: skip
