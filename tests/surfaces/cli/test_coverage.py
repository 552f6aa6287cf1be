"""What could not be judged is said: short in the text, whole in the JSON."""

import json
from typing import Any

import msgspec
import pytest
import yaml

from holdfast.errors import BadInput, CouldNotLook
from holdfast.facts import CATALOGUE, kinds_read
from holdfast.grants.reader import reader_role
from holdfast.model.baseline import API_VERSION, KIND, Baseline, SwitchedOff
from holdfast.model.kinds import Certificate, Lease, Secret
from holdfast.model.objects import Annotations
from holdfast.model.snapshot import State
from holdfast.testing.builders import a_claim, a_snapshot
from holdfast.testing.shop import a_shop
from tests.surfaces.cli.conftest import Run
from tests.workflow.test_named import a_definition

SCAN = ("scan", "--snapshot", "folder")


def as_json(run: Run, capsys: pytest.CaptureFixture[str], *options: str, **given: Any) -> Any:
    run(*SCAN, "-o", "json", *options, **given)
    return json.loads(capsys.readouterr().out)


def test_the_rules_that_want_a_kind_are_named_beneath_it(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run(*SCAN, folder=a_snapshot(blind=[Secret]))

    text = capsys.readouterr().out
    assert "secrets: forbidden" in text
    assert "for  " in text
    assert "helm_release_failed" in text
    assert "Rules that could not judge everything: " in text


def test_what_the_server_does_not_have_keeps_no_rule_from_judging(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run(*SCAN, folder=a_snapshot(states={Certificate: State.ABSENT}))

    text = capsys.readouterr().out
    assert "Not served here, and so not judged: certificates." in text
    assert "Rules that could not judge" not in text


def test_the_json_names_every_rule_and_what_it_wants(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    coverage = as_json(run, capsys, folder=a_snapshot(blind=[Secret]))["coverage"]

    wanting = {rule["code"] for rule in coverage["unjudged"]}
    assert wanting == {rule.code for rule in CATALOGUE if Secret in rule.reads}
    assert {"resource": "secrets", "state": "forbidden"} in coverage["unjudged"][0]["wants"]


def test_a_rule_that_is_off_is_said_once_with_its_reason(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    off = (SwitchedOff(rule="crash_looping", reason="too loud"),)
    baseline = Baseline(api_version=API_VERSION, kind=KIND, off=off)

    run(*SCAN, "--baseline", "any", folder=a_snapshot(), baseline=baseline)

    text = capsys.readouterr().out
    assert text.count("crash_looping") == 1
    assert "Switched off: crash_looping (too loud)." in text


def test_a_rule_that_is_off_takes_what_only_it_reads_out_of_everything(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    readers = [rule for rule in CATALOGUE if Lease in rule.sight]
    without = [word for rule in readers for word in ("--without", rule.name)]
    shop = a_shop()
    before = len(shop.audit)

    run("scan", "-o", "json", *without, cluster=shop)
    told = json.loads(capsys.readouterr().out)["coverage"]
    run("rbac", "reader", *without)
    role = capsys.readouterr().out

    asked = {request.resource for request in shop.audit[before:]}
    assert Lease.api.resource not in asked
    assert Lease.api.resource not in {kind["resource"] for kind in told["read"]}
    assert "coordination.k8s.io" in str(reader_role())
    assert "coordination.k8s.io" not in role
    assert Lease in kinds_read()


def test_an_unknown_name_is_refused_with_what_is_nearly_it(run: Run) -> None:
    with pytest.raises(BadInput) as refused:
        run(*SCAN, "--without", "crash_lopping", folder=a_snapshot())

    assert "crash_looping" in refused.value.remedy


@pytest.mark.slow
def test_a_scan_without_any_rule_is_no_scan(run: Run) -> None:
    everything = [word for rule in CATALOGUE for word in ("--without", rule.code)]

    with pytest.raises(BadInput, match="Every rule"):
        run(*SCAN, *everything, folder=a_snapshot())


def test_a_role_holds_the_kinds_that_were_named_and_no_kind_twice(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("rbac", "reader", "--kind", "widgets.example.io", "--kind", "deployments.apps")

    role = yaml.safe_load(capsys.readouterr().out)
    assert reader_role(named=["widgets.example.io"]) == role


def test_a_role_holds_the_custom_kinds_that_a_cluster_defines(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = a_shop()
    shop.create(a_definition())

    run("rbac", "reader", "--discover", cluster=shop)
    everywhere = yaml.safe_load(capsys.readouterr().out)
    run("rbac", "reader", "--discover", "--namespace", "shop", cluster=shop)

    assert reader_role(named=["widgets.example.io"]) == everywhere
    assert "widgets" in capsys.readouterr().out


def test_custom_kinds_cannot_be_discovered_by_who_may_not_list_them(run: Run) -> None:
    with pytest.raises(CouldNotLook, match="cannot be seen"):
        run("rbac", "reader", "--discover", cluster=a_shop().as_user("nobody"))


def test_custom_kinds_that_were_not_asked_for_are_said(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = a_shop()
    shop.create(a_definition())

    run("scan", "--stateless", cluster=shop)

    told = "Custom kinds that were not asked for (1; --kind names one): widgets.example.io."
    assert told in capsys.readouterr().out


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_an_annotation_that_names_no_rule_is_said(
    run: Run, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    claim = a_claim()
    metadata = msgspec.structs.replace(claim.metadata, annotations=Annotations(ignore="bogus"))
    claim = msgspec.structs.replace(claim, metadata=metadata)

    run(*SCAN, "-o", form, folder=a_snapshot(claim))

    assert f"{claim.metadata.name}: bogus" in capsys.readouterr().out


def test_a_snapshot_holds_no_kind_that_we_do_not_know(run: Run) -> None:
    with pytest.raises(BadInput, match="no other custom kinds"):
        run(*SCAN, "--kind", "widgets.example.io", folder=a_snapshot())
