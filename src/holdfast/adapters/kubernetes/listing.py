"""Listing a kind page by page, and saying how the list ended when it did not end well.

Each page is handed on as it arrives, so that no more than one raw page is held. A first page that
does not come raises `CouldNotLook`; a later one leaves what was read, marked as partial.
"""

from dataclasses import dataclass

from holdfast.adapters.kubernetes import decode
from holdfast.adapters.kubernetes.asking import Asker
from holdfast.adapters.kubernetes.discovery import Discovery, path
from holdfast.adapters.kubernetes.sharing import Sharer
from holdfast.adapters.kubernetes.transport import JSON, Answer, Question
from holdfast.errors import CouldNotLook, Unanswered
from holdfast.model.objects import Object
from holdfast.model.snapshot import Capture, State, Unreadable
from holdfast.ports import Arrived, nobody_waits

GONE = 410
MOST = 2_000_000  # objects of a kind, as full pages: no cluster has as many, and a list must end


@dataclass(frozen=True, slots=True, kw_only=True)
class Paged:
    """A raw page, and whether it belongs to the same moment as the first."""

    body: bytes
    same_moment: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Why no further page comes."""

    state: State
    why: str = ""
    expired: bool = False


def accept_list(kind: type[Object]) -> str:
    """What form of a list we take."""
    return f"{JSON};as={decode.METADATA_LIST};v=v1;g=meta.k8s.io" if _bare(kind) else JSON


def accept_one(kind: type[Object]) -> str:
    """What form of an object we take, alone or in a watch."""
    return f"{JSON};as={decode.METADATA_ONE};v=v1;g=meta.k8s.io" if _bare(kind) else JSON


def _bare(kind: type[Object]) -> bool:
    return kind.api.metadata_only


class Pages:
    """One list, page by page: `first`, then `after` the token that the page before ended with."""

    def __init__(
        self,
        kind: type[Object],
        namespace: str | None,
        *,
        asker: Asker,
        discovery: Discovery,
        page_size: int,
        one_moment: bool = False,
    ) -> None:
        self._kind = kind
        self._namespace = namespace
        self._asker = asker
        self._discovery = discovery
        self._page_size = page_size
        self._one_moment = one_moment
        self._same_moment = True
        self._where = ""
        self._tokens: set[str] = set()

    async def first(self) -> Paged | Ended:
        """The first page; raises `CouldNotLook` when none comes."""
        api = self._kind.api
        answer = Answer(status=404, body=b"")
        for version in await self._discovery.versions(api):
            self._where = path(api, version, self._namespace)
            answer = await self._ask("")
            if answer.status == 200:
                self._discovery.choose(api, version)
            if answer.status != 404:
                break
        if answer.status == 403:
            return Ended(state=State.FORBIDDEN, why=self._asker.forbidden(answer))
        if answer.status == 404:
            return Ended(state=State.ABSENT, why=f"the API server does not serve {api.resource}")
        if answer.status != 200:
            raise self._asker.refused(answer, api.plural)
        return Paged(body=answer.body)

    async def after(self, token: str) -> Paged | Ended:
        """The next page, if there is one; what goes wrong from here on leaves the list partial."""
        if not token:
            return Ended(state=State.CAPTURED)
        if endless := self._endless(token):
            return Ended(state=State.PARTIAL, why=endless)
        self._tokens.add(token)
        try:
            answer = await self._ask(token)
            if answer.status == GONE and not self._one_moment:
                # The server's own offer: go on with the rest, as it is by now.
                offered = (decode.error_status(answer.body).metadata or _NOTHING).continue_
                if offered:
                    self._same_moment = False
                    answer = await self._ask(offered)
        except CouldNotLook as broken:
            return Ended(state=State.PARTIAL, why=broken.wrong)
        plural = self._kind.api.plural
        if answer.status == GONE:
            why = f"the list of {plural} took longer than the API server keeps its place"
            return Ended(state=State.PARTIAL, why=why, expired=True)
        if answer.status != 200:
            return Ended(state=State.PARTIAL, why=self._asker.refused(answer, plural).wrong)
        return Paged(body=answer.body, same_moment=self._same_moment)

    def _endless(self, token: str) -> str:
        """Why this list will never end, if that is so."""
        plural = self._kind.api.plural
        if token in self._tokens:
            return f"the list of {plural} runs in a circle: a page came twice"
        if len(self._tokens) * self._page_size >= MOST:
            return f"the list of {plural} does not end: more than {MOST} were offered"
        return ""

    async def _ask(self, token: str) -> Answer:
        parameters = {"limit": str(self._page_size)} | ({"continue": token} if token else {})
        return await self._asker.ask(
            Question(path=self._where, accept=accept_list(self._kind), parameters=parameters)
        )


class Lister:
    """Lists kinds of one API server."""

    def __init__(self, asker: Asker, discovery: Discovery, *, page_size: int) -> None:
        self._asker = asker
        self._discovery = discovery
        self._page_size = page_size

    def pages(
        self, kind: type[Object], namespace: str | None, *, one_moment: bool = False
    ) -> Pages:
        """A list that is about to begin. `one_moment`: never pieced together from two."""
        return Pages(
            kind,
            namespace,
            asker=self._asker,
            discovery=self._discovery,
            page_size=self._page_size,
            one_moment=one_moment,
        )

    async def whole[K: Object](
        self,
        kind: type[K],
        namespace: str | None,
        *,
        one_moment: bool = False,
        arrived: Arrived = nobody_waits,
    ) -> Capture[K]:
        """All of a kind; a list whose continuation expired is begun anew once."""
        pages = self.pages(kind, namespace, one_moment=one_moment)
        capture, expired = await self._once(kind, namespace, pages, arrived)
        if expired:
            arrived(-len(capture.objects))
            pages = self.pages(kind, namespace, one_moment=one_moment)
            capture, _ = await self._once(kind, namespace, pages, arrived)
        return capture

    async def _once[K: Object](
        self, kind: type[K], namespace: str | None, pages: Pages, arrived: Arrived
    ) -> tuple[Capture[K], bool]:
        objects: list[K] = []
        unreadable: list[Unreadable] = []
        version = ""
        share = Sharer()
        step = await pages.first()
        while isinstance(step, Paged):
            try:
                page = decode.page(kind, step.body, share)
            except Unanswered as rubbish:
                if not version:
                    raise
                step = Ended(state=State.PARTIAL, why=rubbish.wrong)
                break
            objects += page.objects
            arrived(len(page.objects))
            unreadable += page.unreadable
            version = page.resource_version
            same_moment = step.same_moment
            step = await pages.after(page.continue_token)
            if isinstance(step, Ended) and not same_moment:
                version = ""  # no watch can start from a list of two moments
        capture = Capture(
            kind=kind,
            state=step.state,
            objects=tuple(objects),
            namespaces=scope(kind, namespace),
            why=step.why,
            resource_version=version,
            unreadable=tuple(unreadable),
        )
        return capture, step.expired


def scope(kind: type[Object], namespace: str | None) -> tuple[str, ...] | None:
    """The namespaces that a list covers; none are named when it covers all."""
    return (namespace,) if namespace and kind.api.namespaced else None


_NOTHING = decode.ListMeta()
