"""What somebody wants to have proposed, and what is seen when it is looked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.diagnosis.repairs import Around, Repairs, repairs
from holdfast.diagnosis.survey import Survey
from holdfast.errors import BadInput
from holdfast.model.objects import Ref
from holdfast.model.patches import Form
from holdfast.model.snapshot import Snapshot
from holdfast.model.troubles import Trouble
from holdfast.surfaces.cli.meaning import meant, written
from holdfast.surfaces.cli.repairs.listing import Output
from holdfast.topology.edges import topology
from holdfast.topology.graph import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A patch that somebody wrote."""

    file: Path
    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was said on the command line."""

    trouble: str = ""  # with a patch alone: whichever it answers
    action: str = ""
    target: str = ""
    list_only: bool = False
    output: Output = Output.TEXT
    policy: Path | None = None
    patch: Written | None = None
    namespaces: tuple[str, ...] = ()  # that are named; of none, everywhere is looked

    def names(self, target: Ref) -> bool:
        """Whether that object can be meant."""
        names = ("", target.name, f"{target.namespace}/{target.name}", written(target))
        return self.target in names


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One look at the cluster."""

    snapshot: Snapshot
    judged: Survey

    def could(self, word: str) -> tuple[Trouble, Topology, Repairs]:
        """The trouble that a word means, and what could be done about it."""
        trouble, snapshot = trouble_meant(word, self.judged), self.snapshot
        graph = self.around([trouble]).topology
        return trouble, graph, repairs(trouble, snapshot, graph, snapshot.now)

    def around(self, troubles: Sequence[Trouble]) -> Around:
        """What those troubles are looked at in."""
        where = frozenset(each.about.namespace for trouble in troubles for each in trouble.findings)
        graph = topology(self.snapshot, where)
        return Around(snapshot=self.snapshot, topology=graph, now=self.snapshot.now)


def trouble_meant(word: str, judged: Survey) -> Trouble:
    """The trouble that a word means: by its id, or by that of something that belongs to it."""
    ids = {id_ for id_, _ in meant(word, judged)}
    named = [
        trouble
        for trouble in judged.troubles
        if trouble.id in ids or any(each.id in ids for each in trouble.findings)
    ]
    if len(named) == 1:
        return named[0]
    if not named:
        raise BadInput(
            f"{word} is posture: it breaks nothing, and nothing is proposed for it.",
            remedy="Name a trouble of `holdfast scan`.",
        )
    raise BadInput(f"{word} means {len(named)} troubles.", remedy=one_of(named))


def one_of(troubles: Sequence[Trouble]) -> str:
    """How to choose among those."""
    told = "; ".join(f"{each.id} ({each.code}:{written(each.cause.about)})" for each in troubles)
    return f"Name one of {told}."
