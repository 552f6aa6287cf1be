"""Argo CD could not bring an application to what Git says: a change has not arrived."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Application, Event
from holdfast.model.kinds.argo import Operation, Synced
from holdfast.model.names import few
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.deliveries import FAILED, failing_since


@fact(
    code="HF-DLV-003",
    channel=Channel.INCIDENT,
    severity=Severity.CRITICAL,
    grace=timedelta(minutes=1),  # retries are part of a sync; only a new one may follow at once
    reads=(Application, Event),
    next_step="Read what failed: argocd app get {namespace}/{name} --show-operation",
    explains=("HF-DLV-001",),
)
def argo_sync_failed(cluster: Snapshot) -> Iterator[Found]:
    """The last sync of an Application ended as Failed or Error, and the application is still out of
    sync, or a hook of that sync failed. It is counted from the first failure after the last sync
    that succeeded, as far as Argo CD's events tell.
    """
    for each in cluster.all(Application):
        operation = each.status.operation_state
        if operation is None or operation.phase not in FAILED or each.leaving:
            continue  # healthy, or still at it
        hooks = [r for r in _results(operation) if r.hook_type and r.hook_phase in FAILED]
        if each.status.sync.status == "Synced" and not hooks:
            continue  # healthy: it was brought there by other means
        ended = operation.finished_at or operation.started_at or each.born
        first = failing_since(cluster, each)
        yield Found(
            about=each.ref,
            since=ended if first is None else min(first, ended),
            says=f"the last sync ended as {operation.phase}"
            + _of(hooks, [r for r in _results(operation) if r.status == "SyncFailed"]),
            seen={
                "status.operationState.phase": operation.phase,
                "status.operationState.message": operation.message,
                "status.sync.status": each.status.sync.status,
                **{f"{r.kind} {r.name}": r.message for r in hooks},
            },
        )


def _results(operation: Operation) -> tuple[Synced, ...]:
    return operation.sync_result.resources if operation.sync_result is not None else ()


def _of(hooks: list[Synced], refused: list[Synced]) -> str:
    """What it failed of, as far as that was told."""
    if hooks:
        return ": " + few((f"{r.hook_type} hook {r.kind} {r.name}" for r in hooks), 3)
    return ": " + few((f"{r.kind} {r.name}" for r in refused), 3) if refused else ""
