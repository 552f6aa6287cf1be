"""`holdfast propose`: what could be done about a trouble, and one of it handed to the keeper."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.text import Text

from holdfast import facts
from holdfast.diagnosis.repairs import Candidate, Repairs
from holdfast.diagnosis.survey import survey
from holdfast.errors import BadInput, NotReady, sentence
from holdfast.execution.states import State
from holdfast.model.asks import Refusal
from holdfast.model.handed import PLAN, PROPOSE, Meant, Propose, ProposePlan, proposal_named
from holdfast.model.objects import Ref
from holdfast.model.repairs import plain_of
from holdfast.model.snapshot import Snapshot
from holdfast.model.troubles import Trouble
from holdfast.ports import Store
from holdfast.surfaces.cli.consoles import Plain, write
from holdfast.surfaces.cli.doors import Doors
from holdfast.surfaces.cli.exits import NOTHING, REFUSED
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.looking import Source, take
from holdfast.surfaces.cli.meaning import written
from holdfast.surfaces.cli.repairs.finding import found
from holdfast.surfaces.cli.repairs.frozen import warn
from holdfast.surfaces.cli.repairs.keeper import asked, refuse_without_keeper, tell
from holdfast.surfaces.cli.repairs.listing import Output
from holdfast.surfaces.cli.repairs.listing import tell as show
from holdfast.surfaces.cli.repairs.patches import asked_by
from holdfast.surfaces.cli.repairs.plan_files import PlanAsked, StepAsked
from holdfast.surfaces.cli.repairs.weighing import Scales, Weighed
from holdfast.surfaces.cli.repairs.wishes import Seen, Wish
from holdfast.surfaces.cli.repairs.words import action_told, place_of
from holdfast.surfaces.cli.text import clean
from holdfast.topology.graph import Topology

PREVIEWED_WITHIN = 60.0  # seconds for each step: a lease for dry runs, and a dry run
PACE = 0.1


def propose(doors: Doors, ground: Ground, source: Source, wish: Wish) -> int:
    """Look, find the trouble, weigh what could be done, and have one of it proposed."""
    with ground.store() as store:
        seen = _looked(doors, source, store)
        if wish.patch is None:
            trouble, graph, could = seen.could(wish.trouble)
        else:
            equal = asked_by(wish, wish.patch, seen, doors.look(source.target))
            if isinstance(equal, Refusal):
                Plain(stderr=True).print(clean(sentence(f"Refused: {equal.because}")))
                return REFUSED
            trouble, could = equal.trouble, Repairs(candidates=(equal.candidate,))
            graph = seen.around([trouble]).topology
        scales = _scales(doors, ground, store, seen.snapshot, graph, wish.policy)
        with store.reading() as tx:
            weighed = [scales.weighed(tx, each) for each in could.candidates]
        chosen = choose(weighed, wish)
        if chosen is None:
            return _listed(trouble, could, weighed, here=scales.standing is not None)
        body = _body(ground, trouble, chosen.candidate)
        return _proposed(doors, ground, store, body, wish.output)


def propose_plan(
    doors: Doors, ground: Ground, source: Source, plan: PlanAsked, output: Output
) -> int:
    """Look, find each step's trouble and repair, and have all of them proposed as one."""
    with ground.store() as store:
        seen = _looked(doors, source, store)
        steps = [_step(ground, seen, each, number) for number, each in enumerate(plan.steps, 1)]
        return _proposed(doors, ground, store, ProposePlan(steps=tuple(steps)), output)


def _step(ground: Ground, seen: Seen, asked: StepAsked, number: int) -> Propose:
    try:
        trouble, _, could = seen.could(asked.trouble)
        wish = Wish(trouble=asked.trouble, action=asked.action, target=asked.target)
        named = [Weighed(candidate=each, refusals=()) for each in could.candidates]
        chosen = choose(named, wish)
    except BadInput as odd:
        raise BadInput(f"Step {number}: {odd.wrong}", remedy=odd.remedy) from None
    if chosen is None:
        raise BadInput(f"Step {number} names no repair.", remedy="Name its action.")
    return _body(ground, trouble, chosen.candidate)


def _looked(doors: Doors, source: Source, store: Store) -> Seen:
    warn(store)
    snapshot = take(doors, source, facts.kinds_read())
    _refuse_elsewhere(snapshot, store)
    judged = survey(snapshot, grace_scale=doors.preferences().grace_scale)
    return Seen(snapshot=snapshot, judged=judged)


def _scales(
    doors: Doors,
    ground: Ground,
    store: Store,
    snapshot: Snapshot,
    graph: Topology,
    policy: Path | None,
) -> Scales:
    folder = doors.policy.folder(policy)
    return Scales(
        snapshot=snapshot,
        topology=graph,
        standing=doors.policy.standing(folder) if folder.is_dir() else None,
        cluster=store.cluster,
        requester=ground.actor,
        now=snapshot.now,
    )


def choose(weighed: Sequence[Weighed], wish: Wish) -> Weighed | None:
    """The one to propose: what was named, or the only one that nobody refuses, if it goes at the
    cause; None to list them.

    What is named is proposed also where it is refused here: the keeper says so with every answer.
    """
    if wish.list_only:
        return None
    if wish.patch is not None:
        return weighed[0]
    if not wish.action and not wish.target:
        allowed = [each for each in weighed if not each.refusals]
        only = len(allowed) == 1 and allowed[0].candidate.of_cause
        return allowed[0] if only else None
    fitting = [each for each in weighed if _is_named(each.candidate, wish)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        where = ", ".join(written(each.candidate.target) for each in fitting)
        raise BadInput(
            f"There are {len(fitting)} of that: {where}.", remedy="Name one with --target."
        )
    there = ", ".join(dict.fromkeys(_called(each) for each in weighed))
    raise BadInput(
        f"{wish.action or wish.target} is nothing that could be done about this.",
        remedy=f"There is {there}." if there else "There is nothing that we could do.",
    )


def _is_named(each: Candidate, wish: Wish) -> bool:
    return wish.action in ("", each.action.kind.name) and wish.names(each.target)


def _called(each: Weighed) -> str:
    return f"{each.candidate.action.kind.name} on {written(each.candidate.target)}"


def _listed(trouble: Trouble, could: Repairs, weighed: Sequence[Weighed], *, here: bool) -> int:
    write(Plain(), _lines(trouble, could, weighed, here=here))
    return NOTHING if any(not each.refusals for each in weighed) else REFUSED


def _lines(
    trouble: Trouble, could: Repairs, weighed: Sequence[Weighed], *, here: bool
) -> Iterator[Text]:
    cause = trouble.cause
    yield Text(clean(f"{trouble.id}  {cause.code} {cause.name}: {written(cause.about)}"), "bold")
    yield Text(f"  {clean(cause.says)}")
    for each in weighed:
        action, target = each.candidate.action, each.candidate.target
        yield Text()
        yield Text(f"{action.kind.name} of {place_of(target)}", "dim" if each.refusals else "bold")
        yield Text(f"  {action_told(action)}: {action.kind.summary}")
        for no in each.refusals:
            yield Text(f"  {clean(f'refused by {no.by}: {no.because}')}", "yellow")
        if not each.refusals:
            more = "" if each.candidate.of_cause else ", about what follows from the cause"
            yield Text(f"  allowed, as far as can be told from here{more}")
            flags = f"--action {action.kind.name} --target {clean(written(target))}"
            yield Text(f"  holdfast propose {trouble.id} {flags}", "bold")
    yield Text()
    if not weighed:
        yield Text(clean(could.escalate[:1].upper() + could.escalate[1:]), "bold")
    elif all(each.refusals for each in weighed):
        yield Text("None: escalate. All that could be done is refused.", "bold")
    yield Text(BY_HERE if here else BY_DEFAULT, "dim")


BY_HERE = "By the policy folder of this machine; the keeper judges again, by its own."
BY_DEFAULT = (
    "By what is compiled in: this machine has no policy folder (HOLDFAST_POLICY). The keeper "
    "judges again, by its own."
)


def _proposed(
    doors: Doors, ground: Ground, store: Store, body: Propose | ProposePlan, output: Output
) -> int:
    """Hand it over, wait for the preview, and show what came of it."""
    refuse_without_keeper(store)
    kind, steps = (PROPOSE, 1) if isinstance(body, Propose) else (PLAN, len(body.steps))
    answer = asked(ground, store, kind, body, doors.now())
    if answer.refused:
        return tell(answer, "")
    id_ = proposal_named(answer.outcome)
    with Plain(stderr=True).moving(f"{id_}: the API server is asked what would come of it ..."):
        asyncio.run(_previewed(store, id_, PREVIEWED_WITHIN * steps))
    told = found(ground, store, id_)
    with store.reading() as tx:
        show(told, output, tx.now())
    return NOTHING if told.case.state == State.PROPOSED else REFUSED


def _body(ground: Ground, trouble: Trouble, candidate: Candidate) -> Propose:
    params = plain_of(candidate.action)["params"]
    target = candidate.target
    return Propose(
        trouble=trouble.id,
        code=candidate.answers.code,
        target=Meant(**{name: getattr(target, name) for name in Ref.__struct_fields__}),
        action=candidate.action.kind.name,
        params=params if isinstance(params, dict) else {},
        requester=ground.actor,
    )


async def _previewed(store: Store, id_: str, within: float) -> None:
    """Until the case is there. Raises `NotReady` if it is not in its time."""
    try:
        async with asyncio.timeout(within):
            while not await asyncio.to_thread(_is_there, store, id_):
                await asyncio.sleep(PACE)
    except TimeoutError:
        raise NotReady(
            f"{id_} was not previewed within {within:g} s.",
            remedy=f"See what the keeper's log says; later: holdfast proposals {id_}",
        ) from None


def _is_there(store: Store, id_: str) -> bool:
    with store.reading() as tx:
        return tx.cases.case(id_) is not None


def _refuse_elsewhere(snapshot: Snapshot, store: Store) -> None:
    """What is found in one cluster is not proposed to the keeper of another."""
    if snapshot.cluster.uid != store.cluster:
        raise BadInput(
            f"This cluster is {snapshot.cluster.uid or 'unknown'}, and the database is of "
            f"{store.cluster}.",
            remedy="Name the kubeconfig, or the state folder, of the same cluster.",
        )
