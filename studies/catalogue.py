"""All studies, in the order in which they depend on each other."""

from studies import (
    attention,
    browser,
    by_subject_apex,
    detection,
    four_splits,
    imbalance,
    intensity_curve,
    lab_presets,
    leaks,
    learning_curve,
    page_networks,
    photograph_labels,
    photographs,
    remedies,
    robustness,
    sequences,
    synthface_model,
    training_choices,
    transfer,
)
from studies.peers import bench as peers
from studies.study import Study

STUDIES: dict[str, Study] = {
    study.name: study
    for study in (
        by_subject_apex.STUDY,
        four_splits.AUGMENTED,
        four_splits.PLAIN,
        leaks.STUDY,
        intensity_curve.STUDY,
        training_choices.STUDY,
        learning_curve.STUDY,
        synthface_model.STUDY,
        page_networks.STUDY,
        lab_presets.STUDY,
        browser.STUDY,
        robustness.STUDY,
        remedies.STUDY,
        imbalance.STUDY,
        attention.STUDY,
        attention.PEOPLE,
        sequences.STUDY,
        detection.STUDY,
        photographs.STUDY,
        photograph_labels.STUDY,
        remedies.PHOTOGRAPHS,
        transfer.STUDY,
        peers.STUDY,
    )
}
