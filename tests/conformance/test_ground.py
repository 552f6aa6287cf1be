"""A refusal counts by what was said, and by what an administrator was answered to the same."""

import pytest

from holdfast.conformance.ground import UNASKED, How, judged
from holdfast.grants.names import REFUSES
from holdfast.ports.probing import Said

FENCE = Said(code=403, message=f"ValidatingAdmissionPolicy 'x': {REFUSES}: no", value={})
RBAC = Said(code=403, message='pods is forbidden: User "x" cannot create', value={})
ELSE = Said(code=403, message="exceeded quota", value={})
GONE = Said(code=404, message="pods not found", value={})
WRONG = Said(code=422, message="spec: Required value", value={})
DONE = Said(code=200, message="", value={"kind": "Pod"})


@pytest.mark.parametrize(
    ("said", "theirs", "how"),
    [
        (FENCE, DONE, How.PROVEN),
        (RBAC, DONE, How.PROVEN),
        (FENCE, FENCE, How.BY_FENCE_TO_ALL),
        (RBAC, FENCE, How.BY_FENCE_TO_ALL),
        (RBAC, WRONG, How.BY_RBAC_ALONE),
        (RBAC, UNASKED, How.BY_RBAC_ALONE),
        (FENCE, WRONG, How.TO_ALL),
        (GONE, GONE, How.TO_ALL),
        (ELSE, ELSE, How.TO_ALL),
        (GONE, DONE, How.NOT),
        (ELSE, DONE, How.NOT),
        (DONE, DONE, How.NOT),
        (DONE, UNASKED, How.NOT),
        (GONE, UNASKED, How.NOT),
    ],
)
def test_a_refusal_is_proven_only_by_what_an_administrator_may_do(
    said: Said, theirs: Said, how: How
) -> None:
    assert how is judged(said, theirs)
