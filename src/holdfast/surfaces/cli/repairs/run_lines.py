"""What happens to a proposal under way, one line for each thing: for people, or for programs.

As JSON, each is one object on a line of its own; its first field names the version of its schema.
"""

from collections.abc import Iterator, Mapping
from typing import Final, Literal

import msgspec

from holdfast.execution.states import State
from holdfast.model.entries import Entry
from holdfast.model.times import stamp, to_the_second
from holdfast.surfaces.cli.forms import as_line
from holdfast.surfaces.cli.repairs.progress import CODES, Moment
from holdfast.surfaces.cli.repairs.rows import stands
from holdfast.surfaces.cli.repairs.words import place_of, sure
from holdfast.surfaces.cli.text import clean

SCHEMA: Final = "holdfast.dev/run/v1alpha1"
SAYS = ("person", "account", "event", "says", "because", "reason")
"""The details of an entry that people want to read."""

type What = Literal["begin", "entry", "state", "end"]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened, or the first and the last that there is to say."""

    moment: Moment
    what: What
    entry: Entry | None = None


class EntryOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An entry of the record; `holdfast audit show` has all of it."""

    seq: int
    id: str
    time: str
    kind: str
    actor: str
    step: int | None
    says: dict[str, str]


class RunLineOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing that happened to a proposal, as it was seen at the moment `at`.

    `begin` is the first line and says what the proposal is; `entry` is a new entry of the record;
    `state` says where the proposal is since `changed`, and what is `waiting`; `end` is the last
    line, with how it ended and the exit code. Of a plan, `step` of `steps` is where it is.
    """

    schema: Literal["holdfast.dev/run/v1alpha1"]
    what: What
    at: str
    proposal: str
    step: int
    steps: int
    state: State
    changed: str
    entry: EntryOut | None
    waiting: str
    says: str
    exit_code: int | None


def as_text(line: Line) -> Iterator[str]:
    """It for people."""
    moment = line.moment
    match line.what:
        case "begin":
            yield f"{clean(moment.told.proposal.id)}: {_proposed(moment)}"
        case "entry" if line.entry is not None:
            yield _entry_told(line.entry, several=moment.told.several)
        case "end":
            yield moment.outcome()
        case _:
            at = to_the_second(moment.told.case.changed)
            yield f"{at}  {stands(moment.told)}"
            if not moment.ended:
                yield f"{' ' * len(at)}  waiting {moment.waits()}"


def as_json(line: Line) -> Iterator[str]:
    """It for programs."""
    moment, ends = line.moment, line.what == "end"
    says = {"begin": _proposed, "end": Moment.outcome}.get(line.what)
    waits = line.what == "state" and not moment.ended
    out = RunLineOut(
        schema=SCHEMA,
        what=line.what,
        at=stamp(moment.now),
        proposal=moment.told.plan.id,
        step=moment.told.proposal.place.step,
        steps=moment.told.proposal.place.last,
        state=moment.state,
        changed=stamp(moment.told.case.changed),
        entry=_entry_out(line.entry) if line.entry is not None else None,
        waiting=moment.waits() if waits else "",
        says=says(moment) if says is not None else "",
        exit_code=CODES[moment.state] if ends else None,
    )
    yield as_line(out)


def _proposed(moment: Moment) -> str:
    return "; then ".join(
        f"{each.action.kind.name} of {place_of(each.target)}, for {sure(each.code)}"
        for each in moment.told.plan.steps
    )


def _entry_told(entry: Entry, *, several: bool) -> str:
    told = [each for name, each in _details(entry).items() if (name, each) != _by(entry)]
    said = f": {'; '.join(told)}" if told else ""
    step = _step_of(entry)
    what = f"{entry.kind} of step {step}" if several and step is not None else entry.kind
    return clean(f"{entry.time[:19].replace('T', ' ')}Z  {what} by {entry.actor}{said}")


def _by(entry: Entry) -> tuple[str, str]:
    """A person whose own word it is, is named once."""
    return "person", entry.actor


def _step_of(entry: Entry) -> int | None:
    """Which step it is about, where it says so; a rejection is about all of them."""
    step = entry.details.get("step") if entry.kind != "rejection" else None
    return step if isinstance(step, int) else None


def _entry_out(entry: Entry) -> EntryOut:
    return EntryOut(
        seq=entry.seq,
        id=entry.id,
        time=entry.time,
        kind=entry.kind,
        actor=entry.actor,
        step=_step_of(entry),
        says=dict(_details(entry)),
    )


def _details(entry: Entry) -> Mapping[str, str]:
    each = ((name, entry.details.get(name)) for name in SAYS)
    return {name: told for name, told in each if isinstance(told, str) and told}
