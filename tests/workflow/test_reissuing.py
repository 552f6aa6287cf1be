"""A request for a certificate is not deleted while cert-manager's own pause outlasts the look."""

from datetime import timedelta

from holdfast.actions.delete_certificate_request import DeleteCertificateRequest
from holdfast.execution.states import State
from holdfast.model.times import stamp
from holdfast.testing.simulated import SimulatedCluster
from tests.workflow import executing, stage
from tests.workflow.beyond import go_wrong
from tests.workflow.stage import card_of

KIND, REQUESTS = "DeleteCertificateRequest", "certificaterequests.cert-manager.io"
WAITS = "cert-manager waits by itself until"


def fails_again(cluster: SimulatedCluster) -> None:
    """The Certificate `shut` says that an attempt of it has failed just now."""
    there = cluster.fetch("certificates.cert-manager.io", "shut", namespace="shop")
    failed = {"lastFailureTime": stamp(cluster.clock.now()), "failedIssuanceAttempts": 1}
    cluster.update_status({**there, "status": {**there["status"], **failed}})


async def test_it_is_not_proposed_and_says_what_would_help() -> None:
    async with stage.a_stage() as here:
        fails_again(here.cluster)
        case = await here.proposed(KIND)
        assert State.REFUSED == case.state
        (no,) = card_of(case).refusals
        assert "target_scope" == no.by
        assert WAITS in no.because
        assert no.because.endswith("cmctl renew shut -n shop")
        assert () == tuple(await here.leases.left())


async def test_what_was_approved_before_is_not_done() -> None:
    async with executing.a_stage() as here:
        go_wrong(here.cluster)
        target = here.document(REQUESTS, "shut-1").ref
        order = await here.approved(DeleteCertificateRequest(), target, code="HF-CFG-011")
        fails_again(here.cluster)
        await here.until(order, State.REFUSED)
        (no,) = here.entries("outcome")[0]["refusals"]
        assert "target_scope" == no["by"]
        assert WAITS in no["because"]
        assert [] == here.wire.sent


async def test_what_was_approved_is_done_once_the_pause_is_over() -> None:
    async with executing.a_stage() as here:
        go_wrong(here.cluster)
        fails_again(here.cluster)
        here.clock.advance(timedelta(hours=1))
        target = here.document(REQUESTS, "shut-1").ref
        order = await here.approved(DeleteCertificateRequest(), target, code="HF-CFG-011")
        await here.until(order, State.APPLIED)
        assert 1 == len(here.wire.sent)
