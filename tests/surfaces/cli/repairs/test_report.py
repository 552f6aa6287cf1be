"""A proposal for programs and for tickets."""

import hashlib
from datetime import timedelta

import msgspec
import yaml
from syrupy.assertion import SnapshotAssertion

from holdfast.execution.states import State
from holdfast.model.canonical import canonical
from holdfast.model.hiding import hidden
from holdfast.model.paths import Difference, Item
from holdfast.surfaces.cli.forms import as_json, as_yaml
from holdfast.surfaces.cli.repairs.markdown import as_markdown
from holdfast.surfaces.cli.repairs.report import as_value
from holdfast.testing.clock import NOON
from tools.proposals import SCALE, SCALE_CARD, a_dossier

NOW = NOON + timedelta(minutes=8)


def test_whoever_reads_the_json_can_compute_the_digest(snapshot: SnapshotAssertion) -> None:
    text = as_json(as_value(a_dossier(SCALE, SCALE_CARD), NOW))
    told = msgspec.json.decode(text)

    assert told["digest"] == hashlib.sha256(canonical(told["content"])).hexdigest()
    assert told["whole"]
    assert 4 * 3600 - 8 * 60 == told["leftSeconds"]
    assert snapshot == text


def test_the_yaml_says_the_same() -> None:
    value = as_value(a_dossier(SCALE), NOW)

    assert msgspec.json.decode(as_json(value)) == yaml.safe_load(as_yaml(value))


def test_what_is_not_open_has_no_time_left() -> None:
    assert 0 == as_value(a_dossier(state=State.REJECTED), NOW).left_seconds
    assert 0 == as_value(a_dossier(), NOON + timedelta(days=1)).left_seconds


def test_a_ticket_gets_markdown(snapshot: SnapshotAssertion) -> None:
    assert snapshot == as_markdown(a_dossier(SCALE, SCALE_CARD), NOW)


def test_text_of_others_means_nothing_to_markdown() -> None:
    each = Difference(path=("spec", "x`](http://example.com)"), before="# a", after="@ana")
    odd = msgspec.structs.replace(SCALE, effect=(each,), requester="[x](y) @ana")
    text = as_markdown(a_dossier(odd), NOW)

    assert "`` spec[x`](http://example.com)] ``" in text
    assert "`[x](y) @ana, 2026-03-02 12:00:00Z`" in text


def test_where_a_value_is_hidden_the_json_says_that_its_content_is_not_whole() -> None:
    where = ("spec", "containers", Item(by="name", value="a"), "args")
    each = Difference(path=where, before=["--port=80"], after=["--port=80", "--password=horse"])
    told = as_value(a_dossier(msgspec.structs.replace(SCALE, effect=(each,))), NOW)
    text = as_json(told)

    assert not told.whole
    assert "horse" not in text
    assert hidden("horse") in text
    assert "--port=80" in text
