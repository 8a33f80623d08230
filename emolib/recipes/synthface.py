"""The recipe of ``synthface``: it learns from the large rendered set, which
``make data-large`` makes, and reads photographs without having seen one.

It was fixed on the validation subjects. Used in chapter 11.
"""

#: Architecture, and options of `emolib.training.fit`.
SYNTHFACE: dict = {
    "architecture": "contrast_cnn",
    "fit": {
        "epochs": 8,
        "batch_size": 128,
        "learning_rate": 3e-3,
        "augment": "strong",
        "soft_targets": True,
        "weight_decay": 0.05,
        "monitor": "loss",
    },
}
