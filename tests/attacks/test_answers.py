"""An error, or what is no answer, taken for success: whoever stands before the API server lies.

The one in the middle answers each act as he likes, whether the server has heard of it or not. What
is told as done must have been seen in the cluster, and is never done twice.
"""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from holdfast.execution.states import Event
from holdfast.testing.faults import Asked, FaultProxy, Lie
from tests.attacks.arena import Arena, an_arena

pytestmark = pytest.mark.slow
ONCE = ["patch deployments.apps web"]
DONE = {Event.APPLIED, Event.FOUND_DONE, Event.RECOVERED, Event.HEALED_LATE}


def status(code: int, *, said: int = 0, **more: Any) -> Lie:
    """A failure as the API server words it, under its own code or another one."""
    tree = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, **more}
    return Lie(status=said or code, body=json.dumps(tree).encode())


def page(code: int) -> Lie:
    return Lie(status=code, body=b"<!doctype html><title>Sign in</title>", media_type="text/html")


def thing(**metadata: str) -> Lie:
    """An object, and not the one that was changed."""
    named = {"name": "web", "namespace": "shop", **metadata}
    tree = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": named, "spec": {}}
    return Lie(status=200, body=json.dumps(tree).encode())


UNCLEAR: Mapping[str, Lie] = {
    "500": status(500, reason="InternalError", message="etcdserver: request timed out"),
    "500 without a word": Lie(status=500),
    "503 of a proxy": page(503),
    "200, a failure inside": status(500, said=200, reason="InternalError", message="no"),
    "200, success by word alone": Lie(status=200, body=b'{"kind":"Status","status":"Success"}'),
    "200, empty": Lie(status=200),
    "200, a login page": page(200),
    "200, no object": Lie(status=200, body=b"[]"),
    "200, half an object": Lie(status=200, body=b'{"kind":"Deployment","metadata":{"uid":'),
    "200, an object without a uid": thing(),
    "200, another object": thing(uid="6f4b0000-0000-4000-8000-000000000000"),
    "302": page(302),
    "409 of a proxy": page(409),
}
DENIED: Mapping[str, Lie] = {
    "409": status(409, reason="Conflict", message="the object has been modified"),
    "403": status(403, reason="Forbidden", message="may not"),
    "404": status(404, reason="NotFound", message="not found"),
    "422": status(422, reason="Invalid", message="is invalid"),
    "429": status(429, reason="TooManyRequests", message="later"),
}


async def acted(arena: Arena, lie: Lie) -> list[str]:
    """What the record says came of it, when each act that is meant is answered so."""

    def plan(asked: Asked) -> Lie | None:
        return lie if asked.method == "PATCH" and "dryRun" not in asked.target else None

    about = await arena.approved()
    async with FaultProxy(upstream=arena.server.url, plan=plan) as between:
        arena.leases_ask = between.url
        await arena.works(about)
        assert between.faults_seen, "nobody has sent it"
    arena.seal()
    with arena.store.reading() as tx:
        told = [msgspec.to_builtins(each.details) for each in tx.records.of_kind("outcome")]
    return [str(each["event"]) for each in told]


@pytest.mark.parametrize("lie", [*UNCLEAR.values(), *DENIED.values()], ids=[*UNCLEAR, *DENIED])
async def test_what_the_server_never_heard_of_is_not_told_as_done(lie: Lie) -> None:
    async with an_arena() as arena:
        told = await acted(arena, lie)
        assert told
        assert not DONE & {*told}
        assert arena.untouched()


@pytest.mark.parametrize(
    "name", ["500", "200, a failure inside", "200, empty", "200, a login page", "409 of a proxy"]
)
async def test_what_was_done_all_the_same_is_found_in_the_cluster_and_not_done_again(
    name: str,
) -> None:
    async with an_arena() as arena:
        told = await acted(arena, msgspec.structs.replace(UNCLEAR[name], heard=True))
        assert DONE & {*told}
        assert ONCE == arena.acts()
