"""What is hidden of a value, and what people still see."""

import pytest

from holdfast.model.canonical import Plain
from holdfast.model.hiding import hidden, said_without, shown, text_shown

S = "k4Horse9battery7Staple"  # looks like nothing of its own


@pytest.mark.parametrize(
    "text",
    [
        f"--password={S}",
        f"mysql --db-password {S} -h db",
        f"DB_PASSWORD={S} run",
        f"DB_PASSWORD='{S}'",
        f'{{"apiKey": "{S}", "port": 1}}',
        f"the password: {S}, of old",
        f"postgres://shop:{S}@db:5432/shop",
        f"Authorization: Bearer {S}",
        f"ghp_{S}",
        f"glpat-{S}",
        f"eyJhbGciOiJFZERTQSJ9.{S}.{S}",
        f"-----BEGIN RSA PRIVATE KEY-----\n{S}\n-----END RSA PRIVATE KEY-----",
        f"found {S}{S} there",
    ],
)
def test_what_looks_like_a_secret_is_hidden_wherever_it_stands(text: str) -> None:
    told = text_shown(text)
    assert S not in told
    assert "(hidden, sha256 " in told
    assert told == text_shown(told)  # a second time hides nothing more


@pytest.mark.parametrize(
    "text",
    [
        'secret "db" not found',
        "failed to get secret: not found",
        "couldn't find key token in Secret shop/db",
        "--token-file=/var/run/token",
        "--tokenizer=fast",
        "registry.example.com:5000/team/app@sha256:" + "0123456789abcdef" * 4,
        "7b1c0f9e-0d5c-4f0e-9d55-3a1b7f6f2c10",
        "https://user@example.com:8443/path",
        "2026-01-01T12:00:00Z",
        "web-6d4b9c8f7-x2x4q",
        "MountVolume.SetUp failed for volume",
    ],
)
def test_what_is_ordinary_stays(text: str) -> None:
    assert text == text_shown(text)


def test_the_value_of_a_variable_or_a_header_is_hidden_whatever_it_looks_like() -> None:
    told = shown(
        {
            "env": [{"name": "PORT", "value": "80"}, {"name": "X", "valueFrom": {}}],
            "httpHeaders": [{"name": "X-Key", "value": "k"}],
            "tolerations": [{"key": "only", "value": "web"}],
        }
    )
    assert {
        "env": [{"name": "PORT", "value": hidden("80")}, {"name": "X", "valueFrom": {}}],
        "httpHeaders": [{"name": "X-Key", "value": hidden("k")}],
        "tolerations": [{"key": "only", "value": "web"}],
    } == told


def test_annotations_are_hidden_but_for_what_rules_read_and_switches() -> None:
    notes: dict[str, Plain] = {
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
        "deployment.kubernetes.io/revision": "3",
        "kubectl.kubernetes.io/restartedAt": "2026-01-01T12:00:00Z",
        "prometheus.io/port": "9090",
        "prometheus.io/scrape": "true",
        "example.com/note": "x",
    }
    told = shown(notes, ("metadata", "annotations"))
    assert isinstance(told, dict)
    odd = {name for name in notes if told[name] != notes[name]}
    assert {"kubectl.kubernetes.io/last-applied-configuration", "example.com/note"} == odd


def test_the_data_of_secrets_and_config_maps_is_hidden() -> None:
    for name in ("data", "stringData", "binaryData"):
        assert {name: {"a": hidden("x")}} == shown({name: {"a": "x"}})


def test_what_follows_a_flag_that_names_a_secret_is_one() -> None:
    args = ["--port", "80", "--db-password", "horse", "--verbose"]
    told = ["--port", "80", "--db-password", hidden("horse"), "--verbose"]
    assert {"args": told} == shown({"args": args})


def test_values_that_are_the_same_look_the_same_and_others_do_not() -> None:
    assert hidden("horse") == hidden("horse")
    assert hidden("horse") != hidden("horses")


def test_words_about_an_object_tell_none_of_its_variables() -> None:
    sent: Plain = {"env": [{"name": "A", "value": "horse"}], "args": ["--password", "battery"]}
    told = said_without("not allowed: A=horse and battery", sent)
    assert f"not allowed: A={hidden('horse')} and {hidden('battery')}" == told
