import pytest

from holdfast.actions.delete_acme_order import DeleteACMEOrder
from holdfast.conformance.certificates import AROUND, a_certificate, a_request, an_order
from holdfast.conformance.scenes import Raw, sight
from holdfast.model.repairs import State
from holdfast.model.steps import Delete
from tests.actions.certificates import ILL

DELETE = DeleteACMEOrder()
REQUEST = a_request(reason="Pending")
LATER = "2026-01-01T11:30:00Z"


@pytest.mark.parametrize("state", ["errored", "invalid"])
def test_deletes_an_order_that_failed(state: str) -> None:
    seen = sight(an_order(state), REQUEST, *AROUND)
    assert [] == list(DELETE.refuses(seen))
    assert (Delete(target=seen.document.ref),) == DELETE.steps(seen)
    assert () == DELETE.undo(seen)


@pytest.mark.parametrize("state", ["", "pending", "ready", "processing", "valid", "expired"])
def test_leaves_alone_an_order_in_any_other_state(state: str) -> None:
    says = f"it is {state or 'not begun'}, and neither errored nor invalid"
    assert [says] == list(DELETE.refuses(sight(an_order(state), REQUEST, *AROUND)))


@pytest.mark.parametrize("says", ILL)
def test_refuses_while_nobody_could_issue(says: str) -> None:
    assert [says] == list(DELETE.refuses(sight(an_order(), REQUEST, *ILL[says])))


def test_leaves_to_the_request_what_its_end_has_decided() -> None:
    failed = a_request(reason="Failed")
    says = "its request has ended (Failed), and orders nothing any more"
    assert [says] == list(DELETE.refuses(sight(an_order(), failed, *AROUND)))


def test_refuses_history() -> None:
    later = a_request("web-2", "Pending", LATER)
    says = "its Certificate has asked again since, by web-2"
    assert [says] == list(DELETE.refuses(sight(an_order(), REQUEST, later, *AROUND)))


@pytest.mark.parametrize("around", [AROUND, (REQUEST, *AROUND[1:])])
def test_refuses_what_nobody_would_order_again(around: tuple[Raw, ...]) -> None:
    says = "nobody would order again: no request of a Certificate that is there owns it"
    assert [says] == list(DELETE.refuses(sight(an_order(), *around)))


@pytest.mark.parametrize(
    ("after", "state"),
    [
        ([REQUEST], State.WAITING),
        ([REQUEST, an_order()], State.WAITING),
        ([a_request(reason="Issued", status="True"), an_order()], State.WAITING),
        ([a_request(reason="Issued", status="True")], State.WELL),
        ([REQUEST, a_request("web-2", "Issued", LATER, status="True")], State.WELL),
        ([a_request()], State.ILL),
        ([], State.WAITING),
    ],
)
def test_has_recovered_when_its_request_was_fulfilled(after: list[Raw], state: State) -> None:
    before = sight(an_order(), REQUEST, *AROUND)
    there = sight(an_order(), *after, *AROUND, gone=True)
    assert state is DELETE.recovery(before, there).state


def test_does_not_wait_for_a_pause_that_lies_between_requests() -> None:
    failed = {"lastFailureTime": "2026-01-01T11:59:00Z", "failedIssuanceAttempts": 6}
    seen = sight(an_order(), REQUEST, a_certificate(status=failed), *AROUND[1:])
    assert [] == list(DELETE.refuses(seen))
