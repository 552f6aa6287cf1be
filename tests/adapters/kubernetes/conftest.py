"""What the tests of cluster access share."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from holdfast.adapters.kubernetes.pace import Chance
from tests.adapters.kubernetes.certs import Authority


@pytest.fixture(scope="session")
def authority() -> Authority:
    """The authority that signed the test servers."""
    return Authority()


@pytest.fixture
def waits() -> list[float]:
    """How long the code under test wanted to sleep, in order."""
    return []


@pytest.fixture
def chance(waits: list[float]) -> Chance:
    """Nobody waits, and the dice always fall the same."""

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    return Chance(sleep=sleep, dice=lambda: 1.0 - 2**-53)


type PluginWriter = Callable[..., Path]


@pytest.fixture
def a_plugin(tmp_path: Path) -> PluginWriter:
    """Write an exec plugin: a shell script that counts its runs in `runs`."""

    def write(script: str, name: str = "plugin") -> Path:
        path = tmp_path / name
        path.write_text(f'#!/bin/sh\necho x >> "{tmp_path}/runs"\n{script}\n')
        path.chmod(0o755)
        return path

    return write


type Asked = Callable[..., Awaitable[Any]]
