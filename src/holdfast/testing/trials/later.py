"""The same cluster, looked at later: graces are passed by moving the judge's clock, not by waiting.

What keeps itself alive would have gone on doing so: a lease that is held at the moment of the
snapshot is held then, too, and so is one that is late by no more than its own length: on a busy
machine the lab's nodes are. Everything else stands still.
"""

from datetime import timedelta

import msgspec

from holdfast.model.kinds import Lease
from holdfast.model.snapshot import Snapshot, State


def later(snapshot: Snapshot, by: timedelta) -> Snapshot:
    """The snapshot as it would be judged after that time, if nothing changed."""
    captures = list(snapshot.captures())
    leases = snapshot.capture(Lease)
    if leases.state is not State.NOT_CAPTURED:
        renewed = tuple(_renewed(lease, snapshot, by) for lease in leases.objects)
        captures = [
            msgspec.structs.replace(c, objects=renewed) if c.kind is Lease else c for c in captures
        ]
    return Snapshot(now=snapshot.now + by, captures=captures, cluster=snapshot.cluster)


def _renewed(lease: Lease, snapshot: Snapshot, by: timedelta) -> Lease:
    renewed, runs_out = lease.spec.renew_time, lease.runs_out
    if renewed is None or runs_out is None:
        return lease
    if snapshot.now - runs_out > runs_out - renewed:
        return lease  # nobody holds it any more
    spec = msgspec.structs.replace(lease.spec, renew_time=renewed + by)
    return msgspec.structs.replace(lease, spec=spec)
