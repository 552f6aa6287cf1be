"""What somebody with rights in one namespace makes by hand, so that a repair does his work."""

from typing import Any

import pytest

from holdfast.execution.states import State
from holdfast.model.repairs import Risk
from holdfast.testing.manifests import pod_of, replica_set
from tests.attacks.arena import Arena, an_arena

pytestmark = pytest.mark.slow

OPEN = {"hostNetwork": True}


def evil(arena: Arena, code: str, number: str, name: str = "") -> dict[str, Any]:
    """A ReplicaSet of web with a ready pod, and a template that opens the node."""
    web = arena.cluster.fetch("deployments.apps", "web", namespace="shop")
    made = replica_set(web, code, "web:1", 1)
    made["metadata"]["name"] = name or made["metadata"]["name"]
    made["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": number}
    made["spec"]["template"]["spec"] |= OPEN
    made["spec"]["template"]["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    made = arena.cluster.create(made)
    pod = arena.cluster.create(pod_of(made, f"{made['metadata']['name']}-a", "web:1"))
    ready = {"type": "Ready", "status": "True"}
    arena.cluster.update_status({**pod, "status": {"phase": "Running", "conditions": [ready]}})
    arena.settle()
    return {"replica_set": made["metadata"]["name"], "uid": made["metadata"]["uid"]}


@pytest.mark.parametrize(
    ("code", "number", "name"),
    [
        ("0", "0", "web-evil"),
        ("0", "3", "web-evil"),
        ("evil", "1", ""),  # the number of another
        ("evil", "2", ""),
        ("evil", "", ""),
        ("evil", "9" * 5000, ""),
    ],
)
async def test_a_replica_set_that_no_controller_made_is_no_way_back(
    code: str, number: str, name: str
) -> None:
    async with an_arena() as arena:
        case = await arena.proposed("RolloutUndo", params=evil(arena, code, number, name))
        assert State.REFUSED.value == case.state
        assert "is no revision of it" in (case.card or "")
        assert arena.untouched()


async def test_a_way_back_that_opens_the_node_wants_two_and_says_what_it_opens() -> None:
    """With a name and a number as the controller gives them, it is still seen for what it does."""
    async with an_arena() as arena:
        about = await arena.open("RolloutUndo", params=evil(arena, "6d4b", "3"))
        assert Risk.HIGH is about.risk
        case = arena.case(about.id)
        assert case is not None
        told = "weakens the isolation of what runs now: hostNetwork, privileged in web"
        assert told in (case.card or "")
        assert ["counted", "refused"] == [await arena.says("ana", about) for _ in range(2)]
        await arena.works()
        assert arena.untouched()
