"""What is known of a watched cluster: news go in, views come out. It neither waits nor has a clock.

- What is heard is applied at once; what it means is judged when somebody asks for a view.
- A rule is asked again when a kind that it reads was heard of. What only the passing of time makes
  a fault (a lease that runs out) is seen by judging everything afresh, once in a while.
- What was found is folded again when it has changed, and whenever everything is judged afresh.
- A young finding becomes a finding when its grace has passed, and no rule need be asked for that.
- While nobody answers, the last good state stands, and so does the judge's clock (`hearing`); the
  view says since when they do.
- A namespace that is gone, or may not be read any more, is no healthy one: the view says so.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from holdfast.diagnosis.standing import remember
from holdfast.diagnosis.survey import Survey, sum_up
from holdfast.facts import Judgement, kinds_read, weigh
from holdfast.model.baseline import NOTHING, Baseline
from holdfast.model.coverage import Off
from holdfast.model.last_scan import LastScan, Standing
from holdfast.model.objects import Object
from holdfast.model.rules import Channel, Found, Rule
from holdfast.model.snapshot import Capture, Identity, Snapshot, State
from holdfast.ports import Lost, News, Resumed
from holdfast.workflow import reach
from holdfast.workflow.follow import Followed
from holdfast.workflow.hearing import Hearing, Outage, Scope


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What is watched, and how it is judged."""

    rules: tuple[Rule, ...]
    namespaces: tuple[str, ...] | None = None
    grace_scale: float = 1
    baseline: Baseline = NOTHING
    off: tuple[Off, ...] = ()


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The cluster as it is known at one moment, judged.

    `snapshot.now` is the moment that it is judged at. It stands still while nobody answers.
    """

    at: datetime
    snapshot: Snapshot
    survey: Survey
    outage: Outage | None = None
    astray: str = ""  # why what was asked for cannot be seen at all, although somebody answers
    followed: int  # how many kinds


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
        self.hearing = Hearing()
        self.unproven: Mapping[str, State] = {}  # namespaces that nobody vouches for: the last word
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

    @property
    def read(self) -> int:
        """How many have been read."""
        lost = self.hearing.why_lost
        return sum(1 for s in self.scopes if s not in self._unheard and lost(s) is None)

    def lists(self, kind: type[Object]) -> bool:
        """Whether that kind is followed, and seen whole."""
        capture = self._captures.get(kind)
        return capture is not None and capture.whole

    def hear(self, scope: Scope, news: News[Object], now: datetime) -> None:
        """Take one piece of news."""
        kind = scope[0]
        self._unheard.discard(scope)
        self.hearing.hear(scope, news, now)
        if not isinstance(news, Lost | Resumed):
            self._followed[scope].apply(news)
            self._touched.add(kind)

    def view(self, now: datetime, *, afresh: bool = False) -> View:
        """Judge what is known now; `afresh` asks every rule again."""
        touched = frozenset(self.kinds) if afresh else frozenset(self._touched)
        self._touched.clear()
        self._captures |= {kind: self._capture(kind) for kind in touched}
        captures = tuple(self._captures.values())
        whole = self.hearing.judge(self.kinds, now)
        snapshot = Snapshot(now=whole, captures=captures, cluster=self._cluster)
        moments = {rule: self.hearing.moment(rule.reads, now) for rule in self._terms.rules}
        sights = {moment: snapshot.at(moment) for moment in {whole, *moments.values()}}
        for rule, moment in moments.items():
            if not touched.isdisjoint(rule.sight):
                self._found[rule] = tuple(rule(sights[moment]))
        scale = self._terms.grace_scale
        judged = weigh(snapshot, self._found, grace_scale=scale, moments=moments)
        before, self._judged = self._judged, judged
        if afresh or self._survey is None or _told(judged) != _told(before):
            self._survey = self._sum_up(snapshot, judged)
        elif judged != before:
            self._survey = _younger(self._survey, judged)
        astray = reach.astray(captures, self._terms.namespaces, self.unproven)
        return View(
            at=now,
            snapshot=snapshot,
            survey=self._survey,
            outage=self.hearing.outage(now),
            astray="" if astray is None else astray.wrong,
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
        moments += self.hearing.due()
        return min((each - now for each in moments if each > now), default=None)

    def _capture(self, kind: type[Object]) -> Capture[Object]:
        namespaces = self._terms.namespaces
        parts = [self._part((kind, scope)) for scope in reach.scopes(kind, namespaces)]
        if namespaces is None or not kind.api.namespaced:
            return parts[0]
        return reach.put_together(kind, namespaces, parts)

    def _part(self, scope: Scope) -> Capture[Object]:
        capture = self._followed[scope].capture()
        why = self.hearing.why_lost(scope)
        if why is None or capture.state is not State.NOT_CAPTURED:
            return capture
        return msgspec.structs.replace(capture, state=State.PARTIAL, why=why)


def _told(judged: Judgement | None) -> object:
    """What is folded, and how far it could be seen. What is young is told as it is, unless there
    are incidents, of which it may be the cause.
    """
    if judged is None:
        return None
    hurts = any(finding.channel is Channel.INCIDENT for finding in judged.findings)
    return (judged.findings, judged.young if hurts else (), judged.blind)


def _younger(survey: Survey, judged: Judgement) -> Survey:
    """The same survey with what is young now; compared with itself, nothing has happened."""
    standing = survey.standing
    if standing is not None:
        standing = Standing(when=standing.when, carried=standing.carried)
    young = tuple(f for f in judged.young if f.channel is Channel.INCIDENT)
    return msgspec.structs.replace(survey, young=young, standing=standing)
