"""Signed checkpoints of the audit record in a ConfigMap: away from the database that they attest.

- Whoever reads one believes its signature, and not the place where it was kept.
- What is put there replaces exactly what was judged: of two who write, one reads again.
"""

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.discovery import part
from holdfast.adapters.kubernetes.mishaps import Mishap
from holdfast.adapters.kubernetes.pace import Pace
from holdfast.adapters.kubernetes.requests import MERGE
from holdfast.adapters.kubernetes.transport import Answer, Question, Wire
from holdfast.errors import SinkFailed
from holdfast.ports import Clock

ROUNDS = 5  # how often it is read again when somebody else has written
CONFLICT = 409


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""


class _ConfigMap(msgspec.Struct, frozen=True):
    metadata: _Metadata = _Metadata()
    data: dict[str, str] = {}


class OnCluster:
    """`Shelf`. Its calls are for a thread of their own: they wait for the API server."""

    def __init__(self, connection: Connection, clock: Clock, place: tuple[str, str]) -> None:
        self._connection = connection
        self._clock = clock
        self._namespace, self._name = place

    @property
    def place(self) -> str:
        """What people find it by."""
        return f"ConfigMap {self._namespace}/{self._name}"

    def notes(self) -> Mapping[str, bytes]:
        """Those that are there."""
        return _told(asyncio.run(self._there()))

    def keep(self, note: bytes, name: str, judge: Callable[[Mapping[str, bytes]], bool]) -> None:
        """Put one there, if that is judged to be right, and nobody came in between."""
        for _ in range(ROUNDS):
            there = asyncio.run(self._there())
            if not judge(_told(there)):
                return
            change = {
                "metadata": {"resourceVersion": there.metadata.resource_version},
                "data": {name: note.decode()},
            }
            answer = asyncio.run(self._asked("PATCH", msgspec.json.encode(change)))
            if answer.status == 200:
                return
            if answer.status != CONFLICT:
                raise _failed("kept", answer)
        raise _failed("kept", answer)

    async def _there(self) -> _ConfigMap:
        answer = await self._asked("GET")
        if answer.status != 200:
            raise _failed("read", answer)
        try:
            return msgspec.json.decode(answer.body, type=_ConfigMap)
        except msgspec.ValidationError:
            raise _failed("read", answer) from None

    async def _asked(self, method: str, body: bytes | None = None) -> Answer:
        path = f"/api/v1/namespaces/{part(self._namespace)}/configmaps/{part(self._name)}"
        question = Question(method=method, path=path, body=body, content=MERGE)
        async with Wire(self._connection, clock=self._clock, pace=Pace(), compress=False) as wire:
            try:
                return await wire.ask(question)
            except Mishap as mishap:
                raise mishap.judgement.tell from None


def _told(there: _ConfigMap) -> Mapping[str, bytes]:
    return {name: each.encode() for name, each in there.data.items()}


def _failed(how: str, answer: Answer) -> SinkFailed:
    return SinkFailed(
        f"A checkpoint could not be {how} on the cluster ({answer.status}: {answer.message}).",
        remedy="Put the fences up with holdfast rbac install --apply, or switch off "
        "HOLDFAST_ANCHORS_ON_CLUSTER.",
    )
