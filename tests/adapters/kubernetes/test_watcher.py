"""Following a kind, one rule at a time, on a scripted server and a clock that nobody waits for."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import pytest

from holdfast.adapters.kubernetes.connection import Connection, Token
from holdfast.adapters.kubernetes.pace import Chance, Pace
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.errors import Unauthorized
from holdfast.model.kinds import Namespace, Secret
from holdfast.model.objects import Object
from holdfast.model.snapshot import State
from holdfast.ports import Lost, Put, Relisted, Removed, Resumed
from holdfast.testing.clock import FrozenClock
from tests.adapters.kubernetes.tiny_server import Reply, Seen, TinyServer, said, status

LONG = Pace()


def named(name: str, version: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "resourceVersion": version}} | more


def a_list(*names: str, version: str = "10", **more: Any) -> Reply:
    items = [named(name, version) for name in names]
    return said(
        {"kind": "PodList", "metadata": {"resourceVersion": version}, "items": items} | more
    )


def event(what: str, name: str, version: str, **more: Any) -> bytes:
    return json.dumps({"type": what, "object": named(name, version, **more)}).encode() + b"\n"


def an_error(code: int) -> bytes:
    error = {"kind": "Status", "code": code, "message": "too old resource version"}
    return json.dumps({"type": "ERROR", "object": error}).encode() + b"\n"


def a_watch(*lines: bytes, then_stay: bool = False) -> Reply:
    async def stream() -> AsyncGenerator[bytes]:
        for line in lines:
            yield line
        if then_stay:
            await asyncio.Event().wait()

    return Reply(stream=stream())


def cut_off(body: bytes) -> Reply:
    """A watch whose connection breaks after those bytes."""
    return Reply(body=body, claim=len(body) + 1)


class Script:
    """Lists and watches, each answered in turn; the last watch stays open."""

    def __init__(self, *, lists: Sequence[Reply], watches: Sequence[Reply] = ()) -> None:
        self._lists = iter(lists)
        self._watches = iter(watches)
        self.asked: list[Seen] = []

    def __call__(self, seen: Seen) -> Reply:
        self.asked.append(seen)
        if "watch" in seen.query:
            return next(self._watches, None) or a_watch(then_stay=True)
        return next(self._lists)

    @property
    def resumed(self) -> list[str]:
        """From which version each watch was asked for."""
        return [s.query["resourceVersion"] for s in self.asked if "watch" in s.query]

    @property
    def lists(self) -> int:
        """How many lists were asked for."""
        return sum("watch" not in s.query for s in self.asked)


async def heard(
    script: Script,
    chance: Chance,
    *,
    until: int,
    kind: type[Object] = Namespace,
    pace: Pace = LONG,
    connection: Any = None,
    signs: bool = False,
) -> list[str]:
    """So many pieces of news, in short: `= a b` for a list, `+ a`, `- a`.

    With `signs`, also `?` when nobody answers, and `!` when somebody does again.
    """
    said_: list[str] = []
    async with TinyServer(script) as server:
        to = Connection(name="x", server=server.url, **(connection or {}))
        async with (
            Reader(to, clock=FrozenClock(), chance=chance, pace=pace) as reader,
            asyncio.timeout(10),
            aclosing(reader.follow(kind)) as following,  # type: ignore[type-var]  # a generator
        ):
            async for news in following:
                match news:
                    case Relisted(capture=capture):
                        names = [o.metadata.name for o in capture.objects]
                        state = "" if capture.state is State.CAPTURED else f" {capture.state}"
                        said_.append(" ".join(["=", *names]) + state)
                    case Put(object=one):
                        said_.append(f"+ {one.metadata.name}")
                    case Removed(object=one):
                        said_.append(f"- {one.metadata.name}")
                    case Lost(why=why):
                        assert why
                        said_.extend(["?"] if signs else [])
                    case Resumed():
                        said_.extend(["!"] if signs else [])
                if len(said_) == until:
                    break
    return said_


async def test_lists_and_then_tells_every_change(chance: Chance) -> None:
    script = Script(
        lists=[a_list("a", "b")],
        watches=[
            a_watch(
                event("ADDED", "c", "11"),
                event("MODIFIED", "a", "12"),
                event("DELETED", "b", "13"),
                then_stay=True,
            )
        ],
    )
    assert await heard(script, chance, until=4) == ["= a b", "+ c", "+ a", "- b"]


async def test_asks_for_bookmarks_and_for_a_limit_that_our_own_patience_exceeds(
    chance: Chance,
) -> None:
    script = Script(lists=[a_list()], watches=[a_watch(event("ADDED", "c", "11"), then_stay=True)])
    await heard(script, chance, until=2, pace=Pace(watch=300))
    watch = script.asked[1]
    assert watch.query == {
        "watch": "true",
        "allowWatchBookmarks": "true",
        "resourceVersion": "10",
        "timeoutSeconds": "300",
    }


async def test_goes_on_from_the_last_change_after_a_cut(chance: Chance) -> None:
    script = Script(
        lists=[a_list("a")],
        watches=[cut_off(event("ADDED", "b", "11")), a_watch(event("ADDED", "c", "12"))],
    )
    assert await heard(script, chance, until=3) == ["= a", "+ b", "+ c"]
    assert script.resumed == ["10", "11"]
    assert script.lists == 1


async def test_goes_on_from_a_bookmark(chance: Chance) -> None:
    script = Script(
        lists=[a_list("a")],
        watches=[cut_off(event("BOOKMARK", "", "99")), a_watch(event("ADDED", "b", "100"))],
    )
    assert await heard(script, chance, until=2) == ["= a", "+ b"]
    assert script.resumed == ["10", "99"]


async def test_a_line_that_is_not_whole_is_a_cut(chance: Chance) -> None:
    half = event("ADDED", "c", "12")[:20]
    script = Script(
        lists=[a_list("a")],
        watches=[
            a_watch(event("ADDED", "b", "11"), half),
            a_watch(event("ADDED", "c", "12")),
        ],
    )
    assert await heard(script, chance, until=3) == ["= a", "+ b", "+ c"]
    assert script.resumed == ["10", "11"]


async def test_lines_may_arrive_in_any_pieces(chance: Chance) -> None:
    whole = (
        event("ADDED", "b", "11") + b"\n" + event("ADDED", "c", "12") + event("DELETED", "b", "13")
    )
    crumbs = [whole[i : i + 7] for i in range(0, len(whole), 7)]
    script = Script(lists=[a_list()], watches=[a_watch(*crumbs, then_stay=True)])
    assert await heard(script, chance, until=4) == ["=", "+ b", "+ c", "- b"]


@pytest.mark.parametrize(
    "expired",
    [status(410, "too old"), a_watch(an_error(410)), a_watch(an_error(500)), status(400, "odd")],
)
async def test_lists_again_when_its_version_has_expired(chance: Chance, expired: Reply) -> None:
    script = Script(lists=[a_list("a"), a_list("b", version="20")], watches=[expired])
    assert await heard(script, chance, until=2) == ["= a", "= b"]


async def test_after_listing_again_it_watches_from_there(chance: Chance) -> None:
    script = Script(
        lists=[a_list("a"), a_list("b", version="20")],
        watches=[status(410), a_watch(event("ADDED", "c", "21"))],
    )
    assert await heard(script, chance, until=3) == ["= a", "= b", "+ c"]
    assert script.resumed == ["10", "20"]


async def test_versions_that_expire_at_once_are_listed_ever_more_slowly(
    chance: Chance, waits: list[float]
) -> None:
    script = Script(lists=[a_list()] * 5, watches=[status(410) for _ in range(4)])
    await heard(script, chance, until=5)
    assert waits == [pytest.approx(0.25 * 2**n) for n in range(4)]


@pytest.mark.parametrize(
    "line",
    [
        b"not json\n",
        b'{"type":"ADDED"}\n',
        b'{"type":"ADDED","object":7}\n',
        event("ADDED", "b", ""),
        event("ADDED", "b", "11", metadata=7),
        json.dumps(
            {
                "type": "ADDED",
                "object": {"metadata": {"name": 7, "resourceVersion": "11"}},
            }
        ).encode()
        + b"\n",
    ],
)
async def test_what_it_cannot_read_makes_it_list_again(chance: Chance, line: bytes) -> None:
    script = Script(lists=[a_list("a"), a_list("b", version="20")], watches=[a_watch(line)])
    assert await heard(script, chance, until=2) == ["= a", "= b"]


async def test_waits_longer_after_each_cut_until_something_is_heard(
    chance: Chance, waits: list[float]
) -> None:
    script = Script(
        lists=[a_list()],
        watches=[
            cut_off(b""),
            status(503),
            cut_off(b""),
            cut_off(event("ADDED", "b", "11")),
            cut_off(b""),
            a_watch(event("ADDED", "c", "12")),
        ],
    )
    await heard(script, chance, until=3)
    assert waits == [pytest.approx(w) for w in (0.25, 0.5, 1, 0.25, 0.5)]


async def test_a_good_list_makes_the_waiting_begin_anew(chance: Chance, waits: list[float]) -> None:
    script = Script(
        lists=[a_list(), a_list(version="20"), a_list(version="30")],
        watches=[cut_off(b""), cut_off(b""), status(410), cut_off(b""), status(410)],
    )
    await heard(script, chance, until=3)
    assert waits == [pytest.approx(w) for w in (0.25, 0.5, 0.25, 0.25, 0.5)]


async def test_waits_as_long_as_the_server_asks(chance: Chance, waits: list[float]) -> None:
    busy = said({"message": "busy"}, 429, Retry_After="9")
    script = Script(lists=[a_list()], watches=[busy, a_watch(event("ADDED", "b", "11"))])
    await heard(script, chance, until=2)
    assert waits == [9]


async def test_what_a_server_asks_a_watch_to_wait_is_heeded_for_a_minute_at_most(
    chance: Chance, waits: list[float]
) -> None:
    busy = said({"message": "busy"}, 429, Retry_After="600")
    script = Script(lists=[a_list()], watches=[busy, a_watch(event("ADDED", "b", "11"))])
    await heard(script, chance, until=2)
    assert waits == [60]


async def test_that_nobody_answers_is_said_once_and_that_somebody_does_as_well(
    chance: Chance,
) -> None:
    script = Script(
        lists=[a_list("a")],
        watches=[
            cut_off(event("ADDED", "b", "11")),
            status(503),
            cut_off(b""),
            cut_off(event("ADDED", "c", "12")),
            a_watch(event("ADDED", "d", "13")),
        ],
    )
    told = await heard(script, chance, until=9, signs=True)
    assert told == ["= a", "+ b", "?", "!", "?", "!", "+ c", "?", "!"]


async def test_a_list_that_fails_is_said_once_and_a_good_one_speaks_for_itself(
    chance: Chance,
) -> None:
    failing = [status(500) for _ in range(2 * LONG.tries)]
    script = Script(lists=[*failing, a_list("a")], watches=[a_watch(event("ADDED", "b", "11"))])
    assert await heard(script, chance, until=3, signs=True) == ["?", "= a", "+ b"]


async def test_a_closed_door_is_said_again_when_nobody_answered_in_between(
    chance: Chance,
) -> None:
    failing = [status(500) for _ in range(LONG.tries)]
    script = Script(lists=[status(403), *failing, status(403), a_list("a")])
    told = await heard(script, chance, until=4, signs=True)
    assert told == ["= forbidden", "?", "= forbidden", "= a"]


async def test_waits_no_longer_than_the_longest_delay(chance: Chance, waits: list[float]) -> None:
    script = Script(
        lists=[a_list()],
        watches=[*(cut_off(b"") for _ in range(12)), a_watch(event("ADDED", "b", "11"))],
    )
    await heard(script, chance, until=2)
    assert max(waits) == pytest.approx(30)


async def test_a_server_that_refuses_to_go_on_three_times_is_listed_anew(chance: Chance) -> None:
    """An etcd that was restored from a backup never reaches the version that we wait for."""
    ahead = [status(504, "Too large resource version") for _ in range(3)]
    script = Script(lists=[a_list("a"), a_list("b", version="5")], watches=ahead)
    assert await heard(script, chance, until=2) == ["= a", "= b"]
    assert script.resumed == ["10", "10", "10"]


async def test_a_list_that_fails_is_asked_for_until_it_is_whole(chance: Chance) -> None:
    begun: dict[str, Any] = {"metadata": {"resourceVersion": "9", "continue": "more"}}
    script = Script(
        lists=[
            *(status(500) for _ in range(LONG.tries)),
            a_list("half", **begun),
            *(status(500) for _ in range(LONG.tries)),
            a_list("a"),
        ]
    )
    assert await heard(script, chance, until=1) == ["= a"]


async def test_a_list_of_two_moments_is_never_followed(chance: Chance) -> None:
    begun: dict[str, Any] = {"metadata": {"resourceVersion": "9", "continue": "more"}}
    script = Script(
        lists=[
            a_list("half", **begun),
            status(410, metadata={"continue": "the-rest-as-it-is-now"}),
            a_list("a"),
        ]
    )
    assert await heard(script, chance, until=1) == ["= a"]
    assert script.lists == 3


@pytest.mark.parametrize(("code", "state"), [(403, "forbidden"), (404, "absent")])
async def test_a_closed_door_is_said_once_and_knocked_at_slowly(
    chance: Chance, waits: list[float], code: int, state: str
) -> None:
    script = Script(lists=[status(code), status(code), status(code), a_list("a")])
    assert await heard(script, chance, until=2) == [f"= {state}", "= a"]
    assert waits == [30, 30, 30]


async def test_a_door_that_closes_behind_us_is_noticed(chance: Chance) -> None:
    script = Script(lists=[a_list("a"), status(403), a_list("b")], watches=[status(403)])
    assert await heard(script, chance, until=3) == ["= a", "= forbidden", "= b"]


@pytest.mark.slow
async def test_a_connection_that_only_looks_alive_ends(chance: Chance) -> None:
    """Nothing comes, and nobody hangs up: our own patience is what ends it."""
    script = Script(
        lists=[a_list()],
        watches=[a_watch(then_stay=True), a_watch(event("ADDED", "b", "11"))],
    )
    brief = Pace(watch=1, watch_grace=0.2)
    assert await heard(script, chance, until=2, pace=brief) == ["=", "+ b"]


async def test_a_quiet_watch_that_ended_in_time_is_resumed_at_once(
    chance: Chance, waits: list[float]
) -> None:
    script = Script(lists=[a_list()], watches=[a_watch(), a_watch(event("ADDED", "b", "11"))])
    assert await heard(script, chance, until=2, pace=Pace(short=0)) == ["=", "+ b"]
    assert waits == []


async def test_a_watch_that_ends_at_once_is_not_resumed_at_once(
    chance: Chance, waits: list[float]
) -> None:
    script = Script(
        lists=[a_list()], watches=[a_watch(), a_watch(), a_watch(event("ADDED", "b", "11"))]
    )
    await heard(script, chance, until=2)
    assert waits == [pytest.approx(0.25), pytest.approx(0.5)]


async def test_a_redirected_watch_is_no_end(chance: Chance) -> None:
    elsewhere = Reply(status=302, headers={"Location": "https://login.example"})
    script = Script(lists=[a_list()], watches=[elsewhere, a_watch(event("ADDED", "b", "11"))])
    assert await heard(script, chance, until=2) == ["=", "+ b"]


async def test_a_refused_credential_ends_it(chance: Chance) -> None:
    script = Script(lists=[a_list("a")], watches=[status(401)])
    with pytest.raises(Unauthorized):
        await heard(script, chance, until=2, connection={"showing": Token(value="t")})


async def test_secrets_are_followed_as_metadata_alone(chance: Chance) -> None:
    bare = {"kind": "PartialObjectMetadata"}
    script = Script(
        lists=[
            a_list("a", kind="PartialObjectMetadataList"),
            a_list("b", kind="PartialObjectMetadataList"),
        ],
        watches=[
            a_watch(
                event("ADDED", "c", "11", **bare),
                event("ADDED", "whole", "12", kind="Secret", data={"p": "aHVudGVyMg=="}),
            ),
        ],
    )
    assert await heard(script, chance, until=3, kind=Secret) == ["= a", "+ c", "= b"]
    watch = next(seen for seen in script.asked if "watch" in seen.query)
    accept = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
    assert watch.header("Accept") == accept


async def test_leaving_ends_the_connection(chance: Chance) -> None:
    gone = asyncio.Event()

    async def for_ever() -> AsyncGenerator[bytes]:
        try:
            yield event("ADDED", "b", "11")
            while True:
                await asyncio.sleep(0.01)
                yield b"\n"
        finally:
            gone.set()

    script = Script(lists=[a_list()], watches=[Reply(stream=for_ever())])
    assert await heard(script, chance, until=2) == ["=", "+ b"]
    assert gone.is_set()
