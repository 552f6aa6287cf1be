"""Found by their labels: the same as if everybody had been asked, and not nearly as slowly."""

from holdfast.model.objects import Requirement, Selector
from holdfast.topology.labels import Carriers, Choosers

WEB = {"app": "web", "tier": "front"}
CART = {"app": "cart", "tier": "front"}
CARRIERS = Carriers(
    [("shop", WEB, "web"), ("shop", CART, "cart"), ("shop", {}, "bare"), ("bank", WEB, "other")]
)
NOT_CART = Requirement(key="app", operator="NotIn", values=("cart",))


def test_all_labels_that_are_wanted_must_be_carried_in_that_namespace() -> None:
    assert ["web"] == list(CARRIERS.carrying("shop", WEB))
    assert ["web", "cart"] == list(CARRIERS.carrying("shop", {"tier": "front"}))
    assert [] == list(CARRIERS.carrying("shop", {"app": "web", "tier": "back"}))
    assert [] == list(CARRIERS.carrying("void", WEB))


def test_where_no_label_is_wanted_everybody_is_meant() -> None:
    assert ["web", "cart", "bare"] == list(CARRIERS.carrying("shop", {}))


def test_a_selector_chooses_by_its_expressions_as_well() -> None:
    front = Selector(match_labels={"tier": "front"}, match_expressions=(NOT_CART,))
    assert ["web"] == list(CARRIERS.chosen("shop", front))
    assert ["web", "bare"] == list(CARRIERS.chosen("shop", Selector(match_expressions=(NOT_CART,))))


def test_choosers_are_found_by_the_labels_that_they_mean() -> None:
    choosers = Choosers(
        [Selector(), Selector(match_labels=WEB), Selector(match_expressions=(NOT_CART,))]
    )
    assert [0, 1, 2] == choosers.choosing(WEB)
    assert [0] == choosers.choosing(CART)
    assert [0, 2] == choosers.choosing({})
