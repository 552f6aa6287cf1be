"""`holdfast policy explain`: every layer's answer, at every station that a proposal came to."""

from collections.abc import Iterator, Mapping, Sequence

from holdfast.execution.states import State
from holdfast.model.entries import Entry
from holdfast.policy import LAYERS, SURROUNDINGS
from holdfast.surfaces.cli.exits import NOTHING
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.repairs.dossier import Dossier
from holdfast.surfaces.cli.repairs.finding import found
from holdfast.surfaces.cli.repairs.words import action_told, place_of, state_told
from holdfast.surfaces.cli.text import clean
from holdfast.workflow.verdicts import VERDICT

NAMES = [layer.__name__ for layer in (*LAYERS, *SURROUNDINGS)]
WIDEST = max(map(len, NAMES))


def explain(ground: Ground, id_: str) -> int:
    """Print it."""
    with ground.store() as store:
        told = found(ground, store, id_)
        with store.reading() as tx:
            verdicts = [each for each in tx.records.of_kind(VERDICT) if id_ in each.subjects]
    print("\n".join(_lines(told, verdicts)))
    return NOTHING


def _lines(told: Dossier, verdicts: Sequence[Entry]) -> Iterator[str]:
    for about in told.plan.steps:
        yield clean(f"{about.id}: {action_told(about.action)} of {place_of(about.target)}")
    yield f"It is {state_told(State(told.case.state))}."
    for each in verdicts:
        station = each.details.get("station", "")
        yield ""
        step = f" of step {each.details.get('step', 1)}" if told.several else ""
        yield clean(f"At {station}{step}, {each.time}:")
        yield from _answers(each.details)
    if not verdicts:
        yield "No verdict on it is in the record yet."


def _answers(details: Mapping[str, object]) -> Iterator[str]:
    """Every layer's, also of those that let it through."""
    refusals, needs = _by_layer(details.get("refusals")), _by_layer(details.get("needs"))
    for name in NAMES:
        answers = [f"refuses: {each.get('because', '')}" for each in refusals.get(name, ())]
        answers += [
            f"wants {each.get('what', '')}: {each.get('because', '')}"
            for each in needs.get(name, ())
        ]
        told = clean("; ".join(answers)) or "lets it through"
        yield f"  {name.ljust(WIDEST)}  {told}"
    for name in sorted((refusals.keys() | needs.keys()) - set(NAMES)):
        more = (*refusals.get(name, ()), *needs.get(name, ()))
        because = clean("; ".join(str(each.get("because", "")) for each in more))
        yield f"  {clean(name).ljust(WIDEST)}  refuses: {because}"


def _by_layer(told: object) -> Mapping[str, Sequence[Mapping[str, object]]]:
    found: dict[str, list[Mapping[str, object]]] = {}
    for each in told if isinstance(told, list | tuple) else ():
        if isinstance(each, Mapping):
            found.setdefault(str(each.get("by", "")), []).append(each)
    return found
