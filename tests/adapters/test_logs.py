"""A line for each thing that happens, and two for a trouble that lasts an hour."""

import io
import json
from datetime import timedelta

import pytest

from holdfast.adapters.logs import Form, Lines
from holdfast.errors import StoreUnreachable
from holdfast.testing.clock import NOON, FrozenClock


def a_log(form: Form = "json") -> tuple[Lines, io.StringIO]:
    stream = io.StringIO()
    return Lines(stream, form, lambda: NOON, process="keeper", id_="keeper-a-1"), stream


def test_every_line_says_when_and_who() -> None:
    log, stream = a_log()

    log.tell("answered", letters=3)

    assert {
        "time": "2026-03-02T12:00:00.000Z",
        "level": "info",
        "process": "keeper",
        "id": "keeper-a-1",
        "event": "answered",
        "letters": 3,
    } == json.loads(stream.getvalue())


def test_lines_for_people_are_one_line_each_whatever_stands_in_a_value() -> None:
    log, stream = a_log("text")

    log.complain("copy", said='a "b"\n\x1b[31m\u202e', to="file_1")

    (line,) = stream.getvalue().splitlines()
    assert line == (
        "2026-03-02T12:00:00.000Z warning keeper copy id=keeper-a-1 "
        r'said="a \"b\"\n\u001b[31m\u202e" to=file_1'
    )


def test_a_trouble_that_lasts_is_told_now_and_then() -> None:
    clock, stream = FrozenClock(), io.StringIO()
    log = Lines(stream, "text", clock.now, process="keeper", id_="k")

    for _ in range(11):
        log.trouble("sealing", StoreUnreachable("away", remedy="Look."))
        clock.advance(timedelta(minutes=1))

    assert stream.getvalue().count("away") == 2


def test_a_trouble_is_told_once_again_when_it_changes_and_when_it_is_over() -> None:
    log, stream = a_log()

    for wrong in ("away", "away", "full", "away", "full"):
        log.trouble("sealing", StoreUnreachable(wrong, remedy="Look."))
    log.goes_on("sealing")
    log.goes_on("sealing")

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert ["away", "full", None] == [line.get("wrong") for line in lines]
    assert ["trouble", "trouble", "goes on"] == [line["event"] for line in lines]
    assert {"Look."} == {line["remedy"] for line in lines[:2]}


@pytest.mark.parametrize("broken", [BrokenPipeError, ValueError])
def test_a_log_that_nobody_reads_ends_no_process(broken: type[Exception]) -> None:
    class Closed(io.StringIO):
        def write(self, _: str) -> int:
            raise broken

    Lines(Closed(), "text", lambda: NOON, process="serve", id_="s").tell("started")
