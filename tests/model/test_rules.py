"""Ids are words that last: these are goldens, and a change here breaks what people have stored."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from holdfast.errors import UndeclaredRead
from holdfast.facts import kinds_read
from holdfast.model.kinds import Deployment, Pod
from holdfast.model.objects import Ref
from holdfast.model.rules import Channel, Found, Severity, fact, finding_id
from holdfast.model.snapshot import Capture, Snapshot

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
POD = Ref(api_version="v1", kind="Pod", namespace="shop", name="web-1", uid="0000-1111")


def test_the_id_of_a_finding_is_pinned() -> None:
    assert finding_id(POD, "HF-WRK-002", "web") == "fnd_7891e3a4577b6070bfdb"


def test_the_id_of_an_object_without_a_uid_goes_by_its_place() -> None:
    nameless = Ref(api_version="v1", kind="Pod", namespace="shop", name="web-1")

    assert finding_id(nameless, "HF-WRK-002", "web") == "fnd_5ba5912f71ed7133dd20"


def test_uid_code_and_part_each_make_another_id() -> None:
    recreated = Ref(api_version="v1", kind="Pod", namespace="shop", name="web-1", uid="2222")
    ids = {
        finding_id(POD, "HF-WRK-002", "web"),
        finding_id(recreated, "HF-WRK-002", "web"),
        finding_id(POD, "HF-WRK-003", "web"),
        finding_id(POD, "HF-WRK-002", "sidecar"),
        finding_id(POD, "HF-WRK-002", ""),
    }

    assert len(ids) == 5


def test_a_rule_that_reads_more_than_it_declares_fails() -> None:
    @fact(
        code="HF-WRK-999",
        channel=Channel.INCIDENT,
        severity=Severity.INFO,
        grace=timedelta(),
        reads=(Pod,),
        next_step="",
    )
    def too_curious(cluster: Snapshot) -> Iterator[Found]:
        """Reads Deployments although it declares pods."""
        yield from (Found(about=each.ref, since=NOW, says="") for each in cluster.all(Deployment))

    with pytest.raises(UndeclaredRead, match="Deployment"):
        list(too_curious(Snapshot(now=NOW, captures=[Capture(kind=Deployment)])))


def test_a_rule_that_narrows_its_sight_to_more_than_it_declares_fails() -> None:
    narrow = Snapshot(now=NOW, captures=[Capture(kind=Deployment)]).narrowed([Pod])

    assert narrow.narrowed([Pod]).all(Pod) == ()
    with pytest.raises(UndeclaredRead, match="Deployment"):
        narrow.narrowed([Pod, Deployment])


def test_a_hint_is_seen_and_asked_for() -> None:
    @fact(
        code="HF-WRK-999",
        channel=Channel.INCIDENT,
        severity=Severity.INFO,
        grace=timedelta(),
        reads=(Pod,),
        hints=(Deployment,),
        next_step="",
    )
    def hinted(cluster: Snapshot) -> Iterator[Found]:
        """Looks at Deployments for its words."""
        yield from (Found(about=each.ref, since=NOW, says="") for each in cluster.all(Deployment))

    assert list(hinted(Snapshot(now=NOW, captures=[Capture(kind=Deployment)]))) == []
    assert set(kinds_read([hinted])) == {Pod, Deployment}
