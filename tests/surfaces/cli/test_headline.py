"""The one sentence of a scan: nothing that is left out or was not seen reads as health."""

import json
from datetime import timedelta

import msgspec
import pytest

from holdfast.diagnosis.survey import Survey, survey
from holdfast.model.baseline import API_VERSION, KIND, Baseline, Ignore
from holdfast.model.kinds import Lease, Pod
from holdfast.model.snapshot import State
from holdfast.surfaces.cli.headline import calm, looked_at, total
from holdfast.surfaces.cli.screen import Wanted
from holdfast.surfaces.cli.watch_lines import as_json, as_text, happened
from holdfast.surfaces.cli.watch_screen import Size, rows
from holdfast.testing.builders import a_claim, a_deployment, a_pod, a_snapshot, a_storage_class
from tests.surfaces.cli.conftest import Run
from tests.surfaces.cli.watched import Watched

MINUTES = timedelta(minutes=1)
IGNORING = Baseline(
    api_version=API_VERSION,
    kind=KIND,
    ignore=(Ignore(code="HF-STO-*", reason="known"),),
)
CLAIM = a_snapshot(a_storage_class(), a_claim(waited=42 * MINUTES))
BOTH = a_snapshot(
    a_storage_class(),
    a_claim(waited=42 * MINUTES),
    a_deployment("cart", available=0, short_for=12 * MINUTES),
)
SCAN = ("scan", "--snapshot", "folder", "--baseline", "baseline.yaml")


def ignoring() -> Survey:
    return survey(CLAIM, baseline=IGNORING)


def test_what_is_ignored_is_no_health() -> None:
    assert "Nothing else hurts, as far as could be seen; left out: 1 ignored." == total(ignoring())
    assert not calm(ignoring())


def test_what_is_ignored_is_said_beside_what_hurts() -> None:
    told = total(survey(BOTH, baseline=IGNORING))

    assert "1 trouble: 1 critical (1 finding in all); left out: 1 ignored." == told


IGNORING_WORKLOADS = Baseline(
    api_version=API_VERSION, kind=KIND, ignore=(Ignore(code="HF-WRK-*", reason="known"),)
)


def test_what_is_left_out_and_critical_is_counted_apart() -> None:
    told = total(survey(BOTH, baseline=IGNORING_WORKLOADS))

    assert told.endswith("; left out: 1 ignored, 1 of them critical.")


@pytest.mark.parametrize("form", ["text", "json", "yaml", "markdown"])
def test_every_form_of_a_scan_says_what_is_left_out_in_its_headline(
    run: Run, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    run(*SCAN, "-o", form, folder=CLAIM, baseline=IGNORING)

    assert "Nothing else hurts, as far as could be seen; left out: 1 ignored." in " ".join(
        capsys.readouterr().out.split()
    )


def test_markdown_lists_what_is_left_out(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run(*SCAN, "-o", "markdown", folder=CLAIM, baseline=IGNORING)

    text = capsys.readouterr().out
    assert "## Left out" in text
    assert "- ignored: HF-STO-001 PersistentVolumeClaim `shop/data`: data has waited" in text


def test_what_is_young_and_shown_is_no_health() -> None:
    young = survey(a_snapshot(a_storage_class(), a_claim(waited=MINUTES)))

    assert "Nothing yet; 1 is within its grace (--young shows it)." == total(young)
    assert not calm(young)
    assert total(young, young=True).startswith("Nothing else hurts")
    assert "what is shown (1) is still within its grace" in total(young, young=True)


def test_of_kinds_that_were_not_seen_nobody_says_that_there_are_none() -> None:
    assert "pods 1; there are none of the other kinds." in looked_at(a_snapshot(a_pod()))
    assert "pods 1; there are none of the others that could be seen." in looked_at(
        a_snapshot(a_pod(), blind=[Lease])
    )
    assert "What could be seen is empty." == looked_at(a_snapshot(blind=[Lease]))
    assert "It is empty." == looked_at(a_snapshot())


def test_what_is_not_served_is_not_there() -> None:
    told = looked_at(a_snapshot(a_pod(), states={Lease: State.ABSENT}))

    assert told.endswith("there are none of the other kinds.")


def test_a_watch_begins_with_what_is_left_out() -> None:
    view = msgspec.structs.replace(Watched(a_storage_class()).view(), survey=ignoring())

    (begin,) = happened(None, view, ())
    screen = rows(view, Wanted(), Size(width=80, height=24), now=view.snapshot.now)

    assert as_text(begin).endswith("; left out: 1 ignored")
    assert "; left out: 1 ignored" in json.loads(as_json(begin))["why"]
    assert "left out: 1 ignored." in "\n".join(row.plain for row in screen)


def test_several_that_are_young_are_counted() -> None:
    claims = [a_claim(f"data-{each}", waited=MINUTES) for each in range(3)]
    young = survey(a_snapshot(a_storage_class(), *claims))

    assert "Nothing yet; 3 are within their grace (--young shows them)." == total(young)


def test_a_list_that_broke_off_does_not_hide_what_is_young() -> None:
    folder = a_snapshot(a_storage_class(), a_claim(waited=MINUTES), states={Pod: State.PARTIAL})

    assert total(survey(folder)).endswith(
        "what could be shows no trouble; 1 is within its grace (--young shows it)."
    )


def test_the_screen_of_a_watch_says_in_its_headline_what_is_young() -> None:
    view = Watched(a_storage_class(), a_claim(waited=MINUTES)).view()

    size, now = Size(width=90, height=24), view.snapshot.now
    screen = "\n".join(row.plain for row in rows(view, Wanted(), size, now=now))
    shown = "\n".join(row.plain for row in rows(view, Wanted(young=True), size, now=now))

    assert "Nothing yet; 1 is within its grace (--young shows it)." in screen
    assert "Nothing else hurts" in shown
    assert "--young" not in shown
