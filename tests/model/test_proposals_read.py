"""A proposal is read back from what is kept of it, in its one form."""

import json
from typing import Any

import msgspec
import pytest

from holdfast.actions import built
from holdfast.conformance.sights import ACTIONS, SIGHTS
from holdfast.errors import BadRecord
from holdfast.model.canonical import canonical
from holdfast.model.proposals import Proposal, read
from tests.model.test_proposals import CHANGED, PROPOSAL

EVERY = [
    PROPOSAL,
    *(
        msgspec.structs.replace(PROPOSAL, **{name: value})
        for name, values in CHANGED.items()
        for value in values
    ),
    *(
        msgspec.structs.replace(
            PROPOSAL,
            action=ACTIONS[name],
            target=SIGHTS[name][0].document.ref,
            steps=ACTIONS[name].steps(SIGHTS[name][0]),
            undo=ACTIONS[name].undo(SIGHTS[name][0]),
        )
        for name in sorted(ACTIONS)
    ),
]


PUT: tuple[Any, ...] = (None, "x", 7, True, [], {}, {"x": "y"})


def kept(proposal: Proposal) -> str:
    return canonical(proposal.content()).decode()


@pytest.mark.parametrize("proposal", EVERY)
def test_it_comes_back_as_what_was_approved(proposal: Proposal) -> None:
    again = read(kept(proposal), built)
    assert proposal.digest == again.digest
    assert (proposal.action, proposal.target) == (again.action, again.target)
    assert (proposal.proposed, proposal.open_until) == (again.proposed, again.open_until)


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict) and value:
        return [path, *(p for k, v in value.items() for p in _leaves(v, (*path, k)))]
    if isinstance(value, list) and value:
        return [path, *(p for k, v in enumerate(value) for p in _leaves(v, (*path, k)))]
    return [path]


def _with(content: Any, path: tuple[Any, ...], put: Any) -> str:
    made = json.loads(json.dumps(content))
    at = made
    for each in path[:-1]:
        at = at[each]
    if put is None:
        del at[path[-1]]
    else:
        at[path[-1]] = put
    return canonical(made).decode()


@pytest.mark.slow
def test_what_is_changed_in_it_is_another_digest_or_nothing_that_can_be_read() -> None:
    """Every place is taken away, and set to something of each sort."""
    tried = 0
    for proposal in (EVERY[0], *EVERY[-len(ACTIONS) :]):
        content = json.loads(kept(proposal))
        for path in _leaves(content)[1:]:
            for put in PUT:
                text = _with(content, path, put)
                if text == kept(proposal):
                    continue
                tried += 1
                try:
                    assert read(text, built).digest != proposal.digest
                except BadRecord:
                    continue
    assert tried > 1000


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text.replace('"v":1', '"v":1,"v":1'),
        lambda text: text.replace('"v":1', '"v":1.0'),
        lambda text: text.replace('"v":1', '"v":2'),
        lambda text: text.replace('"v":1', '"approved":true,"v":1'),
        lambda text: text.replace("RolloutRestart", "rolloutrestart"),
        lambda text: text.replace('"low"', '"LOW"'),
        lambda text: text.replace(".000Z", "Z"),
        lambda text: text.replace("web", "\\u0077eb"),
        lambda text: text[:-1],
        lambda _: "",
        lambda _: "[" * 5000,
    ],
)
def test_another_writing_of_the_same_is_not_read(spoilt: Any) -> None:
    with pytest.raises(BadRecord):
        read(spoilt(kept(PROPOSAL)), built)
