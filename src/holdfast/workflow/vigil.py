"""What is known of a watched cluster: news go in, views come out. It neither waits nor has a clock.

- What is heard is applied at once; what it means is judged when somebody asks for a view.
- A rule is asked again when a kind that it reads was heard of. What only the passing of time makes
  a fault (a lease that runs out) is seen by judging everything afresh, once in a while.
- What was found is folded again when it has changed, and whenever everything is judged afresh.
- A young finding becomes a finding when its grace has passed, and no rule need be asked for that.
- While nobody answers, the last good state stands, and the view says since when it does.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from holdfast.diagnosis.standing import remember
from holdfast.diagnosis.survey import Survey, sum_up
from holdfast.facts import Judgement, kinds_read, weigh
from holdfast.model.baseline import NOTHING, Baseline
from holdfast.model.coverage import Off
from holdfast.model.last_scan import LastScan, Standing
from holdfast.model.objects import Object
from holdfast.model.rules import Found, Rule
from holdfast.model.snapshot import Capture, Identity, Snapshot, State
from holdfast.ports import Lost, News, Relisted, Resumed
from holdfast.workflow import reach
from holdfast.workflow.follow import Followed

PASSING = timedelta(seconds=3)
"""A connection that is back sooner was never told to be gone."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What is watched, and how it is judged."""

    rules: tuple[Rule, ...]
    namespaces: tuple[str, ...] | None = None
    grace_scale: float = 1
    baseline: Baseline = NOTHING
    off: tuple[Off, ...] = ()


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of which nothing is heard any more, although it was."""

    plural: str
    since: datetime
    why: str


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The cluster as it is known at one moment, judged."""

    snapshot: Snapshot
    survey: Survey
    silences: tuple[Silence, ...] = ()
    followed: int  # how many kinds


type Scope = tuple[type[Object], str | None]


class Vigil:
    """One watch's memory: a bounded one, as large as the cluster."""

    def __init__(self, cluster: Identity, terms: Terms) -> None:
        self._cluster = cluster
        self._terms = terms
        self.kinds = kinds_read(terms.rules)
        self.scopes: Sequence[Scope] = [
            (kind, scope) for kind in self.kinds for scope in reach.scopes(kind, terms.namespaces)
        ]
        self._followed = {scope: Followed(scope[0]) for scope in self.scopes}
        self._silences: dict[Scope, Silence] = {}
        self._unheard = set(self.scopes)
        self._touched = set(self.kinds)  # since they were last judged
        self._captures: dict[type[Object], Capture[Object]] = {}
        self._found: dict[Rule, tuple[Found, ...]] = {}
        self._judged: Judgement | None = None
        self._survey: Survey | None = None
        self._last: LastScan | None = None
        self._graces = {rule.code: rule.grace * terms.grace_scale for rule in terms.rules}

    @property
    def unheard(self) -> int:
        """Of how many nothing has been heard yet, not even that nobody answers."""
        return len(self._unheard)

    def hear(self, scope: Scope, news: News[Object], now: datetime) -> None:
        """Take one piece of news."""
        kind = scope[0]
        self._unheard.discard(scope)
        match news:
            case Lost(why=why, silent=silent):
                gone = Silence(plural=kind.api.plural, since=now - silent, why=why)
                self._silences[scope] = gone
                return
            case Resumed():
                self._silences.pop(scope, None)
                return
            case Relisted():
                self._silences.pop(scope, None)
        self._followed[scope].apply(news)
        self._touched.add(kind)

    def view(self, now: datetime, *, afresh: bool = False) -> View:
        """Judge what is known now; `afresh` asks every rule again."""
        touched = frozenset(self.kinds) if afresh else frozenset(self._touched)
        self._touched.clear()
        self._captures |= {kind: self._capture(kind) for kind in touched}
        snapshot = Snapshot(now=now, captures=self._captures.values(), cluster=self._cluster)
        for rule in self._terms.rules:
            if not touched.isdisjoint(rule.sight):
                self._found[rule] = tuple(rule(snapshot))
        judged = weigh(snapshot, self._found, grace_scale=self._terms.grace_scale)
        before, self._judged = self._judged, judged
        if afresh or self._survey is None or _told(judged) != _told(before):
            self._survey = self._sum_up(snapshot, judged)
        elif judged != before:
            self._survey = _younger(self._survey, judged)
        return View(
            snapshot=snapshot,
            survey=self._survey,
            silences=tuple(s for s in self._silences.values() if now - s.since >= PASSING),
            followed=len(self.kinds),
        )

    def _sum_up(self, snapshot: Snapshot, judged: Judgement) -> Survey:
        """The survey, and how it stands to the one before."""
        terms = self._terms
        survey = sum_up(
            snapshot, judged, terms.rules, baseline=terms.baseline, off=terms.off, last=self._last
        )
        self._last = remember(
            snapshot, survey.troubles, survey.standing, terms.rules, terms.namespaces
        )
        return survey

    def due(self, now: datetime) -> timedelta | None:
        """How long until time alone changes the view: a grace that passes, or a silence."""
        young = self._judged.young if self._judged is not None else ()
        moments = [each.since + self._graces[each.code] for each in young]
        moments += [silence.since + PASSING for silence in self._silences.values()]
        return min((each - now for each in moments if each > now), default=None)

    def _capture(self, kind: type[Object]) -> Capture[Object]:
        namespaces = self._terms.namespaces
        parts = [self._part((kind, scope)) for scope in reach.scopes(kind, namespaces)]
        if namespaces is None or not kind.api.namespaced:
            return parts[0]
        return reach.put_together(kind, namespaces, parts)

    def _part(self, scope: Scope) -> Capture[Object]:
        capture = self._followed[scope].capture()
        silence = self._silences.get(scope)
        if silence is None or capture.state is not State.NOT_CAPTURED:
            return capture
        return msgspec.structs.replace(capture, state=State.PARTIAL, why=silence.why)


def _told(judged: Judgement | None) -> object:
    """What is folded, and how far it could be seen; what is young is told as it is."""
    return None if judged is None else (judged.findings, judged.blind)


def _younger(survey: Survey, judged: Judgement) -> Survey:
    """The same survey with what is young now; compared with itself, nothing has happened."""
    standing = survey.standing
    if standing is not None:
        standing = Standing(when=standing.when, carried=standing.carried)
    return msgspec.structs.replace(survey, young=judged.young, standing=standing)
