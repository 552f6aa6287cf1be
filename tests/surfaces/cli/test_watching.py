"""`scan --watch` from its first line to its exit code, ended by signals as people end it."""

import asyncio
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest

from holdfast.errors import BadInput, Unauthorized
from holdfast.model.objects import Object
from holdfast.ports import News
from holdfast.testing.server import SimulatedServer
from holdfast.testing.shop import a_shop, a_well_shop
from holdfast.testing.simulated import SimulatedCluster
from tests.surfaces.cli.conftest import Run


class Audience(StringIO):
    """Somebody who reads what a watch prints, and ends it at the first line."""

    def __init__(self, sign: signal.Signals = signal.SIGINT) -> None:
        super().__init__()
        self._sign = sign

    def write(self, text: str) -> int:
        """Hear a line, or a piece of one."""
        if not self.tell():
            os.kill(os.getpid(), self._sign)
        return super().write(text)

    @property
    def lines(self) -> list[str]:
        """All that was heard."""
        return self.getvalue().splitlines()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("shop", "flags", "code"),
    [
        (a_shop, (), 1),
        (a_shop, ("--fail-on", "never"), 0),
        (a_shop, ("--fail-on", "new:warning"), 0),
        (a_well_shop, (), 0),
    ],
)
def test_a_signal_ends_it_with_a_summary_and_the_code_of_a_scan(
    run: Run,
    shop: Callable[[], SimulatedCluster],
    flags: tuple[str, ...],
    code: int,
    sign: signal.Signals,
) -> None:
    audience = Audience(sign)
    with redirect_stdout(audience):
        assert run("scan", "--watch", *flags, cluster=shop()) == code

    assert " begin  " in audience.lines[0]
    assert " end    -        Watched for 0 s: nothing happened. " in audience.lines[-1]


def test_as_json_every_line_is_an_object(run: Run) -> None:
    audience = Audience()
    with redirect_stdout(audience):
        run("scan", "--watch", "-o", "json", cluster=a_shop())

    lines = [json.loads(line) for line in audience.lines]
    assert {line["schema"] for line in lines} == {"holdfast.dev/watch/v1alpha1"}
    assert [line["what"] for line in lines] == ["begin", "open", "open", "end"]


class Vandal(Audience):
    """An audience that deletes the namespace that is watched, and stays until that is told."""

    def __init__(self, shop: SimulatedCluster) -> None:
        super().__init__()
        self._shop = shop

    def write(self, text: str) -> int:
        """Hear a line, or a piece of one."""
        if not self.tell():
            self._shop.delete("namespaces", "shop")
        if " blind  " in text:
            os.kill(os.getpid(), signal.SIGINT)
        return StringIO.write(self, text)


def test_a_namespace_that_is_deleted_meanwhile_leaves_no_healthy_end(run: Run) -> None:
    shop = a_well_shop()
    audience = Vandal(shop)
    with redirect_stdout(audience):
        assert run("scan", "--watch", "-n", "shop", cluster=shop) == 2

    assert audience.lines[-1].endswith(
        ": nothing happened. There is no namespace 'shop' in this cluster. "
        "No answer: what is known shows no trouble."
    )


class Refusing(SimulatedCluster):
    """A cluster that does not accept the credential any more."""

    async def follow[K: Object](
        self, kind: type[K], namespace: str | None = None
    ) -> AsyncIterator[News[K]]:
        async for news in super().follow(kind, namespace):
            yield news
            raise Unauthorized("Your token has expired.", remedy="Log in again.")


def test_a_credential_that_is_refused_ends_it_with_an_error(run: Run) -> None:
    with pytest.raises(Unauthorized):
        run("scan", "--watch", cluster=Refusing(server=a_shop().server))


def test_a_reader_that_goes_away_ends_it_as_a_closed_pipe_does(run: Run) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with (
        pytest.raises(BrokenPipeError),
        open(theirs, "w", closefd=True) as nobody,  # noqa: PTH123 - a descriptor has no path
        redirect_stdout(nobody),
    ):
        run("scan", "--watch", cluster=a_shop())


@pytest.mark.parametrize(
    ("flags", "wrong"),
    [
        (("--snapshot", "x"), "A snapshot does not change"),
        (("-o", "yaml"), "cannot be written as yaml"),
        (("-o", "markdown"), "cannot be written as markdown"),
        (("--state", "x"), "compares with its own beginning"),
        (("--since", "x"), "compares with its own beginning"),
        (("--kind", "widgets.example.io"), "custom kinds that rules know"),
    ],
)
def test_what_cannot_be_watched_is_refused(run: Run, flags: tuple[str, ...], wrong: str) -> None:
    with pytest.raises(BadInput, match=wrong):
        run("scan", "--watch", *flags)


@pytest.mark.slow
async def test_on_a_terminal_it_paints_in_place_and_gives_the_terminal_back(
    tmp_path: Path,
) -> None:
    shop = a_shop(now=datetime.now(UTC))
    async with SimulatedServer(shop) as server:
        kubeconfig = server.write_kubeconfig(tmp_path / "kubeconfig", user="admin")
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "holdfast", "scan", "--watch"]
        watching = subprocess.Popen(
            [*command, "--kubeconfig", str(kubeconfig)], stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        screen = Painted(ours)
        try:
            await screen.until("reports-data")
            shop.delete("persistentvolumeclaims", "reports-data", namespace="shop")
            await screen.until("GONE")
            watching.send_signal(signal.SIGINT)
            await screen.until("Watched for")
        finally:
            if "Watched for" not in screen.seen:
                watching.kill()
        code = await asyncio.to_thread(watching.wait)

    assert code == 1
    assert screen.seen.index("\x1b[?1049h") == 0
    assert "\x1b[?1049l" in screen.seen
    os.close(ours)


class Painted:
    """What a program writes to its terminal."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self.seen = ""

    async def until(self, text: str) -> None:
        """Read on until it has been painted."""
        while text not in self.seen:
            self.seen += (await asyncio.to_thread(os.read, self._terminal, 65536)).decode()
