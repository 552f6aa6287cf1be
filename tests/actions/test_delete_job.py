import pytest

from holdfast.actions.delete_job import DeleteJob
from holdfast.conformance.scenes import Raw, a_pod, changed_by, owned, raw, sight
from holdfast.model.repairs import State
from holdfast.model.steps import Delete

CRON = raw("batch/v1", "CronJob", "report")
FAILED: Raw = {"conditions": [{"type": "Failed", "status": "True"}]}
JOB = raw("batch/v1", "Job", "report-1", metadata=owned(CRON), status=FAILED)
STUCK = changed_by(JOB, {"status": {"conditions": [], "active": 1}})
DELETE = DeleteJob()


def later(**status: object) -> Raw:
    born = {**owned(CRON), "creationTimestamp": "2026-01-01T11:58:00Z"}
    return raw("batch/v1", "Job", "report-2", metadata=born, status=status)


def test_deletes_a_job_that_failed_or_hangs() -> None:
    assert [] == list(DELETE.refuses(sight(JOB, CRON)))
    assert [] == list(DELETE.refuses(sight(STUCK, CRON, a_pod("p", STUCK, ready=False))))
    seen = sight(JOB)
    assert (Delete(target=seen.document.ref),) == DELETE.steps(seen)


@pytest.mark.parametrize(
    ("target", "around", "because"),
    [
        (raw("batch/v1", "Job", "alone", status=FAILED), [], "nobody would run it again"),
        (changed_by(JOB, {"spec": {"suspend": True}}), [], "it is suspended"),
        (
            changed_by(JOB, {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}),
            [],
            "it has done its work",
        ),
        (STUCK, [a_pod("p", STUCK)], "it still works"),
        (
            changed_by(JOB, {"metadata": {"deletionTimestamp": "2026-01-01T11:59:00Z"}}),
            [],
            "it is being deleted",
        ),
    ],
)
def test_refuses_what_gets_on_or_would_not_come_again(
    target: Raw, around: list[Raw], because: str
) -> None:
    refusals = list(DELETE.refuses(sight(target, CRON, *around)))
    assert 1 == len(refusals)
    assert because in refusals[0]


@pytest.mark.parametrize(
    ("after", "state"),
    [
        ([], State.WAITING),  # that it is gone repairs nothing
        ([JOB], State.WAITING),
        ([later(active=1)], State.WAITING),
        ([later(active=1), a_pod("p", later())], State.WELL),
        ([later(conditions=[{"type": "Complete", "status": "True"}])], State.WELL),
        (
            [
                changed_by(
                    later(conditions=[{"type": "Complete", "status": "True"}]),
                    {"metadata": owned(raw("batch/v1", "CronJob", "other"))},
                )
            ],
            State.WAITING,
        ),
    ],
)
def test_has_recovered_when_a_later_run_works(after: list[Raw], state: State) -> None:
    assert state is DELETE.recovery(sight(JOB), sight(JOB, *after, gone=True)).state


def by(api_version: str, kind: str) -> Raw:
    return changed_by(JOB, {"metadata": owned(raw(api_version, kind, "report"))})


@pytest.mark.parametrize(
    "target",
    [
        by("v1", "ConfigMap"),
        by("v1", "Secret"),
        by("apps/v1", "Deployment"),
        by("batch/v1", "Job"),
        by("policy/v1", "PodDisruptionBudget"),
        by("rbac.authorization.k8s.io/v1", "Role"),
        by("batch/v1", "cronjob"),
        changed_by(JOB, {"metadata": owned(changed_by(CRON, {"metadata": {"uid": "old"}}))}),
        changed_by(JOB, {"metadata": owned(raw("batch/v1", "CronJob", "other"))}),
    ],
)
def test_refuses_where_its_owner_makes_no_jobs_or_is_not_there(target: Raw) -> None:
    (because,) = DELETE.refuses(sight(target, CRON))
    assert "is no CronJob that is there" in because


def test_an_operator_may_own_it() -> None:
    assert [] == list(DELETE.refuses(sight(by("runs.example.com/v1", "Run"), CRON)))
