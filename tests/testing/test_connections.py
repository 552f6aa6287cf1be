"""A listening socket that ends leaves no connection behind, whenever that one came."""

import asyncio
import gc
import socket
import warnings
from contextlib import suppress

import pytest

from holdfast.testing.connections import Listening


async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve until the other side leaves."""
    await reader.read()


@pytest.mark.parametrize("turns", range(8))
async def test_one_that_came_at_the_last_moment_is_cut_too(turns: int) -> None:
    listening = Listening(nothing)
    port = await listening.open()
    with warnings.catch_warnings(record=True, category=ResourceWarning, action="always") as left:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            # In some of these turns of the loop it is accepted, made and announced.
            for _ in range(turns):
                await asyncio.sleep(0)
            await listening.close()
            with suppress(ConnectionResetError):
                assert client.recv(1) == b""
        gc.collect()
    assert [] == [str(each.message) for each in left]
