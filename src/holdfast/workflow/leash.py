"""The leash: everything that the keeper judges and acts with, in one value."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from holdfast.execution.recovering import Timing
from holdfast.model.asks import Rules
from holdfast.model.entries import Check, PublicKey
from holdfast.model.people import People
from holdfast.model.ssh import SshCheck
from holdfast.ports import (
    Clock,
    Cluster,
    Dice,
    Hands,
    Keyring,
    LastLines,
    Log,
    OperatorPolicy,
    Store,
)
from holdfast.ports.engine import Engine
from holdfast.ports.leases import Fences, Leases


@dataclass(frozen=True, slots=True, kw_only=True)
class Leash:
    """Whoever is on it. The hands are the keeper's own, and only ever read."""

    store: Store
    engine: Engine
    cluster: Cluster
    hands: Hands
    leases: Leases
    fences: Fences
    operator: OperatorPolicy
    people: Callable[[], People]  # as the file is now
    rules: Callable[[], Rules]
    refreshed: Callable[[], Awaitable[None]]  # by the folder as it is now, once the record says so
    tickets: Keyring
    check: Check
    sealed_by: Callable[[], Sequence[PublicKey]]  # the public halves of our audit keys
    ssh_check: SshCheck
    clock: Clock
    dice: Dice
    timing: Timing
    log: Log
    witness: Callable[[], Awaitable[object]]  # what is sealed is known outside the database then
    lines: LastLines | None = None  # None: nobody reads logs here


type Held = Callable[[], Leash]
"""Phases stand in the engine before there is one that a leash could hold: they ask when they run.

So a phase is made by a function of this: `preview_phase(held)`.
"""
