"""Following a kind: a list, then a watch from exactly there, and back to the list when it breaks.

The rules:
1. A watch starts from a list of one moment, and goes on from the last version that was heard,
   bookmarks included, so that nothing falls between two watches.
2. Expired (410, as a status or as an event), refused several times over, an object that we cannot
   read, and an event without a version: list again. Nothing is guessed.
3. Cut, silent, throttled, broken: wait a little longer each time, then go on from where we were.
   A line that is not whole is a cut.
4. Our read timeout exceeds the `timeoutSeconds` that the server was given, so that a connection
   that only looks alive ends.
5. Forbidden or not served is said once, and asked again slowly. A refused credential ends it.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

import httpx2
import msgspec

from holdfast.adapters.kubernetes import decode
from holdfast.adapters.kubernetes.discovery import Discovery, path
from holdfast.adapters.kubernetes.listing import GONE, Lister, accept_one
from holdfast.adapters.kubernetes.mishaps import Mishap
from holdfast.adapters.kubernetes.pace import Backoff, Chance, Pace
from holdfast.adapters.kubernetes.transport import Question, Wire
from holdfast.errors import BadCredential, CouldNotLook, Unanswered, Unauthorized
from holdfast.model.objects import Object
from holdfast.model.snapshot import Capture, State, Unreadable
from holdfast.ports import News, Put, Relisted, Removed

SHORT = 1.0  # seconds: a watch that ends sooner is not asked for again at once
REFUSALS = 3  # after which a version is given up: a restored etcd may never come back to it
SHUT = (State.FORBIDDEN, State.ABSENT)


class _Event(msgspec.Struct, frozen=True, kw_only=True):
    type: str
    object: msgspec.Raw


class _Marked(msgspec.Struct, frozen=True, kw_only=True):
    metadata: decode.ListMeta = decode.ListMeta()


_event = msgspec.json.Decoder(_Event)
_marked = msgspec.json.Decoder(_Marked)


class _Expired(Exception):
    """The thread is lost: only a new list helps."""


class _Shut(Exception):
    """The watch is forbidden or not served: the list will say which."""


@dataclass(slots=True)
class _Thread:
    """How far we have heard."""

    version: str
    heard: bool = False  # anything since the last list
    refusals: int = 0  # of this version, one after the other


class Watcher:
    """Follows kinds of one API server."""

    def __init__(
        self, wire: Wire, lister: Lister, discovery: Discovery, *, pace: Pace, chance: Chance
    ) -> None:
        self._wire = wire
        self._lister = lister
        self._discovery = discovery
        self._pace = pace
        self._chance = chance

    async def follow[K: Object](
        self, kind: type[K], namespace: str | None
    ) -> AsyncIterator[News[K]]:
        """The state now, then every change, for ever."""
        backoff = Backoff(self._pace, self._chance)
        futile = Backoff(self._pace, self._chance)  # lists whose version had expired at once
        shut: Capture[K] | None = None
        while True:
            capture = await self._list(kind, namespace, backoff)
            if capture.state in SHUT:
                if shut is None or shut.state is not capture.state:
                    yield Relisted(capture=capture)
                shut = capture
                await self._chance.sleep(self._pace.closed_door)
                continue
            shut = None
            backoff.reset()
            yield Relisted(capture=capture)
            thread = _Thread(version=capture.resource_version)
            try:
                async with aclosing(self._watch(kind, namespace, thread, backoff)) as changes:
                    async for news in changes:
                        futile.reset()
                        yield news
            except _Expired:
                if thread.heard:
                    futile.reset()
                await futile.wait()
            except _Shut:
                await futile.wait()

    async def _list[K: Object](
        self, kind: type[K], namespace: str | None, backoff: Backoff
    ) -> Capture[K]:
        """A list that is whole, however long it takes."""
        while True:
            try:
                capture = await self._lister.whole(kind, namespace, one_moment=True)
            except (BadCredential, Unauthorized):
                raise
            except CouldNotLook:
                await backoff.wait()
                continue
            if capture.state is State.PARTIAL:
                await backoff.wait()
                continue
            return capture

    async def _watch[K: Object](
        self, kind: type[K], namespace: str | None, thread: _Thread, backoff: Backoff
    ) -> AsyncGenerator[News[K]]:
        """Changes from there on, over as many connections as it takes; ends by raising."""
        loop = asyncio.get_running_loop()
        while True:
            at_least = 0.0
            try:
                question = await self._question(kind, namespace, thread)
                async with self._wire.open(question) as response:
                    if response.status_code == 200:
                        opened = loop.time()
                        thread.refusals = 0
                        async with aclosing(_lines(response, self._pace.largest)) as lines:
                            async for line in lines:
                                news = _news(kind, line, thread)
                                backoff.reset()
                                if news is not None:
                                    yield news
                        if loop.time() - opened >= SHORT:
                            continue  # its time was up, as agreed
                    else:
                        at_least = await self._refused(response, thread)
            except (BadCredential, Unauthorized):
                raise
            except (CouldNotLook, Mishap):
                pass  # cut, silent, unreachable or rubbish: wait, then go on from where we were
            await backoff.wait(at_least)

    async def _question(
        self, kind: type[Object], namespace: str | None, thread: _Thread
    ) -> Question:
        version = (await self._discovery.versions(kind.api))[0]
        seconds = max(1, round(self._pace.watch * (1 + self._chance.dice()) / 2))
        return Question(
            path=path(kind.api, version, namespace),
            accept=accept_one(kind),
            parameters={
                "watch": "true",
                "allowWatchBookmarks": "true",
                "resourceVersion": thread.version,
                "timeoutSeconds": str(seconds),
            },
            read_timeout=seconds + self._pace.watch_grace,
        )

    async def _refused(self, response: httpx2.Response, thread: _Thread) -> float:
        """How long the server wants us to wait, unless waiting cannot help."""
        answer = await self._wire.whole(response)
        thread.refusals += 1
        if answer.status in (GONE, 400) or thread.refusals == REFUSALS:
            raise _Expired
        if answer.status in (403, 404):
            raise _Shut
        return answer.retry_after


def _news[K: Object](kind: type[K], line: bytes, thread: _Thread) -> News[K] | None:
    try:
        event = _event.decode(line)
        if event.type == "ERROR":
            raise _Expired  # 410 is the common one; after any other, too, only a list is sure
        version = _marked.decode(event.object).metadata.resource_version
    except decode.UNREADABLE:
        raise _Expired from None
    if not version:
        raise _Expired
    thread.version = version
    thread.heard = True
    if event.type == "BOOKMARK":
        return None
    if kind.api.metadata_only:
        try:
            decode.expect_metadata(kind, event.object, decode.METADATA_ONE)
        except Unanswered:
            raise _Expired from None
    got = decode.one(kind, event.object)
    if isinstance(got, Unreadable):
        raise _Expired
    return Removed(object=got) if event.type == "DELETED" else Put(object=got)


async def _lines(response: httpx2.Response, largest: int) -> AsyncGenerator[bytes]:
    """Whole lines; what is left over at the end was cut off and is dropped."""
    pending: list[bytes] = []
    size = 0  # of what is pending
    async for chunk in response.aiter_bytes():
        head, *rest = chunk.split(b"\n")
        pending.append(head)
        size += len(head)
        if size > largest:
            raise _Expired  # no object is that large
        for following in rest:
            line = b"".join(pending)
            pending = [following]
            size = len(following)
            if line.strip():
                yield line
