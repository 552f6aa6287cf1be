"""What holds for all proposals of a wave: the policy's folder, people, and who else is at work."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from holdfast.conformance.hostile import Dice
from holdfast.conformance.restated import CLASS
from holdfast.model.handed import Handed
from tests.cluster.changing import Others
from tests.cluster.leash import Installation

GROUPS = {
    "ana": ("oncall",),
    "ben": ("oncall", "platform"),
    "cleo": ("oncall",),
    "dan": ("platform",),  # of no group that may approve
    "rex": ("oncall",),  # revoked long ago
}
STRANGERS = ("eve",)  # in nobody's file
LEAVERS = 64  # who leave between an approval and its act, one for each ground
LONG_AGO = "2020-01-01T00:00:00Z"


def leaver(number: int) -> str:
    """Who leaves on that ground."""
    return f"lou-{number}"


KNOWN = {**GROUPS, **{leaver(number): ("oncall",) for number in range(LEAVERS)}}


class World:
    """The rules that stand, each changed for one namespace or one person at a time."""

    def __init__(self, installed: Installation, dice: Dice) -> None:
        """Of an installation that knows everybody's keys."""
        self.installed = installed
        self.others = Others(installed)
        self.restarts_of_managed = dice.random() < 0.3
        self.two_people = {each for each in sorted({*CLASS.values()}) if dice.random() < 0.25}
        self.heard: list[Handed] = []  # words that counted, for whoever hands them in again
        self._protected: set[str] = set()
        self._forbidden: set[str] = set()
        self._revoked = {"rex": LONG_AGO}
        self._narrower: dict[str, object] = {}
        self._lock = threading.Lock()
        self.write()

    def protect(self, namespace: str) -> None:
        self._now(lambda: self._protected.add(namespace))

    def forbid(self, namespace: str) -> None:
        self._now(lambda: self._forbidden.add(namespace))

    def release(self, namespace: str) -> None:
        """What was protected or forbidden is so no more."""

        def change() -> None:
            self._protected.discard(namespace)
            self._forbidden.discard(namespace)

        self._now(change)

    def revoke(self, who: str) -> None:
        at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        self._now(lambda: self._revoked.update({who: at}))

    def take_in(self, who: str) -> None:
        """Whoever left is back, or never got to that."""
        self._now(lambda: self._revoked.pop(who, None))

    def narrow(self, **narrower: object) -> None:
        """Something else is asked for, of all."""

        def change() -> None:
            self._narrower = narrower

        self._now(change)

    def write(self) -> None:
        """The folder as it is to stand."""
        self._now(lambda: None)

    def _now(self, change: Callable[[], object]) -> None:
        with self._lock:
            change()
            forbidden = [
                f'@id("{name}") forbid(principal, action, resource in Namespace::"{name}");\n'
                for name in sorted(self._forbidden)
            ]
            rules: dict[str, object] = {
                "restartsOfManaged": self.restarts_of_managed,
                "twoPeople": sorted(self.two_people),
                "undo": False,  # what the log shows is then the act alone
                **self._narrower,
            }
            self.installed.write_policy(
                protected=sorted(self._protected),
                cedar="".join(forbidden),
                revoked=self._revoked,
                groups=KNOWN,
                **rules,
            )
