"""Upgrade a database, and say whether this version of Holdfast may use it.

An upgrade is one transaction on both databases: it is whole, or it never was.
"""

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, select
from sqlalchemy.dialects import postgresql, sqlite

from holdfast.adapters.stores.database import asking, named
from holdfast.adapters.stores.tables import FACTS, METADATA, PREFIX
from holdfast.errors import WrongStore

_MIGRATIONS = Path(__file__).parent / "migrations"
_REVISION = f"{PREFIX}revision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a database stands to this version."""

    revision: str | None  # None: nobody has made our tables yet
    newest: str  # that this version knows
    known: bool
    missing: tuple[str, ...]  # tables and columns that should be there
    foreign: bool  # holds tables, and none of ours
    clusters: tuple[str, ...]


def standing(engine: Engine) -> Standing:
    """Look, and change nothing."""
    with asking(engine, writing=False) as connection:
        return _standing(connection)


def upgrade(engine: Engine, cluster: str) -> tuple[str | None, str]:
    """Bring the tables to the newest revision, for that cluster; from which one, to which one."""
    with asking(engine, writing=True) as connection:
        before = _standing(connection)
        _refuse_strangers(before, named(engine.url), cluster)
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        _name_the_cluster(connection, cluster)
    return before.revision, before.newest


def require_current(engine: Engine, cluster: str) -> None:
    """Raise `WrongStore` unless this version may use the database as it is, for that cluster."""
    now, name = standing(engine), named(engine.url)
    _refuse_strangers(now, name, cluster)
    if now.revision is None:
        raise WrongStore(f"{name} has no tables yet.", remedy="Make them with: holdfast db upgrade")
    if now.missing:
        raise WrongStore(
            f"{name} is half upgraded or damaged: {', '.join(now.missing)} is missing.",
            remedy="Restore a backup with `holdfast db restore`; do not mend it by hand.",
        )
    if now.revision != now.newest:
        raise WrongStore(
            f"{name} is at revision {now.revision}, and this version wants {now.newest}.",
            remedy="Stop every process of Holdfast, make a backup, and run: holdfast db upgrade",
        )


def _standing(connection: Connection) -> Standing:
    scripts = ScriptDirectory(str(_MIGRATIONS))
    context = MigrationContext.configure(connection, opts={"version_table": _REVISION})
    revision = context.get_current_revision()
    newest = scripts.get_current_head() or ""
    known = revision is None or revision in {each.revision for each in scripts.walk_revisions()}
    inspector = inspect(connection)
    tables = set(inspector.get_table_names())
    missing: list[str] = []
    if revision == newest:
        for table in METADATA.sorted_tables:
            there = (
                {c["name"] for c in inspector.get_columns(table.name)}
                if (table.name in tables)
                else set()
            )
            missing += [f"{table.name}.{c.name}" for c in table.columns if c.name not in there]
    clusters: tuple[str, ...] = ()
    if FACTS.name in tables:
        clusters = tuple(connection.execute(select(FACTS.c.cluster_uid).distinct()).scalars())
    return Standing(
        revision=revision,
        newest=newest,
        known=known,
        missing=tuple(missing),
        foreign=revision is None and bool(tables),
        clusters=clusters,
    )


def _refuse_strangers(now: Standing, name: str, cluster: str) -> None:
    if now.foreign:
        raise WrongStore(
            f"{name} holds tables, and none of them is Holdfast's.",
            remedy="Name an empty database, or one that Holdfast has made.",
        )
    if not now.known:
        raise WrongStore(
            f"{name} is at revision {now.revision}, which this version does not know.",
            remedy="A newer Holdfast has upgraded it: run that one, or restore a backup.",
        )
    if now.clusters and cluster not in now.clusters:
        raise WrongStore(
            f"{name} belongs to the cluster {now.clusters[0]}, and this one is {cluster}.",
            remedy="One database is for one cluster: name another database.",
        )


def _name_the_cluster(connection: Connection, cluster: str) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = dialect.insert(FACTS).values(cluster_uid=cluster, name="product", value="holdfast")
    connection.execute(row.on_conflict_do_nothing())
