"""The card, held as goldens: what an engineer sees at 3 a.m. before he says yes."""

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import msgspec
import pytest
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from holdfast.execution.states import State
from holdfast.model.asks import Refusal
from holdfast.model.canonical import Plain
from holdfast.model.hiding import hidden
from holdfast.model.objects import Ref
from holdfast.model.paths import Difference, Item, Path
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Risk
from holdfast.model.steps import Create, Delete, Patch, Set
from holdfast.surfaces.cli.repairs import card
from holdfast.surfaces.cli.repairs.dossier import Dossier
from holdfast.surfaces.cli.repairs.words import LONGEST, changes_of
from holdfast.surfaces.cli.text import UNSAFE
from holdfast.testing.clock import NOON
from tools.proposals import (
    CARD,
    EVICTION,
    POD,
    RESTART,
    SCALE,
    SCALE_CARD,
    UNCORDON,
    WEB,
    a_dossier,
)

NOW = NOON + timedelta(minutes=8)


def shown(told: Dossier, width: int | None = None) -> str:
    out = StringIO()
    console = Console(file=out, width=width, force_terminal=width is not None, color_system=None)
    card.show(console, told, NOW)
    return out.getvalue()


def of(proposal: Proposal, width: int | None = None, **changed: Any) -> str:
    return shown(a_dossier(msgspec.structs.replace(proposal, **changed)), width)


def flat(text: str) -> str:
    """Without line ends and margins: what is broken between two lines is still all there."""
    return "".join(text.split())


@pytest.mark.parametrize("width", [60, 120])
@pytest.mark.parametrize(
    "told",
    [a_dossier(RESTART), a_dossier(SCALE, SCALE_CARD), a_dossier(EVICTION), a_dossier(UNCORDON)],
    ids=["restart", "scale", "evict", "uncordon"],
)
def test_a_card_on_a_terminal(told: Dossier, width: int, snapshot: SnapshotAssertion) -> None:
    text = shown(told, width)

    assert snapshot == text
    wide = [line for line in text.splitlines() if len(line) > width]
    assert [] == [line for line in wide if not line.startswith("holdfast ")]  # never broken


def test_a_pipe_gets_one_line_for_one_thing(snapshot: SnapshotAssertion) -> None:
    assert snapshot == of(RESTART)


def test_what_matters_stands_in_the_first_line() -> None:
    first = of(RESTART, 60, risk=Risk.HIGH).splitlines()[0]

    assert "HIGH RISK: RolloutRestart of Deployment shop/web" == first


@pytest.mark.parametrize("width", [60, 120, None])
def test_names_are_never_cut(width: int | None) -> None:
    long = msgspec.structs.replace(WEB, namespace="n" * 63, name=".".join(["w" * 50] * 5))
    text = flat(of(RESTART, width, target=long, risk=Risk.HIGH))

    assert f"HIGHRISK:RolloutRestartofDeployment{long.namespace}/{long.name}" in text
    assert f"targetDeployment{long.namespace}/{long.name}" in text
    assert long.uid in text


def test_a_big_value_is_cut_and_says_so() -> None:
    big = Difference(path=("spec", "x"), before="a" * 5000, after={"b": "c" * 5000})
    text = of(SCALE, effect=(big,))

    assert "(cut, of 5,002 characters)" in text
    assert "(cut, of 5,009 characters)" in text
    assert max(len(line) for line in text.splitlines()) < LONGEST + 60


def test_of_two_long_values_that_begin_alike_the_difference_is_shown() -> None:
    alike = "same " * 200
    each = Difference(path=("spec", "x"), before=f"{alike}old", after=f"{alike}new")
    text = of(SCALE, effect=(each,))

    assert 'same old"' in text
    assert 'same new"' in text


def test_every_place_that_changes_is_told_however_many() -> None:
    many = tuple(
        Difference(path=("spec", Item(by="name", value=f"c-{n}"), "image"), before="a", after="b")
        for n in range(300)
    )
    text = of(SCALE, effect=many)

    assert [] == [n for n in range(300) if f"spec[name=c-{n}].image" not in text]


def test_a_name_that_could_be_taken_for_a_path_stands_in_brackets() -> None:
    odd = Difference(path=("metadata", "annotations", "a.b/c"), before=None, after="1")

    assert "metadata.annotations[a.b/c]" in of(SCALE, effect=(odd,))


def test_what_it_cannot_take_back_is_said_and_what_it_can_is_shown() -> None:
    assert "It cannot be taken back." in of(RESTART)
    assert "It cannot be taken back." not in of(SCALE)
    assert "spec.replicas back to 2" in of(SCALE)


def test_a_deletion_says_what_goes_and_what_is_made_again() -> None:
    quota = Ref(api_version="v1", kind="ResourceQuota", namespace="shop", name="small", uid="u-9")
    again: dict[str, Plain] = {"kind": "ResourceQuota", "metadata": {"name": "small"}}
    text = of(
        EVICTION,
        target=quota,
        steps=(Delete(target=quota),),
        undo=(Create(manifest=again),),
    )

    assert "delete ResourceQuota shop/small, and what it owns after it" in text
    assert 'create again: {"kind": "ResourceQuota", "metadata": {"name": "small"}}' in text


HOSTILE = (
    "\x1b[2J\x1b[1;1Hfree",  # clears the screen
    "\x1b]8;;https://example.com\x07link",  # a link
    "\x9b31mred",  # C1
    "evil\u202etxt.exe",  # turns the direction
    "two\nlines\rover",
    "zero\u200bwidth",
    "tag\U000e0041s",
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("width", [60, 120, None])
def test_no_text_of_others_moves_the_cursor_or_hides(text: str, width: int | None) -> None:
    said = msgspec.structs.replace(
        CARD,
        summary=text,
        risk=(text,),
        blast=(text,),
        refusals=(Refusal(by=text, because=text),),
    )
    each = msgspec.structs.replace(
        RESTART,
        requester=text,
        trouble=text,
        code=text,
        target=msgspec.structs.replace(POD, name=text),
        effect=(Difference(path=("spec", text), before=text, after={"x": text}),),
    )
    shown_lines = shown(a_dossier(each, said), width).splitlines()

    assert [] == [line for line in shown_lines if UNSAFE.search(line)]
    assert not [line for line in shown_lines if line.startswith(("over", "lines"))]


def test_a_letter_that_looks_like_another_is_shown_by_its_number() -> None:
    cyrillic = "registry.example.com/p\u0430yments"
    each = Difference(path=("spec", "image"), before="", after=cyrillic)
    odd = msgspec.structs.replace(POD, name="p\u0430yments")

    text = of(RESTART, effect=(each,), target=odd)

    assert "\u0430" not in text
    assert "registry.example.com/p\\u0430yments" in text
    assert "shop/p\\u0430yments" in text


@pytest.mark.parametrize(
    ("state", "says", "step"),
    [
        (State.PROPOSED, "waits for approval: 3 h 52 min left", "holdfast approve"),
        (State.APPLIED, "done, and watched until it has recovered", "holdfast watch"),
        (State.REJECTED, "rejected", "holdfast audit show --kind rejection"),
        (State.EXPIRED, "expired", "holdfast audit show --kind expired"),
        (State.REFUSED, "refused", "holdfast audit show --kind verdict"),
    ],
)
def test_says_where_it_is_and_what_to_type(state: State, says: str, step: str) -> None:
    text = shown(a_dossier(state=state))

    assert says in text
    assert step in text
    assert ("holdfast approve" in text) is (state is State.PROPOSED)


@pytest.mark.parametrize(("seconds", "is_open"), [(-1, True), (0, False), (1, False)])
def test_the_clock_of_the_approval_ends_at_its_second(seconds: int, is_open: bool) -> None:
    until = NOW - timedelta(seconds=seconds)
    text = of(RESTART, open_until=until)

    assert is_open is ("waits for approval" in text)
    assert is_open is ("holdfast approve" in text)


def test_a_way_back_to_a_whole_template_tells_what_of_it_changes() -> None:
    before = {"image": "web:1", "name": "app"}
    after = {"image": "web:2", "name": "app"}
    back = Set(path=("spec", "template"), value=before, was=after)
    (found,) = changes_of(Patch(target=WEB, sets=(back,)))
    assert (("spec", "template", "image"), "web:2", "web:1") == (
        found.path,
        found.before,
        found.after,
    )


ENV: Path = ("spec", "template", "spec", "containers", Item(by="name", value="web"), "env")


def test_of_a_variable_people_see_that_it_changes_and_a_hash() -> None:
    where = (*ENV, Item(by="name", value="DB_PASSWORD"), "value")
    change = Difference(path=where, before="horse", after="battery")
    text = flat(of(SCALE, effect=(change,)))

    assert "env[name=DB_PASSWORD].value" in text
    assert flat(f'"{hidden("horse")}"->"{hidden("battery")}"') in text
    assert not {"horse", "battery"} & {*re.findall("[a-z]+", text)}


def test_a_way_back_to_a_whole_template_tells_no_variable_of_it() -> None:
    template: Plain = {
        "metadata": {"annotations": {"example.com/note": "staple"}},
        "spec": {"containers": [{"name": "web", "env": [{"name": "A", "value": "horse"}]}]},
    }
    place = Set(path=("spec", "template"), value=template, was=None)
    text = of(SCALE, undo=(Patch(target=WEB, sets=(place,)),))

    assert "spec.template.spec.containers[name=web]" in text
    assert "staple" not in text
    assert "horse" not in text


REFUSED = msgspec.structs.replace(
    CARD, refusals=(Refusal(by="cooldown", because="it was acted on a moment ago"),)
)


def test_what_was_refused_before_it_was_worked_out_says_so() -> None:
    bare = msgspec.structs.replace(SCALE, steps=(), undo=(), effect=())
    text = shown(a_dossier(bare, REFUSED, state=State.REFUSED))

    assert "changes   not worked out: it was refused before that" in text
    assert "undo      not worked out: it was refused before that" in text


def test_what_was_refused_before_its_preview_says_nothing_in_the_name_of_the_api_server() -> None:
    bare = msgspec.structs.replace(SCALE, effect=())
    text = shown(a_dossier(bare, REFUSED, state=State.REFUSED))

    assert "as the API server computed it" not in text
    assert "changes   nothing is known: it was refused before the API server showed it" in text


@pytest.mark.parametrize("state", [each for each in State if each is not State.PROPOSED])
def test_nobody_is_asked_any_more_for_what_has_ended_or_begun(state: State) -> None:
    text = shown(a_dossier(state=state))

    assert "one person of oncall" in shown(a_dossier())
    assert "one person of oncall" not in text
    assert "nobody has approved it" not in text
