"""Suite M: what people will miss of a pod is kept with the course, and stands nowhere else."""

from holdfast.actions.delete_pod import DeletePod
from holdfast.execution.states import State
from holdfast.model.kinds import Pod
from holdfast.ports import Denied, Done, Outcome
from holdfast.testing.clock import NOON
from holdfast.testing.manifests import event, pod_of, replica_set, running_status
from tests.tally import Count, Tally
from tests.workflow.executing import Stage, a_stage, changed

LINE, SAID, QUOTED = "canary-of-a-log", "canary-of-an-event", "canary-of-a-variable"


class Lines:
    """A log with a secret in it."""

    async def log(self, pod: Pod, container: str, *, previous: bool = False) -> bytes:
        return f"{pod.metadata.name} {container} {previous}: {LINE}".encode()


def two_pods(stage: Stage) -> None:
    """One that is well, so that the other may go."""
    web = stage.cluster.fetch("deployments.apps", "web", namespace="shop")
    made = stage.cluster.create(replica_set(web, "1", "web:2", 2))
    for name in ("web-a", "web-b"):
        pod = pod_of(made, name, "web:2")
        pod["spec"]["containers"][0]["env"] = [{"name": "A", "value": QUOTED}]
        pod = stage.cluster.create(pod)
        stage.cluster.update_status({**pod, "status": running_status(pod, NOON)})
        stage.cluster.create(event(pod, NOON, "Refused", SAID))


def recorded(stage: Stage) -> str:
    """Entries, what waits to be one, and the log."""
    with stage.store.reading() as tx:
        told = [str(each) for each in tx.records.waiting(10_000)]
        told += [str(each) for kind in KINDS for each in tx.records.of_kind(kind)]
    return "\n".join([*told, str(vars(stage.leash.log))])


KINDS = ("intent", "lease", "act", "cut_off", "revoke", "outcome", "undo", "remark")


async def test_the_last_lines_and_events_of_a_pod_stand_in_its_course_alone(tally: Tally) -> None:
    async with a_stage() as stage:
        two_pods(stage)
        changed(stage, lines=Lines())
        order = await stage.approved(DeletePod(), stage.document("pods", "web-b").ref)
        await stage.until(order, State.APPLIED)
        case, told = stage.case(order), recorded(stage)
    leaks = [each for each in (LINE, SAID, QUOTED) if each in told + case.card + case.content]
    tally(Count("secrets: last words of a pod", n=3, failures=len(leaks)))
    assert [] == leaks
    assert all(each in case.course for each in (LINE, SAID, QUOTED))


async def test_a_webhook_that_quotes_the_pod_is_told_without_its_variables() -> None:
    def quoting(outcome: Outcome) -> Outcome:
        says = f"denied: V={QUOTED} is not allowed"
        return Denied(code=403, reason="x", says=says) if isinstance(outcome, Done) else outcome

    async with a_stage() as stage:
        two_pods(stage)
        stage.wire.rehearsal = quoting
        order = await stage.approved(DeletePod(), stage.document("pods", "web-b").ref)
        await stage.until(order, State.REFUSED)
        told = recorded(stage) + stage.course(order).says
    assert "denied: V=(hidden, sha256 " in told
    assert QUOTED not in told
