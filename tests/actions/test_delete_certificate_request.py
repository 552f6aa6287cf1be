from datetime import datetime, timedelta

import pytest

from holdfast.actions.delete_certificate_request import DeleteCertificateRequest
from holdfast.conformance.certificates import (
    AROUND,
    CERTIFICATE,
    a_certificate,
    a_part,
    a_request,
    an_issuer,
)
from holdfast.conformance.scenes import NOW, Raw, changed_by, raw, sight
from holdfast.execution.recovering import Timing
from holdfast.model.repairs import DEADLINE, LATE, State
from holdfast.model.steps import Delete
from holdfast.model.times import LAST, stamp, to_the_second
from tests.actions.certificates import ILL

DELETE = DeleteCertificateRequest()
FAILED = a_request()
LATER = "2026-01-01T11:30:00Z"


def test_deletes_a_request_that_failed() -> None:
    seen = sight(FAILED, *AROUND)
    assert [] == list(DELETE.refuses(seen))
    assert (Delete(target=seen.document.ref),) == DELETE.steps(seen)
    assert () == DELETE.undo(seen)


@pytest.mark.parametrize("type_", ["Denied", "InvalidRequest"])
def test_deletes_one_that_was_denied_or_could_never_be_fulfilled(type_: str) -> None:
    said = {"type": type_, "status": "True", "reason": "ItsWord"}
    request = changed_by(a_request(reason="Pending"), {"status": {"conditions": [said]}})
    assert [] == list(DELETE.refuses(sight(request, *AROUND)))


@pytest.mark.parametrize(("reason", "status"), [("Pending", "False"), ("Issued", "True")])
def test_leaves_alone_what_is_under_way_or_fulfilled(reason: str, status: str) -> None:
    seen = sight(a_request(reason=reason, status=status), *AROUND)
    assert ["it has not come to an end in which it failed"] == list(DELETE.refuses(seen))


@pytest.mark.parametrize("says", ILL)
def test_refuses_while_nobody_could_issue(says: str) -> None:
    assert [says] == list(DELETE.refuses(sight(FAILED, *ILL[says])))


def test_asks_the_issuer_that_its_certificate_names() -> None:
    spec = {"issuerRef": {"kind": "ClusterIssuer", "name": "ca"}}
    of_all = a_certificate(spec=spec)
    assert [] == list(
        DELETE.refuses(sight(FAILED, of_all, an_issuer(kind="ClusterIssuer"), a_part()))
    )
    assert ["its issuer ca is not there"] == list(
        DELETE.refuses(sight(FAILED, of_all, an_issuer(), a_part()))
    )


def test_knows_nothing_of_issuers_of_somebody_else() -> None:
    elsewhere = a_certificate(spec={"issuerRef": {"group": "example.io", "name": "ca"}})
    assert [] == list(DELETE.refuses(sight(FAILED, elsewhere, a_part())))


def paused(failed: datetime, attempts: int | None = 1) -> Raw:
    """Its Certificate, whose last attempt failed then, the last of so many."""
    counted = {"failedIssuanceAttempts": attempts} if attempts is not None else {}
    return a_certificate(status={"lastFailureTime": stamp(failed), **counted})


SEEN_UNTIL = NOW + DEADLINE + LATE
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("attempts", "hours"),
    [(None, 1), (0, 1), (1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 32), (10**9, 32)],
)
def test_refuses_while_cert_manager_waits_longer_than_anybody_looks(
    attempts: int | None, hours: int
) -> None:
    failed = SEEN_UNTIL - hours * HOUR

    seen = [
        sight(FAILED, paused(failed + late, attempts), *AROUND[1:]) for late in (0 * SECOND, SECOND)
    ]

    assert [] == list(DELETE.refuses(seen[0]))
    (says,) = DELETE.refuses(seen[1])
    assert f"cert-manager waits by itself until {to_the_second(SEEN_UNTIL + SECOND)}" in says
    assert says.endswith("To have it ask at once: cmctl renew web -n shop")


def test_does_not_refuse_once_the_pause_is_over() -> None:
    assert [] == list(DELETE.refuses(sight(FAILED, paused(NOW - 3 * HOUR, 2), *AROUND[1:])))


def test_refuses_a_failure_that_lies_beyond_all_calendars() -> None:
    (says,) = DELETE.refuses(sight(FAILED, paused(LAST, 9), *AROUND[1:]))
    assert "until 9999-12-31" in says


def test_is_watched_for_as_long_as_is_waited_for() -> None:
    assert (DEADLINE, LATE) == (Timing().deadline, Timing().late)


def test_takes_no_other_webhook_for_one_of_cert_managers() -> None:
    other = a_part("webhook", available=0, of="other")
    assert [] == list(DELETE.refuses(sight(FAILED, *AROUND[:3], other)))


@pytest.mark.parametrize("certificate", [(), (raw("cert-manager.io/v1", "Certificate", "other"),)])
def test_refuses_what_nobody_would_ask_for_again(certificate: tuple[Raw, ...]) -> None:
    says = "nobody would ask again: no Certificate that is there owns it"
    assert [says] == list(DELETE.refuses(sight(FAILED, *certificate, *AROUND[1:])))


def test_takes_no_certificate_of_the_same_name_for_its_own() -> None:
    another = changed_by(CERTIFICATE, {"metadata": {**CERTIFICATE["metadata"], "uid": "another"}})
    assert 1 == len(list(DELETE.refuses(sight(FAILED, another, *AROUND[1:]))))


def test_refuses_history() -> None:
    later = a_request("web-2", born=LATER)
    seen = sight(FAILED, later, *AROUND)
    assert ["its Certificate has asked again since, by web-2"] == list(DELETE.refuses(seen))


@pytest.mark.parametrize(
    ("after", "state"),
    [
        ([], State.WAITING),
        ([FAILED], State.WAITING),
        ([a_request("web-2", "Pending", LATER)], State.WAITING),
        ([a_request("web-2", "Failed", LATER)], State.ILL),
        ([a_request("web-2", "Issued", LATER, status="True")], State.WELL),
        ([a_request("web-0", "Issued", "2026-01-01T10:00:00Z", status="True")], State.WAITING),
    ],
)
def test_has_recovered_when_a_later_request_was_fulfilled(after: list[Raw], state: State) -> None:
    before = sight(FAILED, *AROUND)
    assert state is DELETE.recovery(before, sight(FAILED, *after, *AROUND, gone=True)).state


def test_has_recovered_by_one_of_the_same_name_as_well() -> None:
    again = changed_by(
        a_request("web-1", "Issued", LATER, status="True"),
        {"metadata": {**a_request(born=LATER)["metadata"], "uid": "another"}},
    )
    before, after = sight(FAILED, *AROUND), sight(FAILED, again, *AROUND, gone=True)
    assert State.WELL is DELETE.recovery(before, after).state


def test_has_not_recovered_where_its_certificate_is_gone() -> None:
    before, after = sight(FAILED, *AROUND), sight(FAILED, *AROUND[1:], gone=True)
    assert State.ILL is DELETE.recovery(before, after).state
