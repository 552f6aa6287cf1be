"""A story of one proposal or plan on a simulated cluster, with a keeper that is killed and started
again.

Who judges is the simulated server's own log of requests, the cluster, and the one-file verifier:
nothing that the keeper says of itself is believed without them.
"""

import asyncio
import io
import itertools
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.approvals.statements import NAMESPACE, Decision, Statement
from holdfast.conformance.audit_verifier import lines_of, read_keys, verify
from holdfast.execution import courses
from holdfast.execution.states import ENDS, State
from holdfast.grants.names import KEEPER_USER, LEASE_USERS
from holdfast.model.cases import Case
from holdfast.model.entries import Entry
from holdfast.model.handed import WORD, proposal_named
from holdfast.model.letters import Letter
from holdfast.model.proposals import Proposal
from holdfast.testing.requests import Audited, Request
from holdfast.testing.server import SimulatedServer
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.intents import INTENT
from tests.approvals.keygen import sign
from tests.surfaces.processes.boundaries import REQUEST, Point, Trace, traced
from tests.surfaces.processes.grounds import PEOPLE, Grounds, cluster_uid
from tests.surfaces.processes.mortal_keeper import Fated
from tests.surfaces.processes.mortals import a_keeper, killed
from tests.surfaces.processes.shop import MUTATES, Shop, Story, asked, lent_for, meant
from tests.workflow.executing import key

LOOK = 0.1  # seconds
LAST = 30  # looks: who is to die after the last thing is kept does so when it can be seen already
WITHIN = 600.0  # seconds for one story: on a busy machine, or if something is lost
OF_THE_WRONG = 40.0  # the same for what is left of it, if a keeper that is made wrong was killed
TIMINGS = {"SOAK": "0.5", "DEADLINE": "60", "LATE": "60", "SETTLED": "1", "REMEMBERED": "0"}
UNHELPFUL = {"DEADLINE": "2"}  # where nothing heals, and the repair is taken back
DEEDS = ("act", "undo")


@dataclass(kw_only=True)
class Run:
    """One story, from the letter to the end."""

    story: Story
    shop: Shop
    server: SimulatedServer
    state: Path
    environ: Mapping[str, str]
    store: SqlStore
    points: Sequence[Point] = ()
    fault: str = ""
    kills: int = 0
    id: str = ""
    odd: list[str] = field(default_factory=list)

    async def told(self) -> None:
        """The whole of it."""
        async with asyncio.timeout(WITHIN) as patience:
            await self._approved(await self.proposed())
            looks = 0
            while not (rests := self.at_rest()) or (self.kills < len(self.points) and looks < LAST):
                looks += rests
                self._hurry(patience)
                await asyncio.sleep(LOOK)

    def _hurry(self, patience: asyncio.Timeout) -> None:
        """What somebody lost on purpose is not waited for as long as what may only be slow."""
        until = patience.when()
        if self.fault and self.kills == len(self.points) and until is not None:
            patience.reschedule(min(until, asyncio.get_running_loop().time() + OF_THE_WRONG))

    async def proposed(self) -> Case:
        """What came of the first letter, when it stands to be approved."""
        outcome = await self._answer(*self.shop.asked())
        self.id = proposal_named(outcome)
        assert self.id, f"{outcome}: {self.why(outcome)}"
        while (case := self.case()) is None:
            await asyncio.sleep(LOOK)
        return case

    async def _approved(self, case: Case) -> None:
        for who in PEOPLE:
            for about in plan_of(case).steps:
                outcome = await self._says_yes(who, about)
                assert outcome.startswith(("approved", "counted")), (outcome, self.why(outcome))
                if outcome.startswith("approved"):
                    return
        raise AssertionError("it wants more than two people")

    async def _says_yes(self, who: str, about: Proposal) -> str:
        return await self._answer(WORD, says_yes(who, about), who, about.step)

    async def _answer(
        self, kind: str, body: dict[str, Any], who: str = "sam", step: int = 1
    ) -> str:
        letter = a_letter(kind, body, who, step)
        with self.store.transaction() as tx:
            tx.letters.put(letter)
        while (outcome := self.outcome(letter)) is None:
            await asyncio.sleep(LOOK)
        return outcome

    def outcome(self, letter: Letter) -> str | None:
        """What became of it, so far."""
        with self.store.reading() as tx:
            return tx.letters.outcome(letter.id)

    def case(self) -> Case | None:
        with self.store.reading() as tx:
            return tx.cases.case(self.id)

    def at_rest(self) -> bool:
        """It has ended, no lease of it is known or stands, and all of it is sealed."""
        case = self.case()
        assert case is not None
        course = courses.read(case.course)
        ended = State(case.state) in ENDS
        if not ended or course.act.lease or course.undo.lease or self.left():
            return False
        with self.store.reading() as tx:
            return not tx.records.waiting(1)

    def left(self) -> list[str]:
        """What of leases stands on the cluster."""
        stored = self.shop.cluster.server.store
        accounts = {place[2] for place, _ in stored.listing("serviceaccounts")}
        bindings = {
            place[2]
            for plural in ("rolebindings", "clusterrolebindings")
            for place, _ in stored.listing(f"{plural}.rbac.authorization.k8s.io")
        }
        return sorted(
            each for each in accounts | bindings if each.startswith(("act.", "preview.", "undo."))
        )

    def entries(self) -> list[Entry]:
        with self.store.reading() as tx:
            return [msgspec.json.decode(line, type=Entry) for line in tx.records.lines()]

    def why(self, outcome: str) -> str:
        id_ = outcome.rpartition(" ")[2]
        with self.store.reading() as tx:
            drafts = [str(each.details) for each in tx.records.waiting(99) if each.id == id_]
        return "".join(drafts + [str(each.details) for each in self.entries() if each.id == id_])

    # the keepers

    async def kept_alive(self) -> None:
        """A keeper, and another one each time that it was killed."""
        for turn, point in enumerate([*self.points, None], start=1):
            await self._lived(self._fated(turn, point))
            self.kills += 1

    @contextmanager
    def kept_by(self, many: int) -> Iterator[Sequence[Fated]]:
        """So many keepers at once, whom nobody kills."""
        fated = [self._fated(number, None) for number in range(1, many + 1)]
        with ExitStack() as stack:
            stack.enter_context(self.shop.watched(self._judge_at_once))
            for each in fated:
                stack.enter_context(a_keeper(each))
            yield fated

    def _fated(self, turn: int, point: Point | None) -> Fated:
        return Fated(
            environ=self.environ,
            point=point,
            trace=self.trace(turn),
            log=self.state / f"log-{turn}",
            fault=self.fault,
        )

    async def until_killed(self, point: Point) -> None:
        """The story as far as one keeper comes, who is killed there; nobody takes over."""
        telling = asyncio.create_task(self.told())
        try:
            async with asyncio.timeout(WITHIN):
                await self._lived(self._fated(1, point))
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)

    async def _lived(self, fated: Fated) -> None:
        with Trace.opened(fated.trace) as trace, a_keeper(fated) as keeper:

            def around(moment: str, request: Request) -> None:
                self._judge_at_once(moment, request)
                if trace.meet(REQUEST, f"{moment} {asked(request)}") == fated.point:
                    keeper.kill()
                    raise ConnectionResetError

            with self.shop.watched(around):
                await killed(keeper, fated)

    def trace(self, turn: int) -> Path:
        return self.state / f"trace-{turn}"

    def _judge_at_once(self, moment: str, request: Request) -> None:
        """What leases are about to do was sealed in the chain before they do it, and whatever is to
        be done before it is done.
        """
        if moment != "before" or not meant(request):
            return
        purpose, action, uid = lent_for(request.who.name)
        with self.store.reading() as tx:
            intents = [each.details for each in tx.records.of_kind(INTENT)]
        back = purpose == "undo"
        if not any("undo" in each if back else each.get("uid") == uid for each in intents):
            self.odd.append(f"its intent was not sealed: {asked(request)}")
        earlier = itertools.takewhile(lambda kind: kind.lower() != action, self.story.kinds)
        if not all(map(self.shop.done, earlier)):
            self.odd.append(f"it was not its turn yet: {asked(request)}")

    # the judge

    def writes(self) -> list[Audited]:
        """What leases have asked for, did not only rehearse, and were granted."""
        return [
            each
            for each in self.shop.cluster.audit
            if each.user.startswith(LEASE_USERS)
            and each.verb in MUTATES
            and not each.dry_run
            and each.code < 300
            and "reviews" not in each.resource
        ]

    def wrong(self) -> Iterator[str]:
        """Everything that is not as it must be."""
        case = self.case()
        if case is None:
            yield "lost: there is no case"
            return
        undone = self.story.undone
        acts = [("act", kind.lower()) for kind in self.story.kinds]
        wanted = [*acts, *(("undo", kind) for _, kind in reversed(acts) if undone)]
        entries = self.entries()
        events = [each.details["event"] for each in entries if "event" in each.details]
        sent = [lent_for(each.user)[:2] for each in self.writes()]
        if sent != wanted:
            more = "done twice" if len(sent) > len(wanted) else "in another order"
            yield f"{'lost' if len(sent) < len(wanted) else more}: {sent}"
        if self.left():
            yield f"leaked: {self.left()}"
        if State(case.state) is not self.story.end:
            yield f"it ended {case.state}: {courses.read(case.course).says}"
        if {undone} & {*map(self.shop.done, self.story.kinds)}:
            yield f"the cluster does not show it {case.state}"
        if events.count("applied") + events.count("found_done") != len(acts):
            yield f"told otherwise: {events}"
        if "lost" in events and not self.answer_lost():
            yield "it was unknown, and no answer was lost"
        yield from self.odd
        yield from self._chain()

    def answer_lost(self) -> bool:
        """Whether somebody died after a request that the server heard, with its answer unkept."""
        for turn in range(1, self.kills + 1):
            unheard = False
            for point in traced(self.trace(turn)):
                if point.doing == REQUEST:
                    meant_by = point.place.endswith((" by act", " by undo"))
                    unheard |= meant_by and " dry " not in point.place
                elif point.doing in DEEDS and point.place.startswith("after outcome"):
                    unheard = False
            if unheard:
                return True
        return False

    def _chain(self) -> Iterator[str]:
        with self.store.reading() as tx:
            lines = b"".join(line.rstrip(b"\n") + b"\n" for line in tx.records.lines())
        keys = read_keys([self.state / "keys" / "public"])
        _, bad = verify(lines_of(io.BytesIO(lines)), keys, cluster=self.store.cluster)
        if bad is not None:
            yield f"the chain does not verify: {bad}"


def says_yes(who: str, about: Proposal) -> dict[str, str]:
    """The body of the letter in which somebody approves a step, signed by the real ssh-keygen."""
    text = Statement(
        v=1,
        cluster=about.cluster,
        proposal=about.id,
        digest=about.digest,
        step=about.step,
        decision=Decision.APPROVE,
        until=about.open_until,
    ).text()
    return {"statement": text.decode(), "signature": sign(key(who), text, NAMESPACE)}


def a_letter(kind: str, body: dict[str, Any], who: str, step: int = 1) -> Letter:
    """From somebody, who sends one of each kind about each step."""
    id_, at = f"ltr_{kind}_{who}_{step}", SystemClock().now()
    return Letter(id=id_, kind=kind, sender=f"cli:{who}", body=body, at=at)


@asynccontextmanager
async def a_run(
    on: Grounds, name: str, story: Story, points: Sequence[Point], fault: str = ""
) -> AsyncIterator[Run]:
    """One that is about to begin."""
    state, environ = on.copy(name)
    shop = Shop(story)
    store = SqlStore(open_engine(parse_url(on.whole(name))), cluster_uid())
    async with SimulatedServer(shop.cluster) as server:
        kubeconfig = server.write_kubeconfig(state / "kubeconfig", user=KEEPER_USER)
        timings = TIMINGS | (UNHELPFUL if story.undone else {})
        made = Run(
            story=story,
            shop=shop,
            server=server,
            state=state,
            environ={
                **environ,
                "HOLDFAST_KEEPER_KUBECONFIG": str(kubeconfig),
                **{f"HOLDFAST_{name}": value for name, value in timings.items()},
            },
            store=store,
            points=points,
            fault=fault,
        )
        try:
            yield made
        finally:
            store.close()


async def lived(run: Run) -> list[str]:
    """The story to its end, whoever dies; what was not as it must be."""
    keeping = asyncio.create_task(run.kept_alive())
    telling = asyncio.create_task(run.told())
    try:
        await asyncio.wait((keeping, telling), return_when=asyncio.FIRST_COMPLETED)
        for each in (keeping, telling):
            if each.done() and (failed := each.exception()) is not None:
                return [f"{type(failed).__name__}: {failed} {_standing(run)}"]
    finally:
        for each in (keeping, telling):
            each.cancel()
        await asyncio.gather(keeping, telling, return_exceptions=True)
    return [*run.wrong()]


def _standing(run: Run) -> str:
    case = run.case() if run.id else None
    state = f"{case.state} {courses.read(case.course).says}" if case is not None else "no case"
    return f"{state}; leases {run.left()}"
