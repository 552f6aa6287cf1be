"""The server of pages sends them to the reader, and is gone afterwards."""

import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bench import decode, pages, reading
from bench.children import CouldNotMeasure
from bench.table import table
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.model.kinds import Claim, Pod
from holdfast.model.snapshot import State


def test_a_folder_of_pages_says_how_big_it_is(tmp_path: Path) -> None:
    said = pages.write(tmp_path, 600, 1)
    there = pages.written(tmp_path)
    assert 2 == len(there)
    assert sum(path.stat().st_size for path in there) == said["bytes"]
    assert 600 == said["pods"]
    assert decode.SMALLEST <= said["smallest"] <= said["bytes"] / 600


async def test_the_reader_lists_all_of_them(tmp_path: Path) -> None:
    pages.write(tmp_path, 600, 1)
    with decode.serving(tmp_path) as url:
        async with Reader(Connection(name="bench", server=url), clock=SystemClock()) as reader:
            listed = await reader.list(Pod)
            other = await reader.list(Claim)
    assert (State.CAPTURED, 600) == (listed.state, len(listed.objects))
    assert State.ABSENT is other.state


def test_the_server_is_gone_afterwards_whatever_happened(tmp_path: Path) -> None:
    def fail() -> str:
        with decode.serving(tmp_path) as url:
            where.append((urlsplit(url).hostname or "", urlsplit(url).port or 0))
            socket.create_connection(where[0], timeout=5).close()
            raise CouldNotMeasure("something else went wrong")

    where: list[tuple[str, int]] = []
    with pytest.raises(CouldNotMeasure, match="something else"):
        fail()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(where[0], timeout=5)


def test_both_ways_of_decoding_read_the_same_pods(tmp_path: Path) -> None:
    pages.write(tmp_path, 600, 1)
    raw = [path.read_bytes() for path in pages.written(tmp_path)]
    assert [600, 600] == [reading.ours(raw), reading.plain(raw)]


def test_a_small_measurement_ends_in_a_table(tmp_path: Path) -> None:
    entry = decode.measured(tmp_path, rounds=1, count=600)
    assert [] == [figure.what for figure in entry.figures if min(figure.values) <= 0]
    assert "decode / json.loads: CPU" in table([entry])
    assert (600, decode.SEED) == (entry.n, entry.seed)
