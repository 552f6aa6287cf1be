import pytest

from holdfast import settings
from holdfast.errors import BadInput


def test_without_variables_the_defaults_hold() -> None:
    assert settings.parse({"PATH": "/bin"}) == settings.Settings()


def test_a_variable_sets_its_setting() -> None:
    assert settings.parse({"HOLDFAST_GRACE_SCALE": "0.1"}).grace_scale == 0.1


def test_a_mistyped_variable_is_refused_and_the_right_one_named() -> None:
    with pytest.raises(BadInput, match="HOLDFAST_GRACE_SCAL is no setting") as refused:
        settings.parse({"HOLDFAST_GRACE_SCAL": "1"})

    assert refused.value.remedy == "Did you mean HOLDFAST_GRACE_SCALE?"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOLDFAST_GRACE_SCALE", "0"),
        ("HOLDFAST_GRACE_SCALE", "fast"),
        ("HOLDFAST_PAGE_SIZE", "0"),
        ("HOLDFAST_PAGE_SIZE", "10001"),
        ("HOLDFAST_PAGE_SIZE", "1.5"),
        ("HOLDFAST_EXEC_TIMEOUT", "-1"),
        ("HOLDFAST_LOG_FORMAT", "xml"),
        ("HOLDFAST_LISTEN", "8460"),
        ("HOLDFAST_LISTEN", "here:65536"),
        ("HOLDFAST_LISTEN", "::1:8460"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(name: str, value: str) -> None:
    with pytest.raises(BadInput, match="does not fit") as refused:
        settings.parse({name: value})

    assert refused.value.wrong.startswith(f"{name} does not fit: it is '{value}' and must be ")


def test_the_error_of_a_value_says_what_it_may_be() -> None:
    with pytest.raises(BadInput, match="must be a number above 0 to 100") as refused:
        settings.parse({"HOLDFAST_GRACE_SCALE": "1000"})

    assert "$" not in refused.value.wrong


def test_nothing_is_suggested_for_a_variable_that_is_like_none() -> None:
    with pytest.raises(BadInput, match="HOLDFAST_FOO is no setting") as refused:
        settings.parse({"HOLDFAST_FOO": "1"})

    assert refused.value.remedy.startswith("Known: HOLDFAST_GRACE_SCALE, ")


def test_the_tools_of_development_may_have_variables_of_their_own() -> None:
    assert settings.parse({"HOLDFAST_LAB_CACHE": "x"}) == settings.Settings()


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({}, "/home/me/.local/state/holdfast"),
        ({"XDG_STATE_HOME": "/state"}, "/state/holdfast"),
        ({"XDG_STATE_HOME": "relative"}, "/home/me/.local/state/holdfast"),
        ({"XDG_STATE_HOME": "/state", "HOLDFAST_STATE_DIR": "/ours"}, "/ours"),
    ],
)
def test_the_state_lies_where_the_specification_says_or_where_somebody_wished(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], folder: str
) -> None:
    for name in ("XDG_STATE_HOME", "HOLDFAST_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "/home/me", **environ}.items():
        monkeypatch.setenv(name, value)

    assert folder == str(settings.state_dir())


def test_every_setting_has_a_meaning() -> None:
    assert set(settings.MEANINGS) == set(settings.Settings.__struct_fields__)


@pytest.mark.parametrize(
    ("listen", "expected"),
    [("127.0.0.1:8460", ("127.0.0.1", 8460)), ("[::1]:0", ("::1", 0)), ("here:1", ("here", 1))],
)
def test_an_address_to_listen_at_is_a_host_and_a_port(
    listen: str, expected: tuple[str, int]
) -> None:
    assert expected == settings.listens(settings.parse({"HOLDFAST_LISTEN": listen}))
