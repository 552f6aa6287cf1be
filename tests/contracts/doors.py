"""Two doors to an API server: straight into the simulated one, and over HTTP to either.

What goes through them is the same, so that what comes back can be compared.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import httpx2
import msgspec

from holdfast.testing.apiserver import ApiServer
from holdfast.testing.documents import Json
from holdfast.testing.rbac import Ask, User
from holdfast.testing.requests import Answer, PatchForm, Request, refused
from holdfast.testing.status import StatusError


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request, before it is known through which door it goes."""

    verb: str
    group: str = ""
    version: str = "v1"
    resource: str
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    query: Mapping[str, str] = {}
    body: Json | None = None
    patch: str = PatchForm.MERGE
    metadata_only: bool = False

    @property
    def path(self) -> str:
        """Where it is on the wire."""
        base = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        within = f"/namespaces/{self.namespace}" if self.namespace else ""
        parts = [p for p in (self.name, self.subresource) if p]
        return "/".join([f"{base}{within}/{self.resource}", *parts])


class Door(Protocol):
    """Whoever answers as an API server."""

    async def send(self, asked: Asked) -> Answer:
        """One request and its answer, refusals included."""
        ...

    def watch(self, asked: Asked) -> AbstractAsyncContextManager[AsyncIterator[Json]]:
        """The events of a watch; a refused watch raises `Refused`."""
        ...


class Refused(Exception):
    """A watch that was not opened."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body.get("message", ""))
        self.answer = answer


class Inside:
    """Straight into the simulated API server, as one user."""

    def __init__(self, api: ApiServer, who: User) -> None:
        self._api = api
        self._who = who

    def _request(self, asked: Asked) -> Request:
        ask = Ask(
            verb=asked.verb,
            group=asked.group,
            resource=asked.resource,
            subresource=asked.subresource,
            namespace=asked.namespace,
            name=asked.name,
        )
        return Request(
            who=self._who,
            ask=ask,
            version=asked.version,
            query=asked.query,
            body=asked.body,
            patch=asked.patch,
            metadata_only=asked.metadata_only,
        )

    async def send(self, asked: Asked) -> Answer:
        try:
            return self._api.answer(self._request(asked))
        except StatusError as no:
            return refused(no)

    @asynccontextmanager
    async def watch(self, asked: Asked) -> AsyncIterator[AsyncIterator[Json]]:
        try:
            watch = self._api.watch(self._request(asked))
        except StatusError as no:
            raise Refused(refused(no)) from no
        seconds = float(asked.query.get("timeoutSeconds", "30"))

        async def events() -> AsyncIterator[Json]:
            try:
                async with asyncio.timeout(seconds):
                    while not watch.over:
                        for event in watch.pending():
                            yield event
                        if not watch.over:
                            await watch.ready()
            except TimeoutError:
                if watch.bookmarks:
                    yield watch.bookmark()

        yield events()


_METHODS = {
    "get": "GET",
    "list": "GET",
    "watch": "GET",
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETE",
}


class Outside:
    """Over HTTP, as the owner of a token, or as whom that owner impersonates."""

    def __init__(
        self, url: str, token: str, *, trust: ssl.SSLContext | None = None, as_user: str = ""
    ) -> None:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if as_user:
            headers["Impersonate-User"] = as_user
        self._client = httpx2.AsyncClient(
            base_url=url, headers=headers, verify=trust or False, timeout=60, trust_env=False
        )

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    def _call(self, asked: Asked) -> dict[str, object]:
        headers = {}
        if asked.body is not None:
            headers["Content-Type"] = asked.patch if asked.verb == "patch" else "application/json"
        if asked.metadata_only:
            form = "PartialObjectMetadata" + ("List" if asked.verb == "list" else "")
            headers["Accept"] = f"application/json;as={form};g=meta.k8s.io;v=v1"
        query = {**asked.query, **({"watch": "1"} if asked.verb == "watch" else {})}
        content = None if asked.body is None else json.dumps(asked.body).encode()
        return {"params": query, "headers": headers, "content": content}

    async def send(self, asked: Asked) -> Answer:
        response = await self._client.request(
            _METHODS[asked.verb],
            asked.path,
            **self._call(asked),  # type: ignore[arg-type]  # each under its own name
        )
        try:
            body = response.json()
        except ValueError:
            body = {"message": response.text}
        return Answer(code=response.status_code, body=body)

    @asynccontextmanager
    async def watch(self, asked: Asked) -> AsyncIterator[AsyncIterator[Json]]:
        call = self._call(asked)
        async with self._client.stream("GET", asked.path, **call) as response:  # type: ignore[arg-type]
            if response.status_code != 200:
                body = json.loads(await response.aread())
                raise Refused(Answer(code=response.status_code, body=body))

            async def events() -> AsyncIterator[Json]:
                async for line in response.aiter_lines():
                    if line.strip():
                        yield json.loads(line)

            yield events()
