"""What `holdfast propose` would find in a namespace of a lab, and the letter that it writes."""

import asyncio
from contextlib import AsyncExitStack

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.kubernetes.kubeconfig import connect_to
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.diagnosis.repairs import Candidate, repairs
from holdfast.diagnosis.survey import survey
from holdfast.facts import kinds_read, named
from holdfast.model.handed import Meant, Propose
from holdfast.model.objects import Ref
from holdfast.model.repairs import plain_of
from holdfast.model.rules import Found
from holdfast.topology.edges import topology
from holdfast.workflow.look import look
from lab.control_plane import Lab
from tests.surfaces.processes.running import PATIENCE

PACE = 0.05
REQUESTER = "cli:sam"


async def candidate(
    lab: Lab, namespace: str, action: str, code: str = "", name: str = ""
) -> Candidate:
    """What could be done there of that kind, as soon as there is anything."""
    async with asyncio.timeout(PATIENCE), AsyncExitStack() as stack:
        reader = await stack.enter_async_context(_reader(lab))
        while True:
            snapshot = await look(reader, kinds=kinds_read(), namespaces=(namespace,))
            graph = topology(snapshot)
            for trouble in survey(snapshot, grace_scale=1e-6).troubles:
                for each in repairs(trouble, snapshot, graph, snapshot.now).candidates:
                    kind = each.action.kind.name == action
                    fact = code in ("", each.answers.code) and name in ("", each.target.name)
                    if kind and fact:
                        return each
            await asyncio.sleep(PACE)


async def findings(lab: Lab, namespace: str, code: str) -> list[Found]:
    """What is found of that there now."""
    rule = named(code)
    async with _reader(lab) as reader:
        return [*rule(await look(reader, kinds=rule.sight, namespaces=(namespace,)))]


def _reader(lab: Lab) -> Reader:
    connection = connect_to(environ={}, kubeconfig=lab.kubeconfig(), home=lab.folder, context=None)
    return Reader(connection, clock=SystemClock())


def asked_for(candidate: Candidate) -> Propose:
    """The letter, as `holdfast propose` writes it."""
    told = plain_of(candidate.action)["params"]
    assert isinstance(told, dict)
    target = candidate.target
    return Propose(
        trouble=candidate.answers.id,
        code=candidate.answers.code,
        target=Meant(**{name: getattr(target, name) for name in Ref.__struct_fields__}),
        action=candidate.action.kind.name,
        params=told,
        requester=REQUESTER,
    )
