"""Who decides whether pods may be made: quotas, limit ranges, webhooks and policies.

A webhook is asked about the pods of everybody whom its selectors choose, and all of them suffer if
nobody answers. But it holds only those who were refused in its name: who is short of pods for
another reason has nothing to do with it.
"""

from collections.abc import Iterable, Iterator

from holdfast.model.kinds import (
    AdmissionPolicy,
    AdmissionPolicyBinding,
    CronJob,
    Deployment,
    LimitRange,
    MutatingWebhooks,
    Namespace,
    ReplicaSet,
    ResourceQuota,
    ValidatingWebhooks,
)
from holdfast.model.kinds.control import Webhook
from holdfast.model.objects import Object
from holdfast.model.refusals import Cause, refusals
from holdfast.model.relations import Relation
from holdfast.model.snapshot import Snapshot
from holdfast.topology.graph import Edge, place
from holdfast.topology.webhooks import configurations
from holdfast.topology.workloads import MAKERS, Maker

JOBS = "count/jobs.batch"  # of all that a quota counts, what a CronJob makes

type Configuration = ValidatingWebhooks | MutatingWebhooks


def held(snapshot: Snapshot) -> Iterator[Edge]:
    """Every edge of that sort."""
    yield from _by_limits(snapshot)
    several = configurations(snapshot)
    for configuration in several:
        asked = [each for each in configuration.webhooks if _asked_about_pods(each)]
        if asked:
            yield from _admitted(snapshot, configuration, asked)
    yield from _refused(snapshot, several)
    yield from _denied(snapshot)


def _by_limits(snapshot: Snapshot) -> Iterator[Edge]:
    for quota in snapshot.all(ResourceQuota):
        for kind in MAKERS:
            for workload in _making(snapshot, snapshot.within(kind, quota.metadata.namespace)):
                yield _held(workload, quota, "metadata.namespace")
        if JOBS in quota.status.hard:
            for cron in snapshot.within(CronJob, quota.metadata.namespace):
                yield _held(cron, quota, f"status.hard, {JOBS}")
    for refusal in refusals(snapshot, Cause.LIMIT_RANGE):
        for limit in snapshot.within(LimitRange, refusal.about.metadata.namespace):
            yield _held(refusal.about, limit, "metadata.namespace")


def _making(snapshot: Snapshot, several: Iterable[Maker]) -> Iterator[Maker]:
    """Those that create pods, as far as is seen: a Deployment stands for ReplicaSets alone that are
    not seen.
    """
    for each in several:
        if not isinstance(each, Deployment) or not snapshot.owned_by(ReplicaSet, each):
            yield each


def _asked_about_pods(webhook: Webhook) -> bool:
    """Whether nobody makes a pod while it does not answer."""
    return webhook.failure_policy == "Fail" and any(
        not {"CREATE", "*"}.isdisjoint(rule.operations)
        and not {"", "*"}.isdisjoint(rule.api_groups)
        and not {"pods", "*", "*/*"}.isdisjoint(rule.resources)
        for rule in webhook.rules
    )


def _admitted(
    snapshot: Snapshot, configuration: Configuration, webhooks: Iterable[Webhook]
) -> Iterator[Edge]:
    """Who would be refused if it did not answer."""
    for kind in MAKERS:
        for workload in _making(snapshot, snapshot.all(kind)):
            if any(_chooses(each, workload, snapshot) for each in webhooks):
                yield Edge(
                    relation=Relation.ADMITTED_BY,
                    source=place(workload),
                    target=place(configuration),
                    read="webhooks.rules",
                )


def _refused(snapshot: Snapshot, several: Iterable[Configuration]) -> Iterator[Edge]:
    """Who was, with the name of a webhook in the words of the API server."""
    named: dict[str, list[tuple[Configuration, Webhook]]] = {}
    for configuration in several:
        for webhook in configuration.webhooks:
            named.setdefault(webhook.name, []).append((configuration, webhook))
    for cause in (Cause.UNREACHABLE, Cause.DENIED):
        for refusal in refusals(snapshot, cause):
            for configuration, webhook in named.get(refusal.reason.by, ()):
                if _chooses(webhook, refusal.about, snapshot):
                    yield _held(refusal.about, configuration, "webhooks.name")


def _denied(snapshot: Snapshot) -> Iterator[Edge]:
    """Who was, with the name of a policy of the API server itself, and of the binding that puts it
    in force. Webhooks may have the names of policies: its own words come first.
    """
    policies = {each.metadata.name: each for each in snapshot.all(AdmissionPolicy)}
    bindings = snapshot.all(AdmissionPolicyBinding)
    for refusal in refusals(snapshot, Cause.DENIED):
        by = f"ValidatingAdmissionPolicy '{refusal.reason.by}' "
        if not refusal.reason.text.startswith(by):
            continue
        policy = policies.get(refusal.reason.by)
        if policy is not None:
            yield _held(refusal.about, policy, "metadata.name")
        for each in bindings:
            in_force = f"{by}with binding '{each.metadata.name}' "
            ours = each.spec.policy_name == refusal.reason.by
            if ours and refusal.reason.text.startswith(in_force):
                yield _held(refusal.about, each, "spec.policyName")


def _chooses(webhook: Webhook, workload: Object, snapshot: Snapshot) -> bool:
    """Whether its selectors mean the pods of that workload; what labels were not seen may fit."""
    spaces, objects = webhook.namespace_selector, webhook.object_selector
    namespace = snapshot.find(Namespace, "", workload.metadata.namespace)
    if spaces is not None and namespace is not None:
        labels = {"kubernetes.io/metadata.name": namespace.metadata.name}
        if not spaces.matches(labels | namespace.metadata.labels):
            return False
    if objects is None or not isinstance(workload, MAKERS):
        return True
    return objects.matches(workload.spec.template.metadata.labels)


def _held(workload: Object, by: Object, read: str) -> Edge:
    return Edge(relation=Relation.HELD_BY, source=place(workload), target=place(by), read=read)
