"""New, still, gone: how the troubles of this scan stand to those of the last one.

- A trouble is known by its id. One that is now told as the symptom of another, or is within its
  grace again, is neither gone nor new when it comes back.
- What is not there is *gone* only if its rule could have seen it. If the rule is off, or blind
  where it was not blind when it last saw the trouble, that is *unknown*, and remembered further.
- What somebody has accepted or ignores is not gone either; when that ends, it is new.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta

import msgspec

from holdfast.model.last_scan import LastScan, Lost, Remembered, Standing
from holdfast.model.rules import Rule, Severity
from holdfast.model.snapshot import Snapshot, State
from holdfast.model.troubles import Trouble

FORGOTTEN = timedelta(days=30)  # how long what nobody can see any more is remembered
LATER = timedelta(minutes=5)  # two scans at once may end in another order than they began


class Sighted(msgspec.Struct, frozen=True, kw_only=True):
    """What a scan found, by the ids of troubles and of findings."""

    troubles: tuple[Trouble, ...]
    elsewhere: frozenset[str]  # told as symptoms of others, or within their grace
    left_out: frozenset[str]  # accepted or ignored


def misfit(last: LastScan, snapshot: Snapshot, namespaces: tuple[str, ...] | None) -> str:
    """Why a scan cannot be compared with that one; empty when it can."""
    uid = snapshot.cluster.uid
    if uid and last.cluster and uid != last.cluster:
        return "is of another cluster"
    if last.namespaces != _scope(namespaces):
        return "looked at other namespaces"
    if last.when > snapshot.now + LATER:
        return "is of a later moment"
    return ""


def compare(
    last: LastScan, sighted: Sighted, snapshot: Snapshot, rules: Iterable[Rule]
) -> Standing:
    """How what a scan found stands to what was remembered."""
    by_code = {rule.code: rule for rule in rules}
    now = {trouble.id: trouble for trouble in sighted.troubles}
    worse: dict[str, Severity] = {}
    gone: list[Remembered] = []
    unknown: list[Lost] = []
    carried: list[Remembered] = []
    for each in last.troubles:
        trouble = now.get(each.id)
        if trouble is not None:
            if trouble.severity > each.severity:
                worse[each.id] = each.severity
        elif each.id in sighted.elsewhere:
            carried.append(msgspec.structs.replace(each, seen=snapshot.now))
        elif each.id in sighted.left_out:
            continue
        elif because := _unseen(each, snapshot, by_code):
            unknown.append(Lost(trouble=each, because=because))
            if snapshot.now - each.seen < FORGOTTEN:
                carried.append(each)
        else:
            gone.append(each)
    return Standing(
        when=last.when,
        new=frozenset(now) - {each.id for each in last.troubles},
        worse=worse,
        gone=tuple(gone),
        unknown=tuple(unknown),
        carried=tuple(carried),
    )


def remember(
    snapshot: Snapshot,
    troubles: Iterable[Trouble],
    standing: Standing | None,
    rules: Iterable[Rule],
    namespaces: tuple[str, ...] | None,
) -> LastScan:
    """What the next scan needs to know of this one."""
    by_code = {rule.code: rule for rule in rules}
    there = tuple(_remembered(trouble, snapshot, by_code) for trouble in troubles)
    carried = standing.carried if standing is not None else ()
    return LastScan(
        cluster=snapshot.cluster.uid,
        namespaces=_scope(namespaces),
        when=snapshot.now,
        troubles=tuple(sorted((*there, *carried), key=lambda each: each.id)),
    )


def _remembered(trouble: Trouble, snapshot: Snapshot, rules: Mapping[str, Rule]) -> Remembered:
    about = trouble.cause.about
    blind = snapshot.blind(rules[trouble.code].reads, namespace=about.namespace)
    return Remembered(
        id=trouble.id,
        code=trouble.code,
        severity=trouble.severity,
        about=about,
        since=trouble.since,
        seen=snapshot.now,
        despite=tuple(sorted(each.resource for each in blind)),
    )


def _unseen(each: Remembered, snapshot: Snapshot, rules: Mapping[str, Rule]) -> str:
    """Why its rule could not have seen it; empty when it could."""
    rule = rules.get(each.code)
    if rule is None:
        return f"no rule of the code {each.code} has looked"
    for blind in snapshot.blind(rule.reads, namespace=each.about.namespace):
        # Which objects are missing may differ each time, although the kind is the same.
        holes = blind.state in (State.PARTIAL, State.CAPTURED)
        if blind.resource not in each.despite or holes:
            return f"{blind.resource} {blind.word}"
    return ""


def _scope(namespaces: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if namespaces is None else tuple(sorted(namespaces))
