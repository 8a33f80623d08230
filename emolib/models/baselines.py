"""Four simple classifiers that stand beside every network's number."""

from dataclasses import dataclass

import numpy as np
from skimage.feature import hog
from sklearn.base import ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from emolib.datasets import DatasetError, FaceDataset
from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError, unknown
from emolib.faces.scale import check_images


def _pixels(images: np.ndarray) -> np.ndarray:
    """Flatten and standardise each image: (n, 64, 64) -> (n, 4096)."""
    flat = images.reshape(len(images), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(flat.std(axis=1, keepdims=True), 1.0)


def _hog_features(images: np.ndarray) -> np.ndarray:
    """Describe each image by its edge directions: (n, 64, 64) -> (n, 1568)."""
    shape = {"orientations": 8, "pixels_per_cell": (8, 8), "cells_per_block": (2, 2)}
    return np.array([hog(image, **shape) for image in images], np.float32)


_ESTIMATORS = {
    "chance": DummyClassifier(strategy="uniform", random_state=0),
    "majority": DummyClassifier(strategy="prior"),
    "pixel 1-NN": make_pipeline(
        FunctionTransformer(_pixels), KNeighborsClassifier(n_neighbors=1)
    ),
    "HOG + logistic regression": make_pipeline(
        FunctionTransformer(_hog_features),
        StandardScaler(),
        LogisticRegression(C=0.003, max_iter=300),
    ),
}

#: The names that `fit_baseline` knows.
BASELINES: tuple[str, ...] = tuple(_ESTIMATORS)


@dataclass(frozen=True)
class Baseline:
    """A fitted classical classifier with the interface of the networks.

    `name` is one of ``BASELINES``, `estimator` a scikit-learn classifier fitted on
    images (n, 64, 64).
    """

    name: str
    estimator: ClassifierMixin

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Return probabilities, float32 (n, 6), of uint8 images (n, 64, 64), 0-255.

        A class that was absent from training has probability 0. Other shapes, and
        another scale, raise `ArgumentError`.
        """
        images = check_images(images)
        found = np.zeros((len(images), len(EMOTIONS)), np.float32)
        if len(images):
            found[:, self.estimator.classes_] = self.estimator.predict_proba(images)
        return found


def fit_baseline(name: str, train: FaceDataset) -> Baseline:
    """Fit one of the baselines.

    Parameters
    ----------
    name : {"chance", "majority", "pixel 1-NN", "HOG + logistic regression"}
        One sixth for every emotion; always the most frequent one; the label of the most
        similar training image; logistic regression on histograms of oriented gradients
        (Dalal & Triggs 2005, doi:10.1109/CVPR.2005.177). Another name raises
        `ValueError`.
    train : FaceDataset
        Images of the six emotions; none, or some labelled -1, raise `DatasetError`.
    """
    if name not in BASELINES:
        raise ArgumentError(unknown("baseline", name, BASELINES))
    if not isinstance(train, FaceDataset):
        raise ArgumentError(
            f"A baseline learns from a FaceDataset. Received: a {type(train).__name__}"
        )
    if len(train) == 0 or (train.labels < 0).any():
        raise DatasetError(
            f"A baseline needs images of the six emotions; received {len(train)} "
            f"images, {(train.labels < 0).sum()} of them labelled -1. Use "
            "dataset.labelled()."
        )
    return Baseline(name, clone(_ESTIMATORS[name]).fit(train.images, train.labels))
