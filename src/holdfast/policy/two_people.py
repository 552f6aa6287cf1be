"""Layer 6: where much is at stake, two different people say yes, and where it is asked, apart."""

from holdfast.model.asks import Answer, Ask, Needs, Refusal, Station, What
from holdfast.model.repairs import Risk


def two_people(ask: Ask) -> Answer:
    """Two canonical people, for what concerns the whole cluster, for high risk, or as asked."""
    of_class = type(ask.action).kind.of_class
    apart = ask.rules.distance.get(of_class)
    why = by_its_nature(ask) or (
        f"the rules ask for it of every {of_class.value}"
        if of_class in ask.rules.two_people or apart is not None
        else ""
    )
    if not why:
        return None
    first = _firsts(ask)
    if len(first) < 2:
        if ask.station is Station.EXECUTION:
            return Refusal(by="two_people", because=f"two people must approve it: {why}")
        return Needs(by="two_people", what=What.SECOND_PERSON, because=why)
    one, other = (ask.assents[number].since for number in list(first.values())[:2])
    if apart is not None and other - one < apart:
        return Refusal(
            by="two_people",
            because=f"the second approval came {other - one} after the first, not {apart}",
        )
    return None


def two_by_nature(ask: Ask) -> Answer:
    """The same, of what a person wants back: two said yes to what always wants two. What the rules
    asked for when that was, nobody keeps.
    """
    why = by_its_nature(ask)
    if not why or len(_firsts(ask)) >= 2:
        return None
    return Refusal(by="two_people", because=f"two people must approve it: {why}")


def by_its_nature(ask: Ask) -> str:
    """Why it wants two people whatever the rules say; empty if it does not."""
    if not ask.target.namespace:
        return "it concerns the whole cluster"
    if ask.risk is not Risk.HIGH:
        return ""
    return f"its risk is high by now: {ask.risen}" if ask.risen else "its risk is high"


def _firsts(ask: Ask) -> dict[str, int]:
    """Who has approved it, each with the number of his first approval."""
    first: dict[str, int] = {}
    for number, each in enumerate(ask.assents):
        first.setdefault(each.person, number)
    return first
