"""Suite M in process: two hundred secrets in all that carries some, through every preview."""

import json
from collections.abc import Iterator

import pytest

from holdfast.execution.states import State
from holdfast.model.cases import Case
from holdfast.model.plans import planned
from holdfast.surfaces.cli.forms import as_json, as_yaml
from holdfast.surfaces.cli.repairs.dossier import Dossier
from holdfast.surfaces.cli.repairs.markdown import as_markdown
from holdfast.surfaces.cli.repairs.report import as_value
from holdfast.surfaces.cli.repairs.rows import beside, signed
from holdfast.testing.admission import Change
from holdfast.testing.manifests import event, manifest
from holdfast.testing.simulated import SimulatedCluster
from holdfast.testing.status import StatusError
from tests.canaries import Mint, annotated, coded, filled, pull_secret
from tests.tally import Count, Tally
from tests.workflow.stage import ASKED, Stage, a_shop, a_stage, card_of, proposal

pytestmark = pytest.mark.slow


def full_of_secrets(mint: Mint) -> SimulatedCluster:
    """The broken shop, where everything that can carries some."""
    cluster = a_shop()
    for resource, name in (("deployments.apps", "web"), ("replicasets.apps", "web-1")):
        there = cluster.fetch(resource, name, namespace="shop")
        spec = {**there["spec"], "template": filled(there["spec"]["template"], mint)}
        cluster.replace({**there, "spec": spec})
    for resource, name in (
        ("resourcequotas", "few"),
        ("pods", "web-2-a"),
        ("jobs.batch", "nightly-1"),
    ):
        patch = {"metadata": {"annotations": annotated(mint)}}
        cluster.patch(resource, name, patch, namespace="shop")
    for n in range(20):
        data = {"k": coded(mint("Secret data"))}
        plain = {"s": mint("Secret stringData")}
        secret = manifest("v1", "Secret", f"db-{n}", data=data, stringData=plain)
        cluster.apply_manifest(secret)  # it stands in an annotation as well
        values = {f"k{k}": mint("ConfigMap") for k in range(2)}
        cluster.apply_manifest(manifest("v1", "ConfigMap", f"c-{n}", data=values))
        pull = {".dockerconfigjson": pull_secret(mint)}
        cluster.apply_manifest(manifest("v1", "Secret", f"pull-{n}", data=pull))
        pod = {"apiVersion": "v1", "kind": "Pod"} | cluster.fetch(
            "pods", "web-2-a", namespace="shop"
        )
        said = f"probe failed: password={mint('event')} was refused"
        cluster.create(event(pod, cluster.clock.now(), f"Refused{n}", said))
    return cluster


def quoting(change: Change) -> str:
    """A webhook that quotes all that it was sent, and all that was there."""
    if change.dry and change.resource.kind == "Deployment":
        quoted = json.dumps([change.after, change.before])
        says = f'admission webhook "q.example.com" denied the request: {quoted}'
        raise StatusError(403, "Forbidden", says)
    return ""


def shown(case: Case, stage: Stage) -> Iterator[str]:
    """The card in every form that there is."""
    told = Dossier(case=case, plan=planned([proposal(case)]), card=card_of(case))
    now = stage.cluster.clock.now()
    yield from (line for row in (*signed(told), *beside(told)) for line in row.lines)
    value = as_value(told, now)
    yield from (as_json(value), as_yaml(value), as_markdown(told, now), case.card)


def recorded(stage: Stage) -> Iterator[str]:
    """Entries to come, and the log."""
    with stage.store.reading() as tx:
        yield from (str(each) for each in tx.records.waiting(10_000))
    yield from map(str, (*stage.log.told, *stage.log.troubles))


async def test_no_secret_is_on_a_card_or_in_the_record_of_any_kind(tally: Tally) -> None:
    mint = Mint()
    async with a_stage(full_of_secrets(mint)) as stage:
        cases = [await stage.proposed(kind) for kind in ASKED]
        told = [*recorded(stage), *(text for case in cases for text in shown(case, stage))]
    leaks = {each for text in told for each in mint.told_in(text)}
    tally(Count("secrets: canaries through every preview", n=len(mint.all), failures=len(leaks)))
    assert set() == leaks
    assert len(mint.all) >= 200
    assert len(mint.made) >= 10
    assert {State.PROPOSED.value} == {case.state for case in cases}
    assert any("env[name=V0].value" in text for text in told)  # people see that it changes
    assert any('"--port=80"' in text for text in told)


async def test_of_secrets_and_config_maps_not_even_what_is_signed_has_any() -> None:
    mint = Mint()
    async with a_stage(full_of_secrets(mint)) as stage:
        cases = [await stage.proposed(kind) for kind in ASKED]
    kept = {each for case in cases for each in mint.told_in(case.content + case.course)}
    kinds = ("Secret data", "Secret stringData", "ConfigMap", "image pull secret", "event")
    assert set() == kept & {each for kind in kinds for each in mint.made[kind]}
    assert kept  # the template that is gone back to is signed, and so is what stands in it


async def test_a_webhook_that_quotes_everything_is_told_without_it(tally: Tally) -> None:
    mint = Mint()
    async with a_stage(full_of_secrets(mint)) as stage:
        stage.cluster.server.fences.insert(0, quoting)
        case = await stage.proposed("RolloutUndo")
        told = [*recorded(stage), *shown(case, stage)]
    leaks = {each for text in told for each in mint.told_in(text)}
    tally(Count("secrets: canaries quoted by a webhook", n=len(mint.all), failures=len(leaks)))
    assert State.REFUSED.value == case.state
    assert any("q.example.com" in text for text in told)
    assert set() == leaks
