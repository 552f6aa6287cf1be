"""What External Secrets says fails, with the provider's reason, which it tells its events alone."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from holdfast.model.events import events_about
from holdfast.model.kinds.conditioned import Conditioned
from holdfast.model.snapshot import Snapshot
from holdfast.model.times import moved
from holdfast.topology.conditions import saying

_SLACK = timedelta(seconds=10)  # the event is written a moment before the condition
_BRIEF = 200  # characters of a provider's answer in one line; the whole of it is in what was seen


class Failing[K: Conditioned](msgspec.Struct, frozen=True, kw_only=True):
    """An object that is not ready, and why."""

    of: K
    since: datetime
    reason: str
    message: str

    @property
    def briefly(self) -> str:
        """Why, in one line."""
        return " ".join(self.message[:_BRIEF].split()) or self.reason

    @property
    def seen(self) -> dict[str, str]:
        """What was said."""
        return {"reason": self.reason, "message": self.message}


def failing[K: Conditioned](cluster: Snapshot, objects: Iterable[K]) -> Iterator[Failing[K]]:
    """Those with Ready=False. One without a word is another operator's, or new."""
    for each, said in saying(objects, "Ready", "False"):
        since = max(each.born, said.last_transition_time or each.born)
        yield Failing(
            of=each,
            since=since,
            reason=said.reason,
            message=_provider(cluster, each, since) or said.message,
        )


def _provider(cluster: Snapshot, each: Conditioned, since: datetime) -> str:
    """The newest failure that is told since then."""
    told = (e for e in reversed(events_about(cluster, each)) if e.type == "Warning")
    return next((e.message for e in told if e.last_seen >= moved(since, -_SLACK)), "")
