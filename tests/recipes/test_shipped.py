"""The recipes are those that the cards of the shipped networks tell."""

import pytest

from emolib.models import model_card
from emolib.recipes.plain import NETWORKS
from emolib.recipes.synthface import SYNTHFACE


@pytest.mark.parametrize(
    ("name", "options"),
    [
        *((network["ships_as"], network["fit"]) for network in NETWORKS.values()),
        ("synthface", SYNTHFACE["fit"]),
    ],
)
def test_a_recipe_is_the_one_on_the_card(name, options):
    assert options.items() <= model_card(name).recipe.items()
