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
6. That nobody answers is said once, at the first sign, and again when somebody does.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta

import httpx2
import msgspec

from holdfast.adapters.kubernetes import decode
from holdfast.adapters.kubernetes.discovery import Discovery, path
from holdfast.adapters.kubernetes.listing import GONE, Lister, accept_one
from holdfast.adapters.kubernetes.mishaps import Mishap
from holdfast.adapters.kubernetes.pace import Backoff, Chance, Pace
from holdfast.adapters.kubernetes.transport import Answer, Question, Wire
from holdfast.errors import BadCredential, CouldNotLook, Unanswered, Unauthorized
from holdfast.model.objects import Object
from holdfast.model.snapshot import Capture, State, Unreadable
from holdfast.ports import Lost, News, Put, Relisted, Removed, Resumed

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


class _Ear:
    """When somebody last answered, and whether it was said that nobody does."""

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self._last = self._clock()
        self._lost = False

    def hears(self) -> None:
        """Somebody is there."""
        self._last = self._clock()

    def lost(self, why: str) -> Iterator[Lost]:
        """Said once."""
        if not self._lost:
            self._lost = True
            yield Lost(why=why, silent=timedelta(seconds=self._clock() - self._last))

    def resumed(self) -> Iterator[Resumed]:
        """Said if the other was."""
        if self.relisted():
            yield Resumed()

    def relisted(self) -> bool:
        """A list says by itself that somebody answers; whether nobody did before."""
        self.hears()
        before, self._lost = self._lost, False
        return before


@dataclass(slots=True)
class _Thread:
    """How far we have heard."""

    version: str
    ear: _Ear
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
        ear = _Ear()
        shut: Capture[K] | None = None
        while True:
            capture = await self._list(kind, namespace)
            if isinstance(capture, str):
                for word in ear.lost(capture):
                    yield word
                await backoff.wait()
                continue
            returned = ear.relisted()
            if capture.state in SHUT:
                if shut is None or shut.state is not capture.state or returned:
                    yield Relisted(capture=capture)
                shut = capture
                await self._chance.sleep(self._pace.closed_door)
                continue
            shut = None
            backoff.reset()
            yield Relisted(capture=capture)
            thread = _Thread(version=capture.resource_version, ear=ear)
            try:
                async with aclosing(self._watch(kind, namespace, thread, backoff)) as changes:
                    async for news in changes:
                        if not isinstance(news, Lost | Resumed):
                            futile.reset()
                        yield news
            except _Expired:
                if thread.heard:
                    futile.reset()
                await futile.wait()
            except _Shut:
                await futile.wait()

    async def _list[K: Object](self, kind: type[K], namespace: str | None) -> Capture[K] | str:
        """A list that is whole, or why there is none."""
        try:
            capture = await self._lister.whole(kind, namespace, one_moment=True)
        except (BadCredential, Unauthorized):
            raise
        except CouldNotLook as broken:
            return broken.wrong
        return capture.why if capture.state is State.PARTIAL else capture

    async def _watch[K: Object](
        self, kind: type[K], namespace: str | None, thread: _Thread, backoff: Backoff
    ) -> AsyncGenerator[News[K]]:
        """Changes from there on, over as many connections as it takes; ends by raising."""
        loop = asyncio.get_running_loop()
        while True:
            at_least, why = 0.0, ""
            try:
                question = await self._question(kind, namespace, thread)
                async with self._wire.open(question) as response:
                    if response.status_code == 200:
                        opened = loop.time()
                        thread.refusals = 0
                        for word in thread.ear.resumed():
                            yield word
                        async with aclosing(_lines(response, self._pace.largest)) as lines:
                            async for line in lines:
                                thread.ear.hears()
                                news = _news(kind, line, thread)
                                backoff.reset()
                                if news is not None:
                                    yield news
                        if loop.time() - opened >= self._pace.short:
                            continue  # its time was up, as agreed
                    else:
                        answer = await self._refused(response, thread)
                        at_least, why = answer.retry_after, answer.message
            except (BadCredential, Unauthorized):
                raise
            except CouldNotLook as broken:
                why = broken.wrong
            except Mishap as mishap:
                why = mishap.judgement.tell.wrong
            if why:  # cut, silent, unreachable or rubbish: wait, then go on from where we were
                for sign in thread.ear.lost(why):
                    yield sign
            await backoff.wait(min(at_least, self._pace.heeded))

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

    async def _refused(self, response: httpx2.Response, thread: _Thread) -> Answer:
        """What the server says instead, unless asking again cannot help."""
        answer = await self._wire.whole(response)
        thread.refusals += 1
        if answer.status in (GONE, 400) or thread.refusals == REFUSALS:
            raise _Expired
        if answer.status in (403, 404):
            raise _Shut
        return answer


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
