"""Layer 5: people have said yes to exactly this, not long ago, and may say so.

- An approval binds everything by one digest; of anything else it is worth nothing.
- Whoever asked for it does not approve it. Who is not of the class's group does not count.
- Two clocks: how long it may be approved, and how soon after the last approval it must begin; a
  step of a plan after the last of all its steps, or after the step before was verified.
"""

from collections.abc import Iterator

from holdfast.model.asks import Answer, Ask, Assent, Needs, Refusal, Station, What


def signed_approval(ask: Ask) -> Answer:
    """At least one approval, and every one that is counted holds."""
    signed = type(ask.action).kind.of_class in ask.rules.signed
    reasons = [reason for each in ask.assents for reason in _unfit(ask, each, signed=signed)]
    if not reasons and ask.station is Station.EXECUTION and ask.assents:
        # Neither clock can be set back so that it may begin later: the server's, nor the record's.
        last = max(min(each.at, each.since) for each in ask.assents)
        late = ask.now - max(last, ask.set_going or last)
        if late > ask.rules.start_within:
            reasons.append("its last approval is too long ago to begin now")
    if reasons:
        return Refusal(by="signed_approval", because="; ".join(reasons))
    if ask.assents:
        return None
    if ask.station is not Station.PROPOSAL:
        return Refusal(by="signed_approval", because="nobody has approved it")
    what = What.SIGNATURE if signed else What.APPROVAL
    return Needs(by="signed_approval", what=what, because="nothing is done that nobody approved")


def approved_before(ask: Ask) -> Answer:
    """What is taken back was approved with what was done: by whom it had to be, whenever it was."""
    signed = type(ask.action).kind.of_class in ask.rules.signed
    reasons = [each for assent in ask.assents for each in _not_theirs(ask, assent, signed=signed)]
    if not ask.assents:
        reasons.append("nobody has approved it")
    return Refusal(by="signed_approval", because="; ".join(reasons)) if reasons else None


def approved_once(ask: Ask) -> Answer:
    """What a person wants back was approved, by whoever was to approve it then."""
    others = [each.person for each in ask.assents if each.digest != ask.digest]
    if others:
        because = f"{', '.join(others)} approved something else"
        return Refusal(by="signed_approval", because=because)
    if not ask.assents:
        return Refusal(by="signed_approval", because="nobody has approved it")
    return None


def _unfit(ask: Ask, assent: Assent, *, signed: bool) -> Iterator[str]:
    who = assent.person
    yield from _not_theirs(ask, assent, signed=signed)
    if not ask.proposed <= assent.at < ask.proposed + ask.rules.open_for:
        yield f"{who} approved it while it was not open for approval"
    if not assent.at <= ask.now < assent.until:
        yield f"the approval of {who} does not hold now"


def _not_theirs(ask: Ask, assent: Assent, *, signed: bool) -> Iterator[str]:
    who = assent.person
    if assent.digest != ask.digest:
        yield f"{who} approved something else"
    if who == ask.requester:
        yield f"{who} asked for it, and cannot approve it as well"
    group = ask.rules.approvers.get(type(ask.action).kind.of_class)
    if group is not None and not group & assent.groups:
        yield f"{who} is in no group that may approve this"
    if signed and not assent.proof.signed_by_the_person:
        yield f"{who} has not signed it: {assent.proof.value} is not enough here"
