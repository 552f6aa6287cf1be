"""Values for programs, as JSON and YAML; harmless to people who look at them on a screen as well.

What turns the direction of writing, what nobody sees and what moves a cursor is escaped as these
forms do it: a program reads what stood there, and a terminal or an editor obeys none of it.
"""

import re

import msgspec
import yaml

from holdfast.surfaces.cli.text import UNSAFE

# Breaks of lines are the form's own: within a text both forms escape them anyway.
_RAW = re.compile(f"(?!\n){UNSAFE.pattern}")


class _Dumper(yaml.SafeDumper):
    """Puts in double quotes, where escapes are read, what holds anything to escape."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if _RAW.search(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def as_json(value: object) -> str:
    """Indented JSON."""
    return _RAW.sub(_in_json, msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def as_line(value: object) -> str:
    """JSON on one line."""
    return _RAW.sub(_in_json, msgspec.json.encode(value).decode())


def as_yaml(value: object) -> str:
    """The same as YAML."""
    plain = msgspec.to_builtins(value)
    text: str = yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return _RAW.sub(_in_yaml, text.rstrip("\n"))


def _in_json(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be").hex(" ", 2)  # JSON knows no more than 16 bits at once
    return "".join(f"\\u{unit}" for unit in units.split())


def _in_yaml(found: re.Match[str]) -> str:
    return f"\\U{ord(found[0]):08x}"
