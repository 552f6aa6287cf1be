"""What is read of what goes away: whoever does not answer keeps nobody waiting."""

import asyncio

from holdfast.actions.delete_pod import DeletePod
from holdfast.model.kinds import Pod
from holdfast.workflow.last_words import last_words
from tests.workflow.executing import Stage, a_stage, changed
from tests.workflow.test_last_words_kept import SAID, two_pods


class Hanging:
    """Kubelets of which that container's never answers."""

    def __init__(self, *containers: str) -> None:
        self._containers = containers

    async def log(self, pod: Pod, container: str, *, previous: bool = False) -> bytes:
        del pod, previous
        if container in self._containers:
            await asyncio.Event().wait()
        return b"the end"


def of_two_containers(stage: Stage) -> None:
    """One more, so that one may hang and the other answer."""
    two_pods(stage)
    pod = stage.cluster.fetch("pods", "web-b", namespace="shop")
    statuses = pod["status"]["containerStatuses"]
    told = {**pod["status"], "containerStatuses": [{**statuses[0], "name": "aside"}, *statuses]}
    stage.cluster.update_status({**pod, "status": told})


async def test_a_kubelet_that_hangs_takes_nothing_else_away() -> None:
    async with a_stage() as stage:
        of_two_containers(stage)
        changed(stage, lines=Hanging("aside"))
        seen = await stage.sees(DeletePod(), stage.document("pods", "web-b").ref)
        said = await asyncio.wait_for(last_words(stage.leash, seen, within=0.2), 5)
        (name,) = said.logs
        assert said.logs[name] == "the end"
        assert said.unseen == ("the log of web-b/aside: nobody answered within 0.2 s",)
        assert SAID in said.events[0]


async def test_all_of_it_is_waited_for_within_one_time() -> None:
    async with a_stage() as stage:
        of_two_containers(stage)
        status = stage.cluster.fetch("pods", "web-b", namespace="shop")["status"]
        names = [each["name"] for each in status["containerStatuses"]]
        changed(stage, lines=Hanging(*names))
        seen = await stage.sees(DeletePod(), stage.document("pods", "web-b").ref)
        begun = asyncio.get_running_loop().time()
        said = await last_words(stage.leash, seen, within=0.5)
        assert asyncio.get_running_loop().time() - begun < 0.9
        assert len(said.unseen) == len(names) == 2


async def test_events_that_nobody_tells_are_said_to_be_missing() -> None:
    async with a_stage() as stage:
        two_pods(stage)
        seen = await stage.sees(DeletePod(), stage.document("pods", "web-b").ref)
        real = stage.leash.cluster

        class Silent:
            identity, cluster_version = real.identity, None

            async def list(self, *_: object) -> object:
                return await asyncio.Event().wait()

        changed(stage, cluster=Silent(), lines=Hanging())
        said = await last_words(stage.leash, seen, within=0.1)
        assert said.events == ()
        assert said.unseen == ("events: nobody answered within 0.1 s",)
        assert said.logs
