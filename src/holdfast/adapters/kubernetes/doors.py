"""The `Door` port on a real API server: any request, sent once. For suites, and nothing else."""

import msgspec

from holdfast.adapters.kubernetes import decode
from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.lease_requests import whole_message
from holdfast.adapters.kubernetes.mishaps import Mishap
from holdfast.adapters.kubernetes.pace import Pace
from holdfast.adapters.kubernetes.transport import Question, Wire
from holdfast.adapters.kubernetes.wired import Wired
from holdfast.errors import BadCredential, Unauthorized
from holdfast.ports import Clock
from holdfast.ports.probing import Said, Try


class KubernetesDoor(Wired):
    """One credential's; use it as an async context manager."""

    def __init__(self, connection: Connection, *, clock: Clock) -> None:
        self._wire = Wire(connection, clock=clock, pace=Pace(), compress=False)

    async def ask(self, what: Try) -> Said:
        """Send it once."""
        question = Question(
            method=what.method,
            path=what.path,
            parameters=dict(what.query),
            body=None if what.body is None else msgspec.json.encode(what.body),
            content=what.content,
        )
        try:
            answer = await self._wire.ask(question)
        except (Unauthorized, BadCredential) as unknown:
            return Said(code=401, message=unknown.wrong, value={})
        except Mishap as mishap:
            raise mishap.judgement.tell from None
        try:
            value = msgspec.json.decode(answer.body, type=dict[str, object])
        except decode.UNREADABLE:
            value = {}
        message = "" if answer.status < 400 else whole_message(answer) or answer.message
        return Said(code=answer.status, message=message, value=value)
