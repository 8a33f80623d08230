"""What the recipes say is what the cards of the shipped networks say."""

from dataclasses import asdict

import pytest

from emolib.models import model_card
from emolib.recipes.plain import NETWORKS
from emolib.recipes.real_faces import STAGES
from emolib.recipes.synthface import SYNTHFACE


@pytest.mark.parametrize(
    ("name", "options"),
    [
        *((network["ships_as"], network["fit"]) for network in NETWORKS.values()),
        ("synthface", SYNTHFACE["fit"]),
    ],
)
def test_recipes_are_those_on_the_cards(name, options):
    assert options.items() <= model_card(name)["recipe"].items()


@pytest.mark.parametrize("name", STAGES)
def test_stages_are_those_on_the_card(name):
    recorded = model_card("real-faces")["recipe"][name]
    assert set(recorded) == {*asdict(STAGES[name]), "minutes", "curve"}
    assert asdict(STAGES[name]).items() <= recorded.items()
