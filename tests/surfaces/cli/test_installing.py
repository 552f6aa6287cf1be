"""`holdfast rbac install`: which orders it takes, what it says, and with which code it ends."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from holdfast import wiring
from holdfast.errors import BadInput
from holdfast.model.access import Process
from holdfast.ports.leases import Pass
from tests.surfaces.cli.conftest import Run

TOKEN = b"secret"
UNTIL = "2026-01-01T00:00:00Z"


@dataclass
class Recording:
    """An installer that writes down what it was told to do."""

    says: Sequence[str] = ()
    done: list[str] = field(default_factory=list)

    async def amiss(self) -> Sequence[str]:
        return self._told("amiss")

    async def apply(self) -> Sequence[str]:
        return self._told("apply")

    async def remove(self) -> Sequence[str]:
        return self._told("remove")

    async def passes(self) -> Sequence[Pass]:
        self.done.append("passes")
        return [Pass(process=each, kubeconfig=TOKEN, until=UNTIL) for each in Process]

    def _told(self, order: str) -> Sequence[str]:
        self.done.append(order)
        return self.says


def test_where_nothing_is_ordered_all_orders_are_named(run: Run) -> None:
    with pytest.raises(BadInput) as nothing:
        run("rbac", "install", installer=Recording())
    assert "--remove, or --kubeconfigs FOLDER" in nothing.value.remedy


@pytest.mark.parametrize(
    ("orders", "done"),
    [
        (("--apply",), ["apply"]),
        (("--check",), ["amiss"]),
        (("--remove",), ["remove"]),
        (("--kubeconfigs",), ["passes"]),
        (("--apply", "--kubeconfigs"), ["apply", "passes"]),
    ],
)
def test_does_what_is_ordered(
    run: Run, tmp_path: Path, orders: tuple[str, ...], done: list[str]
) -> None:
    given = [*orders, str(tmp_path)] if "--kubeconfigs" in orders else orders
    installer = Recording()
    assert run("rbac", "install", *given, installer=installer) == 0
    assert done == installer.done


@pytest.mark.parametrize(
    "orders",
    [
        (),
        ("--apply", "--remove"),
        ("--check", "--dry-run"),
        ("--remove", "--kubeconfigs", "."),
        ("--check", "--kubeconfigs", "."),
        ("--dry-run", "--kubeconfigs", "."),
        ("--apply", "--kubeconfigs", __file__),
        ("--dry-run", "--context", "shop"),
        ("--dry-run", "--kubeconfig", "shop"),
    ],
)
def test_refuses_what_makes_no_sense_before_it_asks_any_cluster(
    run: Run, orders: tuple[str, ...]
) -> None:
    with pytest.raises(BadInput):
        run("rbac", "install", *orders)


def test_a_check_that_finds_something_ends_with_one_and_says_it(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("rbac", "install", "--check", installer=Recording(says=["A is missing."])) == 1
    assert capsys.readouterr().out == "A is missing.\n"


@pytest.mark.parametrize("order", ["--apply", "--check", "--remove"])
def test_says_so_where_there_is_nothing_to_say(
    run: Run, capsys: pytest.CaptureFixture[str], order: str
) -> None:
    assert run("rbac", "install", order, installer=Recording()) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_kubeconfigs_are_told_with_their_end_and_their_tokens_are_not_shown(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("rbac", "install", "--kubeconfigs", str(tmp_path), installer=Recording())
    said = capsys.readouterr().out
    assert UNTIL in said
    assert TOKEN.decode() not in said
    assert {"keeper.kubeconfig", "serve.kubeconfig"} == {each.name for each in tmp_path.iterdir()}


def test_a_pass_does_not_show_its_token() -> None:
    assert TOKEN.decode() not in repr(Pass(process=Process.SERVE, kubeconfig=TOKEN, until=UNTIL))


def test_what_is_for_nobody_else_is_written_so_even_over_a_file_that_was_not(
    tmp_path: Path,
) -> None:
    old = tmp_path / "new" / "keeper.kubeconfig"
    wiring.write_private(old, TOKEN)
    old.chmod(0o644)
    wiring.write_private(old, TOKEN)
    assert old.stat().st_mode & 0o777 == 0o600
    assert old.parent.stat().st_mode & 0o777 == 0o700
