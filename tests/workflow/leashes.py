"""A leash on fakes: a simulated cluster over HTTP, a store and an engine in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from holdfast.adapters.signers.ed25519 import check
from holdfast.execution.recovering import Timing
from holdfast.model.asks import Rules
from holdfast.model.entries import Draft
from holdfast.model.operator import OperatorAnswer, OperatorQuestion
from holdfast.model.people import API_VERSION, KIND, Identities, People, Person
from holdfast.model.plans import Plan
from holdfast.ports import Clock, Cluster, Hands, Store
from holdfast.ports.engine import Engine
from holdfast.ports.leases import Fences, Leases
from holdfast.workflow.filing import as_told
from holdfast.workflow.leash import Leash
from tests.audit.chains import a_key
from tests.workflow.notes_of_a_log import Heard
from tests.workflow.test_sealing import Counted

ANA = Person(id="ana", groups=("oncall",), identities=Identities())
BEN = Person(id="ben", groups=("platform",), identities=Identities())


def people(*who: Person) -> People:
    return People(api_version=API_VERSION, kind=KIND, people=who)


@dataclass
class Operator:
    """An operator's policy that says what it is told to."""

    says: Callable[[OperatorQuestion], bool] = lambda _: True
    asked: list[OperatorQuestion] = field(default_factory=list)
    version: str = "policy-1"

    def decide(self, question: OperatorQuestion) -> OperatorAnswer:
        self.asked.append(question)
        allows = self.says(question)
        because = "" if allows else f"no policy allows {question.person}"
        return OperatorAnswer(allows=allows, because=because)


async def nobody_asks() -> None:
    """A witness where there is none."""


class Nobody:
    """Stands where nobody is to be asked: whoever asks it anything has gone too far."""


NOBODY: object = Nobody()


def a_leash(
    *,
    store: Store,
    cluster: Cluster,
    hands: Hands,
    clock: Clock,
    engine: Engine = NOBODY,  # type: ignore[assignment]
    leases: Leases = NOBODY,  # type: ignore[assignment]
    fences: Fences = NOBODY,  # type: ignore[assignment]
) -> Leash:
    return Leash(
        store=store,
        engine=engine,
        cluster=cluster,
        hands=hands,
        leases=leases,
        fences=fences,
        operator=Operator(),
        people=lambda: people(ANA, BEN),
        rules=Rules,
        refreshed=nobody_asks,
        tickets=NOBODY,  # type: ignore[arg-type]
        check=check,
        sealed_by=lambda: [a_key().public],
        ssh_check=NOBODY,  # type: ignore[arg-type]
        clock=clock,
        dice=Counted(),
        timing=Timing(),
        log=Heard(),
        witness=nobody_asks,
    )


def told(leash: Leash, **changed: object) -> Leash:
    """The same leash with another side."""
    return replace(leash, **changed)  # type: ignore[arg-type]


def as_proposed(plan: Plan) -> Sequence[Draft]:
    """What the record says of a proposal, or of each step of a plan."""
    return [
        Draft(
            id=f"{each.id}.{each.step}.proposed",
            kind="proposal",
            actor="keeper",
            subjects=(each.id,),
            details=as_told(each),
        )
        for each in plan.steps
    ]
