"""Watches for tests: what a vigil knows of a few built objects, told step by step."""

from datetime import datetime, timedelta

from holdfast.facts import CATALOGUE
from holdfast.model.objects import Object
from holdfast.model.rules import Channel
from holdfast.model.snapshot import Capture, Snapshot, State
from holdfast.ports import Lost, Relisted
from holdfast.testing.builders import a_snapshot
from holdfast.testing.clock import NOON
from holdfast.workflow.hearing import Scope
from holdfast.workflow.vigil import Terms, View, Vigil

RULES = tuple(rule for rule in CATALOGUE if rule.channel is not Channel.CONTEXT)


class Watched:
    """A cluster that is watched, as a test tells it."""

    def __init__(self, *objects: Object, namespaces: tuple[str, ...] | None = None) -> None:
        snapshot = a_snapshot()
        self._vigil = Vigil(snapshot.cluster, Terms(rules=RULES, namespaces=namespaces))
        self.now: datetime = NOON
        self._kinds = list(dict.fromkeys(kind for kind, _ in self._vigil.scopes))
        self.holds(*objects)

    def holds(self, *objects: Object) -> None:
        """It holds these objects now, and no others."""
        snapshot = a_snapshot(*objects)
        for scope in self._vigil.scopes:
            self._vigil.hear(scope, Relisted(capture=_part(snapshot, scope)), self.now)

    def shuts(self, kind: type[Object]) -> None:
        """Nobody may read that kind any more."""
        shut = Capture(kind=kind, state=State.FORBIDDEN, why="you may not")
        for scope in self._vigil.scopes:
            if scope[0] is kind:
                self._vigil.hear(scope, Relisted(capture=shut), self.now)

    def loses(self, *kinds: type[Object], why: str = "cut") -> None:
        """Of those kinds nothing is heard any more."""
        for kind in kinds:
            self._vigil.hear((kind, None), Lost(why=why, silent=timedelta()), self.now)

    def falls_silent(self) -> None:
        """Nobody answers any more."""
        self.loses(*self._kinds)
        self._vigil.hearing.unanswered("no answer", self.now)

    def answers(self) -> None:
        """Somebody answers; no kind is heard of yet."""
        self._vigil.hearing.answered(self.now)

    def view(self, later: timedelta = timedelta()) -> View:
        """What is known, that much later."""
        self.now += later
        return self._vigil.view(self.now)


def _part(snapshot: Snapshot, scope: Scope) -> Capture[Object]:
    kind, namespace = scope
    if namespace is None:
        return snapshot.capture(kind)
    objects = tuple(snapshot.within(kind, namespace))
    return Capture(kind=kind, objects=objects, namespaces=(namespace,))
