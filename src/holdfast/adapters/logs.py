"""The log of a process: a line for each thing that happens, for people or for machines.

- Whoever tells something names it word by word, so no value gets here that nobody meant to tell.
- What does not get on is said when it begins, when the reason changes, every ten minutes, and when
  it goes on: a database that is away for an hour is some lines.
- Control characters and what turns the direction of writing are escaped.
"""

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal, TextIO

from holdfast.errors import HoldfastError
from holdfast.model.times import stamp

AGAIN = timedelta(minutes=10)  # until a trouble that lasts is told again

type Form = Literal["text", "json"]
type _Told = dict[str, str | int]


class Lines:
    """A `Log` on a stream."""

    def __init__(
        self, stream: TextIO, form: Form, now: Callable[[], datetime], *, process: str, id_: str
    ) -> None:
        self._stream = stream
        self._form = form
        self._now = now
        self._who: _Told = {"process": process, "id": id_}
        self._troubles: dict[str, dict[str, datetime]] = {}  # what was said lately
        self._turn = threading.Lock()

    def tell(self, event: str, **about: str | int) -> None:
        """Something happened that was to be expected."""
        self._line("info", event, about)

    def complain(self, event: str, **about: str | int) -> None:
        """Something does not get on."""
        self._line("warning", event, about)

    def trouble(self, at: str, error: HoldfastError) -> None:
        """Why something does not get on, now and then."""
        now = self._now()
        before = self._troubles.get(at, {})
        lately = {said: when for said, when in before.items() if now - when < AGAIN}
        if error.wrong not in lately:
            self._troubles[at] = {**lately, error.wrong: now}
            told = {"at": at, "error": type(error).__name__, "wrong": error.wrong}
            self.complain("trouble", **told, remedy=error.remedy)

    def goes_on(self, at: str) -> None:
        """What was in trouble is no more."""
        if self._troubles.pop(at, None) is not None:
            self.tell("goes on", at=at)

    def _line(self, level: str, event: str, about: _Told) -> None:
        told = {"time": stamp(self._now()), "level": level, **self._who, "event": event, **about}
        line = json.dumps(told) if self._form == "json" else _for_people(told)
        with self._turn:
            try:
                self._stream.write(f"{line}\n")
                self._stream.flush()
            except (OSError, ValueError):  # nobody reads any more: that ends no process
                return


def _for_people(told: _Told) -> str:
    head = f"{told['time']} {told['level']:7} {told['process']} {told['event']}"
    rest = {key: value for key, value in told.items() if key not in _HEAD}
    return " ".join([head, *(f"{key}={_value(value)}" for key, value in rest.items())])


_HEAD = {"time", "level", "process", "event"}


def _value(value: str | int) -> str:
    """As it is, if it is a plain word; else quoted, with everything odd escaped."""
    plain = isinstance(value, int) or value.replace("_", "").replace("-", "").isalnum()
    return str(value) if plain and str(value).isascii() else json.dumps(value)
