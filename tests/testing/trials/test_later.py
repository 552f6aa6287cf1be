"""The judge's clock moves, and what keeps itself alive goes on living."""

from datetime import timedelta

from holdfast.model.kinds import Lease, Pod
from holdfast.model.kinds.control import LeaseSpec
from holdfast.model.objects import Metadata, Object
from holdfast.model.snapshot import Capture, Snapshot
from holdfast.testing.trials.later import later
from tests.testing.trials.kit import NOW

BY = timedelta(minutes=6)


def a_lease(name: str, renewed: timedelta) -> Lease:
    spec = LeaseSpec(lease_duration_seconds=40, renew_time=NOW - renewed)
    return Lease(metadata=Metadata(name=name), spec=spec)


def a_snapshot(*leases: Lease) -> Snapshot:
    captures: list[Capture[Object]] = [Capture(kind=Lease, objects=leases), Capture(kind=Pod)]
    return Snapshot(now=NOW, captures=captures)


def test_the_clock_is_moved_on() -> None:
    assert NOW + BY == later(a_snapshot(), BY).now


def test_a_lease_that_is_held_is_held_then() -> None:
    (lease,) = later(a_snapshot(a_lease("n", timedelta(seconds=9))), BY).all(Lease)
    assert NOW + BY - timedelta(seconds=9) == lease.spec.renew_time


def test_a_lease_that_is_late_by_less_than_its_length_is_renewed() -> None:
    (lease,) = later(a_snapshot(a_lease("n", timedelta(seconds=80))), BY).all(Lease)
    assert NOW + BY - timedelta(seconds=80) == lease.spec.renew_time


def test_a_lease_that_nobody_holds_any_more_stays_so() -> None:
    (lease,) = later(a_snapshot(a_lease("n", timedelta(seconds=81))), BY).all(Lease)
    assert NOW - timedelta(seconds=81) == lease.spec.renew_time


def test_what_nobody_asked_for_stays_unasked() -> None:
    assert later(Snapshot(now=NOW), BY).captures() == ()
