"""Writes every generated file of the tree (`make generate`); a test fails when one is stale.

python tools/generate.py [ROOT]    writes below ROOT, the checkout by default
"""

import inspect
import json
import sys
from collections.abc import Callable, Iterable
from io import StringIO
from pathlib import Path

import msgspec
import yaml
from cyclopts import App
from rich.console import Console

from holdfast import settings
from holdfast.facts import CATALOGUE, kinds_read
from holdfast.grants.reader import reader_role
from holdfast.model.objects import Object
from holdfast.model.times import in_words
from holdfast.surfaces.cli.explain import limits
from holdfast.surfaces.cli.report import ScanOut
from holdfast.surfaces.cli.watch_lines import LineOut
from holdfast.wiring import command_line
from tools import captures

COLUMNS = 88


def _helped(app: App, tokens: list[str]) -> str:
    console = Console(file=StringIO(), width=COLUMNS, no_color=True, highlight=False, markup=False)
    app.help_print(tokens, console=console)
    text = console.file.getvalue()  # type: ignore[attr-defined]  # the StringIO above
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines()) + "\n"


def overview() -> str:
    """What `holdfast` alone prints, as a module that costs nothing to load."""
    text = _helped(command_line(), [])
    return (
        '"""What `holdfast --help` prints; made by `make generate` from the commands."""\n\n'
        f'OVERVIEW = """\\\n{text}"""\n'
    )


def commands() -> str:
    """The reference of the command line."""
    app = command_line()
    names = [
        ["scan"],
        *(["baseline", word] for word in ("accept", "show", "check", "prune")),
        ["catalogue"],
        ["explain"],
        ["snapshot"],
        ["demo"],
        ["rbac", "reader"],
        *(["audit", word] for word in ("verify", "show", "prove", "export", "anchor", "verifier")),
        *(["db", word] for word in ("upgrade", "check", "backup", "restore", "accept-restore")),
        *(["keys", word] for word in ("init", "list", "rotate", "revoke")),
        ["completion"],
    ]
    parts = ["# The command line\n", "Made from the commands themselves.\n"]
    for tokens in names:
        parts.append(f"## holdfast {' '.join(tokens)}\n")
        parts.append(f"```text\n{_helped(app, tokens)}```\n")
    parts.append(
        "## Exit codes\n\n| code | means |\n| --- | --- |\n"
        "| 0 | nothing at or above `--fail-on` |\n| 1 | findings |\n"
        "| 2 | could not look, or what was asked makes no sense |\n| 130 | interrupted |\n"
        "| 143 | ended by SIGTERM |\n"
    )
    return "\n".join(parts)


def _listed(kinds: Iterable[type[Object]]) -> str:
    return ", ".join(f"`{kind.api.resource}`" for kind in kinds)


def catalogue() -> str:
    """The reference of the rules."""
    parts = [
        "# The catalogue\n",
        "Made from the rules' own declarations. `holdfast explain CODE` prints the same.\n",
    ]
    for rule in CATALOGUE:
        reads, hints = _listed(rule.reads), _listed(rule.hints)
        hints = f"| hints | {hints} |\n" if hints else ""
        parts.append(
            f"## {rule.code} {rule.name}\n\n{rule.help}\n\n"
            "| | |\n| --- | --- |\n"
            f"| channel | {rule.channel.value} |\n| severity | {rule.severity.word} |\n"
            f"| grace | {in_words(rule.grace)} |\n| reads | {reads} |\n{hints}"
            f"| next step | {rule.next_step.replace('|', '&#124;')} |\n"
            f"| misses | {'; '.join(limits(rule)) or 'nothing of what it reads'} |\n"
        )
    return "\n".join(parts)


def rights() -> str:
    """The reference of the reader's role."""

    def row(kind: type[Object]) -> str:
        rules = ", ".join(rule.code for rule in CATALOGUE if kind in rule.sight)
        return f"| `{kind.api.resource}` | {rules} |"

    role = yaml.safe_dump(reader_role(), sort_keys=False)
    rows = "\n".join(row(kind) for kind in kinds_read())
    return (
        "# The rights of a reader\n\nMade from what the rules read; `holdfast rbac reader` prints "
        f"it.\n\n```yaml\n{role}```\n\n## Why each kind\n\n"
        f"| kind | read by |\n| --- | --- |\n{rows}\n"
    )


def variables() -> str:
    """The reference of the settings."""
    rows = [
        f"| `{settings.PREFIX}{field.name.upper()}` | {field.default} | "
        f"{settings.MEANINGS[field.name]} |"
        for field in msgspec.structs.fields(settings.Settings)
    ]
    table = "\n".join(rows)
    return (
        "# Settings\n\nEnvironment variables. One that is unknown or does not fit is refused.\n\n"
        f"| variable | default | meaning |\n| --- | --- | --- |\n{table}\n"
    )


def scan_schema() -> str:
    """The JSON schema of `holdfast scan -o json`."""
    return (
        "# The JSON of a scan\n\n`holdfast scan -o json` prints one object of this schema. Its "
        "first field names the version; fields are only ever added to a version.\n\n"
        f"```json\n{_schema(ScanOut)}\n```\n"
    )


def watch_schema() -> str:
    """The JSON schema of a line of `holdfast scan --watch -o json`."""
    return (
        "# The JSON lines of a watch\n\n`holdfast scan --watch -o json` prints one object of this "
        "schema for each thing that happens, each on a line of its own. Its first field names the "
        "version; fields are only ever added to a version.\n\n"
        f"```json\n{_schema(LineOut)}\n```\n"
    )


def _schema(of: type[msgspec.Struct]) -> str:
    plain = json.loads(msgspec.json.encode(msgspec.json.schema(of)))
    for part in plain["$defs"].values():  # Python 3.13 takes the margin off docstrings, 3.12 not
        part["description"] = inspect.cleandoc(part["description"])
    return msgspec.json.format(msgspec.json.encode(plain), indent=2).decode()


FILES: dict[str, Callable[[], str]] = {
    "src/holdfast/surfaces/cli/overview.py": overview,
    "docs/reference/cli.md": commands,
    "docs/reference/catalogue.md": catalogue,
    "docs/reference/rights.md": rights,
    "docs/reference/settings.md": variables,
    "docs/reference/scan-json.md": scan_schema,
    "docs/reference/watch-json.md": watch_schema,
    **captures.FILES,
}


def main() -> None:
    """Write all of them."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent
    for name, make in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(make())


if __name__ == "__main__":
    main()
