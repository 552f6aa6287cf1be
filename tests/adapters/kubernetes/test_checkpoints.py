"""Checkpoints in a ConfigMap, before an API server that is not as it should be."""

import asyncio
import json
from collections.abc import Mapping

import pytest

from holdfast.adapters.kubernetes.checkpoints import OnCluster
from holdfast.adapters.kubernetes.connection import Connection
from holdfast.errors import SinkFailed
from holdfast.testing.clock import FrozenClock
from tests.adapters.kubernetes.tiny_server import Handler, Reply, Seen, TinyServer, said, status

PLACE = ("holdfast", "holdfast-checkpoints")


class There:
    """A ConfigMap that somebody else changes as often as he is told to."""

    def __init__(self, others: int = 0, data: dict[str, str] | None = None) -> None:
        self.data = data or {}
        self.version = 1
        self.others = others

    def __call__(self, seen: Seen) -> Reply:
        if seen.method == "GET":
            return said({"metadata": {"resourceVersion": str(self.version)}, "data": self.data})
        if self.others:
            self.others -= 1
            self.version += 1
            self.data = {"a.note": f"other {self.version}"}
        change = json.loads(seen.body)
        if change["metadata"]["resourceVersion"] != str(self.version):
            return status(409, "the object has been modified")
        self.data = {**self.data, **change["data"]}
        return said({})


async def kept(handler: Handler, judge: object = None) -> list[Mapping[str, bytes]]:
    seen: list[Mapping[str, bytes]] = []

    def judged(there: Mapping[str, bytes]) -> bool:
        seen.append(there)
        return judge is None

    async with TinyServer(handler) as server:
        shelf = OnCluster(Connection(name="x", server=server.url), FrozenClock(), PLACE)
        await asyncio.to_thread(shelf.keep, b"mine", "a.note", judged)
    return seen


async def test_what_is_put_there_replaces_exactly_what_was_judged() -> None:
    there = There(others=2)
    seen = await kept(there)
    assert seen == [{}, {"a.note": b"other 2"}, {"a.note": b"other 3"}]
    assert there.data == {"a.note": "mine"}


async def test_what_is_judged_to_be_newer_stays() -> None:
    there = There(data={"a.note": "newer"})
    await kept(there, "no")
    assert there.data == {"a.note": "newer"}


@pytest.mark.parametrize(
    ("handler", "says"),
    [
        (There(others=99), "kept on the cluster .409"),
        (lambda _: status(403, "no"), "read on the cluster .403"),
        (lambda _: said([]), "read on the cluster .200"),
    ],
    ids=["always another", "forbidden", "rubbish"],
)
async def test_what_cannot_be_kept_says_so(handler: Handler, says: str) -> None:
    with pytest.raises(SinkFailed, match=says):
        await kept(handler)
