"""What a watch takes to judge news on a big cluster, in a process of its own.

python -m bench.rejudging URL ROUNDS    look at an API server once, then tell a vigil that one pod
                                        has changed, time after time

Prints JSON: the CPU seconds of each judgement of a pod that changes, of one that falls ill, and of
a grace that passes. Nothing is waited for, so on an idle machine they are the wall's as well.
"""

import asyncio
import json
import sys
import time
from datetime import datetime

import msgspec

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.facts import CATALOGUE, kinds_read
from holdfast.model.kinds import Pod
from holdfast.model.kinds.pods import ContainerState, Waiting
from holdfast.model.rules import Channel
from holdfast.model.snapshot import Snapshot
from holdfast.ports import Put, Relisted
from holdfast.workflow.look import look
from holdfast.workflow.vigil import Terms, Vigil

RULES = tuple(rule for rule in CATALOGUE if rule.channel is Channel.INCIDENT)
GRACE = next(rule.grace for rule in RULES if rule.name == "image_name_invalid")
ILL = Waiting(reason="InvalidImageName", message="not a name")


async def seen(url: str) -> Snapshot:
    """The cluster, once."""
    kinds = kinds_read(RULES)
    async with Reader(Connection(name="bench", server=url), clock=SystemClock()) as reader:
        return await look(reader, kinds=kinds)


def measured(snapshot: Snapshot, rounds: int) -> dict[str, list[float]]:
    """Judge, again and again."""
    vigil = Vigil(snapshot.cluster, Terms(rules=RULES))
    for scope in vigil.scopes:
        vigil.hear(scope, Relisted(capture=snapshot.capture(scope[0])), snapshot.now)
    now = snapshot.now
    vigil.view(now)
    took: dict[str, list[float]] = {"well": [], "ill": [], "ripe": []}
    well = [pod for pod in snapshot.all(Pod) if pod.status.phase == "Running"]
    for pod in well[:rounds]:
        vigil.hear((Pod, None), Put(object=pod), now)
        took["well"].append(_timed(vigil, now))
        vigil.hear((Pod, None), Put(object=_ill(pod, now)), now)
        took["ill"].append(_timed(vigil, now))
        now += GRACE
        took["ripe"].append(_timed(vigil, now))
        if pod.ref not in {each.about for each in vigil.view(now).survey.findings}:
            raise AssertionError("what was broken was not found")
    return took


def _timed(vigil: Vigil, now: datetime) -> float:
    began = time.process_time()
    vigil.view(now)
    return time.process_time() - began


def _ill(pod: Pod, now: datetime) -> Pod:
    """The same pod, whose image has lost its name this moment."""
    statuses = tuple(
        msgspec.structs.replace(each, ready=False, state=ContainerState(waiting=ILL))
        for each in pod.status.container_statuses
    )
    conditions = tuple(
        msgspec.structs.replace(
            each,
            status="False" if each.type in ("Ready", "ContainersReady") else each.status,
            last_transition_time=now,
        )
        for each in pod.status.conditions
    )
    status = msgspec.structs.replace(pod.status, conditions=conditions, container_statuses=statuses)
    return msgspec.structs.replace(pod, status=status)


if __name__ == "__main__":
    match sys.argv[1:]:
        case [url, rounds]:
            print(json.dumps(measured(asyncio.run(seen(url)), int(rounds))))
        case _:
            sys.exit(__doc__)
