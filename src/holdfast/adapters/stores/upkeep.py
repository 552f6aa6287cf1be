"""Upgrade a database, and say whether this version of Holdfast may use it.

An upgrade is one transaction on both databases: it is whole, or it never was.

Only an upgrade loads Alembic: a sixth of what a process does until it has started.
"""

from functools import cache
from pathlib import Path

from sqlalchemy import (
    Connection,
    Engine,
    Text,
    column,
    delete,
    false,
    inspect,
    select,
    table,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite

from holdfast.adapters.stores.database import READS, asking, named, prepare
from holdfast.adapters.stores.tables import FACTS, METADATA, REVISION
from holdfast.errors import BadInput, StoreRefused, WrongStore
from holdfast.model.entries import is_cluster
from holdfast.model.standing import Standing

# Also what each transaction begins with: ours may override that, and the engine's do not.
_READS = text(
    "SELECT 'on' IN (current_setting('transaction_read_only'), "
    "current_setting('default_transaction_read_only'))"
)
_OURS = {each.name for each in METADATA.sorted_tables}
_MIGRATIONS = Path(__file__).parent / "migrations"


def standing(engine: Engine) -> Standing:
    """Look, and change nothing."""
    path = Path(engine.url.database or "")
    if engine.dialect.name == "sqlite" and not path.exists():
        nowhere = "" if path.parent.is_dir() else str(path.parent)
        return Standing(name=named(engine.url), newest=_newest(), nowhere=nowhere)
    with asking(engine, writing=False) as connection:
        return standing_in(connection)


def upgrade(engine: Engine, cluster: str) -> tuple[str | None, str]:
    """Bring the tables to the newest revision, for that cluster; from which one, to which one."""
    if not is_cluster(cluster):
        raise BadInput(
            f"{cluster!r} cannot be the uid of a cluster.",
            remedy="Take that of its namespace kube-system: 1 to 128 letters, digits, `.`, `_` or "
            "`-`. A record of any other could never be verified.",
        )
    refuse_strangers(standing(engine), cluster)
    prepare(engine)
    with asking(engine, writing=True) as connection:
        before = standing_in(connection)
        refuse_strangers(before, cluster)
        migrate(connection, "head")
        _name_the_cluster(connection, cluster)
    return before.revision, before.newest


def require_current(engine: Engine, cluster: str) -> None:
    """Raise `WrongStore` unless this version may use the database as it is, for that cluster."""
    now = standing(engine)
    refuse_strangers(now, cluster)
    if now.nowhere:
        raise WrongStore(
            f"{now.name} is not there, and neither is its folder.",
            remedy="Name the right one, or make the folder, and then run: holdfast db upgrade",
        )
    if now.revision is None:
        raise WrongStore(
            f"{now.name} has no tables yet.", remedy="Make them with: holdfast db upgrade"
        )
    _refuse_damaged(now)
    if now.revision != now.newest:
        raise WrongStore(
            f"{now.name} is at revision {now.revision}, and this version wants {now.newest}.",
            remedy="Stop every process of Holdfast, make a backup, and run: holdfast db upgrade",
        )


def require_writable(engine: Engine) -> None:
    """Raise `StoreRefused` where nothing could be written into our tables now; nothing is."""
    with asking(engine, writing=True) as connection:
        if connection.dialect.name == "sqlite":
            # It says so of a statement that writes, and not before.
            connection.execute(delete(FACTS).where(false()))
        elif connection.execute(_READS).scalar_one():
            raise StoreRefused(f"{named(engine.url)} only reads.", remedy=READS)


def migrate(connection: Connection, revision: str) -> None:
    """Bring the tables to that revision, in the connection's transaction."""
    from alembic import command, config  # noqa: PLC0415  (an upgrade alone needs it)

    where = config.Config()
    where.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    where.attributes["connection"] = connection
    command.upgrade(where, revision)


def standing_in(connection: Connection) -> Standing:
    """How the database stands, seen from within a transaction."""
    newest = _newest()
    tables = set(inspect(connection).get_table_names())
    revision: str | None = None
    if REVISION in tables:
        reached = select(column("version_num", Text)).select_from(table(REVISION))
        revision = connection.execute(reached).scalar_one_or_none()
    clusters: tuple[str, ...] = ()
    if FACTS.name in tables:
        clusters = tuple(connection.execute(select(FACTS.c.cluster_uid).distinct()).scalars())
    return Standing(
        name=named(connection.engine.url),
        revision=revision,
        newest=newest,
        known=revision is None or revision in revisions(),
        missing=_unnamed(revision, tables)
        or (_missing(connection, tables) if revision == newest else ()),
        foreign=revision is None and bool(tables) and not tables & _OURS,
        clusters=clusters,
    )


def refuse_strangers(now: Standing, cluster: str) -> None:
    """Raise for a database of another product, cluster, or a newer version, or of none."""
    if now.revision is None:
        _refuse_damaged(now)
    if now.foreign:
        raise WrongStore(
            f"{now.name} holds tables, and none of them is Holdfast's.",
            remedy="Name an empty database, or one that Holdfast has made.",
        )
    if not now.known:
        raise WrongStore(
            f"{now.name} is at revision {now.revision}, which this version does not know.",
            remedy="A newer Holdfast has upgraded it: run that one, or restore a backup.",
        )
    if odd := [each for each in now.clusters if not is_cluster(each)]:
        raise WrongStore(
            f"{now.name} is for {odd[0]!r}, which cannot be the uid of a cluster.",
            remedy="What is recorded in it can never be verified: keep a backup of it, and make "
            "another database.",
        )
    if now.clusters and cluster not in now.clusters:
        raise WrongStore(
            f"{now.name} belongs to the cluster {now.clusters[0]}, and this one is {cluster}.",
            remedy="One database is for one cluster: name another database.",
        )


@cache
def _refuse_damaged(now: Standing) -> None:
    if now.missing:
        raise WrongStore(
            f"{now.name} is half upgraded or damaged: {', '.join(now.missing)} is missing.",
            remedy="Restore a backup with `holdfast db restore`; do not mend it by hand.",
        )


def _unnamed(revision: str | None, tables: set[str]) -> tuple[str, ...]:
    """Our tables without what says of which revision they are."""
    return (f"the row of {REVISION}",) if revision is None and tables & _OURS else ()


def revisions() -> frozenset[str]:
    """Every revision that this version knows: its script is named by it."""
    scripts = (_MIGRATIONS / "versions").glob("[0-9]*_*.py")
    return frozenset(each.name.partition("_")[0] for each in scripts)


def _newest() -> str:
    return max(revisions())


def _missing(connection: Connection, tables: set[str]) -> tuple[str, ...]:
    inspector = inspect(connection)
    missing: list[str] = []
    for each in METADATA.sorted_tables:
        if each.name not in tables:
            missing.append(each.name)
            continue
        there = {there["name"] for there in inspector.get_columns(each.name)}
        missing += [f"{each.name}.{c.name}" for c in each.columns if c.name not in there]
    return tuple(missing)


def _name_the_cluster(connection: Connection, cluster: str) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = dialect.insert(FACTS).values(cluster_uid=cluster, name="product", value="holdfast")
    connection.execute(row.on_conflict_do_nothing())
