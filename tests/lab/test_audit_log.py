"""The oracle is read from any moment on, also from one at which the server was amid a line."""

import json
from pathlib import Path

import pytest

from lab.audit import read_events


def line(name: str) -> bytes:
    told = {
        "user": {"username": name},
        "verb": "get",
        "requestURI": "/",
        "stage": "ResponseComplete",
        "requestReceivedTimestamp": "2026-01-01T12:00:00.000000Z",
    }
    return json.dumps(told).encode() + b"\n"


ONE, TWO, THREE = map(line, ("ana", "ben", "cyn"))


@pytest.mark.parametrize(
    ("offset", "users"),
    [
        (0, ["ana", "ben", "cyn"]),
        (1, ["ben", "cyn"]),
        (len(ONE) - 1, ["ben", "cyn"]),
        (len(ONE), ["ben", "cyn"]),
        (len(ONE) + 1, ["cyn"]),
        (len(ONE + TWO), ["cyn"]),
        (len(ONE + TWO + THREE), []),
    ],
)
def test_lines_count_that_begin_after_the_mark(
    tmp_path: Path, offset: int, users: list[str]
) -> None:
    log = tmp_path / "audit.log"
    log.write_bytes(ONE + TWO + THREE)
    assert users == [each.user for each in read_events(log, offset)]


def test_a_line_that_is_being_written_is_left_for_later(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_bytes(ONE + TWO[:-9])
    assert ["ana"] == [each.user for each in read_events(log)]
    assert [] == list(read_events(log, len(ONE) + 3))
