"""What is signed, in words: targets, steps, places and values, so that none passes for another.

- Characters beyond ASCII are shown by their numbers: no letter looks like another one.
- A big value is cut and says so; of two that begin alike, what differs is shown.
- Names are never cut.
"""

import json
import re

from holdfast.execution.states import State
from holdfast.model.canonical import Plain
from holdfast.model.names import placed
from holdfast.model.objects import Ref
from holdfast.model.paths import Difference, Entry, Path, differences, written
from holdfast.model.repairs import Action, plain_of
from holdfast.model.steps import Create, Delete, Evict, Patch, Step
from holdfast.surfaces.cli.text import clean

LONGEST = 160  # characters of a value; `-o json` has the whole
ALIKE = 40  # characters with which two long values may both begin before those are left out

_ODD = re.compile(r"[^A-Za-z0-9_-]").search

STATES = {
    State.PROPOSED: "waits for approval",
    State.APPROVED: "approved, and about to begin",
    State.LEASED: "being done: its lease is made",
    State.APPLIED: "done, and watched until it has recovered",
    State.RECOVERED: "recovered",
    State.RECOVERED_LATE: "recovered, late",
    State.NOT_RECOVERED: "done, and not recovered",
    State.UNDOING: "being taken back",
    State.UNDONE: "taken back",
    State.UNDO_FAILED: "could not be taken back",
    State.REJECTED: "rejected",
    State.EXPIRED: "expired: nobody approved it in time, or it did not begin in time",
    State.REFUSED: "refused",
    State.FAILED: "failed: nothing was done",
    State.UNKNOWN: "unknown: nobody can tell yet whether it was done",
}
"""Where a proposal is, for people."""


def state_told(state: str) -> str:
    """Where a proposal is; a state of a newer version by its name."""
    return STATES[State(state)] if state in {*State} else clean(state)


def sure(text: str) -> str:
    """Signed text as one line in which every character is what it looks like."""
    return clean(text).encode("ascii", "backslashreplace").decode()


def place_of(ref: Ref) -> str:
    """Kind, namespace and name: whole, whatever they are."""
    return sure(f"{ref.kind} {placed(ref.namespace, ref.name)}")


def action_told(action: Action) -> str:
    """The kind, and each parameter with its value."""
    params = plain_of(action)["params"]
    told = params.items() if isinstance(params, dict) else ()
    return sure(" ".join([action.kind.name, *(f"{name}={_text(value)}" for name, value in told)]))


def value_told(value: Plain) -> str:
    """A value as JSON, cut where it is long."""
    return _cut(_text(value), 0)


def change_told(each: Difference) -> tuple[str, str, str]:
    """Where, what was there, and what will be."""
    before, after = _text(each.before), _text(each.after)
    start = _alike(before, after)
    return path_told(each.path), _cut(before, start), _cut(after, start)


def path_told(path: Path) -> str:
    """A place in an object; a name that could be taken for several stands in brackets."""
    told = (Entry(key=each) if isinstance(each, str) and _ODD(each) else each for each in path)
    return sure(written(tuple(told)))


def step_told(step: Step) -> str:
    """One request, as it will be sent."""
    match step:
        case Patch(subresource=""):
            return f"patch {place_of(step.target)}"
        case Patch():
            return f"patch {place_of(step.target)}, {sure(step.subresource)} alone"
        case Evict():
            return f"evict {place_of(step.target)}, as far as disruption budgets allow"
        case Delete():
            return f"delete {place_of(step.target)}, and what it owns after it"
        case Create():
            return f"create again: {value_told(step.manifest)}"


def changes_of(step: Step) -> tuple[Difference, ...]:
    """What a step itself asks for, place by place, as deep as it can be named."""
    sets = step.sets if isinstance(step, Patch) else ()
    return tuple(found for each in sets for found in differences(each.was, each.value, each.path))


def _text(value: Plain) -> str:
    if value is None:
        return "(nothing)"
    return clean(json.dumps(value, ensure_ascii=True, sort_keys=True, default=dict))


def _alike(one: str, other: str) -> int:
    """From where on two long texts are to be shown."""
    if max(len(one), len(other)) <= LONGEST:
        return 0
    pairs = enumerate(zip(one, other, strict=False))
    same = next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
    return same - ALIKE // 2 if same > ALIKE else 0


def _cut(text: str, start: int) -> str:
    shown = text[start : start + LONGEST]
    if len(shown) == len(text):
        return text
    before = "… " if start else ""
    after = " …" if start + LONGEST < len(text) else ""
    return f"{before}{shown}{after} (cut, of {len(text):,} characters)"
