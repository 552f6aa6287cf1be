"""Sinks: they take what fits, write what they took, and hold up nobody."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.adapters.sinks.jsonl import JsonlSink
from holdfast.adapters.sinks.queued import ROOM
from holdfast.adapters.sinks.stream import StreamSink
from holdfast.errors import SinkAway, SinkFailed
from holdfast.model.entries import Entry
from tests.audit.chains import a_chain, lines, verified

LINES = lines(a_chain(6))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def last_of(path: Path) -> Entry | None:
    sink = JsonlSink(path)
    try:
        return sink.last()
    finally:
        sink.close(10)


def wrote(path: Path, *batches: list[bytes]) -> None:
    sink = JsonlSink(path)
    sink.last()
    for batch in batches:
        assert sink.offer(batch)
    sink.close(10)


def test_a_file_holds_what_was_offered_and_verifies(path: Path) -> None:
    wrote(path, LINES[:2], LINES[2:])

    assert verified(path.read_bytes().splitlines()).entries == 6
    assert path.stat().st_mode & 0o777 == 0o600
    assert last_of(path) == a_chain(6)[5]


def test_a_file_goes_on_where_it_ended(path: Path) -> None:
    assert last_of(path) is None
    wrote(path, LINES[:4])

    wrote(path, LINES[4:])

    assert path.read_bytes().splitlines() == LINES


@pytest.mark.parametrize("torn", [b"{", LINES[2], LINES[2][:-5], b"\x00" * 100])
def test_a_torn_last_line_is_written_again(path: Path, torn: bytes) -> None:
    wrote(path, LINES[:2])
    path.write_bytes(path.read_bytes() + torn)
    assert last_of(path) == a_chain(2)[1]

    wrote(path, LINES[2:])

    assert path.read_bytes().splitlines() == LINES


@pytest.mark.parametrize("content", [b"rubbish\n", LINES[0] + b"\n\n", b"x" * (3 << 20)])
def test_a_file_that_is_no_copy_is_not_written_on(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with pytest.raises(SinkFailed):
        last_of(path)

    assert path.read_bytes() == content


def test_what_cannot_be_opened_now_is_opened_later(tmp_path: Path) -> None:
    folder = tmp_path / "not yet"
    with pytest.raises(SinkAway, match="No such file"):
        last_of(folder / "audit.jsonl")

    folder.mkdir()
    wrote(folder / "audit.jsonl", LINES)

    assert (folder / "audit.jsonl").read_bytes().splitlines() == LINES


def test_what_cannot_be_written_now_is_written_later(path: Path) -> None:
    sink = JsonlSink(path, again=0.01)
    sink.last()
    path.rename(path.with_suffix(".away"))
    assert sink.offer(LINES)
    while not sink.trouble():
        time.sleep(0.001)
    assert "No such file" in sink.trouble()

    path.with_suffix(".away").rename(path)
    sink.close(10)

    assert path.read_bytes().splitlines() == LINES
    assert not sink.trouble()


def test_one_writes_a_file_and_another_goes_on_after_it(path: Path) -> None:
    one, other = JsonlSink(path), JsonlSink(path)
    assert one.last() is None

    with pytest.raises(SinkAway, match="is being written by another process"):
        other.last()
    assert one.offer(LINES[:4])
    one.close(10)

    assert other.last() == a_chain(4)[3]
    assert other.offer(LINES[4:])
    other.close(10)
    assert path.read_bytes().splitlines() == LINES


@pytest.mark.parametrize("how", ["replaced", "cut off"])
def test_a_file_that_is_another_than_it_was_is_not_written_on(path: Path, how: str) -> None:
    sink = JsonlSink(path, again=0.01)
    sink.last()
    assert sink.offer(LINES[:2])
    while path.stat().st_size == 0:
        time.sleep(0.001)
    if how == "replaced":
        path.rename(path.with_suffix(".away"))
    path.write_bytes(b"")

    assert sink.offer(LINES[2:])

    while not sink.trouble():
        time.sleep(0.001)
    assert "it was replaced or cut off" in sink.trouble()
    sink.close(0.1)
    assert path.read_bytes() == b""


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


def test_a_stream_that_nobody_reads_takes_what_fits_and_lets_us_end(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    stream = os.fdopen(writing, "wb")
    sink = StreamSink("stdout", stream)
    taken = 0
    while sink.offer([b"x" * 200_000]):
        taken += 1
        if taken > ROOM:  # one of them hangs in the pipe
            break
    while sink.offer([b"x" * 200_000]):
        taken += 1

    began = time.monotonic()
    sink.close(0.2)

    assert time.monotonic() - began < 5
    assert ROOM <= taken <= ROOM + 2
    drained = threading.Thread(target=_drain, args=(reading, (taken) * 200_001))
    drained.start()  # so that the thread that hangs can end
    drained.join(30)
    stream.close()


def _drain(reading: int, count: int) -> None:
    while count > 0:
        count -= len(os.read(reading, 1 << 16))


def test_a_stream_gets_a_line_for_an_entry(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    with os.fdopen(writing, "wb") as stream:
        sink = StreamSink("stdout", stream)
        assert sink.last() is None
        assert sink.offer(LINES)
        sink.close(10)

    assert os.read(reading, 1 << 20).splitlines() == LINES


def test_a_stream_that_was_closed_is_in_trouble(pipe: tuple[int, int]) -> None:
    _, writing = pipe
    stream = os.fdopen(writing, "wb")
    stream.close()
    sink = StreamSink("stdout", stream, again=0.01)

    assert sink.offer(LINES)
    while not sink.trouble():
        time.sleep(0.001)
    sink.close(0.1)

    assert sink.trouble().startswith("stdout: ")
