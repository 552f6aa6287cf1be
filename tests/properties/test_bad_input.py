"""Whatever is stored in a cluster, a scan ends, and says what it could not read.

Objects of the given/expect cases are made odd, read as a scan reads them, judged by every rule
and told in every form. `SEED` and a number name a round: `_round(SEED, 1234)`.
"""

import shlex
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from holdfast.facts import CATALOGUE, judge
from holdfast.model.kinds import KINDS
from holdfast.model.objects import Object
from holdfast.model.rules import Finding
from holdfast.model.snapshot import Snapshot, State
from holdfast.surfaces.cli.steps import parted
from holdfast.surfaces.cli.text import UNSAFE
from tests.properties.mutations import HUGE, each_changed_wherever, each_made_odd, mutated
from tests.properties.scanning import (
    CASES,
    bounded,
    case,
    encoded,
    kind_of,
    scanned,
    snapshot_of,
    told,
)
from tests.tally import Count, Tally

pytestmark = pytest.mark.slow

SEED = 20260101
RULES = {rule.name: rule for rule in CATALOGUE}
SHARES = 8  # of the rounds, so that workers can share them
FEW, MORE, MOST = 16, 80, 1_250  # rounds of one share: make check, make test, make prove


def _round(seed: int, number: int) -> tuple[str, Snapshot]:
    """One odd snapshot: the objects of one case or of a crowd of them, each odd or as it was."""
    dice = Random(f"{seed}-{number}")
    paths = dice.sample(CASES, 25 if number % 25 == 0 else dice.choice((1, 1, 2)))
    cases = [case(path) for path in paths]
    given = [each for one in cases for each in one.given]
    stored: list[tuple[type[Object], Any]] = []
    for each in given:
        made = mutated(each, given, dice) if dice.random() < 0.7 else each
        stored += [(kind_of(each), made)] * dice.choice((1,) * 19 + (2,))
    states = {kind: dice.choice(list(State)) for kind in KINDS if dice.random() < 0.02}
    version = cases[0].cluster.get("version") or dice.choice(("", "v1.33.2", "v9.9", "odd", "v1."))
    names = ", ".join(one.name for one in cases[:3])
    return names, snapshot_of(stored, cases[0].now, version=version, states=states)


def _holds(snapshot: Snapshot, form: str) -> None:
    """What must be true of every scan."""
    judged = scanned(snapshot)
    for text in told(snapshot, judged):
        assert not [line for line in text.split("\n") if UNSAFE.search(line)]
    out = encoded(snapshot, judged, form)
    findings = [*out.findings, *out.young, *out.posture]
    assert Counter(f.id for f in findings) == Counter({f.id for f in findings})
    in_troubles = Counter(
        finding
        for trouble in out.troubles
        for finding in (trouble.cause, *trouble.alike, *(s.finding for s in trouble.symptoms))
    )
    assert in_troubles == Counter(f.id for f in out.findings)
    unread = Counter(
        (capture.kind.api.kind, each.namespace, each.name, each.why)
        for capture in snapshot.captures()
        for each in capture.unreadable
    )
    coverage = judged.coverage
    assert unread == Counter((u.kind, u.namespace, u.name, u.why) for u in coverage.unreadable)
    assert {kind for kind, *_ in unread} <= {blind.kind for blind in coverage.blind}


def _failures(seed: int, numbers: range) -> Iterator[str]:
    for number in numbers:
        names = "its objects cannot be read"
        try:
            with bounded():
                names, snapshot = _round(seed, number)
                _holds(snapshot, "yaml" if number % 8 == 0 else "json")
        except BaseException as wrong:
            if isinstance(wrong, KeyboardInterrupt):
                raise
            yield f"round {number} of seed {seed} ({names}):\n{traceback.format_exc()}"


def _judged_share(share: int, rounds: int, suite: str, tally: Tally) -> None:
    failures = list(_failures(SEED, range(share * rounds, (share + 1) * rounds)))
    tally(Count(suite, rounds, len(failures), SEED))
    assert not failures, failures[0]


@pytest.mark.parametrize("share", range(SHARES))
def test_a_scan_of_odd_objects_ends(share: int, tally: Tally) -> None:
    _judged_share(share, FEW, "scans of odd objects, in short", tally)


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_many_scans_of_odd_objects_end(share: int, tally: Tally, prove: bool) -> None:
    _judged_share(share, MOST if prove else MORE, "scans of odd objects", tally)


def _can_be_typed(findings: Sequence[Finding]) -> None:
    """Whatever names there are, each stays a word of the command that it is part of."""
    for each in findings:
        assert "rm" not in shlex.split(parted(each.next)[1]), each.next


@pytest.mark.parametrize(
    ("of", "after"),
    [(str, "'; rm -rf / {0.__class__}"), (int, HUGE), (int, -HUGE)],
    ids=["an enemy's name", "huge", "huge and less than nothing"],
)
def test_a_value_that_is_odd_wherever_it_stood_ends_no_scan_and_stays_a_word_of_what_is_typed(
    of: type, after: Any, tally: Tally
) -> None:
    changed = 0
    for path in CASES:
        if path.name.startswith("found_"):
            one, rule = case(path), RULES[path.parent.name]
            kinds = [kind_of(each) for each in one.given]
            for stored in each_changed_wherever(one.given, of, after):
                with bounded():
                    snapshot = snapshot_of(zip(kinds, stored, strict=True), one.now)
                    _can_be_typed(judge(snapshot, [rule]).findings)
                changed += 1
    tally(Count("values made odd, each wherever it stands in a case", changed))
    assert changed > 0


def _field_by_field(paths: Sequence[Path]) -> Iterator[str | None]:
    """Each value of each object of those cases made odd in turn: the case's own rule judges."""
    for path in paths:
        one, dice = case(path), Random(f"{SEED}-{path.stem}")
        rule = RULES[path.parent.name]
        for index, each in enumerate(one.given):
            for made in each_made_odd(each, dice):
                stored = [*one.given[:index], made, *one.given[index + 1 :]]
                kinds = [kind_of(other) for other in one.given]
                try:
                    with bounded():
                        snapshot = snapshot_of(zip(kinds, stored, strict=True), one.now)
                        _can_be_typed(judge(snapshot, [rule]).findings)
                except BaseException as wrong:
                    if isinstance(wrong, KeyboardInterrupt):
                        raise
                    yield f"{one.name}, {kinds[index].__name__} {made}:\n{traceback.format_exc()}"
                else:
                    yield None


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_a_rule_bears_any_value_in_any_field(share: int, tally: Tally, prove: bool) -> None:
    paths = CASES[share :: SHARES if prove else SHARES * 25]
    ends = list(_field_by_field(paths))
    failures = [end for end in ends if end is not None]
    tally(Count("fields made odd", len(ends), len(failures), SEED))
    assert not failures, failures[0]
