"""The simulated API server: every request comes through here, is authorised and is audited.

The order is the real one: who may not ask is told so before anyone looks whether the thing is
there, or whether the request is well formed.
"""

from collections.abc import Callable

import msgspec

from holdfast.testing import rbac, selectors
from holdfast.testing.admission import Admission, Webhook
from holdfast.testing.changes import Changes
from holdfast.testing.clock import FrozenClock
from holdfast.testing.documents import Json
from holdfast.testing.lifecycle import Lifecycle
from holdfast.testing.rbac import User
from holdfast.testing.reading import Watch
from holdfast.testing.removal import Removal
from holdfast.testing.requests import Answer, Audited, Request
from holdfast.testing.resources import Resource, Resources
from holdfast.testing.status import PageNotFound, StatusError, not_served, qualified
from holdfast.testing.store import Store
from holdfast.testing.verbs import Verbs

_COLLECTIVE = ("list", "watch", "deletecollection")
_BORN_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


def _nothing(_: User) -> None:
    """Nobody does anything by himself."""


class ApiServer:
    """State, rules and rights behind one door."""

    def __init__(self, clock: FrozenClock, seed: int) -> None:
        self.clock = clock
        self.store = Store()
        self.resources = Resources()
        self.audit: list[Audited] = []
        removal = Removal(self.store, self.resources, clock)
        self._lifecycle = Lifecycle(self.store, self.resources, clock, seed, removal)
        self.fences: list[Admission] = []
        self.webhooks: list[Webhook] = []
        self.before_each: Callable[[User], None] = _nothing  # controllers at work may come first
        changes = Changes(self.store, self._lifecycle, removal, self.fences, self.webhooks)
        self._verbs = Verbs(self.store, changes, removal, clock)
        for name in _BORN_NAMESPACES:
            self._bear("namespaces", {"metadata": {"name": name}})
        for born in rbac.bootstrap_roles():
            self._bear(self.resources.of(born).qualified, born)

    def _bear(self, resource: str, document: Json) -> None:
        self._lifecycle.create(self.resources.named(resource), "", document, dry=False)

    def answer(self, request: Request) -> Answer:
        """Do what is asked for, or raise the StatusError that says why not."""
        self.before_each(request.who)
        try:
            answer = self._verbs.do(request, self._authorised(request))
        except StatusError as no:
            self._record(request, no.code)
            raise
        self._record(request, answer.code)
        return answer

    def watch(self, request: Request) -> Watch:
        """Open a watch."""
        self.before_each(request.who)
        try:
            resource = self._authorised(request)
            if request.fault is not None:
                raise request.fault
            watch = Watch(self.store, resource, request)
        except StatusError as no:
            self._record(request, no.code)
            raise
        self._record(request, 200)
        return watch

    def read_path(self, request: Request) -> None:
        """A path that is no resource: discovery, version, health."""
        try:
            self.authorise(request)
        except StatusError as no:
            self._record(request, no.code)
            raise
        self._record(request, 200)

    def authorise(self, request: Request) -> None:
        """403 for what no rule grants."""
        ask = request.ask
        if ask.verb in _COLLECTIVE:
            name = selectors.exact_name(request.query.get("fieldSelector", ""))
            ask = msgspec.structs.replace(ask, name=name)
        if not rbac.allowed(self.store, request.who, ask):
            raise rbac.forbidden(request.who, ask)

    def _authorised(self, request: Request) -> Resource:
        self.authorise(request)
        ask = request.ask
        if ask.group not in self.resources.versions():
            raise PageNotFound
        resource = self.resources.find(ask.group, ask.resource, request.version)
        homeless = resource.namespaced and not ask.namespace and ask.name
        if homeless or (ask.subresource and ask.subresource not in resource.parts):
            raise not_served()
        if ask.namespace and not resource.namespaced:
            raise not_served()
        return resource

    def _record(self, request: Request, code: int) -> None:
        ask = request.ask
        what = qualified(ask.group, ask.resource) if ask.resource else ask.path
        self.audit.append(
            Audited(
                verb=ask.verb,
                resource=f"{what}/{ask.subresource}" if ask.subresource else what,
                namespace=ask.namespace,
                name=ask.name,
                user=request.who.name,
                code=code,
                dry_run=request.query.get("dryRun") == "All",
            )
        )
