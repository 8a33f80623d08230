"""What helps against masks, hands and bad light, at the same number of training steps.

Each remedy changes one thing of a network's recipe and keeps its epochs, its pictures
an epoch and the people that its best epoch is chosen by. Tested on the rendered faces
of the study "robustness", and, in a study of its own, on photographs. About an hour on
two cores each; renderings and every training are kept, so an interruption costs little.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product

import keras
import numpy as np
from scipy.stats import bootstrap

from emolib.datasets import FaceDataset, load
from emolib.emotions import EMOTIONS
from emolib.evaluation.bootstrap import RESAMPLES, SEED
from emolib.models import predict
from emolib.models.layers import ImageStandardisation, LocalContrast
from emolib.models.registry import build
from emolib.recipes.plain import NETWORKS
from emolib.recipes.real_faces import photographs
from emolib.robustness import PERTURBATIONS, perturb
from emolib.robustness.costs import Predict
from emolib.training import augment
from emolib.training.checkpoint import digest_of_faces
from emolib.training.targets import targets_of
from studies.robustness import chosen, rendered
from studies.seeds import better_by, over_seeds
from studies.study import Bench, Study

PATCHES = [name for name in PERTURBATIONS if name.startswith("patch")]
OCCLUDED = [{"occluder": name} for name in ("mask", "hand", "sunglasses")]
#: None of these lights is one that is tested with.
RELIT = [
    {"light_elevation": -10, "light_contrast": 0.8},
    {"light_azimuth": 60, "light_contrast": 0.8},
    {"exposure": -2},
    {"exposure": 1.5},
]
DIM_OR_BRIGHT = ["underexposure", "overexposure", "gamma", "side light"]
#: What a remedy does: a share of the pictures of each epoch, half unless it says so, is
#: ``spoil``ed in one of these ways, with a severity drawn anew, or replaced by one
#: ``render``ed with one of these changes; with ``contrast`` the network sees local
#: contrast; with ``views`` its answers are means over so many views of a face.
REMEDIES: dict[str, dict] = {
    "no remedy": {},
    "patches": {"spoil": PATCHES},
    "rendered occluders": {"render": OCCLUDED},
    "brighter and darker": {"spoil": DIM_OR_BRIGHT},
    "rendered lights": {"render": RELIT},
    "local contrast": {"contrast": True},
    "averaging 8 views": {"views": 8},
    "occluders and lights": {"render": OCCLUDED + RELIT},
    "occluders, lights, local contrast": {
        "render": OCCLUDED + RELIT, "contrast": True,
    },
    "nothing but masks": {"render": OCCLUDED[:1], "share": 1},  # what can be read there
}  # fmt: skip
#: Name -> the factors that are changed in the test people's faces.
TESTS: dict[str, dict] = {
    "as they were": {},
    "nothing worn": {"occluder": "none"},
    "mask": {"occluder": "mask"},
    "hand": {"occluder": "hand"},
    "sunglasses": {"occluder": "sunglasses"},
    "light from below": {"light_elevation": -20},
    "light from the side": {"light_azimuth": -80, "light_contrast": 1},
    "3 stops too dark": {"exposure": -3},
    "2 stops too bright": {"exposure": 2},
}
#: How badly pictures are spoilt in training.
SEVERITIES = (0.25, 0.5, 0.75, 1)
#: What no remedy has seen in training, at severity 0.5.
STRANGE = ["noise", "blur", "low resolution"]
#: What photographs are spoilt with, at severity 1.
ON_PHOTOGRAPHS = ["patch over the mouth", "patch over the eyes", "gamma"]


@dataclass(frozen=True, eq=False)
class Remedied:
    """What the epochs of a training with a remedy show: a `Feed` of `fit`.

    ``others`` hold the frames of ``faces`` rendered with a change, in the same order.
    """

    faces: FaceDataset
    others: Mapping[str, FaceDataset]
    spoil: tuple[str, ...]
    soft: bool
    seed: int
    share: float  # of the pictures, spoilt or rendered otherwise

    def __call__(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Return pictures and targets of an epoch."""
        rng = np.random.default_rng([self.seed, epoch, 40])
        order = rng.permutation(len(self.faces))
        images = self.faces.images[order]
        changed = rng.random(len(images)) < self.share
        which = rng.integers(0, max(1, len(self.others)), len(images))
        for k, other in enumerate(self.others.values()):
            mask = changed & (which == k)
            images[mask] = other.images[order[mask]]
        images = augment(images, [self.seed, epoch, 41])
        ways = list(product(self.spoil, SEVERITIES))
        which = rng.integers(0, max(1, len(ways)), len(images))
        noise = 1000 * self.seed + epoch
        for k, (name, severity) in enumerate(ways):
            mask = changed & (which == k)
            images[mask] = perturb(images[mask], name, severity, seed=noise)
        return images, targets_of(self.faces, self.soft)[order]

    def identity(self) -> dict:
        """Return digests and settings by which a checkpoint knows this feed."""
        return {
            "training data": digest_of_faces(self.faces),
            "others": {key: digest_of_faces(one) for key, one in self.others.items()},
            "spoil": self.spoil,
            "share": self.share,
            "soft": self.soft,
            "seed": self.seed,
        }


def with_local_contrast(network: keras.Model) -> keras.Model:
    """Return a network that sees the local contrast of a face, not its grey values."""
    scaling = network.layers[1]  # after the input: grey values to what it reads
    front = keras.Sequential([ImageStandardisation(), LocalContrast()])
    return keras.models.clone_model(
        network, clone_function=lambda layer: front if layer is scaling else layer
    )


def averaged(model: keras.Model, views: int, images: np.ndarray) -> np.ndarray:
    """Return mean answers to lightly augmented views of each picture, itself first."""
    shown = [images, *(augment(images, [0, k]) for k in range(1, views))]
    return np.mean([predict(model, one) for one in shown], axis=0)


def trained(bench: Bench) -> dict[str, dict[str, list[Predict]]]:
    """Train every network with every remedy and seed: network -> remedy -> answerers.

    Renderings and checkpoints are kept in the folder of the bench.
    """
    settings, dataset = bench.settings, load("synthface")
    whole, validation = dataset.part("train"), dataset.part("validation").apex()
    changes = {
        str(one): one
        for remedy in settings["remedies"].values()
        for one in remedy.get("render", [])
    }
    others = rendered(bench, whole, "training faces", changes)
    found: dict[str, dict[str, list[Predict]]] = {}
    for architecture, recipe in settings["networks"].items():
        apex = recipe["frames"] == "apex"
        train = whole.apex() if apex else whole
        again = {key: one.apex() if apex else one for key, one in others.items()}
        soft = recipe["fit"].get("soft_targets", False)
        answer = found[recipe["title"]] = {name: [] for name in settings["remedies"]}
        for (name, remedy), seed in product(
            settings["remedies"].items(), settings["seeds"]
        ):
            model = build(architecture, seed)
            if remedy.get("contrast"):
                model = with_local_contrast(model)
            shown = {str(one): again[str(one)] for one in remedy.get("render", [])}
            spoil, share = tuple(remedy.get("spoil", [])), remedy.get("share", 0.5)
            feed = Remedied(train, shown, spoil, soft, seed, share)
            views = remedy.get("views")
            trained_as = "no remedy" if views else name  # views change answers only
            title = f"{architecture} {trained_as.replace(',', '')}"
            bench.train(model, seed, (feed, validation), recipe["fit"], title)
            ask = partial(averaged, model, views) if views else partial(predict, model)
            answer[name].append(ask)
    return found


def asked(
    remedies: Mapping[str, list[Predict]], pictures: Mapping[str, np.ndarray]
) -> dict[str, dict[str, list[np.ndarray]]]:
    """Return remedy -> condition -> what the network of each seed answers."""
    return {
        remedy: {
            condition: [ask(images) for ask in seeds]
            for condition, images in pictures.items()
        }
        for remedy, seeds in remedies.items()
    }


def measure(bench: Bench) -> dict:
    """Test all remedies on rendered faces."""
    settings = bench.settings
    stored = chosen(settings["people"])
    sets = rendered(bench, stored, "test faces", settings["tests"])
    pictures = {name: faces.images for name, faces in sets.items()}
    for name in settings["strange"]:
        pictures[name] = perturb(sets["as they were"].images, name, 0.5)
    labels, people = stored.labels, stored.groups
    networks = {}
    for title, remedies in trained(bench).items():
        answers = asked(remedies, pictures)
        without = answers["no remedy"]
        networks[title] = {
            remedy: {
                "accuracy": compared(labels, people, found, without),
                "recovered": recovered(
                    labels, people, found, without, ("mask", "hand")
                ),
                "recalls": {
                    worn: recalls(labels, found[worn])
                    for worn in ("nothing worn", "mask", "hand", "sunglasses")
                },
            }
            for remedy, found in answers.items()
        }
    return {
        "images": len(stored),
        "people": len(np.unique(people)),
        "networks": networks,
    }


def compared(
    labels: np.ndarray, people: np.ndarray, found: Mapping, reference: Mapping
) -> dict[str, dict]:
    """Return the accuracy under each condition, over seeds and people.

    Parameters
    ----------
    labels, people : ndarray, (n,)
        Classes, and whose faces they are; where nobody knows, a number for each.
    found, reference : mapping
        Condition -> answers (n, 6) of each seed, with a remedy and without.

    Returns
    -------
    dict
        Condition -> ``seeds`` (accuracy of each), ``accuracy`` (their mean) with its
        ``interval`` over people, and ``better_by``: the paired difference from the
        reference and the ends of its interval.
    """
    return {
        condition: over_seeds(labels, people, answers)
        | {"better_by": better_by(labels, people, reference[condition], answers)}
        for condition, answers in found.items()
    }


def recovered(
    labels: np.ndarray,
    people: np.ndarray,
    found: Mapping,
    reference: Mapping,
    worn: tuple[str, ...],
) -> dict[str, list[float]]:
    """Return which share of the accuracy lost to occluders a remedy wins back.

    Lost is what the network without a remedy reaches with nothing worn, less what it
    reaches behind the occluder; accuracies are means over people.

    Parameters
    ----------
    labels, people, found, reference
        As in `compared`.
    worn : tuple of str
        The conditions with an occluder.

    Returns
    -------
    dict
        Occluder, and ``both`` -> the share and the ends of its 95 % interval over
        people (percentile bootstrap; people are drawn for all seeds and both networks).
    """
    codes = np.unique(people, return_inverse=True)[1]

    def rates(answers: list[np.ndarray]) -> np.ndarray:  # of each person
        right = np.mean([one.argmax(axis=1) == labels for one in answers], axis=0)
        return np.bincount(codes, right) / np.bincount(codes)

    bare = rates(reference["nothing worn"])
    without = {name: rates(reference[name]) for name in worn}
    lost = {name: bare - without[name] for name in worn}
    gained = {name: rates(found[name]) - without[name] for name in worn}
    lost["both"], gained["both"] = (
        np.mean([part[name] for name in worn], axis=0) for part in (lost, gained)
    )

    def share(gained, lost, axis=-1):
        return gained.mean(axis=axis) / lost.mean(axis=axis)

    result = {}
    for name in lost:
        ends = bootstrap(
            (gained[name], lost[name]), share, paired=True, vectorized=True,
            n_resamples=RESAMPLES, method="percentile", rng=SEED,
        ).confidence_interval  # fmt: skip
        whole = [share(gained[name], lost[name]), *ends]
        result[name] = np.round(whole, 5).tolist()
    return result


def recalls(labels: np.ndarray, answers: list[np.ndarray]) -> dict[str, float]:
    """Return the recall of every emotion, the mean of the seeds."""
    right = np.mean([one.argmax(axis=1) == labels for one in answers], axis=0)
    return {
        name: round(float(right[labels == k].mean()), 4)
        for k, name in enumerate(EMOTIONS)
    }


def on_photographs(bench: Bench) -> dict:
    """Train as the other study does, and ask about photographs as they are and spoilt.

    They are the tenth of FER2013's Training part that the other studies of photographs
    use, of the six emotions; no network here has seen a photograph.
    """
    real = photographs(bench.fer2013)[1].labelled()
    pictures = {"as they were": real.images} | {
        name: perturb(real.images, name, 1) for name in bench.settings["spoilt"]
    }
    each = np.arange(len(real))  # nobody knows who is in which
    networks = {}
    trainings = trained(bench._replace(scratch=STUDY.scratch()))  # the same ones
    for title, remedies in trainings.items():
        answers = asked(remedies, pictures)
        networks[title] = {
            remedy: compared(real.labels, each, found, answers["no remedy"])
            for remedy, found in answers.items()
        }
    return {"images": len(real), "networks": networks}


_TRAINING = {"networks": NETWORKS, "remedies": REMEDIES, "seeds": [0, 1, 2]}
_CANARY = (
    "corpus", "crop", "augmentation", "plain_cnn", "small_cnn", "rendering",
    "robustness", "evaluation",
)  # fmt: skip

STUDY = Study(
    "remedies",
    measure,
    {**_TRAINING, "people": 24, "tests": TESTS, "strange": STRANGE},
    canary=_CANARY,
)
PHOTOGRAPHS = Study(
    "remedies-photographs",
    on_photographs,
    {**_TRAINING, "spoilt": ON_PHOTOGRAPHS},
    canary=_CANARY,
    needs_fer2013=True,
    command="make results-photographs",
)
