"""Watches for tests: what a vigil knows of a few built objects, told step by step."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from holdfast.facts import CATALOGUE
from holdfast.model.objects import Object
from holdfast.model.rules import Channel
from holdfast.model.snapshot import Capture, State
from holdfast.ports import Lost, Relisted
from holdfast.testing.builders import a_snapshot
from holdfast.testing.clock import NOON
from holdfast.workflow.vigil import Terms, View, Vigil

RULES = tuple(rule for rule in CATALOGUE if rule.channel is not Channel.CONTEXT)


class Watched:
    """A cluster that is watched, as a test tells it."""

    def __init__(self, *objects: Object) -> None:
        snapshot = a_snapshot()
        self._vigil = Vigil(snapshot.cluster, Terms(rules=RULES))
        self.now: datetime = NOON
        self._kinds = [kind for kind, _ in self._vigil.scopes]
        self.holds(*objects)

    def holds(self, *objects: Object) -> None:
        """It holds these objects now, and no others."""
        snapshot = a_snapshot(*objects)
        for kind in self._kinds:
            self._vigil.hear((kind, None), Relisted(capture=snapshot.capture(kind)), self.now)

    def shuts(self, kind: type[Object]) -> None:
        """Nobody may read that kind any more."""
        shut = Capture(kind=kind, state=State.FORBIDDEN, why="you may not")
        self._vigil.hear((kind, None), Relisted(capture=shut), self.now)

    def falls_silent(self, kinds: Iterable[type[Object]] = ()) -> None:
        """Nobody answers, for those kinds or for all."""
        for kind in kinds or self._kinds:
            self._vigil.hear((kind, None), Lost(why="cut", silent=timedelta()), self.now)

    def view(self, later: timedelta = timedelta()) -> View:
        """What is known, that much later."""
        self.now += later
        return self._vigil.view(self.now)
