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
from sqlalchemy import create_engine

from holdfast import settings
from holdfast.actions import CLOSED_SET
from holdfast.adapters.stores import upkeep
from holdfast.facts import CATALOGUE, kinds_read
from holdfast.grants.fences import fences, policies
from holdfast.grants.operator_schema import CONTEXT, TARGET
from holdfast.grants.reader import reader_role
from holdfast.model.objects import Object
from holdfast.model.paths import written
from holdfast.model.repairs import Kind
from holdfast.model.times import in_words
from holdfast.surfaces.cli.explain import limits
from holdfast.surfaces.cli.repairs.report import ProposalOut
from holdfast.surfaces.cli.repairs.run_lines import RunLineOut
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


def definitions() -> str:
    """What our migrations make in SQLite, as a module that is loaded without Alembic."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        upkeep.migrate(connection, "head")
        asked = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name LIKE 'hf%' ORDER BY 1"
        made = connection.exec_driver_sql(asked).scalars().all()
    lines = "\n".join(f"{each};" for each in made).expandtabs(4).splitlines()
    told = "\n".join(line.rstrip() for line in lines)
    return (
        '"""What our migrations make in SQLite; made by `make generate` from them."""\n\n'
        f'SQLITE = """\\\n{told}\n"""\n'
    )


def words_of(app: App) -> Iterable[list[str]]:
    """Every command that there is, in the order of its declaration."""
    for name in app:
        if name.startswith("-"):
            continue
        inner = [[name, *rest] for rest in words_of(app[name])]
        yield from inner or [[name]]


def commands() -> str:
    """The reference of the command line."""
    app = command_line()
    parts = ["# The command line\n", "Made from the commands themselves.\n"]
    for tokens in words_of(app):
        parts.append(f"## holdfast {' '.join(tokens)}\n")
        parts.append(f"```text\n{_helped(app, tokens)}```\n")
    parts.append(
        "## Exit codes\n\n| code | means |\n| --- | --- |\n"
        "| 0 | nothing at or above `--fail-on` |\n"
        "| 1 | findings; a record that does not hold, or is empty; an installation with faults; a "
        "repair that did not help, or was taken back |\n"
        "| 2 | could not look, or what was asked makes no sense; no keeper is there, where one "
        "must answer |\n"
        "| 3 | nothing was done, and nothing is under way: refused, rejected, expired, too late |\n"
        "| 4 | nobody can tell whether a repair was done |\n"
        "| 75 | the database of a process is away: start it again |\n"
        "| 130 | interrupted |\n"
        "| 141 | whoever read the output went away |\n"
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


def fenced() -> str:
    """The reference of the roles and policies that a cluster is given."""
    about = (
        "# The fences on the cluster\n\nMade from what the actions declare; "
        "`holdfast rbac install --dry-run` prints the same. What it is for stands in "
        "[the explanation](../explanation/fences.md).\n"
    )
    parts = [about]
    for policy in policies():
        rows = "\n".join(f"| {rule.says} | `{_cell(rule.holds)}` |" for rule in policy.rules)
        asks = " and ".join(f"`{_cell(each)}`" for each in policy.concerns.values())
        parts.append(
            f"## {policy.name}\n\nConcerns whatever meets {asks}.\n\n"
            f"| it says | what must hold |\n| --- | --- |\n{rows}\n"
        )
    parts.append("## All of it, as the cluster takes it\n")
    printed = yaml.safe_dump_all(fences(), sort_keys=False, width=100)
    parts.append(f"```yaml\n{printed}```\n")
    return "\n".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def variables() -> str:
    """The reference of the settings."""
    rows = [
        f"| `{settings.PREFIX}{field.name.upper()}` | {str(field.default).lower()} | "
        f"{settings.allowed()[field.name]} | {settings.MEANINGS[field.name]} |"
        for field in msgspec.structs.fields(settings.Settings)
    ]
    table = "\n".join(rows)
    return (
        "# Settings\n\nEnvironment variables. One that is unknown or does not fit is refused.\n\n"
        f"| variable | default | may be | meaning |\n| --- | --- | --- | --- |\n{table}\n"
    )


def _taken(kind: Kind) -> str:
    if not kind.removes:
        return ""
    told = _listed(kind.takes) if kind.takes else "nothing"
    return f"| of what it owns and is looked for, may go with it | {told} |\n"


def actions() -> str:
    """The reference of what may be done."""
    parts = [
        "# The actions\n",
        "Made from their own declarations: all that may ever be done, and nothing else.\n",
        "Each is done only after people approved it, under a lease that the cluster fences.\n",
    ]
    for kind in (each.kind for each in CLOSED_SET):
        rights = ", ".join(f"{r.verb} `{r.resource}`" for r in kind.rights())
        touches = ", ".join(f"`{written(path)}`" for path in kind.touches)
        parts.append(
            f"## {kind.name}\n\n{kind.summary}\n\n| | |\n| --- | --- |\n"
            f"| done to | {_listed(kind.targets)} |\n"
            f"| parameters, for example | {_example(kind)} |\n"
            f"| without being asked for by name | {'yes' if kind.on else 'no'} |\n"
            f"| way back | {'yes' if kind.reversible else 'no'} |\n"
            f"| risk at its best | {kind.risk.name.lower()} |\n"
            f"| counted as | {kind.of_class} |\n"
            f"| changes | {touches or 'no field: the object goes'} |\n"
            f"{_taken(kind)}"
            f"| held fixed | {', '.join(f'`{written(path)}`' for path in kind.reads)} |\n"
            f"| looks at | {_listed(kind.sees)}{_everywhere(kind)} |\n"
            f"| rights of its lease | {rights} |\n"
            f"| answers | {', '.join(kind.answers)} |\n"
        )
    return "\n".join(parts)


def policy_words() -> str:
    """The reference of what an operator's policy may speak of."""
    actions = "".join(
        f'| `Action::"{kind.name}"` | `Action::"{kind.of_class}"` |\n'
        for kind in (each.kind for each in CLOSED_SET)
    )
    context = "".join(f"| `context.{name}` | {means} |\n" for name, (_, means) in CONTEXT.items())
    target = "".join(f"| `resource.{name}` | {means} |\n" for name, means in TARGET.items())
    return (
        "# Words of the operator's policy\n\nMade from the schema that every policy is checked "
        "against: one that uses other words is not loaded. How to write one stands in "
        "[The leash](../how-to/the-leash.md).\n\n"
        "| who | what |\n| --- | --- |\n"
        '| `principal == Person::"ana"` | that person |\n'
        '| `principal in Group::"oncall"` | everybody of that group of `people.yaml` |\n'
        '| `resource in Namespace::"shop"` | objects of that namespace |\n'
        '| `resource in Tier::"prod"` | those of the namespaces of that tier of `leash.yaml` |\n\n'
        f"| action | is in |\n| --- | --- |\n{actions}\n"
        f"| of the moment | |\n| --- | --- |\n{context}\n"
        f"| of the object | |\n| --- | --- |\n{target}"
    )


def _everywhere(kind: Kind) -> str:
    return f"; {_listed(kind.everywhere)} in every namespace" if kind.everywhere else ""


def _example(kind: Kind) -> str:
    return f"`{json.dumps(dict(kind.example))}`" if kind.example else "none"


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


def run_schema() -> str:
    """The JSON schema of a line of `holdfast watch ID -o json`."""
    return (
        "# The JSON lines of a run\n\n`holdfast watch ID -o json` prints one object of this schema "
        "for each thing that happens to a proposal, each on a line of its own, until it has ended. "
        "Its first field names the version; fields are only ever added to a version.\n\n"
        f"```json\n{_schema(RunLineOut)}\n```\n"
    )


def proposal_schema() -> str:
    """The JSON schema of `holdfast proposals ID -o json`."""
    return (
        "# The JSON of a proposal\n\n`holdfast proposals ID -o json` prints one object of this "
        "schema; without an ID, `-o json` prints one with a list `proposals` of them, a list "
        "`changed` of the ids of those whose content somebody has edited in the database, and by "
        "id `odd`, how the record says otherwise than the row of one that is not listed, and "
        "`notes`, what is to be known of where a listed one is. The first field names the version; "
        "fields are only ever added to a version.\n\n"
        "`digest` is the SHA-256 of the canonical form (RFC 8785) of `content`, and is what people "
        f"sign.\n\n```json\n{_schema(ProposalOut)}\n```\n"
    )


def _anything(_of: type) -> dict[str, object]:
    """What a value may be that the schema leaves open."""
    return {"description": "Any value."}


def _schema(of: type[msgspec.Struct]) -> str:
    plain = json.loads(msgspec.json.encode(msgspec.json.schema(of, schema_hook=_anything)))
    for part in plain["$defs"].values():  # Python 3.13 takes the margin off docstrings, 3.12 not
        part["description"] = inspect.cleandoc(part["description"])
    return msgspec.json.format(msgspec.json.encode(plain), indent=2).decode()


FILES: dict[str, Callable[[], str]] = {
    "src/holdfast/surfaces/cli/overview.py": overview,
    "src/holdfast/adapters/stores/made.py": definitions,
    "docs/reference/cli.md": commands,
    "docs/reference/catalogue.md": catalogue,
    "docs/reference/actions.md": actions,
    "docs/reference/policy.md": policy_words,
    "docs/reference/fences.md": fenced,
    "docs/reference/rights.md": rights,
    "docs/reference/settings.md": variables,
    "docs/reference/scan-json.md": scan_schema,
    "docs/reference/watch-json.md": watch_schema,
    "docs/reference/run-json.md": run_schema,
    "docs/reference/proposal-json.md": proposal_schema,
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
