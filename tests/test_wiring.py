"""The whole command line on a server, as people start it."""

import asyncio
from pathlib import Path

import pytest

from holdfast.surfaces.cli.app import DECLARED
from holdfast.surfaces.cli.exits import COULD_NOT_LOOK
from holdfast.testing.server import SimulatedServer
from holdfast.testing.shop import a_shop
from holdfast.wiring import command_line, main


async def test_a_snapshot_of_a_namespace_that_does_not_exist_leaves_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with SimulatedServer(a_shop()) as server:
        kubeconfig = server.write_kubeconfig(tmp_path / "kubeconfig", user="admin")
        words = ["snapshot", str(tmp_path / "taken"), "-n", "shpo", "--kubeconfig", str(kubeconfig)]
        code = await asyncio.to_thread(main, words)

    assert COULD_NOT_LOOK == code
    assert "no namespace 'shpo'" in capsys.readouterr().err
    assert ["kubeconfig"] == [path.name for path in tmp_path.iterdir()]


def test_a_line_that_begins_with_a_command_declares_that_one_alone() -> None:
    every = {name for name in command_line() if not name.startswith("-")}

    assert every == {*DECLARED, "demo", "completion"}
    assert ["keys"] == [name for name in command_line("keys") if name in DECLARED]
    assert all(name in [*command_line(name)] for name in DECLARED)
