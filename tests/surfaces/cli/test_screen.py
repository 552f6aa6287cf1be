"""The screen, held as goldens: what an engineer sees at 3 a.m. does not change by accident."""

from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from holdfast.diagnosis.survey import survey
from holdfast.model.kinds import Lease, Namespace, Pod, StorageClass
from holdfast.model.objects import Object
from holdfast.model.snapshot import State
from holdfast.surfaces.cli import screen
from holdfast.surfaces.cli.text import UNSAFE
from holdfast.testing.builders import (
    a_claim,
    a_deployment,
    a_pod,
    a_snapshot,
    a_storage_class,
    some_metadata,
    waiting,
)

MINUTES = timedelta(minutes=1)
LONG_MESSAGE = (
    "Back-off pulling image registry.example.com/shop/cart:1.4.7: ErrImagePull: failed to pull "
    "and unpack image: failed to resolve reference: unexpected status from HEAD request: 401"
)
BROKEN_SHOP = (
    a_storage_class(),
    a_claim(waited=42 * MINUTES),
    a_deployment("cart", available=0, short_for=12 * MINUTES),
    a_pod("cart-1", waiting(message=LONG_MESSAGE), age=12 * MINUTES),
)


def shown(
    *objects: Object,
    width: int | None = None,
    young: bool = False,
    blind: tuple[type[Object], ...] = (),
) -> str:
    out = StringIO()
    console = Console(file=out, width=width, force_terminal=width is not None, color_system=None)
    snapshot = a_snapshot(*objects, blind=blind)
    screen.show(console, snapshot, survey(snapshot), screen.Wanted(young=young))
    return out.getvalue()


def test_a_pipe_gets_one_line_for_one_thing(snapshot: SnapshotAssertion) -> None:
    assert snapshot == shown(*BROKEN_SHOP)


@pytest.mark.parametrize("width", [80, 160])
def test_a_terminal_gets_what_fits(width: int, snapshot: SnapshotAssertion) -> None:
    text = shown(*BROKEN_SHOP, width=width)

    assert snapshot == text
    assert max(len(line) for line in text.splitlines()) <= width


def test_nothing_found_is_said_with_what_was_looked_at(snapshot: SnapshotAssertion) -> None:
    assert snapshot == shown(a_pod(), a_storage_class())


def test_what_could_not_be_seen_is_said_last(snapshot: SnapshotAssertion) -> None:
    assert snapshot == shown(a_claim(waited=42 * MINUTES), blind=(Lease, StorageClass))


def test_what_is_young_is_shown_only_when_asked_for_and_marked() -> None:
    objects = (a_storage_class(), a_claim(waited=2 * MINUTES))

    assert "data" not in shown(*objects)
    assert "young     shop/data" in shown(*objects, young=True)


def test_posture_is_not_shown_among_what_is_young() -> None:
    namespace = Namespace(metadata=some_metadata(Namespace, "shop", age=2 * MINUTES))

    assert "HF-SEC-014" not in shown(namespace, a_pod(), young=True)


def test_the_worst_comes_first_and_then_the_oldest() -> None:
    lines = shown(*BROKEN_SHOP).splitlines()

    titles = [line.split()[1] for line in lines if line.startswith(("CRITICAL", "WARNING"))]
    assert titles == ["shop/cart", "shop/data", "shop/cart-1"]


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b[31mred\x1b[0m",
        "\x1b]8;;http://example.com\x07click\x1b]8;;\x07",
        "\x1b]52;c;Y2FuYXJ5\x07",
        "\x9b2J",
        "\u202eevil\u2066",
        "zero\u200bwidth",
        "bell\x07 back\x08space",
        "two\nlines\r\nthree",
        "[bold]markup[/bold] [link=http://x]y[/link]",
    ],
)
def test_text_from_the_cluster_cannot_do_anything_to_a_terminal(hostile: str) -> None:
    quiet = shown(a_pod("web", waiting(message="quiet")), width=200)

    text = shown(a_pod("web", waiting(message=hostile)), width=200)

    assert not UNSAFE.search(text.replace("\n", "")), repr(text)
    assert text.count("\n") == quiet.count("\n")


def test_square_brackets_are_text_and_not_markup() -> None:
    assert "message = [bold]x[/bold]" in shown(a_pod("web", waiting(message="[bold]x[/bold]")))


def test_a_command_is_never_broken_inside_a_word() -> None:
    name = "a-very-long-name-of-a-deployment-" * 5

    assert name in shown(a_deployment(name, available=0, short_for=9 * MINUTES), width=40)


def test_a_command_stands_whole_on_a_line_of_its_own() -> None:
    lines = shown(a_deployment("reboot", available=0, short_for=9 * MINUTES), width=50).splitlines()

    assert [line.strip() for line in lines if "reboot -n" in line] == [
        "kubectl describe deployment reboot -n shop"
    ]


def test_a_name_that_would_be_a_flag_ends_in_no_command() -> None:
    text = shown(a_pod("--kubeconfig=evil", waiting("CreateContainerError")))

    assert "kubectl describe pod" not in text
    assert "look at it by hand" in text


def test_a_scan_that_broke_off_does_not_say_that_nothing_hurts() -> None:
    out = StringIO()
    snapshot = a_snapshot(states={Pod: State.PARTIAL})

    screen.show(Console(file=out), snapshot, survey(snapshot), screen.Wanted())

    assert "Nothing hurts" not in out.getvalue()
    assert "No answer" in out.getvalue()


def test_what_is_young_is_counted_where_it_is_not_shown() -> None:
    young = (a_storage_class(), a_claim(waited=2 * MINUTES))
    broken = a_deployment("cart", available=0, short_for=12 * MINUTES)

    assert "Nothing yet; 1 is within its grace (--young shows it)." in shown(*young)
    assert "shown with --young: 1" in shown(*young, broken)
