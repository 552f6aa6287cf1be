"""A plan as the product is asked about it: what it is made of, whose turn it is, and a step now."""

from collections.abc import Sequence

import msgspec

from holdfast.conformance.asking import a_proposal, ask_of, at
from holdfast.conformance.restated import Case
from holdfast.execution.courses import Course, onward
from holdfast.model.asks import Station, Verdict
from holdfast.model.plans import Plan, planned
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Risk
from holdfast.policy import OF_WORDS, Layer, decide
from holdfast.workflow.planning import hardened
from holdfast.workflow.verdicts import as_refusals


class Several:
    """One plan, made once; whatever it is asked about is asked at the moment of its step."""

    def __init__(self, steps: Sequence[Case], layers: Sequence[Layer]) -> None:
        self._steps = steps
        self._layers = layers
        try:
            self._plan: Plan | None = _plan(steps)
        except ValueError:
            self._plan = None  # it is none
        self._last = max((yes["at"] for case in steps for yes in case["assents"]), default=0)

    def refused_by(self, step: int, verified: int) -> set[str]:
        """Who refuses to have that step done now, with so many verified."""
        if self._plan is None:
            return {"plan"}
        course = Course()
        for _ in range(verified):
            course = onward(course, at(0))
        if course.step != step:
            return {"turn"}
        if step == 1 and not all(map(self._said, self._plan.steps[1:])):
            return {"words"}
        case = self._told(self._plan.at(step))
        began = {"its_turn": self._last} if step == 1 else {}
        return _by(decide(ask_of({**case, **began}), self._layers))

    def _said(self, about: Proposal) -> bool:
        """Whether everybody's word for that step held when the last one for the plan came."""
        ask = ask_of({**self._told(about), "now": self._last})
        of_words = [layer for layer in OF_WORDS if layer in self._layers]
        then = msgspec.structs.replace(ask, station=Station.APPROVAL)
        return bool(then.assents) and not _by(decide(then, of_words))

    def _told(self, about: Proposal) -> Case:
        """The case of a step, with the risk and the digest that its plan gives it."""
        case = self._steps[about.step - 1]

        def digest(told: str) -> str:
            return about.digest if told == "d1" else told

        assents = [{**yes, "digest": digest(yes["digest"])} for yes in case["assents"]]
        risk = about.risk.name.lower()
        return {**case, "risk": risk, "digest": digest(case["digest"]), "assents": assents}


def _by(verdict: Verdict) -> set[str]:
    return {no.by for no in as_refusals(verdict)}


def _plan(steps: Sequence[Case]) -> Plan:
    """The plan, each step as hard as the hardest. Raises `ValueError` for what is none."""
    made = planned([_proposal(case) for case in steps])
    return planned([each for each, _ in hardened(made.steps)])


def _proposal(case: Case) -> Proposal:
    alone = a_proposal(case["action"])
    return msgspec.structs.replace(
        alone,
        target=msgspec.structs.replace(alone.target, uid=case["uid"]),
        risk=Risk[case["risk"].upper()],
        requester=case["requester"],
        proposed=at(case["proposed"]),
    )
