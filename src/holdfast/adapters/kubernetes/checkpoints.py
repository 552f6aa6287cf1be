"""Signed checkpoints of the audit record in a ConfigMap: away from the database that they attest.

Whoever reads one believes its signature, and not the place where it was kept.
"""

import msgspec

from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.discovery import part
from holdfast.adapters.kubernetes.mishaps import Mishap
from holdfast.adapters.kubernetes.pace import Pace
from holdfast.adapters.kubernetes.requests import MERGE
from holdfast.adapters.kubernetes.transport import Question, Wire
from holdfast.errors import SinkFailed
from holdfast.ports import Clock


async def keep(
    connection: Connection, clock: Clock, place: tuple[str, str], name: str, note: bytes
) -> None:
    """Put one there, in place of an older one of that name; the place: a namespace and a name."""
    namespace, config = place
    body = msgspec.json.encode({"data": {name: note.decode()}})
    path = f"/api/v1/namespaces/{part(namespace)}/configmaps/{part(config)}"
    question = Question(method="PATCH", path=path, body=body, content=MERGE)
    async with Wire(connection, clock=clock, pace=Pace(), compress=False) as wire:
        try:
            answer = await wire.ask(question)
        except Mishap as mishap:
            raise mishap.judgement.tell from None
    if answer.status != 200:
        raise SinkFailed(
            f"A checkpoint could not be kept on the cluster ({answer.status}: {answer.message}).",
            remedy="Put the fences up with holdfast rbac install --apply, or switch off "
            "HOLDFAST_ANCHORS_ON_CLUSTER.",
        )
