"""What programs read is what stood there, and no screen obeys any of it."""

import msgspec
import pytest
import yaml

from holdfast.surfaces.cli.forms import as_json, as_line, as_yaml
from holdfast.surfaces.cli.text import UNSAFE
from holdfast.testing.builders import a_pod, a_snapshot, waiting
from tests.surfaces.cli.conftest import Run

HOSTILE = (
    "\u202eevil\u2066",
    "zero\u200bwidth",
    "\x1b[31mred\x1b[0m \x9b2J \x7f",
    "two\nlines\u2028three\x85four",
    "tag \U000e0041, \ufeff and 'quotes' \"of both\" sorts: # - [x]",
    f"{'words ' * 40}\u202e{'and words ' * 40}",
)


class Told(msgspec.Struct):
    says: str
    seen: dict[str, str]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_the_same_when_it_is_read_again(text: str) -> None:
    value = Told(says=text, seen={text: "x"})
    assert value == msgspec.json.decode(as_json(value), type=Told)
    assert value == msgspec.json.decode(as_line(value), type=Told)
    assert value == msgspec.convert(yaml.safe_load(as_yaml(value)), Told)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_it_reaches_a_screen_as_it_is(text: str) -> None:
    value = Told(says=text, seen={text: text})
    for written in (as_json(value), as_line(value), as_yaml(value)):
        assert not UNSAFE.search(written.replace("\n", "")), ascii(written)


def test_letters_of_all_languages_are_left_as_they_are() -> None:
    value = Told(says="Grüße aus 東京", seen={})
    for written in (as_json(value), as_line(value), as_yaml(value)):
        assert "Grüße aus 東京" in written


@pytest.mark.parametrize("form", ["json", "yaml", "markdown"])
def test_a_scan_tells_a_hostile_message_harmlessly(
    run: Run, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    folder = a_snapshot(a_pod("web", waiting(message="\u202eevil\u2066 \x9b2J")))
    run("scan", "--snapshot", "folder", "-o", form, folder=folder)
    told = capsys.readouterr().out
    assert "evil" in told
    assert not UNSAFE.search(told.replace("\n", "")), ascii(told)
