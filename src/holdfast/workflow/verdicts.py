"""What the record says of a verdict: every refusal and every need, each by its layer."""

from collections.abc import Mapping

from holdfast.model.asks import Needs, Refusal, Station, Verdict
from holdfast.model.canonical import Plain

VERDICT = "verdict"
"""What the entries are called."""


def told(station: Station, verdict: Verdict) -> dict[str, Plain]:
    """The details of such an entry."""
    return {
        "station": station.value,
        "allows": verdict.allows,
        "refusals": [_no(each) for each in verdict.refusals],
        "needs": [_wanted(each) for each in verdict.needs],
    }


def because(verdict: Verdict) -> str:
    """Every refusal in one line, for people."""
    return "; ".join(f"{each.by}: {each.because}" for each in verdict.refusals)


def as_refusals(verdict: Verdict) -> tuple[Refusal, ...]:
    """Where nothing is waited for any more: what is still wanted is a no as well."""
    unmet = (
        Refusal(by=each.by, because=f"{each.what.value} is wanting: {each.because}")
        for each in verdict.needs
    )
    return (*verdict.refusals, *unmet)


def _no(each: Refusal) -> Mapping[str, Plain]:
    return {"by": each.by, "because": each.because}


def _wanted(each: Needs) -> Mapping[str, Plain]:
    return {"by": each.by, "what": each.what.value, "because": each.because}
