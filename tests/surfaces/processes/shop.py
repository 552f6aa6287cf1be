"""A broken shop in the present, and what is asked of its API server.

Where a repair helps, the shop gets well by itself once it was done.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from holdfast.adapters.clock import SystemClock
from holdfast.execution.states import State
from holdfast.grants.names import KEEPER_USER, LEASE_USERS
from holdfast.model.documents import Document
from holdfast.model.handed import PLAN, PROPOSE
from holdfast.testing.manifests import manifest, owner, pod_conditions, pod_of, running_status
from holdfast.testing.requests import Answer, Request
from holdfast.testing.status import StatusError, qualified
from tests.surfaces.processes.boundaries import Through
from tests.workflow.beyond import NODE, a_request, said_of
from tests.workflow.stage import ASKED as OF_THE_STAGE
from tests.workflow.stage import PLURALS, STAMP, WEB, a_shop

MUTATES = ("create", "update", "patch", "delete")
PROBE = {"period_seconds": 10, "timeout_seconds": 2, "failure_threshold": 6}
ASKED = {
    **OF_THE_STAGE,
    "PatchProbe": (
        WEB,
        "HF-WRK-023",
        {"container": "web", "probe": "readiness", "initial_delay_seconds": 0, **PROBE},
    ),
}
"""What is asked for of each kind: the target, the fact, and the parameters."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """Which kinds of action, one after the other, and whether they help or are taken back."""

    kinds: tuple[str, ...]
    undone: bool = False

    @property
    def end(self) -> State:
        return State.UNDONE if self.undone else State.RECOVERED


STORIES = {
    **{kind: Story(kinds=(kind,)) for kind in ASKED},
    "ScaleWorkload-undone": Story(kinds=("ScaleWorkload",), undone=True),
    "RolloutUndo-undone": Story(kinds=("RolloutUndo",), undone=True),
    "a-plan": Story(kinds=("DeleteResourceQuota", "RolloutRestart")),
}


class Shop:
    """The broken shop in the present, where a repair helps if the story says so."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.cluster = a_shop()
        if "PatchProbe" in story.kinds:
            self._is_probed()
        self.cluster.server.before_each = lambda _: self._goes_on()
        self._around: Callable[[str, Request], None] = _nothing
        api: Any = Through(self.cluster.server, answer=self._answer)
        self._answered = self.cluster.server.answer
        self.cluster.server = api
        self._busy = False

    def _answer(self, request: Request) -> Answer:
        """As the API server does, with a boundary before and after what is asked to be changed."""
        ask = request.ask
        ours = request.who.name == KEEPER_USER or request.who.name.startswith(LEASE_USERS)
        if not ours or ask.verb not in MUTATES or "review" in ask.resource:
            return self._answered(request)
        self._around("before", request)
        answer = self._answered(request)
        self._around("after", request)
        return answer

    def _goes_on(self) -> None:
        """What the time and the controllers do before anybody asks."""
        clock, now = self.cluster.clock, SystemClock().now()
        if now > clock.now():
            clock.advance(now - clock.now())
        if not self._busy:
            self._busy = True  # what controllers do goes through the same door
            try:
                self._heal()
            finally:
                self._busy = False

    @contextmanager
    def watched(self, around: Callable[[str, Request], None]) -> Iterator[None]:
        """Whoever watches hears of each such request, before and after; what it raises cuts off
        the connection.
        """
        self._around = around
        try:
            yield
        finally:
            self._around = _nothing

    def document(self, named: str) -> Document:
        kind, name = named.split()
        return Document(value=self.cluster.fetch(PLURALS[kind], name, namespace="shop"))

    def there(self, named: str) -> bool:
        with suppress(StatusError):
            self.document(named)
            return True
        return False

    def done(self, kind: str) -> bool:
        """Whether the act of that kind is to be seen."""
        web = self.document("Deployment web")
        containers: Any = web.at("spec", "template", "spec", "containers")
        match kind:
            case "RolloutRestart":
                stamp = "kubectl.kubernetes.io/restartedAt"
                path = ("spec", "template", "metadata", "annotations")
                return (web.at(*path) or {}).get(stamp) == STAMP  # type: ignore[union-attr]
            case "RolloutUndo":
                return bool(containers[0]["image"] == "web:1")
            case "ScaleWorkload":
                return web.at("spec", "replicas") == 3
            case "PatchProbe":
                return bool(containers[0]["readinessProbe"]["timeoutSeconds"] == 2)
            case "Uncordon":
                return self.document(ASKED["Uncordon"][0]).at("spec", "unschedulable") is None
            case _:
                return not self.there(ASKED[kind][0])

    def _heal(self) -> None:
        for kind in () if self.story.undone else self.story.kinds:
            if self.done(kind):
                self._heal_after(kind)

    def _heal_after(self, kind: str) -> None:
        match kind:
            case "DeletePod" if not self.there("Pod web-2-b"):
                made = self.cluster.fetch("replicasets.apps", "web-2", namespace="shop")
                pod = self.cluster.create(pod_of(made, "web-2-b", "web:2"))
                status = running_status(pod, self.cluster.clock.now())
                self.cluster.update_status({**pod, "status": status})
            case "DeleteJob" if not self.there("Job nightly-2"):
                self._run_again()
            case "PatchProbe":
                self._roll_out()
                self._is_ready()
            case "RolloutRestart" | "RolloutUndo" | "ScaleWorkload":
                self._roll_out()
            case "DeleteCertificateRequest" if not self.there("CertificateRequest shut-2"):
                a_request(self.cluster, "shut", reason="Issued", number=2)
            case "DeleteACMEOrder":
                self._issued()
            case "Uncordon":
                self._followed()

    def _is_ready(self) -> None:
        """Its pods are, since they are asked with more patience."""
        pod = self.cluster.fetch("pods", "web-2-b", namespace="shop")
        if not pod["status"]["containerStatuses"][0]["ready"]:
            status = running_status(pod, self.cluster.clock.now())
            self.cluster.update_status({**pod, "status": status})

    def _is_probed(self) -> None:
        """Its container is asked whether it is ready, with little patience; one pod never is."""
        web = self.cluster.fetch("deployments.apps", "web", namespace="shop")
        _probed(web["spec"]["template"])
        web = self.cluster.replace(web)
        seen = {"observedGeneration": web["metadata"]["generation"]}
        self.cluster.update_status({**web, "status": {**web["status"], **seen}})
        made = self.cluster.fetch("replicasets.apps", "web-2", namespace="shop")
        pod = self.cluster.create(_probed(pod_of(made, "web-2-b", "web:2")))
        now = self.cluster.clock.now()
        status = running_status(pod, now)
        (container,) = status["containerStatuses"]
        conditions = pod_conditions(now, ready=None, app="web")
        unready = {"conditions": conditions, "containerStatuses": [{**container, "ready": False}]}
        self.cluster.update_status({**pod, "status": {**status, **unready}})

    def _run_again(self) -> None:
        cron = self.cluster.fetch("cronjobs.batch", "nightly", namespace="shop")
        metadata = {"ownerReferences": [owner(cron)]}
        made = manifest("batch/v1", "Job", "nightly-2", metadata=metadata, spec={"template": {}})
        job = self.cluster.create(made)
        well = {"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]}
        self.cluster.update_status({**job, "status": well})

    def _issued(self) -> None:
        """What waited for the order is fulfilled by the next one."""
        request = self.cluster.fetch(
            "certificaterequests.cert-manager.io", "waits-1", namespace="shop"
        )
        if request["status"]["conditions"][0]["reason"] != "Issued":
            said_of(self.cluster, request, "True", "Issued")

    def _followed(self) -> None:
        """The taint that follows the field goes with it."""
        node = self.cluster.fetch("nodes", NODE)
        if node["spec"].get("taints"):
            self.cluster.replace({**node, "spec": {**node["spec"], "taints": []}})

    def _roll_out(self) -> None:
        web = self.cluster.fetch("deployments.apps", "web", namespace="shop")
        generation, wanted = web["metadata"]["generation"], web["spec"]["replicas"]
        if web["status"]["observedGeneration"] == generation:
            return
        counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
        status = {"observedGeneration": generation, **dict.fromkeys(counts, wanted)}
        self.cluster.update_status({**web, "status": status})
        budget = self.cluster.fetch("poddisruptionbudgets.policy", "web", namespace="shop")
        room = {"expectedPods": wanted, "currentHealthy": wanted, "disruptionsAllowed": wanted - 2}
        self.cluster.update_status({**budget, "status": {**budget["status"], **room}})

    def asked(self) -> tuple[str, dict[str, Any]]:
        """The letter that `holdfast propose` would put there: its kind, and what it says."""
        first, *further = (self._step(kind) for kind in self.story.kinds)
        return (PLAN, {"steps": [first, *further]}) if further else (PROPOSE, first)

    def _step(self, kind: str) -> dict[str, Any]:
        target, code, params = ASKED[kind]
        if "replica_set" in params:
            uid = self.document(f"ReplicaSet {params['replica_set']}").ref.uid
            params = {**params, "uid": uid}
        ref = self.document(target).ref
        return {
            "trouble": "trb_1",
            "code": code,
            "target": {name: getattr(ref, name) for name in ref.__struct_fields__},
            "action": kind,
            "params": params,
            "requester": "cli:sam",
        }


def _probed(of: dict[str, Any]) -> dict[str, Any]:
    """The pod or template, whose container has a readiness probe now."""
    (container,) = of["spec"]["containers"]
    container["readinessProbe"] = {
        "httpGet": {"path": "/ready", "port": 80},
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "failureThreshold": 3,
    }
    return of


def _nothing(_: str, __: Request) -> None:
    """Nobody watches."""


def meant(request: Request) -> bool:
    """Whether a lease asks for it, and not only to rehearse."""
    dry = request.query.get("dryRun") == "All"
    return not dry and request.who.name.startswith(LEASE_USERS)


def lent_for(user: str) -> tuple[str, str, str]:
    """What a lease is for, by its name: the purpose, the action, and the uid of the target."""
    purpose, action, uid, _ = user.removeprefix(LEASE_USERS).split(".")
    return purpose, action, uid


def asked(request: Request) -> str:
    """A request by its name, which is the same in each run."""
    ask, user = request.ask, request.who.name
    what = qualified(ask.group, ask.resource) + (f"/{ask.subresource}" if ask.subresource else "")
    dry = " dry" if request.query.get("dryRun") == "All" else ""
    by = user.removeprefix(LEASE_USERS).partition(".")[0] if user != KEEPER_USER else "the keeper"
    return f"{ask.verb} {what}{dry} by {by}"
