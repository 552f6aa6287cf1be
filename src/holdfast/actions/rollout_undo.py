"""Bring a Deployment back to a template that was healthy here."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated

import msgspec

from holdfast.model.canonical import Plain
from holdfast.model.isolation import weakened
from holdfast.model.kinds import Deployment, Pod, ReplicaSet
from holdfast.model.objects import Ref
from holdfast.model.paths import Difference, Path
from holdfast.model.repairs import (
    GONE,
    LEAVING,
    VANISHED,
    Action,
    ActionClass,
    Recovery,
    Risk,
    Sight,
    State,
    action,
)
from holdfast.model.rollouts import rollout
from holdfast.model.snapshot import Snapshot
from holdfast.model.steps import Patch, Set, Step

TEMPLATE: Path = ("spec", "template")
_NAME = r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\Z"  # as Kubernetes names objects
_TOLD = 8  # of what is weakened, each on the card
_HASH = "pod-template-hash"  # the label that its controller adds to each revision


@action(
    targets=(Deployment,),
    sees=(ReplicaSet, Pod),
    reads=(TEMPLATE, ("spec", "replicas"), ("spec", "paused"), ("spec", "selector")),
    touches=(TEMPLATE,),
    does=(Patch,),
    undoes=(Patch,),
    of_class=ActionClass.ROLLBACK,
    risk=Risk.MEDIUM,
    answers=(
        "HF-WRK-010",
        "HF-WRK-012",
        "HF-WRK-013",
        "HF-WRK-016",
        "HF-WRK-017",
        "HF-WRK-019",
        "HF-WRK-020",
        "HF-WRK-021",
        "HF-WRK-022",
        "HF-WRK-023",
        "HF-WRK-024",
        "HF-WRK-025",
        "HF-WRK-026",
        "HF-WRK-050",
        "HF-WRK-096",
    ),
    example={"replica_set": "web-6d4b9c8f7", "uid": "3e1f0a52-7c1d-4b8e-9a36-2f5d8c7b6a10"},
)
class RolloutUndo(Action, frozen=True, kw_only=True):
    """Roll a Deployment back to one of its ReplicaSets that did well.

    The template is that of the ReplicaSet, word for word; it is never written by anybody. One that
    somebody made by hand is no revision. The risk is high where it weakens what keeps it apart.
    """

    replica_set: Annotated[str, msgspec.Meta(pattern=_NAME)]
    uid: Annotated[str, msgspec.Meta(pattern=_NAME)]

    @classmethod
    def suggested(
        cls,
        around: Snapshot,
        target: Ref,
        code: str,  # noqa: ARG003 - what went wrong came with the template, whatever it is
        now: datetime,  # noqa: ARG003
    ) -> Iterator[Action]:
        """Back to each revision that has ready pods now, the newest first, but for the one that it
        runs. Where none has any, back to the one before: the journal may have seen it do well.
        """
        deployment = around.find(Deployment, target.namespace, target.name)
        if deployment is None or deployment.metadata.uid != target.uid:
            return
        kept = around.owned_by(ReplicaSet, deployment)
        made = [each for each in kept if not any(_by_hand(each, deployment, kept))]
        revisions = sorted(made, key=_number, reverse=True)
        before = revisions[1:]  # the newest is what it wants now
        ready = [each for each in before if _ready(around, each)]
        for each in ready or before[:1]:
            yield cls(replica_set=each.metadata.name, uid=each.metadata.uid)

    @classmethod
    def that_changes(cls, changed: Sequence[Difference], seen: Sight) -> Iterator[Action]:
        """Back to each revision that was read beside it; which one it is, its steps show."""
        for each in seen.beside if changed else ():
            yield cls(replica_set=each.ref.name, uid=each.ref.uid)

    def wants(self, target: Ref) -> tuple[Ref, ...]:
        """The revision that is gone back to."""
        return (
            Ref(
                api_version=ReplicaSet.api.api_version,
                kind=ReplicaSet.api.kind,
                namespace=target.namespace,
                name=self.replica_set,
                uid=self.uid,
            ),
        )

    def refuses(self, seen: Sight) -> Iterator[str]:
        """Where the way back leads to nothing known to be good."""
        deployment = seen.target(Deployment)
        if deployment is None:
            yield GONE
            return
        if deployment.spec.paused:
            yield "its rollouts are paused: somebody holds it on purpose"
        if deployment.spec.replicas == 0:
            yield "it wants no pods"
        if deployment.leaving:
            yield LEAVING
        yield from self._refuses_revision(seen, deployment)

    def _refuses_revision(self, seen: Sight, deployment: Deployment) -> Iterator[str]:
        kept = self._kept(seen, deployment)
        template = self._template(seen)
        if kept is None or template is None:
            yield f"it has no revision {self.replica_set} of that uid"
            return
        for why in _by_hand(kept, deployment, seen.around.owned_by(ReplicaSet, deployment)):
            yield f"{self.replica_set} is no revision of it: {why}"
        if template == seen.document.at(*TEMPLATE):
            yield f"{self.replica_set} is what it runs"
        if not _ready(seen.around, kept) and kept.metadata.uid not in seen.healthy_before:
            yield f"nobody has seen {self.replica_set} do well here"

    def worsens(self, seen: Sight) -> Iterator[str]:
        """What the old template opens that the present one keeps shut."""
        opened = weakened(seen.document.at(*TEMPLATE), self._template(seen))
        if opened:
            more = f", and {len(opened) - _TOLD} more" if len(opened) > _TOLD else ""
            told = ", ".join(opened[:_TOLD])
            yield f"{self.replica_set} weakens the isolation of what runs now: {told}{more}"

    def steps(self, seen: Sight) -> tuple[Step, ...]:
        """The whole template at once."""
        was = seen.document.at(*TEMPLATE)
        back = Set(path=TEMPLATE, value=self._template(seen), was=was)
        return (Patch(target=seen.document.ref, sets=(back,)),)

    def recovery(self, before: Sight, after: Sight) -> Recovery:
        """The rollout of that template is through."""
        deployment = after.target(Deployment)
        if deployment is None or before.document.ref.uid != after.document.ref.uid:
            return VANISHED
        if after.document.at(*TEMPLATE) != self._template(before):
            return Recovery(state=State.ILL, says="somebody else has changed its template since")
        return rollout(deployment)

    def undo(self, before: Sight) -> tuple[Step, ...]:
        """The template that it had."""
        there, back = before.document.at(*TEMPLATE), self._template(before)
        again = Set(path=TEMPLATE, value=there, was=back)
        return (Patch(target=before.document.ref, sets=(again,)),)

    def _kept(self, seen: Sight, deployment: Deployment) -> ReplicaSet | None:
        owned = seen.around.owned_by(ReplicaSet, deployment)
        return next((each for each in owned if each.metadata.uid == self.uid), None)

    def _template(self, seen: Sight) -> Plain:
        """The revision's template, without what its controller added."""
        document = next((d for d in seen.beside if d.ref.uid == self.uid), None)
        template = document.at(*TEMPLATE) if document is not None else None
        if not isinstance(template, Mapping):
            return None
        metadata = template.get("metadata")
        labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
        if not isinstance(metadata, Mapping) or not isinstance(labels, Mapping):
            return template
        kept = {name: value for name, value in labels.items() if name != _HASH}
        return {**template, "metadata": {**metadata, "labels": kept}}


def _ready(around: Snapshot, replica_set: ReplicaSet) -> bool:
    return any(pod.ready and not pod.over for pod in around.owned_by(Pod, replica_set))


def _by_hand(
    replica_set: ReplicaSet, deployment: Deployment, all_of_it: Sequence[ReplicaSet]
) -> Iterator[str]:
    """Why its Deployment's controller cannot have made it, as far as that can be seen."""
    code = replica_set.metadata.labels.get(_HASH)
    name = f"{deployment.metadata.name}-{code}"
    if not code or replica_set.metadata.name != name:
        yield f"it is not named after its Deployment and its {_HASH}"
    number = replica_set.metadata.annotations.numbered
    if not number:
        yield "it carries no number"
    elif sum(each.metadata.annotations.numbered == number for each in all_of_it) > 1:
        yield f"another carries the number {number} as well"


def _number(replica_set: ReplicaSet) -> tuple[int, str]:
    return replica_set.metadata.annotations.numbered, str(replica_set.born)
