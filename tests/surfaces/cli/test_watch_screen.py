"""The watch screen fits whatever terminal there is, and keeps what must be copied whole."""

from datetime import timedelta
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from holdfast.model.kinds import Pod
from holdfast.model.objects import Object
from holdfast.surfaces.cli import watch_screen
from holdfast.surfaces.cli.hearsay import waited
from holdfast.surfaces.cli.painter import Painter
from holdfast.surfaces.cli.screen import Wanted
from holdfast.surfaces.cli.turns import subjects
from holdfast.surfaces.cli.watch_screen import Memory, Size, height, rows
from holdfast.testing.builders import a_claim, a_pod, a_storage_class, waiting
from holdfast.testing.clock import NOON
from holdfast.workflow.hearing import Outage
from tests.surfaces.cli.watched import Watched

MINUTE = timedelta(minutes=1)
SMALL = Size(width=80, height=24)
SIZES = [Size(width=w, height=h) for w in (20, 80, 160) for h in (10, 24, 60)]
CLASS = a_storage_class()
ILL = a_claim(waited=42 * MINUTE)


def ill(count: int) -> list[Object]:
    return [
        a_pod(f"web-{n}", waiting("InvalidImageName"), age=MINUTE * (20 + n)) for n in range(count)
    ]


def shown(watched: Watched, size: Size = SMALL, wanted: Wanted | None = None) -> str:
    view = watched.view()
    return "\n".join(r.plain for r in rows(view, wanted or Wanted(), size, now=watched.now))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("count", [0, 1, 2, 7, 300])
def test_fills_the_terminal_exactly(size: Size, count: int) -> None:
    watched = Watched(*ill(count))
    made = rows(watched.view(), Wanted(), size, now=watched.now)
    if size.width >= 80 and size.height >= 24:
        assert height(made, size) == size.height
    assert height(made, size) >= size.height
    assert all(
        cell_len(row.plain) <= size.width
        for row in made
        if not row.plain.lstrip().startswith("kubectl ") and size.width >= 80
    )


@pytest.mark.parametrize("width", [40, 80, 160])
def test_a_command_is_never_cut(width: int) -> None:
    text = shown(Watched(*ill(1)), Size(width=width, height=24))
    command = "kubectl get pod web-0 -n shop -o jsonpath='{.spec.containers[*].image}'"
    assert command in [line.strip() for line in text.splitlines()]


def test_the_worst_is_told_with_what_to_type_and_the_rest_is_counted() -> None:
    text = shown(Watched(*ill(300)))
    told = sum(line.startswith("WARNING") for line in text.splitlines())
    assert f"and {300 - told} more: {300 - told} warning ({300 - told} image_name_invalid)" in text
    assert "next  Correct the image's name:" in text
    assert "300 troubles" in text


def test_a_few_get_all_the_room_that_there_is() -> None:
    text = shown(Watched(CLASS, ILL), Size(width=80, height=60))
    assert "seen  status.phase = Pending" in text
    assert " more" not in text


def test_when_nothing_hurts_it_says_so_and_little_else() -> None:
    lines = [line for line in shown(Watched(CLASS)).splitlines() if line]
    assert lines[1] == "Nothing hurts, as far as could be seen."
    assert len(lines) == 4


def test_that_nobody_answers_is_said_with_the_moment_that_is_shown() -> None:
    watched = Watched(CLASS, ILL)
    watched.falls_silent()
    watched.view(timedelta(seconds=40))
    text = shown(watched)
    assert "AS OF 12:00:00Z: the cluster does not answer since, for 40 s: cut" in text
    assert "claim_stuck_pending" in text
    assert "(for 42 min)" in text


def test_of_which_kinds_nothing_is_heard_is_said_when_the_others_answer() -> None:
    watched = Watched(CLASS, ILL)
    watched.loses(Pod)
    watched.view(timedelta(seconds=40))
    assert "PARTLY AS OF 12:00:00Z: pods are not heard since, for 40 s: cut" in shown(watched)


def test_a_cluster_that_answers_again_is_said_to_although_some_kinds_are_not_heard_yet() -> None:
    watched = Watched(CLASS)
    watched.falls_silent()
    watched.answers()
    assert "AS OF 12:00:00Z: the cluster answers again; waiting for " in shown(watched)
    watched.holds(CLASS)
    assert "answers again; waiting a moment for late heartbeats" in shown(watched)


def test_nothing_that_hurts_in_what_is_old_or_gone_is_no_answer() -> None:
    silent, gone = Watched(CLASS), Watched(namespaces=("shop",))
    silent.falls_silent()
    for text in (shown(silent), shown(gone)):
        assert "No answer: what is known shows no trouble." in text
        assert "Nothing hurts" not in text
    assert "NOT SEEN: There is no namespace 'shop' in this cluster." in shown(gone)


def test_what_cannot_be_seen_is_named() -> None:
    watched = Watched(CLASS)
    watched.shuts(Pod)
    assert "Could not see: pods." in shown(watched)


def test_what_came_while_watching_is_marked_and_what_went_is_told_for_a_while() -> None:
    watched = Watched(CLASS, ILL)
    view = watched.view()
    went = tuple((watched.now, each) for each in subjects(view, Wanted()).values())
    memory = Memory(opened=frozenset({"something else"}), went=went)

    def text(later: timedelta) -> str:
        made = rows(view, Wanted(), SMALL, now=watched.now + later, memory=memory)
        return "\n".join(row.plain for row in made)

    assert "claim_stuck_pending  new" in text(MINUTE)
    assert "GONE      shop/data  claim_stuck_pending, 1 min ago" in text(MINUTE)
    assert "GONE" not in text(10 * MINUTE)


def test_flags_show_on_it_what_they_show_in_a_scan() -> None:
    watched = Watched(CLASS, a_claim(waited=MINUTE), a_pod("web"))
    assert "young     shop/data" in shown(watched, wanted=Wanted(young=True))
    assert "1 within their grace (--young)" in shown(watched)


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\u202e", "a\nb"])
def test_text_from_the_cluster_cannot_do_anything_to_the_screen(hostile: str) -> None:
    text = shown(Watched(a_pod(f"web{hostile}", waiting("InvalidImageName"), age=20 * MINUTE)))
    assert hostile not in text


class Terminal:
    """As much of a terminal as a painter needs: it keeps what is on it, wrapping included."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.out = StringIO()
        self.console = Console(
            file=self.out,
            width=size.width,
            height=size.height,
            force_terminal=True,
            color_system=None,
            legacy_windows=False,
        )

    @property
    def lines(self) -> list[str]:
        """Its rows, from the last painting on."""
        painted = self.out.getvalue().rpartition("\x1b[?2026h")[2].partition("\x1b[?2026l")[0]
        painted = painted.replace("\x1b[2J", "").replace("\x1b[H", "").replace("\x1b[K", "")
        return [
            line[start : start + self.size.width]
            for line in painted.split("\n")
            for start in range(0, max(1, len(line)), self.size.width)
        ]


def test_paints_every_row_once_and_lets_the_terminal_wrap_what_is_too_long() -> None:
    terminal = Terminal(Size(width=20, height=5))
    painter = Painter(terminal.console)
    painter.paint([Text("short"), Text("x" * 30), Text("y" * 20)], painter.size)
    assert ["short", "x" * 20, "x" * 10, "y" * 20, ""] == terminal.lines


def test_leaves_out_what_would_make_the_terminal_scroll() -> None:
    terminal = Terminal(Size(width=20, height=4))
    painter = Painter(terminal.console)
    painter.paint([Text(str(n)) for n in range(9)], painter.size)
    assert ["0", "1", "2", "3"] == terminal.lines


def test_wipes_the_screen_only_when_its_size_has_changed() -> None:
    terminal = Terminal(Size(width=20, height=4))
    painter = Painter(terminal.console)
    for _ in range(3):
        painter.paint([Text("x")], painter.size)
    assert terminal.out.getvalue().count("\x1b[2J") == 1
    painter.paint([Text("x")], Size(width=30, height=4))
    assert terminal.out.getvalue().count("\x1b[2J") == 2


def test_a_row_that_is_exactly_full_is_not_wiped_at_its_end() -> None:
    terminal = Terminal(Size(width=20, height=4))
    painter = Painter(terminal.console)
    painter.paint([Text("x" * 20)], painter.size)
    assert "x" * 20 + "\n" in terminal.out.getvalue()


def test_gives_the_terminal_back_as_it_was() -> None:
    terminal = Terminal(Size(width=20, height=4))
    with Painter(terminal.console) as painter:
        painter.paint([Text("x")], painter.size)
    said = terminal.out.getvalue()
    assert said.startswith("\x1b[?1049h")
    assert said.rstrip().endswith("\x1b[?1049l")
    assert said.rindex("\x1b[?25h") > said.rindex("\x1b[?25l")


def test_before_the_first_view_it_says_what_was_read_and_that_nobody_answers() -> None:
    size = Size(width=200, height=24)
    outage = Outage(since=NOON, why="Nothing listens there.")

    (quiet,) = watch_screen.waiting(waited(3, 70, None), size)
    (mute,) = watch_screen.waiting(waited(3, 70, outage), size)

    assert quiet.plain == "Looking: 3 of 70 kinds have been read."
    assert mute.plain == (
        "Looking: 3 of 70 kinds have been read; the cluster does not answer since 12:00:00Z: "
        "Nothing listens there."
    )
