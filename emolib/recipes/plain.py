"""The recipes of the networks of chapters 3 and 4, which ``make results`` trains.

They were fixed on the validation subjects. Used in chapters 4, 5 and 7.
"""

#: Architecture -> title, name it ships under, frames learnt from, options of
#: `emolib.training.fit`.
NETWORKS: dict[str, dict] = {
    "deck_cnn": {
        "title": "the deck's CNN",
        "ships_as": "deck-cnn",
        "frames": "apex",
        "fit": {"epochs": 14, "batch_size": 32, "learning_rate": 1e-3},
    },
    "small_cnn": {
        "title": "small CNN",
        "ships_as": "small-cnn",
        "frames": "all",
        "fit": {
            "epochs": 12,
            "batch_size": 32,
            "learning_rate": 2e-3,
            "soft_targets": True,
        },
    },
}
